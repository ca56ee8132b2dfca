#include "deid_token.h"

#define TOKENS_CAPACITY_FIRST 64

static enum deid_shape shape_of(struct slice word)
{
    size_t upper = 0, lower = 0, digits = 0, i;
    bool is_mixed = false;

    for (i = 0; i < word.size; i++) {
        char c = word.data[i];
        if (deid_is_digit(c))
            digits++;
        else if (c >= 'A' && c <= 'Z')
            upper++;
        else if (c >= 'a' && c <= 'z')
            lower++;
        else if (c != '\'')
            return DEID_SHAPE_OTHER;
        is_mixed |= digits > 0 && !deid_is_digit(c);
    }
    if (digits == word.size)
        return DEID_SHAPE_NUMBER;
    if (is_mixed)
        return DEID_SHAPE_OTHER;
    if (digits > 0)
        return word.data[0] >= 'A' && word.data[0] <= 'Z' && lower >= 1 && digits <= 4
                   ? DEID_SHAPE_DIGITAL
                   : DEID_SHAPE_OTHER;
    if (upper == 0)
        return DEID_SHAPE_LOWER;
    if (word.data[0] < 'A' || word.data[0] > 'Z')
        return DEID_SHAPE_OTHER;
    if (lower == 0)
        return upper == 1 ? DEID_SHAPE_INITIAL : DEID_SHAPE_UPPER;
    return DEID_SHAPE_CAPITAL;
}

/* The end of the word at @at: letters and digits, and apostrophes inside of it. */
static size_t word_end(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size) {
        char c = text.data[end];
        if (deid_is_word(c)) {
            end++;
            continue;
        }
        if (c != '\'' || end + 1 >= text.size || !deid_is_letter(text.data[end + 1]))
            break;
        if ((text.data[end + 1] | 32) == 's'
            && (end + 2 >= text.size || !deid_is_word(text.data[end + 2])))
            break; /* a possessive */
        end++;
    }
    return end;
}

static bool tokens_grow(struct deid_tokens *tokens, unsigned *capacity, struct arena *arena)
{
    unsigned larger = *capacity == 0 ? TOKENS_CAPACITY_FIRST : *capacity * 2;
    struct deid_token *items = arena_alloc(arena, larger * sizeof(*items));

    if (items == NULL)
        return false;
    if (tokens->count > 0)
        memcpy(items, tokens->items, tokens->count * sizeof(*items));
    tokens->items = items;
    *capacity = larger;
    return true;
}

enum status deid_tokens_read(struct slice folded, const struct deid_lexicon *lexicon,
                             struct arena *arena, struct deid_tokens *tokens, struct error *err)
{
    unsigned capacity = 0;
    size_t at = 0;

    *tokens = (struct deid_tokens){ .text = folded, .lexicon = lexicon };
    while (at < folded.size) {
        struct deid_token *token;
        struct slice word;
        size_t end;

        if (!deid_is_word(folded.data[at])) {
            at++;
            continue;
        }
        end = word_end(folded, at);
        if (tokens->count == capacity && !tokens_grow(tokens, &capacity, arena))
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the words of %zu bytes",
                             folded.size);
        word = slice_cut(folded, at, end);
        token = &tokens->items[tokens->count++];
        token->start = (uint32_t)at;
        token->end = (uint32_t)end;
        token->shape = shape_of(word);
        token->flags = token->shape == DEID_SHAPE_NUMBER ? 0 : deid_lexicon_find(lexicon, word);
        at = end;
        if (at + 1 < folded.size && folded.data[at] == '\'' && (folded.data[at + 1] | 32) == 's'
            && (at + 2 >= folded.size || !deid_is_word(folded.data[at + 2])))
            at += 2; /* the possessive is nobody's word */
    }
    return STATUS_OK;
}

struct slice deid_tokens_gap(const struct deid_tokens *tokens, unsigned index)
{
    if (index + 1 >= tokens->count)
        return slice_cut(tokens->text, tokens->text.size, tokens->text.size);
    return slice_cut(tokens->text, tokens->items[index].end, tokens->items[index + 1].start);
}

bool deid_token_is_capital(const struct deid_token *token)
{
    return token->shape == DEID_SHAPE_CAPITAL || token->shape == DEID_SHAPE_UPPER
           || token->shape == DEID_SHAPE_INITIAL || token->shape == DEID_SHAPE_DIGITAL;
}
