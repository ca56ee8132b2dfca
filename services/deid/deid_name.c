#include "deid_name.h"

#include <string.h>

#define NAME_WORDS_MAX 4

static const struct deid_token *token_at(const struct deid_tokens *tokens, unsigned index)
{
    return index < tokens->count ? &tokens->items[index] : NULL;
}

static bool gap_is(const struct deid_tokens *tokens, unsigned index, const char *string)
{
    return index + 1 < tokens->count && slice_is(deid_tokens_gap(tokens, index), string);
}

bool deid_name_is_eponym(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    unsigned at;

    if (token->flags & DEID_WORD_TITLE)
        return false;
    for (at = index + 1; at < tokens->count && at <= index + 2; at++) {
        struct slice gap = deid_tokens_gap(tokens, at - 1);
        if (gap.size > 3 || slice_find_byte(gap, '\n') < gap.size
            || slice_find_byte(gap, '.') < gap.size)
            return false;
        if (tokens->items[at].flags & DEID_WORD_EPONYM_AFTER)
            return (token->flags & DEID_WORD_EPONYM) != 0 || at == index + 1;
        if (!(tokens->items[at].flags & DEID_WORD_EPONYM))
            break;
    }
    if (!(token->flags & DEID_WORD_EPONYM))
        return false;
    /* "Parkinson's", "a Foley": the possessive of a disease, or an article, and nobody's title
     * before it. */
    if (slice_starts_with(slice_cut(tokens->text, token->end, tokens->text.size), SLICE("'s")))
        return index == 0
               || !(tokens->items[index - 1].flags & (DEID_WORD_TITLE | DEID_WORD_GIVEN));
    if (index > 0) {
        struct slice before = deid_token_text(tokens, index - 1);
        return slice_equal_fold(before, SLICE("a")) || slice_equal_fold(before, SLICE("positive"))
               || slice_equal_fold(before, SLICE("negative"))
               || slice_equal_fold(before, SLICE("the"));
    }
    return false;
}

/* A word that can be part of a name because something beside it says so. */
static bool is_name_word(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = token_at(tokens, index);

    if (token == NULL || !deid_token_is_capital(token) || token->shape == DEID_SHAPE_INITIAL)
        return token != NULL && token->shape == DEID_SHAPE_OTHER
               && (unsigned char)tokens->text.data[token->start] >= 0x80;
    if (token->flags & DEID_WORD_NAME)
        return true;
    return !(token->flags
             & (DEID_WORD_STOP | DEID_WORD_MONTH | DEID_WORD_WEEKDAY | DEID_WORD_CREDENTIAL
                | DEID_WORD_FACILITY | DEID_WORD_TITLE | DEID_WORD_ID_LABEL | DEID_WORD_LABEL));
}

/* Whether the name goes on from word @index to the next: a blank, a hyphen, an initial's period. */
static bool is_joined(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);
    bool is_initial = tokens->items[index].shape == DEID_SHAPE_INITIAL;

    if (index + 1 >= tokens->count)
        return false;
    return slice_is(gap, " ") || slice_is(gap, "-") || slice_is(gap, "'")
           || (is_initial && (slice_is(gap, ". ") || slice_is(gap, "."))) || slice_is(gap, "\n");
}

/* The end (past the last word) of the name that begins with word @index: name words, initials
 * between or after them, "de la". */
static unsigned name_end(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const particles[] = { "de", "la",  "del", "van", "von", "der", "den", "da",
                                             "di", "bin", "al",  "el",  "le",  "dos", NULL };
    unsigned at = index, end = index, words = 0;

    while (at < tokens->count && words < NAME_WORDS_MAX) {
        const struct deid_token *token = &tokens->items[at];
        bool is_particle = false;
        size_t i;

        for (i = 0; particles[i] != NULL && words > 0; i++)
            is_particle |= slice_is(deid_token_text(tokens, at), particles[i]);
        if (is_name_word(tokens, at)
            || (token->shape == DEID_SHAPE_INITIAL
                && !(words > 0 && slice_is(deid_token_text(tokens, at), "I")))) {
            words++;
            end = at + 1;
        } else if (!is_particle) {
            break;
        }
        if (!is_joined(tokens, at))
            break;
        if (slice_is(deid_tokens_gap(tokens, at), "\n")
            && !(at + 1 < tokens->count && tokens->items[at + 1].flags & DEID_WORD_FAMILY
                 && words == 1 && !(tokens->items[at + 1].flags & DEID_WORD_STOP)))
            break;
        at++;
    }
    return end;
}

