#include "deid_age.h"

#define AGE_MAX 125

static bool is_word_at(const struct deid_scanner *scanner, unsigned index, const char *const *words)
{
    return deid_scanner_is_one_of(deid_scanner_word(scanner, index), words);
}

static bool gap_is_near(const struct deid_scanner *scanner, unsigned index)
{
    struct slice gap = deid_tokens_gap(scanner->tokens, index);

    return slice_is(gap, " ") || slice_is(gap, "-") || slice_is(gap, "") || slice_is(gap, "- ")
           || slice_is(gap, " - ");
}

/* "years old", "y/o", "yo", "-year-old", "yrs", "y.o." right after the number at @index; and not
 * "years ago", "pack years". Fewer years may also be how long something went on: then they have to
 * be "old". */
static bool is_years_after(const struct deid_scanner *scanner, unsigned index, unsigned number)
{
    static const char *const young[] = { "month", "months", "mo",   "week", "weeks",
                                         "wk",    "day",    "days", NULL };
    static const char *const old[] = { "old", "yo", "yoa", NULL };
    static const char *const years[] = { "year", "years", "yr", "yrs", "yo", "y", "yoa", NULL };
    static const char *const others[] = { "ago",    "pack",  "later",    "survival", "history",
                                          "prior",  "after", "duration", "since",    "earlier",
                                          "before", "back",  NULL };

    if (!gap_is_near(scanner, index))
        return false;
    if (number < DEID_AGE_MIN && !is_word_at(scanner, index + 1, old)
        && !is_word_at(scanner, index + 2, old)
        && !slice_equal_fold(deid_scanner_word(scanner, index + 2), SLICE("o")))
        return false;
    return (is_word_at(scanner, index + 1, years)
            || (number < DEID_AGE_MIN && is_word_at(scanner, index + 1, young)))
           && !is_word_at(scanner, index + 2, others);
}

/* "age 92", "aged 92", "Age: 92", "died at 94", "turned 95", "lived to 96", "Pt is 93". */
static bool is_age_before(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const turned[] = { "turned", "turning", "turns", "celebrated", NULL };
    static const char *const died[] = { "died",    "passed", "lived", "deceased",
                                        "expired", "death",  NULL };
    static const char *const between[] = { "at", "to",  "until", "away",          "about", "around",
                                           "of", "was", "is",    "approximately", "over",  NULL };
    static const char *const whose[] = { "he", "she", NULL };
    static const char *const was[] = { "was", "is", "became", NULL };
    unsigned at = index;

    if (index == 0 || deid_tokens_gap(scanner->tokens, index - 1).size > 3)
        return false;
    if (index > 1 && is_word_at(scanner, index - 1, was) && is_word_at(scanner, index - 2, whose)
        && strchr(".,;", deid_scanner_byte(scanner, scanner->tokens->items[index].end)) != NULL
        && !deid_is_digit(deid_scanner_byte(scanner, scanner->tokens->items[index].end + 1)))
        return true; /* "she was 93." */
    while (at > 0 && index - at < 3 && is_word_at(scanner, at - 1, between))
        at--;
    if (at == 0)
        return false;
    return deid_scanner_is_cue(scanner, at - 1, DEID_CUE_AGE)
           || (at == index && is_word_at(scanner, at - 1, turned))
           || (at < index && is_word_at(scanner, at - 1, died));
}

/* "92F with", "94 M presents": the sex after an age, which a temperature ("98 F") has not. */
static bool is_sex_after(const struct deid_scanner *scanner, size_t end)
{
    static const char *const then[] = { "with",  "w",           "who", "presenting", "presents",
                                        "h",     "s",           "pt",  "c",          "admitted",
                                        "here",  "presented",   "hx",  "brought",    "bibems",
                                        "found", "transferred", "in",  "from",       "status",
                                        NULL };
    struct slice text = scanner->tokens->text, word;
    size_t at = end;
    char c;

    if (deid_scanner_byte(scanner, at) == ' ')
        at++;
    c = (char)(deid_scanner_byte(scanner, at) & ~32);
    if ((c != 'F' && c != 'M') || deid_is_word(deid_scanner_byte(scanner, at + 1)))
        return false;
    at++;
    if (deid_scanner_byte(scanner, at) == ',')
        at++;
    word = deid_scanner_word_after(scanner, at);
    return at < text.size && deid_scanner_is_one_of(word, then);
}

/* "96th birthday", "her 90s", "mid-nineties" of a person: not "HR in the 90s". */
static size_t decade_end(const struct deid_scanner *scanner, unsigned index, size_t end)
{
    static const char *const whose[] = { "his", "her", "their", "my", NULL };
    static const char *const parts[] = { "early", "mid", "middle", "late", NULL };
    unsigned at = index;

    if (deid_scanner_byte(scanner, end) == '\'')
        end++;
    if (deid_scanner_byte(scanner, end) != 's' || deid_is_word(deid_scanner_byte(scanner, end + 1)))
        return 0;
    if (at > 0 && is_word_at(scanner, at - 1, parts))
        at--;
    return at > 0 && is_word_at(scanner, at - 1, whose) ? end + 1 : 0;
}

