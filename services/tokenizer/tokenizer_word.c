/* A word is looked for whole among the pieces, then among the words that were encoded ahead; else
 * its symbols are merged, and those that are no pieces become bytes or the unknown piece. */
#include "tokenizer_word.h"

#include "base/utf8.h"
#include "tokenizer_merge.h"
#include "tokenizer_merge_short.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */

/* The units of a word of this size are merged in memory of the stack. */
#define STACK_UNITS 256

/* A piece that is found under this many bytes with its blanks written out. */
#define ESCAPED_BYTES_MAX 96

/* @word with U+2581 for its blanks; {NULL, 0} for one that is longer than pieces worth a look. */
static struct slice escape(struct slice word, char *bytes)
{
    size_t size = 0;

    if (word.size * 3 > ESCAPED_BYTES_MAX)
        return (struct slice){ 0 };
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] != ' ') {
            bytes[size++] = word.data[i];
            continue;
        }
        memcpy(bytes + size, BLANK, 3);
        size += 3;
    }
    return slice_of(bytes, size);
}

bool tokenizer_word_find(const struct tokenizer_tables *tables, struct slice word, uint32_t *id)
{
    char escaped[ESCAPED_BYTES_MAX];

    if (tables->image->settings.kind == TOKENIZER_KIND_SPM)
        word = escape(word, escaped);
    if (word.size == 0 || word.size > tables->image->piece_bytes_max)
        return false;
    *id = tokenizer_tables_find(tables, word);
    return *id != TOKENIZER_NO_ID
           && (tables->image->settings.ignores_merges
               || (tables->types[*id] & TOKENIZER_TYPE_IS_WHOLE) != 0);
}

/* An entry: the word's size and count of ids (a byte each), the word, the ids. */
static bool find_ahead(const struct tokenizer_tables *tables, struct slice word, uint32_t *ids,
                       size_t *count)
{
    uint32_t at = (uint32_t)hash_bytes(word, 1) & tables->words_mask;

    for (; tables->words[at] != UINT32_MAX; at = (at + 1) & tables->words_mask) {
        const char *entry = tables->word_bytes + tables->words[at];

        if ((unsigned char)entry[0] != word.size || memcmp(entry + 2, word.data, word.size) != 0)
            continue;
        *count = (unsigned char)entry[1];
        memcpy(ids, entry + 2 + word.size, *count * sizeof(*ids));
        return true;
    }
    return false;
}

size_t tokenizer_word_units(const struct tokenizer_tables *tables, struct slice word,
                            uint32_t *units)
{
    const uint32_t *bytes = tables->image->bytes;
    size_t count = 0, step;

    if (tables->image->settings.kind == TOKENIZER_KIND_BPE) {
        for (size_t i = 0; i < word.size; i++) {
            unsigned char byte = (unsigned char)word.data[i];

            units[count] = tables->merged == NULL ? byte : bytes[byte];
            count += bytes[byte] != TOKENIZER_NO_ID;
        }
        return count;
    }
    for (size_t at = 0; at < word.size; at += step)
        units[count++] =
            tokenizer_tables_point(tables, utf8_decode(slice_cut(word, at, word.size), &step));
    return count;
}

/* A symbol that is no piece is one code point (SPM). Bytes stand for it where there are
 * some for all of it; else the unknown piece, one for a run of them. */
static bool put_symbol_bytes(const struct tokenizer_tables *tables, struct slice text,
                             uint32_t *ids, size_t *count)
{
    uint32_t unknown = tables->image->settings.unknown;
    bool has_bytes = true;

    for (size_t i = 0; i < text.size; i++)
        has_bytes =
            has_bytes && tables->image->bytes[(unsigned char)text.data[i]] != TOKENIZER_NO_ID;
    if (has_bytes) {
        for (size_t i = 0; i < text.size; i++)
            ids[(*count)++] = tables->image->bytes[(unsigned char)text.data[i]];
        return true;
    }
    if (unknown == TOKENIZER_NO_ID)
        return false;
    if (*count == 0 || ids[*count - 1] != unknown)
        ids[(*count)++] = unknown;
    return true;
}

/* Symbols to ids, the bytes of each found by walking the text along. */
static bool put_ids(const struct tokenizer_tables *tables, struct slice word,
                    const uint32_t *symbols, const uint32_t *sizes, size_t symbols_count,
                    uint32_t *ids, size_t *count)
{
    size_t at = 0, start, step;

    *count = 0;
    for (size_t i = 0; i < symbols_count; i++) {
        start = at;
        for (uint32_t unit = 0; unit < sizes[i]; unit++, at += step)
            utf8_decode(slice_cut(word, at, word.size), &step);
        ids[*count] = tokenizer_tables_id(tables, symbols[i]);
        if (ids[*count] != TOKENIZER_NO_ID)
            (*count)++;
        else if (!put_symbol_bytes(tables, slice_cut(word, start, at), ids, count))
            return false;
    }
    return true;
}

/* The ids of symbols; false when one of them is no piece. */
static bool put_pieces(const struct tokenizer_tables *tables, const uint32_t *symbols, size_t count,
                       uint32_t *ids)
{
    bool are_pieces = true;

    for (size_t i = 0; i < count; i++) {
        ids[i] = tokenizer_tables_id(tables, symbols[i]);
        are_pieces = are_pieces && ids[i] != TOKENIZER_NO_ID;
    }
    return are_pieces;
}

