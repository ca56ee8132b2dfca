#include "run/config_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const always[] = { "config", "help", "version" };

#define ALWAYS_COUNT (sizeof(always) / sizeof(always[0]))

const struct setting *config_name_find(const struct setting *setting, struct slice name)
{
    for (; setting->name != NULL; setting++)
        if (slice_is(name, setting->name))
            return setting;
    return NULL;
}

bool config_name_must_be_given(const struct setting *setting)
{
    if (setting->default_value != NULL)
        return false;
    return setting->is_required || setting->kind != SETTING_KIND_STRING;
}

void config_name_variable(const char *program, const char *setting, char *text, size_t size)
{
    snprintf(text, size, "%s_%s", program, setting);
    for (; *text != '\0'; text++)
        *text = isalnum((unsigned char)*text) ? (char)toupper((unsigned char)*text) : '_';
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to insert, drop, change, or swap with a neighbour, to make @b of @a (optimal string
 * alignment). Three rows of the table are alive at a time. */
static unsigned distance(struct slice a, struct slice b)
{
    unsigned rows[3][CONFIG_NAME_BYTES_MAX + 1];
    size_t i, j;

    for (j = 0; j <= b.size; j++)
        rows[0][j] = (unsigned)j;
    for (i = 1; i <= a.size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (j = 1; j <= b.size; j++) {
            unsigned change = a.data[i - 1] != b.data[j - 1];

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.size % 3][b.size];
}

static void consider(struct slice name, const char *candidate, const char **nearest,
                     unsigned *distance_least)
{
    struct slice other = slice_from(candidate);
    unsigned away;

    if (other.size > CONFIG_NAME_BYTES_MAX)
        return;
    away = distance(name, other);
    if (away < *distance_least) {
        *distance_least = away;
        *nearest = candidate;
    }
}

/* NULL when nothing is near: a third of the letters wrong is another word. */
static const char *nearest_name(const struct config_program *program, struct slice name)
{
    unsigned distance_least = (unsigned)name.size / 3 + 2;
    const struct setting *setting;
    const char *nearest = NULL;
    size_t i;

    for (setting = program->settings; setting->name != NULL; setting++)
        consider(name, setting->name, &nearest, &distance_least);
    for (i = 0; i < ALWAYS_COUNT; i++)
        consider(name, always[i], &nearest, &distance_least);
    return nearest;
}

/* Whether @name looks like a name at all; what does not is not repeated. */
static bool is_word(struct slice name)
{
    size_t i;

    for (i = 0; i < name.size; i++)
        if (!isalnum((unsigned char)name.data[i]) && strchr("-_.", name.data[i]) == NULL)
            return false;
    return name.size > 0 && name.size <= CONFIG_NAME_BYTES_MAX;
}

enum status config_name_refuse(const struct config_program *program, struct slice name,
                               struct error *err)
{
    const char *nearest;

    if (!is_word(name))
        return error_set(err, STATUS_INVALID_ARGUMENT, "no setting has such a name; see --help");
    nearest = nearest_name(program, name);
    if (nearest == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no setting is called \"%.*s\"; see --help",
                         SLICE_FORMAT(name));
    return error_set(err, STATUS_INVALID_ARGUMENT,
                     "no setting is called \"%.*s\"; did you mean \"%s\"?", SLICE_FORMAT(name),
                     nearest);
}
