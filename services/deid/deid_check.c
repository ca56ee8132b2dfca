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

static bool is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static unsigned letters_of(struct slice text)
{
    unsigned count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += is_letter(text.data[i]);
    return count;
}

bool deid_check_separators(struct slice text)
{
    char sign = 0;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (is_digit(c) || is_letter(c))
            continue;
        if (sign != 0 && sign != c)
            return false;
        sign = c;
    }
    return true;
}

bool deid_check_mixed(struct slice text)
{
    return deid_check_digits(text) >= 3 && letters_of(text) >= 2;
}

bool deid_check_ip6(struct slice text)
{
    unsigned colons = 0, doubles = 0;

    for (size_t i = 0; i < text.size && text.data[i] != '/'; i++) {
        bool is_colon = text.data[i] == ':';

        colons += is_colon;
        doubles += is_colon && i > 0 && text.data[i - 1] == ':';
    }
    return doubles == 1 ? colons <= 8 : doubles == 0 && colons == 7;
}

bool deid_check_mbi(struct slice text)
{
    static const char plan[] = "9A*9A*9AA99"; /* *: a letter or a digit */
    size_t at = 0;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_number = is_digit(c);

        if (c == '-')
            continue;
        if (at == sizeof(plan) - 1 || (plan[at] == '9' && !is_number)
            || (plan[at] == 'A' && is_number) || (!is_number && strchr("SLOIBZ", c & ~32) != NULL))
            return false;
        at++;
    }
    return at == sizeof(plan) - 1;
}

static unsigned mod97(struct slice text, unsigned sum)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (is_digit(c))
            sum = (sum * 10 + (unsigned)(c - '0')) % 97;
        else if (is_letter(c))
            sum = (sum * 100 + (unsigned)((c | 32) - 'a' + 10)) % 97;
    }
    return sum;
}

bool deid_check_iban(struct slice text)
{
    struct slice first = slice_cut(text, 0, 4), rest = slice_cut(text, 4, text.size);

    return mod97(first, mod97(rest, 0)) == 1 || deid_check_digits(text) >= 12;
}

bool deid_check_bic(struct slice text)
{
    static const char countries[] =
        "US GB DE FR CA AU IT ES NL BE CH AT IE LU SE NO DK FI PL CZ HU RO PT GR TR RU UA IN CN JP "
        "KR HK SG TW TH MY PH VN ID AE SA IL EG ZA NG KE BR MX AR CL CO PE NZ";

    if (deid_check_digits(text) == 0)
        return false;
    for (size_t i = 0; i + 1 < sizeof(countries); i += 3)
        if (memcmp(countries + i, text.data + 4, 2) == 0)
            return true;
    return false;
}

/* The number at *@at: its whole part, and how many decimals it has. */
static unsigned decimal_read(struct slice text, size_t *at, unsigned *decimals)
{
    unsigned whole = 0;

    while (*at < text.size && !is_digit(text.data[*at]))
        (*at)++;
    for (; *at < text.size && is_digit(text.data[*at]); (*at)++)
        whole = whole * 10 + (unsigned)(text.data[*at] - '0');
    *decimals = 0;
    if (*at < text.size && text.data[*at] == '.')
        for ((*at)++; *at < text.size && is_digit(text.data[*at]); (*at)++)
            (*decimals)++;
    return whole;
}

bool deid_check_coordinates(struct slice text)
{
    unsigned first_decimals, second_decimals, first, second;
    bool is_parted, is_named = slice_find_byte(text, '\xb0') < text.size || letters_of(text) > 0;
    size_t at = 0;

    first = decimal_read(text, &at, &first_decimals);
    second = decimal_read(text, &at, &second_decimals);
    is_parted = slice_find_byte(text, ',') < text.size || slice_find_byte(text, ';') < text.size
                || slice_find_byte(text, '/') < text.size;
    if (first > 90 || second > 180)
        return false;
    return is_named
           || (is_parted && first_decimals >= 4 && second_decimals >= 4
               && (first >= 10 || second >= 10));
}

bool deid_check_phone(struct slice text)
{
    unsigned digits = deid_check_digits(text);

    return digits >= 7 && digits <= 21; /* with an extension */
}

bool deid_check_phone_us(struct slice text)
{
    unsigned others = 0;
    uint8_t digits[11];
    unsigned count = digits_of(text, digits, 11), first;

    for (size_t i = 0; i < text.size; i++)
        others += !is_digit(text.data[i]) && text.data[i] != ' ';
    if (others > 0)
        return count >= 10;
    first = digits[0] == 1 ? 1 : 0;
    return count >= 10 && digits[first] >= 2 && digits[first + 3] >= 2;
}

bool deid_check_phone_trunk(struct slice text)
{
    unsigned digits = deid_check_digits(text);
    size_t last = text.size;
    char sign = 0;

    while (last > 0 && is_digit(text.data[last - 1]))
        last--;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (is_digit(c) || c == '(' || c == ')' || (c == ' ' && i > 0 && text.data[i - 1] == ')'))
            continue;
        if (sign != 0 && sign != c)
            return false;
        sign = c;
    }
    /* "0591-3740-01" is the code of a drug: a telephone number's last group after a dash is longer.
     */
    return digits >= 9 && digits <= 12 && (sign != '-' || text.size - last >= 3);
}

bool deid_check_postcode(struct slice text)
{
    static const char *const others[] = { "ND", "RD", "TH", "ST", "PT", "HR", "YR", "WK", NULL };
    struct slice last = slice_cut(text, text.size - 2, text.size);

    for (unsigned i = 0; others[i] != NULL; i++)
        if (slice_is(last, others[i]))
            return false;
    if (is_digit(last.data[1]))
        return text.data[0] != 'D' && text.data[0] != 'F';
    for (size_t i = 0; i < last.size; i++)
        if (strchr("CIKMOV", last.data[i]) != NULL)
            return false;
    return true;
}

bool deid_check_date(struct slice text)
{
    unsigned parts[3] = { 0 }, count = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i]))
            continue;
        if (count == 0 || !is_digit(text.data[i - 1]))
            count++;
        if (count <= 3)
            parts[count - 1] = parts[count - 1] * 10 + (unsigned)(text.data[i] - '0');
    }
    if (parts[0] > 31) { /* the year comes first */
        parts[0] = parts[1];
        parts[1] = parts[2];
    }
    return count == 3 && parts[0] >= 1 && parts[1] >= 1 && parts[0] <= 31 && parts[1] <= 31
           && (parts[0] <= 12 || parts[1] <= 12);
}

bool deid_check_spaced(struct slice text)
{
    uint8_t digits[16];
    unsigned count = digits_of(text, digits, 16), same = 0, up = 0;
    bool is_signed = false;

    for (size_t i = 0; i < text.size; i++)
        is_signed |= !is_digit(text.data[i]) && text.data[i] != ' ';
    for (unsigned i = 1; i < count && i < 16; i++) {
        same += digits[i] == digits[i - 1];
        up += digits[i] == digits[i - 1] + 1;
    }
    return is_signed && count >= 7 && same + 1 < count && up + 1 < count;
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