static void name_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                     unsigned end, float score)
{
    uint32_t stop;

    if (end <= first)
        return;
    stop = tokens->items[end - 1].end;
    /* "John P." with its period, where it is not the end of the sentence's last word. */
    if (tokens->items[end - 1].shape == DEID_SHAPE_INITIAL && end - first > 1
        && stop < tokens->text.size && tokens->text.data[stop] == '.')
        stop++;
    deid_spans_add(spans, (struct deid_span){ tokens->items[first].start, stop, DEID_CLASS_NAME,
                                              DEID_FORM_PERSON, score });
}

static bool has_name(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    for (; first < end; first++)
        if (tokens->items[first].shape != DEID_SHAPE_INITIAL)
            return true;
    return false;
}

/* "Dr. Priya Subramanian", "mr smith" too where the word is in the lists. */
static unsigned name_titled(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);
    unsigned first = index + 1, end;

    if (!(tokens->items[index].flags & DEID_WORD_TITLE)
        || tokens->items[index].shape == DEID_SHAPE_LOWER || (gap.size > 3 && !slice_is(gap, ".\n"))
        || slice_find_byte(gap, ',') < gap.size)
        return index;
    while (first < tokens->count && tokens->items[first].flags & DEID_WORD_TITLE
           && gap_is(tokens, first, " "))
        first++;
    end = name_end(tokens, first);
    if (end > first && has_name(tokens, first, end)) {
        name_add(tokens, spans, first, end, DEID_SCORE_LABEL);
        return end;
    }
    return index;
}

/* "Patient: Marcus Hollingsworth", "Surgeon: Dr. Bo Tanaka", "PATIENT NAME: SMITH, JOHN". */
static unsigned name_labelled(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);
    unsigned first = index + 1, end;
    size_t colon = slice_find_byte(gap, ':');

    if (!(tokens->items[index].flags & DEID_WORD_LABEL) || colon == gap.size
        || slice_find_byte(gap, '\n') < gap.size)
        return index;
    while (first < tokens->count && tokens->items[first].flags & DEID_WORD_TITLE)
        first++;
    end = name_end(tokens, first);
    if (end <= first || !has_name(tokens, first, end)
        || (end - first == 1
            && tokens->items[first].flags & (DEID_WORD_STOP | DEID_WORD_EPONYM_AFTER)
            && !(tokens->items[first].flags & DEID_WORD_NAME)))
        return index;
    if (end - first == 1 && gap_is(tokens, first, ", ") && is_name_word(tokens, end))
        end = name_end(tokens, end);
    name_add(tokens, spans, first, end, DEID_SCORE_LABEL);
    return end;
}

/* "wife Carla", "Husband (Devon", "mother, Folake Okonkwo". */
static unsigned name_of_kin(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);
    unsigned end;

    if (!(tokens->items[index].flags & DEID_WORD_KIN)
        || !(slice_is(gap, " ") || slice_is(gap, ", ") || slice_is(gap, " (") || slice_is(gap, ": ")
             || slice_is(gap, "\n") || slice_is(gap, " - ")))
        return index;
    if (!is_name_word(tokens, index + 1) || (tokens->items[index + 1].flags & DEID_WORD_STOP)
        || (tokens->items[index + 1].shape == DEID_SHAPE_UPPER
            && !(tokens->items[index + 1].flags & DEID_WORD_NAME)))
        return index;
    end = name_end(tokens, index + 1);
    name_add(tokens, spans, index + 1, end, DEID_SCORE_LIST);
    return end;
}

/* "Maeve Kowalski, MD", "S. Olufemi RN": the words before a credential. */
static void name_with_credential(const struct deid_tokens *tokens, struct deid_spans *spans,
                                 unsigned index)
{
    unsigned first = index;
    struct slice gap;

    if (!(tokens->items[index].flags & DEID_WORD_CREDENTIAL)
        || tokens->items[index].shape == DEID_SHAPE_LOWER || index == 0)
        return;
    gap = deid_tokens_gap(tokens, index - 1);
    if (!slice_is(gap, ", ") && !slice_is(gap, " ") && !slice_is(gap, ","))
        return;
    while (first > 0 && index - first < 3) {
        const struct deid_token *token = &tokens->items[first - 1];
        if (!is_name_word(tokens, first - 1) && token->shape != DEID_SHAPE_INITIAL)
            break;
        first--;
        if (first > 0 && !is_joined(tokens, first - 1))
            break;
        if (first > 0 && slice_is(deid_tokens_gap(tokens, first - 1), "\n"))
            break;
    }
    if (first < index && has_name(tokens, first, index)
        && (index - first > 1 || tokens->items[first].flags & DEID_WORD_NAME))
        name_add(tokens, spans, first, index, DEID_SCORE_LABEL);
}

