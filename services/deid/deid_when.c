#include "deid_when.h"

#include "deid_check.h"
#include "deid_date.h"
#include "deid_when_slash.h"

static size_t date_add(struct deid_scanner *scanner, size_t start, size_t end, enum deid_form form,
                       float score)
{
    deid_scanner_add(scanner, start, end, DEID_CLASS_DATE, form, score);
    return end;
}

static bool is_word_at(const struct deid_scanner *scanner, unsigned index, const char *const *words)
{
    return deid_scanner_is_one_of(deid_scanner_word(scanner, index), words);
}

static bool gap_is(const struct deid_scanner *scanner, unsigned index, const char *gap)
{
    return index + 1 < scanner->tokens->count
           && slice_is(deid_tokens_gap(scanner->tokens, index), gap);
}

/* "the 14th", "on the 3rd" of no month: a day where the sentence goes on without a noun. */
static size_t scan_day_alone(struct deid_scanner *scanner, unsigned index)
{
    static const char *const before[] = { "on", "until", "till", "since", "by", "through", NULL };
    static const char *const then[] = { "at",  "for",   "and",  "with",    "when",
                                        "he",  "she",   "they", "patient", "pt",
                                        "but", "after", "or",   "because", NULL };
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice word = deid_scanner_word(scanner, index), next;
    char after = deid_scanner_byte(scanner, token->end);
    unsigned digits = deid_check_digits(word), day = 0;

    if (index < 2 || word.size != digits + 2 || digits > 2
        || !slice_equal_fold(deid_scanner_word(scanner, index - 1), SLICE("the"))
        || !is_word_at(scanner, index - 2, before))
        return 0;
    for (unsigned i = 0; i < digits; i++)
        day = day * 10 + (unsigned)(word.data[i] - '0');
    next = deid_scanner_word(scanner, index + 1);
    if (day < 1 || day > 31
        || !(after == '.' || after == ',' || after == ';' || after == ')' || after == '\n'
             || after == 0 || deid_scanner_is_one_of(next, then)))
        return 0;
    return date_add(scanner, token->start, token->end, DEID_FORM_VALUE, DEID_SCORE_WEAK);
}

/* The number of at most @size digits in token @index, which is nothing else; -1: it is none. */
static int small_number(const struct deid_scanner *scanner, unsigned index, size_t size)
{
    struct slice word = deid_scanner_word(scanner, index);
    int number = 0;

    if (word.size == 0 || word.size > size || deid_check_digits(word) != word.size)
        return -1;
    for (size_t i = 0; i < word.size; i++)
        number = number * 10 + word.data[i] - '0';
    return number;
}

/* "7 / 19 / 22", "19 . 7 . 2022": a date with blanks about its signs. */
static size_t scan_spaced(struct deid_scanner *scanner, unsigned index)
{
    static const char *const joints[] = { " / ", " - ", " . ", NULL };
    int first = small_number(scanner, index, 2), second = small_number(scanner, index + 1, 2);
    struct slice year = deid_scanner_word(scanner, index + 2), gap;

    if (first < 1 || second < 1 || first > 31 || second > 31 || (first > 12 && second > 12)
        || (year.size != 2 && year.size != 4) || deid_check_digits(year) != year.size
        || deid_scanner_is_measured(scanner, scanner->tokens->items[index + 2].end))
        return 0;
    gap = deid_tokens_gap(scanner->tokens, index);
    if (!deid_scanner_is_one_of(gap, joints)
        || !slice_equal_fold(gap, deid_tokens_gap(scanner->tokens, index + 1)))
        return 0;
    return date_add(scanner, scanner->tokens->items[index].start,
                    scanner->tokens->items[index + 2].end, DEID_FORM_VALUE, DEID_SCORE_WEAK);
}

/* "12.-15.10.2021", "3/4.5.2020": the first day of several, whose month and year stand behind the
 * last. */
