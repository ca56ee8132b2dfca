#include "deid_place.h"

#include <string.h>

#include "deid_facility.h"
#include "deid_finder.h"
#include "deid_like.h"
#include "deid_street.h"

#define PHRASE_WORDS_MAX 4
#define PHRASE_BYTES_MAX 64
#define TOWN_LARGE 7 /* steps of two: a town that is named without saying where */
#define UNKNOWN_BYTES_MIN 4

/* "living in the Bronx,": an article that is part of the name, for no noun follows. */
static bool is_the_before(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    return first > 1 && deid_like_gap(tokens, first - 1, " ")
           && slice_is(deid_token_text(tokens, first - 1), "the")
           && deid_hint_at(tokens, first - 2) & (DEID_HINT_AT | DEID_HINT_LIVES)
           && !(end < tokens->count && deid_like_gap(tokens, end - 1, " "));
}

static void place_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                      unsigned end, enum deid_form form, float score)
{
    if (is_the_before(tokens, first, end))
        first--;
    deid_spans_add(spans,
                   (struct deid_span){ tokens->items[first].start, tokens->items[end - 1].end,
                                       DEID_CLASS_GEOGRAPHY, form, score });
}

bool deid_place_is_number(const struct deid_tokens *tokens, unsigned index, unsigned size_min,
                          unsigned size_max)
{
    const struct deid_token *token = &tokens->items[index];

    return index < tokens->count && token->shape == DEID_SHAPE_NUMBER
           && token->end - token->start >= size_min && token->end - token->start <= size_max;
}

/* Between the parts of an address. */
static bool is_place_gap(struct slice gap)
{
    unsigned lines = 0;
    size_t i;

    for (i = 0; i < gap.size; i++) {
        if (gap.data[i] == '\n')
            lines++;
        else if (gap.data[i] != ' ' && gap.data[i] != ',' && gap.data[i] != '\r')
            return false;
    }
    return gap.size > 0 && gap.size <= 6 && lines <= 1;
}

/* Flags of words [@first, @first + count) as one phrase of the lists. */
static uint32_t phrase_flags(const struct deid_tokens *tokens, unsigned first, unsigned count)
{
    char phrase[PHRASE_BYTES_MAX];
    size_t size = 0;
    unsigned i;

    for (i = 0; i < count; i++) {
        struct slice word;

        if (first + i >= tokens->count || (i > 0 && !deid_like_gap(tokens, first + i - 1, " ")))
            return 0;
        word = deid_token_text(tokens, first + i);
        if (size + word.size + 1 > sizeof(phrase))
            return 0;
        if (i > 0)
            phrase[size++] = '_';
        memcpy(phrase + size, word.data, word.size);
        size += word.size;
    }
    return deid_lexicon_find(tokens->lexicon, slice_of(phrase, size));
}

unsigned deid_place_listed(const struct deid_tokens *tokens, unsigned first, uint32_t flags)
{
    unsigned count;

    if (first >= tokens->count || !deid_like_capital(tokens, first))
        return first;
    if (tokens->items[first].flags & (DEID_WORD_PHRASE_FIRST | DEID_WORD_PLACE_FIRST))
        for (count = PHRASE_WORDS_MAX; count >= 2; count--)
            if (phrase_flags(tokens, first, count) & flags
                && deid_like_capital(tokens, first + count - 1))
                return first + count;
    return tokens->items[first].flags & flags ? first + 1 : first;
}

unsigned deid_place_first(const struct deid_tokens *tokens, unsigned last)
{
    unsigned count;

    for (count = PHRASE_WORDS_MAX; count >= 1; count--)
        if (last + 1 >= count
            && deid_place_listed(tokens, last + 1 - count, DEID_WORD_PLACE) == last + 1)
            return last + 1 - count;
    return last + 1;
}

bool deid_place_is_state(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (index >= tokens->count || !deid_like_capital(tokens, index))
        return false;
    return token->flags & DEID_WORD_STATE
           || (token->shape == DEID_SHAPE_UPPER && token->flags & DEID_WORD_STATE_ABBR);
}

/* The end of a state at @first: "NC", "North Carolina". */
static unsigned state_end(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end = deid_place_listed(tokens, first, DEID_WORD_STATE);

    return end > first                                                   ? end
           : first < tokens->count && deid_place_is_state(tokens, first) ? first + 1
                                                                         : first;
}

