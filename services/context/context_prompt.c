/* select → as many of the best as the budget holds → sorted for reading → rendered with ids.
 *
 * The budget counts bytes: a token has at least chars_per_token of them on average, which the
 * caller knows for its model. */
#include "context_prompt.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "context_render.h"

static const char head[] = "Record:\n";
static const char no_facts[] = "(nothing recorded)\n";
static const char before_question[] = "\nQuestion: ";

/* "[123] " and the line's end. */
#define LINE_EXTRA_BYTES 8

/* Standing facts without a hit of their own may take this share of the room. */
#define STANDING_SHARE 0.5

enum status context_read_bundle(struct slice bundle, struct arena *arena, struct record *record,
                                struct parsed *parsed, uint32_t *as_facts, struct error *err)
{
    struct parsed own;
    struct fact *facts;
    uint32_t own_as_facts;
    size_t count;
    enum status status;

    if (parsed == NULL)
        parsed = &own;
    if (as_facts == NULL)
        as_facts = &own_as_facts;
    status = context_parse(bundle, arena, parsed, err);
    if (status == STATUS_OK)
        status = context_merge(NULL, parsed, arena, &facts, &count, as_facts, err);
    if (status == STATUS_OK)
        status = record_index(facts, count, arena, record, err);
    return status;
}

/* The line of a fact as this question sees it: a note shows the sentences that matter. */
static struct slice line_of(const struct fact *fact, const struct query *query, struct arena *arena)
{
    struct buffer buffer;

    buffer_init(&buffer, arena);
    if (buffer_reserve(&buffer, fact->text.size > 0 ? RENDER_EXCERPT_BYTES_MAX + 256 : 128) == NULL)
        return (struct slice){ NULL, 0 };
    render_line(fact, &buffer);
    if (fact->text.size > 0)
        render_excerpt(fact->text, query_weigh, query, &buffer);
    return buffer.is_full ? (struct slice){ NULL, 0 } : buffer_slice(&buffer);
}

/* Demographics, problems, medications, allergies; then the rest by date. */
static int group_of(const struct fact *fact)
{
    if (!fact_is_standing(fact))
        return 9;
    return (int)fact->kind;
}

static int compare_for_reading(const void *a, const void *b)
{
    const struct prompt_fact *x = a, *y = b;
    int x_group = group_of(x->fact), y_group = group_of(y->fact);

    return x_group != y_group ? x_group - y_group : fact_compare(x->fact, y->fact);
}

struct room {
    size_t left;     /* bytes for lines */
    size_t standing; /* of them, for standing facts that the question did not hit */
};

/* @score of a standing fact that only stands is under this. */
static bool only_stands(const struct fact *fact, float score)
{
    return fact_is_standing(fact) && score < 0.4f && fact->kind != FACT_DEMOGRAPHICS;
}

static bool take_room(struct room *room, const struct fact *fact, float score, size_t line)
{
    size_t bytes = line + LINE_EXTRA_BYTES;

    if (bytes > room->left || (only_stands(fact, score) && bytes > room->standing))
        return false;
    room->left -= bytes;
    if (only_stands(fact, score))
        room->standing -= bytes;
    return true;
}

/* Take from the best down what has room; a long line that has none does not keep a shorter one out.
 */
static enum status choose(const struct record *record, const struct query *query, struct room room,
                          struct arena *arena, struct prompt *prompt, struct error *err)
{
    struct chosen *chosen = context_select(record, query, arena, &prompt->considered);
    size_t count_max = room.left / (LINE_EXTRA_BYTES + 8) + 1;

    if (count_max > prompt->considered)
        count_max = prompt->considered;
    prompt->facts = ARENA_ARRAY(arena, struct prompt_fact, count_max);
    if (chosen == NULL || prompt->facts == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to choose among %zu facts",
                         record->count);
    for (size_t i = 0;
         i < prompt->considered && prompt->count < count_max && room.left > LINE_EXTRA_BYTES; i++) {
        const struct fact *fact = &record->facts[chosen[i].fact];
        struct arena_mark mark = arena_mark(arena);
        struct slice line;

        if (fact->noun.size + 2 + fact->label.size + LINE_EXTRA_BYTES > room.left)
            continue;
        line = line_of(fact, query, arena);
        if (line.data != NULL && take_room(&room, fact, chosen[i].score, line.size))
            prompt->facts[prompt->count++] = (struct prompt_fact){ 0, fact, line };
        else
            arena_rewind(arena, mark);
    }
    return STATUS_OK;
}

static void render(struct prompt *prompt, struct slice question, struct buffer *buffer)
{
    buffer_put_string(buffer, head);
    for (size_t i = 0; i < prompt->count; i++) {
        prompt->facts[i].id = (uint32_t)i + 1;
        buffer_format(buffer, "[%zu] ", i + 1);
        buffer_put(buffer, prompt->facts[i].line);
        buffer_put_byte(buffer, '\n');
    }
    if (prompt->count == 0)
        buffer_put_string(buffer, no_facts);
    buffer_put_string(buffer, before_question);
    buffer_put(buffer, question);
}

enum status context_assemble(const struct record *record, struct slice question,
                             uint32_t budget_tokens, float chars_per_token, struct arena *arena,
                             struct prompt *prompt, struct error *err)
{
    size_t fixed = sizeof(head) + sizeof(no_facts) + sizeof(before_question);
    struct query *query = ARENA_NEW(arena, struct query);
    struct buffer buffer;
    struct room room;
    double bytes;
    enum status status;

    *prompt = (struct prompt){ .system = CONTEXT_SYSTEM };
    question = slice_trim(question);
    if (query == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a question of %zu bytes",
                         question.size);
    if (question.size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the question is empty");
    if (!(chars_per_token > 0))
        chars_per_token = CONTEXT_CHARS_PER_TOKEN;
    bytes = (double)budget_tokens * (chars_per_token > 64 ? 64.0 : (double)chars_per_token);
    if (bytes < (double)(fixed + question.size))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a budget of %u tokens has no room for a question of %zu bytes",
                         budget_tokens, question.size);
    room.left = (size_t)bytes - fixed - question.size;
    room.standing = (size_t)((double)room.left * STANDING_SHARE);
    if (!query_read(query, record, question, arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a question of %zu bytes",
                         question.size);
    status = choose(record, query, room, arena, prompt, err);
    if (status != STATUS_OK)
        return status;
    qsort(prompt->facts, prompt->count, sizeof(prompt->facts[0]), compare_for_reading);
    buffer_init(&buffer, arena);
    render(prompt, question, &buffer);
    buffer_put_byte(&buffer, '\0');
    prompt->user = buffer.data;
    return buffer.is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the prompt")
                          : STATUS_OK;
}
