/* What the limited profile takes out of a resource (where a house stands, a photo) goes into the
 * map, with the place that it had, so that the way back gives the record byte for byte. In
 * safe-harbor nothing is kept of it. */
#ifndef DEID_FHIR_REMOVED_H
#define DEID_FHIR_REMOVED_H

#include "deid_map.h"
#include "fhir/json.h"

#define DEID_FHIR_REMOVED_BYTES_MAX ((size_t)64 << 10) /* what is larger does not come back */

/* One thing that is about to be taken out: @item of @parent, at @index of it, anywhere in
 * @resource. */
struct deid_fhir_removal {
    struct slice path; /* from the resource to the parent: the places of children, "3.0.2" */
    struct slice json; /* what was there, with its key */
    unsigned index;
    struct deid_fhir_removal *next;
};

/* Note it in @arena at the front of *@list, before it is unlinked. Too large and too deep things
 * are left out. False: no room. */
bool deid_fhir_removed_note(const struct json *resource, const struct json *parent,
                            const struct json *item, unsigned index, struct arena *arena,
                            struct deid_fhir_removal **list);

/* The name of a redacted resource, "Type/id" and its version where it has one, in @arena; empty for
 * one without an id, of which nothing is kept. data NULL: no room. */
struct slice deid_fhir_removed_name(const struct json *resource, struct arena *arena);

/* Put the removals of one resource, newest first, into the map under its @name.
 * What was there under that name is forgotten. False: no room. */
bool deid_fhir_removed_put(struct deid_map *map, struct slice name, struct arena *arena,
                           const struct deid_fhir_removal *list);

/* The removals of @name, in the order in which they are to be put back; NULL: none. *@is_full:
 * there was no room. */
struct deid_fhir_removal *deid_fhir_removed_find(struct deid_map *map, struct slice name,
                                                 struct arena *arena, bool *is_full);

/* Put one back into @resource. INVALID_ARGUMENT when the place is not there: the resource is not
 * the one that was redacted. */
enum status deid_fhir_removed_restore(struct json *resource,
                                      const struct deid_fhir_removal *removal, struct arena *arena,
                                      struct error *err);

#endif
