/* The words and numbers of a folded text, with what the lists say of them. */
#ifndef DEID_TOKEN_H
#define DEID_TOKEN_H

#include "deid_lexicon.h"
#include "deid_normal.h"

enum deid_shape {
    DEID_SHAPE_LOWER,   /* word */
    DEID_SHAPE_CAPITAL, /* Word, McDonald */
    DEID_SHAPE_UPPER,   /* WORD */
    DEID_SHAPE_INITIAL, /* W */
    DEID_SHAPE_DIGITAL, /* Word123: letters, then digits, as synthetic names are written */
    DEID_SHAPE_OTHER,   /* not ASCII, or letters and digits mixed */
    DEID_SHAPE_NUMBER,  /* digits only */
};

struct deid_token {
    uint32_t start, end; /* of the folded text; "'s" at the end of a word is not part of it */
    uint32_t flags;      /* enum deid_word */
    enum deid_shape shape;
    uint64_t hash; /* of a word of ASCII letters as the lists know it (deid_words_hash); 0 of
                    * any other */
    const struct deid_facts *facts; /* what the lists know of it; never NULL */
};

struct deid_tokens {
    struct slice text; /* the folded text */
    const struct deid_lexicon *lexicon;
    struct deid_token *items;
    unsigned count;
    /* What deid_like_read saw in each word, or NULL before it: enum deid_hint, enum deid_like. */
    uint32_t *hints;
    uint8_t *likes;
    bool is_alone; /* the text belongs to no record; the caller says so, after deid_tokens_read */
    bool is_plain; /* next to no medicine in the text: a word in no list is then no drug */
    bool is_small; /* written without capitals */
};

enum status deid_tokens_read(struct slice folded, const struct deid_lexicon *lexicon,
                             struct arena *arena, struct deid_tokens *tokens, struct error *err);

static inline struct slice deid_token_text(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    return (struct slice){ tokens->text.data + token->start, token->end - token->start };
}

/* The first token that ends behind byte @at. */
unsigned deid_token_at(const struct deid_tokens *tokens, uint32_t at);

/* What stands between token @index and the next. Empty at the end. */
static inline struct slice deid_tokens_gap(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (index + 1 >= tokens->count)
        return slice_cut(tokens->text, tokens->text.size, tokens->text.size);
    return (struct slice){ tokens->text.data + token->end, token[1].start - token->end };
}

/* Whether token @index is the last of its line. */
static inline bool deid_token_ends_line(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);

    for (size_t i = 0; i < gap.size; i++)
        if (gap.data[i] == '\n')
            return true;
    return index + 1 >= tokens->count;
}

/* Whether it begins with a capital: Word, WORD, W, Word12. */
static inline bool deid_token_is_capital(const struct deid_token *token)
{
    return token->shape >= DEID_SHAPE_CAPITAL && token->shape <= DEID_SHAPE_DIGITAL;
}

static inline bool deid_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool deid_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

extern const uint8_t deid_token_kinds[256]; /* 0: what parts words */

/* A letter or a digit. */
static inline bool deid_is_word(char c)
{
    return deid_token_kinds[(uint8_t)c] != 0;
}

/* The words of a name or a value, one after another from *@at = 0; false at its end. */
static inline bool deid_next_word(struct slice text, size_t *at, struct slice *word)
{
    size_t start;

    while (*at < text.size && !deid_is_word(text.data[*at]))
        (*at)++;
    for (start = *at; *at < text.size && deid_is_word(text.data[*at]);)
        (*at)++;
    *word = slice_cut(text, start, *at);
    return word->size > 0;
}

#endif
