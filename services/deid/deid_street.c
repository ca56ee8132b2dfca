#include "deid_street.h"

#include "deid_finder.h"
#include "deid_like.h"
#include "deid_place.h"
#include "deid_scanner.h"

#define STREET_WORDS_MAX 5
#define NUMBER_BYTES_MAX 6
#define TAIL_PARTS_MAX 8
#define TOWN_WORDS_MAX 4
#define CORNER_WORDS_MAX 12

static bool is_house_number(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    return index < tokens->count && deid_is_digit(tokens->text.data[token->start])
           && token->end - token->start <= NUMBER_BYTES_MAX;
}

/* Between the parts of one address: blanks, commas, the end of a line. */
static bool is_tail_gap(struct slice gap)
{
    unsigned lines = 0, others = 0;
    size_t i;

    for (i = 0; i < gap.size; i++) {
        if (gap.data[i] == '\n')
            lines++;
        else if (gap.data[i] == '.' || gap.data[i] == '#' || gap.data[i] == '>')
            others++;
        else if (gap.data[i] != ' ' && gap.data[i] != ',' && gap.data[i] != '\r')
            return false;
    }
    return gap.size > 0 && gap.size <= 6 && lines <= 1 && others <= 1;
}

static bool is_tail_gap_at(const struct deid_tokens *tokens, unsigned end)
{
    return end < tokens->count && is_tail_gap(deid_tokens_gap(tokens, end - 1));
}

/* "Apt 3B", "Suite 490", "Box 3833", "# 12". */
static unsigned unit_end(const struct deid_tokens *tokens, unsigned at)
{
    struct slice gap;

    if (!(deid_hint_at(tokens, at) & DEID_HINT_UNIT) || at + 1 >= tokens->count)
        return at;
    gap = deid_tokens_gap(tokens, at);
    if (gap.size > 3 || slice_find_byte(gap, '\n') < gap.size)
        return at;
    return tokens->items[at + 1].end - tokens->items[at + 1].start <= NUMBER_BYTES_MAX
                   && (deid_is_digit(tokens->text.data[tokens->items[at + 1].start])
                       || tokens->items[at + 1].shape == DEID_SHAPE_INITIAL)
               ? at + 2
               : at;
}

/* Capital words that may be the town of an address. */
static unsigned town_end(const struct deid_tokens *tokens, unsigned at)
{
    unsigned end = at;

    while (end < tokens->count && end - at < TOWN_WORDS_MAX
           && (end == at || deid_like_gap(tokens, end - 1, " ")
               || deid_like_gap(tokens, end - 1, "-") || deid_like_gap(tokens, end - 1, ". "))
           && deid_like_capital(tokens, end)
           && !(tokens->items[end].flags
                    & (DEID_WORD_STOP | DEID_WORD_LABEL | DEID_WORD_ID_LABEL | DEID_WORD_MONTH
                       | DEID_WORD_TITLE)
                && !(tokens->items[end].flags & (DEID_WORD_PLACE | DEID_WORD_PLACE_FIRST)))
           && !deid_place_is_state(tokens, end)
           && deid_place_listed(tokens, end, DEID_WORD_COUNTRY | DEID_WORD_STATE) == end)
        end++;
    return end;
}

/* The end of a state or a country at @at, or of a military post office. */
static unsigned land_end(const struct deid_tokens *tokens, unsigned at)
{
    unsigned end = deid_place_listed(tokens, at, DEID_WORD_STATE | DEID_WORD_COUNTRY);
    struct slice word;

    if (at >= tokens->count)
        return at;
    word = deid_token_text(tokens, at);
    if (end == at && deid_like_shape(tokens, at) == DEID_SHAPE_UPPER && word.size == 2)
        end = at + 1; /* a state, or a province of anywhere */
    if (end == at && (slice_is(word, "APO") || slice_is(word, "FPO") || slice_is(word, "DPO"))
        && at + 1 < tokens->count)
        end = at + 2;
    return end;
}

/* What tables write where a value is missing. */
static bool is_missing(struct slice word)
{
    return slice_is(word, "nan") || slice_is(word, "null") || slice_is(word, "None");
}

/* Behind a street at [.., @end): units, town, state, country, postal code, as far as they go. A
 * word that could be a town is taken only when the line, a state, a country or a code bears it
 * out. */
