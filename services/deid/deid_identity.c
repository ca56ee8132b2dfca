#include "deid_identity.h"

#include <string.h>

#include "deid_name.h"

#define WORD_BYTES_MAX 40
#define VALUE_BYTES_MIN 5

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* Short forms of given names: a chart that knows Margaret has notes that say Peggy. */
static const char *const nicknames[][6] = {
    { "william", "bill", "billy", "will", "willy", "liam" },
    { "robert", "bob", "bobby", "rob", "robbie", "bert" },
    { "richard", "rick", "ricky", "dick", "rich", "richie" },
    { "james", "jim", "jimmy", "jamie", "jimmie" },
    { "john", "jack", "johnny", "jon" },
    { "joseph", "joe", "joey", "jo" },
    { "michael", "mike", "mikey", "mick", "micky" },
    { "thomas", "tom", "tommy" },
    { "charles", "charlie", "chuck", "chas" },
    { "christopher", "chris", "kit", "topher" },
    { "daniel", "dan", "danny" },
    { "matthew", "matt", "matty" },
    { "anthony", "tony", "ant" },
    { "edward", "ed", "eddie", "ted", "ned" },
    { "david", "dave", "davey" },
    { "steven", "steve", "stevie" },
    { "stephen", "steve", "stevie" },
    { "kenneth", "ken", "kenny" },
    { "andrew", "andy", "drew" },
    { "joshua", "josh" },
    { "benjamin", "ben", "benny", "benji" },
    { "samuel", "sam", "sammy" },
    { "samantha", "sam", "sammy" },
    { "alexander", "alex", "al", "xander", "sasha" },
    { "alexandra", "alex", "sandra", "lexi" },
    { "nicholas", "nick", "nicky", "nico" },
    { "jonathan", "jon", "johnny" },
    { "timothy", "tim", "timmy" },
    { "ronald", "ron", "ronnie" },
    { "donald", "don", "donnie" },
    { "gregory", "greg" },
    { "jeffrey", "jeff" },
    { "lawrence", "larry" },
    { "henry", "hank", "harry" },
    { "frederick", "fred", "freddie" },
    { "margaret", "maggie", "peggy", "meg", "marge", "greta" },
    { "elizabeth", "liz", "beth", "betty", "lizzie", "eliza" },
    { "katherine", "kate", "kathy", "katie", "kat", "kitty" },
    { "catherine", "cathy", "kate", "cate", "cat" },
    { "patricia", "pat", "patty", "trish", "tricia" },
    { "jennifer", "jen", "jenny" },
    { "barbara", "barb", "babs" },
    { "susan", "sue", "susie" },
    { "deborah", "deb", "debbie" },
    { "rebecca", "becky", "becca" },
    { "virginia", "ginny", "ginger" },
    { "victoria", "vicky", "tori" },
    { "theresa", "terry", "tess", "tessa" },
    { "cynthia", "cindy" },
    { "pamela", "pam" },
    { "kimberly", "kim" },
    { "jacqueline", "jackie" },
    { "dorothy", "dot", "dottie", "dolly" },
    { "eleanor", "ellie", "nell", "nora" },
    { "abigail", "abby", "gail" },
    { "amanda", "mandy" },
    { "christina", "tina", "chris", "chrissy" },
    { "gerald", "gerry", "jerry" },
    { "raymond", "ray" },
    { "walter", "walt", "wally" },
    { "peter", "pete" },
    { "philip", "phil" },
    { "vincent", "vince", "vinny" },
    { "zachary", "zach" },
};

static bool word_add(struct deid_identity *identity, struct slice word,
                     const struct deid_lexicon *lexicon, struct arena *arena)
{
    struct deid_known_word *known = &identity->words[identity->words_count];
    struct slice copy = arena_copy(arena, word);
    uint32_t flags = deid_lexicon_find(lexicon, word);
    size_t i;

    if (copy.data == NULL)
        return false;
    if (identity->words_count == DEID_IDENTITY_WORDS_MAX)
        return true;
    for (i = 0; i < copy.size; i++)
        ((char *)copy.data)[i] = lower(copy.data[i]);
    known->word = copy;
    known->is_common = (flags & (DEID_WORD_STOP | DEID_WORD_AMBIGUOUS)) != 0 || word.size < 4;
    identity->firsts |= 1ull << (copy.data[0] & 31);
    identity->words_count++;
    return true;
}

