#include "tagger_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "fhir/json.h"

#define LEARN_PERCENT 65
#define LINE_BYTES_MAX ((size_t)256 << 20)
#define MARKS_MAX 4096

static size_t byte_of(struct slice text, unsigned long index)
{
    size_t at = 0, size;

    for (; index > 0 && at < text.size; index--, at += size)
        utf8_decode(slice_cut(text, at, text.size), &size);
    return at;
}

static bool begins_with_any(struct slice label, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++)
        if (slice_starts_with(label, slice_from(*prefixes)))
            return true;
    return false;
}

/* Whether the words of a place say that it is a house: "Lakeside Clinic". */
static bool is_house(struct slice text, const struct deid_lexicon *lexicon)
{
    size_t at = 0, start;

    while (at < text.size) {
        for (; at < text.size && !deid_is_word(text.data[at]);)
            at++;
        for (start = at; at < text.size && deid_is_word(text.data[at]);)
            at++;
        if (deid_lexicon_find(lexicon, slice_cut(text, start, at))
            & (DEID_WORD_FACILITY | DEID_WORD_HOSPITAL))
            return true;
    }
    return false;
}

/* The tag that begins a span of this label, OUTSIDE for labels that the tagger does not know. */
static enum deid_tag tag_of(struct slice label, struct slice text,
                            const struct deid_lexicon *lexicon)
{
    static const char *const names[] = { "NAME", "PERSON", NULL };
    static const char *const places[] = { "GEOGRAPHIC", "LOCATION", "GPE",  "STREET", "ADDRESS",
                                          "ZIP",        "POSTAL",   "CITY", "STATE",  NULL };
    static const char *const houses[] = { "ORG", "HOSPITAL", "FACILITY", NULL };

    if (begins_with_any(label, names))
        return DEID_TAG_NAME_BEGIN;
    if (begins_with_any(label, houses))
        return DEID_TAG_HOUSE_BEGIN;
    if (!begins_with_any(label, places) || slice_is(label, "LOCATION_ROOM"))
        return DEID_TAG_OUTSIDE;
    return is_house(text, lexicon) ? DEID_TAG_HOUSE_BEGIN : DEID_TAG_PLACE_BEGIN;
}

/* "Dr. Sarah P." is a title and a name. */
static void title_cut(struct slice text, struct tagger_mark *mark)
{
    static const char *const titles[] = {
        "Dr", "Mr", "Ms", "Mrs", "Miss", "Prof", "dr", "mr", "DR"
    };
    size_t i;

    for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        struct slice inside = slice_cut(text, mark->start, mark->end);
        size_t size = strlen(titles[i]);

        if (!slice_starts_with(inside, slice_from(titles[i])) || inside.size <= size + 2
            || (inside.data[size] != '.' && inside.data[size] != ' '))
            continue;
        mark->start += (uint32_t)size;
        while (mark->start < mark->end && !deid_is_word(text.data[mark->start]))
            mark->start++;
    }
}

static int mark_compare(const void *left, const void *right)
{
    const struct tagger_mark *a = left, *b = right;

    return a->start < b->start ? -1 : a->start > b->start;
}

static bool marks_read(const struct json *spans, const struct deid_lexicon *lexicon,
                       struct arena *arena, struct tagger_text *text)
{
    const struct json *span;
    unsigned i, kept = 0;

    text->marks = ARENA_ARRAY(arena, struct tagger_mark, MARKS_MAX);
    if (text->marks == NULL)
        return false;
    for (span = json_first(spans); span != NULL && text->marks_count < MARKS_MAX;
         span = span->next) {
        struct tagger_mark *mark = &text->marks[text->marks_count];
        const struct json *start = json_get(span, "start"), *end = json_get(span, "end");

        if (start == NULL || end == NULL)
            return false;
        mark->start = (uint32_t)byte_of(text->text, strtoul(start->text.data, NULL, 10));
        mark->end = (uint32_t)byte_of(text->text, strtoul(end->text.data, NULL, 10));
        mark->tag = tag_of(json_get_string(span, "label"),
                           slice_cut(text->text, mark->start, mark->end), lexicon);
        if (mark->tag == DEID_TAG_OUTSIDE || mark->end <= mark->start)
            continue;
        if (mark->tag == DEID_TAG_NAME_BEGIN)
            title_cut(text->text, mark);
        text->marks_count++;
    }
    qsort(text->marks, text->marks_count, sizeof(*text->marks), mark_compare);
    for (i = 0; i < text->marks_count; i++)
        if (kept == 0 || text->marks[i].start >= text->marks[kept - 1].end)
            text->marks[kept++] = text->marks[i];
    text->marks_count = kept;
    return true;
}

static enum tagger_part part_of(const struct json *line, struct slice text)
{
    const struct json *template = json_get(line, "template_id");
    struct slice key = template == NULL ? text : template->text;

    return hash_bytes(key, 17) % 100 < LEARN_PERCENT ? TAGGER_PART_LEARN : TAGGER_PART_TEST;
}

static enum status line_read(struct slice line, const struct deid_lexicon *lexicon,
                             struct arena *arena, struct tagger_examples *learn,
                             struct tagger_examples *test, float weight, struct error *err)
{
    struct tagger_text text = { { NULL, 0 }, NULL, 0 };
    struct tagger_examples *into;
    struct json *root;

    if (json_parse(line, arena, &root, err) != STATUS_OK)
        return err->status;
    text.text = json_get_string(root, "text");
    if (text.text.data == NULL || !marks_read(json_get(root, "spans"), lexicon, arena, &text))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a line without text and spans");
    into = part_of(root, text.text) == TAGGER_PART_LEARN ? learn : test;
    return into == NULL ? STATUS_OK : tagger_examples_add(into, lexicon, &text, weight, err);
}

enum status tagger_data_read(struct slice file, const struct deid_lexicon *lexicon,
                             struct tagger_examples *learn, struct tagger_examples *test,
                             float weight, struct error *err)
{
    struct arena arena = { 0 };
    enum status status = STATUS_OK;

    arena_init(&arena, LINE_BYTES_MAX);
    while (file.size > 0 && status == STATUS_OK) {
        size_t end = slice_find_byte(file, '\n');
        struct arena_mark mark = arena_mark(&arena);

        if (end > 2)
            status = line_read(slice_cut(file, 0, end), lexicon, &arena, learn, test, weight, err);
        file = slice_cut(file, end + 1, file.size);
        arena_rewind(&arena, mark);
    }
    arena_close(&arena);
    return status;
}
