#define PCRE2_CODE_UNIT_WIDTH 8
#include "deid_pattern.h"

#include <pcre2.h>
#include <stdlib.h>

#include "deid_check.h"
#include "deid_token.h"

/* Where a pattern may begin. */
enum trigger {
    TRIGGER_DIGIT = 1,
    TRIGGER_LETTER = 2,
    TRIGGER_SIGN = 4, /* '+', '(', '@' */
};

struct pattern {
    enum deid_class class;
    unsigned triggers;
    float score;
    const char *expression;
    bool (*is_valid)(struct slice text);
};

static bool is_phone(struct slice text)
{
    unsigned digits = deid_check_digits(text);

    return digits >= 7 && digits <= 18;
}

/* Letters and digits mixed enough to be a number that somebody gave out: at least four digits, or
 * three and a dash. */
static bool is_code(struct slice text)
{
    unsigned digits = deid_check_digits(text);

    return digits >= 4 && text.size >= 6;
}

static bool is_token_secret(struct slice text)
{
    return deid_check_digits(text) >= 3;
}

#define FREE_AFTER "(?![A-Za-z0-9])"
#define NUMBER_AFTER "(?![A-Za-z0-9]|[-.,/]\\d)"

/* In the order of strength: the first that fits wins. */
static const struct pattern patterns[] = {
    { DEID_CLASS_URL, TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "(?:(?:https?|ftp|sftp|ldap|file)://|www\\.)[^\\s<>\"'\\])]+[^\\s<>\"'\\]).,;:!?]", NULL },
    { DEID_CLASS_URL, TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+(?:com|org|net|edu|gov|info|io|health|care|co\\.uk)"
      "(?:/[^\\s<>\"'\\])]*[^\\s<>\"'\\]).,;:!?])?" FREE_AFTER "(?!@)",
      NULL },
    { DEID_CLASS_OTHER, TRIGGER_DIGIT | TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}" FREE_AFTER,
      NULL },
    { DEID_CLASS_DEVICE, TRIGGER_DIGIT | TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\\1[0-9A-Fa-f]{2}){4}" FREE_AFTER, NULL },
    { DEID_CLASS_IP, TRIGGER_DIGIT, DEID_SCORE_SHAPE,
      "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?:/\\d{1,2})?(?![A-Za-z0-9]|\\.\\d)",
      deid_check_ip },
    { DEID_CLASS_IP, TRIGGER_DIGIT | TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4})(?![0-9A-Za-z:])(?<=[:0-9A-Fa-f]{11})",
      NULL },
    { DEID_CLASS_SSN, TRIGGER_DIGIT, DEID_SCORE_SHAPE, "\\d{3}([- .])\\d{2}\\1\\d{4}" NUMBER_AFTER,
      deid_check_ssn },
    { DEID_CLASS_ACCOUNT, TRIGGER_DIGIT, DEID_SCORE_SHAPE,
      "\\d{4}([- ]?)\\d{4}\\1\\d{4}\\1\\d{1,7}" NUMBER_AFTER, NULL },
    { DEID_CLASS_ACCOUNT, TRIGGER_DIGIT, DEID_SCORE_SHAPE,
      "\\d{4}[- ]?\\d{6}[- ]?\\d{4,5}" NUMBER_AFTER, deid_check_card },
    { DEID_CLASS_ACCOUNT, TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "[A-Z]{2}\\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?" FREE_AFTER, is_code },
    { DEID_CLASS_OTHER, TRIGGER_DIGIT, DEID_SCORE_SHAPE,
      "\\d{1,3}\\.\\d{3,} ?\xc2\xb0? ?[NS]?, ?-?\\d{1,3}\\.\\d{3,} ?\xc2\xb0? ?[EW]?" FREE_AFTER,
      NULL },
    { DEID_CLASS_PHONE, TRIGGER_DIGIT | TRIGGER_SIGN, DEID_SCORE_SHAPE,
      "(?:\\+?1[-. ]?)?(?:\\(\\d{3}\\)[-. ]?|\\d{3}([-./ ]))\\d{3}[-. ]\\d{4}"
      "(?:,? ?(?:ext\\.?|extension|x) ?\\d{1,6})?" NUMBER_AFTER,
      is_phone },
    { DEID_CLASS_PHONE, TRIGGER_SIGN, DEID_SCORE_SHAPE,
      "\\+\\d{1,3}(?:[-. ]?\\(?\\d{1,5}\\)?){2,5}" FREE_AFTER, is_phone },
    { DEID_CLASS_PHONE, TRIGGER_DIGIT, DEID_SCORE_SHAPE,
      "0{2}\\d{1,3}(?:[-. ]\\(?\\d{1,5}\\)?){2,5}" NUMBER_AFTER, is_phone },
    { DEID_CLASS_PHONE, TRIGGER_DIGIT, DEID_SCORE_LIST,
      "\\d{3}-\\d{4}(?:,? ?(?:ext\\.?|x) ?\\d{1,6})?" NUMBER_AFTER, is_phone },
    { DEID_CLASS_ACCOUNT, TRIGGER_LETTER, DEID_SCORE_LIST,
      "(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9a-fA-F]{40})" FREE_AFTER, is_token_secret },
    { DEID_CLASS_ACCOUNT, TRIGGER_DIGIT, DEID_SCORE_LIST,
      "[13][1-9A-HJ-NP-Za-km-z]{25,34}" FREE_AFTER, is_token_secret },
    { DEID_CLASS_OTHER, TRIGGER_LETTER, DEID_SCORE_LIST,
      "(?:sk|pk|rk|ghp|xox[abp])[-_][A-Za-z0-9_-]{8,}", is_token_secret },
    { DEID_CLASS_OTHER, TRIGGER_LETTER, DEID_SCORE_LIST,
      "eyJ[A-Za-z0-9_-]{4,}(?:\\.[A-Za-z0-9_.-]*)?", NULL },
    { DEID_CLASS_VEHICLE, TRIGGER_DIGIT | TRIGGER_LETTER, DEID_SCORE_SHAPE,
      "[A-HJ-NPR-Z0-9]{17}" FREE_AFTER, deid_check_vin },
    { DEID_CLASS_LICENSE, TRIGGER_LETTER, DEID_SCORE_SHAPE, "[A-Z]{2}\\d{7}" FREE_AFTER,
      deid_check_dea },
    { DEID_CLASS_OTHER, TRIGGER_LETTER, DEID_SCORE_LIST,
      "[A-Z]{2,6}\\d{0,2}[-_](?:[A-Za-z0-9]{1,8}[-_])*(?=[A-Za-z0-9]*\\d)[A-Za-z0-9]{2,16}" FREE_AFTER
      "(?!-\\w)",
      is_code },
    { DEID_CLASS_OTHER, TRIGGER_DIGIT, DEID_SCORE_LIST,
      "\\d{2,10}-\\d{2,10}(?:-\\d{1,10})?-[A-Z0-9]{1,4}" FREE_AFTER "(?!-\\w)", is_code },
    { DEID_CLASS_OTHER, TRIGGER_DIGIT, DEID_SCORE_WEAK,
      "\\d{4,10}-[A-Z]{1,3}" FREE_AFTER "(?!-\\w)", is_code },
    { DEID_CLASS_LICENSE, TRIGGER_DIGIT, DEID_SCORE_LIST, "\\d{10}" NUMBER_AFTER, deid_check_npi },
    { DEID_CLASS_OTHER, TRIGGER_DIGIT, DEID_SCORE_WEAK, "\\d{5}-\\d{4}" NUMBER_AFTER, NULL },
    { DEID_CLASS_OTHER, TRIGGER_DIGIT, DEID_SCORE_WEAK,
      "\\d{7,20}(?![A-Za-z0-9]|[.,]\\d|-\\d\\b| ?%)", NULL },
    { DEID_CLASS_OTHER, TRIGGER_LETTER, DEID_SCORE_WEAK,
      "(?=[A-Za-z0-9]*[A-Z])[A-Z]{1,4}\\d{6,12}[A-Z]?" FREE_AFTER, is_code },
};

