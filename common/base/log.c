#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"

static const char *service_name = "consilium";
static enum log_level level_least = LOG_LEVEL_INFO;

static const char *const level_names[] = { "debug", "info", "warn", "error", "audit" };

struct line {
    char text[LOG_LINE_BYTES_MAX];
    size_t size;
};

void log_init(const char *service, enum log_level level_min)
{
    service_name = service;
    level_least = level_min;
}

bool log_level_parse(const char *word, enum log_level *level)
{
    unsigned i;

    for (i = 0; i < LOG_LEVEL_AUDIT; i++) {
        if (strcmp(word, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* One byte is kept for the newline. */
static void put(struct line *line, char c)
{
    if (line->size < sizeof(line->text) - 1)
        line->text[line->size++] = c;
}

static void put_string(struct line *line, const char *string)
{
    while (*string != '\0')
        put(line, *string++);
}

static void put_number(struct line *line, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    put_string(line, digits);
}

static void put_quoted(struct line *line, const char *string)
{
    put(line, '"');
    for (; *string != '\0'; string++)
        put(line,
            (unsigned char)*string < 0x20 || *string == '"' || *string == '\\' ? '?' : *string);
    put(line, '"');
}

static bool is_id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c != '\0' && strchr("-_.:/", c) != NULL);
}

static void put_id(struct line *line, const char *id)
{
    unsigned i;

    for (i = 0; id[i] != '\0' && i < LOG_ID_BYTES_MAX; i++)
        put(line, is_id_byte(id[i]) ? id[i] : '?');
}

static void put_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char text[96];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    snprintf(text, sizeof(text), "ts=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", utc.tm_year + 1900,
             utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
             now.tv_nsec / 1000000);
    put_string(line, text);
}

static void put_field(struct line *line, const struct log_field *field)
{
    const char *text = field->text == NULL ? "" : field->text;

    put(line, ' ');
    switch (field->kind) {
    case LOG_KIND_NUMBER:
        put_string(line, field->key);
        put(line, '=');
        put_number(line, field->number);
        break;
    case LOG_KIND_NAME:
        put_string(line, field->key);
        put(line, '=');
        put_string(line, text);
        break;
    case LOG_KIND_ID:
        put_string(line, field->key);
        put(line, '=');
        put_id(line, text);
        break;
    case LOG_KIND_ERROR:
        put_string(line, "status=");
        put_string(line, status_name((enum status)field->number));
        put_string(line, " error=");
        put_quoted(line, text);
        break;
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line = { .size = 0 };
    ssize_t written;

    if (level < level_least)
        return;
    put_time(&line);
    put_string(&line, " level=");
    put_string(&line, level_names[level]);
    put_string(&line, " service=");
    put_string(&line, service_name);
    put_string(&line, " event=");
    put_string(&line, event);
    for (; fields->key != NULL; fields++)
        put_field(&line, fields);
    line.text[line.size++] = '\n';
    /* A log that cannot be written is no reason to fail a call. */
    written = write(STDERR_FILENO, line.text, line.size);
    (void)written;
}
