/* A word or number at a time: what a label in front of it says, dates and ages, then the pattern
 * set. Names and places follow in their own passes, because they look at several words at once. */
#include "deid_scan.h"

#include "deid_age.h"
#include "deid_check.h"
#include "deid_code.h"
#include "deid_label.h"
#include "deid_noise.h"
#include "deid_prose.h"
#include "deid_scanner.h"
#include "deid_web.h"
#include "deid_when.h"
#include "deid_wide.h"

#define LONG_DIGITS 9 /* no end of a range has so many */

#define RULES_BYTES_MAX ((size_t)16 << 20)

enum status deid_rules_init(struct deid_rules *rules, struct error *err)
{
    *rules = (struct deid_rules){ 0 };
    arena_init(&rules->arena, RULES_BYTES_MAX);
    deid_cues_init(&rules->cues);
    if (deid_lexicon_init(&rules->lexicon, &rules->arena, err) != STATUS_OK)
        return STATUS_INTERNAL;
    return deid_patterns_init(&rules->patterns, &rules->arena, err);
}

void deid_rules_close(struct deid_rules *rules)
{
    arena_close(&rules->arena);
}

/* "ICD-10 1234567", "SNOMED 44054006": what follows everybody may know. */
static bool is_published_before(const struct deid_scanner *scanner, unsigned index)
{
    for (unsigned back = 1; back <= 3 && back <= index; back++) {
        struct slice gap = deid_tokens_gap(scanner->tokens, index - back);

        if (gap.size > 3 || slice_find_byte(gap, '\n') < gap.size)
            return false;
        if (deid_code_is_published(deid_scanner_word(scanner, index - back)))
            return true;
    }
    return false;
}

/* "platelets 250 (normal 150-4000)": the short numbers after such a word, or after another number,
 * are the ends of a range and no telephone's. */
static bool is_range_before(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const words[] = { "normal",  "range", "reference", "ref",
                                         "nr",      "rr",    "level",     "levels",
                                         "between", "goal",  "target",    "limits",
                                         "count",   "of",    "from",      NULL };

    for (unsigned back = 1; back <= 3 && back <= index; back++) {
        struct slice gap = deid_tokens_gap(scanner->tokens, index - back);

        if (gap.size > 3 || slice_find_byte(gap, '\n') < gap.size)
            return false;
        if (deid_scanner_is_one_of(deid_scanner_word(scanner, index - back), words)
            || scanner->tokens->items[index - back].shape == DEID_SHAPE_NUMBER)
            return true;
    }
    return false;
}

static bool is_word_before(const struct deid_scanner *scanner, unsigned index,
                           const char *const *words)
{
    return index > 0 && deid_scanner_is_one_of(deid_scanner_word(scanner, index - 1), words);
}

/* A fax number is a phone number after the word. */
static void class_refine(const struct deid_scanner *scanner, unsigned index, struct deid_span *span)
{
    static const char *const fax[] = { "fax", "facsimile", "fx", NULL };
    static const char *const ssn[] = { "ssn", "social", "security", NULL };

    if (span->class == DEID_CLASS_PHONE && is_word_before(scanner, index, fax))
        span->class = DEID_CLASS_FAX;
    if (span->class == DEID_CLASS_OTHER && is_word_before(scanner, index, ssn))
        span->class = DEID_CLASS_SSN;
}

/* Where a pattern may begin at the token: at a sign in front of its number, or at itself.
 * @text.size where it goes on with something before it. */
static size_t pattern_start(struct slice text, size_t at)
{
    char before = at > 0 ? text.data[at - 1] : 0;
    char first = at > 1 ? text.data[at - 2] : 0;

    if (before == '(' && first == '+')
        return at - 2;
    if (deid_is_digit(text.data[at]) && (before == '+' || before == '('))
        return at - 1;
    if (before == '.' || before == '$' || before == '_' || (before == '-' && deid_is_word(first))
        || (before == ',' && deid_is_digit(first)))
        return text.size;
    return at;
}

/* A postal code that nothing else explains: five digits that are one, at the end of a sentence or a
 * part of it, after a small word; no round number, and nothing that is measured or published. */
static size_t scan_postal(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice word = deid_scanner_word(scanner, index);
    char after = deid_scanner_byte(scanner, token->end);
    bool is_end = after == 0 || strchr(".,;)\n", after) != NULL;

    if (token->shape != DEID_SHAPE_NUMBER || word.size != 5 || index == 0 || !is_end
        || deid_is_word(deid_scanner_byte(scanner, token->end + 1))
        || slice_ends_with(word, SLICE("00")) || slice_ends_with(word, SLICE("50"))
        || !slice_is(deid_tokens_gap(scanner->tokens, index - 1), " ")
        || scanner->tokens->items[index - 1].shape != DEID_SHAPE_LOWER
        || scanner->tokens->items[index - 1].flags & DEID_WORD_MEDICAL
        || !deid_lexicon_is_postal(&scanner->rules->lexicon, word)
        || is_published_before(scanner, index))
        return 0;
    deid_scanner_add(scanner, token->start, token->end, DEID_CLASS_GEOGRAPHY, DEID_FORM_POSTAL,
                     DEID_SCORE_WEAK);
    return token->end;
}

