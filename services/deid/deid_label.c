#include "deid_label.h"

#include "deid_check.h"
#include "deid_code.h"
#include "deid_date.h"

#define LABEL_WORDS_MAX 7
#define GAP_BYTES_MAX 24
#define TEL_BYTES_MAX 32
#define VALUE_BYTES_MAX 64
#define PLATE_BYTES_MAX 13
#define CELL_DIGITS 5
#define MARKED_DIGITS 4 /* behind "#" alone */
#define GROUPED_DIGITS                                                                             \
    6 /* of letters and groups of digits; and behind a word with other meanings */
#define GROUPED_DIGITS_WEAK 8

/* What stands between a label and its value, gathered on the way. */
struct label {
    enum deid_class class;
    bool is_strong;   /* a word that means nothing but the label of a number */
    bool is_signed;   /* ":" or "=" or "is" */
    bool is_numbered; /* "#", "number", "no." */
    unsigned value;   /* the token where the value begins */
};

/* A gap within a label, and between it and its value. One line end, only after a colon. */
static bool is_label_gap(struct slice gap, struct label *label)
{
    unsigned lines = 0;

    if (gap.size == 0 || gap.size > GAP_BYTES_MAX)
        return false;
    for (size_t i = 0; i < gap.size; i++) {
        char c = gap.data[i];

        if (strchr(" \t:#=().*-'\"|\n[>/_", c) == NULL || c == '\0')
            return false;
        label->is_signed |= c == ':' || c == '=' || c == '|';
        label->is_numbered |= c == '#';
        lines += c == '\n';
        if (c == '\n' && (!label->is_signed || lines > 1))
            return false;
    }
    return true;
}

/* Whether the word at @at stands between a label and its value; further labels say more of it. */
static bool label_add(const struct deid_scanner *scanner, unsigned at, struct label *label)
{
    static const char *const numbered[] = { "number",     "numbers", "no",   "num",
                                            "nbr",        "nr",      "code", "id",
                                            "identifier", "ending",  NULL };
    static const char *const signs[] = { "is", "are", "was", NULL };
    static const char *const others[] = { "last", "four", "digits", NULL };
    const struct deid_cue *cue = deid_scanner_cue(scanner, at);
    struct slice word = deid_scanner_word(scanner, at);

    if (cue == NULL)
        return deid_scanner_is_one_of(word, others);
    label->is_numbered |= deid_scanner_is_one_of(word, numbered);
    label->is_signed |= deid_scanner_is_one_of(word, signs);
    if (cue->kind == DEID_CUE_LABEL || cue->kind == DEID_CUE_LABEL_WEAK) {
        label->is_strong |= cue->kind == DEID_CUE_LABEL;
        if (cue->value != DEID_CLASS_OTHER)
            label->class = (enum deid_class)cue->value;
        return true;
    }
    return cue->kind == DEID_CUE_FILLER || deid_scanner_is_one_of(word, others);
}

/* A word that says by itself that a number follows. */
static bool is_number_word(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const words[] = { "id", "ids", "identifier", NULL };

    return deid_scanner_is_one_of(deid_scanner_word(scanner, index), words);
}

/* From the label at @index to where its value begins. False when none can follow. */
static bool label_read(const struct deid_scanner *scanner, unsigned index,
                       const struct deid_cue *cue, struct label *label)
{
    const struct deid_tokens *tokens = scanner->tokens;

    *label = (struct label){ .class = (enum deid_class)cue->value,
                             .is_strong = cue->kind == DEID_CUE_LABEL,
                             .is_numbered = is_number_word(scanner, index) };
    for (unsigned at = index + 1; at < tokens->count && at <= index + LABEL_WORDS_MAX; at++) {
        if (!is_label_gap(deid_tokens_gap(tokens, at - 1), label))
            return false;
        label->value = at;
        if (deid_is_digit(tokens->text.data[tokens->items[at].start])
            || !label_add(scanner, at, label))
            return true;
    }
    return false;
}

/* Whether small letters that are a word of the sentence begin at @at: "12345-year". */
static bool is_prose(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size && text.data[end] >= 'a' && text.data[end] <= 'z')
        end++;
    return end - at >= 3 && !(end < text.size && deid_is_word(text.data[end]));
}

/* The end of the value that begins at @at: letters and digits, joined by single dashes, dots,
 * slashes or underscores. */
static size_t value_end(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size && end - at < VALUE_BYTES_MAX) {
        char c = text.data[end];
        bool is_joint = (c == '-' || c == '.' || c == '/' || c == '_') && end + 1 < text.size
                        && deid_is_word(text.data[end + 1]) && !is_prose(text, end + 1);

        if ((unsigned char)c >= 0x80 || (!deid_is_word(c) && !is_joint))
            break;
        end++;
    }
    return end;
}

