#include "deid_doubt.h"

#include <string.h>

#include "deid_facility.h"
#include "deid_like.h"
#include "deid_place.h"
#include "deid_scanner.h"
#include "deid_tagger.h"

#define SENTENCE_TOKENS_MAX 64 /* on either side of the word in doubt */
#define RANGE_TOKENS_MAX (2 * SENTENCE_TOKENS_MAX + 1)

/* Margins that are enough, in the tagger's units of a sixteenth of a nat. */
#define MARGIN_NAME 12
#define MARGIN_PLAIN 0 /* where there is no medicine that a name could be taken for */
#define MARGIN_SURE 48 /* and for words in small letters */
#define MARGIN_LED 32
#define MARGIN_AGAINST_WEAK (-20)
#define MARGIN_AGAINST_LIST (-36)
#define MARGIN_AGAINST_THING (-16) /* before what things are called after people */
#define MARGIN_AGAINST_PLAIN (-80)
#define ODDS_NAME 16        /* quarters of a bit: a name even where a product would stand */
#define MARGIN_INSIDE (-16) /* beside a word that is in */

/* Which tokens are part of a span. NULL: no room. */
static uint8_t *tokens_found(const struct deid_tokens *tokens, const struct deid_spans *spans)
{
    uint8_t *is_found = arena_alloc_zero(spans->arena, tokens->count + 1, 1);
    unsigned i, t;

    for (i = 0; is_found != NULL && i < spans->count; i++)
        for (t = deid_token_at(tokens, spans->items[i].start);
             t < tokens->count && tokens->items[t].start < spans->items[i].end; t++)
            is_found[t] = 1;
    return is_found;
}

/* A word of a place's name that is a word of English as well. */
static bool is_place_word(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].flags
               & (DEID_WORD_FACILITY | DEID_WORD_ORGANISATION | DEID_WORD_STREET
                  | DEID_WORD_HOSPITAL | DEID_WORD_PLACE)
           && !deid_like_starts(tokens, index);
}

/* "at", "to our": a house or a town may follow, whatever it is called. */
static bool is_led(const struct deid_tokens *tokens, unsigned index)
{
    unsigned back = index;

    if (back > 0 && deid_hint_at(tokens, back - 1) & DEID_HINT_OUR
        && deid_like_gap(tokens, back - 1, " "))
        back--;
    return back > 0 && deid_hint_at(tokens, back - 1) & DEID_HINT_AT
           && deid_like_gap(tokens, back - 1, " ")
           && !slice_is(deid_token_text(tokens, back - 1), "of");
}

static bool is_in_doubt(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (token->shape == DEID_SHAPE_LOWER)
        return tokens->is_small && token->flags & DEID_WORD_NAME
               && deid_like_at(tokens, index) == DEID_LIKE_NAME;
    if (token->shape == DEID_SHAPE_NUMBER || !deid_like_capital(tokens, index)
        || token->shape == DEID_SHAPE_INITIAL)
        return false;
    return deid_like_at(tokens, index) >= DEID_LIKE_EITHER || is_place_word(tokens, index)
           || is_led(tokens, index);
}

/* "Schistosoma mansoni": two words in no list, the second small. */
static bool is_species(const struct deid_tokens *tokens, unsigned index)
{
    return !tokens->is_plain && index + 1 < tokens->count && deid_like_gap(tokens, index, " ")
           && tokens->items[index + 1].shape == DEID_SHAPE_LOWER
           && deid_like_at(tokens, index) == DEID_LIKE_UNKNOWN
           && deid_like_at(tokens, index + 1) == DEID_LIKE_UNKNOWN;
}

/* What the tagger is not asked about. */
static bool is_settled(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (deid_like_gap(tokens, index, "-")
        && deid_is_digit(tokens->text.data[tokens->items[index + 1].start]))
        return true; /* "Jo-1" */
    return token->shape == DEID_SHAPE_NUMBER
           || token->flags
                  & (DEID_WORD_DRUG | DEID_WORD_NATION | DEID_WORD_MONTH | DEID_WORD_WEEKDAY
                     | DEID_WORD_ID_LABEL)
           || (token->flags & DEID_WORD_MEDICAL && !(token->flags & DEID_WORD_NAME)
               && !is_led(tokens, index))
           || deid_hint_at(tokens, index) & DEID_HINT_WARD || deid_like_eponym(tokens, index)
           || is_species(tokens, index)
           || (!tokens->is_plain && token->flags & DEID_WORD_EPONYM
               && !(token->flags & (DEID_WORD_HOSPITAL | DEID_WORD_PLACE)))
           || (!tokens->is_plain && index > 0
               && deid_place_listed(tokens, index - 1, DEID_WORD_COUNTRY) > index)
           || (!tokens->is_plain && deid_like_product(tokens, index)
               && deid_like_facts(tokens, index)->odds < ODDS_NAME)
           || (!tokens->is_plain && token->flags & (DEID_WORD_COUNTRY | DEID_WORD_STATE));
}

