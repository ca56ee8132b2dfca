#include "deid_finder.h"

void deid_finder_run(const struct deid_finder *finders, size_t count,
                     const struct deid_tokens *tokens, struct deid_spans *spans)
{
    for (unsigned index = 0; index < tokens->count;) {
        unsigned end = index;

        for (size_t i = 0; i < count && end == index; i++)
            end = finders[i].find(tokens, spans, index);
        index = end > index ? end : index + 1;
    }
}