static unsigned address_end(const struct deid_tokens *tokens, unsigned end)
{
    unsigned parts = 0, at = end, next;

    for (; parts < TAIL_PARTS_MAX && is_tail_gap_at(tokens, at); parts++) {
        struct slice gap = deid_tokens_gap(tokens, at - 1);

        next = unit_end(tokens, at);
        if (next == at && is_missing(deid_token_text(tokens, at)))
            next = at + 1;
        if (next == at)
            next = land_end(tokens, at);
        if (next == at && deid_place_is_number(tokens, at, 3, 6)
            && slice_find_byte(gap, '.') == gap.size)
            next = deid_place_postal_end(tokens, at);
        if (next == at && slice_find_byte(gap, '.') < gap.size)
            break;
        if (next == at)
            next = deid_place_listed(tokens, at, DEID_WORD_PLACE);
        if (next > at) {
            end = at = next;
            continue;
        }
        next = town_end(tokens, at);
        if (next == at)
            break;
        at = next; /* borne out by what follows, or dropped */
        if (slice_find_byte(gap, ',') < gap.size
            && deid_like_at(tokens, next - 1) >= DEID_LIKE_EITHER)
            end = at;
    }
    return end;
}

static void street_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                       unsigned end, float score)
{
    deid_spans_add(spans,
                   (struct deid_span){ tokens->items[first].start, tokens->items[end - 1].end,
                                       DEID_CLASS_GEOGRAPHY, DEID_FORM_VALUE, score });
}

static bool is_street_gap(const struct deid_tokens *tokens, unsigned index)
{
    return deid_like_gap(tokens, index, " ") || deid_like_gap(tokens, index, ". ")
           || deid_like_gap(tokens, index, "-") || deid_like_gap(tokens, index, "'");
}

/* A kind of street that may be written small: "123 Maple street". */
static bool is_long_kind(struct slice word)
{
    static const char *const kinds[] = { "street", "avenue", "road",    "lane",      "drive",
                                         "court",  "place",  "terrace", "boulevard", "parkway",
                                         "circle", "st",     "ave",     "rd",        NULL };
    unsigned i;

    for (i = 0; kinds[i] != NULL && !slice_equal_fold(word, slice_from(kinds[i])); i++)
        ;
    return kinds[i] != NULL;
}

/* Back over a second number: "35 69 Gordon Terrace". */
static unsigned number_first(const struct deid_tokens *tokens, unsigned index)
{
    while (index > 0 && deid_like_gap(tokens, index - 1, " ")
           && deid_place_is_number(tokens, index - 1, 1, 5))
        index--;
    return index;
}

/* "4002 Erwin Rd": a number, capital words, a kind of street. */
static unsigned street_american(const struct deid_tokens *tokens, struct deid_spans *spans,
                                unsigned index)
{
    unsigned at = index + 1, end, capitals = 0;

    if (!is_house_number(tokens, index))
        return index;
    for (; at < tokens->count && at <= index + STREET_WORDS_MAX; at++) {
        const struct deid_token *token = &tokens->items[at];

        if (!is_street_gap(tokens, at - 1))
            return index;
        if (at > index + 1 && token->flags & DEID_WORD_STREET
            && (token->shape != DEID_SHAPE_LOWER
                || (capitals > 0 && is_long_kind(deid_token_text(tokens, at)))))
            break;
        capitals += deid_like_capital(tokens, at);
        if (!deid_like_capital(tokens, at)
            && !(deid_is_digit(tokens->text.data[token->start]) && token->shape == DEID_SHAPE_OTHER)
            && !(deid_hint_at(tokens, at) & DEID_HINT_PARTICLE))
            return index;
    }
    if (at >= tokens->count || at > index + STREET_WORDS_MAX)
        return index;
    end = at + 1;
    if (deid_like_gap(tokens, end - 1, " ") && tokens->items[end].shape == DEID_SHAPE_INITIAL
        && slice_find_byte(SLICE("NSEW"), deid_token_text(tokens, end).data[0]) < 4)
        end++;
    end = address_end(tokens, end);
    street_add(tokens, spans, number_first(tokens, index), end, DEID_SCORE_SHAPE);
    return end;
}

