#include "deid_token.h"

#define TOKENS_CAPACITY_FIRST 64
#define PENDING_MAX 16 /* words whose place in the lists is being fetched */

/* What a byte is in a word. */
enum kind {
    KIND_LOWER = 1,
    KIND_UPPER = 2,
    KIND_DIGIT = 4,
    KIND_WIDE = 8, /* a byte of a character that is not ASCII */
    KIND_APOSTROPHE = 16,
    KIND_MIXED = 32, /* of a word: something follows a digit that is none */
};

/* clang-format off */
const uint8_t deid_token_kinds[256] = {
    ['0' ... '9'] = KIND_DIGIT, ['A' ... 'Z'] = KIND_UPPER, ['a' ... 'z'] = KIND_LOWER,
    [0x80 ... 0xff] = KIND_WIDE,
};
/* clang-format on */

/* A word on its way to its token. */
struct word {
    size_t start, end;
    unsigned kinds; /* of all of its bytes */
};

struct reader {
    const struct deid_lexicon *lexicon;
    struct deid_tokens *tokens;
    struct arena *arena;
    unsigned capacity;
    unsigned pending; /* the last so many tokens have no flags yet */
    uint64_t hashes[PENDING_MAX];
};

static unsigned digits_of(struct slice word)
{
    unsigned count = 0;

    for (size_t i = 0; i < word.size; i++)
        count += deid_is_digit(word.data[i]);
    return count;
}

static enum deid_shape shape_of(struct slice word, unsigned has)
{
    if ((has & ~(unsigned)KIND_APOSTROPHE) == KIND_LOWER)
        return DEID_SHAPE_LOWER;
    if (has == KIND_DIGIT)
        return DEID_SHAPE_NUMBER;
    if (has & (KIND_WIDE | KIND_MIXED))
        return DEID_SHAPE_OTHER;
    if (has & KIND_DIGIT)
        return word.data[0] >= 'A' && word.data[0] <= 'Z' && has & KIND_LOWER
                       && digits_of(word) <= 4
                   ? DEID_SHAPE_DIGITAL
                   : DEID_SHAPE_OTHER;
    if (word.data[0] < 'A' || word.data[0] > 'Z')
        return DEID_SHAPE_OTHER;
    if (has & KIND_LOWER)
        return DEID_SHAPE_CAPITAL;
    return word.size == 1 ? DEID_SHAPE_INITIAL : DEID_SHAPE_UPPER;
}

/* Whether the apostrophe at @at is inside of a word, and not the end of it or of a possessive. */
static bool is_inside(struct slice text, size_t at)
{
    if (at + 1 >= text.size || !deid_is_letter(text.data[at + 1]))
        return false;
    return (text.data[at + 1] | 32) != 's'
           || (at + 2 < text.size && deid_is_word(text.data[at + 2]));
}

/* The word at @start: letters and digits, and apostrophes inside of it. */
static struct word word_read(struct slice text, size_t start)
{
    unsigned has = 0;
    size_t end = start;

    for (;;) {
        unsigned kind = end < text.size ? deid_token_kinds[(uint8_t)text.data[end]] : 0;

        if (kind == 0) {
            if (end >= text.size || text.data[end] != '\'' || !is_inside(text, end))
                return (struct word){ start, end, has };
            kind = KIND_APOSTROPHE;
        }
        if (has & KIND_DIGIT && kind != KIND_DIGIT)
            has |= KIND_MIXED;
        has |= kind;
        end++;
    }
}

static bool tokens_grow(struct reader *reader)
{
    struct deid_tokens *tokens = reader->tokens;
    unsigned larger = reader->capacity == 0 ? TOKENS_CAPACITY_FIRST : reader->capacity * 2;
    struct deid_token *items = arena_alloc(reader->arena, larger * sizeof(*items));

    if (items == NULL)
        return false;
    if (tokens->count > 0)
        memcpy(items, tokens->items, tokens->count * sizeof(*items));
    tokens->items = items;
    reader->capacity = larger;
    return true;
}

/* The flags of the words whose places were being fetched. */
static void reader_flush(struct reader *reader)
{
    struct deid_token *token;

    if (reader->pending == 0)
        return;
    token = &reader->tokens->items[reader->tokens->count - reader->pending];
    for (unsigned i = 0; i < reader->pending; i++, token++)
        if (reader->hashes[i] != 0) {
            token->facts = deid_lexicon_facts_hashed(reader->lexicon, reader->hashes[i]);
            token->flags = token->facts->flags;
        }
    reader->pending = 0;
}

static bool token_add(struct reader *reader, const struct word *word)
{
    struct deid_tokens *tokens = reader->tokens;
    struct slice text = slice_cut(tokens->text, word->start, word->end);
    struct deid_token *token;
    uint64_t hash = 0;

    if (tokens->count == reader->capacity && !tokens_grow(reader))
        return false;
    token = &tokens->items[tokens->count++];
    *token = (struct deid_token){ .start = (uint32_t)word->start,
                                  .end = (uint32_t)word->end,
                                  .shape = shape_of(text, word->kinds),
                                  .facts = &reader->lexicon->facts[0] };
    if (!(word->kinds & ~(unsigned)(KIND_LOWER | KIND_UPPER))
        && text.size <= DEID_WORDS_BYTES_MAX) {
        char folded[DEID_WORDS_BYTES_MAX + 8];

        hash = deid_words_hash(folded, deid_words_fold(text, folded));
        token->hash = hash;
        deid_lexicon_prefetch(reader->lexicon, hash);
    } else if (word->kinds != KIND_DIGIT) {
        token->facts = deid_lexicon_facts(reader->lexicon, text);
        token->flags = token->facts->flags;
    }
    reader->hashes[reader->pending++] = hash;
    if (reader->pending == PENDING_MAX)
        reader_flush(reader);
    return true;
}

enum status deid_tokens_read(struct slice folded, const struct deid_lexicon *lexicon,
                             struct arena *arena, struct deid_tokens *tokens, struct error *err)
{
    struct reader reader = { .lexicon = lexicon, .tokens = tokens, .arena = arena };
    size_t at = 0;

    *tokens = (struct deid_tokens){ .text = folded, .lexicon = lexicon };
    while (at < folded.size) {
        struct word word;

        if (deid_token_kinds[(uint8_t)folded.data[at]] == 0) {
            at++;
            continue;
        }
        word = word_read(folded, at);
        if (!token_add(&reader, &word))
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the words of %zu bytes",
                             folded.size);
        at = word.end;
        if (at + 1 < folded.size && folded.data[at] == '\'' && (folded.data[at + 1] | 32) == 's'
            && (at + 2 >= folded.size || !deid_is_word(folded.data[at + 2])))
            at += 2; /* the possessive is nobody's word */
    }
    reader_flush(&reader);
    return STATUS_OK;
}

unsigned deid_token_at(const struct deid_tokens *tokens, uint32_t at)
{
    unsigned low = 0, high = tokens->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (tokens->items[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