/* "123 456 789": further short groups of digits after the first, while none is a measure. */
static size_t groups_end(const struct deid_scanner *scanner, size_t start, size_t end)
{
    struct slice text = scanner->tokens->text;
    unsigned digits = deid_check_digits(slice_cut(text, start, end));

    if (digits != end - start || digits > 4 || digits < 2)
        return end;
    for (;;) {
        size_t at = end, stop;

        if (at + 2 < text.size && (text.data[at] == ' ' || text.data[at] == '-'))
            at++;
        for (stop = at; stop < text.size && deid_is_digit(text.data[stop]);)
            stop++;
        if (at == end || stop - at < 2 || stop - at > 6 || digits + (stop - at) > 16
            || (stop < text.size && strchr(":/.%", text.data[stop]) != NULL && stop + 1 < text.size
                && deid_is_digit(text.data[stop + 1]))
            || (stop < text.size && deid_is_word(text.data[stop]))
            || deid_scanner_is_measured(scanner, stop))
            return end;
        digits += (unsigned)(stop - at);
        end = stop;
    }
}

/* "K 118 882 093", "W2847 19930": letters in front of the groups, or in the first of them. The end
 * of the last; @end where that is not how it goes on. */
static size_t lettered_end(const struct deid_scanner *scanner, size_t start, size_t end,
                           unsigned least)
{
    struct slice text = scanner->tokens->text;
    size_t letters = 0, stop = end;
    unsigned groups = 0, digits;

    while (start + letters < end && text.data[start + letters] >= 'A'
           && text.data[start + letters] <= 'Z')
        letters++;
    digits = deid_check_digits(slice_cut(text, start, end));
    if (letters == 0 || letters > 4 || letters + digits != end - start)
        return end;
    for (;;) {
        size_t at = stop + 1, next = at;

        while (next < text.size && deid_is_digit(text.data[next]))
            next++;
        if (stop >= text.size || text.data[stop] != ' ' || next - at < 2 || next - at > 6
            || deid_is_word(deid_scanner_byte(scanner, next))
            || deid_scanner_is_measured(scanner, next))
            break;
        digits += (unsigned)(next - at);
        groups++;
        stop = next;
    }
    return groups > 0 && digits >= least && digits <= 16 ? stop : end;
}

/* "KA 01 AB 1234", "AB12 CDE", "T 482 DKL": capitals and digits in groups. */
static size_t plate_end(struct slice text, size_t start, size_t end)
{
    for (unsigned groups = 0; groups < 3; groups++) {
        size_t next = end + 1;

        while (next < text.size
               && (deid_is_digit(text.data[next])
                   || (text.data[next] >= 'A' && text.data[next] <= 'Z')))
            next++;
        if (end >= text.size || text.data[end] != ' ' || next == end + 1 || next - end > 5
            || next - start > PLATE_BYTES_MAX
            || (next < text.size && deid_is_word(text.data[next])))
            break;
        end = next;
    }
    return end;
}

/* Whether letters and digits stand in it, and both in capitals. */
static bool is_plate(struct slice value)
{
    unsigned letters = 0, digits = deid_check_digits(value);

    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] >= 'a' && value.data[i] <= 'z')
            return false;
        letters += value.data[i] >= 'A' && value.data[i] <= 'Z';
    }
    return letters >= 2 && digits >= 2 && letters + digits >= 5;
}

static bool is_year(struct slice value)
{
    return value.size == 4 && deid_check_digits(value) == 4
           && (slice_starts_with(value, SLICE("19")) || slice_starts_with(value, SLICE("20")));
}

static bool is_made_of(struct slice value, const char *others)
{
    for (size_t i = 0; i < value.size; i++)
        if (!deid_is_digit(value.data[i]) && strchr(others, value.data[i]) == NULL)
            return false;
    return true;
}

/* "1.84", "1.8-2.4": what stands behind a word for a test. */
static bool is_decimal(struct slice value)
{
    size_t dot = slice_find_byte(value, '.');

    return dot < value.size && dot <= 4 && value.size <= 12 && is_made_of(value, ".-");
}

static unsigned long number_of(struct slice digits)
{
    unsigned long number = 0;

    for (size_t i = 0; i < digits.size && deid_is_digit(digits.data[i]); i++)
        number = number * 10 + (unsigned long)(digits.data[i] - '0');
    return number;
}

