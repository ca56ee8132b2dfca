/* One type for what went wrong, inside and on the wire: gRPC's status codes and a line of text.
 *
 * Fallible functions return enum status and take struct error *err last. The text says sizes,
 * limits, ids and names, and never a byte of anybody's text: it travels to callers and into logs.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/* The codes of https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
enum status {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

#define STATUS_COUNT 17

struct error {
    enum status status;
    char text[240];
};

/* Fill @err (may be NULL) and return @status, which is not STATUS_OK. Long text is cut. */
__attribute__((format(printf, 3, 4))) enum status error_set(struct error *err, enum status status,
                                                            const char *format, ...);

/* Put "@format: " before the text of @err and return its status. */
__attribute__((format(printf, 2, 3))) enum status error_wrap(struct error *err, const char *format,
                                                             ...);

/* Same, from an errno value: "@format: strerror". The status follows from the number (ENOENT is
 * NOT_FOUND, EACCES is PERMISSION_DENIED, ENOSPC is RESOURCE_EXHAUSTED, EADDRINUSE is
 * ALREADY_EXISTS, else UNAVAILABLE). */
__attribute__((format(printf, 3, 4))) enum status error_set_errno(struct error *err, int number,
                                                                  const char *format, ...);

void error_clear(struct error *err);

/* "OK", "CANCELLED", …; "UNKNOWN" for a number that is none of them. Static. */
const char *status_name(enum status status);

#endif