static enum status put_merged(const struct tokenizer_tables *tables, struct slice word,
                              const uint32_t *symbols, const uint32_t *sizes, size_t made,
                              uint32_t *ids, size_t *count, struct error *err)
{
    if (made == SIZE_MAX)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    if (put_pieces(tables, symbols, made, ids)) {
        *count = made;
        return STATUS_OK;
    }
    if (!put_ids(tables, word, symbols, sizes, made, ids, count))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "the vocabulary has no piece for a character of the text");
    return STATUS_OK;
}

static enum status merge_word(const struct tokenizer_tables *tables, struct slice word,
                              uint32_t *units, uint32_t *symbols, uint32_t *sizes,
                              struct arena *scratch, uint32_t *ids, size_t *count,
                              struct error *err)
{
    size_t made = tokenizer_merge(tables, units, tokenizer_word_units(tables, word, units), symbols,
                                  sizes, scratch);

    return put_merged(tables, word, symbols, sizes, made, ids, count, err);
}

static enum status merge_long_word(const struct tokenizer_tables *tables, struct slice word,
                                   struct arena *scratch, uint32_t *ids, size_t *count,
                                   struct error *err)
{
    struct arena_mark mark = arena_mark(scratch);
    uint32_t *units = arena_alloc(scratch, word.size * sizeof(*units));
    uint32_t *symbols = arena_alloc(scratch, word.size * sizeof(*symbols));
    uint32_t *sizes = arena_alloc(scratch, word.size * sizeof(*sizes));
    enum status status;

    if (units == NULL || symbols == NULL || sizes == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    status = merge_word(tables, word, units, symbols, sizes, scratch, ids, count, err);
    arena_rewind(scratch, mark);
    return status;
}

enum status tokenizer_word_encode(const struct tokenizer_tables *tables, struct slice word,
                                  struct arena *scratch, uint32_t *ids, size_t *count,
                                  struct error *err)
{
    uint32_t units[STACK_UNITS], symbols[STACK_UNITS], sizes[STACK_UNITS];

    if (tokenizer_word_find(tables, word, ids)) {
        *count = 1;
        return STATUS_OK;
    }
    if (word.size > STACK_UNITS)
        return merge_long_word(tables, word, scratch, ids, count, err);
    if (find_ahead(tables, word, ids, count))
        return STATUS_OK;
    return merge_word(tables, word, units, symbols, sizes, scratch, ids, count, err);
}

/* Short words
 * -------------------------------------------------------------------------------------- */

static struct slice word_of_key(const uint64_t *key)
{
    const char *bytes = (const char *)key;

    return slice_of(bytes, (unsigned char)bytes[TOKENIZER_SHORT_BYTES]);
}

/* False when the word has no units. */
static bool put_job(const struct tokenizer_tables *tables, const uint64_t *key,
                    struct tokenizer_merge_short *job)
{
    size_t count;

    if (tables->has_bytes && tables->firsts != NULL) {
        tokenizer_merge_short_put_key(tables, job, key);
        return true;
    }
    count = tokenizer_word_units(tables, word_of_key(key), job->symbols);
    if (count > 0)
        tokenizer_merge_short_put_units(tables, job, count);
    return count > 0;
}

/* The slow way: some symbol is no piece, or there is none at all. */
static enum status put_odd(const struct tokenizer_tables *tables, const uint64_t *key,
                           struct arena *scratch, uint32_t *ids, struct error *err)
{
    uint32_t units[TOKENIZER_SHORT_BYTES], symbols[TOKENIZER_SHORT_BYTES];
    uint32_t sizes[TOKENIZER_SHORT_BYTES];
    struct arena_mark mark = arena_mark(scratch);
    size_t count = 0;
    enum status status =
        merge_word(tables, word_of_key(key), units, symbols, sizes, scratch, ids, &count, err);

    arena_rewind(scratch, mark);
    if (count == 0)
        ids[0] = 0;
    ids[0] |= (uint32_t)count << TOKENIZER_SHORT_COUNT_SHIFT;
    return status;
}

/* False when a symbol is no piece. */
static bool put_short(const struct tokenizer_tables *tables,
                      const struct tokenizer_merge_short *job, uint32_t *ids)
{
    uint32_t count = 0;
    bool are_pieces = true;

    for (uint32_t starts = job->starts; starts != 0; starts &= starts - 1) {
        ids[count] = tokenizer_tables_id(tables, job->symbols[__builtin_ctz(starts)]);
        are_pieces = are_pieces && ids[count] != TOKENIZER_NO_ID;
        count++;
    }
    ids[0] |= count << TOKENIZER_SHORT_COUNT_SHIFT;
    return are_pieces;
}

enum status tokenizer_word_merge(const struct tokenizer_tables *tables, const uint64_t *const *keys,
                                 size_t count, struct arena *scratch, uint32_t *const *ids,
                                 struct error *err)
{
    struct tokenizer_merge_short jobs[TOKENIZER_MERGE_SHORT_WORDS];
    uint8_t which[TOKENIZER_MERGE_SHORT_WORDS];
    enum status status = STATUS_OK;
    size_t jobs_count = 0;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        which[jobs_count] = (uint8_t)i;
        if (tables->ranks == NULL && put_job(tables, keys[i], &jobs[jobs_count]))
            jobs_count++;
        else
            status = put_odd(tables, keys[i], scratch, ids[i], err);
    }
    if (status == STATUS_OK)
        tokenizer_merge_short(tables, jobs, jobs_count);
    for (size_t i = 0; i < jobs_count && status == STATUS_OK; i++)
        if (!put_short(tables, &jobs[i], ids[which[i]]))
            status = put_odd(tables, keys[which[i]], scratch, ids[which[i]], err);
    return status;
}