/* "census tract 0412.03": with its hundredths. */
static size_t scan_tract(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    size_t end = token->end;

    if (index < 2 || !slice_equal_fold(deid_scanner_word(scanner, index - 1), SLICE("tract"))
        || !slice_equal_fold(deid_scanner_word(scanner, index - 2), SLICE("census")))
        return 0;
    if (index + 1 < scanner->tokens->count && token[1].shape == DEID_SHAPE_NUMBER
        && slice_is(deid_tokens_gap(scanner->tokens, index), "."))
        end = token[1].end;
    deid_scanner_add(scanner, token->start, end, DEID_CLASS_GEOGRAPHY, DEID_FORM_VALUE,
                     DEID_SCORE_LABEL);
    return end;
}

/* "last4 1234", "last four of social (1234)": what is asked to know somebody by. */
static size_t scan_last_four(struct deid_scanner *scanner, unsigned index)
{
    static const char *const between[] = { "of",       "the",    "his",    "her",    "their",
                                           "pt",       "digits", "four",   "4",      "ssn",
                                           "is",       "are",    "social", "number", "patient",
                                           "security", "soc",    "sec",    "were",   "was",
                                           NULL };
    const struct deid_token *token = &scanner->tokens->items[index];

    if (token->end - token->start != 4 || token->shape != DEID_SHAPE_NUMBER)
        return 0;
    for (unsigned at = index; at > 0 && index - at < 8; at--) {
        struct slice word = deid_scanner_word(scanner, at - 1), gap;

        gap = deid_tokens_gap(scanner->tokens, at - 1);
        if (gap.size > 3 || slice_find_byte(gap, '\n') < gap.size)
            return 0;
        if (slice_equal_fold(word, SLICE("last4"))
            || (at + 1 < index && slice_equal_fold(word, SLICE("last")))) {
            deid_scanner_add(scanner, token->start, token->end, DEID_CLASS_SSN, DEID_FORM_VALUE,
                             DEID_SCORE_LABEL);
            return token->end;
        }
        if (!deid_scanner_is_one_of(word, between))
            return 0;
    }
    return 0;
}

/* "ABC 1234": the form of a number plate, where the letters are no abbreviation that the lists know
 * and the digits no year and no round number. */
static size_t scan_plate(struct deid_scanner *scanner, unsigned index)
{
    static const char *const money[] = { "usd", "eur", "gbp", "inr", "cad",
                                         "aud", "jpy", "chf", NULL };
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice digits = deid_scanner_word(scanner, index + 1);

    if (token->shape != DEID_SHAPE_UPPER || token->end - token->start != 3 || token->flags != 0
        || index + 1 >= scanner->tokens->count || token[1].shape != DEID_SHAPE_NUMBER
        || digits.size != 4 || !slice_is(deid_tokens_gap(scanner->tokens, index), " ")
        || slice_starts_with(digits, SLICE("19")) || slice_starts_with(digits, SLICE("20"))
        || slice_ends_with(digits, SLICE("00")) || slice_ends_with(digits, SLICE("50"))
        || deid_code_is_published(deid_scanner_word(scanner, index))
        || deid_scanner_is_one_of(deid_scanner_word(scanner, index), money)
        || deid_scanner_is_measured(scanner, token[1].end)
        || deid_is_digit(deid_scanner_byte(scanner, token[1].end + 1)))
        return 0;
    deid_scanner_add(scanner, token->start, token[1].end, DEID_CLASS_VEHICLE, DEID_FORM_VALUE,
                     DEID_SCORE_WEAK);
    return token[1].end;
}

static size_t scan_patterns(struct deid_scanner *scanner, unsigned index)
{
    static const char *const versions[] = { "version",  "v",       "ver",     "release", "build",
                                            "firmware", "section", "chapter", "ec",      NULL };
    size_t at = scanner->tokens->items[index].start;
    struct slice text = scanner->tokens->text;
    size_t start = pattern_start(text, at);
    struct deid_span span;

    if (start == text.size
        || (!deid_patterns_find(&scanner->rules->patterns, text, start, &span)
            && (start == at || !deid_patterns_find(&scanner->rules->patterns, text, at, &span))))
        return 0;
    if (span.class == DEID_CLASS_PHONE && span.score < DEID_SCORE_SHAPE
        && (deid_scanner_is_measured(scanner, span.end) || is_published_before(scanner, index)
            || (deid_check_digits(slice_cut(text, span.start, span.end)) < LONG_DIGITS
                && is_range_before(scanner, index))))
        return 0;
    if (span.class == DEID_CLASS_IP && is_word_before(scanner, index, versions))
        return span.end;
    if (span.class == DEID_CLASS_OTHER
        && (deid_scanner_is_measured(scanner, span.end) || is_published_before(scanner, index)))
        return span.end;
    class_refine(scanner, index, &span);
    deid_spans_add(scanner->spans, span);
    return span.end;
}

