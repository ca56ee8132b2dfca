/* turns, tools, variables → values → jinja_render → runs of trusted and other bytes →
 * tokenizer_encode_spans. */
#include "tokenizer_template.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "jinja/jinja.h"
#include "jinja/jinja_json.h"

/* The tree of a template of JINJA_SOURCE_BYTES_MAX, a node for every few bytes. */
#define TREE_BYTES_MAX (64 * MIB)
#define PROBE_BYTES_MAX (16 * MIB)
#define VARIABLES_MAX 48

struct variables {
    struct jinja_variable items[VARIABLES_MAX];
    size_t count;
};

static enum status fail_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the turns need too much memory");
}

/* Roles are words of the templates' own, which write them inside their marks ("<|" + role + "|>"):
 * the known ones are trusted. */
static bool is_role(struct slice role)
{
    static const char *const roles[] = { "system", "developer", "user", "assistant", "tool" };

    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (slice_is(role, roles[i]))
            return true;
    return false;
}

/* Values
 * ------------------------------------------------------------------------------------------- */

static bool set(struct jinja_value dict, const char *key, struct jinja_value value,
                struct arena *arena)
{
    return jinja_dict_set(dict.dict, jinja_trusted(key), value, arena);
}

static bool set_text(struct jinja_value dict, const char *key, struct slice text,
                     struct arena *arena)
{
    return text.size == 0 || set(dict, key, jinja_string(jinja_text_of(text, false)), arena);
}

static enum status put_turn(struct jinja_value list, const struct tokenizer_turn *turn,
                            struct arena *arena, struct error *err)
{
    struct jinja_value dict = jinja_dict_create(arena), calls;

    if (!set(dict, "role", jinja_string(jinja_text_of(turn->role, true)), arena)
        || !set(dict, "content", jinja_string(jinja_text_of(turn->content, false)), arena)
        || !set_text(dict, "name", turn->name, arena)
        || !set_text(dict, "reasoning_content", turn->reasoning, arena)
        || !set_text(dict, "tool_call_id", turn->tool_call_id, arena))
        return fail_memory(err);
    if (turn->tool_calls.size > 0) {
        if (jinja_from_json(turn->tool_calls, false, arena, &calls, err) != STATUS_OK)
            return error_wrap(err, "tool calls");
        if (calls.kind != JINJA_KIND_LIST)
            return error_set(err, STATUS_INVALID_ARGUMENT, "tool calls that are no JSON array");
        if (!set(dict, "tool_calls", calls, arena))
            return fail_memory(err);
    }
    return jinja_list_add(list.list, dict, arena) ? STATUS_OK : fail_memory(err);
}

static enum status check_turn(const struct tokenizer_turn *turn, size_t index, struct error *err)
{
    if (!is_role(turn->role))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "turn %zu is neither system, developer, user, assistant nor tool", index);
    if (!utf8_is_valid(turn->content) || !utf8_is_valid(turn->name)
        || !utf8_is_valid(turn->reasoning) || !utf8_is_valid(turn->tool_call_id))
        return error_set(err, STATUS_INVALID_ARGUMENT, "turn %zu is not UTF-8", index);
    return STATUS_OK;
}

static enum status turns_value(const struct tokenizer_chat *chat, struct arena *arena,
                               struct jinja_value *messages, struct error *err)
{
    enum status status = STATUS_OK;

    *messages = jinja_list_create(arena);
    for (size_t i = 0; i < chat->turns_count && status == STATUS_OK; i++) {
        status = check_turn(&chat->turns[i], i, err);
        if (status != STATUS_OK)
            return status;
        status = put_turn(*messages, &chat->turns[i], arena, err);
        if (status != STATUS_OK)
            return error_wrap(err, "turn %zu", i);
    }
    return messages->list == NULL ? fail_memory(err) : STATUS_OK;
}

static enum status trust_role(struct jinja_value message, size_t index, struct error *err)
{
    struct jinja_value *role = NULL;

    if (message.kind != JINJA_KIND_DICT)
        return error_set(err, STATUS_INVALID_ARGUMENT, "message %zu is no JSON object", index);
    for (size_t i = 0; i < message.dict->count; i++)
        if (slice_is(jinja_text_slice(message.dict->pairs[i].key.text), "role"))
            role = &message.dict->pairs[i].value;
    if (role == NULL || role->kind != JINJA_KIND_STRING)
        return error_set(err, STATUS_INVALID_ARGUMENT, "message %zu has no role", index);
    role->text.is_trusted = is_role(jinja_text_slice(role->text));
    return STATUS_OK;
}

static enum status messages_value(struct slice json, struct arena *arena,
                                  struct jinja_value *messages, struct error *err)
{
    enum status status = jinja_from_json(json, false, arena, messages, err);

    if (status != STATUS_OK)
        return error_wrap(err, "messages");
    if (messages->kind != JINJA_KIND_LIST)
        return error_set(err, STATUS_INVALID_ARGUMENT, "messages that are no JSON array");
    for (size_t i = 0; i < messages->list->count && status == STATUS_OK; i++)
        status = trust_role(messages->list->items[i], i, err);
    return status;
}

