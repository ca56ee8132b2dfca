#include "deid_place.h"

#include <string.h>

#define STREET_WORDS_MAX 5
#define FACILITY_WORDS_MAX 6

static const struct deid_token *token_at(const struct deid_tokens *tokens, unsigned index)
{
    return index < tokens->count ? &tokens->items[index] : NULL;
}

static bool gap_is(const struct deid_tokens *tokens, unsigned index, const char *string)
{
    return index + 1 < tokens->count && slice_is(deid_tokens_gap(tokens, index), string);
}

static bool gap_is_blank(const struct deid_tokens *tokens, unsigned index)
{
    return gap_is(tokens, index, " ") || gap_is(tokens, index, ", ") || gap_is(tokens, index, "\n")
           || gap_is(tokens, index, ". ") || gap_is(tokens, index, ",\n")
           || gap_is(tokens, index, "\n, ");
}

static void place_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                      unsigned end, enum deid_form form, float score)
{
    deid_spans_add(spans,
                   (struct deid_span){ tokens->items[first].start, tokens->items[end - 1].end,
                                       DEID_CLASS_GEOGRAPHY, form, score });
}

static bool is_number(const struct deid_token *token, unsigned size_min, unsigned size_max)
{
    return token != NULL && token->shape == DEID_SHAPE_NUMBER
           && token->end - token->start >= size_min && token->end - token->start <= size_max;
}

static bool is_state(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = token_at(tokens, index);

    if (token == NULL || !deid_token_is_capital(token))
        return false;
    if (token->flags & DEID_WORD_STATE)
        return true;
    return token->shape == DEID_SHAPE_UPPER && token->flags & DEID_WORD_STATE_ABBR;
}

/* After an address or a town at [.., @end): ", Apt 3B", ", Chapel Hill", ", NC", " 27514-1234".
 * What it takes in is part of the place. */
static unsigned place_tail(const struct deid_tokens *tokens, unsigned end)
{
    static const char *const units[] = { "apt",      "apartment", "suite", "ste", "unit",
                                         "room",     "rm",        "floor", "fl",  "bldg",
                                         "building", "po",        "box",   NULL };
    unsigned at, i;

    for (i = 0; units[i] != NULL && end < tokens->count; i++)
        if (slice_equal_fold(deid_token_text(tokens, end), slice_from(units[i]))
            && end + 1 < tokens->count && deid_tokens_gap(tokens, end - 1).size <= 3)
            end += 2;
    /* Up to three capital words and a state are a town. */
    for (at = end; at < tokens->count && at < end + 4; at++) {
        if (!gap_is_blank(tokens, at - 1))
            break;
        if (at > end && is_state(tokens, at)) {
            end = at;
            break;
        }
        if (!deid_token_is_capital(&tokens->items[at]) || tokens->items[at].flags & DEID_WORD_STOP)
            break;
        if (at == end && tokens->items[at].flags & DEID_WORD_PLACE && !is_state(tokens, at + 1)) {
            end++;
            break;
        }
    }
    if (is_state(tokens, end) && gap_is_blank(tokens, end - 1) && !gap_is(tokens, end - 1, ". "))
        end++;
    if (is_number(token_at(tokens, end), 5, 5) && gap_is_blank(tokens, end - 1)) {
        end++;
        if (gap_is(tokens, end - 1, "-") && is_number(token_at(tokens, end), 4, 4))
            end++;
    }
    return end;
}

