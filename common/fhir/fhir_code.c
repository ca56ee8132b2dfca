#include "fhir/fhir_code.h"

#include <math.h>
#include <stdlib.h>

static const struct json *find_coding(const struct json *concept,
                                      bool (*is_wanted)(const struct json *coding))
{
    const struct json *coding;

    for (coding = json_first(json_get(concept, "coding")); coding != NULL; coding = coding->next)
        if (is_wanted(coding))
            return coding;
    return NULL;
}

static bool is_chosen_by_user(const struct json *coding)
{
    const struct json *chosen = json_get(coding, "userSelected");

    return chosen != NULL && chosen->kind == JSON_KIND_TRUE
           && json_get_string(coding, "display").size > 0;
}

static bool has_display(const struct json *coding)
{
    return json_get_string(coding, "display").size > 0;
}

static bool has_code(const struct json *coding)
{
    return json_get_string(coding, "code").size > 0;
}

struct slice fhir_code_text(const struct json *concept)
{
    struct slice text = json_get_string(concept, "text");
    const struct json *coding;

    if (text.size == 0)
        text = json_get_string(concept, "display");
    if (text.size > 0)
        return text;
    coding = find_coding(concept, is_chosen_by_user);
    if (coding == NULL)
        coding = find_coding(concept, has_display);
    if (coding != NULL)
        return json_get_string(coding, "display");
    text = fhir_code_first(concept);
    return text.size > 0 ? text : json_get_string(concept, "code");
}

bool fhir_code_has_words(const struct json *concept)
{
    return json_get_string(concept, "text").size > 0 || json_get_string(concept, "display").size > 0
           || find_coding(concept, has_display) != NULL;
}

bool fhir_code_has(const struct json *concept, const char *code)
{
    const struct json *coding;

    for (coding = json_first(json_get(concept, "coding")); coding != NULL; coding = coding->next)
        if (slice_is(json_get_string(coding, "code"), code))
            return true;
    return false;
}

struct slice fhir_code_first(const struct json *concept)
{
    return json_get_string(find_coding(concept, has_code), "code");
}

/* How many decimals mean something: a laboratory writes two of a small number and one of a large
 * one; three only of what varies in the third (a specific gravity of 1.015). What has more was
 * computed. -1: significant digits instead, for numbers far under 1. */
static int decimals_of(double size, size_t decimals)
{
    if (decimals <= 1)
        return (int)decimals;
    if (decimals == 2)
        return size >= 10 ? 1 : 2;
    if (decimals == 3 && size >= 1 && size < 2)
        return 3;
    if (size >= 1 || size == 0)
        return 1;
    return size >= 0.1 ? 2 : -1;
}

/* "7.25" as 7.25, digit by digit, and how its first @decimals decimals round: false where only the
 * double nearest to it can say (a tie, an exponent, too many digits). */
static bool round_digits(struct slice number, size_t point, int decimals, bool *rounds_up)
{
    size_t keep = point + 1 + (size_t)decimals;

    *rounds_up = number.data[keep] > '5';
    if (number.data[keep] != '5')
        return true;
    for (size_t i = keep + 1; i < number.size; i++)
        if (number.data[i] != '0') {
            *rounds_up = true;
            return true;
        }
    return false;
}

/* Append the first @size bytes of @number with one added to its last digit. */
static void put_next(struct buffer *buffer, struct slice number, size_t size)
{
    size_t start = buffer->size, at;

    buffer_put(buffer, slice_cut(number, 0, size));
    if (buffer->is_full)
        return;
    for (at = buffer->size; at > start; at--) {
        char *digit = &buffer->data[at - 1];

        if (*digit == '.')
            continue;
        if (*digit < '0' || *digit > '9')
            break;
        if (*digit != '9') {
            ++*digit;
            return;
        }
        *digit = '0';
    }
    /* 9.9 became 0.0: a one goes in front of it. */
    buffer_put_byte(buffer, '0');
    if (buffer->is_full)
        return;
    memmove(buffer->data + at + 1, buffer->data + at, buffer->size - at - 1);
    buffer->data[at] = '1';
}

