/* Two names that can be one person's share a whole word, and the initials of one are among those of
 * the other. So each form of a name is put under every whole word of it, once with all its initials
 * and once with each set of some of them; a name then finds forms that say more than it does by the
 * latter, and forms that say less by asking with fewer initials. What is found is compared. */
#include "deid_person.h"

#include <string.h>

#include "base/hash.h"
#include "deid_token.h"

#define WORDS_MAX 8       /* of a name; those after them do not count */
#define INITIALS_MAX 6    /* of which every subset is a key */
#define CANDIDATES_MAX 64 /* under one key */
#define SLOTS_FIRST 256
#define POSTINGS_FIRST 256

/* What a list is of. */
enum list {
    LIST_FORMS = 1, /* of a person */
    LIST_EXACT,     /* a word and all the initials */
    LIST_SOME,      /* a word and some of the initials, or all */
    LIST_WORDS,     /* all the words, in any order */
};

struct deid_persons {
    struct slot {
        uint64_t key; /* of what, hashed: two lists may be one, and are told apart by comparing */
        uint32_t first, last, count; /* postings; index + 1 */
    } * slots;
    uint32_t slots_size, slots_used;
    struct posting {
        uint32_t entry, next; /* next: index + 1 */
    } * postings;
    uint32_t postings_count, postings_capacity;
    uint32_t seen; /* entries of the map */
};

/* ---- names ---- */

struct name {
    uint64_t words[WORDS_MAX]; /* of more than one byte, hashed without case */
    uint32_t letters[WORDS_MAX];
    unsigned count;    /* of words */
    uint32_t initials; /* as bits */
    uint64_t sum;      /* of the words */
    bool is_whole;     /* it has several words, initials among them */
};

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static uint32_t letter_of(struct slice word)
{
    unsigned letter = (unsigned)((word.data[0] | 32) - 'a');

    return 1u << (letter < 26 ? letter : 26);
}

static uint64_t word_hash(struct slice word)
{
    uint64_t hash = word.size;

    for (size_t i = 0; i < word.size; i++)
        hash = (hash ^ (unsigned char)small(word.data[i])) * 0x100000001b3u;
    return hash_step(hash, LIST_WORDS);
}

static void name_read(struct slice text, struct name *name)
{
    struct slice word;
    size_t at = 0;
    unsigned words = 0;

    *name = (struct name){ 0 };
    for (; words < WORDS_MAX && deid_next_word(text, &at, &word); words++) {
        name->initials |= letter_of(word);
        if (word.size < 2)
            continue;
        name->words[name->count] = word_hash(word);
        name->letters[name->count] = letter_of(word);
        name->sum += name->words[name->count++];
    }
    name->is_whole = words > 1;
}

static bool name_has(struct slice name, struct slice word, bool *is_shared)
{
    struct slice other;
    size_t at = 0;
    bool has = false;

    while (deid_next_word(name, &at, &other)) {
        if (slice_equal_fold(other, word)) {
            *is_shared |= word.size > 1;
            return true;
        }
        has |= (word.size == 1 || other.size == 1) && (word.data[0] | 32) == (other.data[0] | 32);
    }
    return has; /* an initial */
}

/* Whether two written names can be one person's. */
static bool is_same(struct slice a, struct slice b)
{
    struct slice word;
    size_t at = 0;
    bool a_in_b = true, b_in_a = true, is_shared = false;

    while (deid_next_word(a, &at, &word))
        a_in_b &= name_has(b, word, &is_shared);
    at = 0;
    while (deid_next_word(b, &at, &word))
        b_in_a &= name_has(a, word, &is_shared);
    return (a_in_b || b_in_a) && is_shared;
}

static bool has_several_words(struct slice name)
{
    struct slice word;
    size_t at = 0;

    return deid_next_word(name, &at, &word) && deid_next_word(name, &at, &word);
}

/* ---- lists ---- */

static uint64_t key_of(enum list list, uint64_t word, uint32_t initials)
{
    return hash_step(hash_step(word, initials), list);
}

