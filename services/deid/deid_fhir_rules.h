/* A resource under a site's rules (deid_rule.h), with the profile for what they leave to it. */
#ifndef DEID_FHIR_RULES_H
#define DEID_FHIR_RULES_H

#include "deid_fhir_walk.h"
#include "deid_rule_apply.h"

/* @root, which was learnt, under walk->redactor->policy's rules, as compact JSON in the redactor's
 * arena. */
enum status deid_fhir_rules_apply(struct deid_fhir_walk *walk, const struct json *root,
                                  struct slice *output);

/* The same for a part of a Bundle (deid_rule_apply_part). */
enum status deid_fhir_rules_apply_part(struct deid_fhir_walk *walk, const struct json *root,
                                       struct deid_rule_parts *parts, bool is_last,
                                       struct slice *output);

#endif
