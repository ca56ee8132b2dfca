#include "deid_writer.h"

#include "base/utf8.h"
#include "deid_fold.h"

#define TEXT_BYTES_MAX (1u << 30)
#define STRETCHES_FIRST 32

enum status deid_writer_open(struct deid_writer *writer, struct slice original, struct arena *arena,
                             struct error *err)
{
    if (original.size > TEXT_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a text of %zu bytes, at most %u",
                         original.size, TEXT_BYTES_MAX);
    if (!utf8_is_valid(original))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a text that is not UTF-8");
    *writer = (struct deid_writer){ .arena = arena, .opening = UINT32_MAX };
    writer->folded = arena_alloc(arena, original.size + 1);
    if (writer->folded == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text of %zu bytes",
                         original.size);
    return STATUS_OK;
}

static void stretch_add(struct deid_writer *writer, struct deid_stretch stretch)
{
    if (writer->count == writer->capacity) {
        uint32_t larger = writer->capacity == 0 ? STRETCHES_FIRST : writer->capacity * 2;
        struct deid_stretch *items = arena_alloc(writer->arena, larger * sizeof(*items));

        if (items == NULL) {
            writer->is_full = true;
            return;
        }
        if (writer->count > 0)
            memcpy(items, writer->stretches, writer->count * sizeof(*items));
        writer->stretches = items;
        writer->capacity = larger;
    }
    writer->stretches[writer->count++] = stretch;
}

static struct deid_stretch *stretch_last(struct deid_writer *writer)
{
    return writer->count == 0 ? NULL : &writer->stretches[writer->count - 1];
}

static bool is_plain(const struct deid_writer *writer, const struct deid_stretch *stretch)
{
    return stretch->is_plain && writer->size - stretch->folded == stretch->end - stretch->start;
}

/* The last folded byte reaches to @end in the original. */
static void extend_last(struct deid_writer *writer, uint32_t end)
{
    struct deid_stretch *last = stretch_last(writer);

    if (last == NULL)
        return;
    if (is_plain(writer, last) && writer->size - last->folded > 1) {
        uint32_t start = last->end - 1;

        last->end--;
        stretch_add(writer, (struct deid_stretch){ (uint32_t)writer->size - 1, start, end, false });
        return;
    }
    last->end = end;
    last->is_plain = false;
}

static void put_invisible(struct deid_writer *writer, uint32_t c, uint32_t at, uint32_t end)
{
    if (!deid_fold_is_opening(c))
        extend_last(writer, end);
    else if (writer->opening == UINT32_MAX)
        writer->opening = at;
}

/* @count bytes that stand at @at of the original as they are. */
static void put_plain(struct deid_writer *writer, const char *bytes, size_t count, uint32_t at)
{
    struct deid_stretch *last = stretch_last(writer);

    if (last != NULL && is_plain(writer, last) && last->end == at)
        last->end += (uint32_t)count;
    else
        stretch_add(writer, (struct deid_stretch){ (uint32_t)writer->size, at, at + (uint32_t)count,
                                                   true });
    memcpy(writer->folded + writer->size, bytes, count);
    writer->size += count;
}

void deid_writer_put(struct deid_writer *writer, uint32_t c, uint32_t at, uint32_t end)
{
    char bytes[DEID_FOLD_BYTES_MAX];
    size_t size = 1;

    if ((c >= 0x80 && deid_fold_is_invisible(c))
        || (writer->is_joined && deid_fold_is_control(c))) {
        put_invisible(writer, c, at, end);
        return;
    }
    if (c < 0x80)
        bytes[0] = (char)c;
    else
        size = deid_fold(c, bytes);
    if (c < 0x80 && end - at == 1 && writer->opening == UINT32_MAX) {
        put_plain(writer, bytes, 1, at);
        return;
    }
    stretch_add(writer,
                (struct deid_stretch){ (uint32_t)writer->size,
                                       writer->opening < at ? writer->opening : at, end, false });
    memcpy(writer->folded + writer->size, bytes, size);
    writer->size += size;
    writer->opening = UINT32_MAX;
}

/* "&#74;", "&#x4a;", "&amp;": the character and the size of the reference; 0 when it is none. */
static size_t reference_read(struct slice text, uint32_t *c)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = { { "&amp;", '&' },  { "&lt;", '<' },    { "&gt;", '>' },
                  { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", 0xa0 } };
    uint32_t value = 0;
    size_t i, digits = 0;
    bool is_hex;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_starts_with(text, slice_from(names[i].name))) {
            *c = names[i].c;
            return strlen(names[i].name);
        }
    if (text.size < 4 || text.data[1] != '#')
        return 0;
    is_hex = text.data[2] == 'x' || text.data[2] == 'X';
    for (i = is_hex ? 3 : 2; i < text.size && i < 12 && text.data[i] != ';'; i++, digits++) {
        char d = text.data[i];
        unsigned n = d >= '0' && d <= '9' ? (unsigned)(d - '0')
                     : is_hex && (d | 32) >= 'a' && (d | 32) <= 'f'
                         ? (unsigned)((d | 32) - 'a' + 10)
                         : 99;
        if (n == 99)
            return 0;
        value = value * (is_hex ? 16 : 10) + n;
    }
    if (digits == 0 || i >= text.size || text.data[i] != ';' || value == 0 || value > 0x10ffff
        || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *c = value;
    return i + 1;
}

size_t deid_writer_next(struct slice text, uint32_t *c)
{
    size_t size = text.data[0] == '&' ? reference_read(text, c) : 0;

    if (size == 0)
        *c = utf8_decode(text, &size);
    return size;
}

size_t deid_writer_put_next(struct deid_writer *writer, struct slice text, size_t at)
{
    uint32_t c = 0;
    size_t size = deid_writer_next(slice_cut(text, at, text.size), &c);

    deid_writer_put(writer, c, (uint32_t)at, (uint32_t)(at + size));
    return size;
}

size_t deid_writer_put_run(struct deid_writer *writer, struct slice text, size_t at)
{
    size_t end = at;

    if (writer->opening != UINT32_MAX)
        return 0;
    while (end < text.size && (unsigned char)text.data[end] < 0x80 && text.data[end] != '&'
           && !(writer->is_joined && deid_fold_is_control((unsigned char)text.data[end])))
        end++;
    if (end > at)
        put_plain(writer, text.data + at, end - at, (uint32_t)at);
    return end - at;
}

enum status deid_writer_close(struct deid_writer *writer, struct slice original,
                              struct deid_text *text, struct error *err)
{
    if (writer->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text of %zu bytes",
                         original.size);
    *text = (struct deid_text){ original, slice_of(writer->folded, writer->size), writer->stretches,
                                writer->count };
    return STATUS_OK;
}