/* "53-106", "84/318"; "014-0027" counts nothing, and nothing goes from 2291 to 882. */
static bool is_range(struct slice value)
{
    size_t sign = 0;

    while (sign < value.size && deid_is_digit(value.data[sign]))
        sign++;
    if (sign == 4 && sign + 2 < value.size && value.data[sign] == '-'
        && number_of(value) > number_of(slice_cut(value, sign + 1, value.size)))
        return false;
    return sign < value.size && sign <= 4 && value.size - sign <= 5 && is_made_of(value, "-/")
           && !(value.data[0] == '0' && sign > 1)
           && !(value.size - sign > 2 && value.data[sign + 1] == '0');
}

static bool is_value(const struct deid_scanner *scanner, const struct label *label,
                     struct slice value, size_t end)
{
    unsigned digits = deid_check_digits(value);
    struct deid_date date;
    bool is_named = label->is_signed || label->is_numbered;

    if (digits < 2 || value.size < 3 || deid_code_is_sequence(value)
        || (end < scanner->tokens->text.size && is_prose(scanner->tokens->text, end + 1)
            && scanner->tokens->text.data[end] == '-')
        || deid_scanner_is_measured(scanner, end)
        || deid_date_read(scanner->tokens->text, end - value.size, &date))
        return false;
    if (is_year(value))
        return label->is_numbered || (label->is_strong && label->is_signed);
    if (is_decimal(value) && !(label->is_strong && is_named))
        return false;
    if (is_range(value) && !label->is_strong && !label->is_numbered)
        return false;
    if (label->is_strong)
        return digits >= 4 || value.size >= 6 || (is_named && digits >= 3);
    if (label->is_numbered)
        return digits >= 3 || value.size >= 6;
    if (label->class == DEID_CLASS_VEHICLE && is_plate(value))
        return true;
    if (value.data[0] == '0' && digits >= 5 && digits == value.size)
        return true; /* what is counted does not begin with 0 */
    return digits >= (label->is_signed ? 5 : 6) || (digits >= 4 && digits < value.size);
}

/* Whose number it may be said to be: "patient ID", "case file number". */
static bool is_whose(struct slice word)
{
    static const char *const words[] = { "patient", "pt",    "client", "case",   "file",  "member",
                                         "student", "study", "visit",  "record", "donor", NULL };

    return deid_scanner_is_one_of(word, words);
}

/* Where the label begins, when it says of the number no more than that it is one, inside of a
 * sentence: "(Patient ID: A-12)", "on case #12" are one expression. @at otherwise: a form or a
 * table keeps its labels. */
static size_t general_label_start(const struct deid_scanner *scanner, unsigned index,
                                  const struct label *label, size_t at)
{
    const struct deid_tokens *tokens = scanner->tokens;
    unsigned first = index;
    struct slice gap;

    if (label->class != DEID_CLASS_OTHER || label->value > index + 2)
        return at;
    if (first > 0 && deid_tokens_gap(tokens, first - 1).size == 1
        && is_whose(deid_scanner_word(scanner, first - 1)))
        first--;
    if (first == index && !is_whose(deid_scanner_word(scanner, index)))
        return at;
    gap = slice_cut(tokens->text, tokens->items[index].end, at);
    if (first == 0 || gap.size > 4 || slice_find_byte(gap, '\n') < gap.size
        || slice_find_byte(gap, '"') < gap.size || slice_find_byte(gap, '_') < gap.size)
        return at;
    gap = deid_tokens_gap(tokens, first - 1);
    return slice_is(gap, " ") || slice_is(gap, ", ") || slice_is(gap, " (") || slice_is(gap, "; ")
               ? tokens->items[first].start
               : at;
}

static void scan_value(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    struct slice text = scanner->tokens->text;
    struct label label;
    size_t start, end;

    if (!label_read(scanner, index, cue, &label)
        || deid_code_is_published(deid_scanner_word(scanner, label.value)))
        return;
    start = scanner->tokens->items[label.value].start;
    end = value_end(text, start);
    if (label.class == DEID_CLASS_VEHICLE)
        end = plate_end(text, start, end);
    else if (label.is_strong || label.is_numbered)
        end = lettered_end(scanner, start, groups_end(scanner, start, end), GROUPED_DIGITS);
    else
        end = lettered_end(scanner, start, end, GROUPED_DIGITS_WEAK);
    if (is_value(scanner, &label, slice_cut(text, start, end), end))
        deid_scanner_add(scanner, general_label_start(scanner, index, &label, start), end,
                         label.class, DEID_FORM_VALUE, DEID_SCORE_LABEL);
}

