/* The rows of all tables, one after the other; for each the list of what it is, found once by
 * following names. Phrases are found by context_phrase.h, and the longest stands. */
#include "context_thing.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "context_phrase.h"
#include "context_thing_site.h"

#define IS_MAX 24 /* things that one thing is, itself with them */
#define NAME_SLOTS 8192
#define MATCHES_MAX 256

struct thing {
    const struct thing_row *row;
    char name[THING_NAME_BYTES_MAX];
    uint16_t is[IS_MAX], treats[IS_MAX];
    uint8_t is_count, treats_count;
    bool has_members;
};

static const struct thing_rows *const tables[] = { &thing_drugs, &thing_labs, &thing_conditions,
                                                   &thing_care };

static struct thing *things;
static uint32_t count;
static uint16_t name_slots[NAME_SLOTS]; /* thing + 1 */
static struct phrases *phrases;
static const char *unknown_name;
static uint64_t fingerprint;
static struct thing_row site_rows[THING_SITE_ROWS_MAX];
static uint32_t site_count;
static struct arena site_arena;
static bool is_built;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint16_t *slot_of_name(struct slice name)
{
    size_t at = hash_bytes(name, 0x7468696e67) & (NAME_SLOTS - 1);

    while (name_slots[at] != 0
           && !slice_equal(slice_from(things[name_slots[at] - 1].row->name), name))
        at = (at + 1) & (NAME_SLOTS - 1);
    return &name_slots[at];
}

static void add_to_fingerprint(const struct thing_row *row)
{
    fingerprint = hash_bytes(slice_from(row->name), fingerprint + row->kind);
    fingerprint = hash_bytes(slice_from(row->phrases), fingerprint);
    fingerprint = hash_bytes(slice_from(row->is), fingerprint);
}

static void add_row(const struct thing_row *row)
{
    struct thing *thing = &things[count];
    uint16_t *slot = slot_of_name(slice_from(row->name));

    CHECK(count < THINGS_MAX && strlen(row->name) < THING_NAME_BYTES_MAX);
    thing->row = row;
    for (size_t i = 0; row->name[i] != '\0'; i++)
        thing->name[i] = row->name[i] == '-' || row->name[i] == '_' ? ' ' : row->name[i];
    phrases_add(phrases, row->phrases, count);
    if (row->name[0] != '_')
        phrases_add(phrases, thing->name, count);
    /* One name may stand for two things (a test and its device): the first is what others mean. */
    count++;
    if (*slot == 0)
        *slot = (uint16_t)count;
}

/* A name that is there gets more phrases. */
static void add_site_row(const struct thing_row *row)
{
    uint16_t slot = *slot_of_name(slice_from(row->name));

    if (slot == 0)
        add_row(row);
    else if (row->phrases[0] != '\0')
        phrases_add(phrases, row->phrases, slot - 1u);
}

static uint8_t add_once(uint16_t *list, uint8_t size, uint16_t thing)
{
    for (uint8_t i = 0; i < size; i++)
        if (list[i] == thing)
            return size;
    CHECK(size < IS_MAX);
    list[size] = thing;
    return (uint8_t)(size + 1);
}

static uint8_t add_names(const char *names, uint16_t *list, uint8_t size)
{
    struct slice left = slice_from(names);

    while (left.size > 0) {
        size_t end = slice_find_byte(left, ' ');
        uint16_t slot = *slot_of_name(slice_cut(left, 0, end));

        if (slot == 0 && unknown_name == NULL)
            unknown_name = names;
        if (slot != 0)
            size = add_once(list, size, (uint16_t)(slot - 1));
        left = slice_cut(left, end + 1, left.size);
    }
    return size;
}

/* Itself, then what it is, then what that is … */
static void follow_names(uint32_t index)
{
    struct thing *thing = &things[index];

    thing->is_count = add_once(thing->is, 0, (uint16_t)index);
    for (uint8_t i = 0; i < thing->is_count; i++)
        thing->is_count = add_names(things[thing->is[i]].row->is, thing->is, thing->is_count);
    for (uint8_t i = 1; i < thing->is_count; i++)
        things[thing->is[i]].has_members = true;
    thing->treats_count = add_names(thing->row->treats, thing->treats, 0);
}

