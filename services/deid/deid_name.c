#include "deid_name.h"

#include "deid_finder.h"
#include "deid_like.h"
#include "deid_name_odd.h"
#include "deid_place.h"
#include "deid_run.h"
#include "deid_scanner.h"

#define NAME_WORDS_MAX 5
#define FAMILY_COMMON 8 /* a surname of many: White, Good */
#define GIVEN_COMMON 6
#define WRAP_COLUMN 50 /* a line that was broken because it was full is longer than this */

static bool is_title(const struct deid_tokens *tokens, unsigned index)
{
    return index < tokens->count && tokens->items[index].flags & DEID_WORD_TITLE;
}

/* Whether the end of token @index's line is where a writer's margin is. */
static bool is_line_full(const struct deid_tokens *tokens, unsigned index)
{
    size_t at = tokens->items[index].end, start = at;

    while (start > 0 && at - start <= WRAP_COLUMN && tokens->text.data[start - 1] != '\n')
        start--;
    return at - start > WRAP_COLUMN;
}

/* Whether the name may go on from word @index to the next: a blank, a hyphen, an initial's period,
 * the end of a full line. */
static bool is_joined(const struct deid_tokens *tokens, unsigned index, bool is_wrapped)
{
    struct slice gap = deid_tokens_gap(tokens, index);
    bool is_short = tokens->items[index].shape == DEID_SHAPE_INITIAL
                    || tokens->items[index].end - tokens->items[index].start == 2;

    if (index + 1 >= tokens->count)
        return false;
    return slice_is(gap, " ") || slice_is(gap, "-") || slice_is(gap, "'")
           || (is_short && (slice_is(gap, ". ") || slice_is(gap, ".")))
           || (is_wrapped && slice_is(gap, "\n") && is_line_full(tokens, index));
}

/* A word that a name may begin with where something says that one begins. */
static bool is_first_word(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_facts *facts;

    if (index >= tokens->count || !deid_like_capital(tokens, index))
        return false;
    switch (deid_like_at(tokens, index)) {
    case DEID_LIKE_NEVER:
    case DEID_LIKE_WORD:
        facts = deid_like_facts(tokens, index);
        return facts->flags & DEID_WORD_NAME && facts->given + facts->family >= FAMILY_COMMON;
    default:
        return true;
    }
}

/* A word that it may go on with. */
static bool is_next_word(const struct deid_tokens *tokens, unsigned index, unsigned words)
{
    if (deid_hint_at(tokens, index) & DEID_HINT_SUFFIX)
        return true;
    if (!deid_like_capital(tokens, index))
        return false;
    if (tokens->items[index].flags & DEID_WORD_FACILITY
        || deid_hint_at(tokens, index) & DEID_HINT_DEED)
        return false;
    return deid_like_at(tokens, index) >= DEID_LIKE_EITHER
           || (words == 1 && is_first_word(tokens, index));
}

static bool is_initial(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].shape == DEID_SHAPE_INITIAL
           && !slice_is(deid_token_text(tokens, index), "I");
}

/* "Okonkwo-Bright", "Hae-Won": a word with a capital behind the hyphen of a name is of the name. */
static bool is_hyphened(const struct deid_tokens *tokens, unsigned index)
{
    return deid_like_gap(tokens, index, "-") && deid_like_shape(tokens, index) == DEID_SHAPE_CAPITAL
           && deid_like_shape(tokens, index + 1) == DEID_SHAPE_CAPITAL
           && !(tokens->items[index + 1].flags & DEID_WORD_CREDENTIAL);
}

