/* The word lists: what each word may be, and how likely. Compiled at build time (tools/deid) from
 * the lists in lists/ and from public packages, linked in, and read where they lie: nothing is
 * built at start. Read-only; any thread.
 *
 * Flags say what a word can be; deid_lexicon_facts also says how common it is as each, so that
 * "Rose", "May" and "Brown" can be weighed: a high .odds is a name, a low one a word that is also a
 * name (quarters of a bit: 16 is sixteen to one for a name, -16 sixteen to one against). Names that
 * are hardly ever more than words ("The", "Day") have steps in .given or .family and no flag.
 * Words of a phrase are joined with '_' ("new_york"); accents, apostrophes and case do not matter.
 */
#ifndef DEID_LEXICON_H
#define DEID_LEXICON_H

#include "base/arena.h"
#include "base/error.h"
#include "deid_words.h"

enum deid_word {
    DEID_WORD_GIVEN = 1 << 0,
    DEID_WORD_FAMILY = 1 << 1, /* also set for names of which nobody says what kind they are */
    DEID_WORD_PLACE = 1 << 2,  /* a city; its first word is also PLACE_FIRST where it has several */
    DEID_WORD_PLACE_FIRST = 1 << 3,
    DEID_WORD_TITLE = 1 << 4,      /* Dr, Mrs */
    DEID_WORD_CREDENTIAL = 1 << 5, /* MD, RN */
    DEID_WORD_KIN = 1 << 6,        /* wife, guardian */
    DEID_WORD_LABEL = 1 << 7,      /* "Patient:", "Surgeon:" */
    DEID_WORD_MONTH = 1 << 8,
    DEID_WORD_WEEKDAY = 1 << 9,
    DEID_WORD_STREET = 1 << 10,
    DEID_WORD_FACILITY = 1 << 11, /* ends the name of a place of care */
    DEID_WORD_FACILITY_PART = 1 << 12,
    DEID_WORD_STATE = 1 << 13, /* of the USA; also provinces of Canada and Australia */
    DEID_WORD_STATE_FIRST = 1 << 14,
    DEID_WORD_STATE_ABBR = 1 << 15,
    DEID_WORD_EPONYM = 1 << 16,
    DEID_WORD_EPONYM_AFTER = 1 << 17, /* disease, sign, catheter */
    DEID_WORD_AMBIGUOUS = 1 << 18,    /* a name that is also a word */
    DEID_WORD_STOP = 1 << 19,         /* a word that is never a name by itself */
    DEID_WORD_SALUTATION = 1 << 20,
    DEID_WORD_ID_LABEL = 1 << 21, /* MRN, policy, serial */
    DEID_WORD_MEDICAL = 1 << 22,  /* a disease, part of the body, test, germ, unit, abbreviation */
    DEID_WORD_DRUG = 1 << 23,     /* generic or trade name; also MEDICAL */
    DEID_WORD_ENGLISH = 1 << 24,  /* stands in a dictionary in lower case */
    DEID_WORD_COUNTRY = 1 << 25,
    DEID_WORD_NATION = 1 << 26,       /* a nationality, language or religion: never an identifier */
    DEID_WORD_HOSPITAL = 1 << 27,     /* begins the names of houses: Mayo, Kaiser, Cedars */
    DEID_WORD_PHRASE_FIRST = 1 << 28, /* the first word of a phrase of the lists */
    DEID_WORD_ORGANISATION = 1 << 29, /* ends the name of a company or society: Inc, Bank */
};

#define DEID_WORD_NAME (DEID_WORD_GIVEN | DEID_WORD_FAMILY)

struct deid_lexicon {
    const struct deid_facts *facts;
    const struct deid_words_slot *slots;
    const unsigned char *postal; /* bit n: 0000n is a postal code */
    uint32_t slots_mask, slots_shift;
    uint32_t words_count;
};

/* Of the lists linked in; takes nothing from @arena. INTERNAL when they are not what the engine was
 * built for. */
enum status deid_lexicon_init(struct deid_lexicon *lexicon, struct arena *arena, struct error *err);

/* The same, of compiled lists in memory: what is not whole is INVALID_ARGUMENT. */
enum status deid_lexicon_open(struct deid_lexicon *lexicon, struct slice packed, struct error *err);

/* What the lists know of a word in any case; never NULL, and all zero for a word in no list. Of a
 * word with an accent or an apostrophe ("Núñez", "O'Brien") the plain form is looked up. */
const struct deid_facts *deid_lexicon_facts(const struct deid_lexicon *lexicon, struct slice word);

/* The same of a word that is folded already (deid_words_fold), by its hash. */
static inline const struct deid_facts *deid_lexicon_facts_hashed(const struct deid_lexicon *lexicon,
                                                                 uint64_t hash)
{
    uint32_t at = (uint32_t)(hash >> lexicon->slots_shift), mark = deid_words_mark(hash);

    while (lexicon->slots[at].facts != 0 && lexicon->slots[at].mark != mark)
        at = (at + 1) & lexicon->slots_mask;
    return &lexicon->facts[lexicon->slots[at].facts];
}

/* Begin to fetch what the lookup of @hash will read. */
static inline void deid_lexicon_prefetch(const struct deid_lexicon *lexicon, uint64_t hash)
{
    __builtin_prefetch(&lexicon->slots[hash >> lexicon->slots_shift]);
}

/* Its flags alone. */
static inline uint32_t deid_lexicon_find(const struct deid_lexicon *lexicon, struct slice word)
{
    return deid_lexicon_facts(lexicon, word)->flags;
}

/* Whether five digits are a postal code of the USA. */
bool deid_lexicon_is_postal(const struct deid_lexicon *lexicon, struct slice digits);

/* The month that a word names (1 to 12), in any case, or 0. */
int deid_lexicon_month(struct slice word);

#endif
