/* Ids of resources and whatever refers to them: rewritten so that what resolved resolves. */
#ifndef DEID_FHIR_REFERENCE_H
#define DEID_FHIR_REFERENCE_H

#include "deid_fhir_walk.h"

/* The id of the resource of @type that @node is; @is_contained: one that only its container refers
 * to. */
enum status deid_fhir_reference_id(struct deid_fhir_walk *walk, struct json *node,
                                   struct slice type, bool is_contained);

/* "Type/id", "[base/]Type/id/_history/n", "urn:uuid:id", "#id", "Type?search". *@is_one is false
 * (and @node as it was) for anything else. */
enum status deid_fhir_reference_rewrite(struct deid_fhir_walk *walk, struct json *node,
                                        bool *is_one);

/* "identifier=system|value&name=value" */
enum status deid_fhir_reference_search(struct deid_fhir_walk *walk, struct json *node);

/* An identifier's value; one that is the id of a resource of this record goes as that id does. */
enum status deid_fhir_reference_identifier(struct deid_fhir_walk *walk, struct json *node,
                                           const struct json *identifier);

/* The surrogate of a resource's id, as it stands in a redacted record, in the redactor's arena. */
enum status deid_fhir_reference_put(struct deid_fhir_walk *walk, char letter, struct slice original,
                                    struct slice *surrogate);

#endif
