/* The de-identification service: its rules, its key, its default profile. Made at start, read-only
 * while it serves. */
#ifndef DEID_H
#define DEID_H

#include "deid_policy.h"
#include "deid_scan.h"
#include "deid_seal.h"

struct deid {
    struct deid_rules rules;
    struct deid_key key;
    enum deid_profile profile_default;
    struct arena arena;        /* of what follows */
    struct deid_policy policy; /* of the site */
    struct deid_rule_set fhir_rules;
};

struct deid_options {
    const char
        *key_file;       /* 64 hex digits; made, readable by its owner alone, where there is none */
    const char *profile; /* "limited" or "safe-harbor": for requests that name none */
    const char *style; /* "codes", "surrogates", "tags" or "masks"; NULL: the file's, else codes */
    const char *patterns;   /* a file (deid_policy.h); NULL: none */
    const char *fhir_rules; /* a file (deid_rule.h); NULL: the profile alone */
};

/* NULL when the key file cannot be read or made, holds something else, or can be read by others
 * (FAILED_PRECONDITION says what to do), and when a file of patterns or rules cannot be read or
 * says what cannot be (NOT_FOUND, INVALID_ARGUMENT). */
struct deid *deid_create(const struct deid_options *options, struct error *err);

/* The key is wiped. */
void deid_destroy(struct deid *deid);

#endif