#define PATTERNS_COUNT (sizeof(patterns) / sizeof(patterns[0]))

struct deid_patterns {
    pcre2_code *codes[PATTERNS_COUNT];
};

struct deid_match {
    pcre2_match_data *data;
};

static pcre2_code *pattern_compile(const char *expression, struct error *err)
{
    size_t offset;
    int number;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, PCRE2_ANCHORED,
                                     &number, &offset, NULL);

    if (code == NULL)
        error_set(err, STATUS_INTERNAL, "pattern error %d at %zu", number, offset);
    else
        pcre2_jit_compile(
            code, PCRE2_JIT_COMPLETE); /* without it the matcher interprets: slower, the same */
    return code;
}

struct deid_patterns *deid_patterns_create(struct error *err)
{
    struct deid_patterns *made = calloc(1, sizeof(*made));
    size_t i;

    if (made == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the patterns");
        return NULL;
    }
    for (i = 0; i < PATTERNS_COUNT; i++) {
        made->codes[i] = pattern_compile(patterns[i].expression, err);
        if (made->codes[i] == NULL) {
            error_wrap(err, "pattern %zu", i);
            deid_patterns_destroy(made);
            return NULL;
        }
    }
    return made;
}

void deid_patterns_destroy(struct deid_patterns *made)
{
    size_t i;

    if (made == NULL)
        return;
    for (i = 0; i < PATTERNS_COUNT; i++)
        pcre2_code_free(made->codes[i]);
    free(made);
}

struct deid_match *deid_match_create(void)
{
    struct deid_match *match = malloc(sizeof(*match));

    if (match == NULL)
        return NULL;
    match->data = pcre2_match_data_create(4, NULL);
    if (match->data != NULL)
        return match;
    free(match);
    return NULL;
}

void deid_match_destroy(struct deid_match *match)
{
    if (match == NULL)
        return;
    pcre2_match_data_free(match->data);
    free(match);
}

static unsigned trigger_of(char c)
{
    return deid_is_digit(c) ? TRIGGER_DIGIT : deid_is_letter(c) ? TRIGGER_LETTER : TRIGGER_SIGN;
}

bool deid_patterns_find(const struct deid_patterns *made, struct deid_match *match,
                        struct slice text, size_t at, struct deid_span *span)
{
    unsigned trigger = trigger_of(text.data[at]);
    size_t i;

    for (i = 0; i < PATTERNS_COUNT; i++) {
        const PCRE2_SIZE *ends;
        struct slice found;

        if (!(patterns[i].triggers & trigger)
            || pcre2_match(made->codes[i], (PCRE2_SPTR)text.data, text.size, at, 0, match->data,
                           NULL)
                   < 0)
            continue;
        ends = pcre2_get_ovector_pointer(match->data);
        found = slice_cut(text, ends[0], ends[1]);
        if (patterns[i].is_valid != NULL && !patterns[i].is_valid(found))
            continue;
        *span = (struct deid_span){ (uint32_t)ends[0], (uint32_t)ends[1], patterns[i].class,
                                    DEID_FORM_VALUE, patterns[i].score };
        return true;
    }
    return false;
}
