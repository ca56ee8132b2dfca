/* context: the facts that bear on a question, for JSON lines, without a mesh.
 *
 * One line in, one line out, at once. A line that is refused gives {"id", "error"} in its place,
 * and the exit status says so at the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_context_record.h"
#include "consilium_context_tokens.h"
#include "consilium_file.h"
#include "consilium_verbs.h"
#include "context_thing_site.h"
#include "fhir/json.h"

#define LINE_BYTES_MAX (16 * MIB)
#define ANSWER_ARENA_BYTES (512 * MIB)
#define BUDGET_DEFAULT 4000
#define BUDGET_MAX (1 << 24)
#define CHARACTERS_PER_TOKEN 4.0f

struct asked {
    const struct json *id;
    struct slice question;
    const char *paths[CONTEXT_BUNDLES_MAX];
    size_t paths_count;
    uint32_t budget_tokens;
    bool by_model;
    bool has_lines; /* each line by itself is wanted, with what it rests on */
};

struct lines {
    const struct consilium_config *config;
    struct context_records *records;
    struct context_tokens *tokens; /* NULL: not needed yet */
    struct arena arena;
    uint32_t without;
    enum status worst;
};

/* ---- a line ---- */

static enum status read_paths(const struct json *bundles, const char *folder, struct arena *arena,
                              struct asked *asked, struct error *err)
{
    const struct json *item;

    for (item = json_first(bundles); item != NULL; item = item->next) {
        bool is_alone = folder == NULL || (item->text.size > 0 && item->text.data[0] == '/');
        const char *path;

        if (item->kind != JSON_KIND_STRING || item->text.size == 0
            || memchr(item->text.data, '\0', item->text.size) != NULL)
            return error_set(err, STATUS_INVALID_ARGUMENT, "bundles: item %zu is no path",
                             asked->paths_count + 1);
        if (asked->paths_count == CONTEXT_BUNDLES_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "bundles: more than %d",
                             CONTEXT_BUNDLES_MAX);
        path = arena_format(arena, "%s%s%.*s", is_alone ? "" : folder, is_alone ? "" : "/",
                            SLICE_FORMAT(item->text));
        if (path == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a path");
        asked->paths[asked->paths_count++] = path;
    }
    return asked->paths_count > 0 ? STATUS_OK
                                  : error_set(err, STATUS_INVALID_ARGUMENT, "bundles: none");
}

static enum status read_budget(const struct json *budget, uint32_t *tokens, struct error *err)
{
    double value;

    *tokens = BUDGET_DEFAULT;
    if (budget == NULL || budget->kind == JSON_KIND_NULL)
        return STATUS_OK;
    if (budget->kind != JSON_KIND_NUMBER)
        return error_set(err, STATUS_INVALID_ARGUMENT, "budget: not a number");
    value = strtod(budget->text.data, NULL);
    if (!(value >= 1 && value <= BUDGET_MAX))
        return error_set(err, STATUS_INVALID_ARGUMENT, "budget: not 1 to %d", BUDGET_MAX);
    *tokens = (uint32_t)value;
    return STATUS_OK;
}

static enum status read_asked(const struct json *root, const char *folder, struct arena *arena,
                              struct asked *asked, struct error *err)
{
    struct slice tokens = json_get_string(root, "tokens");
    const struct json *lines = json_get(root, "lines");

