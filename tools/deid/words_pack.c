#include "words_pack.h"

#include <math.h>
#include <stdlib.h>

#include "deid_lexicon.h"

/* Odds are of a capitalised use: names are about one word in seventy of a clinical text with names
 * in it, and an ordinary word is written with a capital at the start of a line, in headings. */
#define NAMES_IN_MILLION 15000.0
#define USE_UNKNOWN 0.02 /* in a million, of any word */
#define USE_MEDICAL 10.0 /* clinical words are rarer in films than here */
#define USE_STOP 1000.0

#define ODDS_NAME -8   /* below, in quarters of a bit, a word is not said to be a name at all */
#define ODDS_SURE 16   /* above, the word is as good as a name alone */
#define USE_COMMON 0.3 /* from here a name is also a word */
#define PEOPLE_TOWN 10000.0
#define PEOPLE_PHRASE 2500.0
#define SHARE_OF_PLACE 2e-5 /* of people: below, the name of a large town is not a person's */

#define FACTS_MAX 65536
#define FLAGS_NOT_NAME                                                                             \
    (DEID_WORD_MEDICAL | DEID_WORD_NATION | DEID_WORD_COUNTRY | DEID_WORD_MONTH                    \
     | DEID_WORD_WEEKDAY | DEID_WORD_STOP | DEID_WORD_CREDENTIAL | DEID_WORD_KIN)

static uint8_t steps(double value, double least, double factor)
{
    double step;

    if (value <= 0)
        return 0;
    step = 1 + floor(log(value / least) / log(factor));
    return (uint8_t)(step < 1 ? 1 : step > 15 ? 15 : step);
}

static double use_of(const struct words_row *row)
{
    double use = row->use > 0 ? row->use : 0;

    if (row->flags & DEID_WORD_MEDICAL)
        use += USE_MEDICAL;
    if (row->flags & DEID_WORD_STOP)
        use += USE_STOP;
    return use;
}

static int8_t odds_of(const struct words_row *row)
{
    double names = (row->given + row->family) * NAMES_IN_MILLION;
    double odds;

    if (names <= 0 && use_of(row) <= 0)
        return 0;
    odds = 4 * log2((names + USE_UNKNOWN / 8) / (use_of(row) + USE_UNKNOWN));
    return (int8_t)(odds < -127 ? -127 : odds > 127 ? 127 : lrint(odds));
}

static bool is_phrase(const struct words_row *row)
{
    return slice_find_byte(slice_of(row->word, row->size), '_') < row->size;
}

/* The flags that the sources' figures give, beside those that the lists say. */
static uint32_t flags_of(const struct words_row *row, int8_t odds)
{
    uint32_t flags = row->flags;
    int least = flags & FLAGS_NOT_NAME ? ODDS_SURE : ODDS_NAME;

    if (is_phrase(row)) {
        if (row->people >= PEOPLE_PHRASE)
            flags |= DEID_WORD_PLACE;
        return flags;
    }
    if (row->given > 0 && odds >= least)
        flags |= DEID_WORD_GIVEN;
    if (row->family > 0 && odds >= least)
        flags |= DEID_WORD_FAMILY;
    if (flags & DEID_WORD_NAME && use_of(row) >= USE_COMMON && odds < ODDS_SURE)
        flags |= DEID_WORD_AMBIGUOUS;
    if (row->people >= PEOPLE_TOWN && use_of(row) < USE_COMMON) {
        flags |= DEID_WORD_PLACE;
        /* "Pittsburgh": hardly anybody is called so. */
        if (row->given + row->family < SHARE_OF_PLACE)
            flags &= ~(uint32_t)DEID_WORD_NAME | row->flags;
    }
    return flags;
}

struct deid_facts words_pack_facts(const struct words_row *row)
{
    struct deid_facts facts = { .odds = odds_of(row) };

    facts.flags = flags_of(row, facts.odds);
    facts.given = steps(row->given, 1e-6, 2);
    facts.family = steps(row->family, 3e-7, 2);
    facts.place = steps(row->people, 500, 2);
    facts.word = steps(use_of(row), 0.005, 4);
    return facts;
}

/* The first word of a phrase knows that it may begin one. */
static void phrases_begin(struct words_table *table)
{
    uint32_t i;

    for (i = 0; i < table->rows_count; i++) {
        const struct words_row *row = &table->rows[i];
        uint32_t flags = DEID_WORD_PHRASE_FIRST;
        struct words_row *first;

        if (row->word == NULL || !is_phrase(row))
            continue;
        flags |= words_pack_facts(row).flags & DEID_WORD_PLACE ? DEID_WORD_PLACE_FIRST : 0;
        flags |= row->flags & DEID_WORD_STATE ? DEID_WORD_STATE_FIRST : 0;
        first = words_table_row(
            table, slice_of(row->word, slice_find_byte(slice_of(row->word, row->size), '_')));
        if (first != NULL)
            first->flags |= flags;
    }
}

struct packing {
    struct deid_words_header *header;
    struct deid_facts *facts;
    struct deid_words_slot *slots;
    uint32_t index[FACTS_MAX * 4]; /* of facts, by their hash */
};

