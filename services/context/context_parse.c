/* bytes → JSON tree → bundle → for each entry a reader (context_read.h) → facts and reasons.
 *
 * It fails whole where the bundle itself is wrong (no JSON, no Bundle, two patients). A resource
 * that is wrong is counted under a reason. */
#include "context_parse.h"

#include <ctype.h>

#include "base/limits.h"
#include "context_read.h"

void reasons_add(struct reasons *reasons, const char *reason, uint32_t count)
{
    size_t i = 0;

    while (i < reasons->count && strcmp(reasons->items[i].reason, reason) != 0)
        i++;
    if (i == reasons->count && i == PARSE_REASONS_MAX) {
        i = PARSE_REASONS_MAX - 1;
        reasons->items[i].reason = "other";
    } else if (i == reasons->count) {
        reasons->items[reasons->count++] = (struct reason_count){ reason, 0 };
    }
    reasons->items[i].count += count;
}

uint32_t reasons_total(const struct reasons *reasons)
{
    uint32_t total = 0;

    for (size_t i = 0; i < reasons->count; i++)
        total += reasons->items[i].count;
    return total;
}

/* The reason of a resource whose type has no reader. A type is a name of R4; anything else is not
 * repeated. */
static const char *type_reason(struct slice type, struct arena *arena)
{
    const char *reason;

    if (type.size == 0)
        return "no-resource";
    if (type.size > 40)
        return "type:unknown";
    for (size_t i = 0; i < type.size; i++)
        if (!isalpha((unsigned char)type.data[i]))
            return "type:unknown";
    reason = arena_format(arena, "type:%.*s", SLICE_FORMAT(type));
    return reason == NULL ? "type:unknown" : reason;
}

static bool is_patient(const struct fhir_resource *resource)
{
    return slice_is(resource->type, "Patient");
}

static const struct fhir_resource *find_patient(const struct fhir_bundle *bundle, struct error *err,
                                                enum status *status)
{
    const struct fhir_resource *patient = NULL;

    *status = STATUS_OK;
    for (size_t i = 0; i < bundle->count; i++) {
        const struct fhir_resource *resource = &bundle->resources[i];

        if (!is_patient(resource))
            continue;
        if (patient != NULL && !slice_equal(patient->id, resource->id)) {
            *status = error_set(
                err, STATUS_INVALID_ARGUMENT,
                "the bundle holds two patients (entries %zu and %zu); put one record at a time",
                patient->entry, resource->entry);
            return NULL;
        }
        patient = resource;
    }
    return patient;
}

/* The subject's id, "" when the resource names no person. */
static struct slice subject_of(const struct json *json)
{
    struct slice reference = json_get_string(json_get(json, "subject"), "reference");

    if (reference.size == 0)
        reference = json_get_string(json_get(json, "patient"), "reference");
    if (reference.size == 0 || reference.data[0] == '#'
        || memchr(reference.data, '?', reference.size) != NULL)
        return (struct slice){ NULL, 0 };
    return fhir_reference_id(reference);
}

/* Whether @resource speaks of somebody else than @patient. Without a Patient in the bundle the
 * first subject is the patient. */
static bool is_of_another(const struct fhir_resource *resource, const struct fhir_resource *patient,
                          struct slice *first)
{
    struct slice subject = subject_of(resource->json);

    if (subject.size == 0)
        return false;
    if (patient != NULL)
        return !slice_equal(subject, patient->id)
               && !slice_equal(subject, fhir_reference_id(patient->full_url));
    if (first->size == 0)
        *first = subject;
    return !slice_equal(subject, *first);
}

/* What says that a resource must not count as true. */
static const char *void_reason(const struct json *json)
{
    const struct json *verification = json_get(json, "verificationStatus");

    if (slice_is(json_get_string(json, "status"), "entered-in-error")
        || slice_is(json_get_string(json, "lifecycleStatus"), "entered-in-error")
        || fhir_code_has(verification, "entered-in-error"))
        return "entered-in-error";
    return fhir_code_has(verification, "refuted") ? "refuted" : NULL;
}

static struct slice copy_bounded(struct arena *arena, struct slice text, size_t bytes_max)
{
    return text.size == 0 ? text : arena_copy(arena, slice_cut(text, 0, bytes_max));
}

/* NULL: reading->fact is a fact (or void, with @is_counted_void telling why). */
static const char *read_one(struct reading *reading, const struct fhir_resource *resource)
{
    struct fact *fact = reading->fact;
    const struct json *meta = json_get(resource->json, "meta");
    read_resource read = read_find(resource->type);
    const char *reason;

    if (read == NULL)
        return type_reason(resource->type, reading->arena);
    *fact = (struct fact){ .reference = fhir_resource_reference(resource, reading->arena) };
    if (fact->reference.data == NULL)
        reading->scratch.is_full = true;
    fact->version = copy_bounded(reading->arena, json_get_string(meta, "versionId"), 64);
    fhir_date_parse(json_get_string(meta, "lastUpdated"), &fact->updated);
    reason = void_reason(resource->json);
    if (reason != NULL) {
        fact->is_void = true;
        return reason;
    }
    return read(reading);
}

static enum status parse_entries(struct reading *reading, const struct fhir_resource *patient,
                                 struct parsed *parsed, struct error *err)
{
    const struct fhir_bundle *bundle = reading->bundle;
    struct slice first_subject = { NULL, 0 };

    for (size_t i = 0; i < bundle->count; i++) {
        const struct fhir_resource *resource = &bundle->resources[i];
        struct fact fact = { 0 };
        const char *reason;

        reading->fact = &fact;
        reading->json = resource->json;
        reading->type = resource->type;
        reason = is_of_another(resource, patient, &first_subject) ? "other-subject"
                                                                  : read_one(reading, resource);
        if (reason != NULL)
            reasons_add(&parsed->reasons, reason, 1);
        if (reason == NULL || fact.is_void)
            parsed->facts[parsed->count++] = fact;
        if (reading->scratch.is_full)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                             "no room for the facts of %zu resources", bundle->count);
    }
    return STATUS_OK;
}

enum status context_parse(struct slice bytes, struct arena *arena, struct parsed *parsed,
                          struct error *err)
{
    const struct fhir_resource *patient;
    struct reading reading = { .arena = arena };
    struct fhir_bundle bundle;
    struct arena tree;
    struct json *root;
    enum status status;

    *parsed = (struct parsed){ 0 };
    /* The tree goes back as soon as the facts are made: it is many times their size. */
    arena_init(&tree, arena->limit_bytes);
    status = json_parse(bytes, &tree, &root, err);
    if (status == STATUS_OK)
        status = fhir_bundle_read(root, &tree, &bundle, err);
    if (status == STATUS_OK)
        patient = find_patient(&bundle, err, &status);
    if (status == STATUS_OK) {
        reading.bundle = &bundle;
        parsed->resources = (uint32_t)bundle.count;
        parsed->facts = ARENA_ARRAY(arena, struct fact, bundle.count);
        buffer_init(&reading.scratch, arena);
        status = parsed->facts == NULL ? error_set(err, STATUS_RESOURCE_EXHAUSTED,
                                                   "no room for %zu facts", bundle.count)
                                       : parse_entries(&reading, patient, parsed, err);
    }
    arena_close(&tree);
    return status;
}
