/* A Bundle as a table of resources that grows as the entries are told of (json_parse_each), and
 * references between them. A resource's tree is gone by then: it is read again from its bytes. */
#ifndef FHIR_RESOURCE_H
#define FHIR_RESOURCE_H

#include "fhir/json.h"

struct fhir_resource {
    struct slice type; /* "Observation"; "" when the entry holds no resource that says its type */
    struct slice id;   /* may be empty */
    struct slice full_url; /* may be empty */
    struct slice bytes;    /* of the entry */
    size_t entry;          /* index in Bundle.entry */
};

struct fhir_bundle {
    struct arena *arena;
    struct fhir_resource *resources; /* every entry, in order; moves as it grows */
    size_t count, room;
    uint32_t *by_name; /* a hash table of index + 1, by full URL and by "Type/id" */
    size_t slots, names;
    size_t count_hint;
};

/* @count_hint: about how many entries there will be; 0 will do. */
void fhir_bundle_init(struct fhir_bundle *bundle, size_t count_hint, struct arena *arena);

/* One more entry, read from @bytes, which stay. The resource is in fhir_bundle_last until the next
 * one. False: no room. */
bool fhir_bundle_add(struct fhir_bundle *bundle, const struct json *entry, struct slice bytes);

/* What the entries are of: INVALID_ARGUMENT where @root is no Bundle, or Bundle.entry no array. */
enum status fhir_bundle_check(const struct json *root, struct error *err);

/* The index of the resource that the reference @text names: a full URL, "Type/id", or an absolute
 * URL that ends in "Type/id", with or without "/_history/…". SIZE_MAX when none of those that are
 * there so far. */
size_t fhir_bundle_find(const struct fhir_bundle *bundle, struct slice text);

/* Read a resource again; its tree is in @arena. NULL: no room. */
const struct json *fhir_resource_read(const struct fhir_resource *resource, struct arena *arena);

/* "#id" inside @container's contained; NULL when there is none. */
const struct json *fhir_contained_find(const struct json *container, struct slice reference);

/* "Type/id" of a resource, into @arena; from the last part of its full URL when it has no id;
 * "Type" and the entry's number when it has neither. */
struct slice fhir_resource_reference(const struct fhir_resource *resource, struct arena *arena);

/* The id that a reference's text ends in: of "urn:uuid:x", "Patient/x",
 * "http://h/Patient/x/_history/2" it is "x". */
struct slice fhir_reference_id(struct slice text);

#endif
