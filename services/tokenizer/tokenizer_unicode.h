/* What Unicode says of a code point: categories, the classes that pre-tokenisers ask for, lower
 * case, normal forms. Versions are pinned to those of the reference: 16.0 for categories, 9.0 for
 * normal forms; the tables are made by tokenizer_unicode_table.py. */
#ifndef TOKENIZER_UNICODE_H
#define TOKENIZER_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define TOKENIZER_POINTS 0x110000u

/* General_Category. */
enum tokenizer_category {
    TOKENIZER_CATEGORY_CN, /* not assigned */
    TOKENIZER_CATEGORY_LU,
    TOKENIZER_CATEGORY_LL,
    TOKENIZER_CATEGORY_LT,
    TOKENIZER_CATEGORY_LM,
    TOKENIZER_CATEGORY_LO,
    TOKENIZER_CATEGORY_MN,
    TOKENIZER_CATEGORY_MC,
    TOKENIZER_CATEGORY_ME,
    TOKENIZER_CATEGORY_ND,
    TOKENIZER_CATEGORY_NL,
    TOKENIZER_CATEGORY_NO,
    TOKENIZER_CATEGORY_PC, /* PC … PO: punctuation */
    TOKENIZER_CATEGORY_PD,
    TOKENIZER_CATEGORY_PS,
    TOKENIZER_CATEGORY_PE,
    TOKENIZER_CATEGORY_PI,
    TOKENIZER_CATEGORY_PF,
    TOKENIZER_CATEGORY_PO,
    TOKENIZER_CATEGORY_SM,
    TOKENIZER_CATEGORY_SC,
    TOKENIZER_CATEGORY_SK,
    TOKENIZER_CATEGORY_SO,
    TOKENIZER_CATEGORY_ZS,
    TOKENIZER_CATEGORY_ZL,
    TOKENIZER_CATEGORY_ZP,
    TOKENIZER_CATEGORY_CC,
    TOKENIZER_CATEGORY_CF,
    TOKENIZER_CATEGORY_CS,
    TOKENIZER_CATEGORY_CO,
};

/* What splits ask for. White_Space goes before the categories. */
enum tokenizer_class {
    TOKENIZER_CLASS_OTHER,
    TOKENIZER_CLASS_MARK,
    TOKENIZER_CLASS_NUMBER,
    TOKENIZER_CLASS_SPACE,
    TOKENIZER_CLASS_LETTER, /* Lm, Lo */
    TOKENIZER_CLASS_LOWER,  /* Ll */
    TOKENIZER_CLASS_UPPER,  /* Lu, Lt */
};

/* CN beyond U+10FFFF. Any thread. */
enum tokenizer_category tokenizer_unicode_category(uint32_t code_point);

/* OTHER for UTF8_INVALID and for what is not assigned. Any thread. */
enum tokenizer_class tokenizer_unicode_class(uint32_t code_point);

/* The code point's simple lower case, itself where it has none. Any thread. */
uint32_t tokenizer_unicode_lower(uint32_t code_point);

/* NFC and NFD of @text, from @arena; @text itself where it is in that form. Bytes that are no UTF-8
 * stay as they are. {NULL, 0}, of a text that is not empty, when there is no room. Any thread. */
struct arena;
struct slice tokenizer_unicode_nfc(struct slice text, struct arena *arena);
struct slice tokenizer_unicode_nfd(struct slice text, struct arena *arena);

#endif