/* "RN Johnson", "NP Lee": a credential in front. */
static unsigned name_after_credential(const struct deid_tokens *tokens, struct deid_spans *spans,
                                      unsigned index)
{
    unsigned end;

    if (!(tokens->items[index].flags & DEID_WORD_CREDENTIAL)
        || tokens->items[index].shape != DEID_SHAPE_UPPER
        || !(gap_is(tokens, index, " ") || gap_is(tokens, index, ": "))
        || !is_name_word(tokens, index + 1) || !(tokens->items[index + 1].flags & DEID_WORD_NAME)
        || tokens->items[index + 1].shape == DEID_SHAPE_UPPER)
        return index;
    end = name_end(tokens, index + 1);
    name_add(tokens, spans, index + 1, end, DEID_SCORE_LABEL);
    return end;
}

/* "Smith, John": a comma between two listed names. */
static unsigned name_turned(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    const struct deid_token *last = &tokens->items[index];
    const struct deid_token *first = token_at(tokens, index + 1);
    unsigned end;

    if (first == NULL || !gap_is(tokens, index, ", ") || !deid_token_is_capital(last)
        || !deid_token_is_capital(first) || last->flags & DEID_WORD_STOP
        || last->shape == DEID_SHAPE_INITIAL || !(first->flags & DEID_WORD_GIVEN)
        || !(last->flags & DEID_WORD_FAMILY) || last->flags & (DEID_WORD_PLACE | DEID_WORD_STATE)
        || first->flags & DEID_WORD_STATE)
        return index;
    if (index > 0 && tokens->items[index - 1].flags & DEID_WORD_GIVEN
        && is_joined(tokens, index - 1))
        return index; /* a list of whole names */
    end = name_end(tokens, index + 1);
    name_add(tokens, spans, index, end, DEID_SCORE_LIST);
    return end;
}

/* A given name of the lists with what follows it, or two listed names together. */
static unsigned name_listed(const struct deid_tokens *tokens, struct deid_spans *spans,
                            unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    const struct deid_token *next = token_at(tokens, index + 1);
    unsigned end;
    bool is_next_name;

    if (!(token->flags & DEID_WORD_NAME) || !deid_token_is_capital(token)
        || token->shape == DEID_SHAPE_INITIAL)
        return index;
    end = name_end(tokens, index);
    is_next_name = end > index + 1 && next != NULL
                   && (next->flags & DEID_WORD_NAME || next->shape == DEID_SHAPE_INITIAL
                       || (end > index + 2 && tokens->items[index + 2].flags & DEID_WORD_NAME));
    if (deid_name_is_eponym(tokens, end - 1) || deid_name_is_eponym(tokens, index))
        return index;
    if (next != NULL && next->flags & (DEID_WORD_FACILITY | DEID_WORD_STREET)
        && gap_is(tokens, index, " ") && !(token->flags & DEID_WORD_GIVEN))
        return index;
    if (token->flags & DEID_WORD_GIVEN && end > index + 1
        && (is_next_name
            || (!(token->flags & (DEID_WORD_AMBIGUOUS | DEID_WORD_PLACE | DEID_WORD_STATE))
                && token->shape != DEID_SHAPE_UPPER))) {
        if (!is_next_name && next->flags & DEID_WORD_STOP)
            end = index + 1;
        name_add(tokens, spans, index, end, DEID_SCORE_LIST);
        return end;
    }
    if (token->flags & DEID_WORD_FAMILY && end > index + 1 && is_next_name
        && next->shape != DEID_SHAPE_INITIAL && !(token->flags & DEID_WORD_STOP)) {
        name_add(tokens, spans, index, end, DEID_SCORE_WEAK);
        return end;
    }
    if (token->flags & DEID_WORD_GIVEN
        && !(token->flags
             & (DEID_WORD_AMBIGUOUS | DEID_WORD_STOP | DEID_WORD_PLACE | DEID_WORD_STATE))
        && token->shape == DEID_SHAPE_CAPITAL) {
        name_add(tokens, spans, index, index + 1, DEID_SCORE_WEAK);
        return index + 1;
    }
    return index;
}

