/* A word or number at a time: dates, then the pattern set, then what a label in front of it says.
 * Names and places follow in their own passes, because they look at several words at once. */
#include "deid_scan.h"

#include "deid_check.h"
#include "deid_date.h"
#include "deid_name.h"
#include "deid_pattern.h"
#include "deid_place.h"

struct scan {
    const struct deid_rules *rules;
    const struct deid_tokens *tokens;
    struct deid_match *match;
    struct deid_spans *spans;
};

enum status deid_rules_init(struct deid_rules *rules, struct error *err)
{
    arena_init(&rules->arena, 4 * 1024 * 1024);
    rules->patterns = NULL;
    if (deid_lexicon_init(&rules->lexicon, &rules->arena, err) != STATUS_OK)
        return STATUS_INTERNAL;
    rules->patterns = deid_patterns_create(err);
    return rules->patterns == NULL ? STATUS_INTERNAL : STATUS_OK;
}

void deid_rules_close(struct deid_rules *rules)
{
    deid_patterns_destroy(rules->patterns);
    arena_close(&rules->arena);
}

static struct slice text_of(const struct scan *scan, unsigned index)
{
    return deid_token_text(scan->tokens, index);
}

static bool is_word_before(const struct scan *scan, unsigned index, const char *const *words)
{
    struct slice word;

    if (index == 0)
        return false;
    word = text_of(scan, index - 1);
    for (; *words != NULL; words++)
        if (slice_equal_fold(word, slice_from(*words)))
            return true;
    return false;
}

/* "4/19" is a date after these words and before no unit; else it is a score, a strength, a
 * fraction. */
static bool is_date_place(const struct scan *scan, unsigned index)
{
    static const char *const before[] = { "on",     "since", "date",     "dated",      "visit",
                                          "until",  "from",  "admitted", "discharged", "after",
                                          "before", "by",    "dos",      "seen",       "through",
                                          "due",    "last",  "starting", "between",    NULL };
    struct slice gap;

    if (index == 0)
        return false;
    gap = deid_tokens_gap(scan->tokens, index - 1);
    if (gap.size == 0 || gap.size > 3 || slice_find_byte(gap, '\n') < gap.size)
        return false;
    return is_word_before(scan, index, before);
}

static bool is_unit_after(const struct scan *scan, unsigned index)
{
    static const char *const units[] = { "mg",     "mcg",      "ml",       "g",         "units",
                                         "unit",   "strength", "systolic", "diastolic", "pain",
                                         "murmur", "mmhg",     NULL };
    size_t i;

    if (index + 1 >= scan->tokens->count)
        return false;
    for (i = 0; units[i] != NULL; i++)
        if (slice_equal_fold(text_of(scan, index + 1), slice_from(units[i])))
            return true;
    return false;
}

/* The first token that begins at or after @end. */
static unsigned token_after(const struct scan *scan, unsigned index, size_t end)
{
    while (index < scan->tokens->count && scan->tokens->items[index].start < end)
        index++;
    return index;
}

static size_t scan_date(struct scan *scan, unsigned index)
{
    const struct deid_token *token = &scan->tokens->items[index];
    struct slice text = scan->tokens->text;
    struct deid_date date;
    enum deid_form form = DEID_FORM_DATE;
    size_t start = token->start, end;

    if (token->shape != DEID_SHAPE_NUMBER && !(token->flags & DEID_WORD_MONTH)
        && !deid_is_digit(text.data[token->start]))
        return 0;
    if (start >= 2 && text.data[start - 1] == '-' && text.data[start - 2] == '-')
        start -= 2;
    if (!deid_date_read(text, start, &date) && !deid_date_read(text, start = token->start, &date)) {
        form = DEID_FORM_MONTH_DAY;
        if (!is_date_place(scan, index) || !deid_date_read_month_day(text, token->start, &date)
            || is_unit_after(scan, token_after(scan, index, date.end) - 1))
            return 0;
    }
    end = form == DEID_FORM_DATE ? deid_date_time_end(text, date.end) : date.end;
    deid_spans_add(scan->spans, (struct deid_span){ (uint32_t)start, (uint32_t)end, DEID_CLASS_DATE,
                                                    form, DEID_SCORE_SHAPE });
    return end;
}

