/* Order on the disk: the segment's bytes, fdatasync, the head's bytes. So the head never names a
 * record that a power cut could take away; after a power cut it may name an earlier one, and is
 * renewed when the log is opened. */
#include "audit/audit_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit_folder.h"
#include "base/log.h"
#include "run/clock.h"

#define BATCH_BYTES_MAX (4 * (size_t)AUDIT_LINE_BYTES_MAX)
#define BATCH_ARENA_BYTES (6 * BATCH_BYTES_MAX)
#define LIST_ARENA_BYTES ((size_t)16 << 20)

static enum status write_head(struct audit_writer *writer, struct error *err)
{
    char text[AUDIT_HEAD_BYTES + 1];
    ssize_t written;

    audit_head_format(&writer->key, &writer->link, text);
    written = pwrite(writer->head, text, AUDIT_HEAD_BYTES, 0);
    if (written != AUDIT_HEAD_BYTES)
        return error_set_errno(err, written < 0 ? errno : ENOSPC,
                               "the head of the audit log cannot be written");
    return STATUS_OK;
}

/* A new segment that begins with the next record. Its name is made durable before it is used. */
static enum status begin_segment(struct audit_writer *writer, struct error *err)
{
    char name[AUDIT_NAME_BYTES];
    int file;

    audit_segment_name(writer->link.seq + 1, name);
    file = openat(writer->folder, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
    if (file < 0)
        return error_set_errno(err, errno, "%s cannot be made", name);
    if (fsync(writer->folder) != 0) {
        error_set_errno(err, errno, "the audit folder cannot be synced");
        unlinkat(writer->folder, name, 0);
        close(file);
        return err->status;
    }
    if (writer->segment >= 0)
        close(writer->segment);
    writer->segment = file;
    writer->segment_bytes = 0;
    return STATUS_OK;
}

static enum status cut_torn(struct audit_writer *writer, struct error *err)
{
    if (writer->is_torn && ftruncate(writer->segment, (off_t)writer->segment_bytes) != 0)
        return error_set_errno(err, errno, "what a failed write left cannot be cut");
    writer->is_torn = false;
    return STATUS_OK;
}

static enum status write_lines(struct audit_writer *writer, struct slice bytes, struct error *err)
{
    while (bytes.size > 0) {
        ssize_t written = write(writer->segment, bytes.data, bytes.size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(err, written < 0 ? errno : ENOSPC,
                                   "the audit log cannot be written");
        bytes = slice_cut(bytes, (size_t)written, bytes.size);
    }
    if (fdatasync(writer->segment) != 0)
        return error_set_errno(err, errno, "the audit log cannot be synced");
    return STATUS_OK;
}

void audit_writer_begin(struct audit_writer *writer)
{
    arena_reuse(&writer->arena, BATCH_ARENA_BYTES);
    buffer_init(&writer->lines, &writer->arena);
    writer->next = writer->link;
}

bool audit_writer_add(struct audit_writer *writer, struct slice members)
{
    if (writer->lines.size > 0
        && writer->lines.size + members.size + AUDIT_SEAL_BYTES_MAX > BATCH_BYTES_MAX)
        return false;
    audit_seal(&writer->key, &writer->next, members, &writer->lines);
    return true;
}

enum status audit_writer_end(struct audit_writer *writer, struct error *err)
{
    struct slice bytes = buffer_slice(&writer->lines);
    struct error head = { 0 };

    if (writer->lines.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory to write audit records");
    if (cut_torn(writer, err) != STATUS_OK
        || (writer->segment_bytes >= writer->segment_bytes_max
            && begin_segment(writer, err) != STATUS_OK))
        return err->status;
    if (write_lines(writer, bytes, err) != STATUS_OK) {
        writer->is_torn = true;
        cut_torn(writer, NULL);
        return err->status;
    }
    writer->segment_bytes += bytes.size;
    writer->link = writer->next;
    /* The records stand; a head that lags is renewed with the next. */
    if (write_head(writer, &head) != STATUS_OK)
        log_warn("audit_head_lags", LOG_ERROR(&head));
    return STATUS_OK;
}

enum status audit_writer_say(struct audit_writer *writer, const char *source,
                             enum audit_action action, uint64_t count, const char *detail,
                             struct error *err)
{
    struct audit_record record = { .action = action, .count = count, .detail = detail };
    struct buffer members;

