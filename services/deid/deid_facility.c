#include "deid_facility.h"

#include "deid_finder.h"
#include "deid_like.h"
#include "deid_place.h"
#include "deid_scanner.h"

#define WORDS_MAX 6
#define CARE_BACK_MAX 5
#define QUOTE_BACK_MAX 4
#define ACRONYM_BYTES_MIN 3
#define PARTNERS_MAX 4

static void facility_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                         unsigned end, float score)
{
    uint32_t stop = tokens->items[end - 1].end;

    if (slice_starts_with(slice_cut(tokens->text, stop, tokens->text.size), SLICE("'s")))
        stop += 2; /* "St. Mary's" */
    deid_spans_add(spans, (struct deid_span){ tokens->items[first].start, stop,
                                              DEID_CLASS_GEOGRAPHY, DEID_FORM_VALUE, score });
}

static bool is_head(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].flags & DEID_WORD_FACILITY
           || deid_hint_at(tokens, index) & DEID_HINT_HOUSE;
}

/* "recommendations from Mayo Clinic": who is quoted, not where anybody was. */
bool deid_facility_is_quoted(const struct deid_tokens *tokens, unsigned first)
{
    static const char *const words[] = { "guideline",  "guidelines",      "recommendation",
                                         "criteria",   "recommendations", "study",
                                         "studies",    "trial",           "trials",
                                         "research",   "protocol",        "protocols",
                                         "statement",  "consensus",       "published",
                                         "evidence",   "according",       "researchers",
                                         "literature", "position",        NULL };
    unsigned back;

    for (back = 1; back <= QUOTE_BACK_MAX && back <= first; back++) {
        struct slice gap = deid_tokens_gap(tokens, first - back);

        if (slice_find_byte(gap, '.') < gap.size || slice_find_byte(gap, '\n') < gap.size)
            return false;
        if (deid_scanner_is_one_of(deid_token_text(tokens, first - back), words))
            return true;
    }
    return false;
}

/* "Yale and Stanford trials": the same by what follows. */
bool deid_facility_is_source(const struct deid_tokens *tokens, unsigned end)
{
    static const char *const words[] = { "trial",      "trials",   "study",     "studies",
                                         "criteria",   "cohort",   "cohorts",   "guideline",
                                         "guidelines", "registry", "consensus", "investigators",
                                         "calculator", "nomogram", NULL };

    return end < tokens->count && end > 0 && deid_like_gap(tokens, end - 1, " ")
           && tokens->items[end].shape == DEID_SHAPE_LOWER
           && deid_scanner_is_one_of(deid_token_text(tokens, end), words);
}

static bool is_one_of(const struct deid_tokens *tokens, unsigned index, const char *const *words)
{
    return index < tokens->count && deid_scanner_is_one_of(deid_token_text(tokens, index), words);
}

/* Whether the word tells one house from the others: not what is done there, not an article. */
static bool is_telling(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (!deid_like_capital(tokens, index) || deid_hint_at(tokens, index) & DEID_HINT_TRADE)
        return false;
    if (slice_equal_fold(deid_token_text(tokens, index), SLICE("general")))
        return index + 1 < tokens->count
               && !(deid_hint_at(tokens, index + 1) & DEID_HINT_TRADE
                    && !(tokens->items[index + 1].flags & DEID_WORD_FACILITY));
    if (token->flags & (DEID_WORD_FACILITY_PART | DEID_WORD_HOSPITAL | DEID_WORD_PLACE))
        return true;
    return deid_like_at(tokens, index) >= DEID_LIKE_WORD
           && !(token->flags
                & (DEID_WORD_STOP | DEID_WORD_MEDICAL | DEID_WORD_MONTH | DEID_WORD_WEEKDAY));
}

/* A word that may stand in the name of a house in front of its head. */
static bool is_inner(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (token->flags & (DEID_WORD_FACILITY_PART | DEID_WORD_HOSPITAL))
        return true;
    if (!deid_like_capital(tokens, index))
        return false;
    return is_head(tokens, index) || token->flags & (DEID_WORD_STREET | DEID_WORD_NAME)
           || deid_hint_at(tokens, index) & DEID_HINT_TRADE
           || !(token->flags & (DEID_WORD_STOP | DEID_WORD_MONTH | DEID_WORD_WEEKDAY));
}

