#include "deid_pseudonym.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "deid_token.h"

#define ATTEMPTS_MAX 32
#define WORDS_MAX 8       /* of a name that keep their place */
#define STRANGE_ORDINAL 8 /* of words that are not in the person's whole name */

static const char *const givens[] = {
    "Adele",  "Arno",    "Beatrix", "Benno",  "Carla",   "Cedric", "Dagmar", "Dorian",
    "Edda",   "Emil",    "Fenja",   "Floris", "Gerda",   "Gideon", "Hedda",  "Horace",
    "Ilse",   "Ivo",     "Janna",   "Jorin",  "Katrin",  "Kilian", "Leonie", "Lorenz",
    "Malin",  "Merrick", "Nadine",  "Nestor", "Ottilie", "Osric",  "Petra",  "Quentin",
    "Romy",   "Rufus",   "Selma",   "Silas",  "Thea",    "Tobin",  "Ursel",  "Urban",
    "Verena", "Victor",  "Wanda",   "Willem", "Xenia",   "Yorick", "Zelda",  "Zeno",
};

static const char *const families[] = {
    "Abelard",    "Amsel",     "Birkholt", "Brandner",  "Calloway",  "Corvin",   "Dellinger",
    "Dornfeld",   "Eberling",  "Elmwood",  "Fairholm",  "Falkner",   "Garnett",  "Grauber",
    "Hallstrom",  "Hartwell",  "Ingram",   "Isbrecht",  "Jorgens",   "Kestrel",  "Kranich",
    "Lindqvist",  "Lorrimer",  "Marwick",  "Mondorf",   "Nachtigal", "Norwell",  "Oakhurst",
    "Olbrich",    "Pemberly",  "Pfister",  "Quist",     "Ravenhall", "Rosbach",  "Sandover",
    "Sperling",   "Tannert",   "Thornley", "Uhland",    "Umbach",    "Vanderby", "Vossberg",
    "Waldegrave", "Winterlin", "Yarrow",   "Youngblut", "Zeller",    "Zimmern",
};

static const char *const towns[] = {
    "Alderbrook", "Birchwater", "Coldharbor", "Dunmere",   "Eastmoor",   "Fernhill",
    "Greywick",   "Hazelford",  "Ironbridge", "Juniper",   "Kingsmead",  "Larkfield",
    "Millbrook",  "Northwick",  "Oakridge",   "Pinecrest", "Quarrybank", "Ridgeway",
    "Silverton",  "Thornbury",  "Umberfield", "Valewood",  "Westmarsh",  "Yewdale",
};

static const char *const ways[] = { "Street", "Road", "Lane", "Avenue", "Drive", "Court" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A number below @bound that follows from the secret, the entry's number and what is asked. */
static uint32_t pick(const struct deid_map *map, const struct deid_entry *entry, unsigned what,
                     unsigned attempt, uint32_t bound)
{
    uint32_t asked[4] = { entry->class, entry->number, what, attempt };
    unsigned char hash[crypto_generichash_BYTES_MIN];
    uint32_t number;

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)asked, sizeof(asked), map->secret,
                       sizeof(map->secret));
    memcpy(&number, hash, sizeof(number));
    return number % bound;
}

/* The words of the first form of this person that has several: what each word of the others is told
 * by. */
struct whole_name {
    struct slice words[WORDS_MAX];
    unsigned count, family; /* which is the family's */
};

static void whole_read(struct slice name, struct whole_name *whole)
{
    size_t at = 0, comma = slice_find_byte(name, ',');

    *whole = (struct whole_name){ 0 };
    while (whole->count < WORDS_MAX && deid_next_word(name, &at, &whole->words[whole->count]))
        whole->count++;
    whole->family = comma < name.size || whole->count == 0 ? 0 : whole->count - 1;
}