/* How large a plain number is: enough of it for decimals_of. */
static double size_of(struct slice number, size_t point)
{
    double size = 0, tenth = 0.1;

    for (size_t i = number.data[0] == '-'; i < number.size; i++) {
        if (i == point)
            continue;
        if (i < point) {
            size = size * 10 + (number.data[i] - '0');
        } else {
            size += tenth * (number.data[i] - '0');
            tenth /= 10;
        }
    }
    return size;
}

/* printf's own way, for what digits alone do not settle. */
static void put_by_double(struct buffer *buffer, struct slice number, int decimals, bool is_plain)
{
    char text[40];

    if (number.size >= sizeof(text))
        number.size = sizeof(text) - 1;
    memcpy(text, number.data, number.size);
    text[number.size] = '\0';
    if (!is_plain)
        buffer_format(buffer, "%g", strtod(text, NULL));
    else if (decimals < 0)
        buffer_format(buffer, "%.2g", strtod(text, NULL));
    else
        buffer_format(buffer, "%.*f", decimals, strtod(text, NULL));
}

void fhir_number_put(struct buffer *buffer, struct slice number)
{
    size_t point, decimals;
    bool is_plain = true, rounds_up;
    int wanted;

    number = slice_cut(number, 0, 39);
    point = slice_find_byte(number, '.');
    decimals = point == number.size ? 0 : number.size - point - 1;
    for (size_t i = 0; i < number.size; i++)
        is_plain &= number.data[i] != 'e' && number.data[i] != 'E' && number.data[i] != '+';
    wanted = is_plain && number.size > 0 ? decimals_of(size_of(number, point), decimals) : 0;
    if (number.size == 0)
        return;
    if (is_plain && wanted == (int)decimals)
        buffer_put(buffer, number);
    else if (!is_plain || wanted < 1 || !round_digits(number, point, wanted, &rounds_up))
        put_by_double(buffer, number, wanted, is_plain);
    else if (rounds_up)
        put_next(buffer, number, point + 1 + (size_t)wanted);
    else
        buffer_put(buffer, slice_cut(number, 0, point + 1 + (size_t)wanted));
}

void fhir_unit_put(struct buffer *buffer, struct slice unit)
{
    if (unit.size == 0 || slice_is(unit, "1") || unit.data[0] == '{')
        return;
    buffer_put_byte(buffer, ' ');
    for (size_t i = 0; i < unit.size; i++)
        if (strchr("{}[]_", unit.data[i]) == NULL)
            buffer_put_byte(buffer, (unsigned char)unit.data[i] < 0x20 ? ' ' : unit.data[i]);
}

static struct slice unit_of(const struct json *quantity)
{
    struct slice unit = json_get_string(quantity, "unit");

    return unit.size > 0 ? unit : json_get_string(quantity, "code");
}

void fhir_quantity_put(struct buffer *buffer, const struct json *quantity)
{
    const struct json *value = json_get(quantity, "value");
    struct slice comparator = json_get_string(quantity, "comparator");

    if (value == NULL || value->kind != JSON_KIND_NUMBER)
        return;
    if (comparator.size > 0 && comparator.size <= 2) {
        buffer_put(buffer, comparator);
        buffer_put_byte(buffer, ' ');
    }
    fhir_number_put(buffer, value->text);
    fhir_unit_put(buffer, unit_of(quantity));
}

void fhir_range_put(struct buffer *buffer, const struct json *range)
{
    const struct json *low = json_get(range, "low"), *high = json_get(range, "high");
    const struct json *low_value = json_get(low, "value");

    if (low_value != NULL && json_get(high, "value") != NULL) {
        fhir_number_put(buffer, low_value->text);
        buffer_put_string(buffer, " to ");
        fhir_quantity_put(buffer, high);
    } else if (low != NULL) {
        buffer_put_string(buffer, "at least ");
        fhir_quantity_put(buffer, low);
    } else if (high != NULL) {
        buffer_put_string(buffer, "at most ");
        fhir_quantity_put(buffer, high);
    }
}

