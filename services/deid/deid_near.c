/* A word of n bytes with k edits still holds one of k + 2 pieces of the known word whole, at most k
 * bytes from its place (a swap of neighbours may break two pieces, hence one more than k + 1). Each
 * known word is cut into so many pieces, and each is put in a table by the size of the word, the
 * piece's number and its bytes; a word of a text is asked for with every size that it may have come
 * from. */
#include "deid_near.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

#define PIECES_MAX 4

struct deid_near_piece {
    struct slice word;
    uint32_t next; /* index + 1 */
    uint32_t hash;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static unsigned edits_of(size_t size)
{
    return size >= 8 ? 2 : 1;
}

static uint32_t hash_piece(struct slice piece, size_t size, unsigned number)
{
    return (uint32_t)hash_bytes(piece, size * PIECES_MAX + number);
}

/* Where piece @number of a word of @size begins; that of one past the last is the end. */
static size_t piece_start(size_t size, unsigned number)
{
    return size * number / (edits_of(size) + 2);
}

/* Room for @capacity pieces in all. */
static bool near_room(struct deid_near *near, uint32_t capacity)
{
    struct deid_near_piece *pieces = ARENA_ARRAY(near->arena, struct deid_near_piece, capacity);
    uint32_t slots = 64;

    while (slots < capacity && slots < 1u << 30)
        slots *= 2;
    near->slots = ARENA_ARRAY(near->arena, uint32_t, slots);
    near->slots_count = slots;
    near->is_full = pieces == NULL || near->slots == NULL;
    if (near->is_full)
        return false;
    for (uint32_t i = 0; i < near->pieces_count; i++) {
        uint32_t *slot = &near->slots[near->pieces[i].hash & (slots - 1)];

        pieces[i] = near->pieces[i];
        pieces[i].next = *slot;
        *slot = i + 1;
    }
    near->pieces = pieces;
    near->pieces_capacity = capacity;
    return true;
}

bool deid_near_init(struct deid_near *near, uint32_t words_max, struct arena *arena)
{
    *near = (struct deid_near){ .arena = arena };
    return near_room(near, words_max * PIECES_MAX);
}

void deid_near_add(struct deid_near *near, struct slice word)
{
    unsigned number;

    if (word.size < DEID_NEAR_BYTES_MIN || word.size > DEID_NEAR_BYTES_MAX)
        return;
    if (near->pieces_count + PIECES_MAX > near->pieces_capacity
        && (near->is_full || !near_room(near, near->pieces_capacity * 2)))
        return;
    near->sizes |= 1ull << word.size;
    for (number = 0; number < edits_of(word.size) + 2; number++) {
        struct slice piece =
            slice_cut(word, piece_start(word.size, number), piece_start(word.size, number + 1));
        uint32_t hash = hash_piece(piece, word.size, number);
        uint32_t *slot = &near->slots[hash & (near->slots_count - 1)];

        CHECK(near->pieces_count < near->pieces_capacity);
        near->pieces[near->pieces_count++] = (struct deid_near_piece){ word, *slot, hash };
        *slot = near->pieces_count;
    }
}

static bool is_near(struct slice word, struct slice known)
{
    unsigned max = edits_of(known.size);

    return (word.data[0] == known.data[0] || word.data[word.size - 1] == known.data[known.size - 1])
           && deid_near_distance(word, known, max) <= max;
}

/* One place of one piece. */
static bool near_has_at(const struct deid_near *near, struct slice word, size_t size,
                        unsigned number, size_t at)
{
    size_t piece_size = piece_start(size, number + 1) - piece_start(size, number);
    uint32_t hash, i;

    if (at + piece_size > word.size)
        return false;
    hash = hash_piece(slice_cut(word, at, at + piece_size), size, number);
    for (i = near->slots[hash & (near->slots_count - 1)]; i != 0; i = near->pieces[i - 1].next)
        if (near->pieces[i - 1].hash == hash && near->pieces[i - 1].word.size == size
            && is_near(word, near->pieces[i - 1].word))
            return true;
    return false;
}

/* Known words of @size. */
static bool near_has_size(const struct deid_near *near, struct slice word, size_t size)
{
    unsigned edits = edits_of(size), number, shift;

    for (number = 0; number < edits + 2; number++) {
        size_t start = piece_start(size, number);

        for (shift = 0; shift <= 2 * edits; shift++)
            if (start + shift >= edits
                && near_has_at(near, word, size, number, start + shift - edits))
                return true;
    }
    return false;
}

bool deid_near_has(const struct deid_near *near, struct slice word)
{
    size_t size;

    if (near->sizes == 0 || word.size + 2 < DEID_NEAR_BYTES_MIN || word.size == 0)
        return false;
    for (size = word.size > 2 ? word.size - 2 : 1; size <= word.size + 2; size++)
        if (size <= DEID_NEAR_BYTES_MAX && near->sizes >> size & 1
            && size <= word.size + edits_of(size) && word.size <= size + edits_of(size)
            && near_has_size(near, word, size))
            return true;
    return false;
}

unsigned deid_near_distance(struct slice a, struct slice b, unsigned max)
{
    uint8_t rows[3][DEID_NEAR_BYTES_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    size_t i, j;

    if (a.size > DEID_NEAR_BYTES_MAX || b.size > DEID_NEAR_BYTES_MAX || a.size > b.size + max
        || b.size > a.size + max)
        return max + 1;
    for (j = 0; j <= b.size; j++)
        last[j] = (uint8_t)j;
    for (i = 1; i <= a.size; i++) {
        unsigned least = row[0] = (uint8_t)i;
        uint8_t *swap = before;

        for (j = 1; j <= b.size; j++) {
            bool is_same = lower(a.data[i - 1]) == lower(b.data[j - 1]);
            unsigned best = last[j - 1] + (is_same ? 0u : 1u);

            if (last[j] + 1u < best)
                best = last[j] + 1u;
            if (row[j - 1] + 1u < best)
                best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && lower(a.data[i - 1]) == lower(b.data[j - 2])
                && lower(a.data[i - 2]) == lower(b.data[j - 1]) && before[j - 2] + 1u < best)
                best = before[j - 2] + 1u;
            row[j] = (uint8_t)best;
            least = best < least ? best : least;
        }
        if (least > max)
            return max + 1;
        before = last;
        last = row;
        row = swap;
    }
    return last[b.size] <= max ? last[b.size] : max + 1;
}