/* "PO Box 123", "P.O. Box 149", "PSC 1437, Box 3833". */
static unsigned street_box(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    unsigned first = index, end;
    struct slice word = deid_token_text(tokens, index);

    if (!(deid_hint_at(tokens, index) & DEID_HINT_UNIT) || index == 0
        || !slice_equal_fold(word, SLICE("box")) || !deid_place_is_number(tokens, index + 1, 1, 7)
        || deid_tokens_gap(tokens, index - 1).size > 2)
        return index;
    word = deid_token_text(tokens, index - 1);
    if (slice_equal_fold(word, SLICE("po")))
        first = index - 1;
    else if (slice_equal_fold(word, SLICE("o")) && index > 1)
        first = index - 2;
    else if (deid_place_is_number(tokens, index - 1, 1, 5) && index > 1
             && deid_hint_at(tokens, index - 2) & DEID_HINT_UNIT)
        first = index - 2;
    else
        return index;
    end = address_end(tokens, index + 2);
    street_add(tokens, spans, number_first(tokens, first), end, DEID_SCORE_SHAPE);
    return end;
}

/* The words behind "rue", "Calle", "ul.": up to the number, if it comes behind. */
static unsigned road_end(const struct deid_tokens *tokens, unsigned index)
{
    unsigned end = index + 1;

    while (end < tokens->count && end <= index + STREET_WORDS_MAX && is_street_gap(tokens, end - 1)
           && (deid_like_capital(tokens, end) || deid_hint_at(tokens, end) & DEID_HINT_PARTICLE
               || slice_find_byte(deid_token_text(tokens, end), '\'') == 1
               || (tokens->items[index].shape == DEID_SHAPE_LOWER
                   && tokens->items[end].shape == DEID_SHAPE_LOWER
                   && deid_like_at(tokens, end) >= DEID_LIKE_UNKNOWN)))
        end++;
    return end;
}

/* "36 rue de Pologne", "Rua Cidade Nova 12". */
static unsigned street_foreign(const struct deid_tokens *tokens, struct deid_spans *spans,
                               unsigned index)
{
    unsigned first = index, end;

    if (!(deid_hint_at(tokens, index) & DEID_HINT_ROAD))
        return index;
    end = road_end(tokens, index);
    if (end == index + 1)
        return index;
    if (index > 0 && deid_like_gap(tokens, index - 1, " ") && is_house_number(tokens, index - 1))
        first = number_first(tokens, index - 1);
    if (deid_like_gap(tokens, end - 1, " ") && deid_place_is_number(tokens, end, 1, 4))
        end++;
    else if (first == index)
        return index;
    end = address_end(tokens, end);
    street_add(tokens, spans, first, end, DEID_SCORE_LIST);
    return end;
}

/* "the corner of Main Street and 5th Avenue". */
static unsigned street_corner(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    unsigned first = index, end = index + 2, named = 0;

    if (!(deid_hint_at(tokens, index) & DEID_HINT_CORNER) || !deid_like_gap(tokens, index, " ")
        || !slice_is(deid_token_text(tokens, index + 1), "of"))
        return index;
    for (; end < tokens->count && end < index + CORNER_WORDS_MAX
           && deid_tokens_gap(tokens, end - 1).size <= 2
           && (deid_like_capital(tokens, end)
               || deid_is_digit(tokens->text.data[tokens->items[end].start])
               || slice_is(deid_token_text(tokens, end), "and")
               || deid_hint_at(tokens, end) & (DEID_HINT_PARTICLE | DEID_HINT_ROAD));
         end++)
        named += deid_like_capital(tokens, end)
                 || deid_is_digit(tokens->text.data[tokens->items[end].start]);
    if (named < 2)
        return index;
    if (first > 0 && slice_equal_fold(deid_token_text(tokens, first - 1), SLICE("the")))
        first--;
    street_add(tokens, spans, first, end, DEID_SCORE_LIST);
    return end;
}

/* "Harjukatu", "Semperweg", "Nybyv\xc3\xa4gen": the kind of street at the end of the word. */
static bool is_compound(struct slice word)
{
    static const char *const ends[] = {
        "gade",  "gata",         "gatan", "gate",          "gaten",   "vej",      "veien",
        "vegen", "v\xc3\xa4gen", "vegur", "stra\303\237e", "strasse", "str",      "weg",
        "gasse", "platz",        "allee", "laan",          "straat",  "plein",    "kade",
        "katu",  "kuja",         "tie",   "utca",          "ulica",   "terrasse",
    };
    size_t i, j;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct slice end = slice_from(ends[i]);

        if (word.size < end.size + 3)
            continue;
        for (j = 0; j < end.size; j++) {
            char c = word.data[word.size - end.size + j];
            if ((c >= 'A' && c <= 'Z' ? (c | 32) : c) != end.data[j])
                break;
        }
        if (j == end.size)
            return true;
    }
    return false;
}