/* Nothing that ends a name stands between token @index and the next. */
static bool is_inner_gap(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index), word = deid_token_text(tokens, index);

    return slice_is(gap, " ") || slice_is(gap, "'s ") || slice_is(gap, "' ") || slice_is(gap, "-")
           || slice_is(gap, " & ") || slice_is(gap, "s' ")
           || (slice_is(gap, ". ")
               && ((word.size <= 3 && deid_like_shape(tokens, index) == DEID_SHAPE_CAPITAL)
                   || slice_is(word, "Univ")));
}

/* Back from its head over a name; the title of "Dr. Smith's Office" belongs to it. */
static unsigned facility_first(const struct deid_tokens *tokens, unsigned index)
{
    unsigned first = index;

    while (first > 0 && index - first < WORDS_MAX && is_inner_gap(tokens, first - 1)
           && is_inner(tokens, first - 1))
        first--;
    while (first < index
           && (!deid_like_capital(tokens, first)
               || (deid_hint_at(tokens, first) & (DEID_HINT_CARE | DEID_HINT_DEED)
                   && deid_like_at(tokens, first) <= DEID_LIKE_WORD)
               || (tokens->items[first].flags & DEID_WORD_STOP
                   && !(tokens->items[first].flags
                        & (DEID_WORD_FACILITY_PART | DEID_WORD_NAME | DEID_WORD_HOSPITAL)))))
        first++;
    if (first > 0 && tokens->items[first - 1].flags & DEID_WORD_TITLE
        && deid_tokens_gap(tokens, first - 1).size <= 2)
        first--;
    return first;
}

/* Over the heads that follow the first ("Medical Center", "Clinic Foundation"). */
static unsigned heads_end(const struct deid_tokens *tokens, unsigned end)
{
    while (end < tokens->count && deid_like_gap(tokens, end - 1, " ")
           && deid_like_capital(tokens, end)
           && (is_head(tokens, end) || deid_hint_at(tokens, end) & DEID_HINT_FIRM))
        end++;
    return end;
}

/* The capital words behind "University of". */
static unsigned capitals_end(const struct deid_tokens *tokens, unsigned at)
{
    unsigned end = at;

    while (end < tokens->count && end < at + 3 && deid_like_capital(tokens, end)
           && (end == at || deid_like_gap(tokens, end - 1, " "))
           && !(tokens->items[end].flags & (DEID_WORD_MONTH | DEID_WORD_MEDICAL)))
        end++;
    return end;
}

/* "of Atlanta", "in Rochester, MN", ", California", " Boston": where the house is, when that is
 * said in one breath. */
static unsigned facility_end(const struct deid_tokens *tokens, unsigned end)
{
    unsigned at = heads_end(tokens, end), place;

    end = at;
    if (at + 1 < tokens->count && deid_like_gap(tokens, at - 1, " ")
        && (slice_is(deid_token_text(tokens, at), "of")
            || slice_is(deid_token_text(tokens, at), "in")
            || slice_is(deid_token_text(tokens, at), "at"))
        && deid_like_gap(tokens, at, " ")) {
        at++;
        if (slice_is(deid_token_text(tokens, at), "the") && deid_like_gap(tokens, at, " "))
            at++;
    }
    if (at >= tokens->count || deid_tokens_gap(tokens, at - 1).size > 2
        || slice_find_byte(deid_tokens_gap(tokens, at - 1), '.') == 0)
        return end;
    place = deid_place_end(tokens, at);
    if (place == at && slice_find_byte(deid_tokens_gap(tokens, at - 1), ',') == 0
        && deid_place_is_state(tokens, at) && tokens->items[at].shape == DEID_SHAPE_UPPER)
        place = at + 1;
    if (place == at && at > end && slice_is(deid_token_text(tokens, end), "of"))
        place = capitals_end(tokens, at);
    return place > at ? place : end;
}

/* "Duke Regional Hospital", "St. Brigid's Hospital", "Cancer Center in New York". */
static unsigned facility_named(const struct deid_tokens *tokens, struct deid_spans *spans,
                               unsigned index)
{
    unsigned first, end, i, telling = 0;

    if (!is_head(tokens, index) || !deid_like_capital(tokens, index))
        return index;
    first = facility_first(tokens, index);
    end = facility_end(tokens, index + 1);
    for (i = first; i < index; i++)
        telling += is_telling(tokens, i) || tokens->items[i].flags & DEID_WORD_TITLE;
    if (deid_facility_is_quoted(tokens, first) || deid_facility_is_source(tokens, end)
        || (telling == 0 && end <= heads_end(tokens, index + 1)))
        return index;
    facility_add(tokens, spans, first, end, DEID_SCORE_LIST);
    return end;
}

