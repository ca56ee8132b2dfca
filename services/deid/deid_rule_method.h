/* The methods of rules: what one does to one element. Used by deid_rule_apply alone. */
#ifndef DEID_RULE_METHOD_H
#define DEID_RULE_METHOD_H

#include "deid_rule_apply.h"

/* What was done, as bits: a label of the resource for each. */
enum deid_rule_done {
    DEID_RULE_DONE_REDACTED = 1 << 0,
    DEID_RULE_DONE_ABSTRACTED = 1 << 1,
    DEID_RULE_DONE_HASHED = 1 << 2,
    DEID_RULE_DONE_MASKED = 1 << 3,
    DEID_RULE_DONE_PERTURBED = 1 << 4,
    DEID_RULE_DONE_SUBSTITUTED = 1 << 5,
    DEID_RULE_DONE_GENERALIZED = 1 << 6,
};

struct deid_rule_work {
    const struct deid_rule_set *set;
    const struct deid_rule_context *context;
    struct arena *arena;
    struct error *err;
    unsigned done;                 /* enum deid_rule_done, of the resource at hand */
    struct deid_rule_parts *parts; /* NULL: it is whole */
    bool is_last;                  /* of the parts */
};

enum status deid_rule_redact(struct deid_rule_work *work, struct deid_node *node);
enum status deid_rule_date_shift(struct deid_rule_work *work, struct deid_node *node);
enum status deid_rule_crypto_hash(struct deid_rule_work *work, struct deid_node *node);
enum status deid_rule_encrypt(struct deid_rule_work *work, struct deid_node *node);
enum status deid_rule_perturb(struct deid_rule_work *work, const struct deid_rule *rule,
                              struct deid_node *node);
enum status deid_rule_generalize(struct deid_rule_work *work, const struct deid_rule *rule,
                                 struct deid_node *node);
/* deid_rule_substitute.c */
enum status deid_rule_substitute(struct deid_rule_work *work, const struct deid_rule *rule,
                                 struct deid_node *node);

#endif
