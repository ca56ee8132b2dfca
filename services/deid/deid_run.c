#include "deid_run.h"

#include "deid_like.h"
#include "deid_name.h"
#include "deid_place.h"
#include "deid_scanner.h"

/* Bits, roughly: how many times likelier, in powers of two. */
#define BITS_ACCEPT 4
#define BITS_SURE 8 /* then it is worth to be carried through the document */
#define BITS_WORD_MAX 6
#define LOWER_ODDS 20
#define UNKNOWN_BYTES_MIN 3

static int bits_of_word(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_facts *facts = deid_like_facts(tokens, index);
    int bits = facts->odds / 4;

    if (tokens->items[index].shape == DEID_SHAPE_INITIAL)
        return 0;
    switch (deid_like_at(tokens, index)) {
    case DEID_LIKE_UNKNOWN:
        return 1;
    case DEID_LIKE_NAME:
        if (facts->odds < 8)
            bits = 2; /* a name somewhere, and no word */
        if (facts->flags & DEID_WORD_EPONYM)
            bits -= 4;
        return bits > BITS_WORD_MAX ? BITS_WORD_MAX : bits;
    default:
        return bits < -BITS_WORD_MAX ? -BITS_WORD_MAX : bits;
    }
}

static bool is_given(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].flags & DEID_WORD_GIVEN
           && deid_like_at(tokens, index) >= DEID_LIKE_EITHER;
}

/* How the words stand together: a given name and another, an initial and a word. */
static int bits_of_form(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    enum deid_shape shape = tokens->items[first].shape;

    if (end - first < 2)
        return 0;
    if (shape == DEID_SHAPE_INITIAL)
        return deid_like_gap(tokens, first, " ") ? 1 : 3;
    if (is_given(tokens, first))
        return deid_like_gap(tokens, first, " ")
                   ? tokens->items[first + 1].shape == DEID_SHAPE_INITIAL ? 6 : 4
                   : 1;
    if (deid_like_gap(tokens, first, "-"))
        return 1;
    return deid_like_at(tokens, first) == DEID_LIKE_UNKNOWN ? 2 : 1;
}

/* "says Hartvigsson": who said what stands before. */
static bool is_saying(struct slice word)
{
    return slice_is(word, "says") || slice_is(word, "said") || slice_is(word, "me");
}

static bool is_near_before(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index - 1);

    return slice_is(gap, " ") || slice_is(gap, "\n") || slice_is(gap, ", ") || slice_is(gap, " (");
}

/* What stands in front. */
static int bits_before(const struct deid_tokens *tokens, unsigned first)
{
    uint32_t hints, back;
    int bits = 0;

    if (first == 0)
        return 0;
    if (tokens->items[first - 1].flags & DEID_WORD_SALUTATION
        && deid_tokens_gap(tokens, first - 1).size <= 2)
        return 5;
    if (deid_like_starts(tokens, first) || !is_near_before(tokens, first))
        return 0;
    hints = deid_hint_at(tokens, first - 1);
    back = first > 1 ? deid_hint_at(tokens, first - 2) : 0;
    if (hints & DEID_HINT_NAMED || (back & DEID_HINT_NAMED && hints & DEID_HINT_SELF))
        bits += 5;
    if (is_saying(deid_token_text(tokens, first - 1)))
        bits += 4;
    if (hints & DEID_HINT_ROLE
        || (tokens->items[first - 1].flags & (DEID_WORD_KIN | DEID_WORD_LABEL)
            && !(hints & (DEID_HINT_AT | DEID_HINT_WITH))))
        bits += 4;
    if (hints & DEID_HINT_WITH)
        bits += back & DEID_HINT_WITH ? 4 : 1;
    if (hints & DEID_HINT_ARTICLE)
        bits -= 3;
    return bits;
}

static bool is_year(struct slice word)
{
    return slice_is(word, "year") || slice_is(word, "yr") || slice_is(word, "yo")
           || slice_is(word, "y");
}

/* "a 45-year-old", "is a 45 yo", ", 45F": an age behind the name. */
static bool is_age_after(const struct deid_tokens *tokens, unsigned end)
{
    unsigned at;

    for (at = end; at < tokens->count && at < end + 3; at++) {
        struct slice word = deid_token_text(tokens, at);

        if (deid_tokens_gap(tokens, at - 1).size > 2)
            return false;
        if (deid_is_digit(word.data[0]))
            return word.size <= 4 && at + 1 < tokens->count
                   && (word.data[word.size - 1] > '9' || deid_like_gap(tokens, at, "-")
                       || is_year(deid_token_text(tokens, at + 1)));
        if (!slice_is(word, "is") && !slice_is(word, "a") && !slice_is(word, "an")
            && !slice_is(word, "was"))
            return false;
    }
    return false;
}

/* Not only people are. */
static bool is_being(struct slice word)
{
    return slice_is(word, "is") || slice_is(word, "was") || slice_is(word, "has")
           || slice_is(word, "had") || slice_is(word, "does") || slice_is(word, "did")
           || slice_is(word, "can") || slice_is(word, "could") || slice_is(word, "will")
           || slice_is(word, "would");
}

