/* What was said before the question. All of it is redacted as one text, with the question at its
 * end, so that one person is one surrogate throughout; a line with nothing but a record separator
 * stands between two turns. Loop thread. */
#include <string.h>

#include "base/limits.h"
#include "gateway_ask_state.h"
#include "gateway_cite.h"
#include "gateway_period.h"

#define SEPARATOR "\n\x1e\n"
#define SEPARATOR_BYTE '\x1e'

static enum status fail_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another conversation");
}

static bool is_role(const char *role)
{
    return strcmp(role, "system") == 0 || strcmp(role, "user") == 0
           || strcmp(role, "assistant") == 0;
}

/* Numbers of facts in an earlier answer name facts of an earlier prompt. */
static void put_without_citations(struct buffer *out, struct slice text)
{
    size_t cursor = 0, at = 0;
    struct cite cite;

    while (cite_next(text, &cursor, &cite)) {
        if (cite.start < at)
            continue; /* the second number of one bracket */
        buffer_put(out, slice_cut(text, at, cite.start));
        at = cite.end;
    }
    buffer_put(out, slice_cut(text, at, text.size));
}

static enum status put_turn(struct ask *ask, const Consilium__V1__Turn *turn, struct buffer *out,
                            struct error *err)
{
    struct slice text = slice_from(turn->content);

    if (!is_role(turn->role))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a turn's role is not system, user or assistant");
    if (slice_find_byte(text, SEPARATOR_BYTE) != text.size)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a turn has a record separator (U+001E)");
    if (!ask->request.is_plain && strcmp(turn->role, "assistant") == 0)
        put_without_citations(out, text);
    else
        buffer_put(out, text);
    buffer_put_string(out, SEPARATOR);
    return STATUS_OK;
}

enum status ask_join_turns(struct ask *ask, struct error *err)
{
    const struct ask_request *request = &ask->request;
    struct slice question = slice_from(request->question);
    struct buffer out;
    size_t i;

    if (!request->is_plain)
        question = period_spell_out(question, ask->arena);
    ask->asked = question;
    if (request->turns_count == 0)
        return STATUS_OK;
    if (request->turns_count > CONVERSATION_TURNS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu turns, at most %d are taken",
                         request->turns_count, CONVERSATION_TURNS_MAX);
    if (slice_find_byte(question, SEPARATOR_BYTE) != question.size)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the question has a record separator");
    buffer_init(&out, ask->arena);
    for (i = 0; i < request->turns_count; i++) {
        if (put_turn(ask, request->turns[i], &out, err) != STATUS_OK)
            return err->status;
        if (out.size > CONVERSATION_BYTES_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "the conversation has more than %zu bytes", CONVERSATION_BYTES_MAX);
    }
    buffer_put(&out, question);
    if (out.is_full)
        return fail_memory(err);
    ask->asked = buffer_slice(&out);
    return STATUS_OK;
}

/* The next turn off the front of *rest; {NULL, 0}: there is none. */
static struct slice take_turn(struct slice *rest)
{
    struct slice separator = slice_from(SEPARATOR), turn;
    size_t at = slice_find_byte(*rest, SEPARATOR_BYTE);

    if (at == 0 || !slice_starts_with(slice_cut(*rest, at - 1, rest->size), separator))
        return (struct slice){ NULL, 0 };
    turn = slice_cut(*rest, 0, at - 1);
    *rest = slice_cut(*rest, at - 1 + separator.size, rest->size);
    return turn;
}

/* Fails closed: with a separator that redaction has touched nobody knows whose words are whose. */
enum status ask_split_turns(struct ask *ask, struct slice redacted, struct error *err)
{
    size_t i, count = ask->request.turns_count;

    ask->turns = ARENA_ARRAY(ask->arena, const char *, count + 1);
    if (ask->turns == NULL)
        return fail_memory(err);
    for (i = 0; i < count; i++) {
        struct slice turn = take_turn(&redacted);

        if (turn.data == NULL)
            return error_set(err, STATUS_INTERNAL, "%zu of %zu turns came back from deid", i,
                             count);
        ask->turns[i] = arena_string(ask->arena, turn);
        if (ask->turns[i] == NULL)
            return fail_memory(err);
    }
    ask->question = arena_string(ask->arena, redacted);
    return ask->question == NULL ? fail_memory(err) : STATUS_OK;
}

static void set_turn(Consilium__V1__Turn *turn, const char *role, const char *content)
{
    consilium__v1__turn__init(turn);
    turn->role = (char *)role;
    turn->content = (char *)content;
}

/* Templates take one system turn, the first: ours, then the caller's. */
static const char *join_system(struct ask *ask)
{
    struct buffer out;
    size_t i;

    buffer_init(&out, ask->arena);
    buffer_put_string(&out, ask->assembled->system);
    for (i = 0; i < ask->request.turns_count; i++) {
        if (strcmp(ask->request.turns[i]->role, "system") != 0)
            continue;
        if (out.size > 0)
            buffer_put_string(&out, "\n\n");
        buffer_put_string(&out, ask->turns[i]);
    }
    return out.is_full ? NULL : arena_string(ask->arena, buffer_slice(&out));
}

Consilium__V1__Turn **ask_list_turns(struct ask *ask, size_t *count)
{
    size_t most = ask->request.turns_count + 2, i, used = 0;
    Consilium__V1__Turn *turns = ARENA_ARRAY(ask->arena, Consilium__V1__Turn, most);
    Consilium__V1__Turn **list = ARENA_ARRAY(ask->arena, Consilium__V1__Turn *, most);
    const char *system = join_system(ask);

    if (turns == NULL || list == NULL || system == NULL)
        return NULL;
    if (system[0] != '\0')
        set_turn(&turns[used++], "system", system);
    for (i = 0; i < ask->request.turns_count; i++)
        if (strcmp(ask->request.turns[i]->role, "system") != 0)
            set_turn(&turns[used++], ask->request.turns[i]->role, ask->turns[i]);
    set_turn(&turns[used++], "user", ask->request.is_plain ? ask->question : ask->assembled->user);
    for (i = 0; i < used; i++)
        list[i] = &turns[i];
    *count = used;
    return list;
}
