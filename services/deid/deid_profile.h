/* The path profile: what is done with each element of a FHIR resource, by its key and what it
 * stands in. Elements that no row names are read as text. */
#ifndef DEID_PROFILE_H
#define DEID_PROFILE_H

#include "base/slice.h"

enum deid_action {
    DEID_ACTION_TEXT, /* scanned as a text */
    DEID_ACTION_KEEP, /* from a closed vocabulary: codes, systems, units; only what the patient is
                         known by is replaced */
    DEID_ACTION_ID,   /* resource id */
    DEID_ACTION_REFERENCE, /* literal reference, fullUrl, request.url */
    DEID_ACTION_NAME,      /* a person's name or a part of it */
    DEID_ACTION_PLACE,     /* below a state, or the name of an organization */
    DEID_ACTION_POSTAL,
    DEID_ACTION_BIRTH_DATE,
    DEID_ACTION_TELECOM,    /* class by its system */
    DEID_ACTION_IDENTIFIER, /* class by its type */
    DEID_ACTION_DEVICE,
    DEID_ACTION_MARKUP, /* a narrative's div */
    DEID_ACTION_BASE64, /* text inside is redacted, anything else removed */
    DEID_ACTION_REMOVE,
};

/* The action for member @key of an object that is itself the member @parent (of an array: the
 * array's key) of @grandparent; in a resource of
 * @type. */
enum deid_action deid_profile_action(struct slice key, struct slice parent, struct slice type);

#endif