/* "92-year-old", "92 y/o", "age 92", "aged 92", "92F" after nothing: an age that is over 89. */
static size_t scan_age(struct scan *scan, unsigned index)
{
    static const char *const before[] = { "age", "aged", "ages", NULL };
    static const char *const after[] = { "year", "years", "yr", "yrs", "yo", "y", "yrs old", NULL };
    const struct deid_token *token = &scan->tokens->items[index];
    struct slice word = text_of(scan, index), gap;
    bool is_age = false;
    unsigned number = 0;
    size_t i;

    for (i = 0; i < word.size && deid_is_digit(word.data[i]); i++)
        number = number * 10 + (unsigned)(word.data[i] - '0');
    if (number < 90 || number > 125 || i > 3)
        return 0;
    gap = deid_tokens_gap(scan->tokens, index);
    if (i < word.size) /* 92F, 92yo */
        is_age = word.size - i <= 2
                 && (slice_equal_fold(slice_cut(word, i, word.size), SLICE("f"))
                     || slice_equal_fold(slice_cut(word, i, word.size), SLICE("m"))
                     || slice_equal_fold(slice_cut(word, i, word.size), SLICE("yo")));
    else if (index + 1 < scan->tokens->count && gap.size == 1
             && (gap.data[0] == ' ' || gap.data[0] == '-'))
        for (i = 0; after[i] != NULL && !is_age; i++)
            is_age = slice_equal_fold(text_of(scan, index + 1), slice_from(after[i]));
    if (!is_age && !is_word_before(scan, index, before))
        return 0;
    for (i = 0; i < word.size && deid_is_digit(word.data[i]);)
        i++;
    deid_spans_add(scan->spans,
                   (struct deid_span){ token->start, token->start + (uint32_t)i, DEID_CLASS_DATE,
                                       DEID_FORM_AGE, DEID_SCORE_SHAPE });
    return token->start + i;
}

/* What the word before a number says of it, for the words that name a class. */
static enum deid_class class_of_label(struct slice word)
{
    static const struct {
        const char *word;
        enum deid_class class;
    } rows[] = {
        { "mrn", DEID_CLASS_MRN },
        { "ssn", DEID_CLASS_SSN },
        { "account", DEID_CLASS_ACCOUNT },
        { "acct", DEID_CLASS_ACCOUNT },
        { "routing", DEID_CLASS_ACCOUNT },
        { "iban", DEID_CLASS_ACCOUNT },
        { "swift", DEID_CLASS_ACCOUNT },
        { "bic", DEID_CLASS_ACCOUNT },
        { "policy", DEID_CLASS_HEALTH_PLAN },
        { "member", DEID_CLASS_HEALTH_PLAN },
        { "insurance", DEID_CLASS_HEALTH_PLAN },
        { "plan", DEID_CLASS_HEALTH_PLAN },
        { "medicare", DEID_CLASS_HEALTH_PLAN },
        { "medicaid", DEID_CLASS_HEALTH_PLAN },
        { "subscriber", DEID_CLASS_HEALTH_PLAN },
        { "beneficiary", DEID_CLASS_HEALTH_PLAN },
        { "group", DEID_CLASS_HEALTH_PLAN },
        { "license", DEID_CLASS_LICENSE },
        { "licence", DEID_CLASS_LICENSE },
        { "passport", DEID_CLASS_LICENSE },
        { "npi", DEID_CLASS_LICENSE },
        { "dea", DEID_CLASS_LICENSE },
        { "certificate", DEID_CLASS_LICENSE },
        { "visa", DEID_CLASS_LICENSE },
        { "vin", DEID_CLASS_VEHICLE },
        { "plate", DEID_CLASS_VEHICLE },
        { "vehicle", DEID_CLASS_VEHICLE },
        { "registration", DEID_CLASS_VEHICLE },
        { "serial", DEID_CLASS_DEVICE },
        { "device", DEID_CLASS_DEVICE },
        { "udi", DEID_CLASS_DEVICE },
        { "lot", DEID_CLASS_DEVICE },
        { "implant", DEID_CLASS_DEVICE },
        { "pacemaker", DEID_CLASS_DEVICE },
        { "model", DEID_CLASS_DEVICE },
        { "biometric", DEID_CLASS_BIOMETRIC },
        { "fingerprint", DEID_CLASS_BIOMETRIC },
        { "voiceprint", DEID_CLASS_BIOMETRIC },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (slice_equal_fold(word, slice_from(rows[i].word)))
            return rows[i].class;
    return DEID_CLASS_OTHER;
}

static bool is_label_filler(struct slice word)
{
    static const char *const fillers[] = { "number", "no", "num",  "id",         "ids", "is",
                                           "was",    "of", "code", "identifier", "the", "record",
                                           "nr",     "#",  "s",    "with",       NULL };
    size_t i;

    for (i = 0; fillers[i] != NULL; i++)
        if (slice_equal_fold(word, slice_from(fillers[i])))
            return true;
    return false;
}

static bool is_label_gap(struct slice gap)
{
    size_t i;

    for (i = 0; i < gap.size; i++)
        if (strchr(" \t:#=().*-'\"", gap.data[i]) == NULL)
            return false;
    return gap.size > 0 && gap.size <= 24;
}

/* The end of the value that begins at @at: letters and digits, joined by single dashes, dots,
 * slashes or underscores. */
static size_t value_end(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size) {
        char c = text.data[end];
        bool is_joint = (c == '-' || c == '.' || c == '/' || c == '_') && end + 1 < text.size
                        && deid_is_word(text.data[end + 1]);
        if (!deid_is_word(c) && !is_joint)
            break;
        end++;
    }
    return end;
}

