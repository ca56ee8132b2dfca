#include "tagger_leaves.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "deid_lexicon.h"

#define FLATTEN 0.5 /* rare names are learnt from too: weights are the square roots of shares */

enum bag {
    BAG_GIVEN,
    BAG_FAMILY,
    BAG_RARE,
    BAG_GIVEN_WORD, /* Will, Grant, May */
    BAG_FAMILY_WORD,
    BAG_TOWN,
    BAG_CITY,
    BAG_DRUG,
    BAG_MEDICAL,
    BAG_EPONYM,
    BAG_WORD,
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
    case BAG_GIVEN_WORD:
        return is_word && use >= 1 && row->given > 1e-5 ? pow(row->given, FLATTEN) : 0;
    case BAG_FAMILY_WORD:
        return is_word && use >= 1 && row->family > 3e-5 ? pow(row->family, FLATTEN) : 0;
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
    struct tagger_bag *bags[] = { &leaves->given,      &leaves->family,      &leaves->rare,
                                  &leaves->given_word, &leaves->family_word, &leaves->town,
                                  &leaves->city,       &leaves->drug,        &leaves->medical,
                                  &leaves->eponym,     &leaves->word };
    unsigned i;

    *leaves = (struct tagger_leaves){ .glosses = NULL };
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

#define GLOSS_BYTES_MIN 16
#define GLOSS_BYTES_MAX 160

/* Prose without capitals has no name in it. */
static bool is_prose(struct slice gloss)
{
    size_t i;

    if (gloss.size < GLOSS_BYTES_MIN || gloss.size > GLOSS_BYTES_MAX)
        return false;
    for (i = 0; i < gloss.size; i++) {
        char c = gloss.data[i];
        bool is_alone = (i == 0 || gloss.data[i - 1] == ' ')
                        && (i + 1 == gloss.size || gloss.data[i + 1] < 'A');
        if (c < ' ' || c == '"' || (c >= 'A' && c <= 'Z' && !(c == 'I' && is_alone)))
            return false;
    }
    return true;
}

static bool gloss_add(struct tagger_leaves *leaves, struct slice gloss)
{
    if (leaves->glosses_count == leaves->glosses_capacity) {
        unsigned capacity = leaves->glosses_capacity == 0 ? 65536 : leaves->glosses_capacity * 2;
        struct slice *glosses = ARENA_ARRAY(&leaves->arena, struct slice, capacity);

        if (glosses == NULL)
            return false;
        if (leaves->glosses_count > 0)
            memcpy(glosses, leaves->glosses, leaves->glosses_count * sizeof(*glosses));
        leaves->glosses = glosses;
        leaves->glosses_capacity = capacity;
    }
    leaves->glosses[leaves->glosses_count++] = gloss;
    return true;
}

/* "offset category … | definition; "an example"; "another"": people and places are left out. */
static bool line_glosses(struct tagger_leaves *leaves, struct slice line)
{
    struct slice rest = slice_cut(line, slice_find_byte(line, '|') + 1, line.size);
    struct slice category = slice_cut(line, 9, 11);

    if (line.size < 12 || slice_is(category, "15") || slice_is(category, "18"))
        return true;
    while (rest.size > 0) {
        size_t end = slice_find_byte(rest, ';');
        struct slice part = slice_trim(slice_cut(rest, 0, end));

        if (part.size > 2 && part.data[0] == '"' && part.data[part.size - 1] == '"')
            part = slice_cut(part, 1, part.size - 1);
        if (is_prose(part) && !gloss_add(leaves, part))
            return false;
        rest = slice_cut(rest, end + 1, rest.size);
    }
    return true;
}

enum status tagger_leaves_glosses(struct tagger_leaves *leaves, struct slice file,
                                  struct error *err)
{
    while (file.size > 0) {
        size_t end = slice_find_byte(file, '\n');

        if (file.data[0] != ' ' && !line_glosses(leaves, slice_cut(file, 0, end)))
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for glosses");
        file = slice_cut(file, end + 1, file.size);
    }
    return STATUS_OK;
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

/* A trade name that no list has: they are made to sound like nothing else. */
static unsigned write_brand(struct tagger_chance *chance, char *out)
{
    static const char *const starts[] = { "Ab", "Ac", "Al",  "Be", "Bri", "Ca", "Ce", "Da", "Du",
                                          "El", "En", "Ev",  "Fa", "Ge",  "Ho", "Im", "In", "Jo",
                                          "Ka", "Ki", "La",  "Li", "Lu",  "Me", "My", "Na", "Ni",
                                          "Ol", "Or", "Pra", "Qu", "Re",  "Ri", "Sa", "Si", "So",
                                          "Ta", "Ti", "Tre", "Ul", "Va",  "Ve", "Vi", "Wi", "Xa",
                                          "Xe", "Ze", "Zo",  "Zy" };
    static const char *const middles[] = { "b",  "bri", "c", "di", "dro", "f",  "flu", "gi",  "l",
                                           "le", "lo",  "m", "mi", "n",   "na", "pa",  "pi",  "pra",
                                           "r",  "ri",  "s", "si", "sti", "t",  "ti",  "tra", "v",
                                           "va", "vi",  "x", "xe", "z",   "zo" };
    static const char *const ends[] = { "a",     "ada",  "ant",  "ara",    "ast",  "ava",  "axa",
                                        "ela",   "elis", "ema",  "enza",   "era",  "eron", "exa",
                                        "ex",    "ia",   "ica",  "il",     "in",   "iq",   "ium",
                                        "ix",    "izan", "ocin", "ol",     "olol", "on",   "onil",
                                        "opram", "or",   "ora",  "oxil",   "qo",   "ra",   "sta",
                                        "tiq",   "tra",  "umab", "vir",    "yl",   "yn",   "za",
                                        "zole",  "zyme", "pril", "statin", "mab" };
    unsigned size = (unsigned)strlen(strcpy(out, PICK(chance, starts)));

    size += (unsigned)strlen(strcpy(out + size, PICK(chance, middles)));
    size += (unsigned)strlen(strcpy(out + size, PICK(chance, ends)));
    return size;
}

/* A word in a script that is not Latin: two to five letters of one alphabet. */
static unsigned write_foreign(struct tagger_chance *chance, char *out)
{
    static const struct {
        uint32_t first, count;
        unsigned least, most; /* letters */
    } scripts[] = { { 0x4e00, 0x2000, 1, 3 }, { 0x3042, 0x50, 2, 5 }, { 0x30a2, 0x50, 2, 5 },
                    { 0xac00, 0x2ba0, 1, 3 }, { 0x430, 32, 4, 9 },    { 0x410, 32, 4, 9 },
                    { 0x391, 17, 4, 9 },      { 0x3b1, 17, 4, 9 },    { 0x627, 28, 3, 6 },
                    { 0x5d0, 27, 3, 6 },      { 0x915, 36, 2, 5 },    { 0xe01, 46, 3, 6 } };
    unsigned script = tagger_chance_below(chance, sizeof(scripts) / sizeof(scripts[0])), size = 0;
    unsigned letters =
        scripts[script].least
        + tagger_chance_below(chance, scripts[script].most - scripts[script].least + 1);

    while (letters-- > 0)
        size += (unsigned)utf8_encode(
            scripts[script].first + tagger_chance_below(chance, scripts[script].count), out + size);
    return size;
}

static unsigned write_gloss(const struct tagger_leaves *leaves, struct tagger_chance *chance,
                            char *out)
{
    struct slice gloss;

    if (leaves->glosses_count == 0)
        return write_plain(bag_pick(&leaves->word, chance), out);
    gloss = leaves->glosses[tagger_chance_below(chance, leaves->glosses_count)];
    memcpy(out, gloss.data, gloss.size);
    return (unsigned)gloss.size;
}

static unsigned write_name(const struct tagger_leaves *leaves, const struct tagger_bag *bag,
                           const struct tagger_bag *words, struct tagger_chance *chance, char *out)
{
    unsigned kind = tagger_chance_below(chance, 20), size;

    if (kind < 2)
        size = write_invented(chance, out);
    else if (kind < 5)
        size = write_capital(bag_pick(&leaves->rare, chance), chance, out);
    else if (kind < 7)
        return write_capital(bag_pick(words, chance), chance, out);
    else
        size = write_capital(bag_pick(bag, chance), chance, out);
    return accent(out, misspell(out, size, chance), chance);
}

static const char *const leaf_names[] = { "given",   "family", "town",   "city",     "drug",
                                          "medical", "eponym", "word",   "invented", "rare",
                                          "gloss",   "brand",  "foreign" };

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
        return write_name(leaves, &leaves->given, &leaves->given_word, chance, out);
    if (slice_is(name, "family"))
        return write_name(leaves, &leaves->family, &leaves->family_word, chance, out);
    if (slice_is(name, "rare"))
        return write_capital(bag_pick(&leaves->rare, chance), chance, out);
    if (slice_is(name, "invented"))
        return write_invented(chance, out);
    if (slice_is(name, "brand"))
        return write_brand(chance, out);
    if (slice_is(name, "foreign"))
        return write_foreign(chance, out);
    if (slice_is(name, "gloss"))
        return write_gloss(leaves, chance, out);
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
