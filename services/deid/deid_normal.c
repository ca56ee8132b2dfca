#include "deid_normal.h"

#include "base/utf8.h"
#include "deid_fold.h"
#include "deid_writer.h"

#define TEXT_BYTES_MAX (1u << 30)

static bool is_ascii(struct slice text)
{
    uint64_t all = 0;
    size_t i;

    for (i = 0; i + 8 <= text.size; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, 8);
        all |= word;
    }
    for (; i < text.size; i++)
        all |= (uint8_t)text.data[i];
    return (all & 0x8080808080808080u) == 0;
}

static enum status fold(struct slice original, bool is_joined, struct arena *arena,
                        struct deid_text *text, struct error *err)
{
    struct deid_writer writer;
    size_t at = 0;

    if (deid_writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    writer.is_joined = is_joined;
    while (at < original.size) {
        size_t run = deid_writer_put_run(&writer, original, at);

        at += run > 0 ? run : deid_writer_put_next(&writer, original, at);
    }
    return deid_writer_close(&writer, original, text, err);
}

enum status deid_normal(struct slice original, struct arena *arena, struct deid_text *text,
                        struct error *err)
{
    if (original.size <= TEXT_BYTES_MAX && is_ascii(original)
        && slice_find_byte(original, '&') == original.size) {
        *text = (struct deid_text){ original, original, NULL, 0 };
        return STATUS_OK;
    }
    return fold(original, false, arena, text, err);
}

/* Bytes that a control character begins with, and a reference's "&". */
/* clang-format off */
static const uint8_t control_first[256] = {
    [0 ... '\t' - 1] = 1, ['\r' + 1 ... 0x1f] = 1, [0x7f] = 1, [0xc2] = 1, ['&'] = 1,
};
/* clang-format on */

/* Whether there may be a control character: most texts have none of these bytes. */
static bool may_have_control(struct slice text)
{
    uint8_t any = 0;

    for (size_t i = 0; i < text.size; i++)
        any |= control_first[(uint8_t)text.data[i]];
    return any != 0;
}

bool deid_normal_has_control(struct slice original)
{
    uint32_t c = 0;
    size_t size;

    if (!may_have_control(original))
        return false;
    for (size_t at = 0; at < original.size; at += size) {
        struct slice rest = slice_cut(original, at, original.size);

        size = deid_writer_next(rest, &c);
        if (deid_fold_is_control(c))
            return true;
    }
    return false;
}

enum status deid_normal_joined(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err)
{
    return fold(original, true, arena, text, err);
}

/* The stretch that folded byte @at is in. */
static const struct deid_stretch *stretch_at(const struct deid_text *text, uint32_t at)
{
    uint32_t low = 0, high = text->stretches_count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (text->stretches[middle].folded <= at)
            low = middle;
        else
            high = middle;
    }
    return &text->stretches[low];
}

uint32_t deid_normal_start(const struct deid_text *text, uint32_t start)
{
    const struct deid_stretch *stretch;

    if (text->stretches_count == 0)
        return start;
    stretch = stretch_at(text, start);
    return stretch->start + (stretch->is_plain ? start - stretch->folded : 0);
}

uint32_t deid_normal_end(const struct deid_text *text, uint32_t end)
{
    const struct deid_stretch *stretch;

    if (text->stretches_count == 0)
        return end;
    stretch = stretch_at(text, end - 1);
    return stretch->is_plain ? stretch->start + (end - stretch->folded) : stretch->end;
}

uint32_t deid_normal_points(struct slice original, uint32_t from, uint32_t points, uint32_t at)
{
    for (; from < at && from < original.size; from++)
        points += ((unsigned char)original.data[from] & 0xc0) != 0x80;
    return points;
}
