#include "gateway_cite.h"

#define DIGITS_MAX 6

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where the bracket that opens at @open closes, or 0 when what it holds is no list of numbers. */
static size_t list_end(struct slice text, size_t open)
{
    size_t i = open + 1, digits = 0, numbers = 0;

    for (; i < text.size; i++) {
        char c = text.data[i];

        if (is_digit(c)) {
            numbers += digits == 0;
            if (++digits > DIGITS_MAX)
                return 0;
        } else if (c == ',' || c == ' ') {
            digits = 0;
        } else {
            return c == ']' && numbers > 0 ? i + 1 : 0;
        }
    }
    return 0;
}

static uint32_t read_number(struct slice text, size_t *at)
{
    uint32_t number = 0;

    while (*at < text.size && is_digit(text.data[*at]))
        number = number * 10 + (uint32_t)(text.data[(*at)++] - '0');
    return number;
}

/* The bracket that byte @at lies inside, or the next to open: its end, or 0. A cursor left inside a
 * list by the call before goes on with the list's next number. */
static bool find_list(struct slice text, size_t at, size_t *open, size_t *end)
{
    size_t back = at;

    while (back > 0
           && (is_digit(text.data[back - 1]) || text.data[back - 1] == ','
               || text.data[back - 1] == ' '))
        back--;
    if (back > 0 && back < at && text.data[back - 1] == '[') {
        *open = back - 1;
        *end = list_end(text, *open);
        if (*end != 0)
            return true;
    }
    for (*open = at; *open < text.size; (*open)++) {
        if (text.data[*open] != '[')
            continue;
        *end = list_end(text, *open);
        if (*end != 0)
            return true;
    }
    return false;
}

bool cite_next(struct slice text, size_t *cursor, struct cite *cite)
{
    size_t at = *cursor, open, end;

    while (find_list(text, at, &open, &end)) {
        if (at <= open)
            at = open + 1;
        while (at < end - 1 && !is_digit(text.data[at]))
            at++;
        if (at == end - 1) {
            at = end;
            continue;
        }
        cite->fact_id = read_number(text, &at);
        cite->start = open;
        cite->end = end;
        *cursor = at;
        return true;
    }
    *cursor = text.size;
    return false;
}
