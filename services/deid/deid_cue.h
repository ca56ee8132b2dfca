/* Words that say what stands beside them: labels of numbers ("MRN"), months, weekdays, holidays,
 * numbers and ordinals in letters. A closed list that is written here; names and places are in the
 * lexicon. */
#ifndef DEID_CUE_H
#define DEID_CUE_H

#include "base/arena.h"
#include "base/error.h"

enum deid_cue_kind {
    DEID_CUE_LABEL = 1,  /* of an identifier; value: enum deid_class */
    DEID_CUE_LABEL_WEAK, /* the same, of a word that means other things too: "case", "lot", "order"
                          */
    DEID_CUE_LABEL_MARKED, /* that has units and measures for neighbours ("mg/dL", "pH", "ref"):
                            * only with ":" or "#" behind it, and no measure after that */
    DEID_CUE_LABEL_TEL,    /* value: enum deid_class */
    DEID_CUE_LABEL_EXT,    /* a few digits are enough: "ext", "pager" */
    DEID_CUE_LABEL_USER,   /* what follows need not have digits: "username:" */
    DEID_CUE_ROOM,
    DEID_CUE_FILLER,  /* between a label and its value: "number", "is" */
    DEID_CUE_MONTH,   /* value: 1 to 12 */
    DEID_CUE_MONTH_ABROAD, /* of another language: beside a day */
    DEID_CUE_WEEKDAY, /* value: 0 Monday to 6; 10 more for an abbreviation */
    DEID_CUE_HOLIDAY, /* value: 0 alone; 1 needs "day" or "eve" behind it */
    DEID_CUE_ORDINAL, /* value: the number */
    DEID_CUE_NUMBER,  /* value: the number */
    DEID_CUE_AGE,     /* "age", "aged" */
    DEID_CUE_OLD,     /* "nonagenarian" */
    DEID_CUE_WEB,     /* "www", "http" */
    DEID_CUE_BIRTH,   /* "DOB", "born": what follows is a date, whatever its form */
};

struct deid_cue {
    const char *word; /* lower case */
    uint8_t kind;
    int16_t value;
};

#define DEID_CUE_SLOTS 4096 /* of a few hundred words: most others end at an empty slot */

struct deid_cues {
    uint16_t slots[DEID_CUE_SLOTS]; /* row + 1 */
    uint64_t filter[32]; /* by the first letter, the sizes and last letters that there are */
};

void deid_cues_init(struct deid_cues *cues);

/* The cue that @word is, in any case, or NULL. */
const struct deid_cue *deid_cue_find(const struct deid_cues *cues, struct slice word);

#endif