static bool is_acronym(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    return deid_like_shape(tokens, index) == DEID_SHAPE_UPPER
           && token->end - token->start >= ACRONYM_BYTES_MIN
           && !(token->flags & (DEID_WORD_MEDICAL | DEID_WORD_STOP | DEID_WORD_CREDENTIAL))
           && !(deid_hint_at(tokens, index) & (DEID_HINT_WARD | DEID_HINT_TRADE));
}

/* "Chicago clinic", "NYC office", "San Francisco downtown campus": the head in small letters. */
static unsigned facility_small(const struct deid_tokens *tokens, struct deid_spans *spans,
                               unsigned index)
{
    static const char *const sides[] = { "downtown", "main", "uptown", "north",
                                         "south",    "east", "west",   NULL };
    unsigned first = index, i;

    if (!(deid_hint_at(tokens, index) & DEID_HINT_HEAD)
        || tokens->items[index].shape != DEID_SHAPE_LOWER || index == 0
        || !deid_like_gap(tokens, index - 1, " "))
        return index;
    first--;
    for (i = 0; sides[i] != NULL; i++)
        if (first > 0 && slice_equal_fold(deid_token_text(tokens, first), slice_from(sides[i]))) {
            first--;
            break;
        }
    if (!deid_like_capital(tokens, first)
        || !(tokens->items[first].flags & (DEID_WORD_PLACE | DEID_WORD_HOSPITAL)
             || is_acronym(tokens, first) || deid_place_first(tokens, first) < first
             || deid_like_at(tokens, first) == DEID_LIKE_UNKNOWN))
        return index;
    if (deid_place_first(tokens, first) < first)
        first = deid_place_first(tokens, first);
    while (first > 0 && deid_like_gap(tokens, first - 1, "-")
           && deid_like_capital(tokens, first - 1))
        first--;
    facility_add(tokens, spans, first, index + 1, DEID_SCORE_LIST);
    return index + 1;
}

/* Whether what happens in a house is said before token @index. */
static bool is_cared_for(const struct deid_tokens *tokens, unsigned index)
{
    unsigned back;

    for (back = 1; back <= CARE_BACK_MAX && back <= index; back++) {
        struct slice gap = deid_tokens_gap(tokens, index - back);
        bool is_short = tokens->items[index - back].flags & DEID_WORD_TITLE
                        || tokens->items[index - back].shape == DEID_SHAPE_INITIAL;

        if (!is_short
            && (slice_find_byte(gap, '.') < gap.size || slice_find_byte(gap, '\n') < gap.size))
            return false;
        if (deid_hint_at(tokens, index - back) & DEID_HINT_CARE)
            return true;
    }
    return false;
}

/* The words of a house that is known only by where it stands. */
static unsigned house_end(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end = first;

    while (end < tokens->count && end - first < WORDS_MAX) {
        const struct deid_token *token = &tokens->items[end];
        uint32_t inner = DEID_WORD_FACILITY_PART | DEID_WORD_HOSPITAL | DEID_WORD_FACILITY;

        if (end > first && !is_inner_gap(tokens, end - 1))
            break;
        if (!deid_like_capital(tokens, end)
            && !(end > first && slice_is(deid_token_text(tokens, end), "of")))
            break;
        if (token->flags & (DEID_WORD_MONTH | DEID_WORD_WEEKDAY | DEID_WORD_TITLE))
            break;
        if (token->flags & DEID_WORD_STOP && !(token->flags & inner) && !is_head(tokens, end))
            break;
        end++;
    }
    while (end > first && !deid_like_capital(tokens, end - 1))
        end--;
    return end;
}

/* "BronxCare": in no list, with a capital inside. */
static bool is_made_up(const struct deid_tokens *tokens, unsigned index)
{
    return deid_like_at(tokens, index) == DEID_LIKE_WORD && tokens->items[index].flags == 0
           && deid_like_shape(tokens, index) == DEID_SHAPE_CAPITAL
           && deid_like_facts(tokens, index)->word == 0
           && tokens->items[index].end - tokens->items[index].start > 4;
}