void deid_label_scan_marked_number(struct deid_scanner *scanner, unsigned index)
{
    struct slice text = scanner->tokens->text, value;
    size_t start = scanner->tokens->items[index].start, at = start, end = value_end(text, start);
    unsigned digits;

    while (at > 0 && start - at < 3 && strchr(" :", text.data[at - 1]) != NULL)
        at--;
    value = slice_cut(text, start, end);
    digits = deid_check_digits(value);
    if (at == 0 || text.data[at - 1] != '#' || digits < MARKED_DIGITS || is_year(value)
        || deid_code_is_sequence(value) || deid_scanner_is_measured(scanner, end))
        return;
    deid_scanner_add(scanner, start, end, DEID_CLASS_OTHER, DEID_FORM_VALUE, DEID_SCORE_LIST);
}

/* Whether nothing but blanks stands between @at and the side of a table's cell or of the line,
 * to the left or to the right; *@has_bar where it is a cell's. */
static bool is_cell_side(struct slice text, size_t at, bool is_right, bool *has_bar)
{
    while (is_right ? at < text.size : at > 0) {
        char c = is_right ? text.data[at] : text.data[at - 1];

        if (c == '|' || c == '\t' || c == '\n') {
            *has_bar |= c != '\n';
            return true;
        }
        if (c != ' ')
            return false;
        at = is_right ? at + 1 : at - 1;
    }
    return true;
}

void deid_label_scan_cell(struct deid_scanner *scanner, unsigned index)
{
    struct slice text = scanner->tokens->text, value;
    size_t start = scanner->tokens->items[index].start, end = value_end(text, start);
    bool has_bar = false;

    value = slice_cut(text, start, end);
    if (deid_check_digits(value) < CELL_DIGITS || !is_made_of(value, "-") || is_year(value)
        || !(slice_find_byte(value, '-') < value.size || value.data[0] == '0')
        || !is_cell_side(text, start, false, &has_bar) || !is_cell_side(text, end, true, &has_bar)
        || !has_bar)
        return;
    deid_scanner_add(scanner, start, end, DEID_CLASS_OTHER, DEID_FORM_VALUE, DEID_SCORE_LIST);
}

/* "9 1 9 5": digit by digit. */
static bool is_spread(struct slice text)
{
    for (size_t i = 0; i < 7; i++)
        if (i >= text.size || (i % 2 == 0 ? !deid_is_digit(text.data[i]) : text.data[i] != ' '))
            return false;
    return true;
}

/* Three digits or more, or a 1 and then three: a measure ("7.25 (7.38-7.42)") begins otherwise. */
static bool is_telephone_start(struct slice text)
{
    size_t end = 0, then;

    while (end < text.size && deid_is_digit(text.data[end]))
        end++;
    if (end >= 3 || text.data[0] == '0' || is_spread(text))
        return true;
    for (then = end + 1; then < text.size && !deid_is_digit(text.data[then]);)
        then++;
    return deid_check_digits(slice_cut(text, then, then + 3)) == 3;
}

/* "phone 5557821", "fax: 555 3382", "cell number is 919.5557821": a run of digits and the signs
 * that telephone numbers are written with. */
static void scan_telephone(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    struct slice text = scanner->tokens->text;
    struct label label;
    size_t start, end, last, digits = 0, signs = 0;
    struct deid_date date;

    if (!label_read(scanner, index, cue, &label))
        return;
    start = scanner->tokens->items[label.value].start;
    if (!deid_is_digit(text.data[start]) || deid_date_read(text, start, &date))
        return;
    for (last = end = start; end < text.size && end - start < TEL_BYTES_MAX && signs < 4; end++) {
        char c = text.data[end];

        if (deid_is_digit(c)) {
            digits++;
            signs = 0;
            last = end + 1;
        } else if (c != '\0' && strchr(" -./()", c) != NULL) {
            signs++;
        } else {
            break;
        }
    }
    if (!is_telephone_start(slice_cut(text, start, last)) || digits < 7 || digits > 15
        || deid_is_word(deid_scanner_byte(scanner, last)))
        return;
    if (start > 0 && strchr("+(", text.data[start - 1]) != NULL)
        start--;
    deid_scanner_add(scanner, start, last, label.class, DEID_FORM_VALUE, DEID_SCORE_LABEL);
}

