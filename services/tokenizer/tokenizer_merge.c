/* A short text is one window (tokenizer_merge_window). A longer one is merged in windows that are
 * fitted to what is there.
 *
 * Why windows are exact. Symbols s1 … sn are what their text merges to if, and only if, each pair
 * of neighbours is what the pair's own text merges to. Suppose that in merging the whole text the
 * first join across a border happens between si and si+1. Until then everything within these two
 * went as in merging them alone: the lowest pair of all, where it lies within the two, is their
 * lowest too. So merging them alone would have made that join as well. Nothing is asked of the list
 * of merges.
 *
 * Side by side: windows at fixed places, each over the end of the one before. Where a symbol of the
 * overlap is the same in both, the first is right up to it and the second from it on: all
 * neighbours are neighbours in one of them.
 *
 *     done: s1 … sk-1 sk               both have sk
 *             window: … sk t1 … tm
 *
 * One by one, where they have none in common (in runs of one letter, whose symbols begin elsewhere
 * in each): the window begins with the last symbols, and fits when sk and t1 are neighbours as
 * above; else it takes more symbols back. What a window gave is kept for the next few: runs and
 * patterns make the same windows over and over. Where it would have to take more than half a window
 * back, the text is merged by the heap. */
#include "tokenizer_merge.h"

#include "tokenizer_merge_window.h"

#define WINDOW TOKENIZER_MERGE_WINDOW
#define LANES TOKENIZER_WINDOW_LANES
#define SIDE_UNITS 256
#define OVERLAP_UNITS 32
#define BACK_UNITS_WANTED 12
#define FRESH_MIN 96
#define MEMOS 4

/* What a window was merged to. A long text is long mostly because it says the same again. */
struct memo {
    const uint32_t *units; /* NULL: none */
    size_t count, made;
    uint32_t symbols[WINDOW], sizes[WINDOW];
};

struct long_merge {
    const struct tokenizer_tables *tables;
    const uint32_t *units;
    size_t count;
    uint32_t *symbols, *sizes;
    size_t done, units_done;
    struct memo memos[MEMOS];
    unsigned turn;
    uint32_t fresh_symbols[WINDOW], fresh_sizes[WINDOW];
    uint32_t lane_symbols[LANES][SIDE_UNITS], lane_sizes[LANES][SIDE_UNITS];
    unsigned misses, waits; /* side by side failed so often in a row; so many steps are taken one by
                               one now */
};

static size_t merge_window(const struct tokenizer_tables *tables, const uint32_t *units,
                           size_t count, uint32_t *symbols, uint32_t *sizes)
{
    struct tokenizer_window_job job = { units, count, symbols, sizes, 0 };

    tokenizer_merge_windows(tables, &job, 1);
    return job.made;
}

/* One by one
 * ---------------------------------------------------------------------------------------- */

static const struct memo *merge_again(struct long_merge *merge, const uint32_t *units, size_t count)
{
    struct memo *memo;

    for (unsigned i = 0; i < MEMOS; i++) {
        memo = &merge->memos[i];
        if (memo->units != NULL && memo->count == count
            && memcmp(memo->units, units, count * sizeof(*units)) == 0)
            return memo;
    }
    memo = &merge->memos[merge->turn++ % MEMOS];
    memo->units = units;
    memo->count = count;
    memo->made = merge_window(merge->tables, units, count, memo->symbols, memo->sizes);
    return memo;
}

/* Whether the @left_size and @right_size units at @units merge to two symbols of these sizes. */
static bool are_neighbours(struct long_merge *merge, const uint32_t *units, uint32_t left_size,
                           uint32_t right_size)
{
    const struct memo *memo;

    if (left_size + right_size > WINDOW)
        return false;
    memo = merge_again(merge, units, left_size + right_size);
    return memo->made == 2 && memo->sizes[0] == left_size;
}

/* Merge the last @back symbols' text and what follows it anew, and put it in their place. False
 * when it does not fit to what is before. */
static bool merge_next(struct long_merge *merge, size_t back, size_t back_units)
{
    size_t start = merge->units_done - back_units, first = merge->done - back;
    size_t fresh = merge->count - merge->units_done, made;
    const struct memo *memo;
    uint32_t size;

    if (fresh > FRESH_MIN && fresh > 2 * back_units)
        fresh = 2 * back_units > FRESH_MIN ? 2 * back_units : FRESH_MIN;
    if (fresh > WINDOW - back_units)
        fresh = WINDOW - back_units;
    memo = merge_again(merge, merge->units + start, back_units + fresh);
    made = memo->made;
    size = memo->sizes[0];
    memcpy(merge->fresh_symbols, memo->symbols, made * sizeof(*memo->symbols));
    memcpy(merge->fresh_sizes, memo->sizes, made * sizeof(*memo->sizes));
    /* The symbol that was there fits: it did before. */
    if (first > 0 && (back == 0 || size != merge->sizes[first])
        && !are_neighbours(merge, merge->units + start - merge->sizes[first - 1],
                           merge->sizes[first - 1], size))
        return false;
    memcpy(merge->symbols + first, merge->fresh_symbols, made * sizeof(*memo->symbols));
    memcpy(merge->sizes + first, merge->fresh_sizes, made * sizeof(*memo->sizes));
    merge->done = first + made;
    merge->units_done += fresh;
    return true;
}