static size_t scan_days(struct deid_scanner *scanner, unsigned index)
{
    static const char *const joints[] = { ".-", ". - ", "-", ".â", "./", "/", NULL };
    int day = small_number(scanner, index, 2);
    struct deid_date date;

    if (day < 1 || day > 31 || index + 1 >= scanner->tokens->count
        || !deid_scanner_is_one_of(deid_tokens_gap(scanner->tokens, index), joints)
        || !deid_date_read(scanner->tokens->text, scanner->tokens->items[index + 1].start, &date)
        || date.is_month_word || date.day <= day
        || scanner->tokens->text.data[date.start + date.day_part.offset + date.day_part.size]
               != '.')
        return 0;
    return date_add(scanner, scanner->tokens->items[index].start, date.end, DEID_FORM_VALUE,
                    DEID_SCORE_SHAPE);
}

size_t deid_when_scan_number(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice text = scanner->tokens->text;
    struct deid_date date;
    size_t start = token->start, end;

    if (start >= 2 && text.data[start - 1] == '-' && text.data[start - 2] == '-')
        start -= 2;
    if (deid_date_read(text, start, &date)
        || (start < token->start && deid_date_read(text, start = token->start, &date)))
        return date_add(scanner, start, deid_date_time_end(text, date.end), DEID_FORM_DATE,
                        DEID_SCORE_SHAPE);
    end = deid_when_slash(scanner, index);
    if (end == 0)
        end = scan_days(scanner, index);
    if (end == 0)
        end = scan_spaced(scanner, index);
    return end > 0 ? end : scan_day_alone(scanner, index);
}

/* Past a year in digits or letters after @last: ", 2019", " of 2019", "nineteen ninety-nine", "two
 * thousand and four". The last token that belongs to the date. */
static unsigned year_last(const struct deid_scanner *scanner, unsigned last)
{
    unsigned at = last + 1, words = 0;
    struct slice gap = deid_tokens_gap(scanner->tokens, last), word;
    const struct deid_cue *cue;

    if (gap.size == 0 || gap.size > 2 || (gap.data[0] != ' ' && gap.data[0] != ','))
        return last;
    if (slice_equal_fold(deid_scanner_word(scanner, at), SLICE("of")))
        at++;
    word = deid_scanner_word(scanner, at);
    if (word.size == 4 && deid_check_digits(word) == 4)
        return at;
    cue = deid_scanner_cue(scanner, at);
    if (cue == NULL || cue->kind != DEID_CUE_NUMBER
        || (cue->value != 19 && cue->value != 20 && cue->value != 2))
        return last;
    for (; words < 6; words++, at++) {
        cue = deid_scanner_cue(scanner, at);
        if (!(cue != NULL && cue->kind == DEID_CUE_NUMBER)
            && !(words > 0 && slice_equal_fold(deid_scanner_word(scanner, at), SLICE("and"))))
            break;
    }
    return words >= 2 ? at - 1 : last;
}

/* "third", "twenty-first", "twenty first" at @index: the last token of the ordinal, or 0. */
static unsigned ordinal_last(const struct deid_scanner *scanner, unsigned index)
{
    const struct deid_cue *cue = deid_scanner_cue(scanner, index);

    if (cue == NULL)
        return 0;
    if (cue->kind == DEID_CUE_ORDINAL)
        return index;
    if (cue->kind == DEID_CUE_NUMBER && (cue->value == 20 || cue->value == 30)
        && (gap_is(scanner, index, "-") || gap_is(scanner, index, " "))) {
        cue = deid_scanner_cue(scanner, index + 1);
        if (cue != NULL && cue->kind == DEID_CUE_ORDINAL && cue->value < 10)
            return index + 1;
    }
    return 0;
}