/* "MRN: #SF-998877", "account no. BA-98765432", "policy number is 12345": the label, words between,
 * then a value with digits in it. */
static void scan_label(struct scan *scan, unsigned index)
{
    const struct deid_tokens *tokens = scan->tokens;
    enum deid_class class = class_of_label(text_of(scan, index));
    unsigned at = index + 1, limit = index + 5;
    struct slice value;

    for (; at < tokens->count && at < limit; at++) {
        struct slice word = text_of(scan, at);
        enum deid_class other = class_of_label(word);

        if (!is_label_gap(deid_tokens_gap(tokens, at - 1)))
            return;
        if (!is_label_filler(word) && !(tokens->items[at].flags & DEID_WORD_ID_LABEL))
            break;
        if (class == DEID_CLASS_OTHER && other != DEID_CLASS_OTHER)
            class = other;
    }
    if (at >= tokens->count || at >= limit)
        return;
    value = slice_cut(tokens->text, tokens->items[at].start,
                      value_end(tokens->text, tokens->items[at].start));
    if (value.size < 4 || deid_check_digits(value) < 2
        || (deid_check_digits(value) < 4 && value.size < 6))
        return;
    deid_spans_add(scan->spans, (struct deid_span){ tokens->items[at].start,
                                                    tokens->items[at].start + (uint32_t)value.size,
                                                    class, DEID_FORM_VALUE, DEID_SCORE_LABEL });
}

/* A fax number is a phone number after the word. */
static void class_refine(const struct scan *scan, unsigned index, struct deid_span *span)
{
    static const char *const fax[] = { "fax", "facsimile", "fx", NULL };
    static const char *const ssn[] = { "ssn", "social", "security", NULL };

    if (span->class == DEID_CLASS_PHONE && (is_word_before(scan, index, fax)))
        span->class = DEID_CLASS_FAX;
    if (span->class == DEID_CLASS_OTHER && is_word_before(scan, index, ssn))
        span->class = DEID_CLASS_SSN;
}

