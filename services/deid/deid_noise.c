#include "deid_noise.h"

#include "deid_check.h"
#include "deid_date.h"

#define WINDOW_BYTES_MAX 32
#define LETTERS_MAX 4 /* misread in one number: more is no misreading */

static char digit_like(char c)
{
    switch (c) {
    case 'O':
    case 'o':
    case 'Q':
    case 'D':
        return '0';
    case 'l':
    case 'I':
    case '|':
    case 'i':
        return '1';
    case 'Z':
    case 'z':
        return '2';
    case 'S':
    case 's':
        return '5';
    case 'G':
        return '6';
    case 'B':
        return '8';
    default:
        return 0;
    }
}

static bool is_part(char c)
{
    return deid_is_digit(c) || digit_like(c) != 0;
}

/* The group of digits and letters at @at, read as digits into @out; its size, 0 when another letter
 * stands in it or none of it is a digit and it is a word's letters ("so"). */
static size_t group_read(struct slice text, size_t at, char *out, unsigned *letters)
{
    size_t size = 0, digits = 0, sure = 0;

    while (at + size < text.size && size < WINDOW_BYTES_MAX && is_part(text.data[at + size])) {
        char c = text.data[at + size];

        out[size++] = deid_is_digit(c) ? c : digit_like(c);
        digits += deid_is_digit(c);
        sure += c == 'O' || c == 'l' || c == 'I';
    }
    if ((at + size < text.size && deid_is_word(text.data[at + size])) || digits + sure == 0
        || (digits == 0 && sure < size))
        return 0;
    *letters += (unsigned)(size - digits);
    return size;
}

/* The groups from @at on, with the single signs between them. */
static size_t window_read(struct slice text, size_t at, char *out, unsigned *letters)
{
    size_t size = 0;

    while (size < WINDOW_BYTES_MAX / 2) {
        size_t group = group_read(text, at + size, out + size, letters);

        if (group == 0)
            return size > 0 ? size - 1 : 0;
        size += group;
        if (size >= WINDOW_BYTES_MAX / 2 || at + size >= text.size
            || strchr("-./ ", text.data[at + size]) == NULL || text.data[at + size] == '\0')
            return size;
        out[size] = text.data[at + size];
        size++;
    }
    return size;
}

size_t deid_noise_scan(struct deid_scanner *scanner, unsigned index)
{
    struct slice text = scanner->tokens->text, window;
    size_t at = scanner->tokens->items[index].start;
    char bytes[WINDOW_BYTES_MAX * 2];
    unsigned letters = 0;
    struct deid_span span;
    struct deid_date date;

    if (at > 0 && (deid_is_word(text.data[at - 1]) || text.data[at - 1] == '-'))
        return 0;
    window = slice_of(bytes, window_read(text, at, bytes, &letters));
    if (letters == 0 || letters > LETTERS_MAX || deid_check_digits(window) < 6)
        return 0;
    if (deid_date_read(window, 0, &date) && date.day > 0 && date.year > 0 && !date.is_compact) {
        span = (struct deid_span){ 0, (uint32_t)date.end, DEID_CLASS_DATE, DEID_FORM_VALUE,
                                   DEID_SCORE_LIST };
    } else if (!deid_patterns_find(&scanner->rules->patterns, window, 0, &span)
               || (span.class != DEID_CLASS_PHONE && span.class != DEID_CLASS_SSN)) {
        return 0;
    }
    deid_scanner_add(scanner, at, at + span.end, span.class, DEID_FORM_VALUE, DEID_SCORE_LIST);
    return at + span.end;
}
