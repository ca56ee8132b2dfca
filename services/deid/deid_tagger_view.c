#include "deid_tagger_view.h"

enum gap {
    GAP_EDGE,
    GAP_NONE,
    GAP_BLANK,
    GAP_COMMA,
    GAP_STOP,
    GAP_LINE,
    GAP_PARAGRAPH,
    GAP_COLON,
    GAP_OPEN,
    GAP_CLOSE,
    GAP_HYPHEN,
    GAP_POSSESSIVE,
    GAP_SLASH,
    GAP_QUOTE,
    GAP_OTHER
};

static uint8_t gap_of_byte(char c)
{
    switch (c) {
    case ',':
    case ';':
        return GAP_COMMA;
    case '.':
    case '?':
    case '!':
        return GAP_STOP;
    case ':':
    case '=':
        return GAP_COLON;
    case '(':
    case '[':
    case '<':
    case '{':
        return GAP_OPEN;
    case ')':
    case ']':
    case '>':
    case '}':
        return GAP_CLOSE;
    case '-':
        return GAP_HYPHEN;
    case '/':
    case '\\':
    case '|':
    case '\t':
        return GAP_SLASH;
    case '"':
    case '\'':
        return GAP_QUOTE;
    default:
        return GAP_OTHER;
    }
}

/* One number for what stands between two tokens: line ends before marks, the first mark else. */
static uint8_t gap_of(struct slice gap)
{
    unsigned lines = 0, i, size = gap.size > 64 ? 64 : (unsigned)gap.size;
    uint8_t mark = GAP_BLANK;

    if (gap.size == 0)
        return GAP_NONE;
    if (gap.size == 1 && gap.data[0] == ' ')
        return GAP_BLANK;
    if (gap.size >= 2 && gap.data[0] == '\'' && (gap.data[1] | 32) == 's')
        return GAP_POSSESSIVE;
    for (i = 0; i < size; i++) {
        if (gap.data[i] == '\n')
            lines++;
        else if (gap.data[i] != ' ' && gap.data[i] != '\r' && mark == GAP_BLANK)
            mark = gap_of_byte(gap.data[i]);
    }
    if (lines > 1)
        return GAP_PARAGRAPH;
    if (lines == 1)
        return mark == GAP_COLON || mark == GAP_COMMA ? mark : GAP_LINE;
    return mark;
}

static unsigned step_of(unsigned value, unsigned few, unsigned some, unsigned many)
{
    return (value > few) + (value > some) + (value > many);
}

static uint32_t odds_of(const struct deid_facts *facts)
{
    int odds = facts->odds;
    unsigned side = odds < -48   ? 0
                    : odds < -24 ? 1
                    : odds < -8  ? 2
                    : odds < 0   ? 3
                    : odds == 0  ? 4
                    : odds < 8   ? 5
                    : odds < 20  ? 6
                                 : 7;

    return side | step_of(facts->given, 0, 4, 9) << 3 | step_of(facts->family, 0, 4, 9) << 5
           | step_of(facts->place, 0, 4, 8) << 7 | step_of(facts->word, 0, 4, 7) << 9;
}

#define KINDS                                                                                      \
    (DEID_WORD_TITLE | DEID_WORD_CREDENTIAL | DEID_WORD_KIN | DEID_WORD_LABEL | DEID_WORD_MONTH    \
     | DEID_WORD_WEEKDAY | DEID_WORD_STREET | DEID_WORD_FACILITY | DEID_WORD_FACILITY_PART         \
     | DEID_WORD_STATE | DEID_WORD_STATE_ABBR | DEID_WORD_EPONYM | DEID_WORD_EPONYM_AFTER          \
     | DEID_WORD_STOP | DEID_WORD_SALUTATION | DEID_WORD_ID_LABEL | DEID_WORD_MEDICAL              \
     | DEID_WORD_DRUG | DEID_WORD_COUNTRY | DEID_WORD_NATION | DEID_WORD_HOSPITAL                  \
     | DEID_WORD_ORGANISATION | DEID_WORD_STATE_FIRST)

/* Letters become 'a', digits '9', runs of more than three are cut: what a code looks like. */
static uint32_t pattern_of(struct slice word)
{
    uint32_t pattern = 1;
    unsigned run = 0;
    char last = 0;
    size_t i;

    for (i = 0; i < word.size && i < 24; i++) {
        char c = deid_is_digit(word.data[i]) ? '9' : deid_is_letter(word.data[i]) ? 'a' : '-';
        run = c == last ? run + 1 : 1;
        last = c;
        if (run <= 4)
            pattern = pattern * 31 + (unsigned char)c;
    }
    return pattern;
}

static uint32_t letters(const char *text, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, text, size);
    return value;
}

static void view_word(struct deid_view *view, const struct deid_lexicon *lexicon, struct slice word)
{
    char folded[DEID_WORDS_BYTES_MAX + 8];
    unsigned size = deid_words_fold(word, folded);
    const struct deid_facts *facts = deid_lexicon_facts(lexicon, word);

    view->odds = odds_of(facts);
    view->kind = facts->flags & KINDS;
    view->word = size == 0 ? 1 : (uint32_t)(deid_words_hash(folded, size) >> 20);
    if (size >= 3) {
        view->suffix = letters(folded + size - 3, 3);
        view->prefix = letters(folded, 3) | 0x01000000;
    }
    if (size >= 2)
        view->ending = letters(folded + size - 2, 2) | 0x02000000;
}