static void add(struct variables *variables, const char *name, struct jinja_value value)
{
    if (variables->count < VARIABLES_MAX)
        variables->items[variables->count++] = (struct jinja_variable){ slice_from(name), value };
}

static enum status add_messages(struct variables *variables, const struct tokenizer_chat *chat,
                                struct arena *arena, struct error *err)
{
    struct jinja_value messages;
    enum status status = chat->messages.size > 0
                             ? messages_value(chat->messages, arena, &messages, err)
                             : turns_value(chat, arena, &messages, err);

    if (status != STATUS_OK)
        return status;
    if (messages.list->count == 0 || messages.list->count > TOKENIZER_TURNS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu turns: 1 to %d can be rendered",
                         messages.list->count, TOKENIZER_TURNS_MAX);
    add(variables, "messages", messages);
    return STATUS_OK;
}

static enum status add_tools(struct variables *variables, const struct tokenizer_chat *chat,
                             struct arena *arena, struct error *err)
{
    struct jinja_value tools = jinja_none();

    if (chat->tools.size > 0
        && jinja_from_json(chat->tools, false, arena, &tools, err) != STATUS_OK)
        return error_wrap(err, "tools");
    if (chat->tools.size > 0 && tools.kind != JINJA_KIND_LIST)
        return error_set(err, STATUS_INVALID_ARGUMENT, "tools that are no JSON array");
    add(variables, "tools", tools);
    return STATUS_OK;
}

/* They come first: what has a name of its own stands over them. */
static enum status add_others(struct variables *variables, const struct tokenizer_chat *chat,
                              struct arena *arena, struct error *err)
{
    struct jinja_value others;

    if (chat->variables.size == 0)
        return STATUS_OK;
    if (jinja_from_json(chat->variables, false, arena, &others, err) != STATUS_OK)
        return error_wrap(err, "variables");
    if (others.kind != JINJA_KIND_DICT || others.dict->count > VARIABLES_MAX / 2)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "variables that are no JSON object of at most %d", VARIABLES_MAX / 2);
    for (size_t i = 0; i < others.dict->count; i++)
        variables->items[variables->count++] =
            (struct jinja_variable){ jinja_text_slice(others.dict->pairs[i].key.text),
                                     others.dict->pairs[i].value };
    return STATUS_OK;
}

static void add_piece(struct variables *variables, const struct tokenizer_vocab *vocab,
                      const char *name, uint32_t id)
{
    if (id != TOKENIZER_NO_ID)
        add(variables, name, jinja_string(jinja_text_of(tokenizer_vocab_piece(vocab, id), true)));
}

static void add_pieces(struct variables *variables, const struct tokenizer_vocab *vocab)
{
    const struct tokenizer_settings *settings = vocab->settings;

    add_piece(variables, vocab, "bos_token", settings->bos);
    add_piece(variables, vocab, "eos_token", settings->eos);
    add_piece(variables, vocab, "unk_token", settings->unknown);
    add_piece(variables, vocab, "pad_token", settings->pad);
    add_piece(variables, vocab, "sep_token", settings->sep);
    add_piece(variables, vocab, "cls_token", settings->cls);
    add_piece(variables, vocab, "mask_token", settings->mask);
}

/* Rendering
 * ---------------------------------------------------------------------------------------- */

static bool is_trusted_at(struct jinja_text text, size_t at)
{
    return text.marks == NULL ? text.is_trusted : text.marks[at] != 0;
}

/* Where the run that begins at @at ends. */
static size_t run_end(struct jinja_text text, size_t at)
{
    const char *other =
        text.marks == NULL ? NULL : memchr(text.marks + at, !text.marks[at], text.size - at);

    return other == NULL ? text.size : (size_t)(other - text.marks);
}

static enum status spans_of(struct jinja_text text, struct arena *arena,
                            struct tokenizer_span **spans, size_t *count, struct error *err)
{
    size_t runs = 0, end;

    for (size_t at = 0; at < text.size; at = run_end(text, at))
        runs++;
    *count = 0;
    *spans = ARENA_ARRAY(arena, struct tokenizer_span, runs);
    if (*spans == NULL)
        return fail_memory(err);
    for (size_t at = 0; at < text.size; at = end) {
        end = run_end(text, at);
        (*spans)[(*count)++] = (struct tokenizer_span){ slice_cut(jinja_text_slice(text), at, end),
                                                        is_trusted_at(text, at) };
    }
    return STATUS_OK;
}

static enum status render(const struct tokenizer_template *template,
                          const struct tokenizer_vocab *vocab, const struct tokenizer_chat *chat,
                          struct arena *arena, struct jinja_text *text, struct error *err)
{
    struct variables variables = { .count = 0 };
    enum status status = add_others(&variables, chat, arena, err);

