/* Flags are read first, then the environment, then the file; each fills only what is still open. In
 * the end the defaults fill the rest and every value is checked and stored. */
#include "run/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "run/config_name.h"
#include "run/config_value.h"

struct loading {
    const struct config_program *program;
    struct arena *arena;
    struct error *err;
    size_t settings_count;
    const char **values; /* one for each setting; NULL: still open */
    const char *file;
    bool is_help, is_version;
};

static size_t count_settings(const struct setting *settings)
{
    size_t count = 0;

    while (settings[count].name != NULL)
        count++;
    return count;
}

static enum status no_memory(struct loading *loading)
{
    return error_set(loading->err, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
}

static const char **value_of(struct loading *loading, const struct setting *setting)
{
    return &loading->values[setting - loading->program->settings];
}

/* ---- flags ---- */

static enum status needs_value(struct loading *loading, const char *name)
{
    return error_set(loading->err, STATUS_INVALID_ARGUMENT, "--%s needs a value: --%s=VALUE", name,
                     name);
}

/* The value of --name=VALUE, or the next word; NULL when there is none. The next word is not taken
 * when it is a flag: a forgotten value must not swallow it. */
static const char *flag_value(const char *after_name, char **words, int words_count, int *index)
{
    if (*after_name == '=')
        return after_name + 1;
    if (*index + 1 >= words_count || strncmp(words[*index + 1], "--", 2) == 0)
        return NULL;
    (*index)++;
    return words[*index];
}

/* The switch that --no-@name turns off, or NULL. */
static const struct setting *find_switched_off(struct loading *loading, struct slice name)
{
    const struct setting *setting;

    if (!slice_starts_with(name, SLICE("no-")))
        return NULL;
    setting = config_name_find(loading->program->settings, slice_cut(name, 3, name.size));
    return setting != NULL && setting->kind == SETTING_KIND_SWITCH ? setting : NULL;
}

static enum status take_switch(struct loading *loading, const struct setting *setting,
                               const char *after_name)
{
    *value_of(loading, setting) = *after_name == '=' ? after_name + 1 : "true";
    return STATUS_OK;
}

static enum status take_setting(struct loading *loading, struct slice name, char **words,
                                int words_count, int *index)
{
    const struct setting *setting = config_name_find(loading->program->settings, name);
    const char *after_name = name.data + name.size;
    const char *value;

    if (setting == NULL) {
        setting = find_switched_off(loading, name);
        if (setting == NULL || *after_name == '=')
            return config_name_refuse(loading->program, name, loading->err);
        *value_of(loading, setting) = "false";
        return STATUS_OK;
    }
    if (setting->kind == SETTING_KIND_SWITCH)
        return take_switch(loading, setting, after_name);
    value = flag_value(after_name, words, words_count, index);
    if (value == NULL)
        return needs_value(loading, setting->name);
    *value_of(loading, setting) = value;
    return STATUS_OK;
}

static enum status take_flag(struct loading *loading, char **words, int words_count, int *index)
{
    const char *word = words[*index];
    struct slice name = slice_from(word + 2);

    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        loading->is_help = true;
        return STATUS_OK;
    }
    if (strcmp(word, "--version") == 0) {
        loading->is_version = true;
        return STATUS_OK;
    }
    if (word[1] != '-')
        return error_set(loading->err, STATUS_INVALID_ARGUMENT,
                         "settings begin with two dashes; see --help");
    name = slice_cut(name, 0, slice_find_byte(name, '='));
    if (!slice_is(name, "config"))
        return take_setting(loading, name, words, words_count, index);
    loading->file = flag_value(name.data + name.size, words, words_count, index);
    return loading->file == NULL ? needs_value(loading, "config") : STATUS_OK;
}

/* Operands move to the front of @words. */
static enum status take_words(struct loading *loading, char **words, int words_count,
                              int *operands_count)
{
    bool is_flag_possible = true;
    int i;

    for (i = 0; i < words_count && !loading->is_help && !loading->is_version; i++) {
        if (is_flag_possible && strcmp(words[i], "--") == 0) {
            is_flag_possible = false;
        } else if (is_flag_possible && words[i][0] == '-' && words[i][1] != '\0') {
            if (take_flag(loading, words, words_count, &i) != STATUS_OK)
                return loading->err->status;
        } else {
            words[(*operands_count)++] = words[i];
        }
    }
    return STATUS_OK;
}

/* ---- the environment ---- */

/* The environment may be changed later; the copy is not. */
static enum status take_variable(struct loading *loading, const char *setting, const char **value)
{
    char variable[2 * CONFIG_NAME_BYTES_MAX];
    const char *found;

    config_name_variable(loading->program->name, setting, variable, sizeof(variable));
    found = getenv(variable);
    if (found == NULL || *value != NULL)
        return STATUS_OK;
    *value = arena_string(loading->arena, slice_from(found));
    return *value == NULL ? no_memory(loading) : STATUS_OK;
}

static enum status take_environment(struct loading *loading)
{
    const struct setting *setting;

    for (setting = loading->program->settings; setting->name != NULL; setting++)
        if (take_variable(loading, setting->name, value_of(loading, setting)) != STATUS_OK)
            return loading->err->status;
    return take_variable(loading, "config", &loading->file);
}

/* ---- the file ---- */

static enum status read_all(struct loading *loading, int fd, struct slice *text)
{
    char *data = arena_alloc(loading->arena, CONFIG_FILE_BYTES_MAX + 1);
    size_t size = 0;
    ssize_t got;