/* "seen at UWMC", "admitted to Mass General", "treated at St. Mary's". */
static unsigned facility_after(const struct deid_tokens *tokens, struct deid_spans *spans,
                               unsigned index)
{
    unsigned first = index + 1, end, i, telling = 0, parts = 0;
    bool is_at, is_known = false;

    if (tokens->items[index].shape != DEID_SHAPE_LOWER || first >= tokens->count
        || !(deid_hint_at(tokens, index) & DEID_HINT_AT) || !deid_like_gap(tokens, index, " ")
        || slice_is(deid_token_text(tokens, index), "of"))
        return index;
    if (deid_hint_at(tokens, first) & DEID_HINT_OUR && deid_like_gap(tokens, first, " "))
        first++;
    if (first >= tokens->count || !deid_like_capital(tokens, first))
        return index;
    end = house_end(tokens, first);
    for (i = first; i < end; i++) {
        telling += (is_telling(tokens, i) && deid_like_at(tokens, i) != DEID_LIKE_WORD)
                   || tokens->items[i].flags & (DEID_WORD_HOSPITAL | DEID_WORD_FACILITY_PART)
                   || is_acronym(tokens, i) || is_made_up(tokens, i);
        parts += (tokens->items[i].flags & DEID_WORD_FACILITY_PART) != 0;
        is_known |= (tokens->items[i].flags & DEID_WORD_HOSPITAL) != 0;
    }
    is_known |= parts > 0 && end - first > 1 && slice_is(deid_token_text(tokens, index), "at");
    is_at = slice_is(deid_token_text(tokens, index), "at");
    if (end == first || telling == 0 || deid_facility_is_quoted(tokens, first)
        || deid_facility_is_source(tokens, end)
        || !(is_cared_for(tokens, index) || (is_at && is_known) || (is_known && end - first > 1))
        || (end - first == 1 && deid_hint_at(tokens, first) & (DEID_HINT_WARD | DEID_HINT_TRADE))
        || deid_like_before_thing(tokens, end - 1) || deid_like_product(tokens, first))
        return index;
    if (!is_at && !is_known && end - first == 1
        && tokens->items[first].flags & (DEID_WORD_MEDICAL | DEID_WORD_STATE | DEID_WORD_COUNTRY))
        return index;
    end = facility_end(tokens, end);
    facility_add(tokens, spans, first, end, is_known ? DEID_SCORE_LIST : DEID_SCORE_WEAK);
    return end;
}

static bool is_legal_form(struct slice word)
{
    return slice_is(word, "Inc") || slice_is(word, "LLC") || slice_is(word, "Ltd")
           || slice_is(word, "Corp") || slice_is(word, "GmbH") || slice_is(word, "PLLC");
}

/* "Hawkins, Richardson and Santana": partners, by three surnames and the last "and". */
static unsigned facility_partners(const struct deid_tokens *tokens, struct deid_spans *spans,
                                  unsigned index)
{
    unsigned end = index, names;

    if (!(tokens->items[index].flags & DEID_WORD_FAMILY) || !deid_like_gap(tokens, index, ", "))
        return index;
    for (names = 1; names < PARTNERS_MAX && deid_like_gap(tokens, end, ", "); names++) {
        end++;
        if (!deid_like_capital(tokens, end) || !(tokens->items[end].flags & DEID_WORD_FAMILY))
            return index;
    }
    if (end + 2 >= tokens->count || !deid_like_gap(tokens, end, " ")
        || !(slice_is(deid_token_text(tokens, end + 1), "and"))
        || !deid_like_gap(tokens, end + 1, " ") || !deid_like_capital(tokens, end + 2)
        || !(tokens->items[end + 2].flags & DEID_WORD_FAMILY) || !deid_like_capital(tokens, index)
        || deid_like_before_thing(tokens, end + 2))
        return index;
    facility_add(tokens, spans, index, end + 3, DEID_SCORE_WEAK);
    return end + 3;
}

