#include "consilium_deid_predicted.h"

#include "base/hash.h"
#include "base/limits.h"

#define ARENA_BYTES ((size_t)8 << 30)
#define LINE_ARENA_BYTES ((size_t)4 << 30)
#define LINE_BYTES_MAX (256 * MIB)
#define SLOTS 65536

static struct deid_predicted_row **slot_of(struct deid_predicted *predicted, struct slice id)
{
    return &predicted->slots[hash_bytes(id, 0) % SLOTS];
}

static struct deid_predicted_row *find(struct deid_predicted *predicted, struct slice id)
{
    struct deid_predicted_row *row = *slot_of(predicted, id);

    while (row != NULL && !slice_equal(row->id, id))
        row = row->next;
    return row;
}

static enum status take_spans(struct deid_predicted *predicted, struct deid_predicted_row *row,
                              const struct json *spans, const struct json *mapping,
                              struct error *err)
{
    unsigned i;

    if (deid_gold_spans(spans, UINT32_MAX - 1, &predicted->arena, &row->spans, &row->count, err)
        != STATUS_OK)
        return err->status;
    for (i = 0; i < row->count; i++) {
        row->spans[i].meant = deid_label_read(row->spans[i].label, SLICE(""), mapping);
        row->spans[i].meant.need = DEID_NEED_YES;
        row->spans[i].label = (struct slice){ NULL, 0 }; /* of the line, which goes */
    }
    return STATUS_OK;
}

static enum status take_line(struct deid_predicted *predicted, struct slice line,
                             const struct json *mapping, struct arena *scratch, struct error *err)
{
    const struct json *id, *spans;
    struct deid_predicted_row *row, **slot;
    struct json *root;

    if (json_parse(line, scratch, &root, err) != STATUS_OK)
        return err->status;
    id = json_get(root, "id");
    spans = json_get(root, "spans");
    if (id == NULL || (id->kind != JSON_KIND_STRING && id->kind != JSON_KIND_NUMBER)
        || spans == NULL || spans->kind != JSON_KIND_ARRAY)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no \"id\" or no \"spans\"");
    if (find(predicted, id->text) != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "an id that was there before");
    row = ARENA_NEW(&predicted->arena, struct deid_predicted_row);
    if (row == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %llu rows",
                         (unsigned long long)predicted->rows);
    row->id = arena_copy(&predicted->arena, id->text);
    slot = slot_of(predicted, row->id);
    row->next = *slot;
    *slot = row;
    predicted->rows++;
    return take_spans(predicted, row, spans, mapping, err);
}

enum status deid_predicted_load(struct deid_predicted *predicted, const char *path,
                                const struct json *mapping, struct error *err)
{
    struct deid_input input;
    struct arena scratch;
    struct slice line;

    *predicted = (struct deid_predicted){ 0 };
    arena_init(&predicted->arena, ARENA_BYTES);
    predicted->slots = ARENA_ARRAY(&predicted->arena, struct deid_predicted_row *, SLOTS);
    if (predicted->slots == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for what was found");
    if (deid_input_open(&input, path, LINE_BYTES_MAX, err) != STATUS_OK)
        return err->status;
    arena_init(&scratch, LINE_ARENA_BYTES);
    error_clear(err);
    while (deid_input_next(&input, &line, err) == STATUS_OK) {
        if (slice_trim(line).size == 0)
            continue;
        arena_reuse(&scratch, LINE_ARENA_BYTES);
        if (take_line(predicted, line, mapping, &scratch, err) != STATUS_OK) {
            error_wrap(err, "line %llu", (unsigned long long)input.line);
            break;
        }
    }
    if (err->status == STATUS_NOT_FOUND)
        error_clear(err);
    arena_close(&scratch);
    deid_input_close(&input);
    return err->status;
}

void deid_predicted_close(struct deid_predicted *predicted)
{
    arena_close(&predicted->arena);
}

const struct deid_predicted_row *deid_predicted_find(struct deid_predicted *predicted,
                                                     struct slice id)
{
    struct deid_predicted_row *row = find(predicted, id);

    if (row != NULL && !row->is_used) {
        row->is_used = true;
        predicted->used++;
    }
    return row;
}