/* "ext 4421", "pager #1234". After a word with other meanings ("page 2") four digits or more. */
static void scan_extension(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    static const char *const loose[] = { "page", "paged", NULL };
    static const char *const parts[] = { "ext", "extension", NULL };
    struct slice text = scanner->tokens->text;
    bool is_loose = deid_scanner_is_one_of(deid_scanner_word(scanner, index), loose);
    struct label label;
    size_t start, end;

    if (!label_read(scanner, index, cue, &label))
        return;
    start = end = scanner->tokens->items[label.value].start;
    while (end < text.size
           && (deid_is_digit(text.data[end])
               || (text.data[end] == '-' && deid_is_digit(text.data[end - 1])
                   && deid_is_digit(deid_scanner_byte(scanner, end + 1)))))
        end++;
    if (end - start < (is_loose ? 4u : 2u) || end - start > 14
        || (end < text.size && deid_is_word(text.data[end]))
        || (is_loose && is_year(slice_cut(text, start, end)))
        || deid_scanner_is_measured(scanner, end))
        return;
    if (deid_scanner_is_one_of(deid_scanner_word(scanner, index), parts))
        start = scanner->tokens->items[index].start; /* part of the number */
    deid_scanner_add(scanner, start, end, label.class, DEID_FORM_VALUE, DEID_SCORE_LABEL);
}

/* "username: jsmith", "handle is christine.brown53": a word after a sign, or one that no word of a
 * sentence looks like. */
static void scan_user(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    struct slice text = scanner->tokens->text, value;
    struct label label;
    size_t start, end;
    bool is_odd;

    if (!label_read(scanner, index, cue, &label))
        return;
    start = end = scanner->tokens->items[label.value].start;
    while (end < text.size && end - start < VALUE_BYTES_MAX
           && (deid_is_word(text.data[end]) || strchr("._-!$%&*", text.data[end]) != NULL
               || (text.data[end] == ':' && end > start
                   && deid_is_letter(deid_scanner_byte(scanner, end + 1)))))
        end++;
    while (end > start && !deid_is_word(text.data[end - 1]))
        end--;
    value = slice_cut(text, start, end);
    is_odd = deid_check_digits(value) > 0 || slice_find_byte(value, '_') < value.size
             || slice_find_byte(value, '.') < value.size;
    if (value.size >= 3 && (is_odd || label.is_signed)
        && !(scanner->tokens->items[label.value].flags & DEID_WORD_STOP))
        deid_scanner_add(scanner, start, end, label.class, DEID_FORM_VALUE, DEID_SCORE_LABEL);
}

/* "Room 412", "Rm 4-112B", "room/bed: 412/2": which of a house's rooms, and not "room air". */
static void scan_room(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    struct slice text = scanner->tokens->text;
    struct label label;
    size_t start, end;
    bool is_bed = slice_equal_fold(deid_scanner_word(scanner, index), SLICE("bed"));

    if (index + 1 >= scanner->tokens->count)
        return;
    label = (struct label){ .class = (enum deid_class)cue->value, .value = index + 1 };
    if (!is_label_gap(deid_tokens_gap(scanner->tokens, index), &label))
        return;
    if (deid_scanner_is_cue(scanner, index + 1, DEID_CUE_ROOM))
        return; /* "room/bed: 412": the second says it */
    start = scanner->tokens->items[label.value].start;
    end = value_end(text, start);
    if (!deid_is_digit(text.data[start]) || end - start > 9
        || deid_scanner_is_measured(scanner, end)
        || end - start < (label.is_signed || label.is_numbered || is_bed ? 1u : 2u))
        return;
    deid_scanner_add(scanner, start, end, label.class, DEID_FORM_VALUE, DEID_SCORE_LIST);
}

/* "DL: D1234567", "Ph# 5557821", "Ref: 8837-22": in capitals or with a capital, and marked. */
static void scan_marked(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    struct slice gap = deid_tokens_gap(scanner->tokens, index);
    enum deid_shape shape = scanner->tokens->items[index].shape;

    if (slice_find_byte(gap, ':') == gap.size && slice_find_byte(gap, '#') == gap.size)
        return;
    if (shape == DEID_SHAPE_OTHER) /* "dL", "pH" */
        return;
    if (cue->value == DEID_CLASS_PHONE)
        scan_telephone(scanner, index, cue);
    else
        scan_value(scanner, index, cue);
}

void deid_label_scan(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    switch (cue->kind) {
    case DEID_CUE_LABEL:
    case DEID_CUE_LABEL_WEAK:
        scan_value(scanner, index, cue);
        break;
    case DEID_CUE_LABEL_MARKED:
        scan_marked(scanner, index, cue);
        break;
    case DEID_CUE_LABEL_TEL:
        scan_telephone(scanner, index, cue);
        break;
    case DEID_CUE_LABEL_EXT:
        scan_extension(scanner, index, cue);
        break;
    case DEID_CUE_LABEL_USER:
        scan_user(scanner, index, cue);
        break;
    case DEID_CUE_ROOM:
        scan_room(scanner, index, cue);
        break;
    default:
        break;
    }
}
