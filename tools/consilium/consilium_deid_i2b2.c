#include "consilium_deid_i2b2.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "consilium_deid_xml.h"
#include "consilium_file.h"

#define FILE_BYTES_MAX (1024 * MIB)
#define ARENA_BYTES ((size_t)4 << 30)

/* Where the reading is. */
struct reading {
    struct deid_xml xml;
    const char *name;
    const struct json *mapping;
    deid_gold_cb take;
    void *arg;
    struct error *err;
    struct arena arena; /* of the document at hand */
    struct buffer text;
    struct deid_gold gold;
    unsigned capacity;
    struct slice label; /* of the PHI that is open */
    uint32_t label_start;
    unsigned taken;
    bool is_in_text, is_in_tags, is_in_label;
};

static void document_open(struct reading *reading)
{
    arena_reuse(&reading->arena, ARENA_BYTES);
    buffer_init(&reading->text, &reading->arena);
    reading->gold = (struct deid_gold){ .id = slice_from(reading->name) };
    reading->capacity = 0;
}

static enum status refuse(struct reading *reading, const char *what)
{
    return error_set(reading->err, STATUS_INVALID_ARGUMENT, "%s before byte %zu", what,
                     reading->xml.at);
}

static enum status span_add(struct reading *reading, uint32_t start, uint32_t end,
                            struct slice label)
{
    struct deid_gold *gold = &reading->gold;

    if (gold->spans_count == reading->capacity) {
        unsigned capacity = reading->capacity * 2 + 64;
        struct deid_gold_span *spans =
            ARENA_ARRAY(&reading->arena, struct deid_gold_span, capacity);

        if (spans == NULL)
            return error_set(reading->err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans",
                             capacity);
        if (gold->spans_count > 0)
            memcpy(spans, gold->spans, gold->spans_count * sizeof(*spans));
        gold->spans = spans;
        reading->capacity = capacity;
    }
    gold->spans[gold->spans_count++] = (struct deid_gold_span){ .start = start, .end = end, label };
    return STATUS_OK;
}

static enum status document_close(struct reading *reading)
{
    struct deid_gold *gold = &reading->gold;
    size_t points;
    unsigned i;

    gold->text = buffer_slice(&reading->text);
    if (reading->text.is_full || !utf8_is_valid(gold->text))
        return refuse(reading, "a text that is not UTF-8");
    points = utf8_count(gold->text);
    for (i = 0; i < gold->spans_count; i++) {
        struct deid_gold_span *span = &gold->spans[i];

        if (span->end <= span->start || span->end > points)
            return refuse(reading, "a label outside of its text");
        span->meant = deid_label_read(
            span->label, deid_gold_cut(gold->text, span->start, span->end), reading->mapping);
    }
    reading->taken++;
    return reading->take(reading->arg, gold, &reading->arena, reading->err);
}

/* <DATE id="P0" start="16" end="26" text="2067-05-03" TYPE="DATE"/> */
static enum status take_tag(struct reading *reading)
{
    struct arena *arena = &reading->arena;
    struct slice start = deid_xml_attribute(&reading->xml, "start", arena),
                 end = deid_xml_attribute(&reading->xml, "end", arena),
                 type = deid_xml_attribute(&reading->xml, "TYPE", arena);

    if (start.size == 0 || end.size == 0 || start.size > 9 || end.size > 9)
        return refuse(reading, "a tag without start and end");
    if (type.size == 0 || slice_is(type, "OTHER"))
        type = arena_copy(arena, reading->xml.name);
    return span_add(reading, (uint32_t)strtoul(arena_string(arena, start), NULL, 10),
                    (uint32_t)strtoul(arena_string(arena, end), NULL, 10), type);
}

static enum status take_open(struct reading *reading)
{
    struct slice name = reading->xml.name;

