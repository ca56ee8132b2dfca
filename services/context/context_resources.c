/* As bytes: "R1", whether it is partial, the count, then a row for each resource, then their texts
 * in the same order. */
#include "context_resources.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "context_merge.h"
#include "context_timeline.h"
#include "fhir/fhir_resource.h"

struct row {
    int64_t updated_seconds;
    uint32_t reference_bytes, version_bytes, entry_bytes;
    uint8_t updated_precision, is_void, unused[2];
};

struct head {
    char mark[2];
    uint8_t is_partial, unused;
    uint32_t count;
};

static_assert(sizeof(struct row) == 24 && sizeof(struct head) == 8, "stored as they are");

/* ---- merge ---- */

static struct fact as_fact(const struct resource *resource)
{
    return (struct fact){ .reference = resource->reference,
                          .version = resource->version,
                          .updated = resource->updated,
                          .is_void = resource->is_void };
}

struct merging {
    struct resources *merged;
    bool *is_new;    /* of the later ones */
    uint32_t *slots; /* index + 1, by reference */
    size_t slots_count;
    struct arena *arena;
};

static uint32_t *find_slot(const struct merging *merging, const struct fact *fact)
{
    size_t at = merge_reference_hash(fact) & (merging->slots_count - 1);

    for (; merging->slots[at] != 0; at = (at + 1) & (merging->slots_count - 1)) {
        struct fact other = as_fact(&merging->merged->items[merging->slots[at] - 1]);

        if (merge_is_same_resource(&other, fact))
            break;
    }
    return &merging->slots[at];
}

static void merge_one(struct merging *merging, const struct resource *resource, bool is_new)
{
    struct fact fact = as_fact(resource), kept;
    uint32_t *slot = find_slot(merging, &fact);
    struct resources *merged = merging->merged;
    struct resource *place;
    int order;

    if (*slot == 0) {
        merging->is_new[merged->count] = is_new;
        merged->items[merged->count++] = *resource;
        *slot = (uint32_t)merged->count;
        return;
    }
    place = &merged->items[*slot - 1];
    kept = as_fact(place);
    order = merge_compare_versions(&fact, &kept);
    if (order < 0 || (order == 0 && merging->is_new[*slot - 1] && !fact.is_void))
        return;
    merge_follow(&kept, &fact, merging->arena);
    *place = *resource;
    place->version = fact.version;
    place->updated = fact.updated;
    merging->is_new[*slot - 1] = is_new;
}

enum status resources_merge(const struct resources *old, const struct resources *more,
                            struct arena *arena, struct resources *merged, struct error *err)
{
    size_t max = old->count + more->count;
    struct merging merging = { .merged = merged, .slots_count = 64, .arena = arena };

