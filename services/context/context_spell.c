#include "context_spell.h"

#include <ctype.h>

#include "base/buffer.h"
#include "context_ask.h"
#include "context_words.h"

/* A shorter word is too near to others. */
#define LETTERS_MIN 6

/* Words looked at in one question. */
#define UNKNOWN_MAX 16

/* Letters alone, and not the first of them by itself in capitals: names have capitals, too, and are
 * no slips. */
static bool is_plain(struct slice word)
{
    unsigned capitals = 0;

    for (size_t i = 0; i < word.size; i++) {
        if (!isalpha((unsigned char)word.data[i]))
            return false;
        capitals += isupper((unsigned char)word.data[i]) != 0;
    }
    return word.size >= LETTERS_MIN && word.size < WORD_BYTES_MAX && capitals < 2;
}

/* Verbs as they are used, and adverbs: common English goes on in them ("stepped" is not "stopped"),
 * and hardly a name in medicine ends so. */
static bool is_inflected(struct slice word)
{
    return slice_ends_with(word, SLICE("ed")) || slice_ends_with(word, SLICE("ing"))
           || slice_ends_with(word, SLICE("ly"));
}

static bool is_of_record(const struct courses *courses, uint32_t hash)
{
    for (size_t i = 0; i < courses->count; i++)
        for (uint32_t j = 0; j < courses->items[i].words_count; j++)
            if (courses->items[i].words[j] == hash)
                return true;
    return false;
}

/* What @word was meant to be; 0: itself. */
static size_t find_meant(struct slice word, const struct courses *courses,
                         char meant[WORD_BYTES_MAX])
{
    uint32_t hash = is_plain(word) && !is_inflected(word) ? word_hash(word) : 0;

    if (hash == 0 || ask_is_common(hash) || is_of_record(courses, hash))
        return 0;
    return things_spell(word, meant);
}

struct slice context_spell(struct slice question, const struct courses *courses,
                           struct arena *arena)
{
    struct slice left = question, word;
    const char *copied = question.data; /* up to here */
    char meant[WORD_BYTES_MAX];
    struct buffer buffer;
    unsigned unknown = 0;

    buffer_init(&buffer, arena);
    while (unknown < UNKNOWN_MAX && words_next(&left, &word)) {
        size_t size = find_meant(word, courses, meant);

        if (size == 0)
            continue;
        unknown++;
        buffer_put(&buffer, slice_of(copied, (size_t)(word.data - copied)));
        buffer_put(&buffer, slice_of(meant, size));
        copied = word.data + word.size;
    }
    if (unknown == 0)
        return question;
    buffer_put(&buffer, slice_of(copied, (size_t)(question.data + question.size - copied)));
    return buffer.is_full ? question : buffer_slice(&buffer);
}
