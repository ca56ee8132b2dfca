/* The folder of a log: segments of whole lines, each named after the number of its first record, a
 * head that says where the log ends, and the public key. Nothing is ever written but at the end of
 * the newest segment.
 *
 *   audit-000000000001.jsonl  audit-000000081234.jsonl  head  public-key
 */
#ifndef AUDIT_FOLDER_H
#define AUDIT_FOLDER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define AUDIT_NAME_BYTES 40
#define AUDIT_SEGMENTS_MAX 100000

#define AUDIT_HEAD_NAME "head"
#define AUDIT_PUBLIC_NAME "public-key"

struct audit_segment {
    char name[AUDIT_NAME_BYTES];
    uint64_t first; /* the number of its first record */
};

void audit_segment_name(uint64_t first, char name[AUDIT_NAME_BYTES]);

/* The segments of the folder open as @folder, oldest first, in @arena. RESOURCE_EXHAUSTED over
 * AUDIT_SEGMENTS_MAX. */
enum status audit_segments(int folder, struct arena *arena, struct audit_segment **segments,
                           size_t *count, struct error *err);

/* Read at most @size bytes of the file @name: a NOT_FOUND without text when there is none. */
enum status audit_read_small(int folder, const char *name, char *bytes, size_t size, size_t *got,
                             struct error *err);

/* Told of each line (without its newline); the bytes are gone when it returns. */
typedef enum status (*audit_on_line)(void *arg, struct slice line, struct error *err);

/* Read the file open as @file from its beginning, line by line. @torn is the size of what stands
 * behind the last newline. DATA_LOSS for a line longer than a record can be; else the first status
 * of @on_line that is not OK. */
enum status audit_lines(int file, audit_on_line on_line, void *arg, size_t *torn,
                        struct error *err);

#endif