static bool words_add(struct deid_identity *identity, struct slice name,
                      const struct deid_lexicon *lexicon, struct arena *arena)
{
    size_t at = 0, start, i, j;

    while (at < name.size) {
        struct slice word;

        while (at < name.size && !deid_is_word(name.data[at]))
            at++;
        for (start = at; at < name.size && (deid_is_word(name.data[at]));)
            at++;
        word = slice_cut(name, start, at);
        if (word.size < 2 || word.size > WORD_BYTES_MAX
            || deid_lexicon_find(lexicon, word) & (DEID_WORD_TITLE | DEID_WORD_CREDENTIAL))
            continue;
        if (!word_add(identity, word, lexicon, arena))
            return false;
        for (i = 0; i < sizeof(nicknames) / sizeof(nicknames[0]); i++)
            if (slice_equal_fold(word, slice_from(nicknames[i][0])))
                for (j = 1; j < 6 && nicknames[i][j] != NULL; j++)
                    if (!word_add(identity, slice_from(nicknames[i][j]), lexicon, arena))
                        return false;
    }
    return true;
}

/* A birth date in digits alone, year first, month first and day first: other forms are dates by
 * their shape. */
static bool birth_date_add(struct deid_identity *identity, struct slice date, struct arena *arena)
{
    static const uint8_t orders[][8] = { { 0, 1, 2, 3, 5, 6, 8, 9 },
                                         { 5, 6, 8, 9, 0, 1, 2, 3 },
                                         { 8, 9, 5, 6, 0, 1, 2, 3 } };
    size_t i, j;

    if (date.size != 10)
        return true;
    for (i = 0; i < 3 && identity->values_count < DEID_IDENTITY_VALUES_MAX; i++) {
        char *digits = arena_alloc(arena, 8);

        if (digits == NULL)
            return false;
        for (j = 0; j < 8; j++)
            digits[j] = date.data[orders[i][j]];
        identity->values[identity->values_count++] =
            (struct deid_known_value){ slice_of(digits, 8), DEID_CLASS_DATE, false };
    }
    return true;
}

static bool value_add(struct deid_identity *identity, const struct deid_entry *entry,
                      struct arena *arena)
{
    struct deid_known_value *value = &identity->values[identity->values_count];
    char *squeezed = arena_alloc(arena, entry->original.size + 1);
    size_t size = 0, digits = 0, i;

    if (entry->class == DEID_CLASS_DATE)
        return birth_date_add(identity, entry->original, arena);
    if (squeezed == NULL)
        return false;
    for (i = 0; i < entry->original.size; i++) {
        char c = entry->original.data[i];
        if (deid_is_word(c))
            squeezed[size++] = lower(c);
        digits += deid_is_digit(c);
    }
    if (size < (digits > 0 ? VALUE_BYTES_MIN : 4)
        || identity->values_count == DEID_IDENTITY_VALUES_MAX)
        return true;
    value->squeezed = slice_of(squeezed, size);
    value->class = entry->class < DEID_CLASS_COUNT ? entry->class : DEID_CLASS_OTHER;
    value->is_place = entry->class == DEID_CLASS_GEOGRAPHY && digits == 0;
    identity->values_count++;
    return true;
}

enum status deid_identity_init(struct deid_identity *identity, const struct deid_map *map,
                               const struct deid_lexicon *lexicon, struct arena *arena,
                               struct error *err)
{
    uint32_t i, known = 0;
    bool is_full;

