#include "model_rename.h"

#include <ctype.h>
#include <stdio.h>

#include "base/buffer.h"

#define WORD_BYTES_MIN 4
#define TWO_WORDS_SHARE 0.15

/* What lines, findings and answers are made of; a name that has such a word keeps it. */
static const char *const frame[] = {
    "abnormal",   "active",  "allergy", "below",       "completed", "condition",    "criticality",
    "fell",       "female",  "found",   "from",        "high",      "immunization", "male",
    "medication", "more",    "nothing", "observation", "past",      "patient",      "procedure",
    "question",   "range",   "record",  "report",      "resolved",  "rose",         "since",
    "stage",      "stopped", "target",  "unchanged",   "with",
};

/* The run of letters at @at; its size. */
static size_t word_size(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size && isalpha((unsigned char)text.data[end]))
        end++;
    return end - at;
}

static bool is_frame(struct slice word)
{
    for (size_t i = 0; i < sizeof(frame) / sizeof(frame[0]); i++)
        if (slice_equal_fold(word, slice_from(frame[i])))
            return true;
    return false;
}

static const struct rename_word *find(const struct rename *rename, struct slice word)
{
    for (size_t i = 0; i < rename->count; i++)
        if (slice_equal_fold(rename->words[i].word, word))
            return &rename->words[i];
    return NULL;
}

/* "Vorilane": syllables that can be said, behind the @size bytes of @other. */
static size_t invent_word(struct random *random, char other[RENAME_BYTES_MAX], size_t size)
{
    static const char *const begins[] = { "b", "br", "c",  "ch", "d", "dr", "f",  "fl",
                                          "g", "gl", "h",  "j",  "k", "l",  "m",  "n",
                                          "p", "ph", "pl", "qu", "r", "s",  "sc", "st",
                                          "t", "th", "tr", "v",  "w", "x",  "z",  "" };
    static const char *const vowels[] = { "a", "e", "i", "o", "u", "y", "ae", "ea", "io", "ou" };
    static const char *const ends[] = { "",  "",  "",  "n", "r", "l", "s",  "m",
                                        "t", "x", "c", "d", "p", "k", "ne", "te" };
    uint32_t syllables = 2 + random_below(random, 3);

    for (uint32_t i = 0; i < syllables; i++)
        size += (size_t)snprintf(other + size, RENAME_BYTES_MAX - size, "%s%s%s",
                                 begins[random_below(random, 32)], vowels[random_below(random, 10)],
                                 ends[random_below(random, 16)]);
    return size;
}

/* Names of other systems are longer than ours, and hang together otherwise: now and then a word
 * becomes two. */
static void invent(struct random *random, char other[RENAME_BYTES_MAX])
{
    static const char *const joints[] = { " ", " ", "/", ".", "-", " in ", " of ", " (" };
    const char *joint = joints[random_below(random, 8)];
    size_t size = invent_word(random, other, 0);

    if (random_unit(random) >= TWO_WORDS_SHARE)
        return;
    size += (size_t)snprintf(other + size, RENAME_BYTES_MAX - size, "%s", joint);
    size = invent_word(random, other, size);
    if (joint[1] == '(')
        snprintf(other + size, RENAME_BYTES_MAX - size, ")");
}

static void draw_words(struct rename *rename, struct slice text, double share,
                       struct random *random)
{
    size_t at = 0, size;

    for (; at<text.size; at += size> 0 ? size : 1) {
        struct slice word;

        size = word_size(text, at);
        word = slice_cut(text, at, at + size);
        if (size < WORD_BYTES_MIN || rename->count == RENAME_WORDS_MAX || is_frame(word)
            || find(rename, word) != NULL)
            continue;
        rename->words[rename->count].word = word;
        /* A word that keeps its name is remembered too: it is drawn once. */
        if (random_unit(random) < share)
            invent(random, rename->words[rename->count].other);
        else
            snprintf(rename->words[rename->count].other, RENAME_BYTES_MAX, "%.*s",
                     SLICE_FORMAT(word));
        rename->count++;
    }
}

void rename_draw(const struct prompt *prompt, double share, struct random *random,
                 struct rename *rename)
{
    rename->count = 0;
    for (size_t i = 0; i < prompt->count; i++)
        for (uint32_t j = 0; j < prompt->lines[i].told; j++) {
            const struct fact *fact = &prompt->record->facts[prompt->lines[i].facts[j]];

            if (fact->kind == FACT_DEMOGRAPHICS)
                continue;
            draw_words(rename, fact->label, share, random);
            draw_words(rename, fact->value, share, random);
            draw_words(rename, fact->detail, share, random);
        }
}

static void put_like(struct buffer *out, const char *other, char first)
{
    buffer_put_byte(out, (char)(isupper((unsigned char)first) ? toupper((unsigned char)other[0])
                                                              : tolower((unsigned char)other[0])));
    buffer_put_string(out, other + 1);
}

struct slice rename_apply(const struct rename *rename, struct slice text, struct arena *arena)
{
    struct buffer out;
    size_t at = 0, size;

    buffer_init(&out, arena);
    for (; at<text.size; at += size> 0 ? size : 1) {
        const struct rename_word *word;

        size = word_size(text, at);
        word = size >= WORD_BYTES_MIN ? find(rename, slice_cut(text, at, at + size)) : NULL;
        if (word != NULL)
            put_like(&out, word->other, text.data[at]);
        else
            buffer_put(&out, slice_cut(text, at, at + (size > 0 ? size : 1)));
    }
    return buffer_slice(&out);
}
