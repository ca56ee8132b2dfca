/* The word lists: what each word may be. Read once from the lists that are linked in; read-only
 * afterwards. */
#ifndef DEID_LEXICON_H
#define DEID_LEXICON_H

#include "base/arena.h"
#include "base/error.h"

enum deid_word {
    DEID_WORD_GIVEN = 1 << 0,
    DEID_WORD_FAMILY = 1 << 1,
    DEID_WORD_PLACE = 1 << 2, /* a city; its first word is also PLACE_FIRST where it has several */
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
    DEID_WORD_STATE = 1 << 13,
    DEID_WORD_STATE_FIRST = 1 << 14,
    DEID_WORD_STATE_ABBR = 1 << 15,
    DEID_WORD_EPONYM = 1 << 16,
    DEID_WORD_EPONYM_AFTER = 1 << 17, /* disease, sign, catheter */
    DEID_WORD_AMBIGUOUS = 1 << 18,    /* a name that is also a word */
    DEID_WORD_STOP = 1 << 19,         /* a word that is never a name by itself */
    DEID_WORD_SALUTATION = 1 << 20,
    DEID_WORD_ID_LABEL = 1 << 21, /* MRN, policy, serial */
};

#define DEID_WORD_NAME (DEID_WORD_GIVEN | DEID_WORD_FAMILY)

struct deid_lexicon {
    struct deid_lexicon_row {
        const char *word; /* lower case, words of a phrase joined with '_' */
        uint16_t size;
        uint32_t flags;
    } * rows; /* open addressing */
    uint32_t mask;
};

/* Built in @arena, from the lists linked in. */
enum status deid_lexicon_init(struct deid_lexicon *lexicon, struct arena *arena, struct error *err);

/* The flags of a word in any case; 0 for a word that is in no list. */
uint32_t deid_lexicon_find(const struct deid_lexicon *lexicon, struct slice word);

/* The month that a word names (1 to 12), in any case, or 0. */
int deid_lexicon_month(struct slice word);

#endif
