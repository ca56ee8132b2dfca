/* text → normalise: cleaned, ideographs apart, without accents, in lower case → words → put_word:
 * the longest piece, again and again */
#include "tokenizer_wordpiece.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "tokenizer_unicode.h"
#include "tokenizer_wordpiece_table.h"

#define CONTINUES "##"
#define CONTINUES_BYTES 2

/* Normalising
 * -------------------------------------------------------------------------------------- */

/* The reference's blocks, to the letter: one of them ends in the middle of another. */
static bool is_ideograph(uint32_t point)
{
    return (point >= 0x4e00 && point <= 0x9fff) || (point >= 0x3400 && point <= 0x4dbf)
           || (point >= 0x20000 && point <= 0x2a6df) || (point >= 0x2a700 && point <= 0x2b73f)
           || (point >= 0x2b740 && point <= 0x2b81f) || (point >= 0x2b920 && point <= 0x2ceaf)
           || (point >= 0xf900 && point <= 0xfaff) || (point >= 0x2f800 && point <= 0x2fa1f);
}

static bool is_space(uint32_t point)
{
    return tokenizer_unicode_class(point) == TOKENIZER_CLASS_SPACE;
}

/* The category in Unicode 8.0, as far as it matters here: the reference's tables are that old. */
static enum tokenizer_category category_of(uint32_t point)
{
    size_t low = 0, high = sizeof(later) / sizeof(later[0]), middle;

    /* What has another category since. */
    if (point == 0x166d || point == 0x111c9)
        return TOKENIZER_CATEGORY_PO;
    if (point == 0x1734 || point == 0x1171e)
        return TOKENIZER_CATEGORY_MN;
    if (point == 0x1885 || point == 0x1886)
        return TOKENIZER_CATEGORY_LO;
    if (point == 0xa9bd)
        return TOKENIZER_CATEGORY_MC;
    while (low < high) {
        middle = (low + high) / 2;
        if (point > later[middle][1])
            low = middle + 1;
        else if (point < later[middle][0])
            high = middle;
        else
            return TOKENIZER_CATEGORY_CN;
    }
    return tokenizer_unicode_category(point);
}

/* What the reference counts as control: also private use; line ends and tabs are not. */
static bool is_control(uint32_t point)
{
    enum tokenizer_category category;

    if (point < 0x80)
        return (point < 0x20 && point != '\t' && point != '\n' && point != '\r') || point == 0x7f;
    category = category_of(point);
    return category == TOKENIZER_CATEGORY_CC || category == TOKENIZER_CATEGORY_CF
           || category == TOKENIZER_CATEGORY_CO || category == TOKENIZER_CATEGORY_CS;
}

static bool is_dropped(const struct tokenizer_settings *settings, uint32_t point)
{
    return settings->cleans && (point == 0 || point == 0xfffd || is_control(point));
}

static void put_point(struct buffer *out, const struct tokenizer_settings *settings, uint32_t point,
                      struct slice bytes)
{
    if (is_dropped(settings, point))
        return;
    if (settings->cleans && is_space(point)) {
        buffer_put_byte(out, ' ');
    } else if (settings->spaces_cjk && is_ideograph(point)) {
        buffer_put_byte(out, ' ');
        buffer_put(out, bytes);
        buffer_put_byte(out, ' ');
    } else {
        buffer_put(out, bytes);
    }
}

static struct slice clean(const struct tokenizer_settings *settings, struct slice text,
                          struct arena *arena)
{
    struct buffer out;
    size_t size;

    if (!settings->cleans && !settings->spaces_cjk)
        return text;
    buffer_init(&out, arena);
    for (size_t at = 0; at < text.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);

        put_point(&out, settings, point, slice_cut(text, at, at + size));
    }
    return out.is_full ? (struct slice){ 0 } : buffer_slice(&out);
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

/* Decomposed, without nonspacing marks. */
static struct slice strip_accents(struct slice text, struct arena *arena)
{
    struct buffer out;
    size_t size;

    text = tokenizer_unicode_nfd(text, arena);
    if (text.data == NULL)
        return text;
    buffer_init(&out, arena);
    for (size_t at = 0; at < text.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);

        if (category_of(point) != TOKENIZER_CATEGORY_MN)
            buffer_put(&out, slice_cut(text, at, at + size));
    }
    return out.is_full ? (struct slice){ 0 } : buffer_slice(&out);
}

/* U+0130 is the one letter whose lower case has two code points. */
static void put_lower(struct buffer *out, uint32_t point, struct slice bytes)
{
    char lower[4];

    if (point == 0x130)
        buffer_put(out, SLICE("i\xcc\x87"));
    else if (point == UTF8_INVALID)
        buffer_put(out, bytes);
    else
        buffer_put(out, slice_of(lower, utf8_encode(tokenizer_unicode_lower(point), lower)));
}