static struct slot *slot_of(const struct deid_persons *persons, uint64_t key)
{
    uint32_t at = (uint32_t)key & (persons->slots_size - 1);

    while (persons->slots[at].first != 0 && persons->slots[at].key != key)
        at = (at + 1) & (persons->slots_size - 1);
    return &persons->slots[at];
}

static bool slots_grow(struct deid_persons *persons, struct arena *arena)
{
    struct slot *old = persons->slots;
    uint32_t size = persons->slots_size;

    persons->slots_size = size == 0 ? SLOTS_FIRST : size * 2;
    persons->slots = ARENA_ARRAY(arena, struct slot, persons->slots_size);
    if (persons->slots == NULL)
        return false;
    for (uint32_t i = 0; i < size; i++)
        if (old[i].first != 0)
            *slot_of(persons, old[i].key) = old[i];
    return true;
}

static bool postings_grow(struct deid_persons *persons, struct arena *arena)
{
    uint32_t capacity =
        persons->postings_capacity == 0 ? POSTINGS_FIRST : persons->postings_capacity * 2;
    struct posting *postings = arena_alloc(arena, capacity * sizeof(*postings));

    if (postings == NULL)
        return false;
    if (persons->postings_count > 0)
        memcpy(postings, persons->postings, persons->postings_count * sizeof(*postings));
    persons->postings = postings;
    persons->postings_capacity = capacity;
    return true;
}

/* To the end of a list, which so is in the order of the map. */
static bool list_put(struct deid_persons *persons, struct arena *arena, uint64_t key,
                     uint32_t entry)
{
    struct slot *slot;

    if (persons->slots_used * 2 >= persons->slots_size && !slots_grow(persons, arena))
        return false;
    if (persons->postings_count == persons->postings_capacity && !postings_grow(persons, arena))
        return false;
    slot = slot_of(persons, key);
    persons->postings[persons->postings_count++] = (struct posting){ entry, 0 };
    if (slot->first == 0) {
        *slot = (struct slot){ key, persons->postings_count, persons->postings_count, 1 };
        persons->slots_used++;
        return true;
    }
    persons->postings[slot->last - 1].next = persons->postings_count;
    slot->last = persons->postings_count;
    slot->count++;
    return true;
}

static unsigned bits_count(uint32_t bits)
{
    return (unsigned)__builtin_popcount(bits);
}

/* The next set of some of @initials with @letter among them, after @subset: from all of them down
 * to @letter alone, then 0. Of very many initials only these two. */
static uint32_t subset_next(uint32_t initials, uint32_t letter, uint32_t subset)
{
    if (subset == letter)
        return 0;
    if (bits_count(initials) > INITIALS_MAX)
        return letter;
    return (((subset & ~letter) - 1) & initials & ~letter) | letter;
}

static bool form_put(struct deid_persons *persons, struct arena *arena, uint32_t entry,
                     const struct deid_entry *form)
{
    struct name name;
    bool is_put = list_put(persons, arena, key_of(LIST_FORMS, form->number, 0), entry);

    name_read(form->original, &name);
    if (name.count > 1)
        is_put = is_put && list_put(persons, arena, key_of(LIST_WORDS, name.sum, 0), entry);
    for (unsigned i = 0; i < name.count && is_put; i++) {
        uint32_t set = name.initials;

        is_put = list_put(persons, arena, key_of(LIST_EXACT, name.words[i], set), entry);
        for (; set != 0 && is_put; set = subset_next(name.initials, name.letters[i], set))
            is_put = list_put(persons, arena, key_of(LIST_SOME, name.words[i], set), entry);
    }
    return is_put;
}

/* What the map has learnt since. NULL: no room. */
static struct deid_persons *persons_of(struct deid_map *map)
{
    struct deid_persons *persons = map->persons;

    if (persons == NULL) {
        persons = ARENA_NEW(map->arena, struct deid_persons);
        if (persons == NULL || !slots_grow(persons, map->arena))
            return NULL;
        map->persons = persons;
    }
    for (; persons->seen < map->entries_count; persons->seen++)
        if (map->entries[persons->seen].class == DEID_CLASS_NAME
            && !form_put(persons, map->arena, persons->seen, &map->entries[persons->seen]))
            return NULL;
    return persons;
}