/* "Abubakar stable": how somebody is whom the lists know for a name and no thing is called by. */
static bool is_state(const struct deid_tokens *tokens, unsigned end)
{
    static const char *const states[] = { "stable",    "febrile",    "afebrile", "intubated",
                                          "extubated", "sedated",    "awake",    "ambulatory",
                                          "voiding",   "tolerating", NULL };

    return deid_like_at(tokens, end - 1) == DEID_LIKE_NAME
           && !(tokens->items[end - 1].flags & DEID_WORD_EPONYM)
           && deid_scanner_is_one_of(deid_token_text(tokens, end), states);
}

/* What stands behind. */
static int bits_after(const struct deid_tokens *tokens, unsigned end)
{
    struct slice gap = deid_tokens_gap(tokens, end - 1),
                 rest = slice_cut(tokens->text, tokens->items[end - 1].end, tokens->text.size);
    uint32_t hints, flags;
    int bits = 0;

    if (slice_starts_with(rest, SLICE("'s ")))
        bits += 1;
    if (end >= tokens->count)
        return bits;
    hints = deid_hint_at(tokens, end);
    flags = tokens->items[end].flags;
    if (is_age_after(tokens, end))
        return bits + 5;
    if (slice_is(gap, " ") && hints & DEID_HINT_DEED)
        bits += hints & DEID_HINT_INTAKE || is_being(deid_token_text(tokens, end)) ? 1 : 3;
    if (slice_is(gap, " ") && is_state(tokens, end))
        bits += 3;
    if (slice_is(gap, ", ") && hints & DEID_HINT_SELF)
        bits += 3;
    if (slice_is(gap, " (") && flags & (DEID_WORD_ID_LABEL | DEID_WORD_KIN))
        bits += 4;
    if (slice_is(gap, ", ") && flags & (DEID_WORD_ID_LABEL | DEID_WORD_CREDENTIAL | DEID_WORD_KIN))
        bits += 3;
    return bits;
}

/* What makes the run the name of something else. */
static bool is_other(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    uint32_t lands =
        tokens->is_plain ? DEID_WORD_MONTH : DEID_WORD_COUNTRY | DEID_WORD_STATE | DEID_WORD_MONTH;
    unsigned i;

    if (end - first == 1 && tokens->items[first].flags & lands && bits_before(tokens, first) < 4)
        return true;
    if (deid_place_listed(tokens, first, DEID_WORD_COUNTRY) > first + 1
        || (first > 0 && deid_place_listed(tokens, first - 1, DEID_WORD_COUNTRY) > first))
        return true;
    if (deid_like_gap(tokens, end - 1, "-")
        && deid_is_digit(tokens->text.data[tokens->items[end].start]))
        return true; /* "Jo-1" */

    if (deid_like_eponym(tokens, end - 1) || deid_like_eponym(tokens, first)
        || (!tokens->is_plain && deid_like_is_articled(tokens, first, end)))
        return true;
    for (i = 1; i <= 2 && i <= first; i++)
        if (deid_place_listed(tokens, first - i, DEID_WORD_EPONYM) == end)
            return true; /* Sister Mary Joseph */
    if (deid_place_listed(tokens, first, DEID_WORD_EPONYM) > end)
        return true; /* Ann Arbor */
    if (deid_like_is_eponymous(tokens, first, end) && !tokens->is_plain
        && bits_before(tokens, first) < 4)
        return true;
    if (end - first > 1 && deid_like_before_thing(tokens, end - 1)
        && deid_place_listed(tokens, first, DEID_WORD_PLACE) == end)
        return true; /* a stage that is named after a town of two words */
    if (end < tokens->count && deid_like_gap(tokens, end - 1, " ") && deid_like_capital(tokens, end)
        && (tokens->items[end].flags & (DEID_WORD_FACILITY | DEID_WORD_ORGANISATION)
            || deid_hint_at(tokens, end) & (DEID_HINT_HOUSE | DEID_HINT_FIRM)
            || (tokens->items[end].flags & DEID_WORD_STREET
                && !(tokens->items[first].flags & DEID_WORD_GIVEN))))
        return true;
    for (i = first; i < end; i++)
        if (deid_like_at(tokens, i) == DEID_LIKE_NAME
            && !(tokens->items[i].flags & DEID_WORD_MEDICAL))
            return end - first == 1 && deid_like_product(tokens, first)
                   && deid_like_facts(tokens, first)->odds < 16;
    return deid_like_product(tokens, first);
}

/* A run in capital letters: its shape says nothing, and abbreviations look the same. */
static bool is_shouted_name(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    unsigned i, names = 0, words = 0;

    for (i = first; i < end; i++) {
        if (deid_like_shape(tokens, i) != DEID_SHAPE_UPPER)
            continue;
        words++;
        names += deid_like_at(tokens, i) == DEID_LIKE_NAME
                 && tokens->items[i].end - tokens->items[i].start >= 3;
    }
    return words == 0 || names >= 2 || (names == 1 && end - first >= 2);
}

