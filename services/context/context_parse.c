/* bytes → entry after entry, each read by a reader of its type (context_read.h) → those again that
 * name what came after them → facts and reasons.
 *
 * It fails whole where the bundle itself is wrong (no JSON, no Bundle, two patients). A resource
 * that is wrong is counted under a reason. Whose record it is may stand at the end: then those that
 * speak of somebody else are taken out. */
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

static bool is_type(struct slice type)
{
    for (size_t i = 0; i < type.size; i++)
        if (!isalpha((unsigned char)type.data[i]))
            return false;
    return type.size > 0 && type.size <= 40;
}

/* The reason of a resource whose type has no reader. A type is a name of R4; anything else is not
 * repeated. */
static const char *type_reason(struct slice type, struct arena *arena)
{
    const char *reason;

    if (type.size == 0)
        return "no-resource";
    if (!is_type(type))
        return "type:unknown";
    reason = arena_format(arena, "type:%.*s", SLICE_FORMAT(type));
    return reason == NULL ? "type:unknown" : reason;
}

/* The subject's id, "" when the resource names no person. */
static struct slice subject_of(const struct json *json)
{
    struct slice reference = json_get_string(json_get(json, "subject"), "reference");

    if (reference.size == 0)
        reference = json_get_string(json_get(json, "patient"), "reference");
    if (reference.size == 0)
        reference = json_get_string(json_get(json, "for"), "reference");
    if (reference.size == 0 || reference.data[0] == '#'
        || memchr(reference.data, '?', reference.size) != NULL)
        return (struct slice){ NULL, 0 };
    return fhir_reference_id(reference);
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

/* An entry of a record has so many bytes or more: what room is made for at first. */
#define ENTRY_BYTES 720

#define URL_BYTES_MAX 256

/* What became of an entry; its fact has the same number. */
struct outcome {
    const char *reason; /* NULL: a fact */
    struct slice subject;
    bool is_early; /* it names what came after it */
};

struct parsing {
    struct fhir_bundle bundle;
    struct reading reading;
    struct fact *facts;
    struct outcome *outcomes;
    size_t room;
    struct slice bytes;
};

static struct slice copy_bounded(struct arena *arena, struct slice text, size_t bytes_max)
{
    return text.size == 0 ? text : arena_copy(arena, slice_cut(text, 0, bytes_max));
}

/* NULL: reading->fact is a fact (or void, with the reason telling why). */
static const char *read_one(struct reading *reading, const struct fhir_resource *resource,
                            const struct json *json)
{
    struct fact *fact = reading->fact;
    const struct json *meta = json_get(json, "meta");
    read_resource read = read_find(resource->type);
    const char *reason;

    reading->json = json;
    reading->type = resource->type;
    reading->is_early = false;
    if (!is_type(resource->type))
        return type_reason(resource->type, reading->arena);
    *fact = (struct fact){ .reference = fhir_resource_reference(resource, reading->arena) };
    if (fact->reference.data == NULL)
        reading->scratch.is_full = true;
    if (meta != NULL) {
        fact->version = copy_bounded(reading->arena, json_get_string(meta, "versionId"), 64);
        fhir_date_parse(json_get_string(meta, "lastUpdated"), &fact->updated);
    }
    if (read == NULL)
        return type_reason(resource->type, reading->arena);
    reason = void_reason(json);
    if (reason != NULL) {
        fact->is_void = true;
        return reason;
    }
    reason = read(reading);
    if (reason == NULL)
        read_more(reading);
    return reason;
}

static bool grow(struct parsing *parsing)
{
    struct arena *arena = parsing->reading.arena;
    size_t room = parsing->room == 0 ? parsing->bytes.size / ENTRY_BYTES + 64 : 2 * parsing->room;
    struct fact *facts = arena_alloc(arena, room * sizeof(*facts));
    struct outcome *outcomes = arena_alloc(parsing->bundle.arena, room * sizeof(*outcomes));

    if (facts == NULL || outcomes == NULL)
        return false;
    if (parsing->room > 0) {
        memcpy(facts, parsing->facts, parsing->room * sizeof(*facts));
        memcpy(outcomes, parsing->outcomes, parsing->room * sizeof(*outcomes));
    }
    parsing->facts = facts;
    parsing->outcomes = outcomes;
    parsing->room = room;
    return true;
}

static enum status no_room(const struct parsing *parsing, struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the facts of %zu resources",
                     parsing->bundle.count);
}

