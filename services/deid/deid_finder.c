#include "deid_finder.h"

/* Flags of words that begin nothing when they stand in small letters. */
#define FLAGS_IDLE                                                                                 \
    (DEID_WORD_ENGLISH | DEID_WORD_MEDICAL | DEID_WORD_DRUG | DEID_WORD_EPONYM                     \
     | DEID_WORD_EPONYM_AFTER | DEID_WORD_NATION | DEID_WORD_AMBIGUOUS)

bool deid_finder_is_idle(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    return token->shape == DEID_SHAPE_LOWER && token->flags != 0
           && (token->flags & ~(uint32_t)FLAGS_IDLE) == 0 && tokens->hints[index] == 0
           && !tokens->is_small;
}

void deid_finder_run(const struct deid_finder *finders, size_t count,
                     const struct deid_tokens *tokens, struct deid_spans *spans)
{
    for (unsigned index = 0; index < tokens->count;) {
        unsigned end = index;

        if (deid_finder_is_idle(tokens, index)) {
            index++;
            continue;
        }
        for (size_t i = 0; i < count && end == index; i++)
            end = finders[i].find(tokens, spans, index);
        index = end > index ? end : index + 1;
    }
}
