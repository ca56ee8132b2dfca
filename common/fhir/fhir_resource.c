#include "fhir/fhir_resource.h"

#include "base/hash.h"

static const uint64_t name_seed = 0x66686972;

static struct slice after_last(struct slice text, char byte)
{
    size_t at = text.size;

    while (at > 0 && text.data[at - 1] != byte)
        at--;
    return slice_cut(text, at, text.size);
}

/* Without "/_history/…". */
static struct slice without_version(struct slice text)
{
    static const char mark[] = "/_history/";
    const char *at = text.size == 0 ? NULL : memmem(text.data, text.size, mark, sizeof(mark) - 1);

    return at == NULL ? text : slice_cut(text, 0, (size_t)(at - text.data));
}

struct slice fhir_reference_id(struct slice text)
{
    text = without_version(text);
    return after_last(after_last(text, '/'), ':');
}

/* "Type/id" at the end of an absolute or relative URL; "" when there is no such thing. */
static struct slice relative_part(struct slice url)
{
    struct slice id = after_last(url, '/');
    struct slice before;
    struct slice type;

    if (id.size == 0 || id.size == url.size)
        return (struct slice){ NULL, 0 };
    before = slice_cut(url, 0, url.size - id.size - 1);
    type = after_last(before, '/');
    return slice_of(type.data, type.size + 1 + id.size);
}

static uint64_t hash_pair(struct slice type, struct slice id)
{
    return hash_bytes(id, hash_bytes(type, name_seed));
}

static uint64_t hash_relative(struct slice relative)
{
    size_t slash = slice_find_byte(relative, '/');

    return hash_pair(slice_cut(relative, 0, slash), slice_cut(relative, slash + 1, relative.size));
}

static void insert(struct fhir_bundle *bundle, uint64_t hash, size_t index)
{
    size_t at = hash & (bundle->slots - 1);

    while (bundle->by_name[at] != 0)
        at = (at + 1) & (bundle->slots - 1);
    bundle->by_name[at] = (uint32_t)index + 1;
}

static void index_resource(struct fhir_bundle *bundle, size_t index)
{
    const struct fhir_resource *resource = &bundle->resources[index];

    if (resource->full_url.size > 0)
        insert(bundle, hash_bytes(resource->full_url, name_seed), index);
    if (resource->type.size > 0 && resource->id.size > 0)
        insert(bundle, hash_pair(resource->type, resource->id), index);
}

enum status fhir_bundle_read(const struct json *root, struct arena *arena,
                             struct fhir_bundle *bundle, struct error *err)
{
    const struct json *entries = json_get(root, "entry"), *entry;
    size_t i = 0;

    *bundle = (struct fhir_bundle){ .slots = 64 };
    if (!slice_is(json_get_string(root, "resourceType"), "Bundle"))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "not a FHIR Bundle: resourceType is something else");
    if (entries != NULL && entries->kind != JSON_KIND_ARRAY)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "not a FHIR Bundle: Bundle.entry is no array");
    bundle->count = entries == NULL ? 0 : entries->count;
    while (bundle->slots < bundle->count * 4)
        bundle->slots *= 2;
    bundle->resources = ARENA_ARRAY(arena, struct fhir_resource, bundle->count);
    bundle->by_name = ARENA_ARRAY(arena, uint32_t, bundle->slots);
    if (bundle->resources == NULL || bundle->by_name == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to index %zu entries",
                         bundle->count);
    for (entry = json_first(entries); entry != NULL; entry = entry->next, i++) {
        const struct json *json = json_get(entry, "resource");

        bundle->resources[i] = (struct fhir_resource){ json, json_get_string(json, "resourceType"),
                                                       json_get_string(json, "id"),
                                                       json_get_string(entry, "fullUrl"), i };
        index_resource(bundle, i);
    }
    return STATUS_OK;
}

static const struct json *find_contained(const struct json *container, struct slice id)
{
    const struct json *item;

    for (item = json_first(json_get(container, "contained")); item != NULL; item = item->next)
        if (slice_equal(json_get_string(item, "id"), id))
            return item;
    return NULL;
}

static const struct json *find_full_url(const struct fhir_bundle *bundle, struct slice url)
{
    size_t at = hash_bytes(url, name_seed) & (bundle->slots - 1);

    for (; bundle->by_name[at] != 0; at = (at + 1) & (bundle->slots - 1))
        if (slice_equal(bundle->resources[bundle->by_name[at] - 1].full_url, url))
            return bundle->resources[bundle->by_name[at] - 1].json;
    return NULL;
}

static bool is_named(const struct fhir_resource *resource, struct slice relative)
{
    size_t slash = slice_find_byte(relative, '/');

    return slice_equal(resource->type, slice_cut(relative, 0, slash))
           && slice_equal(resource->id, slice_cut(relative, slash + 1, relative.size));
}

static const struct json *find_relative(const struct fhir_bundle *bundle, struct slice relative)
{
    size_t at = hash_relative(relative) & (bundle->slots - 1);

    for (; bundle->by_name[at] != 0; at = (at + 1) & (bundle->slots - 1))
        if (is_named(&bundle->resources[bundle->by_name[at] - 1], relative))
            return bundle->resources[bundle->by_name[at] - 1].json;
    return NULL;
}

const struct json *fhir_bundle_resolve(const struct fhir_bundle *bundle,
                                       const struct json *container, const struct json *reference)
{
    struct slice text = without_version(json_get_string(reference, "reference"));
    const struct json *found;
    struct slice relative;

    if (text.size == 0)
        return NULL;
    if (text.data[0] == '#')
        return find_contained(container, slice_cut(text, 1, text.size));
    found = find_full_url(bundle, text);
    relative = relative_part(text);
    return found != NULL || relative.size == 0 ? found : find_relative(bundle, relative);
}

struct slice fhir_resource_reference(const struct fhir_resource *resource, struct arena *arena)
{
    struct slice id = resource->id.size > 0 ? resource->id : fhir_reference_id(resource->full_url);
    char *text;

    if (id.size > 0)
        text = arena_format(arena, "%.*s/%.*s", SLICE_FORMAT(resource->type), SLICE_FORMAT(id));
    else
        text =
            arena_format(arena, "%.*s (entry %zu)", SLICE_FORMAT(resource->type), resource->entry);
    return slice_from(text);
}