    *identity = (struct deid_identity){ 0 };
    for (i = 0; i < map->entries_count; i++)
        known += map->entries[i].is_known;
    if (known == 0)
        return STATUS_OK;
    identity->words = ARENA_ARRAY(arena, struct deid_known_word, DEID_IDENTITY_WORDS_MAX + 1);
    identity->values = ARENA_ARRAY(arena, struct deid_known_value, DEID_IDENTITY_VALUES_MAX + 1);
    is_full = identity->words == NULL || identity->values == NULL;
    for (i = 0; i < map->entries_count && !is_full; i++) {
        if (!map->entries[i].is_known)
            continue;
        is_full = map->entries[i].class == DEID_CLASS_NAME
                      ? !words_add(identity, map->entries[i].original, lexicon, arena)
                      : !value_add(identity, &map->entries[i], arena);
    }
    if (is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u known identifiers", known);
    return STATUS_OK;
}

unsigned deid_identity_distance(struct slice a, struct slice b, unsigned max)
{
    uint8_t rows[3][WORD_BYTES_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2], *swap;
    size_t i, j;

    if (a.size > WORD_BYTES_MAX || b.size > WORD_BYTES_MAX || a.size > b.size + max
        || b.size > a.size + max)
        return max + 1;
    for (j = 0; j <= b.size; j++)
        last[j] = (uint8_t)j;
    for (i = 1; i <= a.size; i++) {
        unsigned least = row[0] = (uint8_t)i;
        for (j = 1; j <= b.size; j++) {
            bool is_same = lower(a.data[i - 1]) == lower(b.data[j - 1]);
            unsigned best = last[j - 1] + (is_same ? 0u : 1u);
            if (last[j] + 1u < best)
                best = last[j] + 1u;
            if (row[j - 1] + 1u < best)
                best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && lower(a.data[i - 1]) == lower(b.data[j - 2])
                && lower(a.data[i - 2]) == lower(b.data[j - 1]) && before[j - 2] + 1u < best)
                best = before[j - 2] + 1u;
            row[j] = (uint8_t)best;
            least = best < least ? best : least;
        }
        if (least > max)
            return max + 1;
        swap = before;
        before = last;
        last = row;
        row = swap;
    }
    return last[b.size] <= max ? last[b.size] : max + 1;
}

/* A word near to a known one: five letters may differ in one, eight in two; the first letter or the
 * last is right. */
static bool is_near(const struct deid_identity *identity, struct slice word)
{
    unsigned i;

    for (i = 0; i < identity->words_count; i++) {
        struct slice known = identity->words[i].word;
        unsigned max = known.size >= 8 ? 2 : 1;

        if (known.size < 5 || identity->words[i].is_common || word.size + max < known.size
            || word.size > known.size + max
            || (lower(word.data[0]) != known.data[0]
                && lower(word.data[word.size - 1]) != known.data[known.size - 1]))
            continue;
        if (deid_identity_distance(word, known, max) <= max)
            return true;
    }
    return false;
}

static bool is_known_word(const struct deid_identity *identity, struct slice word, bool is_capital)
{
    unsigned i;

    if (!(identity->firsts >> (word.data[0] & 31) & 1))
        return false;
    for (i = 0; i < identity->words_count; i++)
        if ((is_capital || !identity->words[i].is_common)
            && slice_equal_fold(word, identity->words[i].word))
            return true;
    return false;
}

static void words_scan(const struct deid_identity *identity, const struct deid_tokens *tokens,
                       struct deid_spans *spans)
{
    unsigned i;

    for (i = 0; i < tokens->count && identity->words_count > 0; i++) {
        const struct deid_token *token = &tokens->items[i];
        struct slice word = deid_token_text(tokens, i);
        bool is_capital = deid_token_is_capital(token), is_hit;

        if (token->shape == DEID_SHAPE_NUMBER || token->shape == DEID_SHAPE_INITIAL)
            continue;
        is_hit = is_known_word(identity, word, is_capital);
        if (!is_hit && is_capital && word.size >= 5 && !(token->flags & ~(uint32_t)DEID_WORD_NAME))
            is_hit = is_near(identity, word);
        if (is_hit && !(token->flags & DEID_WORD_EPONYM && deid_name_is_eponym(tokens, i)))
            deid_spans_add(spans, (struct deid_span){ token->start, token->end, DEID_CLASS_NAME,
                                                      DEID_FORM_PERSON, DEID_SCORE_KNOWN });
    }
}

