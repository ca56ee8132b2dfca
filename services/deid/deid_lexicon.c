#include "deid_lexicon.h"

#include <string.h>

#include "base/hash.h"

#define ROWS_COUNT 16384 /* the lists hold about 5,000 words; half full at most */
#define WORD_BYTES_MAX 40

extern const char deid_lists_start[], deid_lists_end[];

static const struct {
    const char *name;
    uint32_t flag;
} sections[] = {
    { "given", DEID_WORD_GIVEN },           { "family", DEID_WORD_FAMILY },
    { "places", DEID_WORD_PLACE },          { "title", DEID_WORD_TITLE },
    { "credential", DEID_WORD_CREDENTIAL }, { "kin", DEID_WORD_KIN },
    { "label", DEID_WORD_LABEL },           { "month", DEID_WORD_MONTH },
    { "weekday", DEID_WORD_WEEKDAY },       { "street", DEID_WORD_STREET },
    { "facility", DEID_WORD_FACILITY },     { "facilitypart", DEID_WORD_FACILITY_PART },
    { "state", DEID_WORD_STATE },           { "stateabbr", DEID_WORD_STATE_ABBR },
    { "eponym", DEID_WORD_EPONYM },         { "eponymafter", DEID_WORD_EPONYM_AFTER },
    { "ambiguous", DEID_WORD_AMBIGUOUS },   { "stop", DEID_WORD_STOP },
    { "salutation", DEID_WORD_SALUTATION }, { "idlabel", DEID_WORD_ID_LABEL },
};

static uint32_t section_flag(struct slice name, struct error *err)
{
    size_t i;

    for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        if (slice_is(name, sections[i].name))
            return sections[i].flag;
    error_set(err, STATUS_INTERNAL, "the word lists have an unknown section");
    return 0;
}

static struct deid_lexicon_row *row_at(const struct deid_lexicon *lexicon, struct slice word)
{
    uint32_t at = (uint32_t)hash_bytes(word, 0) & lexicon->mask;

    while (lexicon->rows[at].word != NULL
           && !(lexicon->rows[at].size == word.size
                && memcmp(lexicon->rows[at].word, word.data, word.size) == 0))
        at = (at + 1) & lexicon->mask;
    return &lexicon->rows[at];
}

static void lexicon_add(struct deid_lexicon *lexicon, struct slice word, uint32_t flags)
{
    struct deid_lexicon_row *row = row_at(lexicon, word);

    row->word = word.data;
    row->size = (uint16_t)word.size;
    row->flags |= flags;
}

/* "new_york" is found as itself, and "new" knows that it may begin such a name. */
static void lexicon_add_phrase(struct deid_lexicon *lexicon, struct slice word, uint32_t flag)
{
    size_t first = slice_find_byte(word, '_');

    lexicon_add(lexicon, word, flag);
    if (first < word.size && flag == DEID_WORD_PLACE)
        lexicon_add(lexicon, slice_cut(word, 0, first), DEID_WORD_PLACE_FIRST);
    if (first < word.size && flag == DEID_WORD_STATE)
        lexicon_add(lexicon, slice_cut(word, 0, first), DEID_WORD_STATE_FIRST);
}

enum status deid_lexicon_init(struct deid_lexicon *lexicon, struct arena *arena, struct error *err)
{
    const char *at = deid_lists_start;
    uint32_t flag = 0;

    lexicon->mask = ROWS_COUNT - 1;
    lexicon->rows = ARENA_ARRAY(arena, struct deid_lexicon_row, ROWS_COUNT);
    if (lexicon->rows == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the word lists");
    while (at < deid_lists_end) {
        const char *start;
        struct slice word;

        while (at < deid_lists_end && *at <= ' ')
            at++;
        for (start = at; at<deid_lists_end && * at> ' ';)
            at++;
        word = slice_of(start, (size_t)(at - start));
        if (word.size == 0)
            break;
        if (word.data[0] != '[') {
            lexicon_add_phrase(lexicon, word, flag);
            continue;
        }
        flag = section_flag(slice_cut(word, 1, word.size - 1), err);
        if (flag == 0)
            return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

static size_t word_lower(struct slice word, char *lower)
{
    size_t i;

    for (i = 0; i < word.size; i++) {
        char c = word.data[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
    }
    return word.size;
}

uint32_t deid_lexicon_find(const struct deid_lexicon *lexicon, struct slice word)
{
    char lower[WORD_BYTES_MAX];

    if (word.size > sizeof(lower) || word.size == 0)
        return 0;
    return row_at(lexicon, slice_of(lower, word_lower(word, lower)))->flags;
}

int deid_lexicon_month(struct slice word)
{
    static const char *const names[] = { "january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december" };
    int i;

    if (word.size < 3 || word.size > 9)
        return 0;
    for (i = 0; i < 12; i++)
        if (slice_equal_fold(word, slice_from(names[i]))
            || (word.size == 3 && slice_equal_fold(word, slice_of(names[i], 3))))
            return i + 1;
    return slice_equal_fold(word, SLICE("sept")) ? 9 : 0;
}
