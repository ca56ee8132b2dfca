#include "model_evaluate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "inference_forward.h"
#include "model_prompt.h"
#include "tokenizer_decode.h"

#define UNANSWERABLE "The record does not say."
#define CITATIONS_MAX 64
/* An answer is given up when it is so much longer than the right one. */
#define ANSWER_TOKENS_MORE 48

/* ---- comparing texts ---- */

/* The number of a citation "[n]" at the front of @text and its size, or 0. */
static uint32_t citation_at(struct slice text, size_t *size)
{
    uint32_t id = 0;
    size_t i = 1;

    if (text.size < 3 || text.data[0] != '[')
        return 0;
    while (i < text.size && i < 7 && text.data[i] >= '0' && text.data[i] <= '9')
        id = 10 * id + (uint32_t)(text.data[i++] - '0');
    *size = i + 1;
    return i > 1 && i < text.size && text.data[i] == ']' ? id : 0;
}

/* Each number once. */
static size_t citations(struct slice text, uint32_t *ids)
{
    size_t count = 0, size, known;

    while (text.size > 0 && count < CITATIONS_MAX) {
        uint32_t id = citation_at(text, &size);

        text = slice_cut(text, id == 0 ? 1 : size, text.size);
        for (known = 0; known < count && ids[known] != id; known++)
            ;
        if (id != 0 && known == count)
            ids[count++] = id;
    }
    return count;
}

static size_t common(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    size_t count = 0;

    for (size_t i = 0; i < a_count; i++)
        for (size_t j = 0; j < b_count; j++)
            count += a[i] == b[j];
    return count;
}

/* Both texts go on in step; a citation in either is stepped over. */
static bool equal_but_citations(struct slice a, struct slice b)
{
    size_t size;

    for (;;) {
        if (citation_at(a, &size) != 0)
            a = slice_cut(a, size, a.size);
        else if (citation_at(b, &size) != 0)
            b = slice_cut(b, size, b.size);
        else if (a.size == 0 || b.size == 0)
            return a.size == b.size;
        else if (a.data[0] != b.data[0])
            return false;
        else {
            a = slice_cut(a, 1, a.size);
            b = slice_cut(b, 1, b.size);
        }
    }
}

void evaluate_compare(struct slice given, struct slice right, struct evaluate_counts *counts)
{
    uint32_t of_given[CITATIONS_MAX], of_right[CITATIONS_MAX];
    size_t given_count = citations(given, of_given), right_count = citations(right, of_right);
    size_t both = common(of_given, given_count, of_right, right_count);
    bool is_declined = slice_is(given, UNANSWERABLE), is_to_decline = slice_is(right, UNANSWERABLE);

    counts->answers++;
    counts->exact += slice_equal(given, right);
    counts->exact_but_citations += equal_but_citations(given, right);
    counts->cited += given_count;
    counts->cited_right += both;
    counts->to_cite += right_count;
    counts->to_cite_given += both;
    counts->declined += is_declined;
    counts->to_decline += is_to_decline;
    counts->declined_right += is_declined && is_to_decline;
}

/* ---- asking the model ---- */

struct evaluate {
    const struct evaluate_options *options;
    struct evaluate_report *report;
    struct prompt_writer prompts;
    struct inference_model *model;
    struct inference_forward *forward;
    struct inference_crew *crew;
    struct inference_cache *cache;
    uint32_t *pages; /* of the one sequence that is run */
    uint32_t shown;
};

/* The logits after the last of @ids, if they are wanted. */
static const float *forward(struct evaluate *e, const uint32_t *ids, uint32_t count,
                            uint32_t position, bool has_logits)
{
    struct inference_segment segment = { .ids = ids,
                                         .count = count,
                                         .position = position,
                                         .pages = e->pages,
                                         .logits_count = has_logits };

    return inference_forward_run(e->forward, &segment, 1);
}

/* Run tokens [first, end) of the example at the positions from @position; the logits after the
 * last. */
