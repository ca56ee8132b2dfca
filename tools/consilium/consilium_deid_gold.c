#include "consilium_deid_gold.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "consilium_deid_i2b2.h"

#define ARENA_BYTES ((size_t)4 << 30)
#define LINE_BYTES_MAX (256 * MIB)

struct slice deid_gold_cut(struct slice text, uint32_t start, uint32_t end)
{
    size_t at = 0, first = text.size, size;
    uint32_t point;

    for (point = 0; at < text.size && point < end; point++) {
        if (point == start)
            first = at;
        utf8_decode(slice_cut(text, at, text.size), &size);
        at += size;
    }
    return slice_cut(text, first, at);
}

/* A whole number of JSON, or -1. */
static int64_t number_of(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, key);
    int64_t number = 0;
    size_t i;

    if (member == NULL || member->kind != JSON_KIND_NUMBER || member->text.size > 10)
        return -1;
    for (i = 0; i < member->text.size; i++) {
        if (member->text.data[i] < '0' || member->text.data[i] > '9')
            return -1;
        number = number * 10 + (member->text.data[i] - '0');
    }
    return number;
}

static int span_compare(const void *left, const void *right)
{
    const struct deid_gold_span *a = left, *b = right;

    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

enum status deid_gold_spans(const struct json *array, size_t points, struct arena *arena,
                            struct deid_gold_span **spans, unsigned *count, struct error *err)
{
    const struct json *item;
    unsigned made = 0;

    *count = 0;
    *spans = ARENA_ARRAY(arena, struct deid_gold_span, array == NULL ? 0 : array->count);
    if (*spans == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", array->count);
    for (item = json_first(array); item != NULL; item = item->next, made++) {
        int64_t start = number_of(item, "start"), end = number_of(item, "end");

        if (start < 0 || end <= start || (size_t)end > points)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "span %u is none of a text of %zu code points", made + 1, points);
        (*spans)[made].start = (uint32_t)start;
        (*spans)[made].end = (uint32_t)end;
        (*spans)[made].label = json_get_string(item, "label");
    }
    qsort(*spans, made, sizeof(**spans), span_compare);
    *count = made;
    return STATUS_OK;
}

/* ---- JSON lines ---- */

/* The spans were sorted: an item finds its span again by its offsets. */
static void mean_one(const struct json *item, struct deid_gold *gold, const struct json *mapping)
{
    struct slice said = json_get_string(item, "safe_harbor"),
                 label = json_get_string(item, "label");
    int64_t start = number_of(item, "start"), end = number_of(item, "end");
    unsigned i;

    for (i = 0; i < gold->spans_count; i++) {
        struct deid_gold_span *span = &gold->spans[i];

        if (span->start != start || span->end != end || !slice_equal(span->label, label))
            continue;
        span->meant =
            deid_label_read(label, deid_gold_cut(gold->text, span->start, span->end), mapping);
        if (said.size > 0)
            span->meant.need = slice_is(said, "yes")  ? DEID_NEED_YES
                               : slice_is(said, "no") ? DEID_NEED_NO
                                                      : DEID_NEED_OPEN;
    }
}

static enum status read_line(struct slice line, const struct json *mapping, struct arena *arena,
                             struct deid_gold *gold, struct error *err)
{
    const struct json *id, *item, *spans, *traps, *patient, *negative;
    struct json *root;
    size_t points;

    *gold = (struct deid_gold){ 0 };
    if (json_parse(line, arena, &root, err) != STATUS_OK)
        return err->status;
    id = json_get(root, "id");
    spans = json_get(root, "spans");
    traps = json_get(root, "not_phi_traps");
    patient = json_get(root, "patient");
    negative = json_get(root, "hard_negative");
    if (id == NULL || (id->kind != JSON_KIND_STRING && id->kind != JSON_KIND_NUMBER)
        || json_get(root, "text") == NULL || json_get(root, "text")->kind != JSON_KIND_STRING
        || spans == NULL || spans->kind != JSON_KIND_ARRAY)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no \"id\", no \"text\" or no \"spans\"");
    gold->id = id->text;
    gold->text = json_get_string(root, "text");
    gold->patient = patient != NULL && patient->kind != JSON_KIND_NULL ? patient : NULL;
    gold->is_hard_negative = negative != NULL && negative->kind == JSON_KIND_TRUE;
    points = utf8_count(gold->text);
    if (deid_gold_spans(spans, points, arena, &gold->spans, &gold->spans_count, err) != STATUS_OK
        || deid_gold_spans(traps, points, arena, &gold->traps, &gold->traps_count, err)
               != STATUS_OK)
        return err->status;
    for (item = json_first(spans); item != NULL; item = item->next)
        mean_one(item, gold, mapping);
    return STATUS_OK;
}

static enum status read_lines(const char *path, const struct json *mapping, deid_gold_cb take,
                              void *arg, struct error *err)
{
    struct deid_input input;
    struct deid_gold gold;
    struct arena arena;
    struct slice line;

    if (deid_input_open(&input, path, LINE_BYTES_MAX, err) != STATUS_OK)
        return err->status;
    arena_init(&arena, ARENA_BYTES);
    error_clear(err);
    while (deid_input_next(&input, &line, err) == STATUS_OK) {
        if (slice_trim(line).size == 0)
            continue;
        arena_reuse(&arena, ARENA_BYTES);
        if (read_line(line, mapping, &arena, &gold, err) != STATUS_OK
            || take(arg, &gold, &arena, err) != STATUS_OK) {
            error_wrap(err, "line %llu", (unsigned long long)input.line);
            break;
        }
    }
    if (err->status == STATUS_NOT_FOUND)
        error_clear(err);
    arena_close(&arena);
    deid_input_close(&input);
    return err->status;
}

static bool is_xml(const char *path)
{
    return slice_ends_with(slice_from(path), SLICE(".xml"));
}

enum status deid_gold_read(const char *path, const struct json *mapping, deid_gold_cb take,
                           void *arg, struct error *err)
{
    struct stat stat_of;

    if (stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode))
        return deid_i2b2_read_folder(path, mapping, take, arg, err);
    if (is_xml(path))
        return deid_i2b2_read_file(path, mapping, take, arg, err);
    return read_lines(path, mapping, take, arg, err);
}
