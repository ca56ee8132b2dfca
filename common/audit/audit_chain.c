#include "audit/audit_chain.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/key_file.h"

#define HASH_DIGITS (2 * AUDIT_HASH_BYTES)
#define SIGNATURE_DIGITS (2 * AUDIT_SIGNATURE_BYTES)
#define SIGNED_BYTES_MAX 128

#define SEQ_KEY "{\"seq\":"
#define PREV_KEY ",\"prev\":\""
#define HASH_KEY "\",\"hash\":\""
#define SIG_KEY "\",\"sig\":\""
#define LINE_END "\"}"

/* Sizes of what stands at the end of every line. */
#define PREV_BYTES                                                                                 \
    (sizeof(PREV_KEY) - 1 + HASH_DIGITS + 1) /* with the quote that HASH_KEY begins */
#define TAIL_BYTES                                                                                 \
    (sizeof(HASH_KEY) - 2 + HASH_DIGITS + sizeof(SIG_KEY) - 1 + SIGNATURE_DIGITS                   \
     + sizeof(LINE_END) - 1)

static_assert(AUDIT_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");
static_assert(AUDIT_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(AUDIT_SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");

enum status audit_key_load(const char *path, struct audit_key *key, struct error *err)
{
    static const char purpose[] = "consilium audit digest";
    unsigned char seed[crypto_sign_SEEDBYTES];

    CHECK(sodium_init() >= 0);
    if (key_file_load(path, seed, sizeof(seed), err) != STATUS_OK)
        return err->status;
    crypto_sign_seed_keypair(key->public_key, key->secret, seed);
    crypto_generichash(key->digest_key, sizeof(key->digest_key), (const unsigned char *)purpose,
                       sizeof(purpose) - 1, seed, sizeof(seed));
    sodium_memzero(seed, sizeof(seed));
    return STATUS_OK;
}

static bool read_hex(const char *digits, size_t count, unsigned char *bytes)
{
    size_t size;

    return sodium_hex2bin(bytes, count / 2, digits, count, NULL, &size, NULL) == 0
           && size == count / 2;
}

enum status audit_public_parse(struct slice text, unsigned char public_key[AUDIT_PUBLIC_BYTES],
                               struct error *err)
{
    CHECK(sodium_init() >= 0);
    text = slice_trim(text);
    if (text.size != 2 * AUDIT_PUBLIC_BYTES || !read_hex(text.data, text.size, public_key))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a public key is %d hex digits",
                         2 * AUDIT_PUBLIC_BYTES);
    return STATUS_OK;
}

void audit_public_format(const unsigned char public_key[AUDIT_PUBLIC_BYTES],
                         char text[AUDIT_DIGEST_TEXT_BYTES])
{
    sodium_bin2hex(text, AUDIT_DIGEST_TEXT_BYTES, public_key, AUDIT_PUBLIC_BYTES);
}

void audit_digest(const struct audit_key *key, struct slice text,
                  char digest[AUDIT_DIGEST_TEXT_BYTES])
{
    unsigned char hash[32];

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)text.data, text.size,
                       key->digest_key, sizeof(key->digest_key));
    sodium_bin2hex(digest, AUDIT_DIGEST_TEXT_BYTES, hash, sizeof(hash));
}

/* What a signature stands for, as text. */
static size_t record_claim(const unsigned char hash[AUDIT_HASH_BYTES], char claim[SIGNED_BYTES_MAX])
{
    char digits[HASH_DIGITS + 1];

    sodium_bin2hex(digits, sizeof(digits), hash, AUDIT_HASH_BYTES);
    return (size_t)snprintf(claim, SIGNED_BYTES_MAX, "consilium audit record %s", digits);
}

static size_t head_claim(const struct audit_link *link, char claim[SIGNED_BYTES_MAX])
{
    char digits[HASH_DIGITS + 1];

    sodium_bin2hex(digits, sizeof(digits), link->hash, sizeof(link->hash));
    return (size_t)snprintf(claim, SIGNED_BYTES_MAX, "consilium audit head %llu %s",
                            (unsigned long long)link->seq, digits);
}