/* "4002 Erwin Rd, Durham NC 27710": a number, capital words, a kind of street. */
static unsigned place_street(const struct deid_tokens *tokens, struct deid_spans *spans,
                             unsigned index)
{
    unsigned at = index + 1, end;

    if (!deid_is_digit(tokens->text.data[tokens->items[index].start])
        || tokens->items[index].end - tokens->items[index].start > 6)
        return index;
    for (; at < tokens->count && at <= index + STREET_WORDS_MAX; at++) {
        const struct deid_token *token = &tokens->items[at];

        if (!(gap_is(tokens, at - 1, " ") || gap_is(tokens, at - 1, ". ")
              || gap_is(tokens, at - 1, "-")))
            return index;
        if (at > index + 1 && token->flags & DEID_WORD_STREET && token->shape != DEID_SHAPE_LOWER)
            break;
        if (!deid_token_is_capital(token)
            && !(deid_is_digit(tokens->text.data[token->start])
                 && token->shape == DEID_SHAPE_OTHER))
            return index;
    }
    if (at >= tokens->count || at > index + STREET_WORDS_MAX)
        return index;
    end = place_tail(tokens, at + 1);
    place_add(tokens, spans, index, end, DEID_FORM_VALUE, DEID_SCORE_SHAPE);
    return end;
}

/* "PO Box 123". */
static unsigned place_box(const struct deid_tokens *tokens, struct deid_spans *spans,
                          unsigned index)
{
    unsigned end;

    if (!slice_equal_fold(deid_token_text(tokens, index), SLICE("box")) || index == 0
        || !(slice_equal_fold(deid_token_text(tokens, index - 1), SLICE("po"))
             || slice_equal_fold(deid_token_text(tokens, index - 1), SLICE("o")))
        || !is_number(token_at(tokens, index + 1), 1, 7))
        return index;
    end = place_tail(tokens, index + 2);
    place_add(tokens, spans, index - 1, end, DEID_FORM_VALUE, DEID_SCORE_SHAPE);
    return end;
}

static bool is_phrase_in(const struct deid_tokens *tokens, unsigned index, unsigned count,
                         uint32_t flag);

/* Words that may stand in the name of a place of care in front of its last. */
static bool is_facility_word(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (token->flags & DEID_WORD_FACILITY_PART)
        return true;
    if (!deid_token_is_capital(token))
        return false;
    if (token->flags & DEID_WORD_FACILITY)
        return true;
    return !(token->flags & (DEID_WORD_STOP | DEID_WORD_MONTH | DEID_WORD_WEEKDAY));
}

/* "Duke Regional Hospital", "St. Mary's Hospital", "Dr. Smith's Office": back from the last word
 * over the name. */
static void place_facility(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    unsigned first = index, names = 0, capitals = 0;

    if (!(tokens->items[index].flags & DEID_WORD_FACILITY)
        || !deid_token_is_capital(&tokens->items[index]))
        return;
    while (first > 0 && index - first < FACILITY_WORDS_MAX) {
        struct slice gap = deid_tokens_gap(tokens, first - 1);
        bool is_saint = slice_is(gap, ". ")
                        && tokens->items[first - 1].end - tokens->items[first - 1].start <= 2;

        if (!(slice_is(gap, " ") || slice_is(gap, "'s ") || slice_is(gap, "' ")
              || slice_is(gap, "-") || is_saint || slice_is(gap, "\n") || slice_is(gap, " & "))
            || !is_facility_word(tokens, first - 1)
            || (tokens->items[first - 1].flags & DEID_WORD_TITLE && !is_saint))
            break;
        if (slice_is(gap, "\n") && !deid_token_is_capital(&tokens->items[first - 1]))
            break;
        first--;
    }
    while (first < index && !deid_token_is_capital(&tokens->items[first]))
        first++;
    for (; names < index - first; names++)
        capitals += deid_token_is_capital(&tokens->items[first + names]);
    if (capitals == 0)
        return;
    place_add(tokens, spans, first, index + 1, DEID_FORM_VALUE, DEID_SCORE_LIST);
}

static bool is_one_of(struct slice word, const char *const *list)
{
    while (*list != NULL && !slice_equal_fold(word, slice_from(*list)))
        list++;
    return *list != NULL;
}

/* "from Mount Sinai", "at Mass General": two or three capital words after where one comes from or
 * goes to, the first or the last of which is in the names of places of care. */
