#include "tokenizer_compile_words.h"

#include "tokenizer_tables.h"
#include "tokenizer_word.h"

#define WORD_BYTES_MAX 47
#define WORD_IDS_MAX 20
#define ENTRY_BYTES_MAX (2 + WORD_BYTES_MAX + WORD_IDS_MAX * sizeof(uint32_t))
#define WORDS_MAX (1u << 20)

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
}

/* @text of a piece as words are written: a blank for U+2581. */
static struct slice word_of(const struct tokenizer_tables *tables, struct slice text, char *bytes)
{
    size_t size = 0;

    if (tables->image->settings.kind != TOKENIZER_KIND_SPM)
        return text;
    for (size_t at = 0; at < text.size; at++) {
        if (slice_starts_with(slice_cut(text, at, text.size), SLICE("\xe2\x96\x81"))) {
            bytes[size++] = ' ';
            at += 2;
        } else {
            bytes[size++] = text.data[at];
        }
    }
    return slice_of(bytes, size);
}

struct words {
    struct tokenizer_compile *compile;
    const struct tokenizer_tables *tables;
    uint32_t *slots;
    char *bytes;
    size_t size, capacity;
    uint32_t mask, count;
    struct tokenizer_short *shorts;
    uint64_t *short_filter;
    uint32_t shorts_shift, short_filter_shift;
};

static uint32_t *word_slot(const struct words *words, struct slice word)
{
    uint32_t at = (uint32_t)hash_bytes(word, 1) & words->mask;

    for (; words->slots[at] != UINT32_MAX; at = (at + 1) & words->mask) {
        const char *entry = words->bytes + words->slots[at];

        if ((unsigned char)entry[0] == word.size && memcmp(entry + 2, word.data, word.size) == 0)
            break;
    }
    return &words->slots[at];
}

/* A word that is a piece is found there already, and one that the pre-tokeniser cuts is never asked
 * for. */
static void put_word(struct words *words, struct slice word)
{
    const struct tokenizer_settings *settings = &words->tables->image->settings;
    uint32_t ids[WORD_BYTES_MAX], *slot;
    char *entry = words->bytes + words->size;
    size_t count;

    if (word.size < 2 || word.size > WORD_BYTES_MAX
        || words->capacity - words->size < ENTRY_BYTES_MAX || words->count > words->mask / 2)
        return;
    if (settings->kind == TOKENIZER_KIND_BPE
        && tokenizer_split_next((enum tokenizer_split)settings->split, word) != word.size)
        return;
    slot = word_slot(words, word);
    if (*slot != UINT32_MAX
        || tokenizer_word_encode(words->tables, word, &words->compile->arena, ids, &count, NULL)
               != STATUS_OK
        || count < 2 || count > WORD_IDS_MAX)
        return;
    entry[0] = (char)word.size;
    entry[1] = (char)count;
    memcpy(entry + 2, word.data, word.size);
    memcpy(entry + 2 + word.size, ids, count * sizeof(*ids));
    *slot = (uint32_t)words->size;
    words->size += 2 + word.size + count * sizeof(*ids);
    words->count++;
}

/* Short words
 * -------------------------------------------------------------------------------------- */

/* A short word goes to the first table of all (struct tokenizer_short), where there is room, and in
 * any case to its filter: what that does not have is neither a piece nor a word of the list. */
static void put_short(struct words *words, struct slice word)
{
    const struct tokenizer_settings *settings = &words->tables->image->settings;
    struct tokenizer_short *entry;
    uint32_t ids[TOKENIZER_SHORT_BYTES];
    uint64_t key[2];
    size_t count;

    if (word.size == 0 || word.size > TOKENIZER_SHORT_BYTES)
        return;
    if (settings->kind == TOKENIZER_KIND_BPE
        && tokenizer_split_next((enum tokenizer_split)settings->split, word) != word.size)
        return;
    tokenizer_short_key(word, key);
    tokenizer_compile_put_hash(words->short_filter, words->short_filter_shift,
                               tokenizer_short_hash(key));
    entry = &words->shorts[tokenizer_short_slot(key, words->shorts_shift)];
    if (entry->key[1] != 0 && !tokenizer_short_is(entry, key))
        entry++;
    if (entry->key[1] != 0
        || tokenizer_word_encode(words->tables, word, &words->compile->arena, ids, &count, NULL)
               != STATUS_OK
        || count > TOKENIZER_SHORT_IDS)
        return;
    memcpy(entry->key, key, sizeof(key));
    memcpy(entry->ids, ids, count * sizeof(*ids));
    entry->ids[0] |= (uint32_t)count << TOKENIZER_SHORT_COUNT_SHIFT;
}