/* The index of @facts among the unlike ones, 0 when there are too many. */
static uint32_t facts_index(struct packing *packing, struct deid_facts facts)
{
    uint32_t at = (uint32_t)deid_words_hash((const char *)&facts, sizeof(facts) & ~7u)
                  + (uint32_t)deid_words_hash((const char *)&facts + sizeof(facts) - 8, 8);

    for (at &= FACTS_MAX * 4 - 1; packing->index[at] != 0; at = (at + 1) & (FACTS_MAX * 4 - 1))
        if (memcmp(&packing->facts[packing->index[at]], &facts, sizeof(facts)) == 0)
            return packing->index[at];
    if (packing->header->facts_count >= FACTS_MAX)
        return 0;
    packing->index[at] = packing->header->facts_count++;
    packing->facts[packing->index[at]] = facts;
    return packing->index[at];
}

static enum status slot_fill(struct packing *packing, const struct words_row *row,
                             struct error *err)
{
    uint64_t hash = deid_words_hash(row->word, row->size);
    uint32_t mask = (1u << packing->header->slots_bits) - 1;
    uint32_t at = (uint32_t)(hash >> (64 - packing->header->slots_bits)) & mask;
    struct deid_facts facts = words_pack_facts(row);

    if (facts.flags == 0 && facts.given + facts.family + facts.place + facts.word == 0)
        return STATUS_OK;
    for (; packing->slots[at].facts != 0; at = (at + 1) & mask)
        if (packing->slots[at].mark == deid_words_mark(hash))
            return error_set(err, STATUS_INTERNAL, "two words have one hash");
    packing->slots[at].mark = deid_words_mark(hash);
    packing->slots[at].facts = facts_index(packing, facts);
    packing->header->words_count++;
    if (packing->slots[at].facts == 0)
        return error_set(err, STATUS_INTERNAL, "over %d unlike facts", FACTS_MAX);
    return STATUS_OK;
}

static int row_compare(const void *left, const void *right)
{
    const struct words_row *a = *(const struct words_row *const *)left;
    const struct words_row *b = *(const struct words_row *const *)right;

    return slice_compare(slice_of(a->word, a->size), slice_of(b->word, b->size));
}

/* The words in order, so that the bytes depend on nothing but them. */
static const struct words_row **rows_in_order(struct words_table *table, uint32_t *count)
{
    const struct words_row **rows =
        ARENA_ARRAY(&table->arena, const struct words_row *, table->words_count + 1);
    uint32_t i;

    *count = 0;
    for (i = 0; rows != NULL && i < table->rows_count; i++)
        if (table->rows[i].word != NULL)
            rows[(*count)++] = &table->rows[i];
    if (rows != NULL)
        qsort(rows, *count, sizeof(*rows), row_compare);
    return rows;
}

/* Header, facts, slots and postal codes, one after the other. */
static struct slice packing_join(struct words_table *table, const struct packing *packing)
{
    size_t facts = (packing->header->facts_count * sizeof(struct deid_facts) + 7) & ~(size_t)7;
    size_t slots = sizeof(struct deid_words_slot) << packing->header->slots_bits;
    size_t size = sizeof(*packing->header) + facts + slots + sizeof(table->postal);
    char *at = arena_alloc_zero(&table->arena, size, 1), *start = at;

    if (at == NULL)
        return (struct slice){ NULL, 0 };
    memcpy(at, packing->header, sizeof(*packing->header));
    at += sizeof(*packing->header);
    memcpy(at, packing->facts, packing->header->facts_count * sizeof(struct deid_facts));
    memcpy(at + facts, packing->slots, slots);
    memcpy(at + facts + slots, table->postal, sizeof(table->postal));
    return slice_of(start, size);
}

enum status words_pack(struct words_table *table, struct slice *packed, struct error *err)
{
    struct packing *packing = ARENA_NEW(&table->arena, struct packing);
    const struct words_row **rows;
    uint32_t count, i;

    phrases_begin(table);
    rows = rows_in_order(table, &count);
    if (packing == NULL || rows == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to pack");
    packing->header = ARENA_NEW(&table->arena, struct deid_words_header);
    packing->facts = ARENA_ARRAY(&table->arena, struct deid_facts, FACTS_MAX);
    if (packing->header == NULL || packing->facts == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to pack");
    *packing->header = (struct deid_words_header){ .magic = DEID_WORDS_MAGIC, .facts_count = 1 };
    for (packing->header->slots_bits = 10; (3u << packing->header->slots_bits) / 4 < count;)
        packing->header->slots_bits++;
    packing->slots = ARENA_ARRAY(&table->arena, struct deid_words_slot,
                                 (size_t)1 << packing->header->slots_bits);
    if (packing->slots == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to pack");
    for (i = 0; i < count; i++)
        if (slot_fill(packing, rows[i], err) != STATUS_OK)
            return err->status;
    *packed = packing_join(table, packing);
    return packed->data == NULL ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to pack")
                                : STATUS_OK;
}
