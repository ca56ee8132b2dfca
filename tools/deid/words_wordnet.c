/* WordNet's nouns: a line is "offset category n count word id word id … | gloss", words of a phrase
 * joined with '_', and a capital where the word is written with one. */
#include <stdlib.h>

#include "deid_lexicon.h"
#include "words_read.h"

enum category {
    ACT = 4,
    ANIMAL = 5,
    ARTIFACT = 6,
    BODY = 8,
    COGNITION = 9,
    PROCESS = 22,
    STATE = 26,
    SUBSTANCE = 27
};

static bool has(struct slice text, const char *word)
{
    return memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* The field after @at, blanks between. */
static struct slice field_next(struct slice line, size_t *at)
{
    size_t start = *at, end;

    while (start < line.size && line.data[start] == ' ')
        start++;
    end = start + slice_find_byte(slice_cut(line, start, line.size), ' ');
    *at = end;
    return slice_cut(line, start, end);
}

static bool is_capital(struct slice word)
{
    return word.size > 0 && word.data[0] >= 'A' && word.data[0] <= 'Z';
}

static bool is_drug(unsigned category, struct slice gloss)
{
    static const char *const words[] = {
        "trade name",  "trade names", "antibiotic",    "antidepressant", "tranquilizer",
        "analgesic",   "diuretic",    "antihistamine", "a drug ",        "drug that",
        "drug used",   "vitamin",     "anesthetic",    "hormone",        "penicillin",
        "barbiturate", "steroid",     "beta blocker",  "vasodilator",    "sedative"
    };
    size_t i;

    if (category != ARTIFACT && category != SUBSTANCE)
        return false;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (has(gloss, words[i]))
            return true;
    return false;
}

static bool is_medical(unsigned category, struct slice gloss)
{
    static const char *const words[] = { "disease",  "disorder", "patient",  "surg",   "medical",
                                         "inflamm",  "symptom",  "infect",   "tumor",  "physician",
                                         "syndrome", "bacter",   "patholog", "anatom", "diagnos" };
    size_t i;

    if (category == BODY)
        return true;
    if (category != STATE && category != SUBSTANCE && category != ACT && category != ARTIFACT
        && category != ANIMAL && category != PROCESS && category != COGNITION)
        return false;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (has(gloss, words[i]))
            return true;
    return false;
}

/* "Babinski_reflex", "Addison's_disease": the name in front of a word that follows eponyms. */
static void eponym_add(struct words_table *table, struct slice phrase)
{
    size_t first = slice_find_byte(phrase, '_'), last = phrase.size;
    struct slice name = slice_cut(phrase, 0, first);
    struct words_row *row;

    while (last > 0 && phrase.data[last - 1] != '_')
        last--;
    row = words_table_find(table, slice_cut(phrase, last, phrase.size));
    if (row == NULL || !(row->flags & DEID_WORD_EPONYM_AFTER))
        return;
    if (slice_ends_with(name, SLICE("'s")))
        name.size -= 2;
    row = name.size < 3 ? NULL : words_table_row(table, name);
    if (row != NULL && !(row->flags & (DEID_WORD_COUNTRY | DEID_WORD_NATION | DEID_WORD_STATE)))
        row->flags |= DEID_WORD_EPONYM;
}

static void line_read(struct words_table *table, struct slice line)
{
    size_t bar = slice_find_byte(line, '|'), at = 0;
    struct slice gloss = slice_cut(line, bar, line.size);
    unsigned category, count, i;
    uint32_t flags;

    field_next(line, &at);
    category = (unsigned)strtoul(field_next(line, &at).data, NULL, 10);
    field_next(line, &at);
    count = (unsigned)strtoul(field_next(line, &at).data, NULL, 16);
    flags = (is_medical(category, gloss) ? DEID_WORD_MEDICAL : 0)
            | (is_drug(category, gloss) ? DEID_WORD_MEDICAL | DEID_WORD_DRUG : 0);
    if (flags == 0)
        return;
    for (i = 0; i < count; i++) {
        struct slice word = field_next(line, &at);
        struct words_row *row;

        field_next(line, &at);
        if (slice_find_byte(word, '_') < word.size) {
            if (is_capital(word))
                eponym_add(table, word);
            continue;
        }
        /* A word with a capital that is no trade name is somebody's name. */
        if (word.size < 3 || (is_capital(word) && !(flags & DEID_WORD_DRUG)))
            continue;
        row = words_table_row(table, word);
        if (row != NULL)
            row->flags |= flags;
    }
}

enum status words_read_wordnet(struct words_table *table, struct slice file, struct error *err)
{
    unsigned lines = 0;

    while (file.size > 0) {
        size_t end = slice_find_byte(file, '\n');
        struct slice line = slice_cut(file, 0, end);

        file = slice_cut(file, end + 1, file.size);
        if (line.size < 20 || line.data[0] < '0' || line.data[0] > '9')
            continue; /* the licence in front */
        line_read(table, line);
        lines++;
    }
    return lines > 1000 ? STATUS_OK : error_set(err, STATUS_INVALID_ARGUMENT, "no nouns");
}
