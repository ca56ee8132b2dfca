/* The value of one setting, as text and as the field it fills. The configuration's own; others see
 * config.h. */
#ifndef RUN_CONFIG_VALUE_H
#define RUN_CONFIG_VALUE_H

#include "run/config.h"

/* Room for a limit as text, "10s" or "4M". */
#define CONFIG_LIMIT_TEXT_BYTES 48

/* Read @text and store it in the field of @config that @setting names. A string is stored as it is,
 * not copied. */
enum status config_value_store(const struct setting *setting, const char *text, void *config,
                               struct error *err);

/* @limit as one would type it for a setting of @kind. */
void config_value_format_limit(enum setting_kind kind, double limit,
                               char text[CONFIG_LIMIT_TEXT_BYTES]);

/* Whether @setting has limits. */
bool config_value_has_limits(const struct setting *setting);

#endif
