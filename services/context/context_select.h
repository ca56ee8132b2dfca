/* Which facts bear on a question, best first. */
#ifndef CONTEXT_SELECT_H
#define CONTEXT_SELECT_H

#include "context_record.h"

/* A word of the question, or of what it may mean, and what it is worth. */
struct query_word {
    uint32_t word;
    float weight; /* by how rare the word is in this record */
};

#define QUERY_WORDS_MAX 512

struct query {
    struct query_word words[QUERY_WORDS_MAX]; /* by word */
    size_t count;
    uint32_t kinds; /* that the question names: bit n is enum fact_kind n */
    unsigned times; /* enum words_time */
    int year;       /* 0: none */
};

struct chosen {
    uint32_t fact; /* index in the record */
    float score;
};

/* Read the question against @record. False: no room in @arena, which is as it was afterwards. */
bool query_read(struct query *query, const struct record *record, struct slice question,
                struct arena *arena);

/* The weight of @word in @query (a struct query), 0 when it is not in it. For render_excerpt. */
float query_weigh(const void *query, uint32_t word);

/* Every fact that has to do with the question, best first, in @arena; standing facts are among
 * them, even where the question is about something else. NULL and @count 0 when there is none or no
 * room. */
struct chosen *context_select(const struct record *record, const struct query *query,
                              struct arena *arena, size_t *count);

#endif