static void sign(const struct audit_key *key, const char *claim, size_t size,
                 char digits[SIGNATURE_DIGITS + 1])
{
    unsigned char signature[AUDIT_SIGNATURE_BYTES];

    crypto_sign_detached(signature, NULL, (const unsigned char *)claim, size, key->secret);
    sodium_bin2hex(digits, SIGNATURE_DIGITS + 1, signature, sizeof(signature));
}

static bool is_signed(const unsigned char public_key[AUDIT_PUBLIC_BYTES], const char *claim,
                      size_t size, const char *digits)
{
    unsigned char signature[AUDIT_SIGNATURE_BYTES];

    return read_hex(digits, SIGNATURE_DIGITS, signature)
           && crypto_sign_verify_detached(signature, (const unsigned char *)claim, size, public_key)
                  == 0;
}

void audit_seal(const struct audit_key *key, struct audit_link *link, struct slice members,
                struct buffer *lines)
{
    char prev[HASH_DIGITS + 1], digits[HASH_DIGITS + 1], signature[SIGNATURE_DIGITS + 1];
    struct audit_link next = { .seq = link->seq + 1 };
    char claim[SIGNED_BYTES_MAX];
    size_t begin = lines->size;

    sodium_bin2hex(prev, sizeof(prev), link->hash, sizeof(link->hash));
    buffer_format(lines, SEQ_KEY "%llu,", (unsigned long long)next.seq);
    buffer_put(lines, members);
    buffer_format(lines, PREV_KEY "%s\"", prev);
    if (lines->is_full)
        return;
    crypto_hash_sha256(next.hash, (const unsigned char *)lines->data + begin, lines->size - begin);
    sodium_bin2hex(digits, sizeof(digits), next.hash, sizeof(next.hash));
    sign(key, claim, record_claim(next.hash, claim), signature);
    buffer_format(lines, "%s%s" SIG_KEY "%s" LINE_END "\n", HASH_KEY + 1, digits, signature);
    if (!lines->is_full)
        *link = next;
}

static bool take_seq(struct slice line, uint64_t *seq)
{
    size_t at = sizeof(SEQ_KEY) - 1, begin = at;

    if (!slice_starts_with(line, SLICE(SEQ_KEY)))
        return false;
    for (*seq = 0; at < line.size && line.data[at] >= '0' && line.data[at] <= '9'; at++) {
        if (at - begin == 19)
            return false;
        *seq = *seq * 10 + (uint64_t)(line.data[at] - '0');
    }
    return at > begin && line.data[begin] != '0' && at < line.size && line.data[at] == ',';
}

/* The parts of a line that a seal put there. */
struct seal {
    uint64_t seq;
    unsigned char prev[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    struct slice hashed; /* the bytes that hash is of */
    const char *signature;
};

static bool read_seal(struct slice line, struct seal *seal)
{
    const char *prev, *tail;

    if (line.size < sizeof(SEQ_KEY) + PREV_BYTES + TAIL_BYTES || !take_seq(line, &seal->seq))
        return false;
    seal->hashed = slice_cut(line, 0, line.size - TAIL_BYTES);
    prev = line.data + seal->hashed.size - PREV_BYTES;
    tail = line.data + seal->hashed.size;
    seal->signature = tail + sizeof(HASH_KEY) - 2 + HASH_DIGITS + sizeof(SIG_KEY) - 1;
    return memcmp(prev, PREV_KEY, sizeof(PREV_KEY) - 1) == 0
           && memcmp(tail - 1, HASH_KEY, sizeof(HASH_KEY) - 1) == 0
           && memcmp(seal->signature - (sizeof(SIG_KEY) - 1), SIG_KEY, sizeof(SIG_KEY) - 1) == 0
           && memcmp(seal->signature + SIGNATURE_DIGITS, LINE_END, sizeof(LINE_END) - 1) == 0
           && read_hex(prev + sizeof(PREV_KEY) - 1, HASH_DIGITS, seal->prev)
           && read_hex(tail + sizeof(HASH_KEY) - 2, HASH_DIGITS, seal->hash);
}

enum status audit_unseal(const unsigned char public_key[AUDIT_PUBLIC_BYTES], struct slice line,
                         struct audit_link *link, struct error *err)
{
    unsigned char hash[AUDIT_HASH_BYTES];
    char claim[SIGNED_BYTES_MAX];
    struct seal seal;

