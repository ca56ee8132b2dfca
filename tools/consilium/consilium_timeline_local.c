/* timeline without a mesh: the record of bundles in files, asked or drawn.
 *
 *     consilium timeline a.json [b.json…]                     the record as a picture
 *     consilium timeline a.json --ask "latest 4548-4"         several with ';' between them
 *     consilium timeline a.json --ask - < QUESTIONS           one a line, an answer a line with
 * --json */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_context_record.h"
#include "consilium_paint.h"
#include "consilium_timeline_answer.h"
#include "consilium_timeline_draw.h"
#include "consilium_verbs.h"

#define QUESTIONS_LINE_MAX 4096

struct asked {
    const struct record *record;
    bool json;
    enum status worst;
};

static void ask_one(struct asked *asked, struct slice text)
{
    struct timeline_question question;
    struct timeline_answer answer;
    struct arena arena;
    struct buffer out;
    struct error err = { 0 };

    arena_init(&arena, 256 * MIB);
    buffer_init(&out, &arena);
    if (timeline_question_parse(text, &question, &err) == STATUS_OK
        && timeline_ask(asked->record, &question, &arena, &answer, &err) == STATUS_OK) {
        if (asked->json)
            timeline_answer_put_json(&out, text, &question, &answer);
        else
            timeline_answer_put_text(&out, text, &question, &answer);
    } else {
        asked->worst = err.status;
        if (asked->json) {
            buffer_put_string(&out, "{\"question\":");
            buffer_put_json(&out, text);
            buffer_put_string(&out, ",\"error\":");
            buffer_put_json(&out, slice_from(err.text));
            buffer_put_string(&out, "}\n");
        } else {
            fprintf(stderr, "consilium: %s\n", err.text);
        }
    }
    if (out.is_full)
        asked->worst = STATUS_RESOURCE_EXHAUSTED;
    fwrite(out.data, 1, out.size, stdout);
    arena_close(&arena);
}

static void ask_lines(struct asked *asked)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    while ((size = getline(&line, &room, stdin)) >= 0) {
        struct slice text = slice_trim(slice_of(line, (size_t)size));

        if (text.size > QUESTIONS_LINE_MAX)
            asked->worst = STATUS_INVALID_ARGUMENT;
        else if (text.size > 0)
            ask_one(asked, text);
    }
    free(line);
}

static void ask_all(struct asked *asked, const char *questions)
{
    struct slice left = slice_from(questions);

    if (slice_is(left, "-")) {
        ask_lines(asked);
        return;
    }
    while (left.size > 0) {
        size_t end = slice_find_byte(left, ';');
        struct slice text = slice_trim(slice_cut(left, 0, end));

        if (text.size > 0)
            ask_one(asked, text);
        left = slice_cut(left, end + 1, left.size);
    }
}

static int run(struct consilium *consilium, struct context_records *records)
{
    const struct consilium_config *config = &consilium->config;
    const struct context_record *record;
    struct asked asked = { .json = config->json };
    struct error err = { 0 };

    if (context_records_find(records, (const char *const *)consilium->operands,
                             (size_t)consilium->operands_count, &record, &err)
        != STATUS_OK) {
        fprintf(stderr, "consilium: %s\n", err.text);
        return (int)consilium_exit_of(err.status);
    }
    paint_init(config->colour);
    asked.record = &record->record;
    if (config->ask[0] != '\0')
        ask_all(&asked, config->ask);
    else if (config->json)
        ask_all(&asked, "between 0001 9999");
    else if (timeline_draw(&record->record, stdout, &err) != STATUS_OK)
        asked.worst = err.status;
    if (fflush(stdout) != 0)
        return CONSILIUM_EXIT_FAILED;
    return asked.worst == STATUS_OK ? CONSILIUM_EXIT_OK : (int)consilium_exit_of(asked.worst);
}

int timeline_local(struct consilium *consilium)
{
    struct context_records *records;
    struct stat about;
    int exit_status;

    /* A patient of the mesh, unless it is a file, or was meant to be one. */
    if (consilium->operands_count == 0
        || (stat(consilium->operands[0], &about) != 0
            && !slice_ends_with(slice_from(consilium->operands[0]), SLICE(".json"))))
        return CONSILIUM_EXIT_MESH;
    records = context_records_create();
    if (records == NULL)
        return CONSILIUM_EXIT_FAILED;
    exit_status = run(consilium, records);
    context_records_destroy(records);
    return exit_status;
}
