/* Normal forms: decompose, put marks in order, compose (UAX #15). A text goes through them a
 * segment at a time: from one starter to before the next, with what composes with it. */
#include "tokenizer_unicode.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "tokenizer_unicode_table.h"

#define HANGUL_BASE 0xAC00u
#define HANGUL_L 0x1100u
#define HANGUL_V 0x1161u
#define HANGUL_T 0x11A7u
#define HANGUL_VS 21u
#define HANGUL_TS 28u
#define HANGUL_COUNT 11172u

enum tokenizer_category tokenizer_unicode_category(uint32_t code_point)
{
    if (code_point >= TOKENIZER_POINTS)
        return TOKENIZER_CATEGORY_CN;
    return category_blocks[category_index[code_point >> 7] * 128u + (code_point & 127)];
}

/* White_Space (PropList.txt). */
static bool is_space(uint32_t c)
{
    return c == ' ' || c - '\t' < 5 || c == 0x85 || c == 0xA0 || c == 0x1680
           || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F
           || c == 0x205F || c == 0x3000;
}

enum tokenizer_class tokenizer_unicode_class(uint32_t code_point)
{
    switch (tokenizer_unicode_category(code_point)) {
    case TOKENIZER_CATEGORY_LU:
    case TOKENIZER_CATEGORY_LT:
        return TOKENIZER_CLASS_UPPER;
    case TOKENIZER_CATEGORY_LL:
        return TOKENIZER_CLASS_LOWER;
    case TOKENIZER_CATEGORY_LM:
    case TOKENIZER_CATEGORY_LO:
        return TOKENIZER_CLASS_LETTER;
    case TOKENIZER_CATEGORY_MN:
    case TOKENIZER_CATEGORY_MC:
    case TOKENIZER_CATEGORY_ME:
        return TOKENIZER_CLASS_MARK;
    case TOKENIZER_CATEGORY_ND:
    case TOKENIZER_CATEGORY_NL:
    case TOKENIZER_CATEGORY_NO:
        return TOKENIZER_CLASS_NUMBER;
    case TOKENIZER_CATEGORY_ZS:
    case TOKENIZER_CATEGORY_ZL:
    case TOKENIZER_CATEGORY_ZP:
    case TOKENIZER_CATEGORY_CC:
        return is_space(code_point) ? TOKENIZER_CLASS_SPACE : TOKENIZER_CLASS_OTHER;
    default:
        return TOKENIZER_CLASS_OTHER;
    }
}

uint32_t tokenizer_unicode_lower(uint32_t code_point)
{
    size_t low = 0, high = sizeof(lower) / sizeof(lower[0]);

    if (code_point < 0x80)
        return code_point - 'A' < 26 ? code_point + 32 : code_point;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (lower[middle][0] < code_point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof(lower) / sizeof(lower[0]) && lower[low][0] == code_point ? lower[low][1]
                                                                                 : code_point;
}

/* Decomposition and composition
 * -------------------------------------------------------------------- */

static unsigned combining_class(uint32_t point)
{
    if (point >= TOKENIZER_POINTS)
        return 0;
    return combining_blocks[combining_index[point >> 7] * 128u + (point & 127)];
}

/* The full canonical decomposition of @point into @parts (room for 4): how many. */
static unsigned decompose(uint32_t point, uint32_t *parts)
{
    size_t low = 0, high = sizeof(decompositions) / sizeof(decompositions[0]);

    if (point - HANGUL_BASE < HANGUL_COUNT) {
        uint32_t index = point - HANGUL_BASE, t = index % HANGUL_TS;

        parts[0] = HANGUL_L + index / (HANGUL_VS * HANGUL_TS);
        parts[1] = HANGUL_V + index / HANGUL_TS % HANGUL_VS;
        parts[2] = HANGUL_T + t;
        return t == 0 ? 2 : 3;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (decompositions[middle].point < point)
            low = middle + 1;
        else
            high = middle;
    }
    parts[0] = point;
    if (low == sizeof(decompositions) / sizeof(decompositions[0])
        || decompositions[low].point != point)
        return 1;
    memcpy(parts, decompositions[low].parts, sizeof(decompositions[low].parts));
    return decompositions[low].count;
}

/* What @left and @right compose to, or 0. */
static uint32_t compose(uint32_t left, uint32_t right)
{
    size_t low = 0, high = sizeof(compositions) / sizeof(compositions[0]);

    if (left - HANGUL_L < 19 && right - HANGUL_V < HANGUL_VS)
        return HANGUL_BASE + ((left - HANGUL_L) * HANGUL_VS + right - HANGUL_V) * HANGUL_TS;
    if (left - HANGUL_BASE < HANGUL_COUNT && (left - HANGUL_BASE) % HANGUL_TS == 0
        && right - HANGUL_T - 1 < HANGUL_TS - 1)
        return left + right - HANGUL_T;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const uint32_t *pair = compositions[middle];

        if (pair[0] < left || (pair[0] == left && pair[1] < right))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof(compositions) / sizeof(compositions[0]) || compositions[low][0] != left
        || compositions[low][1] != right)
        return 0;
    return compositions[low][2];
}

/* A form at work
 * ----------------------------------------------------------------------------------- */

struct form {
    struct buffer out;
    struct buffer points; /* uint32_t: the code points since the last starter that nothing before
                             can reach across */
    bool composes;
};

static uint32_t *points_of(struct form *form, size_t *count)
{
    *count = form->points.size / sizeof(uint32_t);
    return (uint32_t *)(void *)form->points.data;
}

