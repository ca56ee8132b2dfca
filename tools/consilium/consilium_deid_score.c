/* GOLD, document by document → what was found in it, by PREDICTED or by the engine → the tally →
 * the report. */
#include "consilium_deid_score.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "consilium.h"
#include "consilium_deid_engine.h"
#include "consilium_deid_predicted.h"
#include "consilium_deid_report.h"
#include "consilium_file.h"

#define MAPPING_BYTES_MAX (1 * MIB)
#define CONTEXT_POINTS 40

struct score {
    const struct consilium_config *config;
    struct arena arena; /* of the run */
    const struct json *mapping;
    struct deid_engine engine;
    struct deid_predicted predicted;
    bool has_engine, has_predicted;
    struct deid_tally tally;
    uint64_t missing;
};

/* What was found in the document at hand. */
struct found {
    struct deid_gold_span *spans;
    unsigned count;
};

/* ---- what was found ---- */

static enum status run_engine(struct score *score, const struct deid_gold *gold,
                              struct arena *arena, struct found *found, struct error *err)
{
    const struct json *patient = score->config->blind ? NULL : gold->patient;
    struct deid_engine_result result;
    size_t at = 0, points = 0;
    unsigned i;

    if (deid_engine_text(&score->engine, gold->text, patient, arena, &result, err) != STATUS_OK)
        return err->status;
    found->spans = ARENA_ARRAY(arena, struct deid_gold_span, result.spans_count);
    if (found->spans == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans",
                         result.spans_count);
    for (i = 0; i < result.spans_count; i++) {
        const struct deid_span *span = &result.spans[i].span;
        struct deid_gold_span *made = &found->spans[i];

        points += utf8_count(slice_cut(gold->text, at, span->start));
        made->start = (uint32_t)points;
        points += utf8_count(slice_cut(gold->text, span->start, span->end));
        made->end = (uint32_t)points;
        made->meant = (struct deid_meant){ span->class, DEID_NEED_YES, true };
        at = span->end;
    }
    found->count = result.spans_count;
    return STATUS_OK;
}

static enum status look_up(struct score *score, const struct deid_gold *gold, struct found *found,
                           struct error *err)
{
    const struct deid_predicted_row *row = deid_predicted_find(&score->predicted, gold->id);
    size_t points = utf8_count(gold->text);
    unsigned i;

    *found = (struct found){ NULL, 0 };
    score->missing += row == NULL;
    if (row == NULL)
        return STATUS_OK;
    for (i = 0; i < row->count; i++)
        if (row->spans[i].end > points)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "span %u of its line in PREDICTED ends after its %zu code points",
                             i + 1, points);
    *found = (struct found){ row->spans, row->count };
    return STATUS_OK;
}

/* ---- what was missed, for those who asked to see it ---- */

static void show(const char *what, const struct deid_gold *gold, struct slice name,
                 const struct deid_gold_span *span)
{
    uint32_t from = span->start > CONTEXT_POINTS ? span->start - CONTEXT_POINTS : 0;
    struct slice before = deid_gold_cut(gold->text, from, span->start),
                 inside = deid_gold_cut(gold->text, span->start, span->end),
                 after = deid_gold_cut(gold->text, span->end, span->end + CONTEXT_POINTS);
    struct slice parts[] = { before, SLICE("["), inside, SLICE("]"), after };
    size_t i, j;

    printf("%-7s %.*s  %.*s  ", what, SLICE_FORMAT(gold->id), SLICE_FORMAT(name));
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (j = 0; j < parts[i].size; j++)
            putchar((unsigned char)parts[i].data[j] < ' ' ? ' ' : parts[i].data[j]);
    putchar('\n');
}

static bool meets(const struct deid_gold_span *span, const struct deid_gold_span *others,
                  unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        if (others[i].start < span->end && span->start < others[i].end
            && others[i].meant.need != DEID_NEED_NO)
            return true;
    return false;
}

