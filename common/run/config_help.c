/* What --help prints: for each setting its flag and what it is for, and below that its default, its
 * limits and its variable.
 *
 *     --workers N    threads for long work
 *                    default 2, from 1 to 256; DEID_WORKERS */
#include <stdio.h>
#include <string.h>

#include "run/config_name.h"
#include "run/config_value.h"

#define INDENT 2
#define GAP 3
/* A flag longer than this pushes its own help aside, not everybody's. */
#define FLAG_WIDTH_MAX 36

static int flag_width(const struct setting *setting)
{
    size_t width = 2 + strlen(setting->name);

    if (setting->kind != SETTING_KIND_SWITCH && setting->placeholder != NULL)
        width += 1 + strlen(setting->placeholder);
    return (int)width;
}

static int widest_flag(const struct setting *setting)
{
    int widest = (int)strlen("--config FILE");

    for (; setting->name != NULL; setting++) {
        int width = flag_width(setting);

        if (width > widest && width <= FLAG_WIDTH_MAX)
            widest = width;
    }
    return widest;
}

static void put_row(struct buffer *buffer, int width, const char *flag, const char *help)
{
    buffer_format(buffer, "%*s%-*s%*s%s\n", INDENT, "", width, flag, GAP, "", help);
}

static void put_limits(struct buffer *buffer, const struct setting *setting)
{
    char min[CONFIG_LIMIT_TEXT_BYTES], max[CONFIG_LIMIT_TEXT_BYTES];

    if (!config_value_has_limits(setting))
        return;
    config_value_format_limit(setting->kind, setting->min, min);
    config_value_format_limit(setting->kind, setting->max, max);
    buffer_format(buffer, ", from %s to %s", min, max);
}

static void put_default(struct buffer *buffer, const struct setting *setting)
{
    const char *value = setting->default_value;

    if (value == NULL)
        buffer_put_string(buffer,
                          config_name_must_be_given(setting) ? "must be given" : "default none");
    else if (setting->is_secret)
        buffer_put_string(buffer, "has a default");
    else
        buffer_format(buffer, "default %s", *value == '\0' ? "empty" : value);
}

static void put_setting(struct buffer *buffer, const struct config_program *program, int width,
                        const struct setting *setting)
{
    char flag[2 * CONFIG_NAME_BYTES_MAX], variable[2 * CONFIG_NAME_BYTES_MAX];
    bool has_value = setting->kind != SETTING_KIND_SWITCH && setting->placeholder != NULL;

    snprintf(flag, sizeof(flag), "--%s%s%s", setting->name, has_value ? " " : "",
             has_value ? setting->placeholder : "");
    put_row(buffer, width, flag, setting->help);
    buffer_format(buffer, "%*s", INDENT + width + GAP, "");
    put_default(buffer, setting);
    put_limits(buffer, setting);
    if (setting->kind == SETTING_KIND_SWITCH)
        buffer_format(buffer, "; --no-%s", setting->name);
    config_name_variable(program->name, setting->name, variable, sizeof(variable));
    buffer_format(buffer, "; %s\n", variable);
}

/* The settings that must be given, or the others. */
static void put_group(struct buffer *buffer, const struct config_program *program, int width,
                      const char *heading, bool must_be_given)
{
    const struct setting *setting;
    bool has_heading = false;

    for (setting = program->settings; setting->name != NULL; setting++) {
        if (config_name_must_be_given(setting) != must_be_given)
            continue;
        if (!has_heading)
            buffer_format(buffer, "\n%s\n", heading);
        has_heading = true;
        put_setting(buffer, program, width, setting);
    }
}

void config_format_help(const struct config_program *program, struct buffer *buffer)
{
    int width = widest_flag(program->settings);
    char variable[2 * CONFIG_NAME_BYTES_MAX];

    buffer_format(buffer, "%s: %s\n\nusage: %s [SETTING...]%s%s\n", program->name, program->summary,
                  program->name, program->operands == NULL ? "" : " ",
                  program->operands == NULL ? "" : program->operands);
    put_group(buffer, program, width, "must be given", true);
    put_group(buffer, program, width, "settings", false);
    config_name_variable(program->name, "config", variable, sizeof(variable));
    buffer_put_string(buffer, "\nalways\n");
    put_row(buffer, width, "--config FILE", "a file of lines \"setting = value\"");
    buffer_format(buffer, "%*sdefault none; %s\n", INDENT + width + GAP, "", variable);
    put_row(buffer, width, "--help, -h", "this page");
    put_row(buffer, width, "--version", "the version");
    buffer_put_string(buffer, "\nA flag wins over a variable, a variable over the file, the file "
                              "over the default.\n");
}