static bool is_full(const struct parsing *parsing)
{
    return parsing->reading.scratch.is_full || parsing->reading.names.is_full;
}

/* Read entry @index, whose resource is @json. */
static void read_entry(struct parsing *parsing, size_t index, const struct json *json)
{
    struct reading *reading = &parsing->reading;
    struct outcome *outcome = &parsing->outcomes[index];

    reading->fact = &parsing->facts[index];
    *reading->fact = (struct fact){ 0 };
    outcome->reason = read_one(reading, &parsing->bundle.resources[index], json);
    outcome->is_early = reading->is_early;
    arena_reuse(&reading->again, reading->arena->limit_bytes);
}

/* "Observation/o17" of "http://a/fhir/Observation/o17"; empty where it names no one resource. */
static struct slice reference_of_url(struct slice url)
{
    size_t start = url.size, slashes = 0;

    if (url.size == 0 || memchr(url.data, '?', url.size) != NULL)
        return (struct slice){ NULL, 0 };
    while (start > 0 && (url.data[start - 1] != '/' || ++slashes < 2))
        start--;
    url = slice_cut(url, start, url.size);
    return slice_find_byte(url, '/') + 1 < url.size ? url : (struct slice){ NULL, 0 };
}

static bool is_deletion(const struct json *entry)
{
    return json_get(entry, "resource") == NULL
           && slice_is(json_get_string(json_get(entry, "request"), "method"), "DELETE");
}

/* An entry of a transaction or a history that takes a resource back: a void fact in its place. */
static void read_deletion(struct parsing *parsing, size_t index, const struct json *entry)
{
    struct slice url = json_get_string(json_get(entry, "request"), "url");
    struct fact *fact = &parsing->facts[index];
    struct outcome *outcome = &parsing->outcomes[index];

    url = reference_of_url(url);
    if (url.size == 0)
        url = reference_of_url(json_get_string(entry, "fullUrl"));
    *fact = (struct fact){ .is_void = url.size > 0 };
    *outcome = (struct outcome){ .reason = url.size > 0 ? "deleted" : "deletion-of-nothing" };
    fact->reference = copy_bounded(parsing->reading.arena, url, URL_BYTES_MAX);
    parsing->reading.scratch.is_full |= url.size > 0 && fact->reference.data == NULL;
    fhir_date_parse(json_get_string(json_get(entry, "response"), "lastModified"), &fact->updated);
}

static enum status on_entry(void *arg, const struct json *entry, struct slice bytes,
                            struct error *err)
{
    struct parsing *parsing = arg;
    const struct json *json = json_get(entry, "resource");
    size_t index = parsing->bundle.count;
    struct slice subject = subject_of(json);

    if (!fhir_bundle_add(&parsing->bundle, entry, bytes)
        || (index == parsing->room && !grow(parsing)))
        return no_room(parsing, err);
    if (is_deletion(entry)) {
        read_deletion(parsing, index, entry);
        return is_full(parsing) ? no_room(parsing, err) : STATUS_OK;
    }
    if (subject.size > 0 && (subject.data < bytes.data || subject.data >= bytes.data + bytes.size))
        subject = arena_copy(parsing->bundle.arena, subject);
    parsing->outcomes[index].subject = subject;
    read_entry(parsing, index, json);
    return is_full(parsing) ? no_room(parsing, err) : STATUS_OK;
}

/* Now that all is there. */
static enum status read_again(struct parsing *parsing, struct error *err)
{
    struct arena tree;

    arena_init(&tree, parsing->reading.arena->limit_bytes);
    for (size_t i = 0; i < parsing->bundle.count; i++) {
        if (!parsing->outcomes[i].is_early)
            continue;
        read_entry(parsing, i, fhir_resource_read(&parsing->bundle.resources[i], &tree));
        arena_reuse(&tree, parsing->reading.arena->limit_bytes);
    }
    arena_close(&tree);
    return is_full(parsing) ? no_room(parsing, err) : STATUS_OK;
}

static const struct fhir_resource *find_patient(const struct fhir_bundle *bundle, struct error *err,
                                                enum status *status)
{
    const struct fhir_resource *patient = NULL;

