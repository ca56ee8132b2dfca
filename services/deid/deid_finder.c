#include "deid_finder.h"

#include "base/check.h"

#define SHAPES_COUNT (DEID_SHAPE_NUMBER + 1)

/* The finders to ask of words of one shape, and what has to be known of a word for any of them. */
struct asked {
    const struct deid_finder *finders[DEID_FINDERS_MAX];
    unsigned count;
    uint32_t flags, hints;
    bool always; /* one of them asks for nothing more */
};

static void asked_read(const struct deid_finder *finders, unsigned count,
                       struct asked asked[SHAPES_COUNT])
{
    CHECK(count <= DEID_FINDERS_MAX);
    for (unsigned shape = 0; shape < SHAPES_COUNT; shape++) {
        asked[shape].count = asked[shape].flags = asked[shape].hints = 0;
        asked[shape].always = false;
        for (unsigned i = 0; i < count; i++) {
            if (!(finders[i].shapes >> shape & 1))
                continue;
            asked[shape].finders[asked[shape].count++] = &finders[i];
            asked[shape].flags |= finders[i].flags;
            asked[shape].hints |= finders[i].hints;
            asked[shape].always |= (finders[i].flags | finders[i].hints) == 0;
        }
    }
}

static unsigned ask(const struct asked *asked, const struct deid_tokens *tokens,
                    struct deid_spans *spans, unsigned index)
{
    uint32_t flags = tokens->items[index].flags, hints = tokens->hints[index];

    for (unsigned i = 0; i < asked->count; i++) {
        const struct deid_finder *finder = asked->finders[i];
        unsigned end = index;

        if ((flags & finder->flags) | (hints & finder->hints)
            || (finder->flags | finder->hints) == 0)
            end = finder->find(tokens, spans, index);
        if (end > index)
            return end;
    }
    return index + 1;
}

void deid_finder_run(const struct deid_finder *finders, unsigned count,
                     const struct deid_tokens *tokens, struct deid_spans *spans)
{
    struct asked by_shape[SHAPES_COUNT];

    asked_read(finders, count, by_shape);
    for (unsigned index = 0; index < tokens->count;) {
        const struct deid_token *token = &tokens->items[index];
        const struct asked *asked = &by_shape[token->shape];

        if (asked->always || (token->flags & asked->flags) | (tokens->hints[index] & asked->hints))
            index = ask(asked, tokens, spans, index);
        else
            index++;
    }
}
