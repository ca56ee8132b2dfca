#include "deid_lexicon.h"

#include <string.h>

extern const char deid_lists_start[], deid_lists_end[];

enum status deid_lexicon_open(struct deid_lexicon *lexicon, struct slice packed, struct error *err)
{
    struct deid_words_header header;
    size_t facts, slots;

    if (packed.size < sizeof(header) || (uintptr_t)packed.data % 8 != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the word lists are cut short");
    memcpy(&header, packed.data, sizeof(header));
    if (header.magic != DEID_WORDS_MAGIC || header.facts_count == 0
        || header.facts_count > packed.size || header.slots_bits < 1 || header.slots_bits > 28
        || header.words_count >= 1u << header.slots_bits)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the word lists are of another kind");
    facts = (header.facts_count * sizeof(struct deid_facts) + 7) & ~(size_t)7;
    slots = sizeof(struct deid_words_slot) << header.slots_bits;
    if (packed.size != sizeof(header) + facts + slots + DEID_WORDS_POSTAL_BYTES)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the word lists have %zu bytes",
                         packed.size);
    *lexicon = (struct deid_lexicon){
        .facts = (const struct deid_facts *)(packed.data + sizeof(header)),
        .slots = (const struct deid_words_slot *)(packed.data + sizeof(header) + facts),
        .postal = (const unsigned char *)packed.data + sizeof(header) + facts + slots,
        .slots_mask = (1u << header.slots_bits) - 1,
        .slots_shift = 64 - header.slots_bits,
        .words_count = header.words_count,
    };
    return STATUS_OK;
}

enum status deid_lexicon_init(struct deid_lexicon *lexicon, struct arena *arena, struct error *err)
{
    (void)arena;
    if (deid_lexicon_open(
            lexicon, slice_of(deid_lists_start, (size_t)(deid_lists_end - deid_lists_start)), err)
        != STATUS_OK)
        return error_set(err, STATUS_INTERNAL, "%s", "the word lists were not compiled for this");
    return STATUS_OK;
}

const struct deid_facts *deid_lexicon_facts(const struct deid_lexicon *lexicon, struct slice word)
{
    char folded[DEID_WORDS_BYTES_MAX + 8];
    unsigned size = deid_words_fold(word, folded);
    uint64_t hash;
    uint32_t at;

    if (size == 0)
        return &lexicon->facts[0];
    hash = deid_words_hash(folded, size);
    for (at = (uint32_t)(hash >> lexicon->slots_shift); lexicon->slots[at].facts != 0;
         at = (at + 1) & lexicon->slots_mask)
        if (lexicon->slots[at].mark == deid_words_mark(hash))
            break;
    return &lexicon->facts[lexicon->slots[at].facts];
}

bool deid_lexicon_is_postal(const struct deid_lexicon *lexicon, struct slice digits)
{
    unsigned number = 0;
    size_t i;

    if (digits.size != 5)
        return false;
    for (i = 0; i < 5; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(digits.data[i] - '0');
    }
    return lexicon->postal[number >> 3] >> (number & 7) & 1;
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