static void show_document(const struct score *score, const struct deid_gold *gold,
                          const struct found *found)
{
    bool is_both = strcmp(score->config->show, "both") == 0;
    unsigned i;

    if (is_both || strcmp(score->config->show, "missed") == 0)
        for (i = 0; i < gold->spans_count; i++)
            if (gold->spans[i].meant.need == DEID_NEED_YES
                && !deid_tally_is_gone(gold, &gold->spans[i], found->spans, found->count))
                show("MISSED", gold, gold->spans[i].label, &gold->spans[i]);
    if (is_both || strcmp(score->config->show, "false") == 0)
        for (i = 0; i < found->count; i++)
            if (!meets(&found->spans[i], gold->spans, gold->spans_count))
                show("FALSE", gold, slice_from(deid_engine_label(found->spans[i].meant.class)),
                     &found->spans[i]);
}

/* ---- the run ---- */

static enum status take_document(void *arg, const struct deid_gold *gold, struct arena *arena,
                                 struct error *err)
{
    struct score *score = arg;
    struct found found = { NULL, 0 };
    enum status status = score->has_predicted ? look_up(score, gold, &found, err)
                                              : run_engine(score, gold, arena, &found, err);

    if (status == STATUS_OK)
        status = deid_tally_add(&score->tally, gold, found.spans, found.count, arena, err);
    if (status == STATUS_OK && score->config->show != NULL)
        show_document(score, gold, &found);
    return status;
}

static enum status load_mapping(struct score *score, struct error *err)
{
    struct slice bytes;
    struct json *root;

    if (score->config->labels_file == NULL)
        return STATUS_OK;
    if (file_read(score->config->labels_file, MAPPING_BYTES_MAX, &score->arena, &bytes, err)
        != STATUS_OK)
        return err->status;
    if (json_parse(bytes, &score->arena, &root, err) != STATUS_OK)
        return error_wrap(err, "--labels");
    score->mapping = root;
    return deid_label_check(root, err);
}

static enum status open_found(struct score *score, const char *predicted, struct error *err)
{
    if (predicted == NULL) {
        score->has_engine = deid_engine_init(&score->engine, score->config, err) == STATUS_OK;
        return score->has_engine ? STATUS_OK : err->status;
    }
    score->has_predicted = true;
    if (deid_predicted_load(&score->predicted, predicted, score->mapping, err) != STATUS_OK)
        return error_wrap(err, "PREDICTED");
    return STATUS_OK;
}

static void print_report(const struct score *score, struct arena *arena)
{
    struct deid_report report = {
        .tally = &score->tally,
        .is_recall_only = score->config->recall_only,
        .missing = score->missing,
        .strange = score->has_predicted ? score->predicted.rows - score->predicted.used : 0,
    };
    struct buffer out;

    buffer_init(&out, arena);
    if (score->config->json)
        deid_report_json(&report, &out);
    else
        deid_report_text(&report, &out);
    fwrite(out.data, 1, out.size, stdout);
}

static void score_close(struct score *score)
{
    deid_tally_close(&score->tally);
    if (score->has_engine)
        deid_engine_close(&score->engine);
    if (score->has_predicted)
        deid_predicted_close(&score->predicted);
    arena_close(&score->arena);
}

int deid_score_run(const struct consilium *consilium, char **operands, int count)
{
    static struct score score; /* its tables are large for a stack */
    struct error err = { 0 };

    if (count < 1 || count > 2) {
        fprintf(stderr, "consilium: usage: consilium deid score [flags] GOLD [PREDICTED]\n");
        return CONSILIUM_EXIT_USAGE;
    }
    score = (struct score){ .config = &consilium->config };
    arena_init(&score.arena, 64 * MIB);
    deid_tally_init(&score.tally, consilium->config.share);
    if (load_mapping(&score, &err) == STATUS_OK
        && open_found(&score, count == 2 ? operands[1] : NULL, &err) == STATUS_OK
        && deid_gold_read(operands[0], score.mapping, take_document, &score, &err) == STATUS_OK)
        print_report(&score, &score.arena);
    if (err.status != STATUS_OK)
        fprintf(stderr, "consilium: %s: %s\n", status_name(err.status), err.text);
    score_close(&score);
    return consilium_exit_of(err.status);
}
