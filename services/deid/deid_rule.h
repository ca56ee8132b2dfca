/* A site's rules for FHIR, in the format of Microsoft's Tools for Health Data Anonymization: what
 * is done with the elements that a path names.
 *
 *     { "fhirVersion": "R4", "processingErrors": "raise",
 *       "fhirPathRules": [ { "path": "nodesByType('HumanName')", "method": "redact" }, ... ],
 *       "parameters": { "dateShiftKey": "", "cryptoHashKey": "", "enablePartialDatesForRedact":
 * true, ... } }
 *
 * The first rule that reaches an element decides. Beyond that format: the method "profile" (what
 * this service's own profile does there) and the parameter "unmatched": "profile" (the default:
 * what no rule reaches goes through the profile) or "keep" (it stays, as Microsoft's tool has it).
 */
#ifndef DEID_RULE_H
#define DEID_RULE_H

#include "deid_path.h"

enum deid_rule_method {
    DEID_RULE_REDACT,
    DEID_RULE_KEEP,
    DEID_RULE_DATE_SHIFT,
    DEID_RULE_CRYPTO_HASH,
    DEID_RULE_ENCRYPT,
    DEID_RULE_SUBSTITUTE,
    DEID_RULE_PERTURB,
    DEID_RULE_GENERALIZE,
    DEID_RULE_PROFILE,
};

struct deid_rule_case {
    struct deid_path *test, *value;
};

struct deid_rule {
    enum deid_rule_method method;
    struct slice type; /* of the resources that it is for; "": every one */
    bool is_whole;     /* the path is the type alone: the resource itself */
    struct deid_path *path;
    const struct json *replace_with; /* substitute; NULL: nothing */
    double span;                     /* perturb */
    unsigned round_to;
    bool is_proportional;
    struct deid_rule_case *cases; /* generalize */
    unsigned cases_count;
    bool keeps_others;
};

#define DEID_RULES_MAX 4096
#define DEID_RULE_FILE_BYTES_MAX ((size_t)8 << 20)
#define DEID_RULE_KEY_BYTES 32

enum deid_rule_scope {
    DEID_RULE_SCOPE_RESOURCE,
    DEID_RULE_SCOPE_FILE,
    DEID_RULE_SCOPE_FOLDER,
    DEID_RULE_SCOPE_PATIENT, /* beyond that format: as far as this service moves the patient's dates
                              */
};

struct deid_rule_set {
    const struct deid_fhir_types *types;
    struct deid_rule *rules;
    unsigned count;
    bool skips_errors; /* a resource that cannot be processed becomes an empty one */
    bool keeps_unmatched;
    bool partial_ages, partial_dates, partial_postal;
    struct slice *restricted_postal;
    unsigned restricted_count;
    struct slice date_shift_key, crypto_hash_key, encrypt_key;
    enum deid_rule_scope date_shift_scope;
    bool has_fixed_shift;
    int fixed_shift_days;
    struct json *root; /* what the rules borrow from */
};

/* Read the rules of @json into @arena. INVALID_ARGUMENT names the rule (its number, from 0) and
 * what is wrong with it. Keys that are not given are random: nobody else can repeat what they do.
 */
enum status deid_rule_set_parse(struct slice json, struct arena *arena, struct deid_rule_set *set,
                                struct error *err);

/* The same from a file. NOT_FOUND when it cannot be opened. */
enum status deid_rule_set_load(const char *path, struct arena *arena, struct deid_rule_set *set,
                               struct error *err);

#endif