static size_t scan_patterns(struct scan *scan, unsigned index)
{
    const struct deid_token *token = &scan->tokens->items[index];
    struct slice text = scan->tokens->text;
    struct deid_span span;
    size_t at = token->start;
    char before = at > 0 ? text.data[at - 1] : 0;

    if (deid_is_digit(text.data[at]) && (before == '+' || before == '('))
        at -= before == '(' && at >= 2 && text.data[at - 2] == '+' ? 2 : 1;
    else if (before == '.' || before == '$'
             || (before == '-' && at >= 2 && deid_is_word(text.data[at - 2])))
        return 0;
    if (!deid_patterns_find(scan->rules->patterns, scan->match, text, at, &span)
        && (at == token->start
            || !deid_patterns_find(scan->rules->patterns, scan->match, text, token->start, &span)))
        return 0;
    class_refine(scan, index, &span);
    deid_spans_add(scan->spans, span);
    return span.end;
}

static bool is_mail_local(char c)
{
    return c != '\0' && (deid_is_word(c) || strchr("._%+-*", c) != NULL);
}

/* Around every '@': a mail address, or a handle. */
static void scan_mail(struct scan *scan)
{
    struct slice text = scan->tokens->text;
    size_t at = 0;

    while ((at += slice_find_byte(slice_cut(text, at, text.size), '@')) < text.size) {
        size_t start = at, end = at + 1;

        while (start > 0 && is_mail_local(text.data[start - 1]))
            start--;
        while (end < text.size && is_mail_local(text.data[end]))
            end++;
        while (end > at && !deid_is_word(text.data[end - 1]))
            end--;
        while (start < at && !deid_is_word(text.data[start]))
            start++;
        if (end - at > 3)
            deid_spans_add(scan->spans,
                           (struct deid_span){ (uint32_t)start, (uint32_t)end,
                                               start < at ? DEID_CLASS_EMAIL : DEID_CLASS_OTHER,
                                               DEID_FORM_VALUE, DEID_SCORE_SHAPE });
        at = end > at ? end : at + 1;
    }
}

/* "john.doe%40mail.com", as it stands in an address bar. */
static void scan_mail_escaped(struct scan *scan)
{
    struct slice text = scan->tokens->text;
    size_t at = 0;

    while ((at += slice_find_byte(slice_cut(text, at, text.size), '%')) < text.size) {
        size_t start = at, end = at + 3;

        if (!slice_starts_with(slice_cut(text, at, text.size), SLICE("%40"))) {
            at++;
            continue;
        }
        while (start > 0 && is_mail_local(text.data[start - 1]))
            start--;
        while (end < text.size && is_mail_local(text.data[end]))
            end++;
        while (end > at + 3 && !deid_is_word(text.data[end - 1]))
            end--;
        if (start < at && end > at + 5)
            deid_spans_add(scan->spans,
                           (struct deid_span){ (uint32_t)start, (uint32_t)end, DEID_CLASS_EMAIL,
                                               DEID_FORM_VALUE, DEID_SCORE_SHAPE });
        at = end;
    }
}

/* A user name: letters of a name and digits, or name.name12: only after a label, or with both
 * letters and three digits. */
static size_t scan_token(struct scan *scan, unsigned index)
{
    const struct deid_token *token = &scan->tokens->items[index];
    size_t end;

    if (token->flags & DEID_WORD_ID_LABEL)
        scan_label(scan, index);
    end = scan_date(scan, index);
    if (end == 0)
        end = scan_age(scan, index);
    if (end == 0 && (token->shape != DEID_SHAPE_LOWER && token->shape != DEID_SHAPE_CAPITAL))
        end = scan_patterns(scan, index);
    if (end == 0 && token->end < scan->tokens->text.size
        && strchr(":.-_", scan->tokens->text.data[token->end]) != NULL)
        end = scan_patterns(scan, index);
    return end;
}

enum status deid_scan(const struct deid_rules *rules, const struct deid_tokens *tokens,
                      struct deid_spans *spans, struct error *err)
{
    struct scan scan = { rules, tokens, deid_match_create(), spans };
    unsigned index = 0;

    if (scan.match == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to match patterns");
    while (index < tokens->count) {
        size_t end = scan_token(&scan, index);
        index = end == 0 ? index + 1 : token_after(&scan, index + 1, end);
    }
    deid_match_destroy(scan.match);
    scan_mail(&scan);
    scan_mail_escaped(&scan);
    deid_place_scan(tokens, spans);
    deid_name_scan(tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    return STATUS_OK;
}