static struct slice lower(struct slice text, struct arena *arena)
{
    struct buffer out;
    size_t size;

    buffer_init(&out, arena);
    for (size_t at = 0; at < text.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);

        put_lower(&out, point, slice_cut(text, at, at + size));
    }
    return out.is_full ? (struct slice){ 0 } : buffer_slice(&out);
}

/* {NULL, 0}: no memory, or nothing was left. */
static struct slice normalise(const struct tokenizer_settings *settings, struct slice text,
                              struct arena *arena)
{
    text = clean(settings, text, arena);
    if (settings->strips_accents && text.data != NULL && !is_ascii(text))
        text = strip_accents(text, arena);
    if (settings->lowercases && text.data != NULL)
        text = lower(text, arena);
    return text;
}

/* Words
 * -------------------------------------------------------------------------------------------- */

/* The size of the longest piece at @at of @word, whose bytes before @at are of no use any more: 0
 * for none. */
static size_t find_piece(const struct tokenizer_run *run, char *word, size_t size, size_t at,
                         size_t piece_bytes_max, uint32_t *id)
{
    size_t prefix = at > 0 ? CONTINUES_BYTES : 0;
    size_t longest = size - at;

    if (prefix > 0)
        memcpy(word + at - prefix, CONTINUES, prefix);
    if (longest + prefix > piece_bytes_max)
        longest = piece_bytes_max > prefix ? piece_bytes_max - prefix : 0;
    for (; longest > 0; longest--) {
        if (at + longest < size && ((unsigned char)word[at + longest] & 0xc0) == 0x80)
            continue; /* not in the middle of a code point */
        *id = tokenizer_tables_find(run->tables, slice_of(word + at - prefix, longest + prefix));
        if (*id != TOKENIZER_NO_ID)
            return longest;
    }
    return 0;
}

/* Of bytes that come before it, the first piece of a word needs CONTINUES_BYTES - 1: a piece has a
 * byte at least. */
static void put_pieces(struct tokenizer_run *run, char *word, size_t size, uint32_t unknown,
                       uint32_t *ids)
{
    size_t at = 0, count = 0, piece;

    for (; at < size; at += piece) {
        piece = find_piece(run, word, size, at, run->tables->image->piece_bytes_max, &ids[count]);
        if (piece == 0) {
            tokenizer_run_put_id(run, unknown);
            return;
        }
        count++;
    }
    for (size_t i = 0; i < count; i++)
        tokenizer_run_put_id(run, ids[i]);
}

static void put_word(struct tokenizer_run *run, const struct tokenizer_settings *settings,
                     struct slice word)
{
    struct arena_mark mark = arena_mark(run->scratch);
    char *copy;
    uint32_t *ids;

    if (word.size == 0)
        return;
    if (word.size > settings->word_points_max && utf8_count(word) > settings->word_points_max) {
        tokenizer_run_put_id(run, settings->unknown);
        return;
    }
    copy = arena_alloc(run->scratch, word.size + CONTINUES_BYTES);
    ids = arena_alloc(run->scratch, word.size * sizeof(*ids));
    if (copy == NULL || ids == NULL) {
        run->status =
            error_set(run->err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
        return;
    }
    memcpy(copy + CONTINUES_BYTES, word.data, word.size);
    put_pieces(run, copy + CONTINUES_BYTES, word.size, settings->unknown, ids);
    arena_rewind(run->scratch, mark);
}

/* ASCII that is neither letter, digit nor blank, and what Unicode calls punctuation. */
static bool is_punctuation(uint32_t point)
{
    enum tokenizer_category category;

    if (point < 0x80)
        return (point >= 33 && point <= 47) || (point >= 58 && point <= 64)
               || (point >= 91 && point <= 96) || (point >= 123 && point <= 126);
    category = category_of(point);
    return category >= TOKENIZER_CATEGORY_PC && category <= TOKENIZER_CATEGORY_PO;
}

void tokenizer_wordpiece_run(struct tokenizer_run *run, const struct tokenizer_settings *settings,
                             struct slice text)
{
    struct slice normal = normalise(settings, text, run->scratch);
    size_t word = 0, size;

    if (normal.data == NULL && text.data != NULL && arena_alloc(run->scratch, 1) == NULL) {
        run->status =
            error_set(run->err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
        return;
    }
    for (size_t at = 0; at < normal.size && tokenizer_run_goes_on(run); at += size) {
        uint32_t point = utf8_decode(slice_cut(normal, at, normal.size), &size);
        bool is_mark = is_punctuation(point);

        if (!is_mark && !is_space(point))
            continue;
        put_word(run, settings, slice_cut(normal, word, at));
        if (is_mark)
            put_word(run, settings, slice_cut(normal, at, at + size));
        word = at + size;
    }
    if (tokenizer_run_goes_on(run))
        put_word(run, settings, slice_cut(normal, word, normal.size));
}
