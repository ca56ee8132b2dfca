#include "tagger_leaves.h"

#include <math.h>
#include <string.h>

#include "deid_lexicon.h"

#define FLATTEN 0.5 /* rare names are learnt from too: weights are the square roots of shares */

enum bag {
    BAG_GIVEN,
    BAG_FAMILY,
    BAG_RARE,
    BAG_TOWN,
    BAG_CITY,
    BAG_DRUG,
    BAG_MEDICAL,
    BAG_EPONYM,
    BAG_WORD
};

static bool is_phrase(const struct words_row *row)
{
    return memchr(row->word, '_', row->size) != NULL;
}

static bool is_plain(const struct words_row *row)
{
    uint32_t i;

    for (i = 0; i < row->size; i++)
        if (row->word[i] < 'a' || row->word[i] > 'z')
            return false;
    return true;
}

/* How much a word weighs in a bag; 0 when it is not in it. */
static double weight_in(const struct words_row *row, enum bag bag)
{
    double use = row->use > 0 ? row->use : 0;
    bool is_word = !is_phrase(row) && is_plain(row) && row->size >= 2;

    switch (bag) {
    case BAG_GIVEN: /* the sources have words among the names */
        return is_word && use < 300 && !(row->flags & DEID_WORD_STOP) ? pow(row->given, FLATTEN)
                                                                      : 0;
    case BAG_FAMILY:
        return is_word && use < 300 && !(row->flags & DEID_WORD_STOP) && row->family > 3e-6
                   ? pow(row->family, FLATTEN)
                   : 0;
    case BAG_RARE:
        return is_word && row->family > 0 && row->family <= 3e-6 && use == 0 && row->size >= 4;
    case BAG_TOWN:
        return row->people > 0 && use < 5 && !(row->flags & DEID_WORD_STATE)
                   ? pow(row->people, FLATTEN)
                   : 0;
    case BAG_CITY:
        return row->people > 100000 && !(row->flags & DEID_WORD_STATE) ? pow(row->people, FLATTEN)
                                                                       : 0;
    case BAG_DRUG:
        return is_word && row->size >= 4 && row->flags & DEID_WORD_DRUG ? 1 : 0;
    case BAG_MEDICAL:
        return is_word && row->size >= 4 && row->flags & DEID_WORD_MEDICAL
                   ? (row->flags & DEID_WORD_ENGLISH ? 1 : 0.3)
                   : 0;
    case BAG_EPONYM:
        return is_word && row->size >= 4 && row->flags & DEID_WORD_EPONYM ? 1 : 0;
    case BAG_WORD:
        return is_word && row->size >= 3 && row->flags & DEID_WORD_ENGLISH && row->given == 0
                       && row->family < 1e-5
                   ? pow(use, FLATTEN)
                   : 0;
    }
    return 0;
}

static bool bag_fill(struct tagger_leaves *leaves, struct tagger_bag *bag, enum bag kind,
                     const struct words_table *table)
{
    double sum = 0;
    uint32_t i, count = 0;

    for (i = 0; i < table->rows_count; i++)
        count += table->rows[i].word != NULL && weight_in(&table->rows[i], kind) > 0;
    bag->rows = ARENA_ARRAY(&leaves->arena, const struct words_row *, count + 1);
    bag->sums = ARENA_ARRAY(&leaves->arena, double, count + 1);
    if (bag->rows == NULL || bag->sums == NULL)
        return false;
    for (i = 0; i < table->rows_count; i++) {
        double weight = table->rows[i].word == NULL ? 0 : weight_in(&table->rows[i], kind);
        if (weight <= 0)
            continue;
        sum += weight;
        bag->rows[bag->count] = &table->rows[i];
        bag->sums[bag->count++] = sum;
    }
    return bag->count > 0;
}

enum status tagger_leaves_init(struct tagger_leaves *leaves, const struct words_table *table,
                               struct error *err)
{
    struct tagger_bag *bags[] = { &leaves->given,   &leaves->family, &leaves->rare,
                                  &leaves->town,    &leaves->city,   &leaves->drug,
                                  &leaves->medical, &leaves->eponym, &leaves->word };
    unsigned i;

