#include "deid_restore.h"

#include "deid_date.h"
#include "deid_token.h"

struct restore {
    struct deid_map *map;
    struct deid_text text;
    struct buffer out;
    size_t copied; /* of the original, so far */
};

/* Replace the folded range by @original. */
static void put_original(struct restore *restore, size_t start, size_t end, struct slice original)
{
    uint32_t from = deid_normal_start(&restore->text, (uint32_t)start);

    buffer_put(&restore->out, slice_cut(restore->text.original, restore->copied, from));
    buffer_put(&restore->out, original);
    /* Invisible characters after a surrogate are the caller's own. */
    restore->copied = deid_normal_start(&restore->text, (uint32_t)end - 1) + 1;
}

/* A surrogate at @at; where it ends, or @at. */
static size_t restore_surrogate(struct restore *restore, size_t at)
{
    struct deid_surrogate surrogate;
    struct slice original = { NULL, 0 };

    if (!deid_surrogate_read(restore->text.folded, at, restore->map, &surrogate))
        return at;
    if (surrogate.entry != NULL) {
        original = surrogate.entry->original;
    } else if (surrogate.is_id) {
        struct deid_id *id =
            deid_map_find_id_surrogate(restore->map, surrogate.letter, surrogate.number);
        if (id != NULL)
            original = id->original;
    } else {
        struct deid_entry *entry = deid_map_find_surrogate(restore->map, surrogate.class,
                                                           surrogate.number, surrogate.variant);
        if (entry != NULL)
            original = entry->original;
    }
    if (original.data != NULL)
        put_original(restore, surrogate.start, surrogate.end, original);
    return surrogate.end;
}

/* "--3-4" goes back to "3/4", any other date to the form that it has. */
static size_t restore_date(struct restore *restore, size_t at)
{
    struct slice text = restore->text.folded;
    int days = -restore->map->shift_days;
    struct deid_date date;
    struct buffer out;
    char slashes[2 * 8];
    size_t i;

    if (!deid_date_read(text, at, &date))
        return at;
    buffer_init(&out, restore->out.arena);
    deid_date_move(text, &date, days, &out);
    if (out.is_full)
        return date.end;
    if (text.data[at] == '-' && out.size > 2 && out.size - 2 < sizeof(slashes)) {
        for (i = 0; i < out.size - 2; i++)
            slashes[i] = out.data[i + 2] == '-' ? '/' : out.data[i + 2];
        put_original(restore, at, date.end, slice_of(slashes, out.size - 2));
    } else {
        put_original(restore, at, date.end, buffer_slice(&out));
    }
    return date.end;
}

/* What begins at @at, a surrogate or a date that was moved; where it ends, or @at. */
static size_t restore_at(struct restore *restore, size_t at)
{
    struct slice text = restore->text.folded;
    bool is_dated = restore->map->profile == DEID_PROFILE_LIMITED;
    size_t end = at;

    if (!deid_is_word(text.data[at]))
        return is_dated && text.data[at] == '-' && at + 2 < text.size && text.data[at + 1] == '-'
                       && deid_is_digit(text.data[at + 2])
                   ? restore_date(restore, at)
                   : at;
    if (deid_surrogate_may_begin(restore->map, text, at))
        end = restore_surrogate(restore, at);
    return end == at && is_dated ? restore_date(restore, at) : end;
}

enum status deid_restore_text(struct deid_map *map, struct slice text, struct arena *arena,
                              struct slice *output, struct error *err)
{
    struct restore restore = { .map = map };
    enum status status = deid_normal(text, arena, &restore.text, err);
    struct slice folded = restore.text.folded;
    size_t at = 0;

    if (status != STATUS_OK)
        return status;
    buffer_init(&restore.out, arena);
    while (at < folded.size) {
        size_t end = restore_at(&restore, at);

        at = end > at ? end : at + 1;
        while (at < folded.size && deid_is_word(folded.data[at])
               && deid_is_word(folded.data[at - 1]))
            at++; /* to where a word begins */
    }
    if (restore.out.size == 0 && restore.copied == 0) {
        *output = text;
        return restore.out.is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED,
                                               "no room to restore %zu bytes", text.size)
                                   : STATUS_OK;
    }
    buffer_put(&restore.out, slice_cut(text, restore.copied, text.size));
    if (restore.out.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to restore %zu bytes", text.size);
    *output = buffer_slice(&restore.out);
    return STATUS_OK;
}
