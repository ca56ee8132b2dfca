/* The names of settings: where they are found, how they are typed, which one was meant. The
 * configuration's own; others see config.h. */
#ifndef RUN_CONFIG_NAME_H
#define RUN_CONFIG_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "run/config.h"

/* A longer name is not one of ours. */
#define CONFIG_NAME_BYTES_MAX 64

/* NULL where no row has the name. */
const struct setting *config_name_find(const struct setting *settings, struct slice name);

/* Whether there is neither a default nor leave to do without. */
bool config_name_must_be_given(const struct setting *setting);

/* "DEID_LISTEN", cut to @size. */
void config_name_variable(const char *program, const char *setting, char *text, size_t size);

/* INVALID_ARGUMENT for a @name that no row has, with the nearest one that does. */
enum status config_name_refuse(const struct config_program *program, struct slice name,
                               struct error *err);

#endif
