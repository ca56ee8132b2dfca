/* Every bound of the mesh: a number, a unit, a reason. Those that an operator may want to change
 * are the defaults of settings (run/config). */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

/* base/arena: a small call takes one block; a large one takes few. */
#define ARENA_BLOCK_BYTES_MIN (8 * KIB)
#define ARENA_BLOCK_BYTES_MAX (4 * MIB)

/* base/arena_spare: what a record of ten megabytes takes to be compiled, of every process that has
 * compiled one. */
#define ARENA_SPARE_BLOCKS_MAX 32

/* base/log: a line fits one atomic write to a pipe (PIPE_BUF is 4096). */
#define LOG_LINE_BYTES_MAX 1024
#define LOG_ID_BYTES_MAX 64

/* run/config: a file of settings is a page or two. */
#define CONFIG_FILE_BYTES_MAX (256 * KIB)

/* run/metrics: series are made by the program, so more than this is a label that should not be one.
 */
#define METRIC_SERIES_MAX 4096

/* run/admin: a scraper, two probes and a person; requests of a line and a few headers. Times in
 * milliseconds: a request that takes this long to arrive or an answer that takes this long to leave
 * is cut off; a connection that asks nothing outlives a scraper's interval; what still arrives
 * after the last answer is thrown away for a moment, so that a reset does not destroy that answer.
 */
#define ADMIN_CONNECTIONS_MAX 64
#define ADMIN_REQUEST_BYTES_MAX (8 * KIB)
#define ADMIN_READ_BYTES (2 * KIB)
#define ADMIN_TARGET_BYTES_MAX 256
#define ADMIN_REPLY_BYTES_MAX (8 * MIB)
#define ADMIN_REQUEST_MS_MAX 3000
#define ADMIN_IDLE_MS_MAX 120000
#define ADMIN_LINGER_MS_MAX 1000

/* http: a head holds a bearer token of several KiB and a few dozen fields; a target is a path and a
 * few words. What a client may send ahead of its turn is small, and what is kept for a client that
 * reads slowly is bounded twice: what a handler has sent and what was framed for the socket. A body
 * comes at this rate at least; a client that was refused is listened to for a moment, so that a
 * reset does not destroy the answer. */
#define HTTP_HEAD_BYTES_MAX (32 * KIB)
#define HTTP_FIELDS_MAX 100
#define HTTP_TARGET_BYTES_MAX (8 * KIB)
#define HTTP_AHEAD_BYTES_MAX (64 * KIB)
#define HTTP_SEND_BYTES (64 * KIB)
#define HTTP_OUT_BYTES (32 * KIB)
#define HTTP_BODY_RATE (32 * KIB)
#define HTTP_LINGER_MS 2000
#define HTTP_STREAMS_MAX 128
#define HTTP_WINDOW_BYTES (1 * MIB)

/* store/redis: bytes that wait for the socket, beyond which Redis is too slow for what it is given;
 * what one array reply may take in items; and how often a connection that looks well is asked
 * whether it is. */
#define REDIS_UNSENT_BYTES_MAX (64 * MIB)
#define REDIS_SCRATCH_BYTES_MAX (64 * MIB)
#define REDIS_PING_MS 1000
#define REDIS_ADDRESSES_MAX 16
#define REDIS_NODES_MAX 128
#define REDIS_REDIRECTS_MAX 5
#define REDIS_SLOTS_MS 2000 /* how often a cluster is asked who has what */

/* rpc: messages nested deeper than any of ours are an attack on the stack: protobuf-c's unpack
 * recurses without a limit. */
#define MESSAGE_DEPTH_MAX 16

/* rpc: a bundle of 50,000 resources pretty-printed is under this. */
#define MESSAGE_BYTES_MAX (128 * MIB)

/* rpc: what a handler may hold unsent in a stream before it must wait for on_writable. */
#define SEND_QUEUE_BYTES (64 * KIB)

/* rpc: admission where a method does not say otherwise, and a call's arena. A call in flight costs
 * about 19 KiB in gRPC core besides. */
#define SERVER_CALLS_MAX 256
#define SERVER_QUEUE_MAX 64
#define SERVER_ARENA_BYTES (4 * MIB)

/* rpc: what an upload keeps of itself to send it again. Nearly every record is smaller, and a
 * connection that was closing when the upload began takes no more than its window. */
#define UPLOAD_KEPT_BYTES_MAX (16 * MIB)

/* gateway: one chunk of a client stream; a record is any number of them up to RECORD_BYTES_MAX. */
#define RECORD_CHUNK_BYTES (256 * KIB)
#define RECORD_BYTES_MAX (96 * MIB)

/* gateway: a question is prose; a megabyte of it is a mistake. */
#define QUESTION_BYTES_MAX (16 * KIB)

/* gateway: a conversation, the question and what was said before it. */
#define CONVERSATION_BYTES_MAX (256 * KIB)
#define CONVERSATION_TURNS_MAX 256

/* fhir: JSON nested deeper than this is refused (FHIR's own deepest resources stay under 32). */
#define JSON_DEPTH_MAX 64

#endif