/* "third of March", "the twenty-first of June, nineteen ninety-nine". */
static size_t scan_ordinal(struct deid_scanner *scanner, unsigned index)
{
    unsigned last = ordinal_last(scanner, index);
    const struct deid_token *items = scanner->tokens->items;

    if (last == 0 && index > 0)
        return 0;
    if (!gap_is(scanner, last, " "))
        return 0;
    last++;
    if (slice_equal_fold(deid_scanner_word(scanner, last), SLICE("day")))
        last++;
    if (slice_equal_fold(deid_scanner_word(scanner, last), SLICE("of")))
        last++;
    if (last >= scanner->tokens->count || !deid_scanner_is_cue(scanner, last, DEID_CUE_MONTH))
        return 0;
    last = year_last(scanner, last);
    return date_add(scanner, items[index].start, items[last].end, DEID_FORM_VALUE,
                    DEID_SCORE_SHAPE);
}

static bool is_day_number(const struct deid_scanner *scanner, unsigned index)
{
    struct slice word = deid_scanner_word(scanner, index);
    unsigned digits = deid_check_digits(word), day = 0;

    if (digits == 0 || digits > 2 || (word.size != digits && word.size != digits + 2)
        || !deid_is_digit(word.data[digits - 1]))
        return false;
    for (unsigned i = 0; i < digits; i++)
        day = day * 10 + (unsigned)(word.data[i] - '0');
    return day >= 1 && day <= 31;
}

/* "March third", "March the 4th", "March 3-5, 2019", "May 3rd to 5th". */
static size_t scan_month_days(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *items = scanner->tokens->items;
    unsigned at = index + 1, last;

    if (!gap_is(scanner, index, " ") && !gap_is(scanner, index, ". "))
        return 0;
    if (slice_equal_fold(deid_scanner_word(scanner, at), SLICE("the")))
        at++;
    last = ordinal_last(scanner, at);
    if (last == 0 && is_day_number(scanner, at)) {
        last = at;
        while (last + 1 < scanner->tokens->count
               && (gap_is(scanner, last, "-") || gap_is(scanner, last, " - "))
               && is_day_number(scanner, last + 1))
            last++;
        if (last == at && !slice_equal_fold(deid_scanner_word(scanner, at - 1), SLICE("the")))
            return 0;
        if (deid_scanner_is_measured(scanner, items[last].end))
            return 0;
    }
    if (last == 0)
        return 0;
    last = year_last(scanner, last);
    return date_add(scanner, items[index].start, items[last].end, DEID_FORM_VALUE,
                    DEID_SCORE_SHAPE);
}

static bool is_capital(const struct deid_scanner *scanner, unsigned index)
{
    return deid_token_is_capital(&scanner->tokens->items[index]);
}

/* "last Thursday", "next June": the word in front says with it when. */
static unsigned which_first(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const which[] = {
        "last", "next", "this", "past", "coming", "following", NULL
    };

    return index > 0 && is_word_at(scanner, index - 1, which) && gap_is(scanner, index - 1, " ")
               ? index - 1
               : index;
}

/* A month alone. Its full name is enough where it is no other word; "May", "March" and the short
 * ones need a word before that goes with a time. */
static size_t scan_month_alone(struct deid_scanner *scanner, unsigned index)
{
    static const char *const before[] = {
        "in",    "since", "until", "till", "by",  "during",    "last",      "next",     "this",
        "early", "late",  "mid",   "from", "to",  "through",   "of",        "between",  "around",
        "every", "for",   "past",  "thru", "end", "beginning", "following", "previous", NULL
    };
    static const char *const words[] = { "may", "march", NULL };
    const struct deid_token *token = &scanner->tokens->items[index];
    bool is_full = token->end - token->start > 4 && !is_word_at(scanner, index, words);
    bool is_led = index > 0 && is_word_at(scanner, index - 1, before)
                  && deid_tokens_gap(scanner->tokens, index - 1).size == 1;

    if (slice_equal_fold(deid_scanner_word(scanner, index), SLICE("june"))
        || slice_equal_fold(deid_scanner_word(scanner, index), SLICE("july")))
        is_full = true;
    if (!is_full && !(is_led && is_capital(scanner, index)))
        return 0;
    return date_add(scanner, scanner->tokens->items[which_first(scanner, index)].start, token->end,
                    DEID_FORM_VALUE, DEID_SCORE_WEAK);
}