    if (root->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_INVALID_ARGUMENT, "not a JSON object");
    asked->question = slice_trim(json_get_string(root, "question"));
    if (asked->question.size == 0 || asked->question.size > QUESTION_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "question: %zu bytes, not 1 to %zu",
                         asked->question.size, (size_t)QUESTION_BYTES_MAX);
    asked->by_model = slice_is(tokens, "model");
    asked->has_lines = lines != NULL && lines->kind == JSON_KIND_TRUE;
    if (tokens.size > 0 && !asked->by_model && !slice_is(tokens, "chars4"))
        return error_set(err, STATUS_INVALID_ARGUMENT, "tokens: neither chars4 nor model");
    if (read_budget(json_get(root, "budget"), &asked->budget_tokens, err) != STATUS_OK)
        return err->status;
    return read_paths(json_get(root, "bundles"), folder, arena, asked, err);
}

/* ---- an answer ---- */

static void put_id(struct buffer *out, const struct json *id)
{
    buffer_put_string(out, "{\"id\":");
    if (id == NULL)
        buffer_put_string(out, "null");
    else
        json_write(id, out);
}

static void put_reference(struct buffer *out, struct slice reference, bool *is_first)
{
    if (!*is_first)
        buffer_put_byte(out, ',');
    *is_first = false;
    buffer_put_json(out, reference);
}

/* A fact's own resource, and those that say the same. */
static void put_sources(struct buffer *out, const struct fact *fact, bool *is_first)
{
    struct slice also = fact->also;

    put_reference(out, fact->reference, is_first);
    while (also.size > 0) {
        size_t end = slice_find_byte(also, '\n');

        put_reference(out, slice_cut(also, 0, end), is_first);
        also = slice_cut(also, end + 1, also.size);
    }
}

/* References of all lines, or of those that bear on the question. */
static void put_references(struct buffer *out, const struct record *record,
                           const struct slice_text *slice, bool is_evidence)
{
    bool is_first = true;

    for (uint32_t i = 0; i < slice->count; i++)
        for (uint32_t j = 0; j < slice->lines[i].count; j++)
            if (slice->lines[i].bears || !is_evidence)
                put_sources(out, &record->facts[slice->lines[i].facts[j]], &is_first);
}

/* A fact that a line cites: where it stands and what it says. */
static void put_fact(struct buffer *out, const struct fact *fact)
{
    char date[FHIR_DATE_TEXT_BYTES];
    bool is_first = true;

    buffer_put_string(out, "{\"sources\":[");
    put_sources(out, fact, &is_first);
    buffer_put_string(out, "],\"path\":");
    buffer_put_json(out, fact->path);
    buffer_put_string(out, ",\"date\":");
    buffer_put_json(out, slice_of(date, fhir_date_format(&fact->date, date)));
    buffer_put_string(out, ",\"value\":");
    buffer_put_json(out, fact->value);
    buffer_put_byte(out, '}');
}

static void put_lines(struct buffer *out, const struct record *record,
                      const struct slice_text *slice)
{
    buffer_put_string(out, ",\"lines\":[");
    for (uint32_t i = 0; i < slice->count; i++) {
        const struct slice_line *line = &slice->lines[i];

        buffer_format(out, "%s{\"id\":%u,\"bears\":%s,\"told\":%u,\"text\":", i > 0 ? "," : "",
                      line->id, line->bears ? "true" : "false", line->told);
        buffer_put_json(out, line->text);
        buffer_put_string(out, ",\"facts\":[");
        for (uint32_t j = 0; j < line->count; j++) {
            if (j > 0)
                buffer_put_byte(out, ',');
            put_fact(out, &record->facts[line->facts[j]]);
        }
        buffer_put_string(out, "]}");
    }
    buffer_put_byte(out, ']');
}

static void put_answer(struct buffer *out, const struct asked *asked, const struct record *record,
                       const struct slice_text *slice)
{
    put_id(out, asked->id);
    buffer_put_string(out, ",\"refs\":[");
    put_references(out, record, slice, false);
    buffer_put_string(out, "],\"evidence\":[");
    put_references(out, record, slice, true);
    buffer_format(out, "],\"tokens\":%zu,\"text\":", slice->tokens);
    buffer_put_json(out, slice->text);
    if (asked->has_lines)
        put_lines(out, record, slice);
    buffer_put_string(out, "}\n");
}

static enum status make_measure(struct lines *lines, const struct asked *asked,
                                struct slice_measure *measure, struct error *err)
{
    *measure = (struct slice_measure){ .bytes_per_token = CHARACTERS_PER_TOKEN };
    if (!asked->by_model)
        return STATUS_OK;
    if (lines->config->model == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "tokens: model needs --model FILE");
    if (lines->tokens == NULL)
        lines->tokens = context_tokens_create(lines->config->model, err);
    if (lines->tokens == NULL)
        return err->status;
    *measure = context_tokens_measure(lines->tokens);
    return STATUS_OK;
}

static enum status answer(struct lines *lines, const struct json *root, struct buffer *out,
                          struct error *err)
{
    struct asked *asked = ARENA_NEW(&lines->arena, struct asked);
    const struct context_record *record;
    struct slice_measure measure;
    struct slice_text slice;

