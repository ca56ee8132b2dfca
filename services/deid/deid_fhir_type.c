/* Two passes over the table: the types get their numbers, then the elements their rows; those that
 * a type inherits are rows of its own, and so is each type that a choice has, so that a search is
 * one probe. */
#include "deid_fhir_type.h"

#include <pthread.h>

#include "base/check.h"
#include "base/hash.h"
#include "deid_profile.h"

#define TYPES_MAX 2048
#define ELEMENTS_MAX 40000 /* about 28,000 are used */
#define ELEMENTS_SLOTS 131072
#define NAMES_SLOTS 4096
#define HASH_SEED 7
#define SHARED_BYTES_MAX ((size_t)16 << 20)

extern const char deid_fhir_types_start[], deid_fhir_types_end[];

static struct slice word_take(struct slice *line)
{
    size_t end = slice_find_byte(*line, ' ');
    struct slice word = slice_cut(*line, 0, end);

    *line = slice_cut(*line, end + 1, line->size);
    return word;
}

static bool line_take(struct slice *rest, struct slice *line)
{
    size_t end = slice_find_byte(*rest, '\n');

    if (rest->size == 0)
        return false;
    *line = slice_cut(*rest, 0, end);
    *rest = slice_cut(*rest, end + 1, rest->size);
    return true;
}

uint16_t deid_fhir_type_find(const struct deid_fhir_types *types, struct slice name)
{
    uint32_t at = (uint32_t)hash_bytes(name, HASH_SEED) & types->by_name_mask;

    for (; types->by_name[at] != 0; at = (at + 1) & types->by_name_mask)
        if (slice_equal(types->types[types->by_name[at]].name, name))
            return (uint16_t)types->by_name[at];
    return DEID_FHIR_TYPE_UNKNOWN;
}

static uint16_t type_add(struct deid_fhir_types *types, struct slice name)
{
    uint16_t found = deid_fhir_type_find(types, name);
    uint32_t at = (uint32_t)hash_bytes(name, HASH_SEED) & types->by_name_mask;

    if (found != DEID_FHIR_TYPE_UNKNOWN || types->types_count == TYPES_MAX)
        return found;
    while (types->by_name[at] != 0)
        at = (at + 1) & types->by_name_mask;
    types->by_name[at] = types->types_count;
    types->types[types->types_count] =
        (struct deid_fhir_type){ .name = name,
                                 .is_primitive = name.data[0] >= 'a' && name.data[0] <= 'z' };
    return (uint16_t)types->types_count++;
}

/* What a key is told by: its size, and its first and last bytes, which are all of most. */
struct probe {
    struct slice key;
    uint64_t head, tail;
    uint16_t owner;
};

static inline struct probe probe_of(uint16_t owner, struct slice key)
{
    bool is_long = key.size > 8;

    return (struct probe){ key, hash_word(key.data, key.size),
                           is_long ? hash_word(key.data + key.size - 8, 8) : 0, owner };
}

static inline uint32_t probe_slot(const struct deid_fhir_types *types, const struct probe *probe)
{
    uint64_t hash = hash_step(hash_step(probe->head, probe->tail),
                              (uint64_t)probe->owner << 32 | probe->key.size);

    return (uint32_t)(hash ^ hash >> 32) & types->slots_mask;
}

static inline bool is_probed(const struct deid_fhir_element *element, const struct probe *probe)
{
    return element->head == probe->head && element->tail == probe->tail
           && element->owner == probe->owner && element->key.size == probe->key.size
           && (probe->key.size <= 16 || slice_equal(element->key, probe->key));
}

static const struct deid_fhir_element *element_find(const struct deid_fhir_types *types,
                                                    uint16_t owner, struct slice key)
{
    struct probe probe = probe_of(owner, key);
    uint32_t at = probe_slot(types, &probe);

    for (; types->slots[at] != 0; at = (at + 1) & types->slots_mask)
        if (is_probed(&types->elements[types->slots[at]], &probe))
            return &types->elements[types->slots[at]];
    return NULL;
}

