#include "consilium_deid_lines.h"

#include <errno.h>
#include <stdio.h>

#include "base/utf8.h"
#include "consilium.h"
#include "consilium_deid_input.h"

/* A run of bad lines is told of by its first few and then by a count. */
#define COMPLAINTS_MAX 20

struct lines {
    const struct deid_engine *engine;
    struct arena arena;
    uint64_t done, refused;
    bool is_broken; /* stdout takes no more */
};

/* ---- one line ---- */

/* Code points of a valid text up to a byte, asked for from front to back. */
struct counter {
    struct slice text;
    size_t at, points;
};

static size_t points_to(struct counter *counter, size_t byte)
{
    counter->points += utf8_count(slice_cut(counter->text, counter->at, byte));
    counter->at = byte;
    return counter->points;
}

static void put_id(struct buffer *out, const struct json *id)
{
    if (id->kind == JSON_KIND_STRING)
        buffer_put_json(out, id->text);
    else
        buffer_put(out, id->text);
}

/* To hundredths: 0.95, 1.00. */
static void put_score(struct buffer *out, float score)
{
    int hundredths = (int)(score * 100 + 0.5f);

    buffer_put_string(out, "\",\"score\":");
    buffer_put_number(out, hundredths / 100);
    buffer_put_byte(out, '.');
    buffer_put_byte(out, (char)('0' + hundredths / 10 % 10));
    buffer_put_byte(out, (char)('0' + hundredths % 10));
    buffer_put_byte(out, '}');
}

static void put_spans(struct buffer *out, struct slice text,
                      const struct deid_engine_result *result)
{
    struct counter counter = { text, 0, 0 };
    unsigned i;

    buffer_put_string(out, ",\"spans\":[");
    for (i = 0; i < result->spans_count; i++) {
        const struct deid_span *span = &result->spans[i].span;

        buffer_put_string(out, i > 0 ? ",{\"start\":" : "{\"start\":");
        buffer_put_number(out, (int64_t)points_to(&counter, span->start));
        buffer_put_string(out, ",\"end\":");
        buffer_put_number(out, (int64_t)points_to(&counter, span->end));
        buffer_put_string(out, ",\"label\":\"");
        buffer_put_string(out, deid_engine_label(span->class));
        put_score(out, span->score);
    }
    buffer_put_byte(out, ']');
}

static enum status check_line(const struct json *root, struct error *err)
{
    const struct json *id = json_get(root, "id"), *text = json_get(root, "text");

    if (root->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_INVALID_ARGUMENT, "not a JSON object");
    if (id == NULL || (id->kind != JSON_KIND_STRING && id->kind != JSON_KIND_NUMBER))
        return error_set(err, STATUS_INVALID_ARGUMENT, "no \"id\" that is a string or a number");
    if (text == NULL || text->kind != JSON_KIND_STRING)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no \"text\" that is a string");
    return STATUS_OK;
}

enum status deid_lines_do(const struct deid_engine *engine, struct slice line, struct arena *arena,
                          struct slice *output, struct error *err)
{
    const struct json *patient;
    struct deid_engine_result result;
    struct slice text;
    struct json *root;
    struct buffer out;

    if (json_parse(line, arena, &root, err) != STATUS_OK || check_line(root, err) != STATUS_OK)
        return err->status;
    text = json_get_string(root, "text");
    patient = json_get(root, "patient");
    if (patient != NULL && patient->kind == JSON_KIND_NULL)
        patient = NULL;
    if (deid_engine_text(engine, text, patient, arena, &result, err) != STATUS_OK)
        return err->status;
    buffer_init(&out, arena);
    buffer_put_string(&out, "{\"id\":");
    put_id(&out, json_get(root, "id"));
    buffer_put_string(&out, ",\"text\":");
    buffer_put_json(&out, result.output);
    put_spans(&out, text, &result);
    buffer_put_string(&out, "}\n");
    if (out.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the output");
    *output = buffer_slice(&out);
    return STATUS_OK;
}

/* ---- all lines ---- */

static void complain(struct lines *lines, uint64_t number, const struct error *err)
{
    lines->refused++;
    if (lines->refused <= COMPLAINTS_MAX)
        fprintf(stderr, "consilium: line %llu: %s: %s\n", (unsigned long long)number,
                status_name(err->status), err->text);
    if (lines->refused == COMPLAINTS_MAX)
        fprintf(stderr, "consilium: further lines that are refused are counted only\n");
}

static void take_line(struct lines *lines, uint64_t number, struct slice line)
{
    struct error err = { 0 };
    struct slice output;

    if (slice_trim(line).size == 0)
        return;
    arena_reuse(&lines->arena, DEID_ENGINE_ARENA_BYTES);
    if (deid_lines_do(lines->engine, line, &lines->arena, &output, &err) != STATUS_OK) {
        complain(lines, number, &err);
        return;
    }
    lines->is_broken = fwrite(output.data, 1, output.size, stdout) < output.size;
    lines->done++;
}

static void flush_lines(void *arg)
{
    struct lines *lines = arg;

    if (fflush(stdout) != 0)
        lines->is_broken = true;
}

/* The exit status, after the last line or what broke the run. */
static int finish(struct lines *lines, const struct error *err)
{
    flush_lines(lines);
    if (lines->is_broken) {
        fprintf(stderr, "consilium: stdout takes no more\n");
        return CONSILIUM_EXIT_FAILED;
    }
    if (err->status != STATUS_NOT_FOUND) {
        fprintf(stderr, "consilium: %s: %s\n", status_name(err->status), err->text);
        return CONSILIUM_EXIT_FAILED;
    }
    if (lines->refused == 0)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium: %llu lines done, %llu refused\n", (unsigned long long)lines->done,
            (unsigned long long)lines->refused);
    return CONSILIUM_EXIT_REFUSED;
}

int deid_lines_run(const struct deid_engine *engine, const struct consilium *consilium,
                   const char *path)
{
    struct lines lines = { .engine = engine };
    struct deid_input input;
    struct error err = { 0 };
    struct slice line;
    int exit_status;

    if (deid_input_open(&input, path, consilium->config.line_bytes_max, &err) != STATUS_OK) {
        fprintf(stderr, "consilium: %s: %s\n", status_name(err.status), err.text);
        return consilium_exit_of(err.status);
    }
    input.before_wait = flush_lines;
    input.arg = &lines;
    while (!lines.is_broken && err.status == STATUS_OK) {
        if (deid_input_next(&input, &line, &err) == STATUS_OK) {
            take_line(&lines, input.line, line);
        } else if (err.status == STATUS_OUT_OF_RANGE) {
            complain(&lines, input.line, &err);
            error_clear(&err);
        }
    }
    exit_status = finish(&lines, &err);
    arena_close(&lines.arena);
    deid_input_close(&input);
    return exit_status;
}