static const float *run(struct evaluate *e, const struct example *example, uint32_t first,
                        uint32_t end, uint32_t position)
{
    const float *logits = NULL;
    uint32_t ids[INFERENCE_CHUNK_MAX];

    e->report->prompt_tokens += end - first;
    while (first < end) {
        uint32_t count = end - first < INFERENCE_CHUNK_MAX ? end - first : INFERENCE_CHUNK_MAX;

        for (uint32_t i = 0; i < count; i++)
            ids[i] = example->tokens[first + i];
        logits = forward(e, ids, count, position, first + count == end);
        first += count;
        position += count;
    }
    return logits;
}

static uint32_t likeliest(const float *logits, uint32_t count)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < count; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

/* Greedy ids until the end of the turn. */
static size_t generate(struct evaluate *e, const struct example *example,
                       const struct example_segment *segment, uint32_t *ids, size_t ids_max)
{
    uint32_t position = example->prefix + segment->answer - segment->first;
    const float *logits = run(e, example, segment->first, segment->answer, example->prefix);
    size_t count = 0;

    while (count < ids_max && position < e->model->context) {
        uint32_t id = likeliest(logits, e->model->vocabulary);

        if (id == e->prompts.template.stop_ids[0])
            break;
        ids[count++] = id;
        logits = forward(e, &id, 1, position++, true);
    }
    return count;
}

static enum status text_of(struct evaluate *e, const uint32_t *ids, size_t count,
                           struct arena *arena, struct slice *text, struct error *err)
{
    struct slice after;

    return tokenizer_decode(e->prompts.vocab, ids, count, (struct slice){ NULL, 0 }, true, arena,
                            text, &after, err);
}

static enum status text_of_tokens(struct evaluate *e, const uint16_t *tokens, size_t count,
                                  struct arena *arena, struct slice *text, struct error *err)
{
    uint32_t ids[EXAMPLE_TOKENS_MAX];

    for (size_t i = 0; i < count; i++)
        ids[i] = tokens[i];
    return text_of(e, ids, count, arena, text, err);
}

static void show(struct evaluate *e, const struct example *example,
                 const struct example_segment *segment, struct slice given, struct slice right,
                 struct arena *arena)
{
    struct slice question = { NULL, 0 };

    if (e->shown++ >= e->options->show
        || text_of_tokens(e, example->tokens + segment->first, segment->answer - segment->first,
                          arena, &question, NULL)
               != STATUS_OK)
        return;
    question = slice_trim(slice_cut(question, 0, slice_find_byte(question, '\n')));
    printf("%s\n  asked  %.*s\n  given  %.*s\n  right  %.*s\n",
           slice_equal(given, right) ? "exact" : "other", SLICE_FORMAT(question),
           SLICE_FORMAT(given), SLICE_FORMAT(right));
}

static enum status ask(struct evaluate *e, const struct example *example,
                       const struct example_segment *segment, struct arena *arena,
                       struct error *err)
{
    uint32_t ids[EXAMPLE_TOKENS_MAX];
    size_t right_count = segment->end - segment->answer - 1,
           most = right_count + ANSWER_TOKENS_MORE, count;
    struct slice given, right;

    count =
        generate(e, example, segment, ids, most < EXAMPLE_TOKENS_MAX ? most : EXAMPLE_TOKENS_MAX);
    e->report->answer_tokens += (double)count;
    if (text_of(e, ids, count, arena, &given, err) != STATUS_OK
        || text_of_tokens(e, example->tokens + segment->answer, right_count, arena, &right, err)
               != STATUS_OK)
        return STATUS_INTERNAL;
    evaluate_compare(given, right, &e->report->all);
    evaluate_compare(given, right, &e->report->kinds[segment->kind]);
    show(e, example, segment, given, right, arena);
    return STATUS_OK;
}

static double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool fits(const struct evaluate *e, const struct example *example)
{
    for (uint32_t i = 0; i < example->segments_count; i++)
        if (example->prefix + example->segments[i].end - example->segments[i].first
            > e->model->context)
            return false;
    return true;
}

/* The record is run once; each question goes on from there. */
static enum status ask_all(struct evaluate *e, const struct data *data, struct arena *arena,
                           struct error *err)
{
    size_t done = 0;