static void view_read(struct deid_view *view, const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    struct slice word = deid_token_text(tokens, index);

    *view = (struct deid_view){ .shape = (uint8_t)token->shape };
    if (deid_is_digit(word.data[0]) || token->shape == DEID_SHAPE_NUMBER)
        view->word = pattern_of(word);
    else
        view_word(view, tokens->lexicon, word);
    view->is_word = token->shape != DEID_SHAPE_NUMBER;
    view->is_capital = deid_token_is_capital(token);
    view->shape = (uint8_t)(view->shape | (word.size > 2) << 3 | (word.size > 5) << 4);
    view->gap = index == 0 ? (uint8_t)GAP_EDGE : gap_of(deid_tokens_gap(tokens, index - 1));
}

void deid_view_read(const struct deid_tokens *tokens, unsigned first, unsigned end,
                    struct deid_view *views)
{
    unsigned i;

    for (i = 0; i < end - first + 2 * DEID_VIEW_AROUND; i++) {
        if (first + i < DEID_VIEW_AROUND || first + i - DEID_VIEW_AROUND >= tokens->count)
            views[i] = (struct deid_view){ .shape = 31, .gap = GAP_EDGE };
        else
            view_read(&views[i], tokens, first + i - DEID_VIEW_AROUND);
    }
}

/* How the words around are written: all in capitals, each with one, or none. */
static uint32_t case_around(const struct deid_view *view)
{
    unsigned words = 0, capitals = 0, uppers = 0;
    int i;

    for (i = -DEID_VIEW_AROUND; i <= DEID_VIEW_AROUND; i++) {
        if (i == 0 || !view[i].is_word)
            continue;
        words++;
        capitals += view[i].is_capital;
        uppers += (view[i].shape & 7) == DEID_SHAPE_UPPER;
    }
    return (capitals == 0      ? 0
            : capitals < words ? 1
                               : 2)
           | (uppers == 0      ? 0u
              : uppers < words ? 4u
                               : 8u)
           | (words < 3 ? 16u : 0u);
}

struct features {
    uint32_t *at;
    uint32_t template;
    unsigned shift;
};

static inline void feature(struct features *features, uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t h = (a + (uint64_t)++features->template * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;

    h ^= h >> 32;
    h = (h + b + ((uint64_t)c << 32)) * 0xc4ceb9fe1a85ec53u;
    h ^= h >> 29;
    *features->at++ = (uint32_t)(h * 0x9e3779b97f4a7c15u >> features->shift);
}

void deid_view_features(const struct deid_view *v, unsigned bits, uint32_t out[DEID_VIEW_FEATURES])
{
    struct features f = { out, 0, 64 - bits };
    uint32_t s = v->shape, before = v[-1].shape, after = v[1].shape;
    uint32_t gaps = (uint32_t)v->gap << 8 | v[1].gap;

    feature(&f, 0, 0, 0);
    feature(&f, v->word, 0, 0);
    feature(&f, v[-1].word, 0, 0);
    feature(&f, v[1].word, 0, 0);
    feature(&f, v[-2].word, 0, 0);
    feature(&f, v[2].word, 0, 0);
    feature(&f, s, gaps, 0);
    feature(&f, s, before, v->gap);
    feature(&f, s, after, v[1].gap);
    feature(&f, s, before << 8 | after, gaps);
    feature(&f, v->odds, 0, 0);
    feature(&f, v->odds, s, 0);
    feature(&f, v->odds, v[-1].odds, v->gap);
    feature(&f, v->odds, v[1].odds, v[1].gap);
    feature(&f, v->kind, 0, 0);
    feature(&f, v->kind, s, gaps);
    feature(&f, v[-1].kind, v->gap, 0);
    feature(&f, v[1].kind, v[1].gap, 0);
    feature(&f, v[-1].kind, v->odds, v->gap);
    feature(&f, v[1].kind, v->odds, v[1].gap);
    feature(&f, v[-2].kind, v[-1].kind, v->gap);
    feature(&f, v[1].kind, v[2].kind, v[1].gap);
    feature(&f, v->suffix, 0, 0);
    feature(&f, v->suffix, s, 0);
    feature(&f, v->prefix, 0, 0);
    feature(&f, v->ending, v->odds, 0);
    feature(&f, v[-1].word, s, v->gap);
    feature(&f, v[1].word, s, v[1].gap);
    feature(&f, v[-1].word, v->odds, v->gap);
    feature(&f, v[1].word, v->odds, v[1].gap);
    feature(&f, v[-2].word, v[-1].word, s);
    feature(&f, v[1].word, v[2].word, s);
    feature(&f, v[-1].kind, s, v->gap);
    feature(&f, v[1].kind, s, v[1].gap);
    feature(&f, v[-1].word, v[1].word, s);
    feature(&f, case_around(v), s, v->gap);
    feature(&f, v->odds, gaps, s);
    feature(&f, v->odds, case_around(v), s);
}