unsigned deid_place_postal_end(const struct deid_tokens *tokens, unsigned end)
{
    if (end >= tokens->count || !is_place_gap(deid_tokens_gap(tokens, end - 1))
        || !deid_place_is_number(tokens, end, 3, 6))
        return end;
    end++;
    if ((deid_like_gap(tokens, end - 1, "-") && deid_place_is_number(tokens, end, 3, 4))
        || (deid_like_gap(tokens, end - 1, " ") && deid_place_is_number(tokens, end - 1, 3, 3)
            && deid_place_is_number(tokens, end, 2, 2)))
        end++;
    return end;
}

/* ", NC 27514" behind a town; @end where no state follows. */
static unsigned state_tail(const struct deid_tokens *tokens, unsigned end)
{
    struct slice gap = deid_tokens_gap(tokens, end - 1);
    unsigned state, postal;

    if (end >= tokens->count
        || !(slice_is(gap, " ") || slice_is(gap, ", ") || slice_is(gap, ",")
             || slice_is(gap, "\n, ") || slice_is(gap, ",\n")))
        return end;
    state = state_end(tokens, end);
    if (state == end)
        return end;
    postal = deid_place_postal_end(tokens, state);
    /* "MD" and "PA" are credentials too, "OR" a room: without a comma they need the code. */
    if (state == postal && slice_is(gap, " ")
        && tokens->items[end].flags & (DEID_WORD_CREDENTIAL | DEID_WORD_MEDICAL)
        && tokens->items[end].shape == DEID_SHAPE_UPPER
        && !(tokens->items[end - 1].flags & DEID_WORD_PLACE))
        return end;
    return postal;
}

unsigned deid_place_end(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end =
        deid_place_listed(tokens, first, DEID_WORD_PLACE | DEID_WORD_STATE | DEID_WORD_COUNTRY);

    return end == first ? first : state_tail(tokens, end);
}

/* A word that a town in no list may be called. */
static bool is_town_word(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (deid_like_shape(tokens, index) != DEID_SHAPE_CAPITAL
        || token->flags
               & (DEID_WORD_MONTH | DEID_WORD_TITLE | DEID_WORD_WEEKDAY | DEID_WORD_FACILITY
                  | DEID_WORD_LABEL))
        return false;
    return token->flags & (DEID_WORD_PLACE | DEID_WORD_PLACE_FIRST)
           || deid_like_at(tokens, index) >= DEID_LIKE_EITHER;
}

/* "Houston, Texas", "Royal Oak, MI 48073", "Chapel Hill NC": by the state. */
static unsigned place_with_state(const struct deid_tokens *tokens, struct deid_spans *spans,
                                 unsigned index)
{
    unsigned first = index, end;
    struct slice gap;
    bool is_listed, has_code;

    if (index == 0 || !deid_place_is_state(tokens, index))
        return index;
    gap = deid_tokens_gap(tokens, index - 1);
    if (!slice_is(gap, ", ") && !slice_is(gap, " ") && !slice_is(gap, ",") && !slice_is(gap, "\n, ")
        && !slice_is(gap, ",\n"))
        return index;
    end = deid_place_postal_end(tokens, state_end(tokens, index));
    has_code = end > state_end(tokens, index) && deid_place_is_number(tokens, end - 1, 4, 5);
    is_listed = deid_place_first(tokens, index - 1) < index;
    if (is_listed)
        first = deid_place_first(tokens, index - 1);
    while (!is_listed && first > 0 && index - first < 3 && is_town_word(tokens, first - 1)
           && (first == index || deid_like_gap(tokens, first - 1, " ")
               || deid_like_gap(tokens, first - 1, "-")))
        first--;
    if (first == index)
        return index;
    if (tokens->items[index].shape == DEID_SHAPE_UPPER
        && tokens->items[index].flags & (DEID_WORD_CREDENTIAL | DEID_WORD_MEDICAL) && !has_code
        && (!is_listed || (slice_is(gap, " ") && tokens->items[first].flags & DEID_WORD_ENGLISH)
            || tokens->items[index - 1].flags & DEID_WORD_GIVEN))
        return index; /* "Kowalski, MD", "Repeat CT" */
    if (!is_listed && !has_code && slice_is(gap, " "))
        return index;
    if (!has_code)
        end = state_end(tokens, index);
    place_add(tokens, spans, first, end, DEID_FORM_VALUE, DEID_SCORE_LIST);
    return end;
}

