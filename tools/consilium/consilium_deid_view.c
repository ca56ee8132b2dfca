#include "consilium_deid_view.h"

#include <stdio.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_deid_lines.h"
#include "consilium_file.h"
#include "consilium_paint.h"

#define INPUT_BYTES_MAX (64 * MIB)

static int tell(const struct error *err)
{
    fprintf(stderr, "consilium: %s: %s\n", status_name(err->status), err->text);
    return consilium_exit_of(err->status);
}

static int put_out(struct slice output)
{
    if (fwrite(output.data, 1, output.size, stdout) == output.size && fflush(stdout) == 0)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium: stdout takes no more\n");
    return CONSILIUM_EXIT_FAILED;
}

static void print_counts(const struct deid_engine_result *result)
{
    const char *comma = "";
    unsigned class;

    for (class = 0; class < DEID_CLASS_COUNT; class ++) {
        if (result->counts[class] == 0)
            continue;
        printf("%s%s%s%s %u", comma, paint(PAINT_SURROGATE), deid_engine_label(class),
               paint(PAINT_PLAIN), result->counts[class]);
        comma = ", ";
    }
    printf("%s\n", comma[0] == '\0' ? "no identifier found" : "");
}

/* What a terminal would obey is shown as a question mark. */
static void print_plain(struct slice text)
{
    size_t i;

    for (i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        putchar((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c);
    }
}

/* The text as it is now, each surrogate in colour and its class behind it. */
static void print_view(struct slice text, const struct deid_engine_result *result)
{
    size_t at = 0;
    unsigned i;

    for (i = 0; i < result->spans_count; i++) {
        const struct deid_engine_span *span = &result->spans[i];

        print_plain(slice_cut(text, at, span->span.start));
        printf("%s%.*s%s%s:%s%s", paint(PAINT_SURROGATE), SLICE_FORMAT(span->surrogate),
               paint(PAINT_PLAIN), paint(PAINT_DIM), deid_engine_label(span->span.class),
               paint(PAINT_PLAIN));
        at = span->span.end;
    }
    print_plain(slice_cut(text, at, text.size));
    if (text.size == 0 || text.data[text.size - 1] != '\n')
        printf("\n");
    print_counts(result);
}

static int print_line(const struct deid_engine *engine, const char *path, struct slice text,
                      struct arena *arena)
{
    struct error err = { 0 };
    struct buffer line;
    struct slice output;

    buffer_init(&line, arena);
    buffer_put_string(&line, "{\"id\":");
    buffer_put_json(&line, slice_from(path));
    buffer_put_string(&line, ",\"text\":");
    buffer_put_json(&line, text);
    buffer_put_byte(&line, '}');
    if (deid_lines_do(engine, buffer_slice(&line), arena, &output, &err) != STATUS_OK)
        return tell(&err);
    return put_out(output);
}

int deid_view_run(const struct deid_engine *engine, const struct consilium *consilium,
                  const char *path)
{
    struct deid_engine_result result;
    struct error err = { 0 };
    struct arena arena;
    struct slice text;
    int exit_status = CONSILIUM_EXIT_OK;

    arena_init(&arena, DEID_ENGINE_ARENA_BYTES);
    if (file_read(path, INPUT_BYTES_MAX, &arena, &text, &err) != STATUS_OK)
        exit_status = tell(&err);
    else if (consilium->config.json)
        exit_status = print_line(engine, path, text, &arena);
    else if (deid_engine_text(engine, text, NULL, &arena, &result, &err) != STATUS_OK)
        exit_status = tell(&err);
    else
        print_view(text, &result);
    arena_close(&arena);
    return exit_status;
}