/* Whether an address is announced before token @index: "lives on", "address is", "office is at". */
static bool is_address_before(const struct deid_tokens *tokens, unsigned index)
{
    unsigned back;

    for (back = 1; back <= 5 && back <= index; back++) {
        struct slice word = deid_token_text(tokens, index - back);

        if (deid_tokens_gap(tokens, index - back).size > 4)
            return false;
        if (slice_equal_fold(word, SLICE("address")) || slice_equal_fold(word, SLICE("lives"))
            || slice_equal_fold(word, SLICE("office")) || slice_equal_fold(word, SLICE("residence"))
            || slice_equal_fold(word, SLICE("resides")) || slice_equal_fold(word, SLICE("street"))
            || slice_equal_fold(word, SLICE("located")) || slice_equal_fold(word, SLICE("lived")))
            return true;
    }
    return false;
}

/* "Trenerys gate 232", "6750 Koskikatu 25 Apt. 864": words and a number behind them, where a number
 * before, the kind of street, a unit behind or an announcement says that it is a street. */
static unsigned street_numbered(const struct deid_tokens *tokens, struct deid_spans *spans,
                                unsigned index)
{
    unsigned first = index, number = index, at;
    bool is_told, is_kind = false, has_name = false;

    if (!deid_like_capital(tokens, index) || tokens->items[index].shape == DEID_SHAPE_INITIAL
        || deid_like_at(tokens, index) < DEID_LIKE_WORD
        || (index > 0 && deid_like_gap(tokens, index - 1, " ")
            && deid_like_capital(tokens, index - 1)))
        return index;
    while (number < tokens->count && number - index < STREET_WORDS_MAX
           && (number == index
               || (is_street_gap(tokens, number - 1)
                   && !(tokens->items[number - 1].shape == DEID_SHAPE_UPPER
                        && deid_like_gap(tokens, number - 1, ". "))))
           && (deid_like_capital(tokens, number)
               || deid_hint_at(tokens, number) & (DEID_HINT_PARTICLE | DEID_HINT_ROAD)
               || tokens->items[number].flags & DEID_WORD_STREET
               || is_compound(deid_token_text(tokens, number)))) {
        struct slice word = deid_token_text(tokens, number);

        is_kind |=
            is_compound(word) || (deid_hint_at(tokens, number) & DEID_HINT_ROAD && number > index);
        has_name |= deid_like_at(tokens, number) >= DEID_LIKE_EITHER;
        number++;
    }
    if (number == index
        || !(deid_like_gap(tokens, number - 1, " ") || deid_like_gap(tokens, number - 1, ". "))
        || !deid_place_is_number(tokens, number, 1, 4) || !(has_name || is_kind))
        return index;
    if (index > 0 && deid_like_gap(tokens, index - 1, " ")
        && deid_place_is_number(tokens, index - 1, 2, 5))
        first = number_first(tokens, index - 1);
    at = is_tail_gap_at(tokens, number + 1) ? unit_end(tokens, number + 1) : number + 1;
    is_told = first < index || at > number + 1 || is_address_before(tokens, index);
    if (!is_kind && !is_told)
        return index;
    at = address_end(tokens, number + 1);
    street_add(tokens, spans, first, at, is_kind ? DEID_SCORE_LIST : DEID_SCORE_WEAK);
    return at;
}

/* What leads to a place that has a house number: "at", "on", "to"; after "address is" and the like
 * too. */
static bool is_leading(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const words[] = { "at", "on", "to", "from", "is", "same", "with", NULL };
    struct slice word = deid_token_text(tokens, index);
    struct slice gap = deid_tokens_gap(tokens, index);

    if (!slice_is(gap, " ") && !slice_is(gap, ": "))
        return false;
    if (slice_is(word, "of"))
        return index > 0 && slice_is(deid_token_text(tokens, index - 1), "side");
    if (deid_scanner_is_one_of(word, words) && tokens->items[index].shape == DEID_SHAPE_LOWER)
        return slice_is(word, "at") || slice_is(word, "on") || slice_is(word, "to")
               || slice_is(word, "from") || is_address_before(tokens, index + 1);
    return slice_equal_fold(word, SLICE("address")) && slice_is(gap, ": ");
}