struct deid_fhir_element *deid_fhir_type_own(struct deid_fhir_types *types, uint16_t owner,
                                             struct slice key)
{
    return (struct deid_fhir_element *)element_find(types, owner, key);
}

static void element_add(struct deid_fhir_types *types, uint16_t owner, struct slice key,
                        size_t name_size, uint16_t type)
{
    struct probe probe = probe_of(owner, key);
    uint32_t at = probe_slot(types, &probe);

    if (key.data == NULL || element_find(types, owner, key) != NULL
        || types->elements_count == ELEMENTS_MAX)
        return;
    while (types->slots[at] != 0)
        at = (at + 1) & types->slots_mask;
    types->slots[at] = (uint16_t)types->elements_count;
    types->elements[types->elements_count++] = (struct deid_fhir_element){
        .key = key,
        .head = probe.head,
        .tail = probe.tail,
        .owner = owner,
        .type = type,
        .name_size = (uint8_t)name_size,
    };
}

/* Whether a choice may be of @type: of what is neither a resource nor a part of one. */
static bool is_choice_type(const struct deid_fhir_types *types, uint16_t type)
{
    struct slice name = types->types[type].name;

    return slice_find_byte(name, '.') == name.size
           && !deid_fhir_type_is(types, type, types->type_resource);
}

/* "value*" is "valueQuantity", "valueDateTime", and one for each other type. The table does not
 * say which a choice has: no release knows of those that another one will. */
static void choice_add(struct deid_fhir_types *types, uint16_t owner, struct slice stem,
                       struct arena *arena)
{
    for (unsigned i = 1; i < types->types_count; i++) {
        struct slice name = types->types[i].name;
        char *key;

        if (!is_choice_type(types, (uint16_t)i))
            continue;
        key = arena_alloc(arena, stem.size + name.size);
        if (key == NULL)
            return;
        memcpy(key, stem.data, stem.size);
        memcpy(key + stem.size, name.data, name.size);
        key[stem.size] &= ~32;
        element_add(types, owner, slice_of(key, stem.size + name.size), stem.size, (uint16_t)i);
    }
}

/* "Patient<DomainResource" at the front of @line. */
static uint16_t head_take(struct deid_fhir_types *types, struct slice *line)
{
    struct slice head = word_take(line);
    size_t bar = slice_find_byte(head, '<');
    uint16_t type = type_add(types, slice_cut(head, 0, bar));
    uint16_t base = type_add(types, slice_cut(head, bar + 1, head.size));

    types->types[type].base = base == type ? DEID_FHIR_TYPE_UNKNOWN : base;
    return type;
}

static void elements_read(struct deid_fhir_types *types, uint16_t owner, struct slice line,
                          bool is_choices, struct arena *arena)
{
    while (line.size > 0) {
        struct slice word = word_take(&line);
        size_t colon = slice_find_byte(word, ':');
        struct slice key = slice_cut(word, 0, colon);

        bool is_choice = key.size > 0 && key.data[key.size - 1] == '*';

        if (key.size == 0 || colon == word.size || is_choice != is_choices)
            continue;
        if (is_choice)
            choice_add(types, owner, slice_cut(key, 0, key.size - 1), arena);
        else
            element_add(types, owner, key, key.size,
                        type_add(types, slice_cut(word, colon + 1, word.size)));
    }
}

static void resources_mark(struct deid_fhir_types *types)
{
    types->type_resource = deid_fhir_type_find(types, SLICE("Resource"));
    types->type_element = deid_fhir_type_find(types, SLICE("Element"));
    types->type_extension = deid_fhir_type_find(types, SLICE("Extension"));
    types->type_quantity = deid_fhir_type_find(types, SLICE("Quantity"));
    types->type_string = deid_fhir_type_find(types, SLICE("string"));
    types->type_human_name = deid_fhir_type_find(types, SLICE("HumanName"));
    for (unsigned i = 1; i < types->types_count; i++)
        types->types[i].is_resource = deid_fhir_type_is(types, (uint16_t)i, types->type_resource);
}

