#include "run/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* What of a value an error shows. */
#define SHOWN_BYTES 40

struct unit {
    const char *name;
    uint64_t factor;
};

/* Smallest first; a table ends with NULL. */
static const struct unit size_units[] = {
    { "", 1 }, { "K", 1ull << 10 }, { "M", 1ull << 20 }, { "G", 1ull << 30 }, { NULL, 0 },
};

static const struct unit duration_units[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

static const struct unit *units_of(enum setting_kind kind)
{
    return kind == SETTING_KIND_SIZE ? size_units : duration_units;
}

static const char *takes(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_KIND_NUMBER:
        return "a whole number";
    case SETTING_KIND_DECIMAL:
        return "a number";
    case SETTING_KIND_SIZE:
        return "a size in bytes, or in K, M or G";
    case SETTING_KIND_DURATION:
        return "a time in ms, s, m, h or d";
    case SETTING_KIND_SWITCH:
        return "true or false";
    case SETTING_KIND_STRING:
        break;
    }
    return "a word";
}

/* Digits only: strtoull by itself would take "-1", " 1" and "+1". */
static bool parse_digits(const char *text, uint64_t *number, const char **rest)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    *rest = end;
    return errno == 0;
}

static bool parse_with_unit(const struct unit *unit, const char *text, uint64_t *number)
{
    const char *rest;

    if (!parse_digits(text, number, &rest))
        return false;
    /* Nothing needs no unit. */
    if (*number == 0 && *rest == '\0')
        return true;
    for (; unit->name != NULL; unit++)
        if (strcmp(rest, unit->name) == 0)
            return !__builtin_mul_overflow(*number, unit->factor, number);
    return false;
}

static bool parse_whole(const char *text, int64_t *number)
{
    const char *digits = *text == '-' ? text + 1 : text;
    char *end;

    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool parse_decimal(const char *text, double *number)
{
    char *end;

    if (isspace((unsigned char)*text))
        return false;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number);
}

static bool parse_switch(const char *text, bool *is_on)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
    unsigned i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *is_on = i % 2 == 1;
            return true;
        }
    }
    return false;
}

/* A value of any kind but string; @size of its bytes go into the configuration. */
struct value {
    union {
        int64_t whole;
        uint64_t counted;
        double decimal;
        bool is_on;
    } as;
    size_t size;
    double magnitude; /* to compare with the limits */
};

static bool parse(enum setting_kind kind, const char *text, struct value *value)
{
    switch (kind) {
    case SETTING_KIND_NUMBER:
        value->size = sizeof(value->as.whole);
        if (!parse_whole(text, &value->as.whole))
            return false;
        value->magnitude = (double)value->as.whole;
        return true;
    case SETTING_KIND_DECIMAL:
        value->size = sizeof(value->as.decimal);
        if (!parse_decimal(text, &value->as.decimal))
            return false;
        value->magnitude = value->as.decimal;
        return true;
    case SETTING_KIND_SIZE:
    case SETTING_KIND_DURATION:
        value->size = sizeof(value->as.counted);
        if (!parse_with_unit(units_of(kind), text, &value->as.counted))
            return false;
        value->magnitude = (double)value->as.counted;
        return true;
    case SETTING_KIND_SWITCH:
        value->size = sizeof(value->as.is_on);
        return parse_switch(text, &value->as.is_on);
    case SETTING_KIND_STRING:
        break;
    }
    CHECK(kind != SETTING_KIND_STRING);
    return false;
}

bool config_value_has_limits(const struct setting *setting)
{
    return setting->kind != SETTING_KIND_STRING && setting->kind != SETTING_KIND_SWITCH
           && (setting->min != 0 || setting->max != 0);
}

void config_value_format_limit(enum setting_kind kind, double limit,
                               char text[CONFIG_LIMIT_TEXT_BYTES])
{
    const struct unit *unit, *best;

    if (kind != SETTING_KIND_SIZE && kind != SETTING_KIND_DURATION) {
        snprintf(text, CONFIG_LIMIT_TEXT_BYTES, "%.15g", limit);
        return;
    }
    /* The largest unit that leaves a whole number. */
    best = units_of(kind);
    for (unit = best; unit->name != NULL; unit++)
        if (limit >= (double)unit->factor && fmod(limit, (double)unit->factor) == 0)
            best = unit;
    snprintf(text, CONFIG_LIMIT_TEXT_BYTES, "%.0f%s", limit / (double)best->factor, best->name);
}

static enum status refuse_kind(const struct setting *setting, const char *text, struct error *err)
{
    if (setting->is_secret)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s takes %s", setting->name,
                         takes(setting->kind));
    return error_set(err, STATUS_INVALID_ARGUMENT, "%s takes %s, not \"%.*s\"", setting->name,
                     takes(setting->kind), SHOWN_BYTES, text);
}

static enum status refuse_range(const struct setting *setting, const char *text, struct error *err)
{
    char min[CONFIG_LIMIT_TEXT_BYTES], max[CONFIG_LIMIT_TEXT_BYTES];

    config_value_format_limit(setting->kind, setting->min, min);
    config_value_format_limit(setting->kind, setting->max, max);
    if (setting->is_secret)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s is not from %s to %s", setting->name,
                         min, max);
    return error_set(err, STATUS_INVALID_ARGUMENT, "%s is %.*s, not from %s to %s", setting->name,
                     SHOWN_BYTES, text, min, max);
}

static enum status store_string(const struct setting *setting, const char *text, void *field,
                                struct error *err)
{
    if (*text == '\0' && setting->is_required)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s must not be empty", setting->name);
    if (*text == '\0' && setting->default_value == NULL)
        text = NULL;
    memcpy(field, &text, sizeof(text));
    return STATUS_OK;
}

enum status config_value_store(const struct setting *setting, const char *text, void *config,
                               struct error *err)
{
    char *field = (char *)config + setting->offset;
    struct value value = { .size = 0 };

    if (setting->kind == SETTING_KIND_STRING)
        return store_string(setting, text, field, err);
    if (!parse(setting->kind, text, &value))
        return refuse_kind(setting, text, err);
    CHECK(setting->min <= setting->max);
    if (config_value_has_limits(setting)
        && (value.magnitude < setting->min || value.magnitude > setting->max))
        return refuse_range(setting, text, err);
    memcpy(field, &value.as, value.size);
    return STATUS_OK;
}