    if (!read_seal(line, &seal))
        return error_set(err, STATUS_DATA_LOSS, "is no sealed record");
    crypto_hash_sha256(hash, (const unsigned char *)seal.hashed.data, seal.hashed.size);
    if (memcmp(hash, seal.hash, sizeof(hash)) != 0)
        return error_set(err, STATUS_DATA_LOSS, "was changed: its digest does not fit");
    if (!is_signed(public_key, claim, record_claim(hash, claim), seal.signature))
        return error_set(err, STATUS_DATA_LOSS, "is not signed with this key");
    if (seal.seq != link->seq + 1)
        return error_set(err, STATUS_DATA_LOSS, "has number %llu where %llu is due",
                         (unsigned long long)seal.seq, (unsigned long long)link->seq + 1);
    if (memcmp(seal.prev, link->hash, sizeof(seal.prev)) != 0
        && (link->seq == 0 || !sodium_is_zero(link->hash, sizeof(link->hash))))
        return error_set(err, STATUS_DATA_LOSS, "does not follow the record before it");
    link->seq = seal.seq;
    memcpy(link->hash, hash, sizeof(hash));
    return STATUS_OK;
}

#define HEAD_FORMAT "{\"seq\":%20llu,\"hash\":\"%s\",\"sig\":\"%s\"}\n"
#define HEAD_SEQ_AT 7
#define HEAD_HASH_AT (HEAD_SEQ_AT + 20 + 9)
#define HEAD_SIGNATURE_AT (HEAD_HASH_AT + HASH_DIGITS + 9)

static_assert(AUDIT_HEAD_BYTES == HEAD_SIGNATURE_AT + SIGNATURE_DIGITS + 3, "the head's size");

void audit_head_format(const struct audit_key *key, const struct audit_link *link,
                       char text[AUDIT_HEAD_BYTES + 1])
{
    char digits[HASH_DIGITS + 1], signature[SIGNATURE_DIGITS + 1], claim[SIGNED_BYTES_MAX];

    sodium_bin2hex(digits, sizeof(digits), link->hash, sizeof(link->hash));
    sign(key, claim, head_claim(link, claim), signature);
    CHECK(snprintf(text, AUDIT_HEAD_BYTES + 1, HEAD_FORMAT, (unsigned long long)link->seq, digits,
                   signature)
          == AUDIT_HEAD_BYTES);
}

enum status audit_head_parse(const unsigned char public_key[AUDIT_PUBLIC_BYTES], struct slice text,
                             struct audit_link *link, struct error *err)
{
    char claim[SIGNED_BYTES_MAX], digits[21] = { 0 };

    if (text.size != AUDIT_HEAD_BYTES
        || !read_hex(text.data + HEAD_HASH_AT, HASH_DIGITS, link->hash))
        return error_set(err, STATUS_DATA_LOSS, "the head is none");
    memcpy(digits, text.data + HEAD_SEQ_AT, 20);
    if (sscanf(digits, "%20llu", (unsigned long long *)&link->seq) != 1
        || !is_signed(public_key, claim, head_claim(link, claim), text.data + HEAD_SIGNATURE_AT))
        return error_set(err, STATUS_DATA_LOSS, "the head is not signed with this key");
    return STATUS_OK;
}
