/* Hints: words that are nobody's name but say what stands beside them. Closed classes of English,
 * written here; they are asked for only next to what may be a name or a place. */
#ifndef DEID_HINT_H
#define DEID_HINT_H

#include "deid_token.h"

enum deid_hint {
    DEID_HINT_DEED = 1 << 0,      /* reports, denies, was: who does this is a person */
    DEID_HINT_AT = 1 << 1,        /* at, from, near: a place may follow */
    DEID_HINT_CARE = 1 << 2,      /* seen, treated, admitted: and then AT a house */
    DEID_HINT_WITH = 1 << 3,      /* with, by, told, called: a person may follow */
    DEID_HINT_NAMED = 1 << 4,     /* named, nicknamed: a name does follow */
    DEID_HINT_WARD = 1 << 5,      /* ED, ICU: a part of every house */
    DEID_HINT_TRADE = 1 << 6,     /* cardiology, pain: what a clinic does, not what it is called */
    DEID_HINT_FIRM = 1 << 7,      /* Inc, Group: ends the name of a firm */
    DEID_HINT_HOUSE = 1 << 8,     /* Hospital, Ctr: ends the name of a place of care */
    DEID_HINT_ROLE = 1 << 9,      /* surgeon, resident, customer: somebody */
    DEID_HINT_UNIT = 1 << 10,     /* Apt, Suite: and then its number */
    DEID_HINT_ROAD = 1 << 11,     /* rue, via, calle: a road's name follows */
    DEID_HINT_PARTICLE = 1 << 12, /* de, van: inside of a name */
    DEID_HINT_SUFFIX = 1 << 13,   /* Jr, III: ends a name */
    DEID_HINT_DOSE = 1 << 14,     /* mg, tablet, daily: what stands before is a medicine */
    DEID_HINT_INTAKE = 1 << 15,   /* taking, started, prescribed: what follows is one */
    DEID_HINT_LIVES = 1 << 16,    /* lives, moved, born: and then a place */
    DEID_HINT_ARTICLE = 1 << 17,  /* a, the, this */
    DEID_HINT_SELF = 1 << 18,     /* he, she, who: a clause about a person */
    DEID_HINT_THING = 1 << 19,    /* test, stent, scale: what stands before is its name */
    DEID_HINT_HEAD = 1 << 21,     /* clinic, office: after a town, part of a house's name */
    DEID_HINT_POSTAL = 1 << 22,   /* ZIP, postcode */
    DEID_HINT_CORNER = 1 << 23,   /* corner */
    DEID_HINT_OUR = 1 << 20,      /* at our, at the: may stand between AT and a house */
};

/* What the word says. Any thread. */
uint32_t deid_hint_find(struct slice word);

/* The same of each of @tokens. */
void deid_hint_read(const struct deid_tokens *tokens, uint32_t *hints);

/* The same of token @index, as deid_like_read left it; 0 past the end of @tokens. */
static inline uint32_t deid_hint_at(const struct deid_tokens *tokens, unsigned index)
{
    if (index >= tokens->count)
        return 0;
    return tokens->hints != NULL ? tokens->hints[index]
                                 : deid_hint_find(deid_token_text(tokens, index));
}

#endif