    while (merging.slots_count < 2 * max)
        merging.slots_count *= 2;
    *merged = (struct resources){ .is_partial = old->is_partial || more->is_partial };
    merged->items = ARENA_ARRAY(arena, struct resource, max);
    merging.is_new = ARENA_ARRAY(arena, bool, max);
    merging.slots = ARENA_ARRAY(arena, uint32_t, merging.slots_count);
    if (merged->items == NULL || merging.is_new == NULL || merging.slots == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to merge %zu resources", max);
    for (size_t i = 0; i < old->count; i++)
        merge_one(&merging, &old->items[i], false);
    for (size_t i = 0; i < more->count; i++)
        merge_one(&merging, &more->items[i], true);
    return STATUS_OK;
}

/* ---- bytes ---- */

static size_t encoded_size(const struct resources *resources)
{
    size_t size = sizeof(struct head) + resources->count * sizeof(struct row);

    for (size_t i = 0; i < resources->count; i++) {
        const struct resource *resource = &resources->items[i];

        size += resource->reference.size + resource->version.size + resource->entry.size;
    }
    return size;
}

static char *put(char *at, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

enum status resources_encode(const struct resources *resources, struct arena *arena,
                             struct slice *bytes, struct error *err)
{
    const struct head head = { { 'R', '1' }, resources->is_partial, 0, (uint32_t)resources->count };
    size_t size = encoded_size(resources);
    char *out = size > RESOURCES_BYTES_MAX ? NULL : arena_alloc(arena, size), *at;

    if (out == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "%zu resources of %zu bytes: over the limit of %zu, or no room",
                         resources->count, size, (size_t)RESOURCES_BYTES_MAX);
    at = put(out, &head, sizeof(head));
    for (size_t i = 0; i < resources->count; i++) {
        const struct resource *resource = &resources->items[i];
        const struct row row = { .updated_seconds = resource->updated.seconds,
                                 .reference_bytes = (uint32_t)resource->reference.size,
                                 .version_bytes = (uint32_t)resource->version.size,
                                 .entry_bytes = (uint32_t)resource->entry.size,
                                 .updated_precision = (uint8_t)resource->updated.precision,
                                 .is_void = resource->is_void };

        at = put(at, &row, sizeof(row));
    }
    for (size_t i = 0; i < resources->count; i++) {
        const struct resource *resource = &resources->items[i];

        at = put(at, resource->reference.data, resource->reference.size);
        at = put(at, resource->version.data, resource->version.size);
        at = put(at, resource->entry.data, resource->entry.size);
    }
    *bytes = slice_of(out, size);
    return STATUS_OK;
}

/* The next @size bytes of @left; false: it has fewer. */
static bool take(struct slice *left, size_t size, struct slice *taken)
{
    if (size > left->size)
        return false;
    *taken = slice_of(left->data, size);
    *left = slice_cut(*left, size, left->size);
    return true;
}

static bool decode_one(const char *rows, size_t index, struct slice *texts,
                       struct resource *resource)
{
    struct row row;

    memcpy(&row, rows + index * sizeof(row), sizeof(row));
    if (row.updated_precision > FHIR_PRECISION_TIME
        || !take(texts, row.reference_bytes, &resource->reference)
        || !take(texts, row.version_bytes, &resource->version)
        || !take(texts, row.entry_bytes, &resource->entry))
        return false;
    resource->updated.precision = (enum fhir_precision)row.updated_precision;
    resource->updated.seconds = row.updated_seconds;
    resource->is_void = row.is_void != 0;
    return true;
}

enum status resources_decode(struct slice bytes, struct arena *arena, struct resources *resources,
                             struct error *err)
{
    struct slice left = bytes, part;
    struct head head;

    *resources = (struct resources){ 0 };
    if (!take(&left, sizeof(head), &part))
        return error_set(err, STATUS_DATA_LOSS, "stored resources: cut short");
    memcpy(&head, part.data, sizeof(head));
    if (head.mark[0] != 'R' || head.mark[1] != '1'
        || !take(&left, (size_t)head.count * sizeof(struct row), &part))
        return error_set(err, STATUS_DATA_LOSS, "stored resources: not what was stored");
    resources->items = ARENA_ARRAY(arena, struct resource, head.count);
    if (resources->items == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u resources", head.count);
    resources->is_partial = head.is_partial != 0;
    for (; resources->count < head.count; resources->count++)
        if (!decode_one(part.data, resources->count, &left, &resources->items[resources->count]))
            return error_set(err, STATUS_DATA_LOSS, "stored resources: number %zu is damaged",
                             resources->count);
    return left.size == 0 ? STATUS_OK
                          : error_set(err, STATUS_DATA_LOSS, "stored resources: more than stored");
}

/* ---- a page ---- */

/* HL7's way to say that something was taken out of a resource. */
static const char redacted[] = "{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                               "v3-ObservationValue\",\"code\":\"REDACTED\"}";

struct writing {
    const struct resources_query *query;
    struct slice source; /* of the entry at hand */
    struct buffer *out;
};

static void put_key(const struct writing *writing, const char *before, const char *key)
{
    buffer_put_string(writing->out, before);
    buffer_put_json(writing->out, slice_from(key));
    buffer_put_byte(writing->out, ':');
}

/* Every member of @object but @key, with commas between them. True: there was one. */
static bool put_others(const struct writing *writing, const struct json *object, const char *key)
{
    bool is_first = true;

    for (const struct json *item = json_first(object); item != NULL; item = item->next) {
        if (slice_is(item->key, key))
            continue;
        if (!is_first)
            buffer_put_byte(writing->out, ',');
        buffer_put_json(writing->out, item->key);
        buffer_put_byte(writing->out, ':');
        json_write_from(item, writing->source, writing->out);
        is_first = false;
    }
    return !is_first;
}

/* meta.security with one coding more. */
static void put_security(const struct writing *writing, const struct json *security)
{
    buffer_put_byte(writing->out, '[');
    for (const struct json *item = json_first(security); item != NULL; item = item->next) {
        json_write_from(item, writing->source, writing->out);
        buffer_put_byte(writing->out, ',');
    }
    buffer_put_string(writing->out, redacted);
    buffer_put_byte(writing->out, ']');
}

static void put_tagged(const struct writing *writing, const struct json *resource)
{
    const struct json *meta = json_get(resource, "meta");

    buffer_put_byte(writing->out, '{');
    put_key(writing, put_others(writing, resource, "meta") ? "," : "", "meta");
    buffer_put_byte(writing->out, '{');
    put_key(writing, put_others(writing, meta, "security") ? "," : "", "security");
    put_security(writing, json_get(meta, "security"));
    buffer_put_string(writing->out, "}}");
}

static bool is_absolute(struct slice url)
{
    return slice_starts_with(url, SLICE("urn:")) || slice_starts_with(url, SLICE("http://"))
           || slice_starts_with(url, SLICE("https://"));
}

/* The bundle's own fullUrl; ours where there is none, or one whose server has a surrogate that is
 * no address ("Url-1/Patient/p1"). */
static void put_full_url(const struct writing *writing, struct slice reference, struct slice url)
{
    struct slice base = writing->query->base;
    char *made;

    if (!is_absolute(url) && (url.size == 0 || !writing->query->is_restored)) {
        if (base.size == 0)
            return;
        made = arena_format(writing->out->arena, "%.*s/%.*s", SLICE_FORMAT(base),
                            SLICE_FORMAT(reference));
        writing->out->is_full |= made == NULL;
        url = slice_from(made);
    }
    put_key(writing, "", "fullUrl");
    buffer_put_json(writing->out, url);
    buffer_put_byte(writing->out, ',');
}

/* References to the same server become relative, as they are where the fullUrl is ours. */
static void make_relative(struct json *node, struct slice server)
{
    if (node->kind == JSON_KIND_STRING && slice_is(node->key, "reference")
        && slice_starts_with(node->text, server))
        node->text = slice_cut(node->text, server.size, node->text.size);
    for (struct json *item = node->first; item != NULL; item = item->next)
        make_relative(item, server);
}

/* "Url-1/" of "Url-1/Patient/p1"; empty: it ends in something else. */
static struct slice server_of(struct slice url, struct slice reference)
{
    return slice_ends_with(url, reference) ? slice_cut(url, 0, url.size - reference.size)
                                           : (struct slice){ NULL, 0 };
}

static void put_resource(const struct writing *writing, struct json *entry,
                         const struct resource *kept)
{
    struct slice url = json_get_string(entry, "fullUrl");
    struct slice server = server_of(url, kept->reference);
    const struct json *resource = json_get(entry, "resource");

    if (writing->query->is_restored) {
        json_write_from(resource, writing->source, writing->out);
        return;
    }
    if (server.size > 0 && !is_absolute(url))
        make_relative(entry, server);
    put_tagged(writing, resource);
}

static enum status put_entry(struct writing *writing, const struct resource *resource,
                             struct arena *tree, struct error *err)
{
    struct json *entry;

    if (json_parse_view(resource->entry, tree, &entry, err) != STATUS_OK) {
        error_wrap(err, "a stored resource");
        err->status = STATUS_DATA_LOSS;
        return err->status;
    }
    writing->source = resource->entry;
    buffer_put_byte(writing->out, '{');
    put_full_url(writing, resource->reference, json_get_string(entry, "fullUrl"));
    buffer_put_string(writing->out, "\"resource\":");
    put_resource(writing, entry, resource);
    buffer_put_string(writing->out, ",\"search\":{\"mode\":\"match\"}}");
    return STATUS_OK;
}

static uint32_t count_live(const struct resources *resources)
{
    uint32_t live = 0;

    for (size_t i = 0; i < resources->count; i++)
        live += resources->items[i].entry.size > 0;
    return live;
}

/* Entries from @at on, until the page is full: @at is where the next page begins. */
static enum status put_entries(struct writing *writing, const struct resources *resources,
                               size_t *at, uint32_t *count, struct error *err)
{
    uint32_t asked =
        writing->query->page_size == 0 ? RESOURCES_PAGE_DEFAULT : writing->query->page_size;
    uint32_t max = asked < RESOURCES_PAGE_MAX ? asked : RESOURCES_PAGE_MAX;
    enum status status = STATUS_OK;
    struct arena tree;

    arena_init(&tree, writing->out->arena->limit_bytes);
    for (; status == STATUS_OK && *at < resources->count; ++*at) {
        const struct resource *resource = &resources->items[*at];

        if (resource->entry.size == 0)
            continue;
        if (*count == max
            || (*count > 0 && writing->out->size + resource->entry.size > RESOURCES_PAGE_BYTES))
            break;
        buffer_put_string(writing->out, ++*count == 1 ? ",\"entry\":[" : ",");
        status = put_entry(writing, resource, &tree, err);
        arena_reuse(&tree, writing->out->arena->limit_bytes);
    }
    arena_close(&tree);
    return status;
}

enum status resources_page(const struct resources *resources, const struct resources_query *query,
                           struct arena *arena, struct resources_page *page, struct error *err)
{
    struct buffer out;
    struct writing writing = { .query = query, .out = &out };
    size_t at;

    *page = (struct resources_page){ .next_page_token = "", .total = count_live(resources) };
    if (page_token_read(query->page_token, resources->count, &at, err) != STATUS_OK)
        return err->status;
    buffer_init(&out, arena);
    buffer_format(&out, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":%u",
                  page->total);
    if (put_entries(&writing, resources, &at, &page->count, err) != STATUS_OK)
        return err->status;
    buffer_put_string(&out, page->count > 0 ? "]}" : "}");
    if (at < resources->count)
        page->next_page_token = arena_format(arena, "%zu", at);
    page->bundle = buffer_slice(&out);
    return out.is_full || page->next_page_token == NULL
               ? error_set(err, STATUS_RESOURCE_EXHAUSTED,
                           "no room for a page of resources: ask for a smaller one")
               : STATUS_OK;
}