    if (asked == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a request");
    asked->id = json_get(root, "id");
    if (read_asked(root, lines->config->folder, &lines->arena, asked, err) != STATUS_OK
        || make_measure(lines, asked, &measure, err) != STATUS_OK
        || context_records_find(lines->records, asked->paths, asked->paths_count, &record, err)
               != STATUS_OK
        || context_slice(&record->record, &record->courses, asked->question, asked->budget_tokens,
                         &measure, lines->without, &lines->arena, &slice, err)
               != STATUS_OK)
        return err->status;
    put_answer(out, asked, &record->record, &slice);
    return out->is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the answer")
                        : STATUS_OK;
}

static void put_error(struct buffer *out, const struct json *root, const struct error *err)
{
    put_id(out, root == NULL ? NULL : json_get(root, "id"));
    buffer_format(out, ",\"error\":{\"status\":\"%s\",\"text\":", status_name(err->status));
    buffer_put_json(out, slice_from(err->text));
    buffer_put_string(out, "}}\n");
}

static bool take_line(struct lines *lines, struct slice line)
{
    struct json *root = NULL;
    struct error err = { 0 };
    struct buffer out;

    if (slice_trim(line).size == 0)
        return true;
    arena_reuse(&lines->arena, ANSWER_ARENA_BYTES);
    buffer_init(&out, &lines->arena);
    if (json_parse(line, &lines->arena, &root, &err) != STATUS_OK
        || answer(lines, root, &out, &err) != STATUS_OK) {
        lines->worst = err.status;
        arena_reuse(&lines->arena, ANSWER_ARENA_BYTES);
        buffer_init(&out, &lines->arena);
        if (json_parse(line, &lines->arena, &root, &(struct error){ 0 }) != STATUS_OK)
            root = NULL;
        put_error(&out, root, &err);
    }
    return fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0;
}

/* ---- all lines ---- */

static int run_lines(struct lines *lines, FILE *input)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    bool is_open = true;

    while (is_open && (size = getline(&text, &room, input)) >= 0) {
        if ((size_t)size > LINE_BYTES_MAX) {
            fprintf(stderr, "consilium: a line of %zd bytes is over the limit of %zu\n", size,
                    (size_t)LINE_BYTES_MAX);
            lines->worst = STATUS_INVALID_ARGUMENT;
            continue;
        }
        is_open = take_line(lines, slice_of(text, (size_t)size));
    }
    free(text);
    if (!is_open || ferror(input)) {
        fprintf(stderr, "consilium: %s\n",
                is_open ? "input cannot be read" : "stdout takes no more");
        return CONSILIUM_EXIT_FAILED;
    }
    return lines->worst == STATUS_OK ? CONSILIUM_EXIT_OK : (int)consilium_exit_of(lines->worst);
}

/* "words,needs" as bits. */
static bool read_without(const char *names, uint32_t *bits)
{
    struct slice left = slice_from(names);

    while (left.size > 0) {
        size_t comma = slice_find_byte(left, ','), i = 0;

        while (i < RANK_SIGNALS && !slice_is(slice_cut(left, 0, comma), rank_signal_names[i]))
            i++;
        if (i == RANK_SIGNALS)
            return false;
        *bits |= 1u << i;
        left = slice_cut(left, comma + 1, left.size);
    }
    return true;
}

/* False: said why. */
static bool read_words(const char *path, struct arena *arena)
{
    struct slice text;
    struct error err;

    if (path == NULL
        || (file_read(path, THING_SITE_BYTES_MAX + 1, arena, &text, &err) == STATUS_OK
            && things_add_words(text, &err) == STATUS_OK))
        return true;
    fprintf(stderr, "consilium: %s: %s\n", path, err.text);
    return false;
}

int context_verb(struct consilium *consilium)
{
    struct lines lines = { .config = &consilium->config, .records = context_records_create() };
    const char *path = consilium->operands_count == 0 ? "-" : consilium->operands[0];
    FILE *input = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    int exit_status = CONSILIUM_EXIT_USAGE;

    if (input == NULL) {
        fprintf(stderr, "consilium: %s: %s\n", path, strerror(errno));
        exit_status = CONSILIUM_EXIT_NOT_FOUND;
    } else if (consilium->operands_count > 1 || lines.records == NULL
               || !read_without(consilium->config.without, &lines.without)) {
        fprintf(stderr, "consilium: context takes one file of JSON lines, or - for stdin\n");
    } else if (read_words(consilium->config.words_file, &consilium->arena)) {
        exit_status = run_lines(&lines, input);
    }
    if (input != NULL && input != stdin)
        fclose(input);
    if (lines.records != NULL)
        context_records_destroy(lines.records);
    context_tokens_destroy(lines.tokens);
    arena_close(&lines.arena);
    return exit_status;
}