    *leaves = (struct tagger_leaves){ .given = { NULL } };
    arena_init(&leaves->arena, (size_t)256 << 20);
    for (i = 0; i < sizeof(bags) / sizeof(bags[0]); i++)
        if (!bag_fill(leaves, bags[i], (enum bag)i, table))
            return error_set(err, STATUS_FAILED_PRECONDITION,
                             "no words of kind %u: are the packages of the word lists there?", i);
    return STATUS_OK;
}

void tagger_leaves_close(struct tagger_leaves *leaves)
{
    arena_close(&leaves->arena);
}

static const struct words_row *bag_pick(const struct tagger_bag *bag, struct tagger_chance *chance)
{
    double at = tagger_chance_unit(chance) * bag->sums[bag->count - 1];
    unsigned low = 0, high = bag->count - 1;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (bag->sums[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return bag->rows[low];
}

/* "new_york" -> "New York", "mcdonald" -> "McDonald" now and then. */
static unsigned write_capital(const struct words_row *row, struct tagger_chance *chance, char *out)
{
    unsigned i, size = 0;
    bool is_start = true;

    for (i = 0; i < row->size && size < TAGGER_LEAF_BYTES_MAX - 4; i++) {
        char c = row->word[i];

        if (c == '_') {
            out[size++] = ' ';
            is_start = true;
            continue;
        }
        out[size++] = is_start && c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        is_start = i == 1 && c == 'c' && out[0] == 'M' && row->size > 5
                   && tagger_chance_below(chance, 4) > 0;
    }
    return size;
}

static unsigned write_plain(const struct words_row *row, char *out)
{
    memcpy(out, row->word, row->size);
    return row->size;
}

#define PICK(chance, list) (list)[tagger_chance_below(chance, sizeof(list) / sizeof((list)[0]))]

/* A name that is in no list, from the sounds of many languages. */
static unsigned write_invented(struct tagger_chance *chance, char *out)
{
    static const char *const starts[] = {
        "B", "Br", "Ch", "D",  "Dj", "F",  "G", "Gw", "H", "J",  "K",  "Kh", "Kw", "L",
        "M", "Mb", "N",  "Ng", "O",  "P",  "Q", "R",  "S", "Sh", "Sz", "T",  "Ts", "U",
        "V", "W",  "X",  "Y",  "Z",  "Zh", "A", "E",  "I", "St", "Tr", "Fr"
    };
    static const char *const vowels[] = { "a",  "e",  "i",  "o",  "u",  "aa", "ai", "au",
                                          "ei", "ia", "ie", "oo", "ou", "ya", "yo", "ue",
                                          "a",  "e",  "i",  "o",  "u",  "a",  "o" };
    static const char *const middles[] = { "b",  "d",  "k",  "l", "ll", "m",  "n",  "nd", "ng",
                                           "nk", "r",  "rr", "s", "sh", "t",  "v",  "z",  "kw",
                                           "ch", "dr", "gb", "h", "lm", "rt", "st", "y",  "w" };
    static const char *const ends[] = { "",    "n",    "r",     "s",     "k",    "wicz", "ski",
                                        "ova", "enko", "ian",   "oglu",  "ez",   "ini",  "sen",
                                        "son", "berg", "mann",  "quist", "ides", "ala",  "umi",
                                        "eh",  "oth",  "ndran", "wala",  "",     "",     "h" };
    unsigned size = 0, syllables = 1 + tagger_chance_below(chance, 2);
    const char *part = PICK(chance, starts);

    size += (unsigned)strlen(strcpy(out + size, part));
    part = PICK(chance, vowels);
    size += (unsigned)strlen(strcpy(out + size, part));
    while (syllables-- > 0) {
        size += (unsigned)strlen(strcpy(out + size, PICK(chance, middles)));
        size += (unsigned)strlen(strcpy(out + size, PICK(chance, vowels)));
    }
    size += (unsigned)strlen(strcpy(out + size, PICK(chance, ends)));
    return size;
}

/* As a hurried hand writes it: two letters change places, one is left out or doubled. */
static unsigned misspell(char *out, unsigned size, struct tagger_chance *chance)
{
    unsigned at;
    char kept;

    if (size < 5 || tagger_chance_below(chance, 40) != 0)
        return size;
    at = 1 + tagger_chance_below(chance, size - 2);
    switch (tagger_chance_below(chance, 3)) {
    case 0:
        kept = out[at];
        out[at] = out[at + 1];
        out[at + 1] = kept;
        return size;
    case 1:
        memmove(out + at, out + at + 1, size - at - 1);
        return size - 1;
    default:
        memmove(out + at + 1, out + at, size - at);
        return size + 1;
    }
}

/* Letters get the accents that names have. */
static unsigned accent(char *out, unsigned size, struct tagger_chance *chance)
{
    static const struct {
        char plain;
        const char *accented;
    } pairs[] = { { 'e', "\xc3\xa9" }, { 'a', "\xc3\xa1" }, { 'o', "\xc3\xb6" },
                  { 'u', "\xc3\xbc" }, { 'n', "\xc3\xb1" }, { 'c', "\xc3\xa7" },
                  { 'i', "\xc3\xad" }, { 's', "\xc5\xa1" }, { 'z', "\xc5\xbe" },
                  { 'o', "\xc3\xb8" } };
    unsigned i, pair;

    if (tagger_chance_below(chance, 30) != 0)
        return size;
    pair = tagger_chance_below(chance, sizeof(pairs) / sizeof(pairs[0]));
    for (i = 1; i < size; i++)
        if (out[i] == pairs[pair].plain) {
            memmove(out + i + 2, out + i + 1, size - i - 1);
            memcpy(out + i, pairs[pair].accented, 2);
            return size + 1;
        }
    return size;
}

static unsigned write_name(const struct tagger_leaves *leaves, const struct tagger_bag *bag,
                           struct tagger_chance *chance, char *out)
{
    unsigned kind = tagger_chance_below(chance, 20), size;

    if (kind < 2)
        size = write_invented(chance, out);
    else if (kind < 5)
        size = write_capital(bag_pick(&leaves->rare, chance), chance, out);
    else
        size = write_capital(bag_pick(bag, chance), chance, out);
    return accent(out, misspell(out, size, chance), chance);
}

static const char *const leaf_names[] = { "given",   "family", "town", "city",     "drug",
                                          "medical", "eponym", "word", "invented", "rare" };

bool tagger_leaves_has(struct slice name)
{
    size_t i;

    for (i = 0; i < sizeof(leaf_names) / sizeof(leaf_names[0]); i++)
        if (slice_is(name, leaf_names[i]))
            return true;
    return false;
}

unsigned tagger_leaves_make(const struct tagger_leaves *leaves, struct slice name,
                            struct tagger_chance *chance, char out[TAGGER_LEAF_BYTES_MAX])
{
    if (slice_is(name, "given"))
        return write_name(leaves, &leaves->given, chance, out);
    if (slice_is(name, "family"))
        return write_name(leaves, &leaves->family, chance, out);
    if (slice_is(name, "rare"))
        return write_capital(bag_pick(&leaves->rare, chance), chance, out);
    if (slice_is(name, "invented"))
        return write_invented(chance, out);
    if (slice_is(name, "town"))
        return accent(out, write_capital(bag_pick(&leaves->town, chance), chance, out), chance);
    if (slice_is(name, "city"))
        return write_capital(bag_pick(&leaves->city, chance), chance, out);
    if (slice_is(name, "eponym"))
        return write_capital(bag_pick(&leaves->eponym, chance), chance, out);
    if (slice_is(name, "drug"))
        return write_plain(bag_pick(&leaves->drug, chance), out);
    if (slice_is(name, "medical"))
        return write_plain(bag_pick(&leaves->medical, chance), out);
    return write_plain(bag_pick(&leaves->word, chance), out);
}
