/* Logs in logfmt on stderr, a line an event, written with one write(2).
 *
 * A field is a number, a name that the program itself made up, or an id. There is no way to log a
 * string of the caller's: ids are cut to LOG_ID_BYTES_MAX and only their letters, digits and
 * "-_.:/" are written, the rest as "?". Never pass patient text; error texts carry none by rule.
 * Any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_AUDIT, /* who did what to what is guarded: written whatever level is asked for */
};

enum log_kind {
    LOG_KIND_NUMBER,
    LOG_KIND_NAME,
    LOG_KIND_ID,
    LOG_KIND_ERROR,
};

struct log_field {
    const char *key;
    enum log_kind kind;
    int64_t number;
    const char *text;
};

#define LOG_NUMBER(key, value) ((struct log_field){ (key), LOG_KIND_NUMBER, (int64_t)(value), 0 })
/* A string that is in the program's own text: a method, a state, a service. */
#define LOG_NAME(key, value) ((struct log_field){ (key), LOG_KIND_NAME, 0, (value) })
#define LOG_ID(key, value) ((struct log_field){ (key), LOG_KIND_ID, 0, (value) })
/* Two fields: status= and error=. */
#define LOG_ERROR(error)                                                                           \
    ((struct log_field){ "error", LOG_KIND_ERROR, (int64_t)(error)->status, (error)->text })

#define log_event(level, event, ...)                                                               \
    log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

#define log_debug(event, ...) log_event(LOG_LEVEL_DEBUG, event __VA_OPT__(, ) __VA_ARGS__)
#define log_info(event, ...) log_event(LOG_LEVEL_INFO, event __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(event, ...) log_event(LOG_LEVEL_WARN, event __VA_OPT__(, ) __VA_ARGS__)
#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event __VA_OPT__(, ) __VA_ARGS__)

/* Once, before threads start: the service named on every line, the level below which nothing is
 * written. */
void log_init(const char *service, enum log_level level_min);

/* "debug", "info", "warn", "error"; false for another word: nobody asks for less than audit. */
bool log_level_parse(const char *word, enum log_level *level);

/* @fields ends with a field whose key is NULL. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#endif
