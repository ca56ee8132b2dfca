/* the turn → what is behind the question → its lines → a rule for each: it, and what may follow. */
#include "gateway_sentences.h"

#include <string.h>

#include "base/buffer.h"

static const char decline[] = "The record does not say.";

static struct slice take_line(struct slice *text)
{
    size_t end = slice_find_byte(*text, '\n');
    struct slice line = slice_cut(*text, 0, end);

    *text = slice_cut(*text, end + 1, text->size);
    return line;
}

/* What stands behind the question and "Found:". The question may hold such a word itself: it is
 * looked for as a whole. */
static bool find_behind(struct slice user, struct slice question, struct arena *arena,
                        struct slice *found)
{
    char *before = arena_format(arena, "\nQuestion: %.*s\nFound:\n", SLICE_FORMAT(question));
    size_t size = before == NULL ? 0 : strlen(before);
    const char *at = size == 0 ? NULL : memmem(user.data, user.size, before, size);

    if (at == NULL)
        return false;
    *found = slice_cut(user, (size_t)(at - user.data) + size, user.size);
    return true;
}

/* A sentence ends with its citation; a line that does not ("nothing", "and 3 more") is none. */
static bool is_sentence(struct slice line)
{
    return slice_ends_with(line, SLICE("]."));
}

/* The sentences up to "More:"; false: too many. */
static bool read_sentences(struct slice found, struct slice sentences[SENTENCES_MAX], size_t *count)
{
    *count = 0;
    while (found.size > 0) {
        struct slice line = take_line(&found);

        if (slice_is(line, "More:"))
            break;
        if (!is_sentence(line))
            continue;
        if (*count == SENTENCES_MAX)
            return false;
        sentences[(*count)++] = line;
    }
    return true;
}

static void put_literal(struct buffer *out, struct slice text, bool has_line_end)
{
    buffer_put_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_put_byte(out, '\\');
        buffer_put_byte(out, text.data[i]);
    }
    buffer_put_string(out, has_line_end ? "\\n\"" : "\"");
}

/* A sentence, and what may follow it. */
static void put_rule(struct buffer *out, const struct slice *sentences, size_t at, size_t count)
{
    bool is_last = at + 1 == count;

    buffer_format(out, "s%zu ::= ", at);
    put_literal(out, sentences[at], false);
    if (!is_last) {
        buffer_put_string(out, " | ");
        put_literal(out, sentences[at], true);
        buffer_format(out, " s%zu", at + 1);
    }
    buffer_put_byte(out, '\n');
}

const char *sentences_grammar(struct slice user, struct slice question, struct arena *arena)
{
    struct slice sentences[SENTENCES_MAX], found;
    struct buffer out;
    size_t count;

    if (!find_behind(user, question, arena, &found) || !read_sentences(found, sentences, &count))
        return NULL;
    buffer_init(&out, arena);
    buffer_put_string(&out, "root ::= ");
    put_literal(&out, slice_from(decline), false);
    buffer_put_string(&out, count > 0 ? " | s0\n" : "\n");
    for (size_t i = 0; i < count; i++)
        put_rule(&out, sentences, i, count);
    buffer_put_byte(&out, '\0');
    return out.is_full ? NULL : out.data;
}