    for (size_t i = 0; i < data->examples_count
                       && (e->options->examples_max == 0 || done < e->options->examples_max);
         i++) {
        const struct example *example = &data->examples[i];

        if (!fits(e, example))
            continue;
        done++;
        run(e, example, 0, example->prefix, 0);
        for (uint32_t j = 0; j < example->segments_count; j++) {
            struct arena_mark mark = arena_mark(arena);

            if (ask(e, example, &example->segments[j], arena, err) != STATUS_OK)
                return STATUS_INTERNAL;
            arena_rewind(arena, mark);
        }
    }
    return STATUS_OK;
}

static enum status open_model(struct evaluate *e, const struct data *data, struct error *err)
{
    struct gguf *gguf = gguf_open(e->options->model, err);
    uint32_t count;

    if (gguf == NULL || (e->model = inference_model_create(gguf, err)) == NULL)
        return STATUS_NOT_FOUND;
    if (e->model->vocabulary != data->vocabulary_size)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the data have %u pieces, the model %u",
                         data->vocabulary_size, e->model->vocabulary);
    count = (e->model->context + INFERENCE_PAGE - 1) / INFERENCE_PAGE;
    e->crew = inference_crew_create(1, err);
    e->cache = e->crew == NULL
                   ? NULL
                   : inference_cache_create(e->model, count, INFERENCE_CACHE_FORM_F32, err);
    e->forward = e->cache == NULL ? NULL
                                  : inference_forward_create(e->model, e->cache, e->crew,
                                                             e->model->context, 1, err);
    e->pages = calloc(count, sizeof(*e->pages));
    if (e->forward == NULL || e->pages == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < count; i++)
        e->pages[i] = inference_cache_take(e->cache);
    return STATUS_OK;
}

static void close_model(struct evaluate *e)
{
    free(e->pages);
    inference_forward_destroy(e->forward);
    inference_cache_destroy(e->cache);
    inference_crew_destroy(e->crew);
    inference_model_destroy(e->model);
}

enum status evaluate_run(const struct evaluate_options *options, struct arena *arena,
                         struct evaluate_report *report, struct error *err)
{
    struct evaluate e = { .options = options, .report = report };
    struct data data;
    enum status status = data_open(&data, options->data, arena, err);

    *report = (struct evaluate_report){ 0 };
    if (status != STATUS_OK)
        return status;
    report->kinds_count = data.kinds_count;
    memcpy(report->names, data.kinds, sizeof(report->names));
    status = prompt_writer_open(&e.prompts, options->model, err);
    if (status == STATUS_OK)
        status = open_model(&e, &data, err);
    if (status == STATUS_OK) {
        report->seconds = -now_seconds();
        status = ask_all(&e, &data, arena, err);
        report->seconds += now_seconds();
    }
    close_model(&e);
    prompt_writer_close(&e.prompts);
    data_close(&data);
    return status;
}

/* ---- the table ---- */

static double percent(size_t part, size_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

static void print_counts(const char *name, const struct evaluate_counts *c)
{
    printf("%-20s %7zu %8.1f %10.1f %10.1f %8.1f %10.1f\n", name, c->answers,
           percent(c->exact, c->answers), percent(c->exact_but_citations, c->answers),
           percent(c->cited_right, c->cited), percent(c->to_cite_given, c->to_cite),
           percent(c->declined - c->declined_right, c->answers - c->to_decline));
}

void evaluate_print(const struct evaluate_report *report)
{
    printf("%-20s %7s %8s %10s %10s %8s %10s\n", "question", "answers", "exact %", "words %",
           "cited %", "found %", "declined %");
    for (uint32_t i = 0; i < report->kinds_count; i++)
        if (report->kinds[i].answers > 0)
            print_counts(report->names[i], &report->kinds[i]);
    print_counts("all", &report->all);
    printf(
        "exact: the right answer to the letter; words: without its citations; cited: of the citations given, those that are right;\n"
        "found: of the right citations, those given; declined: answerable questions that were declined.\n"
        "Unanswerable questions declined: %.1f %% of %zu. Answers that decline and should: %.1f %% of %zu.\n",
        percent(report->all.declined_right, report->all.to_decline), report->all.to_decline,
        percent(report->all.declined_right, report->all.declined), report->all.declined);
}