/* "ZIP 02139", "zip code: 02139", "Postal code is 3520". */
static unsigned place_postal(const struct deid_tokens *tokens, struct deid_spans *spans,
                             unsigned index)
{
    unsigned at = index + 1, end;
    bool is_american;

    if (!(deid_hint_at(tokens, index) & DEID_HINT_POSTAL))
        return index;
    is_american = (tokens->text.data[tokens->items[index].start] | 32) == 'z';
    if (at < tokens->count && slice_equal_fold(deid_token_text(tokens, at), SLICE("code")))
        at++;
    if (at < tokens->count && slice_is(deid_token_text(tokens, at), "is"))
        at++;
    if (at >= tokens->count || deid_tokens_gap(tokens, at - 1).size > 3
        || !deid_is_digit(tokens->text.data[tokens->items[at].start]))
        return index;
    if (is_american && deid_place_is_number(tokens, at, 5, 5)) {
        place_add(tokens, spans, at, at + 1, DEID_FORM_POSTAL, DEID_SCORE_LABEL);
        return at + 1;
    }
    if (!deid_place_is_number(tokens, at, 3, 6))
        return index;
    end = at + 1;
    if (deid_like_gap(tokens, at, " ") && deid_like_shape(tokens, end) == DEID_SHAPE_UPPER
        && tokens->items[end].end - tokens->items[end].start == 2)
        end++; /* "7412 SL" */
    else if ((deid_like_gap(tokens, at, "-") || deid_like_gap(tokens, at, " "))
             && deid_place_is_number(tokens, at + 1, 2, 4))
        end++;
    place_add(tokens, spans, at, end, DEID_FORM_VALUE, DEID_SCORE_LABEL);
    return end;
}

/* "Orange County", "Wake County", "Parish of Orleans" is left to the towns. */
static unsigned place_county(const struct deid_tokens *tokens, struct deid_spans *spans,
                             unsigned index)
{
    if (tokens->items[index].shape != DEID_SHAPE_CAPITAL || index == 0
        || !slice_is(deid_token_text(tokens, index), "County")
        || !deid_like_gap(tokens, index - 1, " ")
        || tokens->items[index - 1].shape != DEID_SHAPE_CAPITAL
        || (tokens->items[index - 1].flags & DEID_WORD_STOP
            && !(tokens->items[index - 1].flags & DEID_WORD_PLACE)))
        return index;
    place_add(tokens, spans, index - 1, index + 1, DEID_FORM_VALUE, DEID_SCORE_WEAK);
    return index + 1;
}

/* What stands before a place: "in", "moved to", "residing in", "city of". */
static bool is_place_before(const struct deid_tokens *tokens, unsigned index, bool is_strict)
{
    static const char *const sides[] = { "southern", "northern", "eastern", "western", "central",
                                         "downtown", "greater",  "upstate", "nearby",  NULL };
    struct slice word;
    unsigned i;
    uint32_t hints;

    if (index == 0 || deid_tokens_gap(tokens, index - 1).size > 1)
        return false;
    word = deid_token_text(tokens, index - 1);
    for (i = 0; sides[i] != NULL; i++)
        if (slice_equal_fold(word, slice_from(sides[i])))
            return true;
    hints = deid_hint_at(tokens, index - 1);
    if (slice_is(word, "the") && index > 2)
        return deid_hint_at(tokens, index - 2) & DEID_HINT_AT
               && deid_hint_at(tokens, index - 3) & DEID_HINT_LIVES
               && !deid_like_gap(tokens, index, " "); /* "living in the Bronx," */
    if (!(hints & DEID_HINT_AT) || slice_is(word, "within") || slice_is(word, "through")
        || slice_is(word, "of"))
        return false;
    if (!is_strict)
        return true;
    if (slice_is(word, "to") || slice_is(word, "toward"))
        return index > 1 && deid_hint_at(tokens, index - 2) & (DEID_HINT_LIVES | DEID_HINT_CARE);
    return true;
}

/* "Ann Arbor IIIB": a stage by the town that it was agreed on in. */
static bool is_stage_after(const struct deid_tokens *tokens, unsigned end)
{
    struct slice word;
    size_t at = 0;

    if (end >= tokens->count || !deid_like_gap(tokens, end - 1, " "))
        return false;
    word = deid_token_text(tokens, end);
    while (at < word.size && (word.data[at] == 'I' || word.data[at] == 'V'))
        at++;
    return at > 0
           && (at == word.size
               || (at + 1 == word.size && (word.data[at] | 32) >= 'a'
                   && (word.data[at] | 32) <= 'e'));
}

