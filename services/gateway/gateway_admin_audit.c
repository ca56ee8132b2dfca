#include "gateway_admin_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "audit/audit_folder.h"
#include "audit/audit_record.h"
#include "base/limits.h"
#include "fhir/json.h"

#define PAGE_BYTES_MAX (64 * MIB)
#define RECORD_ARENA_BYTES (4 * MIB)

struct reading {
    struct audit_page *page;
    uint64_t seq; /* of the line that comes next */
};

static enum status take(struct audit_page *page, struct slice line, struct error *err)
{
    struct arena arena;
    struct json *record;
    struct slice tenant;

    arena_init(&arena, RECORD_ARENA_BYTES);
    if (json_parse_view(line, &arena, &record, err) == STATUS_OK) {
        tenant = json_get_string(record, "tenant");
        if (page->tenant == NULL || tenant.size == 0 || slice_is(tenant, page->tenant)) {
            buffer_put(&page->lines, line);
            buffer_put_byte(&page->lines, '\n');
            page->told++;
        }
    }
    arena_close(&arena);
    return err->status;
}

/* CANCELLED ends the reading where the page is full. Records have numbers without a gap. */
static enum status on_line(void *arg, struct slice line, struct error *err)
{
    struct reading *reading = arg;
    struct audit_page *page = reading->page;
    uint64_t seq = reading->seq++;

    if (seq < page->first)
        return STATUS_OK;
    if (seq - page->first >= page->count)
        return error_set(err, STATUS_CANCELLED, "the page is full");
    page->next = seq + 1;
    if (take(page, line, err) == STATUS_OK && page->lines.is_full)
        error_set(err, STATUS_RESOURCE_EXHAUSTED,
                  "so many records are over %zu bytes: ask for fewer", (size_t)PAGE_BYTES_MAX);
    return err->status;
}

static enum status read_segment(struct reading *reading, int folder,
                                const struct audit_segment *segment, struct error *err)
{
    int file = openat(folder, segment->name, O_RDONLY | O_CLOEXEC);
    size_t torn;

    if (file < 0)
        return error_set_errno(err, errno, "a segment of the audit log cannot be read");
    reading->seq = segment->first;
    audit_lines(file, on_line, reading, &torn, err);
    close(file);
    return err->status;
}

static void read_folder(struct audit_page *page, int folder, struct arena *arena)
{
    struct error *err = &page->failure;
    struct reading reading = { .page = page };
    struct audit_segment *segments;
    size_t count;

    if (audit_segments(folder, arena, &segments, &count, err) != STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && segments[i + 1].first <= page->first)
            continue;
        if (read_segment(&reading, folder, &segments[i], err) != STATUS_OK)
            break;
    }
    if (err->status == STATUS_CANCELLED)
        error_clear(err);
}

void audit_page_read(struct audit_page *page)
{
    int folder = open(page->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct arena arena;

    arena_init(&page->arena, PAGE_BYTES_MAX);
    buffer_init(&page->lines, &page->arena);
    page->next = page->first;
    if (folder < 0) {
        error_set_errno(&page->failure, errno, "the folder of the audit log cannot be opened");
        return;
    }
    arena_init(&arena, 16 * MIB);
    read_folder(page, folder, &arena);
    arena_close(&arena);
    close(folder);
}
