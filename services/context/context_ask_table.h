/* Words of questions; only context_ask.c reads them. */
#ifndef CONTEXT_ASK_TABLE_H
#define CONTEXT_ASK_TABLE_H

#include "context_fact.h"

/* Phrases between bars that name a kind of fact. */
struct ask_kind_row {
    enum fact_kind kind;
    const char *phrases;
};

extern const struct ask_kind_row ask_kind_rows[];
extern const uint32_t ask_kind_rows_count;

/* Words, between blanks, that any question may use, whatever it is about. */
extern const char *const ask_common_words[];
extern const uint32_t ask_common_words_count;

#endif
