/* From the start of each word on, and back from its end: where the first or the last letters are
 * those of a value, its letters are read, whatever stands between them, and asked for up to each
 * end (or start) of a word. */
#include "deid_value.h"

#include <string.h>

#define LETTERS_MAX (DEID_VALUE_NEAR_BYTES_MAX + 1)
#define SEEN_MAX 16 /* values that were found at one place */

/* One place of a text that is looked at. */
struct look {
    const struct deid_values *values;
    struct slice text;
    struct deid_spans *spans;
    size_t start, end;    /* of what is looked at now */
    struct slice letters; /* of it, where it is one edit off; the key's end of them is right */
    bool is_back;         /* the key is the last letters */
    const struct deid_value *seen[SEEN_MAX];
    unsigned seen_count;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* A shorter number behind letters is a code's own. */
#define GLUED_DIGITS_MIN 6

/* How far apart the first and the last of @size letters may stand. */
static size_t span_max(size_t size)
{
    return size * 2 + 4;
}

static bool is_word_end(struct slice text, size_t end)
{
    return end >= text.size || !deid_is_word(text.data[end]);
}

static bool is_word_start(struct slice text, size_t start)
{
    return start == 0 || !deid_is_word(text.data[start - 1]);
}

/* A value is found at a place once, as it is rather than with an edit. */
static void found(struct look *look, const struct deid_value *value)
{
    for (unsigned i = 0; i < look->seen_count; i++)
        if (look->seen[i] == value)
            return;
    if (look->seen_count < SEEN_MAX)
        look->seen[look->seen_count++] = value;
    /* What can be read as a date is moved like one. */
    deid_spans_add(look->spans,
                   (struct deid_span){
                       (uint32_t)look->start, (uint32_t)look->end, value->class, DEID_FORM_VALUE,
                       value->class == DEID_CLASS_DATE ? DEID_SCORE_WEAK : DEID_SCORE_KNOWN });
}

/* ---- letter for letter ---- */

/* The letters of a text one by one, with their hash. */
struct letters {
    struct slice text;
    size_t at, count;
    uint64_t hash;
};

/* Go on to @count letters; false: the text has fewer, or they stand too far apart. */
static bool letters_take(struct letters *letters, size_t start, size_t count)
{
    size_t limit = start + span_max(count);

    while (letters->count < count && letters->at < letters->text.size && letters->at < limit) {
        char c = letters->text.data[letters->at++];

        if (!deid_is_word(c))
            continue;
        letters->hash = deid_value_hash_add(letters->hash, lower(c));
        letters->count++;
    }
    return letters->count == count;
}

static bool is_exact(const struct look *look, const struct deid_value *value)
{
    size_t count = 0;

    for (size_t at = look->start; at < look->end; at++)
        if (deid_is_word(look->text.data[at])
            && lower(look->text.data[at]) != value->squeezed.data[count++])
            return false;
    return true;
}

static void take_exact(void *data, const struct deid_value *value)
{
    struct look *look = data;
    char first = look->text.data[look->start];

    if ((!value->is_place || (first >= 'A' && first <= 'Z')) && is_exact(look, value))
        found(look, value);
}

/* Every size that a value with this key has. */
static void look_exact(struct look *look, const struct deid_value_key *key)
{
    const struct deid_value_index *index = &look->values->index;
    struct letters letters = { .text = look->text, .at = look->start };

    for (uint32_t i = key->sizes; i != 0; i = index->sizes[i - 1].next) {
        size_t size = index->sizes[i - 1].size;

        if (!letters_take(&letters, look->start, size) || !is_word_end(look->text, letters.at))
            continue;
        look->end = letters.at;
        deid_value_index_exact(index, letters.hash, size, take_exact, look);
    }
}

/* ---- with one edit ---- */

static void take_near(void *data, const struct deid_value *value)
{
    struct look *look = data;
    size_t at = look->is_back ? look->letters.size - DEID_VALUE_KEY_BYTES : 0;
    size_t own = look->is_back ? value->squeezed.size - DEID_VALUE_KEY_BYTES : 0;

    if (value->is_near
        && memcmp(look->letters.data + at, value->squeezed.data + own, DEID_VALUE_KEY_BYTES) == 0
        && deid_value_is_near(look->letters, value->squeezed))
        found(look, value);
}

/* What is looked at as values of as many letters, then of one more and of one less. */
static void look_near_size(struct look *look, uint64_t sizes, size_t size)
{
    if (size <= DEID_VALUE_NEAR_BYTES_MAX && sizes >> size & 1)
        deid_value_index_near(&look->values->index, look->letters, size, take_near, look);
}

static bool may_have(uint64_t sizes, size_t size)
{
    return sizes >> (size - 1) & 7;
}

static void look_near(struct look *look, uint64_t sizes)
{
    char letters[LETTERS_MAX];
    size_t ends[LETTERS_MAX], count = 0, start = look->start, at;

    for (at = start;
         at < look->text.size && count < LETTERS_MAX && at < start + span_max(LETTERS_MAX); at++) {
        if (!deid_is_word(look->text.data[at]))
            continue;
        letters[count] = lower(look->text.data[at]);
        ends[count++] = at + 1;
    }
    for (int more = 0; more < 3; more++)
        for (size_t size = DEID_VALUE_KEY_BYTES + 1; size <= count; size++) {
            if (!may_have(sizes, size) || !is_word_end(look->text, ends[size - 1])
                || ends[size - 1] > start + span_max(size))
                continue;
            look->end = ends[size - 1];
            look->letters = slice_of(letters, size);
            look_near_size(look, sizes, more == 0 ? size : more == 1 ? size + 1 : size - 1);
        }
}

static void look_near_back(struct look *look, uint64_t sizes)
{
    char letters[LETTERS_MAX];
    size_t count = 0, end = look->end;

    for (size_t at = end; at > 0 && count < LETTERS_MAX && end - at < span_max(count + 1); at--) {
        if (!deid_is_word(look->text.data[at - 1]))
            continue;
        letters[LETTERS_MAX - ++count] = lower(look->text.data[at - 1]);
        if (count <= DEID_VALUE_KEY_BYTES || !may_have(sizes, count)
            || !is_word_start(look->text, at - 1))
            continue;
        look->start = at - 1;
        look->letters = slice_of(letters + LETTERS_MAX - count, count);
        for (size_t size = count - 1; size <= count + 1; size++)
            look_near_size(look, sizes, size);
    }
}

/* ---- places ---- */

/* The key that begins at @start, or ends at @end. NULL: none does. How far apart its letters may
 * stand is a matter of the value's size: "6 - 1 - 7 - 5550142". */
static const struct deid_value_key *key_at(const struct deid_values *values, struct slice text,
                                           size_t start)
{
    char key[DEID_VALUE_KEY_BYTES];
    size_t count = 0;

    if (!(values->index.first.letters & deid_value_letter_bit(text.data[start])))
        return NULL;
    for (size_t at = start; at < text.size && count < DEID_VALUE_KEY_BYTES; at++)
        if (deid_is_word(text.data[at]))
            key[count++] = lower(text.data[at]);
    return count < DEID_VALUE_KEY_BYTES
               ? NULL
               : deid_value_keys_find(&values->index.first, deid_value_letters(key));
}

static const struct deid_value_key *key_before(const struct deid_values *values, struct slice text,
                                               size_t end)
{
    char key[DEID_VALUE_KEY_BYTES];
    size_t count = 0;

    if (!(values->index.last.letters & deid_value_letter_bit(text.data[end - 1])))
        return NULL;
    for (size_t at = end;
         at > 0 && count < DEID_VALUE_KEY_BYTES && end - at < span_max(DEID_VALUE_KEY_BYTES); at--)
        if (deid_is_word(text.data[at - 1]))
            key[DEID_VALUE_KEY_BYTES - ++count] = lower(text.data[at - 1]);
    return count < DEID_VALUE_KEY_BYTES
               ? NULL
               : deid_value_keys_find(&values->index.last, deid_value_letters(key));
}

/* Where the number begins that is glued to letters: "no7714029386". @token->end: nowhere, or it is
 * short. */
static size_t glued_start(struct slice text, const struct deid_token *token)
{
    size_t at = token->start;

    while (at < token->end && !deid_is_digit(text.data[at]))
        at++;
    return at > token->start && token->end - at >= GLUED_DIGITS_MIN ? at : token->end;
}

void deid_values_scan(const struct deid_values *values, const struct deid_tokens *tokens,
                      struct deid_spans *spans)
{
    for (unsigned i = 0; i < tokens->count && values->index.count > 0; i++) {
        const struct deid_token *token = &tokens->items[i];
        const struct deid_value_key *first = key_at(values, tokens->text, token->start);
        const struct deid_value_key *last = key_before(values, tokens->text, token->end);
        struct look look = { .values = values, .text = tokens->text, .spans = spans };

        if (first != NULL) {
            look.start = token->start;
            look_exact(&look, first);
            look_near(&look, first->near);
        }
        look.start = glued_start(tokens->text, token);
        if (look.start < token->end && (first = key_at(values, tokens->text, look.start)) != NULL) {
            look.seen_count = 0;
            look_exact(&look, first);
        }
        if (last != NULL) {
            look.is_back = true;
            look.seen_count = 0;
            look.end = token->end;
            look_near_back(&look, last->near);
        }
    }
}
