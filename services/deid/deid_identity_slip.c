#include "deid_identity_slip.h"

#include <string.h>

#include "deid_like.h"
#include "deid_plain.h"

#define CUT_BYTES_MIN 6    /* of the whole word */
#define JOINED_BYTES_MIN 8 /* of both */
#define PART_BYTES_MIN 3   /* of each */
#define SHORT_BYTES 4      /* of a known word that is too short to be near to others */
#define BESIDE_BYTES_MIN 3
#define BESIDE_KNOWN_BYTES_MIN 4
#define BESIDE_WORD_BYTES_MIN 5 /* of what is an ordinary word and has a capital */

/* In no list but those of names. */
static bool is_no_word(const struct deid_token *token)
{
    return !(token->flags & ~(uint32_t)DEID_WORD_NAME);
}

static bool is_of_letters(const struct deid_token *token)
{
    return token->shape != DEID_SHAPE_NUMBER && token->shape != DEID_SHAPE_INITIAL;
}

bool deid_identity_slip_is_cut(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    char joined[DEID_KNOWN_WORD_BYTES_MAX], plain[DEID_KNOWN_WORD_BYTES_MAX];
    struct slice first = deid_token_text(tokens, index), second;

    if (index + 1 >= tokens->count || !(is_no_word(token) || is_no_word(token + 1))
        || !is_of_letters(token) || !is_of_letters(token + 1)
        || !slice_is(deid_tokens_gap(tokens, index), " "))
        return false;
    second = deid_token_text(tokens, index + 1);
    if (first.size + second.size < CUT_BYTES_MIN || first.size + second.size > sizeof(joined))
        return false;
    memcpy(joined, first.data, first.size);
    memcpy(joined + first.size, second.data, second.size);
    return deid_identity_word(identity,
                              deid_plain(slice_of(joined, first.size + second.size), plain))
           != NULL;
}

bool deid_identity_slip_is_joined(const struct deid_identity *identity,
                                  const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    char buffer[DEID_KNOWN_WORD_BYTES_MAX];
    struct slice word = deid_token_text(tokens, index), plain;

    if (!is_no_word(token) || !is_of_letters(token) || word.size < JOINED_BYTES_MIN
        || word.size > sizeof(buffer))
        return false;
    plain = deid_plain(word, buffer);
    for (size_t at = PART_BYTES_MIN; at + PART_BYTES_MIN <= plain.size; at++) {
        const struct deid_known_word *first = deid_identity_word(identity, slice_cut(plain, 0, at));
        const struct deid_known_word *second =
            first == NULL ? NULL : deid_identity_word(identity, slice_cut(plain, at, plain.size));

        if (second != NULL && !(first->is_common && second->is_common))
            return true;
    }
    return false;
}

static bool is_short_known(const struct deid_identity *identity, struct slice plain)
{
    const struct deid_known_word *known =
        plain.size == SHORT_BYTES ? deid_identity_word(identity, plain) : NULL;

    return known != NULL && !known->is_common;
}

/* Whether @plain, with one letter of it changed, or left out, or two swapped, is one. */
static bool is_short_near(const struct deid_identity *identity, struct slice plain)
{
    char made[SHORT_BYTES + 1];

    for (size_t at = 0; at < plain.size; at++) {
        memcpy(made, plain.data, plain.size);
        if (plain.size > SHORT_BYTES) {
            memmove(made + at, made + at + 1, plain.size - at - 1);
            if (is_short_known(identity, slice_of(made, SHORT_BYTES)))
                return true;
            continue;
        }
        for (made[at] = 'a'; made[at] <= 'z'; made[at]++)
            if (is_short_known(identity, slice_of(made, SHORT_BYTES)))
                return true;
        if (at + 1 == plain.size)
            break;
        made[at] = plain.data[at + 1];
        made[at + 1] = plain.data[at];
        if (is_short_known(identity, slice_of(made, SHORT_BYTES)))
            return true;
    }
    return false;
}

bool deid_identity_slip_is_short(const struct deid_identity *identity,
                                 const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    char buffer[DEID_KNOWN_WORD_BYTES_MAX];
    struct slice word = deid_token_text(tokens, index);

    return token->shape == DEID_SHAPE_CAPITAL && token->flags == 0 && word.size >= SHORT_BYTES
           && word.size <= SHORT_BYTES + 1 && deid_like_at(tokens, index) == DEID_LIKE_UNKNOWN
           && !deid_like_product(tokens, index)
           && is_short_near(identity, deid_plain(word, buffer));
}

static bool is_near(const struct deid_identity *identity, struct slice plain)
{
    for (uint32_t i = 0; i < identity->words_count; i++) {
        struct slice known = identity->words[i].word;

        if (known.size >= BESIDE_KNOWN_BYTES_MIN && known.size <= plain.size + 1
            && plain.size <= known.size + 1
            && (known.data[0] == plain.data[0]
                || known.data[known.size - 1] == plain.data[plain.size - 1])
            && deid_near_distance(known, plain, 1) <= 1)
            return true;
    }
    return false;
}

bool deid_identity_slip_is_beside(const struct deid_identity *identity,
                                  const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    char buffer[DEID_KNOWN_WORD_BYTES_MAX];
    struct slice word = deid_token_text(tokens, index), plain;

    if (!is_of_letters(token) || word.size < BESIDE_BYTES_MIN || word.size > sizeof(buffer))
        return false;
    plain = deid_plain(word, buffer);
    if (deid_identity_word(identity, plain) != NULL)
        return true;
    return (is_no_word(token)
            || (deid_token_is_capital(token) && word.size >= BESIDE_WORD_BYTES_MIN
                && !(token->flags & DEID_WORD_STOP)))
           && is_near(identity, plain);
}