/* "P. Subramanian", "J Smith": an initial and a listed surname. */
static unsigned name_initialled(const struct deid_tokens *tokens, struct deid_spans *spans,
                                unsigned index)
{
    const struct deid_token *next = token_at(tokens, index + 1);

    if (tokens->items[index].shape != DEID_SHAPE_INITIAL || next == NULL
        || !gap_is(tokens, index, ". ") || !(next->flags & DEID_WORD_FAMILY)
        || next->flags & DEID_WORD_STOP || next->shape != DEID_SHAPE_CAPITAL
        || deid_name_is_eponym(tokens, index + 1))
        return index;
    name_add(tokens, spans, index, index + 2, DEID_SCORE_WEAK);
    return index + 2;
}

/* "Edythe31 Morar593": words with numbers at their ends, two of them or with a title. */
static unsigned name_numbered(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    unsigned end = index;

    if (token->shape != DEID_SHAPE_DIGITAL || token->end - token->start < 5)
        return index;
    while (end < tokens->count && tokens->items[end].shape == DEID_SHAPE_DIGITAL) {
        end++;
        if (!(gap_is(tokens, end - 1, " ") || gap_is(tokens, end - 1, "-")
              || gap_is(tokens, end - 1, "'")))
            break;
    }
    name_add(tokens, spans, index, end, end - index > 1 ? DEID_SCORE_LABEL : DEID_SCORE_WEAK);
    return end;
}

static unsigned name_at(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index)
{
    static unsigned (*const rules[])(const struct deid_tokens *, struct deid_spans *, unsigned) = {
        name_titled,   name_labelled, name_of_kin,     name_after_credential,
        name_numbered, name_turned,   name_initialled, name_listed
    };
    size_t i;

    name_with_credential(tokens, spans, index);
    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        unsigned end = rules[i](tokens, spans, index);
        if (end > index)
            return end;
    }
    return index + 1;
}

#define SEEN_MAX 64

/* The words of names found, to be looked for again: not common words, not initials. */
static unsigned seen_collect(const struct deid_tokens *tokens, const struct deid_spans *spans,
                             unsigned from, struct slice *seen)
{
    unsigned count = 0, i, t = 0;

    for (i = from; i < spans->count && count < SEEN_MAX; i++) {
        if (spans->items[i].score < DEID_SCORE_LIST)
            continue;
        while (t > 0 && tokens->items[t - 1].start >= spans->items[i].start)
            t--;
        while (t < tokens->count && tokens->items[t].start < spans->items[i].start)
            t++;
        for (; t < tokens->count && tokens->items[t].end <= spans->items[i].end && count < SEEN_MAX;
             t++)
            if (tokens->items[t].shape != DEID_SHAPE_INITIAL
                && tokens->items[t].end - tokens->items[t].start >= 3
                && !(tokens->items[t].flags & (DEID_WORD_STOP | DEID_WORD_TITLE)))
                seen[count++] = deid_token_text(tokens, t);
    }
    return count;
}

/* A name that was found once is that name wherever it stands, with a capital. */
static void name_again(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from)
{
    struct slice seen[SEEN_MAX];
    unsigned count = seen_collect(tokens, spans, from, seen), t, i;
    uint64_t firsts = 0;

    for (i = 0; i < count; i++)
        firsts |= 1ull << (seen[i].data[0] & 31);
    for (t = 0; t < tokens->count && count > 0; t++) {
        struct slice word = deid_token_text(tokens, t);

        if (!(firsts >> (word.data[0] & 31) & 1) || !deid_token_is_capital(&tokens->items[t])
            || deid_name_is_eponym(tokens, t))
            continue;
        for (i = 0; i < count; i++)
            if (slice_equal_fold(word, seen[i])) {
                name_add(tokens, spans, t, t + 1, DEID_SCORE_LIST);
                break;
            }
    }
}

void deid_name_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    unsigned from = spans->count, index = 0;

    while (index < tokens->count)
        index = name_at(tokens, spans, index);
    name_again(tokens, spans, from);
}