/* Towns of the lists, by one word or a phrase. */
static unsigned place_town(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    unsigned end;

    if (!(token->flags & (DEID_WORD_PLACE | DEID_WORD_PLACE_FIRST | DEID_WORD_PHRASE_FIRST)))
        return index;
    end = deid_place_listed(tokens, index, DEID_WORD_PLACE);
    if (end == index || deid_like_before_thing(tokens, end - 1) || is_stage_after(tokens, end)
        || (!tokens->is_plain && deid_facility_is_source(tokens, end))
        || (deid_place_listed(tokens, index, DEID_WORD_COUNTRY) == end
            && state_tail(tokens, end) == end)
        || (end == index + 1 && deid_like_shape(tokens, index) != DEID_SHAPE_CAPITAL
            && !is_place_before(tokens, index, true)))
        return index;
    if (end > index + 1 && (token->flags & DEID_WORD_STOP) && deid_like_starts(tokens, index)
        && !is_place_before(tokens, index, false)
        && tokens->items[end - 1].flags & DEID_WORD_ENGLISH)
        return index;
    if (end == index + 1
        && (token->flags & (DEID_WORD_NAME | DEID_WORD_STOP | DEID_WORD_EPONYM | DEID_WORD_ENGLISH)
            || deid_like_facts(tokens, index)->place < TOWN_LARGE)
        && !is_place_before(tokens, index, false))
        return index;
    place_add(tokens, spans, index, state_tail(tokens, end), DEID_FORM_VALUE, DEID_SCORE_LIST);
    return state_tail(tokens, end);
}

/* A country, which is no identifier of a patient: only in a text that has no medicine in it, where
 * nobody knows what it is read for. */
static unsigned place_country(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    unsigned end;

    if (!tokens->is_plain)
        return index;
    if (!(tokens->items[index].flags & (DEID_WORD_COUNTRY | DEID_WORD_PHRASE_FIRST))
        || tokens->items[index].shape != DEID_SHAPE_CAPITAL)
        return index;
    end = deid_place_listed(tokens, index, DEID_WORD_COUNTRY);
    if (end == index || deid_like_before_thing(tokens, end - 1)
        || tokens->items[index].flags & DEID_WORD_STATE)
        return index;
    place_add(tokens, spans, index, end, DEID_FORM_VALUE, DEID_SCORE_WEAK);
    return end;
}

/* "residing in Ulverscroft", "based in NAANTALI": a town in no list. */
static unsigned place_unknown(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    unsigned end = index;

    if (!deid_like_capital(tokens, index) || deid_like_at(tokens, index) != DEID_LIKE_UNKNOWN
        || tokens->items[index].end - tokens->items[index].start < UNKNOWN_BYTES_MIN
        || !is_place_before(tokens, index, true)
        || (deid_like_shape(tokens, index) == DEID_SHAPE_UPPER && !tokens->is_plain
            && !(index > 1 && deid_hint_at(tokens, index - 2) & DEID_HINT_LIVES)))
        return index;
    while (end < tokens->count && end < index + 3 && deid_like_capital(tokens, end)
           && (end == index
               || (deid_like_gap(tokens, end - 1, " ")
                   && deid_like_at(tokens, end) >= DEID_LIKE_EITHER)))
        end++;
    if (deid_like_before_thing(tokens, end - 1)
        || (deid_like_product(tokens, index) && !tokens->is_plain))
        return index;
    if (tokens->is_plain && deid_like_gap(tokens, end - 1, " ")
        && tokens->items[end].shape == DEID_SHAPE_INITIAL)
        end++;
    end = deid_place_postal_end(tokens, end);
    place_add(tokens, spans, index, end, DEID_FORM_VALUE, DEID_SCORE_WEAK);
    return end;
}

void deid_place_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    static const struct deid_finder finders[] = {
        { place_with_state, DEID_SHAPES_CAPITAL, DEID_WORD_STATE | DEID_WORD_STATE_ABBR, 0 },
        { place_postal, DEID_SHAPES_ALL, 0, DEID_HINT_POSTAL },
        { place_county, DEID_SHAPES(CAPITAL), 0, 0 },
        { place_town, DEID_SHAPES_CAPITAL,
          DEID_WORD_PLACE | DEID_WORD_PLACE_FIRST | DEID_WORD_PHRASE_FIRST, 0 },
        { place_country, DEID_SHAPES(CAPITAL), DEID_WORD_COUNTRY | DEID_WORD_PHRASE_FIRST, 0 },
        { place_unknown, DEID_SHAPES_CAPITAL, 0, 0 },
    };

    deid_street_scan(tokens, spans);
    deid_facility_scan(tokens, spans);
    deid_finder_run(finders, sizeof(finders) / sizeof(finders[0]), tokens, spans);
}