unsigned deid_name_end(const struct deid_tokens *tokens, unsigned first, bool is_wrapped)
{
    unsigned at = first, end = first, words = 0;

    while (at < tokens->count && words < NAME_WORDS_MAX) {
        bool is_particle = deid_hint_at(tokens, at) & DEID_HINT_PARTICLE;

        if (is_initial(tokens, at)
            || (words == 0 ? is_first_word(tokens, at) : is_next_word(tokens, at, words))
            || (words > 0 && is_hyphened(tokens, at - 1))) {
            words++;
            end = at + 1;
        } else if (!is_particle || (words == 0 && deid_like_capital(tokens, at) == false)) {
            break;
        }
        if (!is_joined(tokens, at, is_wrapped))
            break;
        at++;
    }
    return end;
}

void deid_name_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                   unsigned end, float score)
{
    uint32_t stop;

    if (end <= first)
        return;
    while (end < tokens->count && is_hyphened(tokens, end - 1))
        end++;
    while (first > 0 && is_hyphened(tokens, first - 1))
        first--;
    stop = tokens->items[end - 1].end;
    /* "John P." with its period. */
    if (tokens->items[end - 1].shape == DEID_SHAPE_INITIAL && end - first > 1
        && stop < tokens->text.size && tokens->text.data[stop] == '.')
        stop++;
    deid_spans_add(spans, (struct deid_span){ tokens->items[first].start, stop, DEID_CLASS_NAME,
                                              DEID_FORM_PERSON, score });
}

static bool has_word(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    for (; first < end; first++)
        if (tokens->items[first].shape != DEID_SHAPE_INITIAL)
            return true;
    return false;
}

/* A listed name in small letters, where something says that a name stands there. */
static unsigned name_end_lower(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end = first;

    while (end < tokens->count && end < first + 3 && tokens->items[end].shape == DEID_SHAPE_LOWER
           && deid_like_at(tokens, end) == DEID_LIKE_NAME
           && (end == first || deid_like_gap(tokens, end - 1, " ")
               || deid_like_gap(tokens, end - 1, "-")))
        end++;
    return end;
}

/* "dr", "mrs": what is nothing else, in small letters too. */
static bool is_title_alone(struct slice title)
{
    for (size_t i = 0; i < title.size; i++)
        if (strchr("aeiou", title.data[i]) != NULL)
            return false;
    return true;
}

/* "dr olufsen": the name in small letters behind a title that is nothing else. */
static unsigned name_end_titled(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end;

    if (first >= tokens->count || tokens->items[first].shape != DEID_SHAPE_LOWER
        || deid_like_at(tokens, first) < DEID_LIKE_EITHER
        || deid_hint_at(tokens, first) & DEID_HINT_DEED)
        return first;
    end = first + 1;
    return deid_like_gap(tokens, first, " ") || deid_like_gap(tokens, first, "-")
               ? name_end_lower(tokens, end)
               : end;
}

/* Between a title and its name. */
static bool is_title_gap(struct slice gap)
{
    return slice_is(gap, " ") || slice_is(gap, ". ") || slice_is(gap, ".") || slice_is(gap, ".\n")
           || slice_is(gap, "\n") || slice_is(gap, ".  ");
}

/* "Drs. Smith and Jones": the second. */
static void name_after_and(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned end)
{
    unsigned last;

    if (end + 1 >= tokens->count || !slice_is(deid_token_text(tokens, end), "and")
        || !deid_like_gap(tokens, end - 1, " ") || !deid_like_gap(tokens, end, " ")
        || !deid_like_capital(tokens, end + 1) || deid_like_at(tokens, end + 1) < DEID_LIKE_EITHER)
        return;
    last = deid_name_end(tokens, end + 1, true);
    deid_name_add(tokens, spans, end + 1, last, DEID_SCORE_LIST);
}

/* "Dr. Quill will": a word of English behind a title, and then what somebody does. */
static unsigned word_end(const struct deid_tokens *tokens, unsigned first)
{
    if (first + 1 >= tokens->count || deid_like_shape(tokens, first) != DEID_SHAPE_CAPITAL
        || deid_like_at(tokens, first) != DEID_LIKE_WORD
        || tokens->items[first].flags
               & (DEID_WORD_MEDICAL | DEID_WORD_DRUG | DEID_WORD_FACILITY | DEID_WORD_STOP)
        || !deid_like_gap(tokens, first, " ")
        || !(deid_hint_at(tokens, first + 1) & DEID_HINT_DEED))
        return first;
    return first + 1;
}

