#include "consilium_deid_back.h"

#include <stdio.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_deid_input.h"
#include "consilium_deid_sink.h"
#include "consilium_deid_vault.h"
#include "consilium_file.h"
#include "deid_fhir_restore.h"
#include "deid_restore.h"
#include "fhir/json.h"

#define INPUT_BYTES_MAX (512 * MIB)
#define LINE_ARENA_BYTES ((size_t)4 << 30)

struct back {
    const struct consilium_config *config;
    struct deid_vault vault;
    struct deid_sink sink;
    struct arena arena; /* of the text or line at hand */
};

/* {"id", "text"} → the same, the text as it was. */
static enum status restore_record(struct back *back, struct slice line, struct buffer *out,
                                  struct error *err)
{
    struct json *root;
    const struct json *id;
    struct slice text;

    if (json_parse(line, &back->arena, &root, err) != STATUS_OK)
        return err->status;
    id = json_get(root, "id");
    if (id == NULL || json_get(root, "text") == NULL
        || json_get(root, "text")->kind != JSON_KIND_STRING)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no \"id\" or no \"text\"");
    if (deid_restore_text(&back->vault.map, json_get_string(root, "text"), &back->arena, &text, err)
        != STATUS_OK)
        return err->status;
    buffer_put_string(out, "{\"id\":");
    json_write(id, out);
    buffer_put_string(out, ",\"text\":");
    buffer_put_json(out, text);
    buffer_put_string(out, "}\n");
    return STATUS_OK;
}

static enum status restore_resource(struct back *back, struct slice line, struct buffer *out,
                                    struct error *err)
{
    struct slice restored;

    if (deid_fhir_restore(&back->vault.map, line, &back->arena, &restored, err) != STATUS_OK)
        return err->status;
    buffer_put(out, restored);
    buffer_put_byte(out, '\n');
    return STATUS_OK;
}

static enum status restore_line(struct back *back, struct slice line, struct error *err)
{
    struct buffer out;
    enum status status;

    buffer_init(&out, &back->arena);
    status = back->config->fhir ? restore_resource(back, line, &out, err)
                                : restore_record(back, line, &out, err);
    if (status == STATUS_OK && out.is_full)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for what was there");
    return status == STATUS_OK ? deid_sink_put(&back->sink, buffer_slice(&out), err) : status;
}

static enum status restore_lines(struct back *back, const char *path, struct error *err)
{
    struct deid_input input;
    struct slice line;

    if (deid_input_open(&input, path, back->config->line_bytes_max, err) != STATUS_OK)
        return err->status;
    while (err->status == STATUS_OK && deid_input_next(&input, &line, err) == STATUS_OK) {
        if (slice_trim(line).size == 0)
            continue;
        arena_reuse(&back->arena, LINE_ARENA_BYTES);
        if (restore_line(back, line, err) != STATUS_OK)
            error_wrap(err, "line %llu", (unsigned long long)input.line);
    }
    if (err->status == STATUS_NOT_FOUND)
        error_clear(err);
    deid_input_close(&input);
    return err->status;
}

static enum status restore_whole(struct back *back, const char *path, struct error *err)
{
    struct slice text, restored;

    if (file_read(path, INPUT_BYTES_MAX, &back->arena, &text, err) != STATUS_OK)
        return err->status;
    if (back->config->text)
        deid_restore_text(&back->vault.map, text, &back->arena, &restored, err);
    else
        deid_fhir_restore(&back->vault.map, text, &back->arena, &restored, err);
    return err->status == STATUS_OK ? deid_sink_put(&back->sink, restored, err) : err->status;
}

/* A FHIR document over many lines is no NDJSON: its first line is not whole. */
static bool is_lines(struct back *back, const char *path)
{
    struct deid_input input;
    struct slice line;
    struct json *root;
    bool is_whole = false;

    if (back->config->text || !back->config->fhir || strcmp(path, "-") == 0)
        return !back->config->text;
    if (deid_input_open(&input, path, back->config->line_bytes_max, NULL) == STATUS_OK) {
        is_whole = deid_input_next(&input, &line, NULL) == STATUS_OK
                   && json_parse(line, &back->arena, &root, NULL) == STATUS_OK;
        deid_input_close(&input);
    }
    return is_whole;
}

static enum status vault_open(struct back *back, struct error *err)
{
    const struct consilium_config *config = back->config;

    if (config->own.map == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "deid restore needs --map and --key-file");
    if (deid_vault_open(&back->vault, config->own.map, config->own.key_file, (enum deid_profile)0,
                        err)
        != STATUS_OK)
        return err->status;
    if (back->vault.is_new)
        return error_set(err, STATUS_NOT_FOUND, "no map at %s", config->own.map);
    fprintf(stderr, "consilium: opened the map of %u originals\n", back->vault.map.entries_count);
    return STATUS_OK;
}

int deid_back_run(const struct consilium *consilium, const char *path)
{
    struct back back = { .config = &consilium->config };
    struct error err = { 0 };

    arena_init(&back.arena, LINE_ARENA_BYTES);
    if (vault_open(&back, &err) == STATUS_OK
        && deid_sink_open(&back.sink, consilium->config.own.output, &err) == STATUS_OK) {
        if (is_lines(&back, path))
            restore_lines(&back, path, &err);
        else
            restore_whole(&back, path, &err);
        if (err.status == STATUS_OK)
            deid_sink_finish(&back.sink, &err);
        deid_sink_drop(&back.sink);
    }
    deid_vault_close(&back.vault);
    arena_close(&back.arena);
    if (err.status != STATUS_OK)
        fprintf(stderr, "consilium: %s: %s\n", status_name(err.status), err.text);
    return consilium_exit_of(err.status);
}