static int bits_of_run(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    int bits = bits_of_word(tokens, first), second;

    if (end - first > 1 && tokens->items[first].shape == DEID_SHAPE_INITIAL)
        bits = bits_of_word(tokens, first + 1);
    else if (end - first > 1) {
        second = bits_of_word(tokens, first + 1);
        bits += second > 0 ? second : second / 2;
    }
    bits += bits_of_form(tokens, first, end) + bits_before(tokens, first) + bits_after(tokens, end);
    if (deid_like_starts(tokens, first) && deid_like_at(tokens, first) < DEID_LIKE_UNKNOWN)
        bits -= 2;
    if (tokens->is_plain && deid_like_at(tokens, first) >= DEID_LIKE_UNKNOWN)
        bits += 3;
    return bits;
}

/* Two listed names in small letters: "naomi ryan"; one, where the whole text has no capitals. */
unsigned deid_run_weigh_small(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    const struct deid_facts *given = deid_like_facts(tokens, index), *family;

    if (tokens->is_small && given->odds >= LOWER_ODDS && given->word == 0
        && deid_like_at(tokens, index) == DEID_LIKE_NAME && !deid_like_eponym(tokens, index)) {
        deid_name_add(tokens, spans, index, index + 1, DEID_SCORE_WEAK);
        return index + 1;
    }
    if (given->given < 5 || given->odds < LOWER_ODDS || given->word > 0
        || index + 1 >= tokens->count || tokens->items[index + 1].shape != DEID_SHAPE_LOWER
        || !(tokens->items[index + 1].flags & DEID_WORD_FAMILY)
        || !deid_like_gap(tokens, index, " "))
        return index;
    family = deid_like_facts(tokens, index + 1);
    if (family->odds < LOWER_ODDS)
        return index;
    deid_name_add(tokens, spans, index, index + 2, DEID_SCORE_WEAK);
    return index + 2;
}

/* "Justin Beet", "Maria Fields": one word of English after a given name that is no word, where it
 * is nothing that a note would say next. */
static unsigned word_after_given(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    uint32_t others = DEID_WORD_STOP | DEID_WORD_MEDICAL | DEID_WORD_FACILITY | DEID_WORD_STREET
                      | DEID_WORD_LABEL | DEID_WORD_STATE | DEID_WORD_PLACE | DEID_WORD_ORGANISATION
                      | DEID_WORD_CREDENTIAL | DEID_WORD_KIN | DEID_WORD_MONTH | DEID_WORD_TITLE
                      | DEID_WORD_ID_LABEL | DEID_WORD_EPONYM_AFTER;

    if (end != first + 1 || end >= tokens->count || !deid_like_gap(tokens, first, " ")
        || !(tokens->items[first].flags & DEID_WORD_GIVEN)
        || deid_like_at(tokens, first) != DEID_LIKE_NAME
        || deid_like_shape(tokens, first) != DEID_SHAPE_CAPITAL
        || deid_like_shape(tokens, end) != DEID_SHAPE_CAPITAL
        || deid_like_at(tokens, end) != DEID_LIKE_WORD || tokens->items[end].flags & others
        || deid_hint_at(tokens, end) != 0
        || (deid_like_gap(tokens, end, " ") && deid_like_capital(tokens, end + 1)))
        return end;
    return end + 1;
}

/* "Hilding Carlsson": a rare word with a capital in front of a surname is the given name. */
static unsigned rare_word_before(const struct deid_tokens *tokens, unsigned first)
{
    if (first == 0 || !deid_like_gap(tokens, first - 1, " ")
        || tokens->items[first].flags & DEID_WORD_GIVEN || deid_like_starts(tokens, first - 1)
        || deid_like_shape(tokens, first - 1) != DEID_SHAPE_CAPITAL
        || deid_like_at(tokens, first - 1) != DEID_LIKE_WORD
        || tokens->items[first - 1].flags & (DEID_WORD_MEDICAL | DEID_WORD_STOP)
        || deid_like_facts(tokens, first - 1)->word > 2 || deid_hint_at(tokens, first - 1) != 0)
        return first;
    return first - 1;
}

unsigned deid_run_weigh(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    unsigned end;
    int bits;

    if (!deid_like_capital(tokens, index)
        || (token->shape != DEID_SHAPE_INITIAL && deid_like_at(tokens, index) < DEID_LIKE_EITHER))
        return index;
    if (deid_like_at(tokens, index) == DEID_LIKE_UNKNOWN
        && token->end - token->start < UNKNOWN_BYTES_MIN)
        return index;
    end = word_after_given(tokens, index, deid_name_end(tokens, index, true));
    if (end == index || (end == index + 1 && token->shape == DEID_SHAPE_INITIAL)
        || (token->shape == DEID_SHAPE_INITIAL && deid_like_gap(tokens, index, "-")) /* X-Ray */
        || is_other(tokens, index, end))
        return index;
    if (!is_shouted_name(tokens, index, end))
        return index;
    bits = bits_of_run(tokens, index, end);
    if (bits < BITS_ACCEPT)
        return index;
    index = rare_word_before(tokens, index);
    deid_name_add(tokens, spans, index, end, bits >= BITS_SURE ? DEID_SCORE_LIST : DEID_SCORE_WEAK);
    return end;
}