/* The text without anything but letters and digits, and where each came from. */
static struct slice squeeze(struct slice text, struct arena *scratch, uint32_t **at)
{
    char *out = arena_alloc(scratch, text.size + 1);
    size_t size = 0, i;

    *at = arena_alloc(scratch, (text.size + 1) * sizeof(uint32_t));
    if (out == NULL || *at == NULL)
        return (struct slice){ NULL, 0 };
    for (i = 0; i < text.size; i++)
        if (deid_is_word(text.data[i])) {
            (*at)[size] = (uint32_t)i;
            out[size++] = lower(text.data[i]);
        }
    return slice_of(out, size);
}

static void value_find(const struct deid_known_value *value, struct slice squeezed,
                       const uint32_t *at, struct slice text, struct deid_spans *spans)
{
    size_t from = 0;

    while (squeezed.size - from >= value->squeezed.size) {
        const char *hit = memmem(squeezed.data + from, squeezed.size - from, value->squeezed.data,
                                 value->squeezed.size);
        uint32_t start, end;

        if (hit == NULL)
            return;
        from = (size_t)(hit - squeezed.data);
        start = at[from];
        end = at[from + value->squeezed.size - 1] + 1;
        from++;
        if ((start > 0 && deid_is_word(text.data[start - 1]))
            || (end < text.size && deid_is_word(text.data[end]))
            || end - start > value->squeezed.size * 2 + 4
            || (value->is_place && !(text.data[start] >= 'A' && text.data[start] <= 'Z')))
            continue;
        /* What can be read as a date is moved like one. */
        deid_spans_add(spans,
                       (struct deid_span){ start, end, value->class, DEID_FORM_VALUE,
                                           value->class == DEID_CLASS_DATE ? DEID_SCORE_WEAK
                                                                           : DEID_SCORE_KNOWN });
    }
}

static void words_scan_exact(const struct deid_identity *identity, const struct deid_tokens *tokens,
                             struct deid_spans *spans)
{
    unsigned i;

    for (i = 0; i < tokens->count && identity->words_count > 0; i++)
        if (tokens->items[i].shape != DEID_SHAPE_NUMBER
            && tokens->items[i].shape != DEID_SHAPE_INITIAL
            && is_known_word(identity, deid_token_text(tokens, i), false)
            && !(tokens->items[i].flags & DEID_WORD_EPONYM && deid_name_is_eponym(tokens, i)))
            deid_spans_add(spans, (struct deid_span){ tokens->items[i].start, tokens->items[i].end,
                                                      DEID_CLASS_NAME, DEID_FORM_PERSON,
                                                      DEID_SCORE_KNOWN });
}

static enum status values_scan(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, struct arena *scratch,
                               struct deid_spans *spans, struct error *err)
{
    struct slice squeezed;
    uint32_t *at;
    unsigned i;

    if (identity->values_count == 0)
        return STATUS_OK;
    squeezed = squeeze(tokens->text, scratch, &at);
    if (squeezed.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text of %zu bytes",
                         tokens->text.size);
    for (i = 0; i < identity->values_count; i++)
        value_find(&identity->values[i], squeezed, at, tokens->text, spans);
    return STATUS_OK;
}

enum status deid_identity_scan(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, struct arena *scratch,
                               struct deid_spans *spans, struct error *err)
{
    words_scan(identity, tokens, spans);
    return values_scan(identity, tokens, scratch, spans, err);
}

enum status deid_identity_scan_exact(const struct deid_identity *identity,
                                     const struct deid_tokens *tokens, struct arena *scratch,
                                     struct deid_spans *spans, struct error *err)
{
    words_scan_exact(identity, tokens, spans);
    return values_scan(identity, tokens, scratch, spans, err);
}