static void put_short_pieces(struct words *words)
{
    const struct tokenizer_tables *tables = words->tables;
    char bytes[TOKENIZER_PIECE_BYTES_MAX];

    for (uint32_t id = 0; id < tables->image->pieces_count; id++)
        if (tokenizer_tables_type(tables, id) == TOKENIZER_PIECE_NORMAL)
            put_short(words, word_of(tables, tokenizer_tables_piece(tables, id), bytes));
}

/* Room for all pieces and for the four forms of each of @lines words. */
static enum status open_shorts(struct words *words, uint64_t lines, struct error *err)
{
    uint32_t slots = tokenizer_compile_slots(words->tables->image->pieces_count + 4 * lines) / 2;

    words->shorts = tokenizer_compile_section(words->compile, TOKENIZER_SECTION_SHORTS, slots,
                                              sizeof(*words->shorts));
    words->shorts_shift = 65 - (uint32_t)__builtin_ctz(slots);
    words->short_filter = tokenizer_compile_filter(words->compile, TOKENIZER_SECTION_SHORT_FILTER,
                                                   slots, &words->short_filter_shift);
    return words->shorts == NULL || words->short_filter == NULL ? no_memory(err) : STATUS_OK;
}

/* Lists
 * -------------------------------------------------------------------------------------------- */

static void put_both(struct words *words, struct slice word)
{
    put_word(words, word);
    put_short(words, word);
}

/* As it is and after a blank, and each with a capital: as texts have them. */
static void put_line(struct words *words, struct slice line)
{
    char bytes[WORD_BYTES_MAX + 2];

    if (line.size == 0 || line.size > WORD_BYTES_MAX)
        return;
    bytes[0] = ' ';
    memcpy(bytes + 1, line.data, line.size);
    put_both(words, slice_of(bytes + 1, line.size));
    put_both(words, slice_of(bytes, line.size + 1));
    if (bytes[1] < 'a' || bytes[1] > 'z')
        return;
    bytes[1] -= 32;
    put_both(words, slice_of(bytes + 1, line.size));
    put_both(words, slice_of(bytes, line.size + 1));
}

static enum status compile_list(struct words *words, struct slice list, struct error *err)
{
    struct tokenizer_compile *compile = words->compile;
    uint32_t lines = 1, slots;

    for (size_t i = 0; i < list.size; i++)
        lines += list.data[i] == '\n';
    if (lines > WORDS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a list of %u words: at most %u are read",
                         lines, WORDS_MAX);
    slots = tokenizer_compile_slots(lines * 2);
    words->mask = slots - 1;
    words->capacity = (size_t)lines * 4 * ENTRY_BYTES_MAX;
    words->slots =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_WORDS, slots, sizeof(*words->slots));
    words->bytes =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_WORD_BYTES, words->capacity, 1);
    if (words->slots == NULL || words->bytes == NULL || open_shorts(words, lines, err) != STATUS_OK)
        return no_memory(err);
    memset(words->slots, 0xff, slots * sizeof(*words->slots));
    while (list.size > 0) {
        size_t end = slice_find_byte(list, '\n');

        put_line(words, slice_trim(slice_cut(list, 0, end)));
        list = slice_cut(list, end + 1, list.size);
    }
    compile->sections[TOKENIZER_SECTION_WORD_BYTES].size = words->size;
    compile->header.words_count = words->count;
    put_short_pieces(words);
    return STATUS_OK;
}

enum status tokenizer_compile_list(struct tokenizer_compile *compile,
                                   const struct tokenizer_image *image, struct slice list,
                                   struct error *err)
{
    struct tokenizer_tables tables;
    struct words words = { .compile = compile, .tables = &tables };

    tokenizer_tables_init(&tables, image);
    return compile_list(&words, list, err);
}

enum status tokenizer_compile_words(struct tokenizer_compile *compile,
                                    const struct tokenizer_image *image, struct slice list,
                                    struct error *err)
{
    struct tokenizer_tables tables;
    struct words words = { .compile = compile, .tables = &tables };
    enum status status;

    tokenizer_tables_init(&tables, image);
    if (list.size > 0)
        return compile_list(&words, list, err);
    status = open_shorts(&words, 0, err);
    if (status == STATUS_OK)
        put_short_pieces(&words);
    return status;
}
