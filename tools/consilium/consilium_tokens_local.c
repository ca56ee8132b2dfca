/* tokens --vocabulary FILE: encodes, counts and decodes in this process, by a GGUF file or a
 * tokenizer.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "consilium.h"
#include "consilium_file.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "fhir/json.h"
#include "tokenizer_decode.h"
#include "tokenizer_open.h"
#include "tokenizer_template.h"

#define INPUT_BYTES_MAX (64 * MIB)
#define ARENA_BYTES (1024 * MIB)

struct tokens {
    const struct consilium *consilium;
    struct tokenizer_vocab *vocab;
    struct arena *arena; /* of one text */
    struct error *err;
};

/* Showing
 * ------------------------------------------------------------------------------------------ */

/* What @id adds to the text, in whole code points; a control piece's name. *state goes from one to
 * the next. */
static enum status piece_text(struct tokens *tokens, uint32_t id, bool is_last, struct slice *state,
                              struct slice *text, bool *is_control)
{
    enum status status = tokenizer_decode(tokens->vocab, &id, 1, *state, is_last, tokens->arena,
                                          text, state, tokens->err);

    *is_control = status == STATUS_OK && text->size == 0
                  && tokenizer_vocab_type(tokens->vocab, id) == TOKENIZER_PIECE_CONTROL;
    if (*is_control)
        *text = tokenizer_vocab_piece(tokens->vocab, id);
    return status;
}

static enum status put_json(struct tokens *tokens, const struct tokenizer_ids *ids, size_t bytes,
                            struct buffer *out)
{
    struct slice state = { 0 }, text;
    enum status status = STATUS_OK;
    bool is_control;

    buffer_format(out, "{\"tokens\":%zu,\"bytes\":%zu,\"ids\":[", ids->count, bytes);
    for (size_t i = 0; i < ids->count; i++)
        buffer_format(out, i > 0 ? ",%u" : "%u", ids->ids[i]);
    buffer_put_string(out, "],\"pieces\":[");
    for (size_t i = 0; i < ids->count && status == STATUS_OK; i++) {
        status = piece_text(tokens, ids->ids[i], i + 1 == ids->count, &state, &text, &is_control);
        buffer_put_string(out, i > 0 ? "," : "");
        buffer_put_json(out, text);
    }
    buffer_put_string(out, "]}\n");
    return status;
}

/* The split: colours in turn, or bars where there are no colours. */
static enum status put_split(struct tokens *tokens, const struct tokenizer_ids *ids, size_t bytes,
                             struct buffer *out)
{
    bool is_plain = *paint(PAINT_NOTE) == '\0', is_control;
    struct slice state = { 0 }, text;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < ids->count && status == STATUS_OK; i++) {
        status = piece_text(tokens, ids->ids[i], i + 1 == ids->count, &state, &text, &is_control);
        buffer_put_string(
            out, paint(is_control ? PAINT_SURROGATE : (i % 2 == 0 ? PAINT_NOTE : PAINT_GOOD)));
        buffer_put(out, text);
        buffer_put_string(out, is_plain && i + 1 < ids->count ? "|" : paint(PAINT_PLAIN));
    }
    buffer_put_byte(out, '\n');
    for (size_t i = 0; i < ids->count; i++)
        buffer_format(out, "%s%u%s%s", paint(i % 2 == 0 ? PAINT_NOTE : PAINT_GOOD), ids->ids[i],
                      paint(PAINT_PLAIN), i + 1 < ids->count ? " " : "\n");
    buffer_format(out, "%s%zu tokens, %zu bytes%s\n", paint(PAINT_DIM), ids->count, bytes,
                  paint(PAINT_PLAIN));
    return status;
}

static enum status print(struct tokens *tokens, const struct tokenizer_ids *ids, size_t bytes)
{
    struct buffer out;
    enum status status;

    buffer_init(&out, tokens->arena);
    status = tokens->consilium->config.json ? put_json(tokens, ids, bytes, &out)
                                            : put_split(tokens, ids, bytes, &out);
    if (status == STATUS_OK && out.is_full)
        status = error_set(tokens->err, STATUS_RESOURCE_EXHAUSTED, "no memory to show that");
    if (status == STATUS_OK)
        fwrite(out.data, 1, out.size, stdout);
    return status;
}

/* What is done to a text
 * ----------------------------------------------------------------------------- */

static enum status count(struct tokens *tokens, struct slice text)
{
    size_t total;
    enum status status = tokenizer_encode_count(tokens->vocab, text, &total, tokens->err);

    if (status != STATUS_OK)
        return status;
    printf(tokens->consilium->config.json ? "{\"tokens\":%zu,\"bytes\":%zu}\n" : "%zu\n", total,
           text.size);
    return STATUS_OK;
}

static enum status encode(struct tokens *tokens, struct slice text)
{
    struct tokenizer_ids ids;
    enum status status = tokenizer_encode(tokens->vocab, text, tokens->consilium->config.special,
                                          false, tokens->arena, &ids, tokens->err);

    return status == STATUS_OK ? print(tokens, &ids, text.size) : status;
}