/* The elements of @type and of what it inherits from. Choices come when all types are known. */
static void each_base(struct deid_fhir_types *types, uint16_t type, const struct slice *lines,
                      bool is_choices, struct arena *arena)
{
    for (uint16_t up = type; up != DEID_FHIR_TYPE_UNKNOWN; up = types->types[up].base)
        elements_read(types, type, lines[up], is_choices, arena);
}

/* @lines: of each type its elements as they stand in the table. */
static void table_read(struct deid_fhir_types *types, struct slice *lines, struct arena *arena)
{
    struct slice rest = slice_of(deid_fhir_types_start,
                                 (size_t)(deid_fhir_types_end - deid_fhir_types_start)),
                 line;
    unsigned described;

    while (line_take(&rest, &line))
        if (line.size > 0 && line.data[0] != '#') {
            uint16_t type = head_take(types, &line);
            lines[type] = line;
        }
    described = types->types_count;
    for (unsigned i = 1; i < described; i++)
        each_base(types, (uint16_t)i, lines, false, arena);
    resources_mark(types);
    for (unsigned i = 1; i < described; i++)
        each_base(types, (uint16_t)i, lines, true, arena);
}

enum status deid_fhir_types_init(struct deid_fhir_types *types, struct arena *arena,
                                 struct error *err)
{
    struct slice *lines = ARENA_ARRAY(arena, struct slice, TYPES_MAX);

    *types = (struct deid_fhir_types){ .types_count = 1,
                                       .elements_count = 1,
                                       .slots_mask = ELEMENTS_SLOTS - 1,
                                       .by_name_mask = NAMES_SLOTS - 1 };
    types->types = ARENA_ARRAY(arena, struct deid_fhir_type, TYPES_MAX);
    types->elements = ARENA_ARRAY(arena, struct deid_fhir_element, ELEMENTS_MAX);
    types->slots = ARENA_ARRAY(arena, uint16_t, ELEMENTS_SLOTS);
    types->by_name = ARENA_ARRAY(arena, uint32_t, NAMES_SLOTS);
    if (lines == NULL || types->types == NULL || types->elements == NULL || types->slots == NULL
        || types->by_name == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the types of FHIR");
    table_read(types, lines, arena);
    if (types->types_count == TYPES_MAX || types->elements_count == ELEMENTS_MAX)
        return error_set(err, STATUS_INTERNAL, "more types or elements of FHIR than expected");
    return STATUS_OK;
}

bool deid_fhir_type_is(const struct deid_fhir_types *types, uint16_t type, uint16_t base)
{
    while (type != DEID_FHIR_TYPE_UNKNOWN && type != base)
        type = types->types[type].base;
    return type == base && base != DEID_FHIR_TYPE_UNKNOWN;
}

const struct deid_fhir_element *deid_fhir_type_element(const struct deid_fhir_types *types,
                                                       uint16_t owner, struct slice key)
{
    return element_find(types, owner, key);
}

uint16_t deid_fhir_type_member(const struct deid_fhir_types *types, uint16_t owner,
                               struct slice key, struct slice *name)
{
    const struct deid_fhir_element *element = element_find(types, owner, key);

    *name = element == NULL ? key : slice_cut(key, 0, element->name_size);
    return element == NULL ? DEID_FHIR_TYPE_UNKNOWN : element->type;
}

static struct deid_fhir_types shared_types;
static pthread_once_t shared_once = PTHREAD_ONCE_INIT;

static void shared_make(void)
{
    static struct arena arena;

    arena_init(&arena, SHARED_BYTES_MAX);
    CHECK(deid_fhir_types_init(&shared_types, &arena, NULL) == STATUS_OK);
    deid_profile_mark(&shared_types);
}

const struct deid_fhir_types *deid_fhir_types_shared(void)
{
    pthread_once(&shared_once, shared_make);
    return &shared_types;
}