static void whole_find(const struct deid_map *map, const struct deid_entry *entry,
                       struct whole_name *whole)
{
    for (uint32_t i = 0; i < map->entries_count; i++)
        if (map->entries[i].class == DEID_CLASS_NAME && map->entries[i].number == entry->number) {
            whole_read(map->entries[i].original, whole);
            if (whole->count > 1)
                return;
        }
    whole_read(entry->original, whole);
}

/* Which word of the person's name @word is: its place in the whole name, by an initial too. */
static unsigned ordinal_of(const struct whole_name *whole, struct slice word, unsigned position)
{
    for (unsigned i = 0; i < whole->count; i++)
        if (slice_equal_fold(whole->words[i], word))
            return i;
    for (unsigned i = 0; i < whole->count; i++)
        if (word.size == 1 && (whole->words[i].data[0] | 32) == (word.data[0] | 32))
            return i;
    return STRANGE_ORDINAL + position;
}

static bool is_title(struct slice word)
{
    static const char *const titles[] = { "Dr", "Mr", "Mrs", "Ms", "Miss", "Prof", "Jr",
                                          "Sr", "MD", "RN",  "II", "III",  "PhD",  "DO" };

    for (size_t i = 0; i < COUNT(titles); i++)
        if (slice_equal_fold(word, slice_from(titles[i])))
            return true;
    return false;
}

static bool is_upper(struct slice word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] >= 'a' && word.data[i] <= 'z')
            return false;
    return true;
}

/* @made in the case of @like; of an initial one letter, of digits at the end as many others. */
static void put_alike(struct deid_map *map, const struct deid_entry *entry, struct slice like,
                      const char *made, unsigned attempt, struct buffer *out)
{
    bool upper = is_upper(like), capital = like.data[0] < 'a' || like.data[0] > 'z';
    size_t size = like.size == 1 ? 1 : strlen(made);

    for (size_t i = 0; i < size; i++) {
        bool is_letter = (made[i] | 32) >= 'a' && (made[i] | 32) <= 'z';

        buffer_put_byte(out, !is_letter                       ? made[i]
                             : (upper || (i == 0 && capital)) ? (char)(made[i] & ~32)
                                                              : (char)(made[i] | 32));
    }
    for (size_t i = 1; i < like.size; i++)
        if (deid_is_digit(like.data[i]))
            buffer_put_byte(out, (char)('0' + pick(map, entry, 64 + (unsigned)i, attempt, 10)));
}

static void put_name(struct deid_map *map, const struct deid_entry *entry, unsigned attempt,
                     struct buffer *out)
{
    struct whole_name whole;
    struct slice word;
    size_t at = 0, before = 0;
    unsigned position = 0;

    whole_find(map, entry, &whole);
    while (deid_next_word(entry->original, &at, &word)) {
        unsigned ordinal = ordinal_of(&whole, word, position++);
        bool is_family = ordinal == whole.family;

        buffer_put(out, slice_cut(entry->original, before, at - word.size));
        before = at;
        if (is_title(word))
            buffer_put(out, word);
        else
            put_alike(map, entry, word,
                      is_family ? families[pick(map, entry, ordinal, attempt, COUNT(families))]
                                : givens[pick(map, entry, ordinal, attempt, COUNT(givens))],
                      attempt, out);
    }
    buffer_put(out, slice_cut(entry->original, before, entry->original.size));
}

/* The same shape: other digits for digits, other letters for letters, the rest as it is. */
static void put_shape(struct deid_map *map, const struct deid_entry *entry, unsigned attempt,
                      struct buffer *out)
{
    for (size_t i = 0; i < entry->original.size; i++) {
        char c = entry->original.data[i];
        bool is_small = c >= 'a' && c <= 'z';

        if (deid_is_digit(c))
            c = (char)('0' + pick(map, entry, (unsigned)i, attempt, 10));
        else if (is_small || (c >= 'A' && c <= 'Z'))
            c = (char)((is_small ? 'a' : 'A') + pick(map, entry, (unsigned)i, attempt, 26));
        else if ((unsigned char)c >= 0x80)
            continue;
        buffer_put_byte(out, c);
    }
}