static void build(void)
{
    things = calloc(THINGS_MAX, sizeof(*things));
    CHECK(things != NULL);
    phrases = phrases_create();
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (uint32_t j = 0; j < tables[i]->count; j++)
            add_row(&tables[i]->rows[j]);
    for (uint32_t i = 0; i < site_count; i++)
        add_site_row(&site_rows[i]);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (uint32_t j = 0; j < tables[i]->count; j++)
            add_to_fingerprint(&tables[i]->rows[j]);
    for (uint32_t i = 0; i < site_count; i++)
        add_to_fingerprint(&site_rows[i]);
    for (uint32_t i = 0; i < count; i++)
        follow_names(i);
    is_built = true;
}

/* Threads begin after it. */
enum status things_add_words(struct slice text, struct error *err)
{
    if (is_built)
        return error_set(err, STATUS_FAILED_PRECONDITION, "words: the tables are in use");
    arena_init(&site_arena, 4 * THING_SITE_BYTES_MAX);
    if (thing_site_parse(text, &site_arena, site_rows, &site_count, err) != STATUS_OK) {
        site_count = 0;
        arena_close(&site_arena);
        return err->status;
    }
    pthread_once(&once, build);
    return unknown_name == NULL ? STATUS_OK
                                : error_set(err, STATUS_INVALID_ARGUMENT,
                                            "words: something is one of what no table knows");
}

/* ---- in a text ---- */

struct finding {
    uint32_t kinds;
    struct thing_found matches[MATCHES_MAX];
    uint32_t count;
};

static void add_match(void *arg, const struct phrase_match *match)
{
    struct finding *finding = arg;

    if ((finding->kinds >> things[match->row].row->kind & 1) == 0 || finding->count == MATCHES_MAX)
        return;
    finding->matches[finding->count++] =
        (struct thing_found){ match->row, match->first, match->count };
}

static int compare_matches(const void *a, const void *b)
{
    const struct thing_found *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->thing > y->thing) - (x->thing < y->thing);
}

/* Several things may have one phrase: they stand together. */
static bool has_room(const struct thing_found *found, uint32_t size,
                     const struct thing_found *match)
{
    for (uint32_t i = 0; i < size; i++) {
        bool is_same = found[i].first == match->first && found[i].count == match->count;

        if (is_same && found[i].thing == match->thing)
            return false;
        if (!is_same && match->first < found[i].first + found[i].count
            && found[i].first < match->first + match->count)
            return false;
    }
    return true;
}

uint32_t things_find(struct slice text, uint32_t kinds, struct thing_found *found, uint32_t max)
{
    struct finding finding = { .kinds = kinds };
    uint32_t size = 0;

    pthread_once(&once, build);
    phrases_find(phrases, text, add_match, &finding);
    if (finding.count > 1)
        qsort(finding.matches, finding.count, sizeof(finding.matches[0]), compare_matches);
    for (uint32_t i = 0; i < finding.count && size < max; i++)
        if (has_room(found, size, &finding.matches[i]))
            found[size++] = finding.matches[i];
    return size;
}

size_t things_spell(struct slice word, char meant[])
{
    pthread_once(&once, build);
    return phrases_know(phrases, word) ? 0 : phrases_spell(phrases, word, meant);
}

/* ---- of a thing ---- */

const uint16_t *thing_is(uint32_t thing, uint32_t *size)
{
    *size = things[thing].is_count;
    return things[thing].is;
}

const uint16_t *thing_treats(uint32_t thing, uint32_t *size)
{
    *size = things[thing].treats_count;
    return things[thing].treats;
}

enum thing_kind thing_kind_of(uint32_t thing)
{
    return things[thing].row->kind;
}

bool thing_has_members(uint32_t thing)
{
    return things[thing].has_members;
}

bool thing_is_empty_class(uint32_t thing)
{
    return things[thing].row->kind == THING_DRUG_CLASS && !things[thing].has_members;
}

const char *thing_name(uint32_t thing)
{
    return things[thing].name + (things[thing].name[0] == ' ');
}

uint32_t things_count(void)
{
    pthread_once(&once, build);
    return count;
}

uint64_t things_fingerprint(void)
{
    pthread_once(&once, build);
    return fingerprint;
}

uint32_t thing_named(const char *name)
{
    uint16_t slot;

    pthread_once(&once, build);
    slot = *slot_of_name(slice_from(name));
    return slot == 0 ? THINGS_MAX : slot - 1u;
}

const char *thing_unknown_name(void)
{
    pthread_once(&once, build);
    return unknown_name;
}
