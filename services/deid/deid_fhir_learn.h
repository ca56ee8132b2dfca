/* What a record knows of its patient and of its own ids, put into the map before anything is
 * redacted, so that a name in a note is found by what the Patient beside it is called. */
#ifndef DEID_FHIR_LEARN_H
#define DEID_FHIR_LEARN_H

#include "deid_redact.h"
#include "fhir/json.h"

/* What is learnt from, resource by resource. */
struct deid_fhir_learner {
    struct deid_map *map;
    struct arena *arena; /* of the call */
    struct error *err;
    struct slice patient; /* original id, "" for a Patient without one, in the map's arena; data
                             NULL: none yet */
    bool has_many;        /* several patients may come: they are people among others */
    bool is_more_known;   /* somebody's names and numbers were learnt */
};

/* Learn the resource or Bundle @root: an id for each resource and each urn:uuid fullUrl; names,
 * numbers and addresses of the patient, of relatives and of practitioners. @root is only read. The
 * redactor's identity is as before: deid_redactor_learn comes next. INVALID_ARGUMENT for what is no
 * FHIR resource and for two patients; RESOURCE_EXHAUSTED when there is no room. What was learnt up
 * to then stays in the map. The thread of the redactor's call. */
enum status deid_fhir_learn(struct deid_fhir_learner *learner, const struct json *root);

/* The same from one entry of a Bundle. */
enum status deid_fhir_learn_entry(struct deid_fhir_learner *learner, const struct json *entry);

#endif