/* "Ms. Lucinda Farthingale has": a word of English behind one given name, and then what somebody
 * does. */
static unsigned surname_end(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    if (end == first)
        return word_end(tokens, first);
    if (end != first + 1 || end >= tokens->count || !deid_like_gap(tokens, first, " ")
        || !(tokens->items[first].flags & DEID_WORD_GIVEN)
        || deid_like_shape(tokens, end) != DEID_SHAPE_CAPITAL
        || tokens->items[end].flags & (DEID_WORD_MEDICAL | DEID_WORD_DRUG | DEID_WORD_FACILITY)
        || !deid_like_gap(tokens, end, " ") || !(deid_hint_at(tokens, end + 1) & DEID_HINT_DEED))
        return end;
    return end + 1;
}

/* "Mr. de la Cruz": to the word that the name ends with; @first where none follows. */
static unsigned over_particles(const struct deid_tokens *tokens, unsigned first)
{
    unsigned at = first;

    while (at < tokens->count && at < first + 3 && tokens->items[at].shape == DEID_SHAPE_LOWER
           && deid_hint_at(tokens, at) & DEID_HINT_PARTICLE && deid_like_gap(tokens, at, " "))
        at++;
    return at < tokens->count && deid_like_capital(tokens, at) ? at : first;
}

/* "trace MR. Duke criteria not met": an abbreviation at the end of a sentence, and a thing. */
static bool is_end_of_sentence(const struct deid_tokens *tokens, unsigned index, unsigned end)
{
    return tokens->items[index].shape == DEID_SHAPE_UPPER && end < tokens->count
           && tokens->items[end].shape == DEID_SHAPE_LOWER
           && tokens->items[index].flags & DEID_WORD_MEDICAL
           && deid_like_before_thing(tokens, end - 1);
}

/* "Dr. Priya Subramanian", "mr smith", "Dr. A.". */
static unsigned name_titled(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    unsigned first = index + 1, end;

    if (!is_title(tokens, index) || !is_title_gap(deid_tokens_gap(tokens, index)))
        return index;
    while (is_title(tokens, first) && is_title_gap(deid_tokens_gap(tokens, first)))
        first++;
    if (tokens->items[index].shape == DEID_SHAPE_LOWER) {
        bool is_alone = is_title_alone(deid_token_text(tokens, index));

        end = is_alone ? name_end_titled(tokens, first) : name_end_lower(tokens, first);
        if (end == first)
            end = deid_name_end(tokens, first, true);
        if (end > first && has_word(tokens, first, end))
            deid_name_add(tokens, spans, is_alone ? index : first, end, DEID_SCORE_LABEL);
        return end > first ? end : index;
    }
    end = surname_end(tokens, first, deid_name_end(tokens, over_particles(tokens, first), true));
    if (end == first || is_end_of_sentence(tokens, index, end)
        || (!has_word(tokens, first, end)
            && tokens->items[index].end - tokens->items[index].start > 4))
        return index;
    deid_name_add(tokens, spans, index, end, DEID_SCORE_LABEL);
    name_after_and(tokens, spans, end);
    return end;
}

/* Hope, Faith, Will: more often a word, but the name of many. */
static bool is_common_given(const struct deid_tokens *tokens, unsigned index)
{
    return deid_like_shape(tokens, index) == DEID_SHAPE_CAPITAL
           && deid_like_facts(tokens, index)->given >= GIVEN_COMMON;
}

