/* Rules at work on one resource or Bundle. */
#ifndef DEID_RULE_APPLY_H
#define DEID_RULE_APPLY_H

#include "deid_rule.h"

struct deid_rule_context {
    int64_t today;           /* days since 1970-01-01: whose age is over 89 */
    struct slice scope_name; /* of the file or the folder, where the shift of dates is theirs */
    const int *patient_shift_days; /* NULL: none is known */
    /* What is done with an element that no rule has reached, or that one gives to the profile;
     * NULL: it stays. */
    enum status (*profile)(void *data, struct deid_node *node, struct error *err);
    void *data;
};

/* The resource @json under @set as compact JSON in @arena, with the security labels that say what
 * was done. INVALID_ARGUMENT for what is no resource of FHIR's and for a rule that cannot be
 * applied to what it reached (unless the set skips errors: then the resource is emptied). Any
 * thread. */
enum status deid_rule_apply(const struct deid_rule_set *set,
                            const struct deid_rule_context *context, const struct json *json,
                            struct arena *arena, struct slice *output, struct error *err);

/* A Bundle in parts: first one without entries, then each entry in a Bundle of its own, at last one
 * with what is left, which gets the labels of all. What becomes of it is what becomes of the whole.
 */
struct deid_rule_parts {
    struct slice id; /* the Bundle's, as it was given; it is written with the first part */
    unsigned done;   /* to the parts so far */
    bool is_begun;   /* the first part is done */
};

/* Whether a Bundle may come in parts. FAILED_PRECONDITION names the rule that asks for the whole,
 * or says that the set does: an error is to empty all of it. */
enum status deid_rule_check_parts(const struct deid_rule_set *set, struct error *err);

/* The same as deid_rule_apply for a part; an error ends the whole. */
enum status deid_rule_apply_part(const struct deid_rule_set *set,
                                 const struct deid_rule_context *context, const struct json *json,
                                 struct deid_rule_parts *parts, bool is_last, struct arena *arena,
                                 struct slice *output, struct error *err);

/* Whether what is done depends on the Bundle's id: how far dates are moved. */
bool deid_rule_asks_id(const struct deid_rule_set *set);

#endif
