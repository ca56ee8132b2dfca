#include "tagger_example.h"

#include <string.h>

#define EXAMPLES_BYTES_MAX ((size_t)6 << 30)
#define SCRATCH_BYTES_MAX ((size_t)64 << 20)

void tagger_examples_init(struct tagger_examples *examples)
{
    *examples = (struct tagger_examples){ .items = NULL };
    arena_init(&examples->arena, EXAMPLES_BYTES_MAX);
}

void tagger_examples_close(struct tagger_examples *examples)
{
    arena_close(&examples->arena);
}

/* The mark that the bytes [@start, @end) of the original touch, or NULL. */
static const struct tagger_mark *mark_at(const struct tagger_text *text, uint32_t start,
                                         uint32_t end, unsigned *from)
{
    while (*from < text->marks_count && text->marks[*from].end <= start)
        (*from)++;
    if (*from < text->marks_count && text->marks[*from].start < end)
        return &text->marks[*from];
    return NULL;
}

static void gold_fill(uint8_t *gold, const struct deid_tokens *tokens, const struct deid_text *read,
                      const struct tagger_text *text)
{
    const struct tagger_mark *last = NULL;
    unsigned i, from = 0;

    for (i = 0; i < tokens->count; i++) {
        const struct tagger_mark *mark =
            mark_at(text, deid_normal_start(read, tokens->items[i].start),
                    deid_normal_end(read, tokens->items[i].end), &from);
        gold[i] = mark == NULL ? DEID_TAG_OUTSIDE : (uint8_t)(mark->tag + (mark == last));
        last = mark;
    }
}

static struct tagger_example *example_new(struct tagger_examples *examples)
{
    if (examples->count == examples->capacity) {
        unsigned capacity = examples->capacity == 0 ? 4096 : examples->capacity * 2;
        struct tagger_example *items =
            ARENA_ARRAY(&examples->arena, struct tagger_example, capacity);

        if (items == NULL)
            return NULL;
        if (examples->count > 0)
            memcpy(items, examples->items, examples->count * sizeof(*items));
        examples->items = items;
        examples->capacity = capacity;
    }
    return &examples->items[examples->count++];
}

enum status tagger_examples_add(struct tagger_examples *examples,
                                const struct deid_lexicon *lexicon, const struct tagger_text *text,
                                float weight, struct error *err)
{
    struct arena scratch = { 0 };
    struct deid_text read;
    struct deid_tokens tokens;
    struct tagger_example *example;
    enum status status;

    arena_init(&scratch, SCRATCH_BYTES_MAX);
    status = deid_normal(text->text, &scratch, &read, err);
    if (status == STATUS_OK)
        status = deid_tokens_read(read.folded, lexicon, &scratch, &tokens, err);
    if (status != STATUS_OK || tokens.count == 0) {
        arena_close(&scratch);
        return status;
    }
    example = example_new(examples);
    if (example != NULL) {
        example->views =
            ARENA_ARRAY(&examples->arena, struct deid_view, tokens.count + 2 * DEID_VIEW_AROUND);
        example->gold = ARENA_ARRAY(&examples->arena, uint8_t, tokens.count);
    }
    if (example == NULL || example->views == NULL || example->gold == NULL) {
        arena_close(&scratch);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u texts", examples->count);
    }
    deid_view_read(&tokens, 0, tokens.count, example->views);
    gold_fill(example->gold, &tokens, &read, text);
    example->count = tokens.count;
    example->weight = weight;
    examples->tokens += tokens.count;
    arena_close(&scratch);
    return STATUS_OK;
}