/* Letters and digits mixed in the token or in the one that a sign joins to it. */
static bool is_mixed(const struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];

    if (token->shape != DEID_SHAPE_NUMBER)
        return true;
    for (unsigned next = index + 1; next <= index + 2 && next < scanner->tokens->count; next++) {
        if (deid_tokens_gap(scanner->tokens, next - 1).size != 1)
            return false;
        if (scanner->tokens->items[next].shape == DEID_SHAPE_OTHER
            || scanner->tokens->items[next].shape == DEID_SHAPE_DIGITAL)
            return true;
    }
    return false;
}

/* A number, or letters and digits mixed. */
static size_t scan_number(struct deid_scanner *scanner, unsigned index)
{
    size_t end = deid_when_scan_number(scanner, index);

    if (end == 0)
        end = scan_last_four(scanner, index);
    if (end == 0)
        end = scan_tract(scanner, index);
    if (end == 0)
        end = deid_age_scan(scanner, index);
    if (end == 0 && is_mixed(scanner, index))
        end = deid_noise_scan(scanner, index);
    if (end == 0)
        end = scan_patterns(scanner, index);
    if (end == 0) {
        deid_label_scan_marked_number(scanner, index);
        deid_label_scan_cell(scanner, index);
    }
    return end == 0 ? scan_postal(scanner, index) : end;
}

static size_t scan_cue(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    size_t end;

    switch (cue->kind) {
    case DEID_CUE_FILLER:
    case DEID_CUE_AGE:
    case DEID_CUE_WEB:
        return 0;
    case DEID_CUE_NUMBER:
    case DEID_CUE_OLD:
        end = deid_age_scan_word(scanner, index, cue);
        return end > 0 || cue->kind == DEID_CUE_OLD ? end
                                                    : deid_when_scan_word(scanner, index, cue);
    case DEID_CUE_MONTH:
    case DEID_CUE_MONTH_ABROAD:
    case DEID_CUE_WEEKDAY:
    case DEID_CUE_HOLIDAY:
    case DEID_CUE_ORDINAL:
    case DEID_CUE_BIRTH:
        return deid_when_scan_word(scanner, index, cue);
    default:
        deid_label_scan(scanner, index, cue);
        return 0;
    }
}

/* Whether something that is no prose goes on after the word: "AB-1", "www.", "a.b@c", "S24/7". */
static bool is_open_after(struct slice text, size_t end)
{
    char after = end < text.size ? text.data[end] : 0;
    char then = end + 1 < text.size ? text.data[end + 1] : 0;

    switch (after) {
    case '-':
    case '_':
    case '/':
    case '.':
    case ':':
        return deid_is_word(then) || then == ':';
    case '#':
        return true;
    default:
        return false;
    }
}

static size_t scan_word(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice text = scanner->tokens->text;
    const struct deid_cue *cue = deid_scanner_cue(scanner, index);
    size_t end = cue == NULL ? 0 : scan_cue(scanner, index, cue);

    if (end == 0 && deid_scanner_byte(scanner, token->end) == '.')
        end = deid_web_scan_domain(scanner, index);
    if (end == 0 && (token->shape == DEID_SHAPE_DIGITAL || token->shape == DEID_SHAPE_OTHER)) {
        end = deid_noise_scan(scanner, index);
        if (end == 0)
            end = deid_web_scan_user(scanner, index);
    }
    if (end == 0 && (token->shape == DEID_SHAPE_OTHER || is_open_after(text, token->end)))
        end = scan_patterns(scanner, index);
    return end == 0 ? scan_plate(scanner, index) : end;
}

static bool is_at(struct slice word)
{
    return word.size == 2 && (word.data[0] | 32) == 'a' && (word.data[1] | 32) == 't';
}

static size_t scan_token(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];

    if (deid_is_digit(scanner->tokens->text.data[token->start]))
        return scan_number(scanner, index);
    if (is_at(deid_token_text(scanner->tokens, index)))
        deid_web_scan_spelt(scanner, index);
    return scan_word(scanner, index);
}

enum status deid_scan(const struct deid_rules *rules, const struct deid_tokens *tokens,
                      struct deid_spans *spans, struct error *err)
{
    struct deid_scanner scanner = { rules, tokens, spans, DEID_AGE_MIN };
    unsigned index = 0;

    while (index < tokens->count) {
        size_t end = scan_token(&scanner, index);

        index = end == 0 ? index + 1 : deid_scanner_token_at(&scanner, index + 1, end);
    }
    deid_web_scan(&scanner);
    deid_prose_scan(tokens, spans);
    if (rules->classes == DEID_CLASSES_WIDE
        || (rules->classes == DEID_CLASSES_AUTO && tokens->is_alone && deid_wide_is_fit(tokens)))
        deid_wide_scan(rules, tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    return STATUS_OK;
}
