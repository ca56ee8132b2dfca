/* The head is read first: records that are written while the segments are read lie behind it, and
 * may be read in part. */
#include "audit/audit_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/audit_folder.h"

#define ARENA_BYTES ((size_t)64 << 20)

struct reading {
    const unsigned char *public_key;
    audit_on_record on_record;
    void *arg;
    struct audit_verdict *verdict;
    struct audit_link head;
    bool is_callers; /* what ended the reading came from on_record */
};

static enum status on_line(void *arg, struct slice line, struct error *err)
{
    struct reading *reading = arg;
    struct audit_verdict *verdict = reading->verdict;

    if (audit_unseal(reading->public_key, line, &verdict->link, err) != STATUS_OK)
        return err->status;
    if (verdict->link.seq == reading->head.seq
        && memcmp(verdict->link.hash, reading->head.hash, sizeof(reading->head.hash)) != 0) {
        verdict->link.seq--;
        return error_set(err, STATUS_DATA_LOSS, "is not the one that the head names");
    }
    verdict->last = verdict->link.seq;
    if (reading->on_record == NULL
        || reading->on_record(reading->arg, verdict->last, line, err) == STATUS_OK)
        return STATUS_OK;
    reading->is_callers = true;
    return err->status;
}

static enum status bad_record(struct audit_verdict *verdict, struct error *err)
{
    verdict->bad = verdict->link.seq + 1;
    return error_wrap(err, "record %llu (%s)", (unsigned long long)verdict->bad, verdict->segment);
}

/* A torn line is one that is being written, or was when the process died: nobody was told that it
 * stands. It ends the newest segment and lies behind the head; any other is a fault. */
static enum status check_torn(struct reading *reading, size_t torn, bool is_newest,
                              struct error *err)
{
    if (torn == 0 || (is_newest && reading->verdict->link.seq >= reading->head.seq))
        return STATUS_OK;
    return error_set(err, STATUS_DATA_LOSS, "is cut off after %zu bytes", torn);
}

static enum status read_segment(struct reading *reading, int folder,
                                const struct audit_segment *segment, bool is_newest,
                                struct error *err)
{
    struct audit_verdict *verdict = reading->verdict;
    int file = openat(folder, segment->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    enum status status;
    size_t torn;

    if (file < 0)
        return error_set_errno(err, errno, "%s cannot be opened", segment->name);
    snprintf(verdict->segment, sizeof(verdict->segment), "%s", segment->name);
    verdict->segments++;
    if (segment->first != verdict->link.seq + 1)
        status = error_set(err, STATUS_DATA_LOSS, "is missing: the segment begins with %llu",
                           (unsigned long long)segment->first);
    else
        status = audit_lines(file, on_line, reading, &torn, err);
    if (status == STATUS_OK)
        status = check_torn(reading, torn, is_newest, err);
    close(file);
    return status == STATUS_DATA_LOSS && !reading->is_callers ? bad_record(verdict, err) : status;
}

static enum status read_head(struct reading *reading, int folder, struct error *err)
{
    char text[AUDIT_HEAD_BYTES + 1];
    size_t size;

    if (audit_read_small(folder, AUDIT_HEAD_NAME, text, sizeof(text), &size, err) == STATUS_OK)
        return audit_head_parse(reading->public_key, slice_of(text, size), &reading->head, err);
    return err->status == STATUS_NOT_FOUND ? error_set(err, STATUS_DATA_LOSS, "the head is missing")
                                           : err->status;
}

static enum status read_all(struct reading *reading, int folder, uint64_t first_seq,
                            struct error *err)
{
    struct audit_verdict *verdict = reading->verdict;
    struct audit_segment *segments;
    struct arena arena;
    size_t count, i;
    enum status status;

    arena_init(&arena, ARENA_BYTES);
    status = audit_segments(folder, &arena, &segments, &count, err);
    if (status == STATUS_OK)
        status = read_head(reading, folder, err);
    verdict->first = count > 0 ? first_seq : 0;
    verdict->link.seq = first_seq - 1;
    for (i = 0; i < count && status == STATUS_OK; i++)
        status = read_segment(reading, folder, &segments[i], i + 1 == count, err);
    arena_close(&arena);
    if (status == STATUS_OK && verdict->link.seq < reading->head.seq) {
        error_set(err, STATUS_DATA_LOSS, "is missing: the head names record %llu as the last",
                  (unsigned long long)reading->head.seq);
        status = bad_record(verdict, err);
    }
    return status;
}

enum status audit_verify(const char *path, const unsigned char public_key[AUDIT_PUBLIC_BYTES],
                         uint64_t first_seq, audit_on_record on_record, void *arg,
                         struct audit_verdict *verdict, struct error *err)
{
    struct reading reading = { public_key, on_record, arg, verdict, { 0 }, false };
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status;

    *verdict = (struct audit_verdict){ 0 };
    if (folder < 0)
        return error_set_errno(err, errno, "the audit folder cannot be opened");
    status = read_all(&reading, folder, first_seq, err);
    close(folder);
    return status;
}