    if (data == NULL)
        return no_memory(loading);
    do {
        got = read(fd, data + size, CONFIG_FILE_BYTES_MAX + 1 - size);
        if (got < 0 && errno != EINTR)
            return error_set_errno(loading->err, errno, "cannot read it");
        size += got > 0 ? (size_t)got : 0;
    } while (got != 0 && size <= CONFIG_FILE_BYTES_MAX);
    *text = slice_of(data, size);
    if (size > CONFIG_FILE_BYTES_MAX)
        return error_set(loading->err, STATUS_INVALID_ARGUMENT, "it is over %zu bytes",
                         CONFIG_FILE_BYTES_MAX);
    if (slice_find_byte(*text, '\0') != size)
        return error_set(loading->err, STATUS_INVALID_ARGUMENT, "it is not text");
    return STATUS_OK;
}

static enum status read_file(struct loading *loading, struct slice *text)
{
    int fd = open(loading->file, O_RDONLY | O_CLOEXEC);
    enum status status;

    if (fd < 0)
        return error_set_errno(loading->err, errno, "cannot open it");
    status = read_all(loading, fd, text);
    close(fd);
    return status;
}

static enum status take_line(struct loading *loading, struct slice line)
{
    size_t equals = slice_find_byte(line, '=');
    struct slice name = slice_trim(slice_cut(line, 0, equals));
    const struct setting *setting = config_name_find(loading->program->settings, name);
    const char **value;

    if (equals == line.size)
        return error_set(loading->err, STATUS_INVALID_ARGUMENT, "a line is \"setting = value\"");
    if (setting == NULL)
        return config_name_refuse(loading->program, name, loading->err);
    value = value_of(loading, setting);
    if (*value != NULL)
        return STATUS_OK;
    *value = arena_string(loading->arena, slice_trim(slice_cut(line, equals + 1, line.size)));
    return *value == NULL ? no_memory(loading) : STATUS_OK;
}

static enum status take_lines(struct loading *loading, struct slice text)
{
    unsigned number;

    for (number = 1; text.size > 0; number++) {
        size_t end = slice_find_byte(text, '\n');
        struct slice line = slice_trim(slice_cut(text, 0, end));

        text = slice_cut(text, end + 1, text.size);
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (take_line(loading, line) != STATUS_OK)
            return error_wrap(loading->err, "line %u", number);
    }
    return STATUS_OK;
}

static enum status take_file(struct loading *loading)
{
    struct slice text;

    if (loading->file == NULL || *loading->file == '\0')
        return STATUS_OK;
    if (read_file(loading, &text) != STATUS_OK || take_lines(loading, text) != STATUS_OK)
        return error_wrap(loading->err, "configuration file %.60s", loading->file);
    return STATUS_OK;
}

/* ---- all together ---- */

static enum status store_value(struct loading *loading, const struct setting *setting, void *config)
{
    const char *value = *value_of(loading, setting);
    const char *none = NULL;

    if (value == NULL)
        value = setting->default_value;
    if (value != NULL)
        return config_value_store(setting, value, config, loading->err);
    if (config_name_must_be_given(setting))
        return error_set(loading->err, STATUS_INVALID_ARGUMENT, "--%s must be given; see --help",
                         setting->name);
    memcpy((char *)config + setting->offset, &none, sizeof(none));
    return STATUS_OK;
}

static enum status store_values(struct loading *loading, void *config)
{
    const struct setting *setting;

    if (take_environment(loading) != STATUS_OK || take_file(loading) != STATUS_OK)
        return loading->err->status;
    for (setting = loading->program->settings; setting->name != NULL; setting++)
        if (store_value(loading, setting, config) != STATUS_OK)
            return loading->err->status;
    return STATUS_OK;
}

static enum status print_help(struct loading *loading)
{
    struct buffer buffer;

    buffer_init(&buffer, loading->arena);
    config_format_help(loading->program, &buffer);
    if (buffer.is_full)
        return no_memory(loading);
    fwrite(buffer.data, 1, buffer.size, stdout);
    return STATUS_OK;
}

static enum status check_operands(struct loading *loading, int operands_count)
{
    if (operands_count == 0 || loading->program->operands != NULL)
        return STATUS_OK;
    return error_set(loading->err, STATUS_INVALID_ARGUMENT,
                     "%s takes settings alone, and %d words are none; see --help",
                     loading->program->name, operands_count);
}

enum status config_load(const struct config_program *program, int *argc, char ***argv, void *config,
                        struct arena *arena, bool *is_done, struct error *err)
{
    struct loading loading = { .program = program, .arena = arena, .err = err };
    char **words = *argv + (*argc > 0);
    int words_count = *argc - (*argc > 0), operands_count = 0;

    loading.settings_count = count_settings(program->settings);
    loading.values = ARENA_ARRAY(arena, const char *, loading.settings_count);
    if (loading.values == NULL)
        return no_memory(&loading);
    if (take_words(&loading, words, words_count, &operands_count) != STATUS_OK)
        return err->status;
    *is_done = loading.is_help || loading.is_version;
    if (loading.is_version)
        printf("%s %s\n", program->name, CONSILIUM_VERSION);
    if (loading.is_help)
        return print_help(&loading);
    if (*is_done)
        return STATUS_OK;
    if (check_operands(&loading, operands_count) != STATUS_OK
        || store_values(&loading, config) != STATUS_OK)
        return err->status;
    words[operands_count] = NULL;
    *argv = words;
    *argc = operands_count;
    return STATUS_OK;
}
