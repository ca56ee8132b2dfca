/* Where the tokens of a JSON text begin: brackets, colons, commas, and the first byte of each
 * string, number and word, found 64 bytes at a time without looking at what they mean. What is
 * wrong in itself (bytes that are no UTF-8, a control character in a string, a string without an
 * end) is found here; grammar is the reader's (json_read.c). Shared by these two only. */
#ifndef FHIR_JSON_SCAN_H
#define FHIR_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "json_bits.h"

#define JSON_BATCH_BLOCKS 128

enum json_fault {
    JSON_FAULT_NONE,
    JSON_FAULT_UTF8,
    JSON_FAULT_CONTROL,
    JSON_FAULT_UNFINISHED,
};

struct json_scan {
    const char *data;
    size_t size;
    size_t done;                            /* bytes that have been looked at */
    size_t utf8_done;                       /* bytes that are known to be UTF-8 */
    uint64_t *escapes;                      /* bit n: block n has a backslash */
    uint64_t in_string, escaped, in_scalar; /* carried from block to block */
    uint32_t tokens[JSON_BATCH_BLOCKS * JSON_BLOCK_BYTES + 1];
    size_t count, next; /* of tokens; the last of all is the text's size */
    bool is_over;
    enum json_fault fault;
    size_t fault_at;
    void (*blocks)(struct json_scan *scan); /* by what the processor can do */
};

/* uint64_t's that @escapes needs for a text of @size bytes. */
static inline size_t json_scan_escapes(size_t size)
{
    return size / (JSON_BLOCK_BYTES * 64) + 1;
}

/* @escapes is zeroed; @data of less than 4 GiB stays as long as @scan. */
void json_scan_init(struct json_scan *scan, struct slice data, uint64_t *escapes);

/* Find the next tokens; at the end one that is the text's size, again and again. False: see
 * scan->fault. */
bool json_scan_more(struct json_scan *scan);

/* Whether bytes from @start to @end may hold a backslash. */
static inline bool json_scan_may_escape(const struct json_scan *scan, size_t start, size_t end)
{
    size_t block = start / JSON_BLOCK_BYTES;

    for (; block <= end / JSON_BLOCK_BYTES; block++)
        if (scan->escapes[block / 64] >> (block % 64) & 1)
            return true;
    return false;
}

#endif