/* "his twin, Zephyr, had": a word with a capital between commas says who that is. */
static bool is_apposed(const struct deid_tokens *tokens, unsigned index)
{
    return deid_like_gap(tokens, index - 1, ", ") && deid_like_gap(tokens, index, ", ")
           && tokens->items[index].shape == DEID_SHAPE_CAPITAL
           && deid_like_at(tokens, index) == DEID_LIKE_WORD && deid_hint_at(tokens, index) == 0
           && !(tokens->items[index].flags & (DEID_WORD_MEDICAL | DEID_WORD_STOP));
}

/* "wife Carla", "Husband (Devon", "mother, Folake Okonkwo", "her son michael". */
static unsigned name_of_kin(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    struct slice gap = slice_trim(deid_tokens_gap(tokens, index));
    unsigned first = index + 1, end;

    if (!(tokens->items[index].flags & DEID_WORD_KIN) || first >= tokens->count
        || !(gap.size == 0 || slice_is(gap, ",") || slice_is(gap, "(") || slice_is(gap, ":")
             || slice_is(gap, "-"))
        || deid_tokens_gap(tokens, index).size > 12
        || deid_place_listed(tokens, index, DEID_WORD_EPONYM) > first) /* Sister Mary Joseph */
        return index;
    if (tokens->items[first].shape == DEID_SHAPE_LOWER)
        end = gap.size == 0 ? name_end_lower(tokens, first) : first;
    else if (is_apposed(tokens, first))
        end = first + 1;
    else if ((deid_like_at(tokens, first) < DEID_LIKE_EITHER && !is_common_given(tokens, first))
             || (deid_like_shape(tokens, first) == DEID_SHAPE_UPPER
                 && deid_like_at(tokens, first) == DEID_LIKE_UNKNOWN)
             || (gap.size > 0 && deid_like_at(tokens, first) == DEID_LIKE_EITHER
                 && deid_like_facts(tokens, first)->given == 0))
        return index;
    else
        end = deid_name_end(tokens, first, true);
    deid_name_add(tokens, spans, first, end, DEID_SCORE_LIST);
    return end > first ? end : index;
}

/* Over "is", "was", "as", "by" and a colon after "named", "name", "known", "goes". */
static unsigned skip_naming(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const words[] = { "is",  "are", "was",  "as", "by", "me",
                                         "him", "her", "name", "to", NULL };
    unsigned count, i;

    for (count = 0; count < 2 && index < tokens->count; count++) {
        for (i = 0; words[i] != NULL; i++)
            if (slice_is(deid_token_text(tokens, index), words[i]))
                break;
        if (words[i] == NULL || deid_tokens_gap(tokens, index).size > 3)
            break;
        index++;
    }
    return index;
}

/* "named Robert K.", "her maiden name is Nyberg", "customer Georgia", "Patient Minh Khai". */
static unsigned name_said(const struct deid_tokens *tokens, struct deid_spans *spans,
                          unsigned index)
{
    uint32_t hints = deid_hint_at(tokens, index);
    struct slice gap = deid_tokens_gap(tokens, index);
    unsigned first = index + 1, end;

    if (!(hints & (DEID_HINT_NAMED | DEID_HINT_ROLE)) || gap.size == 0 || gap.size > 2
        || (gap.data[0] != ' ' && gap.data[0] != ':')
        || (hints & DEID_HINT_ROLE && gap.data[0] == ':'))
        return index;
    if (hints & DEID_HINT_NAMED)
        first = skip_naming(tokens, first);
    if (first >= tokens->count)
        return index;
    if (tokens->items[first].shape == DEID_SHAPE_LOWER)
        end = hints & DEID_HINT_NAMED ? name_end_lower(tokens, first) : first;
    else if ((deid_like_at(tokens, first) < DEID_LIKE_EITHER
              && !(hints & DEID_HINT_NAMED && is_common_given(tokens, first)))
             || (deid_like_shape(tokens, first) == DEID_SHAPE_UPPER
                 && deid_like_at(tokens, first) != DEID_LIKE_NAME))
        return index;
    else
        end = deid_name_end(tokens, first, false);
    if (end > first && deid_like_eponym(tokens, end - 1))
        return index;
    deid_name_add(tokens, spans, first, end, DEID_SCORE_LIST);
    return end > first ? end : index;
}

