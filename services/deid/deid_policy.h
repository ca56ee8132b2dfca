/* What a site adds to the rules, from one JSON file (--patterns):
 *
 *     { "style": "codes", "classes": "eighteen",
 *       "patterns": [ { "name": "ward-number", "class": "MRN", "expression": "W\\d{6}-[A-Z]",
 * "checksum": "luhn", "case": "any" } ], "deny":  [ "Project Bluebird", { "expression": "Bay
 * \\d{1,2}[A-D]" } ], "allow": [ "Mayo-Clark score", { "expression": "Stage [IV]+" } ] }
 *
 * What a pattern or the deny list matches is replaced wherever it stands between words; what the
 * allow list matches stays, unless the patient is known by it. Expressions are those of
 * deid_automaton.h: all are tried at once, and none can be slow. Read-only once made; any thread.
 */
#ifndef DEID_POLICY_H
#define DEID_POLICY_H

#include "deid_automaton.h"
#include "deid_map.h"
#include "deid_rule.h"
#include "deid_scan.h"
#include "deid_span.h"

enum deid_policy_checksum {
    DEID_POLICY_CHECKSUM_NONE,
    DEID_POLICY_CHECKSUM_LUHN,
    DEID_POLICY_CHECKSUM_MOD11, /* weights from 2 at the right, the check digit last */
    DEID_POLICY_CHECKSUM_MOD97, /* ISO 7064, two check digits last */
};

struct deid_policy_pattern {
    struct slice name;
    enum deid_class class;
    enum deid_policy_checksum checksum;
};

#define DEID_POLICY_FILE_BYTES_MAX ((size_t)4 << 20)
#define DEID_POLICY_MATCH_BYTES_MAX 512 /* of one match */

struct deid_policy {
    enum deid_style style;
    enum deid_classes classes;
    const struct deid_rule_set *fhir_rules; /* NULL: the profile alone */
    struct deid_policy_pattern *patterns;   /* the deny list is among them */
    unsigned patterns_count;
    struct deid_automaton found, allowed;
    bool has_allowed;
};

/* Read @json into @arena. INVALID_ARGUMENT names the pattern and what is wrong with it. */
enum status deid_policy_parse(struct slice json, struct arena *arena, struct deid_policy *policy,
                              struct error *err);

/* The same from a file. NOT_FOUND when it cannot be opened. */
enum status deid_policy_load(const char *path, struct arena *arena, struct deid_policy *policy,
                             struct error *err);

/* Add what @policy finds in the folded text to @spans. */
void deid_policy_scan(const struct deid_policy *policy, struct slice folded,
                      struct deid_spans *spans);

/* Drop the spans that lie in what is allowed and are not known to be the patient's. */
void deid_policy_allow(const struct deid_policy *policy, struct slice folded,
                       struct deid_spans *spans);

/* "codes", "surrogates", "tags" or "masks". */
bool deid_style_parse(struct slice word, enum deid_style *style);

/* "auto", "eighteen" or "wide". */
bool deid_classes_parse(struct slice word, enum deid_classes *classes);

#endif