/* False when a window would have to begin too far back. */
static bool merge_on(struct long_merge *merge)
{
    size_t back = 0, back_units = 0;

    for (size_t wanted = BACK_UNITS_WANTED;; wanted = 2 * back_units) {
        do {
            if (back < merge->done)
                back_units += merge->sizes[merge->done - 1 - back++];
        } while (back < merge->done && back_units < wanted);
        if (back_units > WINDOW / 2)
            return false;
        if (merge_next(merge, back, back_units))
            return true;
    }
}

/* Side by side
 * -------------------------------------------------------------------------------------- */

/* Put the symbols of a window that begins at @start in place of the last that are there, from the
 * first symbol on that both have. False when there is none. */
static bool stitch(struct long_merge *merge, size_t start, const struct tokenizer_window_job *job)
{
    size_t done = merge->done, at = merge->units_done, i = 0, place = start;

    while (done > 0 && at - merge->sizes[done - 1] >= start)
        at -= merge->sizes[--done];
    while (done < merge->done && i < job->made) {
        size_t end = at + merge->sizes[done], place_end = place + job->sizes[i];

        if (at == place && end == place_end)
            break;
        if (end <= place_end) {
            at = end;
            done++;
        }
        if (place_end <= end) {
            place = place_end;
            i++;
        }
    }
    if (merge->done > 0 && (done == merge->done || i == job->made))
        return false;
    memcpy(merge->symbols + done, job->symbols + i, (job->made - i) * sizeof(*job->symbols));
    memcpy(merge->sizes + done, job->sizes + i, (job->made - i) * sizeof(*job->sizes));
    merge->done = done + job->made - i;
    merge->units_done = start + job->count;
    return true;
}

/* The next windows, up to LANES: how many. A window like the one before it is not merged again. */
static size_t plan(struct long_merge *merge, struct tokenizer_window_job *jobs, size_t *starts,
                   size_t *lanes)
{
    size_t start = merge->units_done < OVERLAP_UNITS ? 0 : merge->units_done - OVERLAP_UNITS;
    size_t jobs_count = 0, windows = 0;

    for (; windows < LANES; windows++, start += SIDE_UNITS - OVERLAP_UNITS) {
        size_t size = merge->count - start < SIDE_UNITS ? merge->count - start : SIDE_UNITS;
        const uint32_t *units = merge->units + start;
        bool is_same = jobs_count > 0 && jobs[jobs_count - 1].count == size
                       && memcmp(jobs[jobs_count - 1].units, units, size * sizeof(*units)) == 0;

        if (!is_same) {
            jobs[jobs_count] =
                (struct tokenizer_window_job){ units, size, merge->lane_symbols[jobs_count],
                                               merge->lane_sizes[jobs_count], 0 };
            jobs_count++;
        }
        starts[windows] = start;
        lanes[windows] = jobs_count - 1;
        if (start + size == merge->count)
            return windows + 1;
    }
    return windows;
}

static void merge_side_by_side(struct long_merge *merge)
{
    struct tokenizer_window_job jobs[LANES];
    size_t starts[LANES], lanes[LANES], windows = plan(merge, jobs, starts, lanes);

    tokenizer_merge_windows(merge->tables, jobs, lanes[windows - 1] + 1);
    for (size_t i = 0; i < windows; i++) {
        if (!stitch(merge, starts[i], &jobs[lanes[i]])) {
            merge->misses += merge->misses < 5;
            merge->waits = 2u << merge->misses;
            return;
        }
    }
    merge->misses = 0;
}

size_t tokenizer_merge(const struct tokenizer_tables *tables, const uint32_t *units, size_t count,
                       uint32_t *symbols, uint32_t *sizes, struct arena *scratch)
{
    struct long_merge merge;

    if (count == 0)
        return 0;
    if (tables->ranks != NULL)
        return tokenizer_merge_heap(tables, units, count, symbols, sizes, scratch, NULL);
    if (count <= WINDOW / 2)
        return merge_window(tables, units, count, symbols, sizes);
    merge.tables = tables;
    merge.units = units;
    merge.count = count;
    merge.symbols = symbols;
    merge.sizes = sizes;
    merge.done = merge.units_done = merge.turn = merge.misses = merge.waits = 0;
    for (unsigned i = 0; i < MEMOS; i++)
        merge.memos[i].units = NULL;
    while (merge.units_done < count) {
        if (merge.waits == 0)
            merge_side_by_side(&merge);
        else if (!merge_on(&merge))
            return tokenizer_merge_heap(tables, units, count, symbols, sizes, scratch, NULL);
        else
            merge.waits--;
    }
    return merge.done;
}
