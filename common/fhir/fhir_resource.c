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
    const char *at = text.size == 0 || memchr(text.data, '_', text.size) == NULL
                         ? NULL
                         : memmem(text.data, text.size, mark, sizeof(mark) - 1);

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

void fhir_bundle_init(struct fhir_bundle *bundle, size_t count_hint, struct arena *arena)
{
    *bundle = (struct fhir_bundle){ .arena = arena, .count_hint = count_hint };
}

static void insert(struct fhir_bundle *bundle, uint64_t hash, size_t index)
{
    size_t at = hash & (bundle->slots - 1);

    while (bundle->by_name[at] != 0)
        at = (at + 1) & (bundle->slots - 1);
    bundle->by_name[at] = (uint32_t)index + 1;
    bundle->names++;
}

static void index_resource(struct fhir_bundle *bundle, size_t index)
{
    const struct fhir_resource *resource = &bundle->resources[index];

    if (resource->full_url.size > 0)
        insert(bundle, hash_bytes(resource->full_url, name_seed), index);
    if (resource->type.size > 0 && resource->id.size > 0)
        insert(bundle, hash_pair(resource->type, resource->id), index);
}

/* Room for one more, in the table (at most half full) and in the row. */
static bool make_room(struct fhir_bundle *bundle)
{
    if (bundle->count == bundle->room) {
        size_t room = bundle->room == 0 ? bundle->count_hint + 16 : 2 * bundle->room;
        struct fhir_resource *resources = arena_alloc(bundle->arena, room * sizeof(*resources));

        if (resources == NULL)
            return false;
        if (bundle->count > 0)
            memcpy(resources, bundle->resources, bundle->count * sizeof(*resources));
        bundle->resources = resources;
        bundle->room = room;
    }
    if (bundle->slots >= 2 * (bundle->names + 2))
        return true;
    for (bundle->slots = bundle->slots == 0 ? 256 : 4 * bundle->slots;
         bundle->slots < 4 * bundle->count_hint;)
        bundle->slots *= 2;
    bundle->by_name = ARENA_ARRAY(bundle->arena, uint32_t, bundle->slots);
    bundle->names = 0;
    for (size_t i = 0; bundle->by_name != NULL && i < bundle->count; i++)
        index_resource(bundle, i);
    return bundle->by_name != NULL;
}

/* A string without escapes is a view into the entry's bytes and stays; another goes with its tree.
 */
static struct slice keep(struct fhir_bundle *bundle, struct slice text, struct slice bytes,
                         bool *is_kept)
{
    if (text.size == 0 || (text.data >= bytes.data && text.data < bytes.data + bytes.size))
        return text;
    text = arena_copy(bundle->arena, text);
    *is_kept &= text.data != NULL;
    return text;
}

bool fhir_bundle_add(struct fhir_bundle *bundle, const struct json *entry, struct slice bytes)
{
    const struct json *json = json_get(entry, "resource");
    bool is_kept = make_room(bundle);
    struct fhir_resource *resource;

    if (!is_kept)
        return false;
    resource = &bundle->resources[bundle->count];
    resource->type = keep(bundle, json_get_string(json, "resourceType"), bytes, &is_kept);
    resource->id = keep(bundle, json_get_string(json, "id"), bytes, &is_kept);
    resource->full_url = keep(bundle, json_get_string(entry, "fullUrl"), bytes, &is_kept);
    resource->bytes = bytes;
    resource->entry = bundle->count;
    if (is_kept)
        index_resource(bundle, bundle->count++);
    return is_kept;
}

enum status fhir_bundle_check(const struct json *root, struct error *err)
{
    const struct json *entries = json_get(root, "entry");

    if (!slice_is(json_get_string(root, "resourceType"), "Bundle"))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "not a FHIR Bundle: resourceType is something else");
    if (entries != NULL && entries->kind != JSON_KIND_ARRAY)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "not a FHIR Bundle: Bundle.entry is no array");
    return STATUS_OK;
}

const struct json *fhir_contained_find(const struct json *container, struct slice reference)
{
    struct slice id = slice_cut(reference, 1, reference.size);
    const struct json *item;

    for (item = json_first(json_get(container, "contained")); item != NULL; item = item->next)
        if (slice_equal(json_get_string(item, "id"), id))
            return item;
    return NULL;
}

static size_t find_full_url(const struct fhir_bundle *bundle, struct slice url)
{
    size_t at = hash_bytes(url, name_seed) & (bundle->slots - 1);

    for (; bundle->by_name[at] != 0; at = (at + 1) & (bundle->slots - 1))
        if (slice_equal(bundle->resources[bundle->by_name[at] - 1].full_url, url))
            return bundle->by_name[at] - 1;
    return SIZE_MAX;
}

static bool is_named(const struct fhir_resource *resource, struct slice relative)
{
    size_t slash = slice_find_byte(relative, '/');

    return slice_equal(resource->type, slice_cut(relative, 0, slash))
           && slice_equal(resource->id, slice_cut(relative, slash + 1, relative.size));
}

static size_t find_relative(const struct fhir_bundle *bundle, struct slice relative)
{
    size_t at = hash_relative(relative) & (bundle->slots - 1);

    for (; bundle->by_name[at] != 0; at = (at + 1) & (bundle->slots - 1))
        if (is_named(&bundle->resources[bundle->by_name[at] - 1], relative))
            return bundle->by_name[at] - 1;
    return SIZE_MAX;
}

size_t fhir_bundle_find(const struct fhir_bundle *bundle, struct slice text)
{
    struct slice relative;
    size_t found;

    text = without_version(text);
    if (text.size == 0 || bundle->count == 0)
        return SIZE_MAX;
    found = find_full_url(bundle, text);
    relative = relative_part(text);
    return found != SIZE_MAX || relative.size == 0 ? found : find_relative(bundle, relative);
}

const struct json *fhir_resource_read(const struct fhir_resource *resource, struct arena *arena)
{
    struct json *entry;
    struct error err;

    if (json_parse_view(resource->bytes, arena, &entry, &err) != STATUS_OK)
        return NULL;
    return json_get(entry, "resource");
}

static struct slice join(struct slice type, struct slice id, struct arena *arena)
{
    char *text = arena_alloc(arena, type.size + id.size + 2);

    if (text == NULL)
        return (struct slice){ NULL, 0 };
    memcpy(text, type.data, type.size); /* neither is empty */
    text[type.size] = '/';
    memcpy(text + type.size + 1, id.data, id.size);
    text[type.size + id.size + 1] = '\0';
    return slice_of(text, type.size + id.size + 1);
}

struct slice fhir_resource_reference(const struct fhir_resource *resource, struct arena *arena)
{
    struct slice id = resource->id.size > 0 ? resource->id : fhir_reference_id(resource->full_url);

    if (id.size > 0 && resource->type.size > 0)
        return join(resource->type, id, arena);
    return slice_from(
        arena_format(arena, "%.*s (entry %zu)", SLICE_FORMAT(resource->type), resource->entry));
}
