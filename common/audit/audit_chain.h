/* The chain: each record carries the digest of the one before, its own, and a signature, so that
 * nobody without the key can change, drop, insert or swap one unnoticed.
 *
 * A sealed line, whole:
 *
 *   {"seq":7,<members>,"prev":"<64 hex>","hash":"<64 hex>","sig":"<128 hex>"}
 *
 * hash is SHA-256 (FIPS 180-4) of the line's bytes before ,"hash"; prev is the hash of the record
 * before, zeros in the first; sig is Ed25519 (RFC 8032) over the text "consilium audit record " and
 * the hex digits of hash. Any thread. */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define AUDIT_HASH_BYTES 32
#define AUDIT_PUBLIC_BYTES 32
#define AUDIT_SIGNATURE_BYTES 64
#define AUDIT_DIGEST_TEXT_BYTES 65 /* hex and a NUL */

/* What a sealed line has besides its members: "{"seq":", 20 digits, ",", the end and a newline. */
#define AUDIT_SEAL_BYTES_MAX 400

struct audit_key {
    unsigned char secret[64];                     /* Ed25519: seed and public key */
    unsigned char public_key[AUDIT_PUBLIC_BYTES]; /* what a verifier needs */
    unsigned char digest_key[32];                 /* of audit_digest */
};

/* Where a chain stands: the last record's number and digest; zeros before the first. */
struct audit_link {
    uint64_t seq;
    unsigned char hash[AUDIT_HASH_BYTES];
};

/* The key from the file @path (32 bytes in hex; base/key_file.h says how it is made and what
 * fails). */
enum status audit_key_load(const char *path, struct audit_key *key, struct error *err);

/* The public key of 64 hex digits in @text, or INVALID_ARGUMENT. */
enum status audit_public_parse(struct slice text, unsigned char public_key[AUDIT_PUBLIC_BYTES],
                               struct error *err);

void audit_public_format(const unsigned char public_key[AUDIT_PUBLIC_BYTES],
                         char text[AUDIT_DIGEST_TEXT_BYTES]);

/* A digest of @text that only a holder of the key can make, and so only they can guess at what it
 * was: BLAKE2b keyed, as hex. */
void audit_digest(const struct audit_key *key, struct slice text,
                  char digest[AUDIT_DIGEST_TEXT_BYTES]);

/* Append the next record to @lines, sealed and with its newline; @link moves on to it. What does
 * not fit shows in @lines->is_full, and then @link has not moved. */
void audit_seal(const struct audit_key *key, struct audit_link *link, struct slice members,
                struct buffer *lines);

/* Is @line (without its newline) the record that follows @link? @link moves on to it; else
 * DATA_LOSS, whose text says what does not fit. A link with a number and no digest stands for
 * records that were moved away: the record is taken at its word about them. */
enum status audit_unseal(const unsigned char public_key[AUDIT_PUBLIC_BYTES], struct slice line,
                         struct audit_link *link, struct error *err);

/* The head: where the log stood when it was last written, signed, in a line of fixed size. It tells
 * a log whose end was cut off. */
#define AUDIT_HEAD_BYTES 240

void audit_head_format(const struct audit_key *key, const struct audit_link *link,
                       char text[AUDIT_HEAD_BYTES + 1]);

/* DATA_LOSS for a head that is none or is not signed with the key. */
enum status audit_head_parse(const unsigned char public_key[AUDIT_PUBLIC_BYTES], struct slice text,
                             struct audit_link *link, struct error *err);

#endif
