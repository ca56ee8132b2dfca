#include "deid_name_odd.h"

#include "deid_like.h"
#include "deid_name.h"

#define MASK_BYTES_MIN 2
#define ENCODED_BYTES_MIN 12

/* "Edythe31 Morar593": words with numbers at their ends, two of them or with a title. */
unsigned deid_name_odd_numbered(const struct deid_tokens *tokens, struct deid_spans *spans,
                                unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    unsigned end = index;

    if (token->shape != DEID_SHAPE_DIGITAL || token->end - token->start < 5)
        return index;
    while (end < tokens->count && tokens->items[end].shape == DEID_SHAPE_DIGITAL) {
        end++;
        if (!(deid_like_gap(tokens, end - 1, " ") || deid_like_gap(tokens, end - 1, "-")
              || deid_like_gap(tokens, end - 1, "'")))
            break;
    }
    deid_name_add(tokens, spans, index, end, end - index > 1 ? DEID_SCORE_LABEL : DEID_SCORE_WEAK);
    return end;
}

/* "A***** R*******": what a mask left of a name. */
unsigned deid_name_odd_masked(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index)
{
    size_t start = tokens->items[index].start, end = tokens->items[index].end, stars = 0;
    unsigned last = index;

    while (end < tokens->text.size && tokens->text.data[end] == '*') {
        end++;
        stars++;
    }
    if (stars < MASK_BYTES_MIN || tokens->items[index].shape != DEID_SHAPE_INITIAL)
        return index;
    deid_spans_add(spans, (struct deid_span){ (uint32_t)start, (uint32_t)end, DEID_CLASS_NAME,
                                              DEID_FORM_VALUE, DEID_SCORE_LABEL });
    while (last < tokens->count && tokens->items[last].start < end)
        last++;
    return last;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    return deid_is_digit(c) ? c - '0' + 52 : -1;
}

/* Whether @word is base64 of words: letters and blanks, one capital at least. */
static bool is_encoded_text(struct slice word)
{
    unsigned bits = 0, count = 0, capitals = 0;
    size_t i;

    for (i = 0; i < word.size; i++) {
        int value = base64_value(word.data[i]);
        unsigned char c;

        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        c = (unsigned char)(bits >> count);
        bits &= (1u << count) - 1;
        if (c != ' ' && c != '.' && c != '-' && c != '\'' && !((c | 32) >= 'a' && (c | 32) <= 'z'))
            return false;
        capitals += c >= 'A' && c <= 'Z';
    }
    return capitals > 0 && capitals <= 4;
}

/* "SmVzc2ljYSBQZXJleg==": a name in other letters. */
unsigned deid_name_odd_encoded(const struct deid_tokens *tokens, struct deid_spans *spans,
                               unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (token->end - token->start < ENCODED_BYTES_MIN || token->shape == DEID_SHAPE_LOWER
        || token->shape == DEID_SHAPE_NUMBER || token->flags != 0
        || !is_encoded_text(deid_token_text(tokens, index)))
        return index;
    deid_spans_add(spans, (struct deid_span){ token->start, token->end, DEID_CLASS_NAME,
                                              DEID_FORM_VALUE, DEID_SCORE_SHAPE });
    return index + 1;
}