static unsigned place_house(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    static const char *const before[] = { "from", "at", "to", "near", "outside", "via", NULL };
    static const char *const firsts[] = { "mount", "mt",   "mercy", "sacred", "saint",
                                          "st",    "good", "mass",  "cedars", NULL };
    static const char *const lasts[] = { "general",      "memorial",  "sinai",
                                         "presbyterian", "methodist", "baptist",
                                         "deaconess",    "regional",  NULL };
    unsigned first = index + 1, end = first;

    if (!is_one_of(deid_token_text(tokens, index), before) || !gap_is(tokens, index, " "))
        return index;
    for (; end < tokens->count && end < first + 3 && deid_token_is_capital(&tokens->items[end]);
         end++) {
        struct slice word = deid_token_text(tokens, end);
        bool is_saint =
            end == first + 1 && tokens->items[first].end - tokens->items[first].start <= 2;

        if (tokens->items[end].flags & DEID_WORD_STOP && !is_one_of(word, firsts)
            && !is_one_of(word, lasts))
            break;
        if (end > first && !gap_is(tokens, end - 1, " ") && !gap_is(tokens, end - 1, "-")
            && !(is_saint && gap_is(tokens, end - 1, ". ")))
            break;
    }
    if (end < first + 2
        || (!is_one_of(deid_token_text(tokens, first), firsts)
            && !is_one_of(deid_token_text(tokens, end - 1), lasts)))
        return index;
    place_add(tokens, spans, first, end, DEID_FORM_VALUE, DEID_SCORE_LIST);
    return end;
}

/* "Houston, Texas", "Royal Oak, MI 48073", "Chapel Hill NC". */
static unsigned place_with_state(const struct deid_tokens *tokens, struct deid_spans *spans,
                                 unsigned index)
{
    unsigned first = index, end = index + 1;
    struct slice gap;

    if (!is_state(tokens, index) || index == 0)
        return index;
    gap = deid_tokens_gap(tokens, index - 1);
    if (!slice_is(gap, ", ") && !slice_is(gap, " ") && !slice_is(gap, ",")
        && !slice_is(gap, "\n, "))
        return index;
    while (first > 0 && index - first < 3) {
        const struct deid_token *token = &tokens->items[first - 1];

        if (token->shape != DEID_SHAPE_CAPITAL
            || (token->flags
                    & (DEID_WORD_STOP | DEID_WORD_MONTH | DEID_WORD_TITLE | DEID_WORD_FACILITY
                       | DEID_WORD_STREET)
                && !(token->flags & DEID_WORD_PLACE))
            || (first < index && !gap_is(tokens, first - 1, " ")))
            break;
        first--;
    }
    if (first == index)
        return index;
    /* "MD" and "PA" are credentials too: without a ZIP code or a known town it may be a doctor. */
    if (!(tokens->items[index].flags & DEID_WORD_STATE)
        && tokens->items[index].flags & DEID_WORD_CREDENTIAL
        && !is_number(token_at(tokens, index + 1), 5, 5))
        return index;
    if (!slice_starts_with(gap, SLICE(",")) && !(tokens->items[index - 1].flags & DEID_WORD_PLACE)
        && !is_number(token_at(tokens, index + 1), 5, 5)
        && tokens->items[index].shape != DEID_SHAPE_UPPER)
        return index;
    if (is_number(token_at(tokens, end), 5, 5) && gap_is_blank(tokens, end - 1)) {
        end++;
        if (gap_is(tokens, end - 1, "-") && is_number(token_at(tokens, end), 4, 4))
            end++;
    }
    place_add(tokens, spans, first, end, DEID_FORM_VALUE, DEID_SCORE_LIST);
    return end;
}

/* "ZIP 02139", "zip code: 02139". */
static unsigned place_postal(const struct deid_tokens *tokens, struct deid_spans *spans,
                             unsigned index)
{
    unsigned at = index + 1;

    if (!slice_equal_fold(deid_token_text(tokens, index), SLICE("zip"))
        && !slice_equal_fold(deid_token_text(tokens, index), SLICE("zipcode"))
        && !slice_equal_fold(deid_token_text(tokens, index), SLICE("postal")))
        return index;
    if (at < tokens->count && slice_equal_fold(deid_token_text(tokens, at), SLICE("code")))
        at++;
    if (!is_number(token_at(tokens, at), 5, 5) || deid_tokens_gap(tokens, at - 1).size > 3)
        return index;
    place_add(tokens, spans, at, at + 1, DEID_FORM_POSTAL, DEID_SCORE_LABEL);
    return at + 1;
}