/* "4 mai 1970", "12 de octubre de 2019", "3. Dezember": a month of another language behind a day.
 */
static size_t scan_month_abroad(struct deid_scanner *scanner, unsigned index)
{
    static const char *const joints[] = { " de ", " di ", " ", ". ", NULL };
    static const char *const years[] = { " de ", " del ", " ", NULL };
    static const char *const links[] = { "de", "di", "del", NULL };
    unsigned first = index, last = index;
    const struct deid_token *items = scanner->tokens->items;
    struct slice text = scanner->tokens->text;
    int day;

    if (first > 1 && is_word_at(scanner, first - 1, links))
        first--;
    if (first == 0)
        return 0;
    day = small_number(scanner, first - 1, 2);
    if (day < 1 || day > 31
        || !deid_scanner_is_one_of(slice_cut(text, items[first - 1].end, items[index].start),
                                   joints))
        return 0;
    first--;
    if (last + 2 < scanner->tokens->count && is_word_at(scanner, last + 1, links))
        last++;
    if (last + 1 < scanner->tokens->count && small_number(scanner, last + 1, 4) > 1000
        && deid_scanner_is_one_of(slice_cut(text, items[index].end, items[last + 1].start), years))
        last++;
    else
        last = index;
    return date_add(scanner, items[first].start, items[last].end, DEID_FORM_VALUE,
                    DEID_SCORE_SHAPE);
}

static size_t scan_month(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    struct deid_date date;
    size_t end;

    if (deid_date_read(scanner->tokens->text, token->start, &date))
        return date_add(scanner, token->start, deid_date_time_end(scanner->tokens->text, date.end),
                        DEID_FORM_DATE, DEID_SCORE_SHAPE);
    end = scan_month_days(scanner, index);
    return end > 0 ? end : scan_month_alone(scanner, index);
}

/* "19th", "the 19th" behind a weekday: its token, or 0. */
static unsigned weekday_day(const struct deid_scanner *scanner, unsigned index)
{
    unsigned at = index + 1;
    struct slice word;
    unsigned digits;

    if (at < scanner->tokens->count
        && slice_equal_fold(deid_scanner_word(scanner, at), SLICE("the")))
        at++;
    word = deid_scanner_word(scanner, at);
    digits = deid_check_digits(word);
    if (at >= scanner->tokens->count || digits == 0 || digits > 2 || word.size != digits + 2
        || !deid_is_digit(word.data[0]) || deid_is_digit(word.data[word.size - 1])
        || deid_tokens_gap(scanner->tokens, index).size > 2
        || slice_find_byte(deid_tokens_gap(scanner->tokens, index), '\n')
               < deid_tokens_gap(scanner->tokens, index).size)
        return 0;
    return at;
}

/* "Monday", "last Thursday"; the short ones only where a date or a word for one is beside them:
 * "Sat 98 %" and "sun exposure" are none. */
static size_t scan_weekday(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    static const char *const before[] = { "on", "last",  "next", "this", "every", "until",
                                          "by", "since", "from", "each", "past",  NULL };
    const struct deid_token *items = scanner->tokens->items;
    struct slice text = scanner->tokens->text, gap = deid_tokens_gap(scanner->tokens, index);
    unsigned day = weekday_day(scanner, index), last = day > 0 ? day : index;
    struct deid_date date;

    if (cue->value >= 10 && day == 0) {
        bool is_dated = index + 1 < scanner->tokens->count && gap.size > 0 && gap.size <= 3
                        && (deid_date_read(text, items[index + 1].start, &date)
                            || (cue->value != 15
                                && deid_date_read_month_day(text, items[index + 1].start, &date)));

        if (!is_capital(scanner, index)
            || !(is_dated
                 || (cue->value != 15 && index > 0 && is_word_at(scanner, index - 1, before))))
            return 0;
    }
    return date_add(scanner, items[which_first(scanner, index)].start, items[last].end,
                    DEID_FORM_VALUE, DEID_SCORE_LIST);
}

