#include "deid_tagger_view.h"

#include <string.h>

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

/* A small number as a hash that goes well with others. */
static inline uint64_t mixed(uint64_t value, uint64_t salt)
{
    value = (value + salt) * 0xff51afd7ed558ccdu;
    value ^= value >> 32;
    return value * 0xc4ceb9fe1a85ec53u;
}

enum salt {
    SALT_ODDS = 1 << 24,
    SALT_KIND = 2 << 24,
    SALT_SHAPE = 3 << 24,
    SALT_GAP = 4 << 24,
    SALT_SUFFIX = 5 << 24,
    SALT_ENDING = 6 << 24,
    SALT_PREFIX = 7 << 24
};

/* Letters in small ones as a number; what is not ASCII stays. */
static uint32_t letters(const char *text, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        value |= (uint32_t)(c >= 'A' && c <= 'Z' ? c | 32 : c) << (8 * i);
    }
    return value;
}

static void view_spelling(struct deid_view *view, const char *word, unsigned size)
{
    if (size >= 3) {
        view->suffix = mixed(letters(word + size - 3, 3), (uint64_t)SALT_SUFFIX << 8);
        view->prefix = mixed(letters(word, 3), (uint64_t)SALT_PREFIX << 8);
    }
    if (size >= 2)
        view->ending = mixed(letters(word + size - 2, 2), (uint64_t)SALT_ENDING << 8);
}

static void view_facts(struct deid_view *view, const struct deid_facts *facts)
{
    view->odds = mixed(odds_of(facts), SALT_ODDS);
    view->kind = mixed(facts->flags & KINDS, (uint64_t)SALT_KIND << 8);
}

static const struct deid_facts unlisted;

void deid_view_hide(struct deid_view *view, bool is_spelling, bool is_unlisted)
{
    view->word = 0;
    if (is_spelling)
        view->suffix = view->ending = view->prefix = 0;
    if (is_unlisted)
        view_facts(view, &unlisted);
}

static void view_read(struct deid_view *view, const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    struct slice word = deid_token_text(tokens, index);
    unsigned shape = token->shape | (unsigned)(word.size > 2) << 3 | (unsigned)(word.size > 5) << 4;
    unsigned gap = index == 0 ? (unsigned)GAP_EDGE : gap_of(deid_tokens_gap(tokens, index - 1));

    *view = (struct deid_view){ .shape = mixed(shape, SALT_SHAPE), .gap = mixed(gap, SALT_GAP) };
    view->is_word = token->shape != DEID_SHAPE_NUMBER;
    view->is_capital = deid_token_is_capital(token);
    view->is_upper = token->shape == DEID_SHAPE_UPPER;
    if (deid_is_digit(word.data[0]) || token->shape == DEID_SHAPE_NUMBER) {
        view->word = mixed(pattern_of(word), 0);
        view_facts(view, &unlisted);
    } else if (token->hash != 0) {
        view_spelling(view, word.data, (unsigned)word.size);
        view->word = token->hash;
        view_facts(view, token->facts);
    } else {
        char folded[DEID_WORDS_BYTES_MAX + 8];
        unsigned size = deid_words_fold(word, folded);

        view_spelling(view, folded, size);
        view->word = size == 0 ? 1 : deid_words_hash(folded, size);
        view_facts(view, token->facts);
    }
}

void deid_view_read(const struct deid_tokens *tokens, unsigned first, unsigned end,
                    struct deid_view *views)
{
    unsigned i;

    for (i = 0; i < end - first + 2 * DEID_VIEW_AROUND; i++) {
        if (first + i < DEID_VIEW_AROUND || first + i - DEID_VIEW_AROUND >= tokens->count)
            views[i] = (struct deid_view){ .shape = mixed(31, SALT_SHAPE),
                                           .gap = mixed(GAP_EDGE, SALT_GAP) };
        else
            view_read(&views[i], tokens, first + i - DEID_VIEW_AROUND);
    }
}

/* How the words around are written: all in capitals, each with one, or none. */
static uint64_t case_around(const struct deid_view *view)
{
    unsigned words = 0, capitals = 0, uppers = 0, value;
    int i;

    for (i = -DEID_VIEW_AROUND; i <= DEID_VIEW_AROUND; i++) {
        unsigned counts = i != 0 && view[i].is_word;

        words += counts;
        capitals += counts & view[i].is_capital;
        uppers += counts & view[i].is_upper;
    }
    value = (capitals == 0      ? 0
             : capitals < words ? 1
                                : 2)
            | (uppers == 0      ? 0u
               : uppers < words ? 4u
                                : 8u)
            | (words < 3 ? 16u : 0u);
    return mixed(value, 0);
}

static inline uint64_t turned(uint64_t value, unsigned by)
{
    return value << by | value >> (64 - by);
}

struct features {
    uint32_t *at;
    uint64_t salt;
    unsigned shift;
};

static inline void feature(struct features *features, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t h = a + turned(b, 21) + turned(c, 43) + features->salt;

    features->salt += 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
    *features->at++ = (uint32_t)(h * 0xd6e8feb86659fd93u >> features->shift);
}

void deid_view_features(const struct deid_view *v, unsigned bits, uint32_t out[DEID_VIEW_FEATURES])
{
    struct features f = { out, 0, 64 - bits };
    uint64_t s = v->shape, before = v[-1].shape, after = v[1].shape, gap = v->gap, next = v[1].gap;
    uint64_t gaps = gap + turned(next, 11), around = case_around(v);

    feature(&f, 0, 0, 0);
    feature(&f, v->word, 0, 0);
    feature(&f, v[-1].word, 0, 0);
    feature(&f, v[1].word, 0, 0);
    feature(&f, v[-2].word, 0, 0);
    feature(&f, v[2].word, 0, 0);
    feature(&f, s, gaps, 0);
    feature(&f, s, before, gap);
    feature(&f, s, after, next);
    feature(&f, s, before + turned(after, 7), gaps);
    feature(&f, v->odds, 0, 0);
    feature(&f, v->odds, s, 0);
    feature(&f, v->odds, v[-1].odds, gap);
    feature(&f, v->odds, v[1].odds, next);
    feature(&f, v->kind, 0, 0);
    feature(&f, v->kind, s, gaps);
    feature(&f, v[-1].kind, gap, 0);
    feature(&f, v[1].kind, next, 0);
    feature(&f, v[-1].kind, v->odds, gap);
    feature(&f, v[1].kind, v->odds, next);
    feature(&f, v[-2].kind, v[-1].kind, gap);
    feature(&f, v[1].kind, v[2].kind, next);
    feature(&f, v->suffix, 0, 0);
    feature(&f, v->suffix, s, 0);
    feature(&f, v->prefix, 0, 0);
    feature(&f, v->ending, v->odds, 0);
    feature(&f, v[-1].word, s, gap);
    feature(&f, v[1].word, s, next);
    feature(&f, v[-1].word, v->odds, gap);
    feature(&f, v[1].word, v->odds, next);
    feature(&f, v[-2].word, v[-1].word, s);
    feature(&f, v[1].word, v[2].word, s);
    feature(&f, v[-1].kind, s, gap);
    feature(&f, v[1].kind, s, next);
    feature(&f, v[-1].word, v[1].word, s);
    feature(&f, around, s, gap);
    feature(&f, v->odds, gaps, s);
    feature(&f, v->odds, around, s);
}
