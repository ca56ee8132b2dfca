/* The path profile: what is done with each element of FHIR, by the type that it stands in and its
 * own. Made once for the whole table of types; the walk then reads a byte. */
#ifndef DEID_PROFILE_H
#define DEID_PROFILE_H

#include "deid_fhir_type.h"

enum deid_action {
    DEID_ACTION_TEXT, /* scanned as a text; elements that are unknown are texts too */
    DEID_ACTION_KEEP, /* from a closed vocabulary: codes, systems, units; only what the patient is
                         known by is replaced */
    DEID_ACTION_ID,   /* resource id */
    DEID_ACTION_REFERENCE, /* literal reference, fullUrl, request.url */
    DEID_ACTION_LINK,      /* may be a reference; else a text */
    DEID_ACTION_SEARCH,    /* a search without its "Type?" */
    DEID_ACTION_DISPLAY,   /* of a reference: by what it refers to */
    DEID_ACTION_NAME,      /* a person's name or a part of it */
    DEID_ACTION_PLACE,     /* below a state, or the name of an organization */
    DEID_ACTION_POSTAL,
    DEID_ACTION_DATE,
    DEID_ACTION_BIRTH_DATE,
    DEID_ACTION_TELECOM,    /* class by its system */
    DEID_ACTION_IDENTIFIER, /* class by its type */
    DEID_ACTION_DEVICE,
    DEID_ACTION_MARKUP, /* a narrative's div */
    DEID_ACTION_BASE64, /* text inside is redacted, anything else removed */
    DEID_ACTION_REMOVE,
};

/* Set the action of every type and every element of @types. */
void deid_profile_mark(struct deid_fhir_types *types);

#endif