/* A word of an address that is only led to. */
static bool is_led_word(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (token->flags & (DEID_WORD_MONTH | DEID_WORD_WEEKDAY | DEID_WORD_LABEL | DEID_WORD_ID_LABEL))
        return false;
    return deid_like_capital(tokens, index)
           || (tokens->is_small && deid_like_at(tokens, index) >= DEID_LIKE_UNKNOWN)
           || deid_hint_at(tokens, index) & (DEID_HINT_PARTICLE | DEID_HINT_ROAD | DEID_HINT_UNIT)
           || token->flags & DEID_WORD_STREET || is_compound(deid_token_text(tokens, index));
}

/* Inside of it: "fejedelem", and "u." as other languages shorten what a street is. */
static bool is_led_inner(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].shape == DEID_SHAPE_LOWER
           && (deid_like_at(tokens, index) == DEID_LIKE_UNKNOWN
               || (deid_like_gap(tokens, index, ". ")
                   && tokens->items[index].end - tokens->items[index].start <= 4));
}

/* A house's number that is one: not an hour, a sum, a year that something began. */
static bool is_led_number(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const counted[] = { "am",   "pm",    "percent", "dollars", "euros", "years",
                                           "days", "hours", "minutes", "people",  NULL };
    struct slice word = deid_token_text(tokens, index);

    return is_house_number(tokens, index)
           && !(word.size == 4
                && (slice_starts_with(word, SLICE("19")) || slice_starts_with(word, SLICE("20"))))
           && !(index + 1 < tokens->count
                && deid_scanner_is_one_of(deid_token_text(tokens, index + 1), counted))
           && !(tokens->items[index].start > 0
                && strchr("$#:", tokens->text.data[tokens->items[index].start - 1]) != NULL)
           && !(tokens->items[index].end < tokens->text.size
                && strchr("%:", tokens->text.data[tokens->items[index].end]) != NULL);
}

/* Whether token @index may go on an address that is led to: @words so far, @numbers of them. */
static bool is_led_on(const struct deid_tokens *tokens, unsigned index, unsigned words,
                      unsigned numbers)
{
    if (is_led_number(tokens, index) || is_led_word(tokens, index)
        || (words > 0 && numbers == 0 && is_led_inner(tokens, index)))
        return true;
    return words == 1 && numbers == 0 && index + 1 < tokens->count
           && slice_is(deid_token_text(tokens, index), "and") && is_led_word(tokens, index + 1);
}

/* "at Rotonda Morgana 26", "to 5 Dolna": words that nobody knows and a number, where a place is led
 * to, in a text that has no medicine, hence no doses and scores, in it. */
static unsigned street_led(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    unsigned first = index + 1, end = first, numbers = 0, words = 0, odd = 0;

    if (first >= tokens->count || !is_leading(tokens, index))
        return index;
    while (end < tokens->count && end - first < CORNER_WORDS_MAX
           && (end == first || is_street_gap(tokens, end - 1))
           && is_led_on(tokens, end, words, numbers)) {
        bool is_number = is_led_number(tokens, end);

        numbers += is_number;
        words += !is_number;
        odd += !is_number && deid_like_at(tokens, end) >= DEID_LIKE_EITHER;
        end++;
    }
    if (numbers == 0 || odd == 0)
        return index;
    end = address_end(tokens, end);
    street_add(tokens, spans, first, end, DEID_SCORE_LIST);
    return end;
}

void deid_street_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    static const struct deid_finder finders[] = {
        { street_american, DEID_SHAPES(NUMBER) | DEID_SHAPES(OTHER), 0, 0 },
        { street_box, DEID_SHAPES_ALL, 0, DEID_HINT_UNIT },
        { street_foreign, DEID_SHAPES_ALL, 0, DEID_HINT_ROAD },
        { street_corner, DEID_SHAPES_ALL, 0, DEID_HINT_CORNER },
        { street_numbered, DEID_SHAPES_CAPITAL & ~DEID_SHAPES(INITIAL), 0, 0 },
        { street_led, DEID_SHAPES_ALL, 0, UINT32_MAX },
    };
    unsigned count = sizeof(finders) / sizeof(finders[0]);

    /* The last is for texts without medicine. */
    deid_finder_run(finders, tokens->is_plain ? count : count - 1, tokens, spans);
}
