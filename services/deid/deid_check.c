#include "deid_check.h"

#include <stdint.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits of @text in @out; how many there are, also beyond @max. */
static unsigned digits_of(struct slice text, uint8_t *out, unsigned max)
{
    unsigned count = 0;
    size_t i;

    for (i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i]))
            continue;
        if (count < max)
            out[count] = (uint8_t)(text.data[i] - '0');
        count++;
    }
    return count;
}

unsigned deid_check_digits(struct slice text)
{
    uint8_t none;

    return digits_of(text, &none, 0);
}

bool deid_check_ssn(struct slice text)
{
    uint8_t d[9];

    if (digits_of(text, d, 9) != 9)
        return false;
    if (d[0] + d[1] + d[2] == 0 || d[3] + d[4] == 0 || d[5] + d[6] + d[7] + d[8] == 0)
        return false;
    return !(d[0] == 6 && d[1] == 6 && d[2] == 6);
}

static bool luhn(const uint8_t *digits, unsigned count, unsigned sum)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        unsigned digit = digits[count - 1 - i];
        if (i % 2 == 1)
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

bool deid_check_card(struct slice text)
{
    uint8_t digits[19];
    unsigned count = digits_of(text, digits, 19);

    return count >= 13 && count <= 19 && digits[0] >= 2 && digits[0] <= 6 && luhn(digits, count, 0);
}

bool deid_check_npi(struct slice text)
{
    uint8_t digits[10];

    /* 24 is what the prefix 80840 adds to the sum. */
    return digits_of(text, digits, 10) == 10 && luhn(digits, 10, 24);
}

bool deid_check_dea(struct slice text)
{
    uint8_t d[7];

    if (text.size != 9 || digits_of(slice_cut(text, 2, 9), d, 7) != 7)
        return false;
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6];
}

bool deid_check_ip(struct slice text)
{
    unsigned value = 0, parts = 1;
    size_t i;

    for (i = 0; i < text.size; i++) {
        if (text.data[i] == '.') {
            parts++;
            value = 0;
            continue;
        }
        if (!is_digit(text.data[i]))
            break;
        value = value * 10 + (unsigned)(text.data[i] - '0');
        if (value > 255)
            return false;
    }
    return parts == 4 && text.data[0] != '0';
}

bool deid_check_vin(struct slice text)
{
    static const uint8_t weights[17] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
    static const uint8_t values[26] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4,
                                        5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9 };
    unsigned sum = 0, i;

    if (text.size != 17)
        return false;
    for (i = 0; i < 17; i++) {
        char c = text.data[i];
        if (is_digit(c))
            sum += (unsigned)(c - '0') * weights[i];
        else if (c >= 'A' && c <= 'Z' && c != 'I' && c != 'O' && c != 'Q')
            sum += values[c - 'A'] * weights[i];
        else
            return false;
    }
    return text.data[8] == (sum % 11 == 10 ? 'X' : (char)('0' + sum % 11));
}

struct slice deid_check_zip3(struct slice postal)
{
    static const char small[][4] = { "036", "059", "063", "102", "203", "556", "692", "790", "821",
                                     "823", "830", "831", "878", "879", "884", "890", "893" };
    size_t i;

    for (i = 0; i < 5; i++)
        if (i >= postal.size || !is_digit(postal.data[i]))
            return (struct slice){ NULL, 0 };
    for (i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        if (memcmp(postal.data, small[i], 3) == 0)
            return (struct slice){ NULL, 0 };
    return slice_cut(postal, 0, 3);
}