void fhir_ratio_put(struct buffer *buffer, const struct json *ratio)
{
    const struct json *numerator = json_get(ratio, "numerator"),
                      *denominator = json_get(ratio, "denominator");
    bool has_units = unit_of(numerator).size > 0 || unit_of(denominator).size > 0;

    fhir_quantity_put(buffer, numerator);
    buffer_put_string(buffer, has_units ? " : " : ":");
    fhir_quantity_put(buffer, denominator);
}

/* "twice daily", "every 6 h", "3 times every 2 wk". */
static void put_timing(struct buffer *buffer, const struct json *timing)
{
    const struct json *repeat = json_get(timing, "repeat");
    const struct json *frequency = json_get(repeat, "frequency"),
                      *period = json_get(repeat, "period");
    struct slice unit = json_get_string(repeat, "periodUnit"),
                 code = fhir_code_text(json_get(timing, "code"));
    struct slice times = frequency == NULL ? SLICE("1") : frequency->text;

    if (code.size > 0) {
        buffer_put_byte(buffer, ' ');
        fhir_label_put(buffer, code);
        return;
    }
    if (period == NULL || unit.size == 0)
        return;
    if (slice_is(times, "1"))
        buffer_put_string(buffer, " once");
    else if (slice_is(times, "2"))
        buffer_put_string(buffer, " twice");
    else
        buffer_format(buffer, " %.*s times", SLICE_FORMAT(times));
    if (!slice_is(period->text, "1") && !slice_is(period->text, "1.0"))
        buffer_format(buffer, " every %.*s %.*s", SLICE_FORMAT(period->text), SLICE_FORMAT(unit));
    else
        buffer_put_string(buffer, slice_is(unit, "d")    ? " daily"
                                  : slice_is(unit, "wk") ? " weekly"
                                  : slice_is(unit, "mo") ? " monthly"
                                  : slice_is(unit, "h")  ? " hourly"
                                                         : "");
}

/* Whole tablets are written as such: "1", not "1.0". */
static void put_dose(struct buffer *buffer, const struct json *dose)
{
    const struct json *value = json_get(dose, "value");

    if (value == NULL || value->kind != JSON_KIND_NUMBER)
        return;
    if (unit_of(dose).size == 0)
        buffer_put_string(buffer, "dose ");
    if (slice_ends_with(value->text, SLICE(".0")))
        buffer_put(buffer, slice_cut(value->text, 0, value->text.size - 2));
    else
        fhir_number_put(buffer, value->text);
    fhir_unit_put(buffer, unit_of(dose));
}

void fhir_dosage_put(struct buffer *buffer, const struct json *dosage)
{
    struct slice text = json_get_string(dosage, "text");
    const struct json *rate = json_first(json_get(dosage, "doseAndRate"));
    const struct json *as_needed = json_get(dosage, "asNeededBoolean");
    const struct json *dose = json_get(rate, "doseQuantity");
    size_t start = buffer->size;

    if (dose == NULL && json_get(rate, "doseRange") == NULL && json_get(dosage, "timing") == NULL
        && text.size > 0) {
        fhir_label_put(buffer, text);
        return;
    }
    put_dose(buffer, dose);
    fhir_range_put(buffer, json_get(rate, "doseRange"));
    if (json_get(dosage, "timing") != NULL)
        put_timing(buffer, json_get(dosage, "timing"));
    if (as_needed != NULL && as_needed->kind == JSON_KIND_TRUE)
        buffer_put_string(buffer, buffer->size > start ? " as needed" : "as needed");
    if (buffer->size == start) /* a timing that only says from when until when */
        fhir_label_put(buffer, text);
    if (buffer->size > start && buffer->data[start] == ' ') { /* a timing without a dose */
        memmove(buffer->data + start, buffer->data + start + 1, buffer->size - start - 1);
        buffer->size--;
    }
}
