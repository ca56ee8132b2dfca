/* A page of the audit log as it lies on the disk, for somebody who may see what is of their tenant,
 * and what is of none: starts, stops, changes. */
#ifndef GATEWAY_ADMIN_AUDIT_H
#define GATEWAY_ADMIN_AUDIT_H

#include "base/buffer.h"
#include "base/error.h"

#define AUDIT_PAGE_RECORDS 1000
#define AUDIT_PAGE_RECORDS_MAX 10000

struct audit_page {
    const char *folder;
    const char *tenant;    /* NULL: all */
    uint64_t first, count; /* of the records that are looked at */
    /* audit_page_read's */
    struct arena arena; /* of @lines; the caller closes it */
    struct buffer lines;
    uint64_t next; /* the number after the last that was looked at */
    uint64_t told; /* lines */
    struct error failure;
};

/* Fill @page; page->failure says why not. Any one thread: a worker. */
void audit_page_read(struct audit_page *page);

#endif