    if (slice_is(name, "RECORD")) {
        document_open(reading);
        reading->gold.id = deid_xml_attribute(&reading->xml, "ID", &reading->arena);
    } else if (slice_is(name, "TEXT")) {
        reading->is_in_text = true;
    } else if (slice_is(name, "TAGS")) {
        reading->is_in_tags = true;
    } else if (reading->is_in_tags) {
        return take_tag(reading);
    } else if (slice_is(name, "PHI") && reading->is_in_text) {
        reading->is_in_label = true;
        reading->label = deid_xml_attribute(&reading->xml, "TYPE", &reading->arena);
        reading->label_start = (uint32_t)utf8_count(buffer_slice(&reading->text));
    }
    return STATUS_OK;
}

static enum status take_close(struct reading *reading)
{
    struct slice name = reading->xml.name;

    if (slice_is(name, "TEXT")) {
        reading->is_in_text = false;
    } else if (slice_is(name, "TAGS")) {
        reading->is_in_tags = false;
    } else if (slice_is(name, "RECORD") || slice_is(name, "deIdi2b2")) {
        return document_close(reading);
    } else if (slice_is(name, "PHI") && reading->is_in_label) {
        reading->is_in_label = false;
        return span_add(reading, reading->label_start,
                        (uint32_t)utf8_count(buffer_slice(&reading->text)), reading->label);
    }
    return STATUS_OK;
}

static enum status take_next(struct reading *reading, enum deid_xml_kind *kind)
{
    if (deid_xml_next(&reading->xml, kind, reading->err) != STATUS_OK)
        return reading->err->status;
    switch (*kind) {
    case DEID_XML_OPEN:
        return take_open(reading);
    case DEID_XML_CLOSE:
        return take_close(reading);
    case DEID_XML_TEXT:
        return reading->is_in_text ? deid_xml_put_text(&reading->xml, &reading->text, reading->err)
                                   : STATUS_OK;
    default:
        return STATUS_OK;
    }
}

enum status deid_i2b2_parse(struct slice xml, const char *name, const struct json *mapping,
                            deid_gold_cb take, void *arg, struct error *err)
{
    struct reading reading = {
        .name = name, .mapping = mapping, .take = take, .arg = arg, .err = err
    };
    enum deid_xml_kind kind = DEID_XML_TEXT;
    enum status status = STATUS_OK;

    deid_xml_init(&reading.xml, xml);
    document_open(&reading);
    while (status == STATUS_OK && kind != DEID_XML_END)
        status = take_next(&reading, &kind);
    if (status == STATUS_OK && reading.taken == 0)
        status = refuse(&reading, "no RECORD and no deIdi2b2");
    arena_close(&reading.arena);
    return status;
}

enum status deid_i2b2_read_file(const char *path, const struct json *mapping, deid_gold_cb take,
                                void *arg, struct error *err)
{
    const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
    struct arena arena;
    struct slice xml;
    char *name;

    arena_init(&arena, ARENA_BYTES);
    if (file_read(path, FILE_BYTES_MAX, &arena, &xml, err) == STATUS_OK) {
        name = arena_string(&arena, slice_cut(slice_from(base), 0, strlen(base) - 4));
        if (deid_i2b2_parse(xml, name, mapping, take, arg, err) != STATUS_OK)
            error_wrap(err, "%.60s", base);
        else
            error_clear(err);
    }
    arena_close(&arena);
    return err->status;
}

static int is_xml(const struct dirent *entry)
{
    return slice_ends_with(slice_from(entry->d_name), SLICE(".xml"));
}

enum status deid_i2b2_read_folder(const char *path, const struct json *mapping, deid_gold_cb take,
                                  void *arg, struct error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_xml, alphasort), i;
    char file[4096];

    error_clear(err);
    for (i = 0; i < count; i++) {
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        if (err->status == STATUS_OK)
            deid_i2b2_read_file(file, mapping, take, arg, err);
        free(entries[i]);
    }
    free(entries);
    if (count <= 0)
        return error_set(err, STATUS_NOT_FOUND, "%s holds no .xml", path);
    return err->status;
}