/* "Christmas Eve", "Memorial Day", "New Year's Day"; not "Christmas disease", "Mother". */
static size_t scan_holiday(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    static const char *const days[] = { "Day", "Eve", "day", "eve", NULL };
    static const char *const firsts[] = { "mardi", "yom", "rosh", NULL };
    static const char *const others[] = { "disease", "tree", "factor", "seals", "island", NULL };
    const struct deid_token *items = scanner->tokens->items;
    struct slice gap = deid_tokens_gap(scanner->tokens, index);
    bool is_near = gap.size > 0 && gap.size <= 3 && slice_find_byte(gap, '.') == gap.size;
    unsigned last = index;

    if (!is_capital(scanner, index) || (is_near && is_word_at(scanner, index + 1, others)))
        return 0;
    if (slice_equal_fold(deid_scanner_word(scanner, index), SLICE("new"))) {
        static const char *const years[] = { "Year", "Years", "YEAR", "YEARS", NULL };

        if (!is_word_at(scanner, index + 1, years) || !is_capital(scanner, index + 1))
            return 0;
        last++;
    } else if (is_word_at(scanner, index, firsts)) {
        last += is_near;
    }
    if (last + 1 < scanner->tokens->count && is_word_at(scanner, last + 1, days)
        && deid_tokens_gap(scanner->tokens, last).size <= 3
        && (cue->value == 0 || is_capital(scanner, last + 1)))
        last++;
    else if (cue->value == 1 && last == index)
        return 0;
    return date_add(scanner, items[index].start, items[last].end, DEID_FORM_VALUE, DEID_SCORE_LIST);
}

/* "DOB 030458", "born 12.03.58", "birthdate: 3 14 1958": what follows such a word is a date in
 * whatever form, and no measure ("birth weight 3250 g"). */
static size_t scan_birth(struct deid_scanner *scanner, unsigned index)
{
    struct slice text = scanner->tokens->text, gap = deid_tokens_gap(scanner->tokens, index);
    size_t start, end, last, digits = 0, groups = 1;
    struct deid_date date;

    if (index + 1 >= scanner->tokens->count || gap.size == 0 || gap.size > 4
        || slice_find_byte(gap, '.') < gap.size)
        return 0;
    start = end = last = scanner->tokens->items[index + 1].start;
    if (!deid_is_digit(text.data[start]) || deid_date_read(text, start, &date))
        return 0;
    for (; end < text.size && end - start < 14; end++) {
        char c = text.data[end];

        if (deid_is_digit(c)) {
            digits++;
            last = end + 1;
        } else if (strchr(" -./", c) == NULL || c == '\0' || !deid_is_digit(text.data[end - 1])) {
            break;
        } else {
            groups += deid_is_digit(deid_scanner_byte(scanner, end + 1));
        }
    }
    if (digits < 4 || digits > 8 || groups > 3 || (groups == 1 && digits < 6)
        || (groups == 2 && digits > 6) || deid_scanner_is_measured(scanner, last)
        || deid_is_word(deid_scanner_byte(scanner, last)))
        return 0;
    return date_add(scanner, start, last, DEID_FORM_VALUE, DEID_SCORE_LABEL);
}

size_t deid_when_scan_word(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue)
{
    switch (cue->kind) {
    case DEID_CUE_MONTH:
        return scan_month(scanner, index);
    case DEID_CUE_MONTH_ABROAD:
        return scan_month_abroad(scanner, index);
    case DEID_CUE_WEEKDAY:
        return scan_weekday(scanner, index, cue);
    case DEID_CUE_HOLIDAY:
        return scan_holiday(scanner, index, cue);
    case DEID_CUE_ORDINAL:
    case DEID_CUE_NUMBER:
        return scan_ordinal(scanner, index);
    case DEID_CUE_BIRTH:
        scan_birth(scanner, index);
        return 0;
    default:
        return 0;
    }
}
