/* A Bundle as a table of resources, and references between them. */
#ifndef FHIR_RESOURCE_H
#define FHIR_RESOURCE_H

#include "fhir/json.h"

struct fhir_resource {
    const struct json *json;
    struct slice type; /* "Observation"; "" when the entry holds no resource that says its type */
    struct slice id;   /* may be empty */
    struct slice full_url; /* may be empty */
    size_t entry;          /* index in Bundle.entry */
};

struct fhir_bundle {
    struct fhir_resource *resources; /* every entry, in order */
    size_t count;
    uint32_t *by_name; /* a hash table of index + 1, by full URL and by "Type/id" */
    size_t slots;
};

/* Index @root, a Bundle. INVALID_ARGUMENT when it is none, or when Bundle.entry is no array. What
 * is inside is borrowed from the tree. */
enum status fhir_bundle_read(const struct json *root, struct arena *arena,
                             struct fhir_bundle *bundle, struct error *err);

/* The resource that Reference @reference names: "#id" inside @container's contained, a full URL,
 * "Type/id", or an absolute URL
 * that ends in "Type/id", with or without "/_history/…". NULL when it dangles. */
const struct json *fhir_bundle_resolve(const struct fhir_bundle *bundle,
                                       const struct json *container, const struct json *reference);

/* "Type/id" of a resource, into @arena; from the last part of its full URL when it has no id;
 * "Type" and the entry's number when it has neither. */
struct slice fhir_resource_reference(const struct fhir_resource *resource, struct arena *arena);

/* The id that a reference's text ends in: of "urn:uuid:x", "Patient/x",
 * "http://h/Patient/x/_history/2" it is "x". */
struct slice fhir_reference_id(struct slice text);

#endif