static void put_place(struct deid_map *map, const struct deid_entry *entry, unsigned attempt,
                      struct buffer *out)
{
    const char *town = towns[pick(map, entry, 0, attempt, COUNT(towns))];
    bool has_digit = false, has_letter = false;

    for (size_t i = 0; i < entry->original.size; i++) {
        has_digit |= deid_is_digit(entry->original.data[i]);
        has_letter |= deid_is_letter(entry->original.data[i]);
    }
    if (has_digit && !has_letter)
        put_shape(map, entry, attempt, out);
    else if (has_digit)
        buffer_format(out, "%u %s %s", 1 + pick(map, entry, 1, attempt, 9900), town,
                      ways[pick(map, entry, 2, attempt, COUNT(ways))]);
    else
        buffer_put_string(out, town);
}

static void put_candidate(struct deid_map *map, const struct deid_entry *entry, unsigned attempt,
                          struct buffer *out)
{
    unsigned number = pick(map, entry, 0, attempt, 1000000);

    switch (entry->class) {
    case DEID_CLASS_NAME:
        put_name(map, entry, attempt, out);
        break;
    case DEID_CLASS_GEOGRAPHY:
        put_place(map, entry, attempt, out);
        break;
    case DEID_CLASS_EMAIL: /* names and addresses that are reserved for examples */
        buffer_format(out, "user%06u@example.org", number);
        break;
    case DEID_CLASS_URL:
        buffer_format(out, "https://example.org/%06u", number);
        break;
    case DEID_CLASS_IP:
        buffer_format(out, "198.18.%u.%u", number % 256, number / 256 % 256);
        break;
    case DEID_CLASS_AGE:
        break;
    default:
        put_shape(map, entry, attempt, out);
    }
}

/* Nobody's: no original of the map, and nobody else's made-up value. */
static bool is_free(const struct deid_map *map, struct slice text)
{
    struct slice word;
    size_t at = 0, start, end;
    struct deid_entry *other;

    if (text.size == 0 || deid_map_find((struct deid_map *)map, text) != NULL
        || !deid_next_word(text, &at, &word))
        return false;
    other = deid_pseudonym_read(map, text, at - word.size, &start, &end);
    return other == NULL || end - start != text.size;
}

struct slice deid_pseudonym_of(struct deid_map *map, struct deid_entry *entry)
{
    struct buffer out;

    if (entry->pseudonym.data != NULL)
        return entry->pseudonym;
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        buffer_init(&out, map->arena);
        put_candidate(map, entry, attempt, &out);
        if (out.is_full)
            break;
        if (is_free(map, buffer_slice(&out)))
            return deid_map_set_pseudonym(map, entry, buffer_slice(&out)) ? entry->pseudonym
                                                                          : (struct slice){ 0 };
    }
    return (struct slice){ NULL, 0 };
}

struct deid_entry *deid_pseudonym_read(const struct deid_map *map, struct slice text, size_t at,
                                       size_t *start, size_t *end)
{
    struct slice word;
    struct deid_entry *entry, *longest = NULL;
    size_t after = at;
    uint32_t probe = 0;

    if (map->pseudonyms_count == 0 || !deid_next_word(text, &after, &word))
        return NULL;
    while ((entry = deid_map_next_pseudonym(map, word, &probe)) != NULL) {
        size_t lead = 0, from, to;

        while (!deid_is_word(entry->pseudonym.data[lead]))
            lead++;
        from = at - lead;
        to = from + entry->pseudonym.size;
        if (lead > at || !slice_equal(slice_cut(text, from, to), entry->pseudonym)
            || (to < text.size && deid_is_word(text.data[to - 1]) && deid_is_word(text.data[to])))
            continue;
        if (longest == NULL || to - from > *end - *start) {
            longest = entry;
            *start = from;
            *end = to;
        }
    }
    return longest;
}
