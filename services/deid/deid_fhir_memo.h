/* What became of a short string under an action: a record says the same few thousand things (codes,
 * displays, units) over and over. Forgets everything when it is full or when more is known of the
 * patient. */
#ifndef DEID_FHIR_MEMO_H
#define DEID_FHIR_MEMO_H

#include "base/arena.h"
#include "base/slice.h"

#define DEID_FHIR_MEMO_BYTES_MAX 256 /* of one string */
#define DEID_FHIR_MEMO_SLOTS_FIRST 512
#define DEID_FHIR_MEMO_SLOTS_MAX 32768

struct deid_fhir_memo_entry {
    struct slice text, output;
    uint32_t hash;
    uint16_t kind;        /* what was done: the action and what it depended on */
    uint8_t class, count; /* how many were replaced, of one class */
};

struct deid_fhir_memo {
    struct arena arena;
    struct deid_fhir_memo_entry *slots; /* open addressing; text.data NULL: free */
    uint32_t slots_count, used;
};

/* Nothing is allocated until something is put. */
void deid_fhir_memo_init(struct deid_fhir_memo *memo);
void deid_fhir_memo_close(struct deid_fhir_memo *memo);
void deid_fhir_memo_clear(struct deid_fhir_memo *memo);

/* What is known of @text under @kind; NULL: nothing. It holds until the next put. */
const struct deid_fhir_memo_entry *deid_fhir_memo_find(const struct deid_fhir_memo *memo,
                                                       uint16_t kind, struct slice text);

/* Remember; both are copied. Without room nothing is remembered. */
void deid_fhir_memo_put(struct deid_fhir_memo *memo, uint16_t kind, struct slice text,
                        struct slice output, uint8_t class, uint8_t count);

#endif