/* Where little speaks for a name and much else is written so: an abbreviation, the first word of a
 * sentence on whatever is in no list. */
static bool is_doubtful(const struct deid_tokens *tokens, unsigned index)
{
    if (tokens->is_plain)
        return false;
    return deid_like_shape(tokens, index) == DEID_SHAPE_UPPER
           || (deid_like_at(tokens, index) <= DEID_LIKE_UNKNOWN && deid_like_starts(tokens, index))
           || deid_like_at(tokens, index) <= DEID_LIKE_WORD;
}

static bool is_in(const struct deid_tokens *tokens, unsigned index,
                  const struct deid_tagged *tagged, bool is_beside)
{
    int need = tokens->is_plain ? MARGIN_PLAIN : MARGIN_NAME;

    if (is_beside)
        return tagged->margin > MARGIN_INSIDE && tagged->tag != DEID_TAG_OUTSIDE;
    if (is_settled(tokens, index))
        return false;
    if (is_doubtful(tokens, index))
        need = is_led(tokens, index) ? MARGIN_LED : MARGIN_SURE;
    if (!deid_like_capital(tokens, index))
        need = tokens->is_small ? MARGIN_NAME : MARGIN_SURE;
    return tagged->margin > need;
}

static bool is_one_line(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);

    return gap.size <= 3 && slice_find_byte(gap, '\n') == gap.size;
}

static void tagged_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                       unsigned end, const struct deid_tagged *tagged)
{
    bool is_name = tagged->likely == DEID_TAG_NAME_BEGIN || tagged->likely == DEID_TAG_NAME_INSIDE;
    uint32_t stop = tokens->items[end - 1].end;

    if (!is_name
        && slice_starts_with(slice_cut(tokens->text, stop, tokens->text.size), SLICE("'s")))
        stop += 2; /* "St. Mary's" */
    deid_spans_add(spans,
                   (struct deid_span){ tokens->items[first].start, stop,
                                       is_name ? DEID_CLASS_NAME : DEID_CLASS_GEOGRAPHY,
                                       is_name ? DEID_FORM_PERSON : DEID_FORM_VALUE,
                                       is_name && tagged->margin > MARGIN_SURE ? DEID_SCORE_LIST
                                                                               : DEID_SCORE_WEAK });
}

/* A state or a country stays where there is medicine around it. */
static bool is_land(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    if (slice_equal_fold(deid_token_text(tokens, first), SLICE("the")) && first + 1 < end)
        first++;
    return !tokens->is_plain
           && deid_place_listed(tokens, first, DEID_WORD_COUNTRY | DEID_WORD_STATE) == end;
}

/* "Corvanta 180": one word and what it measures, where there is medicine; a street says more. */
static bool is_figure(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    return !tokens->is_plain && end == first + 2 && deid_place_is_number(tokens, end - 1, 1, 4)
           && !(first > 0 && deid_hint_at(tokens, first - 1) & (DEID_HINT_LIVES | DEID_HINT_AT));
}

/* The words that the tagger finds in [@first, @end), one span for those of one name. */
static void range_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                      unsigned end, const uint8_t *is_found, const struct deid_tagged *tagged)
{
    unsigned i, last;

    for (i = first; i < end; i = last) {
        last = i + 1;
        if (is_found[i] || !is_in(tokens, i, &tagged[i - first], false))
            continue;
        while (last < end && is_one_line(tokens, last - 1)
               && !deid_tag_is_begin(tagged[last - first].tag)
               && is_in(tokens, last, &tagged[last - first], true))
            last++;
        if (tagged[i - first].likely > DEID_TAG_NAME_INSIDE && tokens->is_plain)
            last = deid_place_postal_end(tokens, last);
        if (!is_land(tokens, i, last) && !is_figure(tokens, i, last)
            && (tagged[i - first].likely <= DEID_TAG_NAME_INSIDE
                || !(deid_facility_is_quoted(tokens, i) || deid_facility_is_source(tokens, last))))
            tagged_add(tokens, spans, i, last, &tagged[i - first]);
    }
}