/* Only ages over 89 have a form of their own. */
static void age_add(struct deid_scanner *scanner, size_t start, size_t end, unsigned number)
{
    deid_scanner_add(scanner, start, end, DEID_CLASS_DATE,
                     number >= DEID_AGE_MIN ? DEID_FORM_AGE : DEID_FORM_VALUE, DEID_SCORE_SHAPE);
}

/* "adults aged 90 and over": nobody's age, but where a group begins. */
static bool is_bound(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const years[] = { "years", "yrs", "old", "of", "age", NULL };
    static const char *const ands[] = { "and", "or", NULL };
    static const char *const sides[] = { "over",    "above", "older", "up",     "under",
                                         "younger", "below", "more",  "beyond", NULL };
    unsigned at = index + 1;

    while (at < index + 3 && (is_word_at(scanner, at, years)))
        at++;
    return is_word_at(scanner, at, ands) && is_word_at(scanner, at + 1, sides);
}

size_t deid_age_scan(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice text = scanner->tokens->text, word;
    static const char *const glued[] = { "yo", "y", "yr", "yrs", "yof", "yom", "f", "m", NULL };
    static const char *const old[] = { "yo", "yr", "yrs", "yof", "yom", NULL };
    size_t end = token->start, stop;
    unsigned number = 0;
    bool is_age;

    for (; end < token->end && end < token->start + 4 && deid_is_digit(text.data[end]); end++)
        number = number * 10 + (unsigned)(text.data[end] - '0');
    if (number < scanner->age_min || number > AGE_MAX
        || (token->start > 0 && strchr(".,/$-", text.data[token->start - 1]) != NULL
            && token->start > 1 && deid_is_digit(text.data[token->start - 2])))
        return 0;
    word = slice_cut(text, end, token->end);
    if (word.size > 0 && number <= 99) {
        stop = decade_end(scanner, index, end);
        if (stop > 0) {
            age_add(scanner, token->start, stop, number);
            return stop;
        }
    }
    if (word.size > 0)
        is_age = deid_scanner_is_one_of(word, old)
                 || (slice_equal_fold(word, SLICE("th"))
                     && slice_equal_fold(deid_scanner_word(scanner, index + 1), SLICE("birthday")))
                 || (deid_scanner_is_one_of(word, glued)
                     && ((word.size > 1 && number >= DEID_AGE_MIN) || is_sex_after(scanner, end)
                         || deid_scanner_byte(scanner, token->end) == '/'));
    else
        is_age = is_years_after(scanner, index, number) || is_sex_after(scanner, end)
                 || (is_age_before(scanner, index) && !deid_scanner_is_measured(scanner, end));
    if (!is_age || is_bound(scanner, index))
        return 0;
    age_add(scanner, token->start, end, number);
    return end;
}

/* "ninety", "ninety-two", "one hundred and three", "forty-five": the number, and in *@last its last
 * token. */
static unsigned number_read(const struct deid_scanner *scanner, unsigned index, unsigned *last)
{
    const struct deid_cue *cue = deid_scanner_cue(scanner, index), *next;
    unsigned number = (unsigned)cue->value;

    *last = index;
    next = deid_scanner_cue(scanner, index + 1);
    if (number == 1 && next != NULL && next->kind == DEID_CUE_NUMBER && next->value == 100) {
        number = 100;
        *last = ++index;
        if (slice_equal_fold(deid_scanner_word(scanner, index + 1), SLICE("and")))
            index++;
        next = deid_scanner_cue(scanner, index + 1);
    }
    if (number >= 20 && number <= 100 && number % 10 == 0 && next != NULL
        && next->kind == DEID_CUE_NUMBER && next->value >= 1
        && next->value <= (number == 100 ? 19 : 9) && gap_is_near(scanner, index)) {
        number += (unsigned)next->value;
        *last = index + 1;
    }
    return number;
}

/* Of a person: "in her late nineties". */
static bool is_nineties(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const whose[] = { "his", "her", "their", "my", NULL };
    static const char *const parts[] = { "early", "mid", "middle", "late", NULL };
    unsigned at = index;

    if (at > 0 && is_word_at(scanner, at - 1, parts))
        at--;
    return at > 0 && is_word_at(scanner, at - 1, whose);
}

size_t deid_age_scan_word(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    const struct deid_token *items = scanner->tokens->items;
    unsigned last = index, number = DEID_AGE_MIN;

    if (cue->kind == DEID_CUE_NUMBER) {
        if (cue->value < (int)scanner->age_min && cue->value != 1)
            return 0;
        if (cue->value == 1 && scanner->age_min > 1
            && !slice_equal_fold(deid_scanner_word(scanner, index + 1), SLICE("hundred")))
            return 0;
        number = number_read(scanner, index, &last);
        if (number < scanner->age_min || number > AGE_MAX
            || !(is_years_after(scanner, last, number) || is_age_before(scanner, index)))
            return 0;
    } else if (slice_equal_fold(deid_scanner_word(scanner, index), SLICE("nineties"))
               && !is_nineties(scanner, index)) {
        return 0;
    }
    age_add(scanner, items[index].start, items[last].end, number);
    return items[last].end;
}
