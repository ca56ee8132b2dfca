#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    va_list args;

    CHECK(status != STATUS_OK);
    if (err == NULL)
        return status;
    err->status = status;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}

enum status error_wrap(struct error *err, const char *format, ...)
{
    char inner[sizeof(err->text)];
    va_list args;
    int used;

    CHECK(err != NULL && err->status != STATUS_OK);
    memcpy(inner, err->text, sizeof(inner));
    va_start(args, format);
    used = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text))
        snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", inner);
    return err->status;
}

static enum status status_of_errno(int number)
{
    switch (number) {
    case ENOENT:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
        return STATUS_PERMISSION_DENIED;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return STATUS_RESOURCE_EXHAUSTED;
    case EADDRINUSE:
    case EEXIST:
        return STATUS_ALREADY_EXISTS;
    case EINVAL:
        return STATUS_INVALID_ARGUMENT;
    default:
        return STATUS_UNAVAILABLE;
    }
}

enum status error_set_errno(struct error *err, int number, const char *format, ...)
{
    char what[160];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return error_set(err, status_of_errno(number), "%s: %s", what, strerror(number));
}

void error_clear(struct error *err)
{
    err->status = STATUS_OK;
    err->text[0] = '\0';
}

const char *status_name(enum status status)
{
    static const char *const names[STATUS_COUNT] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };

    return (unsigned)status < STATUS_COUNT ? names[status] : "UNKNOWN";
}
