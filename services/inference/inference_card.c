#include "inference_card.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define CARD_BYTES_MAX MIB
#define DIGEST_DIGITS 64

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether @digest is among the runs of 64 hex digits in @text; their number to *count. */
static bool names(const char *text, size_t size, const char *digest, unsigned *count)
{
    bool is_found = false;
    size_t run = 0;

    *count = 0;
    for (size_t at = 0; at <= size; at++) {
        if (at < size && is_hex(text[at])) {
            run++;
            continue;
        }
        if (run == DIGEST_DIGITS) {
            ++*count;
            is_found |= strncasecmp(text + at - run, digest, run) == 0;
        }
        run = 0;
    }
    return is_found;
}

/* The text of @path, the caller's to free; NULL and errno. */
static char *read_card(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *text;
    int number;

    if (file == NULL)
        return NULL;
    text = malloc(CARD_BYTES_MAX);
    *size = text == NULL ? 0 : fread(text, 1, CARD_BYTES_MAX, file);
    number = ferror(file) ? errno : 0;
    fclose(file);
    if (number == 0)
        return text;
    free(text);
    errno = number;
    return NULL;
}

static enum status check(const char *path, bool must_name, const char *digest, struct error *err)
{
    unsigned count;
    size_t size;
    char *text = read_card(path, &size);
    bool is_named;

    if (text == NULL)
        return error_set_errno(err, errno, "%s", path);
    is_named = names(text, size, digest, &count);
    free(text);
    if (is_named || (count == 0 && !must_name))
        return STATUS_OK;
    if (count == 0)
        return error_set(err, STATUS_FAILED_PRECONDITION, "%s names no SHA-256 of a model", path);
    return error_set(err, STATUS_DATA_LOSS,
                     "the model's file is not the one on its card: its SHA-256 is %.12s…, which %s "
                     "does not name",
                     digest, path);
}

/* Of the file beside @model with another ending. */
static enum status check_beside(const char *model, const char *ending, const char *digest,
                                struct error *err)
{
    const char *dot = strrchr(model, '.'), *slash = strrchr(model, '/');
    size_t stem =
        dot == NULL || (slash != NULL && dot < slash) ? strlen(model) : (size_t)(dot - model);
    char path[PATH_MAX];
    enum status status;

    if (stem + strlen(ending) >= sizeof(path))
        return STATUS_OK;
    memcpy(path, model, stem);
    strcpy(path + stem, ending);
    status = strcmp(path, model) == 0 ? STATUS_OK : check(path, false, digest, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status inference_card_check(const char *card, const char *model, const char *digest,
                                 struct error *err)
{
    struct error local;
    enum status status;

    if (err == NULL)
        err = &local;
    if (card != NULL)
        return check(card, true, digest, err);
    status = check_beside(model, ".sha256", digest, err);
    return status == STATUS_OK ? check_beside(model, ".md", digest, err) : status;
}