    audit_writer_begin(writer);
    buffer_init(&members, &writer->arena);
    if (audit_record_format(&record, clock_wall_ms(), source, &members, err) != STATUS_OK)
        return err->status;
    audit_writer_add(writer, buffer_slice(&members));
    return audit_writer_end(writer, err);
}

static enum status open_folder(struct audit_writer *writer, const char *path, struct error *err)
{
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        return error_set_errno(err, errno, "audit folder %s cannot be made", path);
    writer->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (writer->folder < 0)
        return error_set_errno(err, errno, "audit folder %s cannot be opened", path);
    writer->head = openat(writer->folder, AUDIT_HEAD_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (writer->head < 0)
        return error_set_errno(err, errno, "the head of the audit log cannot be opened");
    if (flock(writer->head, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "another process writes the audit log in %s", path);
    return STATUS_OK;
}

static enum status write_public(struct audit_writer *writer, struct error *err)
{
    char text[AUDIT_DIGEST_TEXT_BYTES], there[AUDIT_DIGEST_TEXT_BYTES];
    size_t size;
    int file;

    audit_public_format(writer->key.public_key, text);
    if (audit_read_small(writer->folder, AUDIT_PUBLIC_NAME, there, sizeof(there), &size, err)
        == STATUS_OK)
        return slice_equal(slice_cut(slice_of(there, size), 0, 64),
                           slice_cut(slice_from(text), 0, 64))
                   ? STATUS_OK
                   : error_set(
                       err, STATUS_FAILED_PRECONDITION,
                       "the audit log was begun with another key: give it that one, or a new folder");
    if (err->status != STATUS_NOT_FOUND)
        return err->status;
    text[AUDIT_DIGEST_TEXT_BYTES - 1] = '\n';
    file = openat(writer->folder, AUDIT_PUBLIC_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0 || write(file, text, sizeof(text)) != (ssize_t)sizeof(text) || close(file) != 0)
        return error_set_errno(err, errno, "the audit log's public key cannot be written");
    error_clear(err);
    return STATUS_OK;
}

struct recovery {
    struct audit_writer *writer;
    uint64_t bytes;
};

static enum status on_old_line(void *arg, struct slice line, struct error *err)
{
    struct recovery *recovery = arg;
    struct audit_writer *writer = recovery->writer;

    if (audit_unseal(writer->key.public_key, line, &writer->link, err) != STATUS_OK)
        return error_wrap(err, "record %llu", (unsigned long long)writer->link.seq + 1);
    recovery->bytes += line.size + 1;
    return STATUS_OK;
}

/* Read the newest segment: where the log ends, and how much of a line is behind that. */
static enum status read_segment(struct audit_writer *writer, const struct audit_segment *segment,
                                size_t *torn, struct error *err)
{
    struct recovery recovery = { writer, 0 };

    writer->segment = openat(writer->folder, segment->name, O_RDWR | O_APPEND | O_CLOEXEC);
    if (writer->segment < 0)
        return error_set_errno(err, errno, "%s cannot be opened", segment->name);
    writer->link = (struct audit_link){ .seq = segment->first - 1 };
    if (audit_lines(writer->segment, on_old_line, &recovery, torn, err) != STATUS_OK)
        return err->status;
    writer->segment_bytes = recovery.bytes;
    writer->is_torn = *torn > 0;
    return STATUS_OK;
}

/* A process may have died between making a segment and its first record: the one before it then
 * says where the log ends. */
static enum status find_end(struct audit_writer *writer, const struct audit_segment *segments,
                            size_t count, size_t *torn, struct error *err)
{
    struct audit_link before;
    size_t torn_before;

    if (count == 0)
        return STATUS_OK;
    if (read_segment(writer, &segments[count - 1], torn, err) != STATUS_OK)
        return err->status;
    if (writer->segment_bytes > 0 || count == 1)
        return STATUS_OK;
    close(writer->segment);
    if (read_segment(writer, &segments[count - 2], &torn_before, err) != STATUS_OK)
        return err->status;
    if (torn_before > 0)
        return error_set(err, STATUS_DATA_LOSS, "%s ends within a record",
                         segments[count - 2].name);
    before = writer->link;
    close(writer->segment);
    if (read_segment(writer, &segments[count - 1], torn, err) != STATUS_OK)
        return err->status;
    writer->link = before;
    return STATUS_OK;
}

static enum status check_head(struct audit_writer *writer, struct error *err)
{
    char text[AUDIT_HEAD_BYTES + 1];
    struct audit_link head;
    size_t size;

    if (audit_read_small(writer->folder, AUDIT_HEAD_NAME, text, sizeof(text), &size, err)
        != STATUS_OK)
        return err->status;
    if (size == 0 && writer->link.seq == 0)
        return STATUS_OK;
    if (audit_head_parse(writer->key.public_key, slice_of(text, size), &head, err) != STATUS_OK)
        return err->status;
    if (head.seq > writer->link.seq)
        return error_set(err, STATUS_DATA_LOSS,
                         "the audit log ends with record %llu, its head names %llu",
                         (unsigned long long)writer->link.seq, (unsigned long long)head.seq);
    return STATUS_OK;
}

static enum status go_on(struct audit_writer *writer, const struct audit_options *options,
                         struct error *err)
{
    struct audit_segment *segments;
    size_t count, torn = 0;
    struct arena arena;

    arena_init(&arena, LIST_ARENA_BYTES);
    if (audit_segments(writer->folder, &arena, &segments, &count, err) == STATUS_OK)
        find_end(writer, segments, count, &torn, err);
    arena_close(&arena);
    if (err->status != STATUS_OK || check_head(writer, err) != STATUS_OK
        || (count == 0 && begin_segment(writer, err) != STATUS_OK))
        return err->status;
    if (torn > 0
        && audit_writer_say(writer, options->source, AUDIT_ACTION_RECOVER, torn,
                            "bytes of a record written in part", err)
               != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

enum status audit_writer_open(struct audit_writer *writer, const struct audit_options *options,
                              struct error *err)
{
    *writer = (struct audit_writer){ .folder = -1, .segment = -1, .head = -1 };
    writer->segment_bytes_max = options->segment_bytes;
    error_clear(err);
    arena_init(&writer->arena, BATCH_ARENA_BYTES);
    if (audit_key_load(options->key_file, &writer->key, err) == STATUS_OK
        && open_folder(writer, options->folder, err) == STATUS_OK
        && write_public(writer, err) == STATUS_OK && go_on(writer, options, err) == STATUS_OK
        && audit_writer_say(writer, options->source, AUDIT_ACTION_START, 0, options->detail, err)
               == STATUS_OK)
        return STATUS_OK;
    audit_writer_close(writer);
    return err->status;
}

void audit_writer_close(struct audit_writer *writer)
{
    if (writer->segment >= 0)
        close(writer->segment);
    if (writer->head >= 0)
        close(writer->head);
    if (writer->folder >= 0)
        close(writer->folder);
    arena_close(&writer->arena);
}