static unsigned range_first(const struct deid_tokens *tokens, unsigned index, unsigned from)
{
    unsigned first = index;

    while (first > from && index - first < SENTENCE_TOKENS_MAX && !deid_like_starts(tokens, first))
        first--;
    return first;
}

static unsigned range_end(const struct deid_tokens *tokens, unsigned index)
{
    unsigned end = index + 1;

    while (end < tokens->count && end - index <= SENTENCE_TOKENS_MAX
           && !deid_like_starts(tokens, end))
        end++;
    return end;
}

/* "living in the": a place follows, whatever it is called. */
static bool is_home(const struct deid_tokens *tokens, unsigned index)
{
    for (unsigned back = 1; back <= 3 && back <= index; back++) {
        uint32_t hints = deid_hint_at(tokens, index - back);

        if (!deid_like_gap(tokens, index - back, " "))
            return false;
        if (hints & DEID_HINT_LIVES)
            return true;
        if (!(hints & (DEID_HINT_AT | DEID_HINT_OUR)))
            return false;
    }
    return false;
}

/* "Lee NPO for the OR", "Hernandez spiked": a surname that opens a sentence, and neither a finding
 * nor a thing behind it. */
static bool is_subject(const struct deid_tokens *tokens, const struct deid_span *span)
{
    static const char *const judged[] = {
        "positive", "negative", "pos",          "neg",       "normal",   "abnormal",  "intact",
        "absent",   "present",  "grade",        "type",      "class",    "stage",     "level",
        "low",      "high",     "moderate",     "pending",   "unlikely", "equivocal", "seen",
        "not",      "met",      "and",          "or",        "vs",       "versus",    "at",
        "with",     "x",        "noted",        "reviewed",  "used",     "placed",    "removed",
        "applied",  "deferred", "unremarkable", "discussed", NULL
    };
    unsigned first = deid_token_at(tokens, span->start),
             last = deid_token_at(tokens, span->end - 1);

    return span->class == DEID_CLASS_NAME && last + 1 < tokens->count
           && deid_like_starts(tokens, first) && deid_like_at(tokens, first) == DEID_LIKE_NAME
           && deid_like_gap(tokens, last, " ")
           && (tokens->items[last + 1].shape == DEID_SHAPE_LOWER
               || tokens->items[last + 1].shape == DEID_SHAPE_UPPER)
           && !(deid_hint_at(tokens, last + 1) & DEID_HINT_THING)
           && !(tokens->items[last + 1].flags & DEID_WORD_EPONYM_AFTER)
           && !deid_scanner_is_one_of(deid_token_text(tokens, last + 1), judged);
}

/* How sure the tagger has to be that what a rule found is none, by how sure the rule was; 0: it is
 * not asked. */
static int margin_against(const struct deid_tokens *tokens, const struct deid_span *span)
{
    unsigned last;

    if (span->class != DEID_CLASS_NAME && span->class != DEID_CLASS_GEOGRAPHY)
        return 0;
    if (is_subject(tokens, span))
        return 0;
    if (span->class == DEID_CLASS_GEOGRAPHY && is_home(tokens, deid_token_at(tokens, span->start)))
        return 0;
    if (tokens->is_plain)
        return span->score <= DEID_SCORE_WEAK ? MARGIN_AGAINST_PLAIN : 0;
    if (span->score <= DEID_SCORE_WEAK)
        return MARGIN_AGAINST_WEAK;
    last = deid_token_at(tokens, span->end - 1);
    if (span->score <= DEID_SCORE_SHAPE && deid_like_gap(tokens, last, " ")
        && deid_hint_at(tokens, last + 1) & DEID_HINT_THING
        && tokens->items[last + 1].shape == DEID_SHAPE_LOWER)
        return MARGIN_AGAINST_THING;
    return span->score <= DEID_SCORE_LIST ? MARGIN_AGAINST_LIST : 0;
}

/* Whether the tagger takes no word of @span for a part of an identifier. */
static bool is_refuted(const struct deid_tokens *tokens, const struct deid_span *span, int against)
{
    struct deid_tagged tagged[RANGE_TOKENS_MAX];
    unsigned index = deid_token_at(tokens, span->start), first = range_first(tokens, index, 0),
             end = range_end(tokens, index);

    deid_tagger_run(deid_tagger_ours(), tokens, first, end, tagged);
    for (; index < tokens->count && tokens->items[index].start < span->end; index++)
        if (index >= end || tagged[index - first].margin > against)
            return false;
    return true;
}