/* ---- asking ---- */

struct search {
    const struct deid_map *map;
    const struct deid_persons *persons;
    struct slice text;
    bool is_whole;
    uint32_t found; /* entry; UINT32_MAX: none so far */
};

/* Whether the name can be the person @number by every whole name that the person has: "Anna Smith"
 * is not the "Smith" who is John Smith. */
static bool is_person(const struct search *search, uint32_t number)
{
    const struct deid_persons *persons = search->persons;
    uint32_t at = slot_of(persons, key_of(LIST_FORMS, number, 0))->first;

    for (; at != 0; at = persons->postings[at - 1].next) {
        const struct deid_entry *entry = &search->map->entries[persons->postings[at - 1].entry];

        if (entry->number == number && has_several_words(entry->original)
            && !is_same(search->text, entry->original))
            return false;
    }
    return true;
}

/* The first of a list who it can be, where that is before who was found. */
static void ask(struct search *search, uint64_t key)
{
    uint32_t at = slot_of(search->persons, key)->first;

    for (unsigned i = 0; at != 0 && i < CANDIDATES_MAX; i++) {
        const struct posting *posting = &search->persons->postings[at - 1];
        const struct deid_entry *entry = &search->map->entries[posting->entry];

        if (posting->entry >= search->found)
            return;
        if (is_same(search->text, entry->original)
            && (!search->is_whole || is_person(search, entry->number))) {
            search->found = posting->entry;
            return;
        }
        at = posting->next;
    }
}

static void ask_all(struct search *search, const struct name *name)
{
    ask(search, key_of(LIST_WORDS, name->sum, 0));
    for (unsigned i = 0; i < name->count; i++) {
        uint32_t set = name->initials;

        ask(search, key_of(LIST_SOME, name->words[i], set));
        while ((set = subset_next(name->initials, name->letters[i], set)) != 0)
            ask(search, key_of(LIST_EXACT, name->words[i], set));
    }
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the people of a map");
}

enum status deid_person_find(struct deid_map *map, struct slice name, struct deid_person *person,
                             struct error *err)
{
    struct search search = {
        .map = map, .persons = persons_of(map), .text = name, .found = UINT32_MAX
    };
    struct name read;

    *person = (struct deid_person){ 0 };
    if (search.persons == NULL)
        return no_room(err);
    name_read(name, &read);
    search.is_whole = read.is_whole;
    ask_all(&search, &read);
    if (search.found == UINT32_MAX)
        return STATUS_OK;
    person->is_known = true;
    person->number = map->entries[search.found].number;
    person->forms = slot_of(search.persons, key_of(LIST_FORMS, person->number, 0))->count;
    return STATUS_OK;
}

enum status deid_person_patient(struct deid_map *map, struct deid_person *person, struct error *err)
{
    const struct deid_persons *persons = persons_of(map);

    *person = (struct deid_person){ .number = DEID_PERSON_PATIENT, .is_known = true };
    if (persons == NULL)
        return no_room(err);
    person->forms = slot_of(persons, key_of(LIST_FORMS, DEID_PERSON_PATIENT, 0))->count;
    return STATUS_OK;
}

enum status deid_person_form(struct deid_map *map, uint32_t number, struct slice name,
                             struct deid_person *person, struct deid_entry **entry,
                             struct error *err)
{
    const struct deid_persons *persons = persons_of(map);
    const struct slot *slot;

    *person = (struct deid_person){ .number = number, .is_known = true };
    *entry = NULL;
    if (persons == NULL)
        return no_room(err);
    slot = slot_of(persons, key_of(LIST_FORMS, number, 0));
    person->forms = slot->count;
    for (uint32_t at = slot->first; at != 0; at = persons->postings[at - 1].next) {
        struct deid_entry *form = &map->entries[persons->postings[at - 1].entry];

        if (form->number != number || !slice_equal(form->original, name))
            continue;
        *entry = form;
        break;
    }
    return STATUS_OK;
}
