/* Configuration: a table of settings. From it come --help, the flags, the environment and the file.
 *
 * A setting "listen" of the program deid is --listen=VALUE or --listen VALUE, DEID_LISTEN=VALUE in
 * the environment ('-' and '.' become '_'), or a line "listen = VALUE" in the file that --config
 * (or DEID_CONFIG) names; lines that begin with '#' are comments. A flag wins over the environment,
 * the environment over the file, the file over the default. Sizes take K, M, G (1024); durations
 * take ms, s, m, h, d. A word that no table has is an error that names the nearest one; an unknown
 * variable is not, for Kubernetes sets DEID_PORT and its like in every pod. An empty string where
 * the default is NULL is NULL. "--" ends the flags; "-" alone is an operand. */
#ifndef RUN_CONFIG_H
#define RUN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define CONSILIUM_VERSION "0.1.0"

enum setting_kind {
    SETTING_KIND_STRING,   /* const char *; NULL where the default is NULL */
    SETTING_KIND_NUMBER,   /* int64_t */
    SETTING_KIND_DECIMAL,  /* double */
    SETTING_KIND_SIZE,     /* uint64_t, bytes */
    SETTING_KIND_DURATION, /* uint64_t, milliseconds */
    SETTING_KIND_SWITCH,   /* bool; --name, --no-name */
};

struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;             /* of the field in the configuration struct */
    const char *default_value; /* as one would type it; NULL: must be given, except strings */
    const char *placeholder;   /* "ADDRESS" in --help */
    const char *help;
    double min, max; /* for numbers, sizes, durations; both 0: any */
    bool is_required;
    bool is_secret; /* never shown */
};

struct config_program {
    const char *name;     /* "deid"; its upper case is the environment prefix */
    const char *summary;  /* one line for --help */
    const char *operands; /* what may follow the flags, for --help; NULL: nothing may */
    const struct setting
        *settings; /* ends with a name of NULL; a macro can hold rows that tables share */
};

/* Fill @config. Strings live in @arena or in argv. @argc and @argv are main's (the first word is
 * skipped) and are left with the operands, wherever they stood, and a NULL after them. When --help
 * or
 * --version was asked for, it is printed and *is_done is set: exit 0. INVALID_ARGUMENT names the
 * setting and what it takes, never a secret's value. */
enum status config_load(const struct config_program *program, int *argc, char ***argv, void *config,
                        struct arena *arena, bool *is_done, struct error *err);

/* What --help prints. */
void config_format_help(const struct config_program *program, struct buffer *buffer);

#endif