/* Back from a credential over the words of a name. */
static unsigned credential_start(const struct deid_tokens *tokens, unsigned index)
{
    unsigned first = index;

    while (first > 0 && index - first < 4) {
        unsigned at = first - 1;
        bool is_particle = first < index && deid_hint_at(tokens, at) & DEID_HINT_PARTICLE;

        if (first < index && !is_joined(tokens, at, false))
            break;
        if (!is_initial(tokens, at) && !is_particle && !is_first_word(tokens, at)
            && !(deid_hint_at(tokens, at) & DEID_HINT_SUFFIX)
            && !(deid_like_shape(tokens, at) == DEID_SHAPE_CAPITAL
                 && deid_like_at(tokens, at) == DEID_LIKE_WORD))
            break;
        first = at;
    }
    while (first < index
           && (!deid_like_capital(tokens, first) || deid_like_at(tokens, first) == DEID_LIKE_WORD))
        first++;
    return first;
}

/* "Maeve Kowalski, MD", "S. Olufemi RN": the words before a credential. */
static unsigned name_with_credential(const struct deid_tokens *tokens, struct deid_spans *spans,
                                     unsigned index)
{
    struct slice gap;
    unsigned first;

    if (index == 0)
        return index;
    gap = deid_tokens_gap(tokens, index - 1);
    if (!slice_is(gap, ", ") && !slice_is(gap, " ") && !slice_is(gap, ","))
        return index;
    first = credential_start(tokens, index);
    if (first < index && has_word(tokens, first, index)
        && (index - first > 1
            || (tokens->items[first].flags & DEID_WORD_NAME
                && deid_like_at(tokens, first) >= DEID_LIKE_EITHER)))
        deid_name_add(tokens, spans, first, index, DEID_SCORE_LABEL);
    return index; /* another may begin with the credential itself */
}

/* "RN Johnson", "NP: Lee": a credential in front. */
static unsigned name_after_credential(const struct deid_tokens *tokens, struct deid_spans *spans,
                                      unsigned index)
{
    unsigned end;

    if (!(tokens->items[index].flags & DEID_WORD_CREDENTIAL)
        || tokens->items[index].shape != DEID_SHAPE_UPPER || index + 1 >= tokens->count
        || !(deid_like_gap(tokens, index, " ") || deid_like_gap(tokens, index, ": "))
        || deid_like_at(tokens, index + 1) < DEID_LIKE_EITHER
        || !(tokens->items[index + 1].flags & DEID_WORD_NAME)
        || deid_like_shape(tokens, index + 1) != DEID_SHAPE_CAPITAL)
        return index;
    end = deid_name_end(tokens, index + 1, false);
    deid_name_add(tokens, spans, index + 1, end, DEID_SCORE_LABEL);
    return end;
}

/* "by Osei-Bonsu, Kwaku", "with Adeyemi, Tola": before a surname and what may be a name. */
static bool is_named_by(const struct deid_tokens *tokens, unsigned index)
{
    if (deid_like_at(tokens, index + 1) < DEID_LIKE_EITHER)
        return false;
    while (index > 0 && is_hyphened(tokens, index - 1))
        index--;
    return index > 0 && deid_hint_at(tokens, index - 1) & DEID_HINT_WITH;
}