/* Whether token @index is a word of medicine; of a house's name ("Oncology") it may be a part. */
static bool is_medical(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].flags & (DEID_WORD_MEDICAL | DEID_WORD_DRUG)
           && !(deid_hint_at(tokens, index) & DEID_HINT_TRADE);
}

/* "MRI Brain", "Acute Bronchitis": a word of medicine behind nothing but such, or written out
 * behind words of English, none of them of a name or of what houses are called. */
static bool is_medicine(const struct deid_tokens *tokens, const struct deid_span *span)
{
    unsigned first = deid_token_at(tokens, span->start), end, medical = 0;

    for (end = first; end < tokens->count && tokens->items[end].start < span->end; end++) {
        if (tokens->items[end].flags
                & (DEID_WORD_NAME | DEID_WORD_PLACE | DEID_WORD_FACILITY | DEID_WORD_FACILITY_PART
                   | DEID_WORD_ORGANISATION | DEID_WORD_HOSPITAL | DEID_WORD_STREET)
            || deid_hint_at(tokens, end) & (DEID_HINT_HOUSE | DEID_HINT_FIRM | DEID_HINT_HEAD)
            || deid_like_at(tokens, end) > DEID_LIKE_WORD)
            return false;
        medical += is_medical(tokens, end);
    }
    return end > first && is_medical(tokens, end - 1)
           && (medical == end - first || tokens->items[end - 1].shape == DEID_SHAPE_CAPITAL);
}

/* Whether the words of [@first, @end) are in a phrase that a thing is called by: "Sister
 * Mary Joseph"; where there is no medicine, not its first ones: people are called "Miller" too. */
static bool is_in_phrase(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    for (unsigned back = tokens->is_plain; back <= 2 && back <= first; back++) {
        unsigned stop = deid_place_listed(tokens, first - back, DEID_WORD_EPONYM);

        if (stop >= end && stop > first - back + 1)
            return true;
    }
    return false;
}

/* "Mallory-Weiss tears", "the Jackson-Pratt": what the tagger takes for somebody and is a thing's
 * name, with nothing in front that says of a person. */
static bool is_namesake(const struct deid_tokens *tokens, const struct deid_span *span)
{
    uint32_t people = DEID_WORD_TITLE | DEID_WORD_KIN | DEID_WORD_SALUTATION | DEID_WORD_LABEL;
    unsigned first = deid_token_at(tokens, span->start),
             end = deid_token_at(tokens, span->end - 1) + 1;

    if (span->class != DEID_CLASS_NAME)
        return false;
    if (is_in_phrase(tokens, first, end))
        return true;
    return !tokens->is_plain
           && (deid_like_is_articled(tokens, first, end)
               || (deid_like_is_eponymous(tokens, first, end)
                   && !(first > 0 && tokens->items[first - 1].flags & people)));
}

void deid_doubt_clear(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from)
{
    unsigned count = from;

    for (unsigned i = from; i < spans->count; i++)
        if (!is_medicine(tokens, &spans->items[i]) && !is_namesake(tokens, &spans->items[i]))
            spans->items[count++] = spans->items[i];
    spans->count = count;
}

void deid_doubt_settle(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from)
{
    unsigned count = from;

    for (unsigned i = from; i < spans->count; i++) {
        int against = margin_against(tokens, &spans->items[i]);

        if (against == 0 || !is_refuted(tokens, &spans->items[i], against))
            spans->items[count++] = spans->items[i];
    }
    spans->count = count;
}

void deid_doubt_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    struct deid_tagged tagged[RANGE_TOKENS_MAX];
    uint8_t *is_found = tokens_found(tokens, spans);
    unsigned i, from = 0;

    if (is_found == NULL) {
        spans->is_full = true;
        return;
    }
    for (i = 0; i < tokens->count; i++) {
        unsigned first, end;

        if (is_found[i] || !is_in_doubt(tokens, i) || is_settled(tokens, i))
            continue;
        first = range_first(tokens, i, from);
        end = range_end(tokens, i);
        deid_tagger_run(deid_tagger_ours(), tokens, first, end, tagged);
        range_add(tokens, spans, first, end, is_found, tagged);
        from = end;
        i = end - 1;
    }
}