    if (status == STATUS_OK)
        status = add_messages(&variables, chat, arena, err);
    if (status == STATUS_OK)
        status = add_tools(&variables, chat, arena, err);
    if (status != STATUS_OK)
        return status;
    add(&variables, "documents", jinja_none());
    add(&variables, "add_generation_prompt", jinja_bool(chat->has_generation_prompt));
    add_pieces(&variables, vocab);
    return jinja_render(template->root, variables.items, variables.count, chat->now, arena, text,
                        err);
}

enum status tokenizer_template_render(const struct tokenizer_template *template,
                                      const struct tokenizer_vocab *vocab,
                                      const struct tokenizer_chat *chat, struct arena *arena,
                                      struct tokenizer_span **spans, size_t *spans_count,
                                      struct error *err)
{
    struct jinja_text text;
    enum status status;

    if (template->root == NULL)
        return error_set(err, template->failure.status, "%s", template->failure.text);
    if (chat->messages.size == 0
        && (chat->turns_count == 0 || chat->turns_count > TOKENIZER_TURNS_MAX))
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu turns: 1 to %d can be rendered",
                         chat->turns_count, TOKENIZER_TURNS_MAX);
    status = render(template, vocab, chat, arena, &text, err);
    return status == STATUS_OK ? spans_of(text, arena, spans, spans_count, err) : status;
}

enum status tokenizer_template_apply(const struct tokenizer_template *template,
                                     const struct tokenizer_vocab *vocab,
                                     const struct tokenizer_chat *chat, struct arena *arena,
                                     struct tokenizer_ids *ids, struct error *err)
{
    struct tokenizer_span *spans;
    size_t count;
    enum status status =
        tokenizer_template_render(template, vocab, chat, arena, &spans, &count, err);

    if (status != STATUS_OK)
        return status;
    return tokenizer_encode_spans(vocab, spans, count, false, arena, ids, err);
}

/* Stops
 * -------------------------------------------------------------------------------------------- */

static void add_stop(struct tokenizer_template *template, uint32_t id)
{
    if (id == TOKENIZER_NO_ID || template->stops_count == TOKENIZER_STOPS_MAX)
        return;
    for (unsigned i = 0; i < template->stops_count; i++)
        if (template->stop_ids[i] == id)
            return;
    template->stop_ids[template->stops_count++] = id;
}

/* The special piece at the front of @text, blanks aside. */
static uint32_t first_special(const struct tokenizer_vocab *vocab, struct slice text)
{
    const unsigned types = 1u << TOKENIZER_PIECE_CONTROL | 1u << TOKENIZER_PIECE_USER;
    size_t size;

    while (text.size > 0 && strchr(" \n", text.data[0]) != NULL)
        text = slice_cut(text, 1, text.size);
    return text.size == 0 ? TOKENIZER_NO_ID
                          : tokenizer_vocab_find_special(vocab, text, types, &size);
}

/* Have an assistant say a word and look what comes behind it, when a user answers and when nobody
 * does: some templates end those two in different ways. */
static void probe_stops(struct tokenizer_template *template, const struct tokenizer_vocab *vocab)
{
    static const struct slice said = SLICE("Qzjxv");
    const struct tokenizer_turn turns[] = {
        { .role = SLICE("user"), .content = SLICE("Hm") },
        { .role = SLICE("assistant"), .content = said },
        { .role = SLICE("user"), .content = SLICE("Hm") },
    };
    struct tokenizer_span *spans;
    struct arena arena;
    size_t spans_count;

    arena_init(&arena, PROBE_BYTES_MAX);
    for (size_t count = 3; count >= 2; count--) {
        struct tokenizer_chat chat = { .turns = turns, .turns_count = count };

        if (tokenizer_template_render(template, vocab, &chat, &arena, &spans, &spans_count, NULL)
            != STATUS_OK)
            continue;
        for (size_t i = 0; i + 1 < spans_count; i++)
            if (!spans[i].is_trusted && slice_equal(spans[i].text, said)) {
                uint32_t id = first_special(vocab, spans[i + 1].text);

                add_stop(template, id == vocab->bos ? TOKENIZER_NO_ID : id);
            }
    }
    arena_close(&arena);
}

void tokenizer_template_init(struct tokenizer_template *template,
                             const struct tokenizer_vocab *vocab)
{
    *template = (struct tokenizer_template){ 0 };
    arena_init(&template->arena, TREE_BYTES_MAX);
    if (vocab->chat_template.size == 0)
        error_set(&template->failure, STATUS_FAILED_PRECONDITION,
                  "the model has no chat template (tokenizer.chat_template)");
    else if (jinja_compile(vocab->chat_template, &template->arena, &template->root,
                           &template->failure)
             == STATUS_OK)
        probe_stops(template, vocab);
    add_stop(template, vocab->eos);
}

void tokenizer_template_close(struct tokenizer_template *template)
{
    arena_close(&template->arena);
    *template = (struct tokenizer_template){ 0 };
}