/* "Smith, John", "Osei-Bonsu, Kwaku": a comma between a surname and a given name. */
static unsigned name_turned(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    unsigned tail = index, end;
    const struct deid_token *last, *first;

    if (!deid_like_capital(tokens, index))
        return index;
    while (is_hyphened(tokens, tail))
        tail++;
    last = &tokens->items[tail];
    first = last + 1;
    if (tail + 1 >= tokens->count
        || !(deid_like_gap(tokens, tail, ", ") || deid_like_gap(tokens, tail, ","))
        || !deid_like_capital(tokens, tail) || !deid_like_capital(tokens, tail + 1)
        || !(first->flags & DEID_WORD_GIVEN || is_named_by(tokens, tail))
        || first->flags & DEID_WORD_STATE
        || last->flags & (DEID_WORD_STATE | DEID_WORD_COUNTRY | DEID_WORD_STOP)
        || deid_like_at(tokens, tail) < DEID_LIKE_EITHER
        || deid_like_at(tokens, tail + 1) < DEID_LIKE_EITHER
        || !(last->flags & DEID_WORD_FAMILY || deid_like_at(tokens, tail) == DEID_LIKE_UNKNOWN))
        return index;
    if (last->flags & DEID_WORD_PLACE && first->flags & DEID_WORD_PLACE)
        return index;
    if (index > 0 && deid_like_capital(tokens, index - 1) && is_joined(tokens, index - 1, false)
        && !(deid_hint_at(tokens, index - 1) & (DEID_HINT_ROLE | DEID_HINT_NAMED)))
        return index; /* a list of whole names */
    end = deid_name_end(tokens, tail + 1, false);
    deid_name_add(tokens, spans, index, end, DEID_SCORE_LIST);
    return end;
}

/* "Will says", "Hope denies": a name that is more often a word, in front of what only somebody
 * does. */
static unsigned name_doing(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    static const char *const deeds[] = { "says",   "denies",  "reports",   "states", "complains",
                                         "thinks", "feels",   "wants",     "lives",  "agrees",
                                         "admits", "refuses", "endorses",  "smokes", "drinks",
                                         "works",  "knows",   "remembers", NULL };

    if (index + 1 >= tokens->count || !is_common_given(tokens, index)
        || !deid_like_starts(tokens, index) || !deid_like_gap(tokens, index, " ")
        || tokens->items[index].flags & (DEID_WORD_MEDICAL | DEID_WORD_DRUG)
        || !deid_scanner_is_one_of(deid_token_text(tokens, index + 1), deeds))
        return index;
    deid_name_add(tokens, spans, index, index + 1, DEID_SCORE_SHAPE);
    return index + 1;
}

void deid_name_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    static const struct deid_finder finders[] = {
        { name_with_credential, DEID_SHAPES_ALL & ~DEID_SHAPES(LOWER), DEID_WORD_CREDENTIAL, 0 },
        { name_titled, DEID_SHAPES_ALL, DEID_WORD_TITLE, 0 },
        { name_of_kin, DEID_SHAPES_ALL, DEID_WORD_KIN, 0 },
        { name_after_credential, DEID_SHAPES(UPPER), DEID_WORD_CREDENTIAL, 0 },
        { deid_name_odd_numbered, DEID_SHAPES(DIGITAL), 0, 0 },
        { name_turned, DEID_SHAPES_CAPITAL, 0, 0 },
        { name_said, DEID_SHAPES_ALL, 0, DEID_HINT_NAMED | DEID_HINT_ROLE },
        { deid_name_odd_masked, DEID_SHAPES(INITIAL), 0, 0 },
        { deid_name_odd_encoded, DEID_SHAPES_CAPITAL & ~DEID_SHAPES(INITIAL), 0, 0 },
        { name_doing, DEID_SHAPES(CAPITAL) | DEID_SHAPES(OTHER), 0, 0 },
        { deid_run_weigh, DEID_SHAPES_CAPITAL, 0, 0 },
        { deid_run_weigh_small, DEID_SHAPES(LOWER), DEID_WORD_GIVEN, 0 },
    };

    deid_finder_run(finders, sizeof(finders) / sizeof(finders[0]), tokens, spans);
}
