/* First resource by resource, in a hash table by reference: the old record's facts, then the
 * bundle's, in its order. Then, in a second table, by what they say: of those that say the same the
 * first is the fact and the others are copies, which stay in the record, because the first may be
 * taken back. */
#include "context_merge.h"

#include <stdlib.h>

#include "base/hash.h"

struct table {
    uint32_t *slots; /* index + 1 */
    size_t size;
};

struct merging {
    struct fact *facts;
    uint8_t *is_new; /* from this bundle */
    size_t count;
    struct table by_reference, by_content;
    struct reasons *reasons;
    struct arena *arena;
    bool is_full;
};

/* Other sources of one fact that are kept, in bytes of their references. */
#define ALSO_BYTES_MAX (16 * 1024)

uint64_t merge_reference_hash(const struct fact *fact)
{
    if (slice_starts_with(fact->reference, SLICE("Patient/")))
        return 1;
    return hash_bytes(fact->reference, 0x6d65726765) | 1;
}

bool merge_is_same_resource(const struct fact *a, const struct fact *b)
{
    if (slice_starts_with(a->reference, SLICE("Patient/")))
        return slice_starts_with(b->reference, SLICE("Patient/"));
    return slice_equal(a->reference, b->reference);
}

static uint32_t *find_resource(struct merging *merging, const struct fact *fact)
{
    const struct table *table = &merging->by_reference;
    size_t at = merge_reference_hash(fact) & (table->size - 1);

    while (table->slots[at] != 0
           && !merge_is_same_resource(&merging->facts[table->slots[at] - 1], fact))
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

static uint32_t *find_content(struct merging *merging, const struct fact *fact, uint64_t hash)
{
    const struct table *table = &merging->by_content;
    size_t at = hash & (table->size - 1);

    for (; table->slots[at] != 0; at = (at + 1) & (table->size - 1)) {
        const struct fact *other = &merging->facts[table->slots[at] - 1];

        if (fact_says_the_same(fact, other))
            break;
    }
    return &table->slots[at];
}

static long version_number(struct slice version)
{
    long number = 0;

    if (version.size == 0 || version.size > 9)
        return -1;
    for (size_t i = 0; i < version.size; i++) {
        if (version.data[i] < '0' || version.data[i] > '9')
            return -1;
        number = number * 10 + (version.data[i] - '0');
    }
    return number;
}

int merge_compare_versions(const struct fact *a, const struct fact *b)
{
    long x = version_number(a->version), y = version_number(b->version);

    if (a->updated.precision != FHIR_PRECISION_NONE && b->updated.precision != FHIR_PRECISION_NONE
        && a->updated.seconds != b->updated.seconds)
        return a->updated.seconds < b->updated.seconds ? -1 : 1;
    if (x >= 0 && y >= 0 && x != y)
        return x < y ? -1 : 1;
    return 0;
}

static void append(struct merging *merging, const struct fact *fact, uint32_t *slot, bool is_new)
{
    merging->facts[merging->count] = *fact;
    merging->is_new[merging->count] = is_new;
    *slot = (uint32_t)++merging->count;
}

void merge_follow(const struct fact *kept, struct fact *taken, struct arena *arena)
{
    long number = version_number(kept->version);

    if (!taken->is_void || taken->updated.precision != FHIR_PRECISION_NONE
        || taken->version.size > 0)
        return;
    taken->updated = kept->updated;
    if (kept->updated.precision != FHIR_PRECISION_NONE)
        taken->updated.seconds++;
    if (number >= 0) {
        const char *text = arena_format(arena, "%ld", number + 1);

        taken->version = text == NULL ? kept->version : slice_from(text);
    }
}

/* The slot's fact gives way; it was this bundle's own: count it. */
static void replace(struct merging *merging, const struct fact *fact, uint32_t *slot,
                    const char *reason)
{
    struct fact *kept = &merging->facts[*slot - 1], taken;

    if (merging->is_new[*slot - 1] && !kept->is_void)
        reasons_add(merging->reasons, reason, 1);
    taken = *fact;
    merge_follow(kept, &taken, merging->arena);
    *kept = taken;
    merging->is_new[*slot - 1] = true;
}

/* @fact is not kept. A void one was counted when it was read. */
static void drop(struct merging *merging, const struct fact *fact, const char *reason)
{
    if (!fact->is_void)
        reasons_add(merging->reasons, reason, 1);
}

/* One fact, and one more resource that says it. */
static void add_source(struct merging *merging, struct fact *kept, const struct fact *copy)
{
    struct slice also = kept->also;
    char *text;

    if (also.size + copy->reference.size + 1 > ALSO_BYTES_MAX
        || memchr(copy->reference.data, '\n', copy->reference.size) != NULL)
        return;
    text = arena_format(merging->arena, "%.*s%.*s\n", SLICE_FORMAT(also),
                        SLICE_FORMAT(copy->reference));
    merging->is_full |= text == NULL;
    if (text != NULL)
        kept->also = slice_from(text);
}

static void add(struct merging *merging, const struct fact *fact, bool is_new)
{
    uint32_t *slot = find_resource(merging, fact);
    const struct fact *kept;
    int order;

    if (*slot == 0) {
        append(merging, fact, slot, is_new);
        return;
    }
    kept = &merging->facts[*slot - 1];
    order = merge_compare_versions(fact, kept);
    if (order < 0)
        drop(merging, fact, "superseded");
    else if (order == 0 && merging->is_new[*slot - 1] && !fact->is_void)
        drop(merging, fact, "duplicate");
    else
        replace(merging, fact, slot, "superseded");
}

/* As it was before any other fact was looked at. */
static struct fact alone(const struct fact *fact)
{
    struct fact again = *fact;

    again.is_void = fact->is_void && !fact->is_copy;
    again.is_copy = false;
    again.also = (struct slice){ NULL, 0 };
    return again;
}

static void find_copies(struct merging *merging)
{
    for (size_t i = 0; i < merging->count; i++) {
        struct fact *fact = &merging->facts[i];
        uint64_t hash = fact_content_hash(fact);
        uint32_t *twin = hash == 0 ? NULL : find_content(merging, fact, hash);

        if (twin == NULL)
            continue;
        if (*twin == 0) {
            *twin = (uint32_t)i + 1;
            continue;
        }
        add_source(merging, &merging->facts[*twin - 1], fact);
        fact->is_void = fact->is_copy = true;
        if (merging->is_new[i])
            reasons_add(merging->reasons, "duplicate", 1);
    }
}

static bool make_table(struct table *table, size_t count, struct arena *arena)
{
    for (table->size = 64; table->size < 2 * count;)
        table->size *= 2;
    table->slots = ARENA_ARRAY(arena, uint32_t, table->size);
    return table->slots != NULL;
}

enum status context_merge(const struct record *old, struct parsed *parsed, struct arena *arena,
                          struct fact **facts, size_t *count, uint32_t *as_facts, struct error *err)
{
    size_t old_count = old == NULL ? 0 : old->count, max = old_count + parsed->count;
    struct merging merging = { .reasons = &parsed->reasons, .arena = arena };
    const struct fact *olds = old == NULL ? NULL : record_all(old, arena);

    *as_facts = 0;
    merging.facts = arena_alloc(arena, (max + 1) * sizeof(struct fact));
    merging.is_new = ARENA_ARRAY(arena, uint8_t, max);
    if (merging.facts == NULL || merging.is_new == NULL || (olds == NULL && old_count > 0)
        || !make_table(&merging.by_reference, max, arena)
        || !make_table(&merging.by_content, max, arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to merge %zu facts", max);
    for (size_t i = 0; i < old_count; i++) {
        struct fact fact = alone(&olds[i]);

        add(&merging, &fact, false);
    }
    for (size_t i = 0; i < parsed->count; i++)
        add(&merging, &parsed->facts[i], true);
    find_copies(&merging);
    if (merging.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to merge %zu facts", max);
    for (size_t i = 0; i < merging.count; i++)
        *as_facts += merging.is_new[i] && !merging.facts[i].is_void;
    *facts = merging.facts;
    *count = merging.count;
    return STATUS_OK;
}