/* "Globex Industries", "Hubbard, Fox and Gillespie Ltd": a firm. */
static unsigned facility_firm(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    unsigned first = index, names = 0, end, i;

    if (!(tokens->items[index].flags & DEID_WORD_ORGANISATION
          || deid_hint_at(tokens, index) & DEID_HINT_FIRM)
        || !deid_like_capital(tokens, index))
        return index;
    while (first > 0 && index - first < 3 && deid_like_capital(tokens, first - 1)
           && (deid_like_gap(tokens, first - 1, " ") || deid_like_gap(tokens, first - 1, ", ")
               || deid_like_gap(tokens, first - 1, "-"))
           && !(tokens->items[first - 1].flags & (DEID_WORD_STOP | DEID_WORD_TITLE))
           && !(deid_hint_at(tokens, first - 1) & DEID_HINT_TRADE))
        first--;
    for (i = first; i < index; i++)
        names +=
            deid_like_at(tokens, i) >= DEID_LIKE_EITHER || tokens->items[i].flags & DEID_WORD_PLACE;
    if (first == index
        || (names == 0 && !tokens->is_plain && !is_legal_form(deid_token_text(tokens, index))))
        return index;
    for (end = index + 1; end < tokens->count && deid_like_gap(tokens, end - 1, " ")
                          && deid_like_capital(tokens, end)
                          && (tokens->items[end].flags & DEID_WORD_ORGANISATION
                              || deid_hint_at(tokens, end) & DEID_HINT_FIRM);)
        end++;
    facility_add(tokens, spans, first, end, DEID_SCORE_WEAK);
    return end;
}

/* "at Rite Aid #4471": one house of many by its number. */
static unsigned facility_branch(const struct deid_tokens *tokens, struct deid_spans *spans,
                                unsigned index)
{
    unsigned first = index;

    if (index == 0 || !deid_like_gap(tokens, index - 1, " #")
        || !deid_place_is_number(tokens, index, 2, 5))
        return index;
    while (first > 0 && index - first < 3 && deid_like_capital(tokens, first - 1)
           && (first == index || deid_like_gap(tokens, first - 1, " "))
           && !(tokens->items[first - 1].flags & DEID_WORD_ID_LABEL)
           && deid_like_at(tokens, first - 1) >= DEID_LIKE_WORD)
        first--;
    if (first == index || first == 0 || !(deid_hint_at(tokens, first - 1) & DEID_HINT_AT))
        return index;
    facility_add(tokens, spans, first, index + 1, DEID_SCORE_WEAK);
    return index + 1;
}

/* "works for Hollis Ironworks", "employed at Blue Heron": whoever it is that somebody works for. */
static unsigned facility_employer(const struct deid_tokens *tokens, struct deid_spans *spans,
                                  unsigned index)
{
    static const char *const work[] = { "works", "worked", "working", "employed", NULL };
    static const char *const whom[] = { "for", "at", "by", NULL };
    unsigned first = index + 2, end = first, names = 0;

    if (!(deid_hint_at(tokens, index) & DEID_HINT_CARE) || !is_one_of(tokens, index, work)
        || !is_one_of(tokens, index + 1, whom) || !deid_like_gap(tokens, index, " ")
        || !deid_like_gap(tokens, index + 1, " "))
        return index;
    while (end < tokens->count && end - first < 4 && deid_like_capital(tokens, end)
           && (end == first || is_inner_gap(tokens, end - 1)) && is_telling(tokens, end)) {
        names += deid_like_at(tokens, end) >= DEID_LIKE_UNKNOWN;
        end++;
    }
    if (end == first || (end == first + 1 && names == 0)
        || tokens->items[first].flags & (DEID_WORD_TITLE | DEID_WORD_STATE | DEID_WORD_COUNTRY))
        return index;
    facility_add(tokens, spans, first, end, DEID_SCORE_WEAK);
    return end;
}

void deid_facility_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    static const struct deid_finder finders[] = {
        { facility_named, DEID_SHAPES_CAPITAL, DEID_WORD_FACILITY, DEID_HINT_HOUSE },
        { facility_branch, DEID_SHAPES(NUMBER), 0, 0 },
        { facility_small, DEID_SHAPES(LOWER), 0, DEID_HINT_HEAD },
        { facility_after, DEID_SHAPES(LOWER), 0, DEID_HINT_AT },
        { facility_partners, DEID_SHAPES_CAPITAL, DEID_WORD_FAMILY, 0 },
        { facility_firm, DEID_SHAPES_CAPITAL, DEID_WORD_ORGANISATION, DEID_HINT_FIRM },
        { facility_employer, DEID_SHAPES_ALL, 0, DEID_HINT_CARE },
    };

    deid_finder_run(finders, sizeof(finders) / sizeof(finders[0]), tokens, spans);
}
