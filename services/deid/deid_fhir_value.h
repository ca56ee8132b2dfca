/* What becomes of one string of a resource under an action of the profile. */
#ifndef DEID_FHIR_VALUE_H
#define DEID_FHIR_VALUE_H

#include "deid_fhir_walk.h"

/* Rewrite the string @node, member @key of @place, in place; *@is_removed: it is to go. */
enum status deid_fhir_value_rewrite(struct deid_fhir_walk *walk, struct json *node,
                                    struct slice key, enum deid_action action,
                                    const struct deid_fhir_place *place, bool *is_removed);

/* The whole string by a surrogate of @class. */
enum status deid_fhir_value_replace(struct deid_fhir_walk *walk, struct json *node,
                                    enum deid_class class);

/* The string as a text. */
enum status deid_fhir_value_text(struct deid_fhir_walk *walk, struct json *node, bool is_markup);

/* A number where one cannot be trusted: among what is unknown, or a known identifier anywhere. It
 * becomes a string with a surrogate, which the way back makes a number again. */
enum status deid_fhir_value_number(struct deid_fhir_walk *walk, struct json *node, bool is_unknown);

/* What the original of a number begins with in the map. */
#define DEID_FHIR_VALUE_NUMBER_MARK '\x1f'

#endif