/* "Orange County", "Wake County": where one lives. */
static unsigned place_county(const struct deid_tokens *tokens, struct deid_spans *spans,
                             unsigned index)
{
    if (!slice_is(deid_token_text(tokens, index), "County") || index == 0
        || !gap_is(tokens, index - 1, " ") || tokens->items[index - 1].shape != DEID_SHAPE_CAPITAL
        || tokens->items[index - 1].flags & DEID_WORD_STOP)
        return index;
    place_add(tokens, spans, index - 1, index + 1, DEID_FORM_VALUE, DEID_SCORE_WEAK);
    return index + 1;
}

/* Towns of the list, by one word or a phrase of up to three. */
static unsigned place_town(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    static const char *const before[] = { "in",   "from",  "at",      "near",   "to",  "of",
                                          "city", "lives", "outside", "around", "via", NULL };
    const struct deid_token *token = &tokens->items[index];
    unsigned count;
    size_t i;

    for (count = 3; count >= 2; count--)
        if (token->flags & DEID_WORD_PLACE_FIRST
            && is_phrase_in(tokens, index, count, DEID_WORD_PLACE)) {
            place_add(tokens, spans, index, index + count, DEID_FORM_VALUE, DEID_SCORE_LIST);
            return index + count;
        }
    if (!(token->flags & DEID_WORD_PLACE) || token->shape != DEID_SHAPE_CAPITAL)
        return index;
    if (!(token->flags
          & (DEID_WORD_AMBIGUOUS | DEID_WORD_NAME | DEID_WORD_STOP | DEID_WORD_EPONYM))) {
        place_add(tokens, spans, index, index + 1, DEID_FORM_VALUE, DEID_SCORE_LIST);
        return index + 1;
    }
    for (i = 0; before[i] != NULL && index > 0; i++)
        if (gap_is(tokens, index - 1, " ")
            && slice_equal_fold(deid_token_text(tokens, index - 1), slice_from(before[i]))) {
            place_add(tokens, spans, index, index + 1, DEID_FORM_VALUE, DEID_SCORE_LIST);
            return index + 1;
        }
    return index;
}

/* Phrases are looked up as one word with '_' between. */
static bool is_phrase_in(const struct deid_tokens *tokens, unsigned index, unsigned count,
                         uint32_t flag)
{
    char phrase[64];
    size_t size = 0;
    unsigned i;

    for (i = 0; i < count; i++) {
        struct slice word;

        if (index + i >= tokens->count || !deid_token_is_capital(&tokens->items[index + i])
            || (i > 0 && !gap_is(tokens, index + i - 1, " ")))
            return false;
        word = deid_token_text(tokens, index + i);
        if (size + word.size + 1 > sizeof(phrase))
            return false;
        if (i > 0)
            phrase[size++] = '_';
        memcpy(phrase + size, word.data, word.size);
        size += word.size;
    }
    return tokens->lexicon != NULL
           && (deid_lexicon_find(tokens->lexicon, slice_of(phrase, size)) & flag) != 0;
}

void deid_place_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    static unsigned (*const rules[])(const struct deid_tokens *, struct deid_spans *,
                                     unsigned) = { place_house,      place_street, place_box,
                                                   place_with_state, place_postal, place_county,
                                                   place_town };
    unsigned index, done = 0;
    size_t i;

    for (index = 0; index < tokens->count; index++) {
        place_facility(tokens, spans, index);
        if (index < done)
            continue;
        for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
            unsigned end = rules[i](tokens, spans, index);
            if (end > index) {
                done = end;
                break;
            }
        }
    }
}
