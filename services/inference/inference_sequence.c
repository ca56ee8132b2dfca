#include "inference_sequence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "inference_request.h"

/* Keys and values depend on the adapter. */
static uint32_t start_of(const struct inference_sequence *sequence)
{
    static_assert(INFERENCE_ADAPTERS_MAX < INFERENCE_PAGE_STARTS, "each has a start of its own");

    return INFERENCE_PAGE_START(sequence->adapter == NULL ? 0 : sequence->adapter->number);
}

static uint32_t pages_of(uint32_t ids)
{
    return (ids + INFERENCE_PAGE - 1) / INFERENCE_PAGE;
}

enum status inference_sequence_init(struct inference_sequence *sequence, uint32_t context,
                                    struct error *err)
{
    *sequence = (struct inference_sequence){ 0 };
    sequence->ids = calloc(context, sizeof(*sequence->ids));
    sequence->pages = calloc(pages_of(context), sizeof(*sequence->pages));
    if (sequence->ids != NULL && sequence->pages != NULL)
        return STATUS_OK;
    inference_sequence_close(sequence);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a sequence of %u ids", context);
}

void inference_sequence_close(struct inference_sequence *sequence)
{
    free(sequence->ids);
    free(sequence->pages);
}

static void release_pages(struct inference_sequence *sequence, struct inference_cache *cache)
{
    /* From the end, so that the beginning, which is more often shared, is unused for less long. */
    while (sequence->pages_count > 0)
        inference_cache_release(cache, sequence->pages[--sequence->pages_count]);
}

/* Whole pages of the prompt that are in the cache. */
static void share_pages(struct inference_sequence *sequence, struct inference_cache *cache)
{
    uint32_t before = start_of(sequence);

    while ((sequence->pages_count + 1) * INFERENCE_PAGE < sequence->prompt) {
        uint32_t found = inference_cache_find(
            cache, before, sequence->ids + (size_t)sequence->pages_count * INFERENCE_PAGE);

        if (found == INFERENCE_PAGE_NONE)
            break;
        sequence->pages[sequence->pages_count++] = before = found;
    }
    sequence->cached = sequence->pages_count * INFERENCE_PAGE;
}

bool inference_sequence_begin(struct inference_sequence *sequence, struct inference_cache *cache,
                              const struct inference_adapter *adapter, const uint32_t *ids,
                              uint32_t count, uint32_t count_max)
{
    uint32_t wanted = pages_of(count_max);

    sequence->adapter = adapter;
    memcpy(sequence->ids, ids, count * sizeof(*ids));
    sequence->prompt = sequence->known = sequence->count = count;
    sequence->count_max = count_max;
    sequence->drafted = 0;
    inference_draft_init(&sequence->drafter);
    share_pages(sequence, cache);
    if (inference_cache_available(cache) < wanted - sequence->pages_count) {
        release_pages(sequence, cache);
        return false;
    }
    while (sequence->pages_count < wanted)
        sequence->pages[sequence->pages_count++] = inference_cache_take(cache);
    return true;
}

bool inference_sequence_next(const struct inference_sequence *sequence, uint32_t ids_max,
                             struct inference_segment *segment)
{
    uint32_t left = sequence->count - sequence->cached;
    uint32_t chunk = INFERENCE_CHUNK_MAX - sequence->cached % INFERENCE_CHUNK_MAX;

    CHECK(left > 0);
    if (chunk > left)
        chunk = left;
    if (chunk > ids_max)
        return false;
    *segment = (struct inference_segment){ .ids = sequence->ids + sequence->cached,
                                           .count = chunk,
                                           .position = sequence->cached,
                                           .pages = sequence->pages,
                                           .logits_count = chunk,
                                           .adapter = sequence->adapter };
    if (sequence->cached < sequence->prompt)
        segment->logits_count = chunk == left;
    return true;
}

void inference_sequence_next_guess(struct inference_sequence *sequence, uint32_t guess_max,
                                   struct inference_segment *segment)
{
    uint32_t room = sequence->count_max - sequence->count - 1;

    CHECK(sequence->cached + 1 == sequence->count);
    sequence->drafted =
        inference_draft_guess(&sequence->drafter, sequence->ids, sequence->count,
                              guess_max < room ? guess_max : room, sequence->ids + sequence->count);
    if (sequence->drafted > 0 && sequence->answer != NULL && sequence->answer->has_mask)
        sequence->drafted = sequence->answer->mask.follow(
            sequence->answer->mask.state, sequence->ids + sequence->count, sequence->drafted);
    *segment = (struct inference_segment){ .ids = sequence->ids + sequence->cached,
                                           .count = 1 + sequence->drafted,
                                           .position = sequence->cached,
                                           .pages = sequence->pages,
                                           .logits_count = 1 + sequence->drafted,
                                           .adapter = sequence->adapter,
                                           .is_single = true };
}

void inference_sequence_settle_guess(struct inference_sequence *sequence, uint32_t right)
{
    inference_draft_settle(&sequence->drafter, sequence->drafted, right);
    sequence->drafted = 0;
}

void inference_sequence_advance(struct inference_sequence *sequence, struct inference_cache *cache,
                                const struct inference_segment *segment)
{
    uint32_t page = segment->position / INFERENCE_PAGE;

    sequence->cached += segment->count;
    if (sequence->cached % INFERENCE_PAGE == 0 && sequence->cached <= sequence->prompt)
        inference_cache_keep(cache, sequence->pages[page],
                             page == 0 ? start_of(sequence) : sequence->pages[page - 1],
                             sequence->ids + (size_t)page * INFERENCE_PAGE);
}

void inference_sequence_rewind(struct inference_sequence *sequence, const uint32_t *given,
                               uint32_t given_count)
{
    uint32_t computed = given_count > 0 ? given_count - 1 : 0;

    CHECK(sequence->prompt + computed <= sequence->count_max);
    if (computed > 0)
        memcpy(sequence->ids + sequence->prompt, given, computed * sizeof(*given));
    sequence->cached = sequence->prompt;
    sequence->known = sequence->count = sequence->prompt + computed;
    sequence->drafted = 0;
    inference_draft_init(&sequence->drafter);
}

bool inference_sequence_fork(struct inference_sequence *sequence,
                             const struct inference_sequence *other, struct inference_cache *cache)
{
    uint32_t shared = other->prompt / INFERENCE_PAGE, copied = other->prompt % INFERENCE_PAGE;

    if (inference_cache_available(cache) < other->pages_count - shared)
        return false;
    memcpy(sequence->ids, other->ids, other->prompt * sizeof(*other->ids));
    sequence->adapter = other->adapter;
    sequence->prompt = other->prompt;
    sequence->count_max = other->count_max;
    for (sequence->pages_count = 0; sequence->pages_count < shared; sequence->pages_count++) {
        sequence->pages[sequence->pages_count] = other->pages[sequence->pages_count];
        inference_cache_share(cache, sequence->pages[sequence->pages_count]);
    }
    while (sequence->pages_count < other->pages_count)
        sequence->pages[sequence->pages_count++] = inference_cache_take(cache);
    if (copied > 0)
        inference_cache_copy(cache, sequence->pages[shared], other->pages[shared]);
    return true;
}

void inference_sequence_end(struct inference_sequence *sequence, struct inference_cache *cache)
{
    release_pages(sequence, cache);
    sequence->request = NULL;
    sequence->answer = NULL;
}
