/* lines → parts → a row, each part checked: what stands here is nobody's program. */
#include "context_thing_site.h"

#include <ctype.h>
#include <string.h>

#include "context_phrase.h"

#define PARTS_MAX 4

static const struct {
    const char *word;
    enum thing_kind kind;
} kinds[] = {
    { "drug", THING_DRUG },           { "drug-class", THING_DRUG_CLASS },
    { "test", THING_TEST },           { "imaging", THING_IMAGING },
    { "condition", THING_CONDITION }, { "organ", THING_ORGAN },
    { "place", THING_PLACE },         { "procedure", THING_PROCEDURE },
    { "vaccine", THING_VACCINE },     { "visit", THING_VISIT },
    { "device", THING_DEVICE },       { "social", THING_SOCIAL },
    { "allergen", THING_ALLERGEN },
};

static bool read_kind(struct slice word, enum thing_kind *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (slice_is(word, kinds[i].word)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!islower((unsigned char)name.data[i]) && !isdigit((unsigned char)name.data[i])
            && name.data[i] != '-')
            return false;
    return name.size > 0 && name.size < THING_NAME_BYTES_MAX;
}

/* Phrases as the tables write them: no blanks beside bars. NULL: one is no phrase, or no room. */
static const char *read_phrases(struct slice text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.size + 1);
    size_t size = 0;

    for (bool is_more = text.size > 0; is_more && out != NULL;) {
        size_t bar = slice_find_byte(text, '|');
        struct slice phrase = slice_trim(slice_cut(text, 0, bar));

        is_more = bar < text.size;
        text = slice_cut(text, bar + 1, text.size);
        if (!phrase_is_valid(phrase))
            return NULL;
        if (size > 0)
            out[size++] = '|';
        memcpy(out + size, phrase.data, phrase.size);
        size += phrase.size;
    }
    if (out != NULL)
        out[size] = '\0';
    return out;
}

static bool read_line(struct slice line, struct arena *arena, struct thing_row *row)
{
    struct slice parts[PARTS_MAX] = { { NULL, 0 } };
    uint32_t count = 0;
    enum thing_kind kind;

    for (; line.size > 0 && count < PARTS_MAX; count++) {
        size_t end = slice_find_byte(line, ';');

        parts[count] = slice_trim(slice_cut(line, 0, end));
        line = slice_cut(line, end + 1, line.size);
    }
    if (line.size > 0 || count < 3 || !read_kind(parts[0], &kind) || !is_name(parts[1]))
        return false;
    *row = (struct thing_row){ kind, arena_string(arena, parts[1]), read_phrases(parts[2], arena),
                               arena_string(arena, parts[3]), "" };
    return row->name != NULL && row->phrases != NULL && row->is != NULL;
}

enum status thing_site_parse(struct slice text, struct arena *arena, struct thing_row *rows,
                             uint32_t *count, struct error *err)
{
    if (text.size > THING_SITE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "words: %zu bytes, more than %d", text.size,
                         THING_SITE_BYTES_MAX);
    *count = 0;
    for (unsigned number = 1; text.size > 0; number++) {
        size_t end = slice_find_byte(text, '\n');
        struct slice line = slice_trim(slice_cut(text, 0, end));

        text = slice_cut(text, end + 1, text.size);
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (*count == THING_SITE_ROWS_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "words: more than %d rows",
                             THING_SITE_ROWS_MAX);
        if (!read_line(line, arena, &rows[*count]))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "words: line %u is not \"KIND; NAME; PHRASES; NAMES\"", number);
        ++*count;
    }
    return STATUS_OK;
}