    *status = STATUS_OK;
    for (size_t i = 0; i < bundle->count; i++) {
        const struct fhir_resource *resource = &bundle->resources[i];

        if (!slice_is(resource->type, "Patient"))
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

/* Whether a resource speaks of somebody else than @patient. Without a Patient in the bundle the
 * first subject is the patient. */
static bool is_of_another(struct slice subject, const struct fhir_resource *patient,
                          struct slice *first)
{
    if (subject.size == 0)
        return false;
    if (patient != NULL)
        return !slice_equal(subject, patient->id)
               && !slice_equal(subject, fhir_reference_id(patient->full_url));
    if (first->size == 0)
        *first = subject;
    return !slice_equal(subject, *first);
}

/* Before its facts close up. */
static void collect_whole(struct parsing *parsing, size_t index, struct parsed *parsed)
{
    const struct fhir_resource *resource = &parsing->bundle.resources[index];
    const struct fact *fact = &parsing->facts[index];
    bool is_deleted = resource->type.size == 0;

    if (fact->reference.size == 0) /* no resource, and no deletion of one */
        return;
    parsed->whole.items[parsed->whole.count++] = (struct resource){
        .reference = fact->reference,
        .version = fact->version,
        .updated = fact->updated,
        .is_void = fact->is_void,
        .entry = is_deleted ? (struct slice){ NULL, 0 } : resource->bytes,
    };
}

/* Facts close up; the others are counted. */
static void collect(struct parsing *parsing, const struct fhir_resource *patient,
                    struct parsed *parsed)
{
    struct slice first_subject = { NULL, 0 };

    parsed->facts = parsing->facts;
    parsed->resources = (uint32_t)parsing->bundle.count;
    for (size_t i = 0; i < parsing->bundle.count; i++) {
        const struct outcome *outcome = &parsing->outcomes[i];
        bool is_others = is_of_another(outcome->subject, patient, &first_subject);
        const char *reason = is_others ? "other-subject" : outcome->reason;

        if (reason != NULL)
            reasons_add(&parsed->reasons, reason, 1);
        if (!is_others)
            collect_whole(parsing, i, parsed);
        if (!is_others && (reason == NULL || parsing->facts[i].is_void))
            parsed->facts[parsed->count++] = parsing->facts[i];
    }
}

static enum status parse(struct parsing *parsing, struct parsed *parsed, struct error *err)
{
    const struct fhir_resource *patient;
    struct json *root;
    enum status status;

    if (!names_init(&parsing->reading.names, parsing->reading.arena, parsing->bundle.arena)
        || !grow(parsing))
        return no_room(parsing, err);
    status = json_parse_each(parsing->bytes, "entry", on_entry, parsing, parsing->bundle.arena,
                             &root, err);
    if (status == STATUS_OK)
        status = fhir_bundle_check(root, err);
    if (status != STATUS_OK)
        return status;
    patient = find_patient(&parsing->bundle, err, &status);
    if (status == STATUS_OK)
        status = read_again(parsing, err);
    if (status != STATUS_OK)
        return status;
    parsed->whole.items =
        ARENA_ARRAY(parsing->reading.arena, struct resource, parsing->bundle.count);
    if (parsed->whole.items == NULL)
        return no_room(parsing, err);
    collect(parsing, patient, parsed);
    return STATUS_OK;
}

enum status context_parse(struct slice bytes, struct arena *arena, struct parsed *parsed,
                          struct error *err)
{
    struct parsing *parsing = ARENA_NEW(arena, struct parsing);
    struct arena table; /* what goes back as soon as the facts are made */
    enum status status;

    *parsed = (struct parsed){ 0 };
    if (parsing == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to read %zu bytes", bytes.size);
    arena_init(&table, arena->limit_bytes);
    arena_init(&parsing->reading.again, arena->limit_bytes);
    fhir_bundle_init(&parsing->bundle, bytes.size / ENTRY_BYTES, &table);
    parsing->bytes = bytes;
    parsing->reading.bundle = &parsing->bundle;
    parsing->reading.arena = arena;
    buffer_init(&parsing->reading.scratch, &table);
    status = parse(parsing, parsed, err);
    arena_close(&parsing->reading.again);
    arena_close(&table);
    return status;
}