/* Marks in the order of their classes; equal ones stay in order. A counting sort, so that a run of
 * a million marks takes no longer than its length. */
static void sort_marks(struct form *form, uint32_t *points, size_t count)
{
    size_t starts[256] = { 0 };
    struct arena_mark mark = arena_mark(form->out.arena);
    uint32_t *sorted;
    bool is_sorted = true;

    for (size_t i = 1; i < count; i++)
        is_sorted = is_sorted && combining_class(points[i - 1]) <= combining_class(points[i]);
    if (is_sorted)
        return;
    sorted = arena_alloc(form->out.arena, count * sizeof(*sorted));
    if (sorted == NULL) {
        form->out.is_full = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned class = combining_class(points[i]);

        if (class < 255)
            starts[class + 1]++;
    }
    for (int class = 1; class < 256; class ++)
        starts[class] += starts[class - 1];
    for (size_t i = 0; i < count; i++)
        sorted[starts[combining_class(points[i])]++] = points[i];
    memcpy(points, sorted, count * sizeof(*points));
    arena_rewind(form->out.arena, mark);
}

static void put_point(struct form *form, uint32_t point)
{
    char bytes[4];

    buffer_put(&form->out, slice_of(bytes, utf8_encode(point, bytes)));
}

/* Compose what of @points composes with the starter @points[0]; returns how many are left. */
static size_t compose_all(uint32_t *points, size_t count)
{
    size_t kept = 1;
    unsigned last = 0; /* the class of the last that was kept after the starter */

    for (size_t i = 1; i < count; i++) {
        unsigned class = combining_class(points[i]);
        bool is_blocked = kept > 1 && (last == 0 || last >= class);
        uint32_t composed = is_blocked ? 0 : compose(points[0], points[i]);

        if (composed != 0) {
            points[0] = composed;
            continue;
        }
        last = class;
        points[kept++] = points[i];
    }
    return kept;
}

/* What was collected is whole: put it in order and compose it. */
static void settle(struct form *form)
{
    size_t count, first;
    uint32_t *points = points_of(form, &count);

    if (count == 0)
        return;
    first = combining_class(points[0]) == 0;
    sort_marks(form, points + first, count - first);
    if (form->composes && first == 1)
        form->points.size = compose_all(points, count) * sizeof(*points);
}

static void emit(struct form *form)
{
    size_t count;
    const uint32_t *points = points_of(form, &count);

    for (size_t i = 0; i < count; i++)
        put_point(form, points[i]);
    form->points.size = 0;
}

/* A starter begins anew, unless it composes with a starter that stands directly before it. */
static void take_point(struct form *form, uint32_t point)
{
    size_t count;
    uint32_t *points, composed;

    if (combining_class(point) == 0) {
        settle(form);
        points = points_of(form, &count);
        composed = form->composes && count == 1 ? compose(points[0], point) : 0;
        if (composed != 0) {
            points[0] = composed;
            return;
        }
        emit(form);
    }
    buffer_put(&form->points, slice_of(&point, sizeof(point)));
}

static void take_text(struct form *form, struct slice text)
{
    uint32_t parts[4];
    size_t step;

    for (size_t at = 0; at < text.size; at += step) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &step);
        unsigned count = point == UTF8_INVALID ? 0 : decompose(point, parts);

        if (point == UTF8_INVALID) {
            settle(form);
            emit(form);
            buffer_put_byte(&form->out, text.data[at]);
        }
        for (unsigned i = 0; i < count; i++)
            take_point(form, parts[i]);
    }
    settle(form);
    emit(form);
}

/* Whether @point may not stand in the form as it is, or may reach what is before it. Most text has
 * none such. */
static bool may_change(uint32_t point, bool composes)
{
    uint32_t parts[4];

    if (point < 0xC0 || point >= TOKENIZER_POINTS)
        return false;
    if (composes)
        return unstable_blocks[unstable_index[point >> 7] * 128u + (point & 127)] != 0;
    return combining_class(point) != 0 || decompose(point, parts) != 1 || parts[0] != point;
}

/* Where the text that is in the form ends: before the starter of the first point that may change.
 */
static size_t stable_prefix(struct slice text, bool composes)
{
    size_t starter = 0, step;

    for (size_t at = 0; at < text.size; at += step) {
        uint32_t point;
        uint64_t word;

        if (at + sizeof(word) <= text.size) {
            memcpy(&word, text.data + at, sizeof(word));
            if ((word & 0x8080808080808080u) == 0) {
                step = sizeof(word);
                starter = at + step - 1;
                continue;
            }
        }
        point = utf8_decode(slice_cut(text, at, text.size), &step);
        if (may_change(point, composes))
            return starter;
        starter = at;
    }
    return text.size;
}

static struct slice to_form(struct slice text, bool composes, struct arena *arena)
{
    size_t stable = stable_prefix(text, composes);
    struct form form = { .composes = composes };

    if (stable == text.size)
        return text;
    buffer_init(&form.out, arena);
    buffer_init(&form.points, arena);
    buffer_put(&form.out, slice_cut(text, 0, stable));
    take_text(&form, slice_cut(text, stable, text.size));
    if (form.out.is_full || form.points.is_full)
        return (struct slice){ 0 };
    return buffer_slice(&form.out);
}

struct slice tokenizer_unicode_nfc(struct slice text, struct arena *arena)
{
    return to_form(text, true, arena);
}

struct slice tokenizer_unicode_nfd(struct slice text, struct arena *arena)
{
    return to_form(text, false, arena);
}