/* Numbers with anything between them: "[1, 2]" too. */
static enum status parse_ids(struct tokens *tokens, struct slice text, struct buffer *ids)
{
    for (size_t at = 0; at < text.size;) {
        uint64_t id = 0;

        if (strchr(" \t\r\n,[]", text.data[at]) != NULL) {
            at++;
            continue;
        }
        for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9' && id <= UINT32_MAX;
             at++)
            id = id * 10 + (uint64_t)(text.data[at] - '0');
        if (id > UINT32_MAX || (at < text.size && strchr(" \t\r\n,[]", text.data[at]) == NULL))
            return error_set(tokens->err, STATUS_INVALID_ARGUMENT, "byte %zu is of no id", at);
        buffer_put(ids, slice_of(&(uint32_t){ (uint32_t)id }, sizeof(uint32_t)));
    }
    return ids->is_full ? error_set(tokens->err, STATUS_RESOURCE_EXHAUSTED, "too many ids")
                        : STATUS_OK;
}

static enum status decode(struct tokens *tokens, struct slice input)
{
    struct slice text, state;
    struct buffer ids, out;
    enum status status;

    buffer_init(&ids, tokens->arena);
    status = parse_ids(tokens, input, &ids);
    if (status == STATUS_OK)
        status = tokenizer_decode(tokens->vocab, (uint32_t *)(void *)ids.data,
                                  ids.size / sizeof(uint32_t), (struct slice){ 0 }, true,
                                  tokens->arena, &text, &state, tokens->err);
    if (status != STATUS_OK)
        return status;
    if (!tokens->consilium->config.json) {
        printf("%.*s\n", SLICE_FORMAT(text));
        return STATUS_OK;
    }
    buffer_init(&out, tokens->arena);
    buffer_put_json(&out, text);
    printf("{\"text\":%.*s}\n", SLICE_FORMAT(buffer_slice(&out)));
    return STATUS_OK;
}

static struct slice member(struct tokens *tokens, const struct json *object, const char *key)
{
    const struct json *found = json_get(object, key);
    struct buffer out;

    if (found == NULL || found->kind == JSON_KIND_NULL)
        return (struct slice){ 0 };
    buffer_init(&out, tokens->arena);
    json_write(found, &out);
    return buffer_slice(&out);
}

/* {"messages": [...], "tools": [...], "variables": {...}, "add_generation_prompt": true} */
static enum status chat(struct tokens *tokens, struct slice input)
{
    struct tokenizer_chat chat = { .now = time(NULL) };
    struct tokenizer_template template;
    struct tokenizer_ids ids;
    const struct json *prompt;
    struct json *root;
    enum status status = json_parse(input, tokens->arena, &root, tokens->err);

    if (status != STATUS_OK)
        return status;
    chat.messages = member(tokens, root, "messages");
    chat.tools = member(tokens, root, "tools");
    chat.variables = member(tokens, root, "variables");
    prompt = json_get(root, "add_generation_prompt");
    chat.has_generation_prompt = prompt == NULL || prompt->kind == JSON_KIND_TRUE;
    tokenizer_template_init(&template, tokens->vocab);
    status =
        tokenizer_template_apply(&template, tokens->vocab, &chat, tokens->arena, &ids, tokens->err);
    tokenizer_template_close(&template);
    return status == STATUS_OK ? print(tokens, &ids, input.size) : status;
}

static enum status run_one(struct tokens *tokens, struct slice text)
{
    const struct consilium_config *config = &tokens->consilium->config;
    struct arena arena;
    enum status status;

    arena_init(&arena, ARENA_BYTES);
    tokens->arena = &arena;
    if (config->decode)
        status = decode(tokens, text);
    else if (!utf8_is_valid(text))
        status = error_set(tokens->err, STATUS_INVALID_ARGUMENT, "the text is not UTF-8");
    else if (config->chat)
        status = chat(tokens, text);
    else
        status = config->count ? count(tokens, text) : encode(tokens, text);
    arena_close(&arena);
    return status;
}

static enum status run_lines(struct tokens *tokens, struct slice text)
{
    enum status status = STATUS_OK;
    size_t end;

    for (size_t line = 1; text.size > 0 && status == STATUS_OK; line++) {
        end = slice_find_byte(text, '\n');
        status = run_one(tokens, slice_cut(text, 0, end));
        if (status != STATUS_OK)
            return error_wrap(tokens->err, "line %zu", line);
        text = slice_cut(text, end + 1, text.size);
    }
    return status;
}

static enum status read_input(struct consilium *consilium, struct slice *text, struct error *err)
{
    if (consilium->operands_count == 0 || strcmp(consilium->operands[0], "-") == 0)
        return file_read("-", INPUT_BYTES_MAX, &consilium->arena, text, err);
    *text = slice_from(consilium->operands[0]);
    return STATUS_OK;
}

int tokens_verb(struct consilium *consilium)
{
    struct error err = { 0 };
    struct tokens tokens = { .consilium = consilium, .err = &err };
    struct slice text;
    enum status status;

    if (consilium->config.vocabulary == NULL)
        return CONSILIUM_EXIT_MESH;
    if (consilium->operands_count > 1) {
        fputs("consilium: tokens takes one text, or - for stdin\n", stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    tokens.vocab = tokenizer_open(consilium->config.vocabulary, &err);
    status = tokens.vocab == NULL ? err.status : read_input(consilium, &text, &err);
    if (status == STATUS_OK)
        status = consilium->config.lines ? run_lines(&tokens, text) : run_one(&tokens, text);
    tokenizer_vocab_destroy(tokens.vocab);
    if (status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium: %s: %s\n", status_name(status), err.text);
    return consilium_exit_of(status);
}
