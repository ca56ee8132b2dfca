#include "deid_fhir_memo.h"

#include "base/hash.h"

#define MEMO_BYTES_MAX ((size_t)8 << 20)

void deid_fhir_memo_init(struct deid_fhir_memo *memo)
{
    *memo = (struct deid_fhir_memo){ 0 };
    arena_init(&memo->arena, MEMO_BYTES_MAX);
}

void deid_fhir_memo_close(struct deid_fhir_memo *memo)
{
    arena_close(&memo->arena);
    memo->slots = NULL;
}

void deid_fhir_memo_clear(struct deid_fhir_memo *memo)
{
    if (memo->slots == NULL)
        return;
    arena_reuse(&memo->arena, MEMO_BYTES_MAX);
    memo->slots = NULL;
    memo->slots_count = memo->used = 0;
}

static uint32_t hash_of(uint16_t kind, struct slice text)
{
    return (uint32_t)hash_bytes(text, kind);
}

const struct deid_fhir_memo_entry *deid_fhir_memo_find(const struct deid_fhir_memo *memo,
                                                       uint16_t kind, struct slice text)
{
    uint32_t hash = hash_of(kind, text), at = hash;

    if (memo->slots == NULL || text.size > DEID_FHIR_MEMO_BYTES_MAX)
        return NULL;
    for (;; at++) {
        const struct deid_fhir_memo_entry *entry = &memo->slots[at & (memo->slots_count - 1)];

        if (entry->text.data == NULL)
            return NULL;
        if (entry->hash == hash && entry->kind == kind && slice_equal(entry->text, text))
            return entry;
    }
}

static void slot_take(struct deid_fhir_memo *memo, struct deid_fhir_memo_entry entry)
{
    uint32_t at = entry.hash;

    while (memo->slots[at & (memo->slots_count - 1)].text.data != NULL)
        at++;
    memo->slots[at & (memo->slots_count - 1)] = entry;
    memo->used++;
}

/* Room for one more: more slots, or none of what there was. False: no room. */
static bool make_room(struct deid_fhir_memo *memo)
{
    struct deid_fhir_memo before = *memo;

    if (memo->slots != NULL && memo->used < memo->slots_count / 2)
        return true;
    if (memo->slots_count == DEID_FHIR_MEMO_SLOTS_MAX) {
        deid_fhir_memo_clear(memo);
        before.slots = NULL;
    }
    memo->slots_count = before.slots == NULL ? DEID_FHIR_MEMO_SLOTS_FIRST : before.slots_count * 4;
    memo->slots = ARENA_ARRAY(&memo->arena, struct deid_fhir_memo_entry, memo->slots_count);
    memo->used = 0;
    if (memo->slots == NULL)
        return false;
    for (uint32_t i = 0; before.slots != NULL && i < before.slots_count; i++)
        if (before.slots[i].text.data != NULL)
            slot_take(memo, before.slots[i]);
    return true;
}

void deid_fhir_memo_put(struct deid_fhir_memo *memo, uint16_t kind, struct slice text,
                        struct slice output, uint8_t class, uint8_t count)
{
    struct deid_fhir_memo_entry entry = {
        .hash = hash_of(kind, text), .kind = kind, .class = class, .count = count
    };

    if (text.size > DEID_FHIR_MEMO_BYTES_MAX || output.size > DEID_FHIR_MEMO_BYTES_MAX
        || !make_room(memo))
        return;
    entry.text = arena_copy(&memo->arena, text);
    entry.output = slice_equal(text, output) ? entry.text : arena_copy(&memo->arena, output);
    if (entry.text.data != NULL && entry.output.data != NULL)
        slot_take(memo, entry);
}
