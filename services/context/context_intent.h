/* What a question wants to hear of what bears on it: the value or how it changed, the disease or
 * what is given for it, the drug that is taken or what speaks against it. */
#ifndef CONTEXT_INTENT_H
#define CONTEXT_INTENT_H

#include "base/slice.h"

enum intent {
    INTENT_CHANGE = 1,     /* "is it going up", "better or worse" */
    INTENT_TREATMENT = 2,  /* "how is it treated", "what is it managed with" */
    INTENT_PERMISSION = 4, /* "can she take", "is it safe" */
    INTENT_SUMMARY = 8,    /* "tell me about her asthma" */
};

/* Bits of enum intent. Any thread; the first call builds the table. */
unsigned intent_of(struct slice question);

#endif
