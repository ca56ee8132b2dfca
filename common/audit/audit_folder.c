#include "audit/audit_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/audit_chain.h"
#include "audit/audit_record.h"

#define LINE_BYTES_MAX (AUDIT_LINE_BYTES_MAX + AUDIT_SEAL_BYTES_MAX)
#define READ_BYTES (4 * LINE_BYTES_MAX)

void audit_segment_name(uint64_t first, char name[AUDIT_NAME_BYTES])
{
    snprintf(name, AUDIT_NAME_BYTES, "audit-%012llu.jsonl", (unsigned long long)first);
}

static bool is_segment(const char *name, uint64_t *first)
{
    char whole[AUDIT_NAME_BYTES];
    unsigned long long number;

    if (sscanf(name, "audit-%19llu.jsonl", &number) != 1)
        return false;
    audit_segment_name(number, whole);
    *first = number;
    return strcmp(whole, name) == 0;
}

static int compare(const void *a, const void *b)
{
    const struct audit_segment *one = a, *other = b;

    return (one->first > other->first) - (one->first < other->first);
}

static size_t count_segments(DIR *listing)
{
    const struct dirent *entry;
    uint64_t first;
    size_t count = 0;

    while ((entry = readdir(listing)) != NULL)
        count += is_segment(entry->d_name, &first);
    return count;
}

static void take_segments(DIR *listing, struct audit_segment *segments, size_t *count)
{
    const struct dirent *entry;
    size_t most = *count;

    rewinddir(listing);
    for (*count = 0; *count < most && (entry = readdir(listing)) != NULL;)
        if (is_segment(entry->d_name, &segments[*count].first)) {
            audit_segment_name(segments[*count].first, segments[*count].name);
            (*count)++;
        }
}

enum status audit_segments(int folder, struct arena *arena, struct audit_segment **segments,
                           size_t *count, struct error *err)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again < 0 ? NULL : fdopendir(again);

    if (listing == NULL) {
        if (again >= 0)
            close(again);
        return error_set_errno(err, errno, "the audit folder cannot be listed");
    }
    *count = count_segments(listing);
    *segments =
        *count > AUDIT_SEGMENTS_MAX ? NULL : ARENA_ARRAY(arena, struct audit_segment, *count);
    if (*segments == NULL) {
        closedir(listing);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the audit folder has %zu segments",
                         *count);
    }
    take_segments(listing, *segments, count);
    closedir(listing);
    qsort(*segments, *count, sizeof(**segments), compare);
    return STATUS_OK;
}

enum status audit_read_small(int folder, const char *name, char *bytes, size_t size, size_t *got,
                             struct error *err)
{
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t count;

    if (file < 0)
        return error_set_errno(err, errno, "%s of the audit log cannot be opened", name);
    count = pread(file, bytes, size, 0);
    if (count < 0)
        error_set_errno(err, errno, "%s of the audit log cannot be read", name);
    close(file);
    *got = count < 0 ? 0 : (size_t)count;
    return count < 0 ? err->status : STATUS_OK;
}

/* Give the whole lines of @bytes on; *used is what they took. */
static enum status give_lines(struct slice bytes, audit_on_line on_line, void *arg, size_t *used,
                              struct error *err)
{
    *used = 0;
    for (;;) {
        struct slice rest = slice_cut(bytes, *used, bytes.size);
        size_t end = slice_find_byte(rest, '\n');

        if (end > LINE_BYTES_MAX)
            return error_set(err, STATUS_DATA_LOSS, "is longer than a record can be");
        if (end == rest.size)
            return STATUS_OK;
        if (on_line(arg, slice_cut(rest, 0, end), err) != STATUS_OK)
            return err->status;
        *used += end + 1;
    }
}

enum status audit_lines(int file, audit_on_line on_line, void *arg, size_t *torn, struct error *err)
{
    char *bytes = malloc(READ_BYTES);
    size_t size = 0, used;
    enum status status = STATUS_OK;
    off_t at = 0;

    if (bytes == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory to read the audit log");
    for (;;) {
        ssize_t got = pread(file, bytes + size, READ_BYTES - size, at);

        if (got < 0)
            status = error_set_errno(err, errno, "the audit log cannot be read");
        if (got <= 0)
            break;
        at += got;
        size += (size_t)got;
        status = give_lines(slice_of(bytes, size), on_line, arg, &used, err);
        size -= used;
        memmove(bytes, bytes + used, size);
        if (status != STATUS_OK)
            break;
    }
    *torn = size;
    free(bytes);
    return status;
}
