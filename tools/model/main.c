/* model: makes the default model. prepare → train → export → evaluate. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model_evaluate.h"
#include "model_file.h"
#include "model_load.h"
#include "model_overlap.h"
#include "model_prepare.h"
#include "model_prompt.h"
#include "train_loop.h"
#include "train_lora.h"

#define ARENA_BYTES_MAX ((size_t)16 << 30)
#define CONTEXT_DEFAULT 768

static const char help[] =
    "model: makes a small Llama-architecture model that answers from a rendered record\n"
    "\n"
    "  model prepare --population DIR --vocabulary FILE.gguf --out FILE.data\n"
    "      Questions of synthpop become prompts, as context renders them and the chat template frames them. A vocabulary that is\n"
    "      not there is learnt and written.\n"
    "      --split train|heldout   phrasings of that split only\n"
    "      --vocabulary-size N (2048)  --patients N (all)  --leads N renderings of a patient (5)  --segments N questions on one (6)\n"
    "      --budgets N,N,… tokens of facts (120,200,300,450)  --form facts|courses|found (facts)  --chars-per-token F (3)  --tokens-max N of an example (1024)  --rename-share F with invented names (0)  --single-share F of questions whose answer is one claim from one fact (1)  --not-found-share F of questions whose answer is not what was found (1)  --seed S (1)  --show N prompts\n"
    "\n"
    "  model overlap --population DIR --without DIR\n"
    "      Whether training text (the first, its training split) holds evaluation text (the second): patients, held-out wordings, questions with\n"
    "      their answers. Exit status 1 if so. prepare --without leaves such out.\n"
    "\n"
    "  model train --data FILE.data --vocabulary FILE.gguf --out FILE.gguf (--minutes M | --steps N)\n"
    "      Ctrl-C ends it early, with its checkpoint and its model. With --steps the result follows from the seed and the number of threads; with --minutes from the machine's speed too.\n"
    "      --held FILE.data  --resume FILE.checkpoint  --checkpoint FILE (OUT.checkpoint)  --threads N (2)  --seed S (1)\n"
    "      --width N (192)  --layers N (4)  --heads N (6)  --kv-heads N (heads)  --ffn N (512)  --context N (768)  --rope-base F (500000)\n"
    "      --batch-tokens N  --tokens-max N  --tokens-short N  --short-share F  --rate F  --rate-last F  --warm-up N  --decay F\n"
    "      --prompt-share F  --prompt-weight F  --cite-weight F  --choice-weight F\n"
    "      --score-seconds F  --score-examples N\n"
    "\n"
    "  model refine --model FILE.gguf --data FILE.data --out ADAPTER.gguf (--minutes M | --steps N)\n"
    "      A LoRA adapter for a model that export or train wrote, from pairs prepared with its own vocabulary.\n"
    "      --rank N (8)  --alpha F (16)  and train's options but for those of the shape and the checkpoint\n"
    "\n"
    "  model export --checkpoint FILE --vocabulary FILE.gguf --out FILE.gguf\n"
    "\n"
    "  model evaluate --model FILE.gguf --data FILE.data\n"
    "      Greedy answers of the finished model, through the inference core, beside the right ones.  --examples N  --show N\n"
    "\n"
    "  train and export write GGUF:  --type f32|f16|q8_0 (q8_0)  --name TEXT  --description TEXT  --context N\n";

struct options {
    struct prepare_options prepare;
    struct loop_options loop;
    struct shape shape;
    struct model_file_about about;
    struct evaluate_options evaluate;
    const char *data, *held, *vocabulary, *out, *resume;
    bool is_refining;
    uint32_t rank;
    float alpha;
    uint64_t seed;
};

enum kind {
    KIND_TEXT,
    KIND_U32,
    KIND_U64,
    KIND_DOUBLE,
    KIND_FLOAT,
    KIND_BUDGETS,
    KIND_FORM,
    KIND_TYPE,
};

#define AT(member) offsetof(struct options, member)

/* Options of all verbs; one that a verb does not use is harmless. */
static const struct setting {
    const char *name;
    enum kind kind;
    size_t at;
} settings[] = {
    { "population", KIND_TEXT, AT(prepare.population) },
    { "split", KIND_TEXT, AT(prepare.split) },
    { "without", KIND_TEXT, AT(prepare.without) },
    { "vocabulary-size", KIND_U32, AT(prepare.vocabulary_size) },
    { "learn-patients", KIND_U32, AT(prepare.learn_patients) },
    { "patients", KIND_U32, AT(prepare.patients_max) },
    { "leads", KIND_U32, AT(prepare.leads) },
    { "segments", KIND_U32, AT(prepare.segments) },
    { "budgets", KIND_BUDGETS, 0 },
    { "form", KIND_FORM, 0 },
    { "rename-share", KIND_DOUBLE, AT(prepare.rename_share) },
    { "single-share", KIND_DOUBLE, AT(prepare.single_share) },
    { "not-found-share", KIND_DOUBLE, AT(prepare.not_found_share) },
    { "chars-per-token", KIND_FLOAT, AT(prepare.chars_per_token) },
    { "vocabulary", KIND_TEXT, AT(vocabulary) },
    { "out", KIND_TEXT, AT(out) },
    { "data", KIND_TEXT, AT(data) },
    { "held", KIND_TEXT, AT(held) },
    { "resume", KIND_TEXT, AT(resume) },
    { "checkpoint", KIND_TEXT, AT(loop.checkpoint_path) },
    { "rank", KIND_U32, AT(rank) },
    { "alpha", KIND_FLOAT, AT(alpha) },
    { "seed", KIND_U64, AT(seed) },
    { "minutes", KIND_DOUBLE, AT(loop.minutes) },
    { "steps", KIND_U64, AT(loop.steps) },
    { "threads", KIND_U32, AT(loop.threads) },
    { "width", KIND_U32, AT(shape.width) },
    { "layers", KIND_U32, AT(shape.layers) },
    { "heads", KIND_U32, AT(shape.heads) },
    { "kv-heads", KIND_U32, AT(shape.kv_heads) },
    { "ffn", KIND_U32, AT(shape.ffn) },
    { "context", KIND_U32, AT(shape.context) },
    { "rope-base", KIND_FLOAT, AT(shape.rope_base) },
    { "batch-tokens", KIND_U32, AT(loop.batch_tokens) },
    { "tokens-max", KIND_U32, AT(loop.tokens_max) },
    { "tokens-short", KIND_U32, AT(loop.tokens_short) },
    { "short-share", KIND_DOUBLE, AT(loop.short_share) },
    { "rate", KIND_DOUBLE, AT(loop.rate) },
    { "rate-last", KIND_DOUBLE, AT(loop.rate_last) },
    { "warm-up", KIND_U32, AT(loop.warm_up) },
    { "decay", KIND_DOUBLE, AT(loop.decay) },
    { "prompt-share", KIND_DOUBLE, AT(loop.prompt_share) },
    { "cite-weight", KIND_DOUBLE, AT(loop.cite_weight) },
    { "choice-weight", KIND_DOUBLE, AT(loop.choice_weight) },
    { "prompt-weight", KIND_DOUBLE, AT(loop.prompt_weight) },
    { "score-seconds", KIND_DOUBLE, AT(loop.score_seconds) },
    { "model", KIND_TEXT, AT(evaluate.model) },
    { "examples", KIND_U32, AT(evaluate.examples_max) },
    { "show", KIND_U32, AT(evaluate.show) },
    { "score-examples", KIND_U32, AT(loop.score_examples) },
    { "type", KIND_TYPE, 0 },
    { "name", KIND_TEXT, AT(about.name) },
    { "description", KIND_TEXT, AT(about.description) },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static bool parse_u64(const char *text, uint64_t most, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *value <= most;
}

static bool parse_double(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value >= 0 && *value < 1e12;
}

static bool parse_budgets(const char *text, struct prepare_options *prepare)
{
    char *end = (char *)text;

    for (prepare->budgets_count = 0; prepare->budgets_count < PREPARE_BUDGETS_MAX; text = end + 1) {
        prepare->budgets[prepare->budgets_count++] = (uint32_t)strtoul(text, &end, 10);
        if (end == text || *end != ',')
            return end != text && *end == '\0';
    }
    return false;
}

static bool parse_form(const char *text, enum prompt_form *form)
{
    static const char *const names[] = { [PROMPT_FORM_FACTS] = "facts",
                                         [PROMPT_FORM_COURSES] = "courses",
                                         [PROMPT_FORM_FOUND] = "found" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *form = (enum prompt_form)i;
        return true;
    }
    return false;
}

static bool set(struct options *options, const struct setting *setting, const char *text)
{
    char *at = (char *)options + setting->at;
    uint64_t number = 0;
    double real = 0;

    switch (setting->kind) {
    case KIND_TEXT:
        *(const char **)at = text;
        return true;
    case KIND_U32:
        if (!parse_u64(text, UINT32_MAX, &number))
            return false;
        *(uint32_t *)at = (uint32_t)number;
        return true;
    case KIND_U64:
        return parse_u64(text, UINT64_MAX, (uint64_t *)at);
    case KIND_DOUBLE:
        return parse_double(text, (double *)at);
    case KIND_FLOAT:
        if (!parse_double(text, &real))
            return false;
        *(float *)at = (float)real;
        return true;
    case KIND_BUDGETS:
        return parse_budgets(text, &options->prepare);
    case KIND_FORM:
        return parse_form(text, &options->prepare.form);
    case KIND_TYPE:
        return model_file_type_parse(text, &options->about.type);
    }
    return false;
}

static enum status parse_options(int argc, char **argv, struct options *options, struct error *err)
{
    struct option list[SETTINGS + 1] = { 0 };
    int index, found;

    for (size_t i = 0; i < SETTINGS; i++)
        list[i] = (struct option){ settings[i].name, required_argument, NULL, 1 };
    while ((found = getopt_long(argc, argv, "", list, &index)) != -1) {
        if (found != 1)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "unknown option; `model --help` lists them");
        if (!set(options, &settings[index], optarg))
            return error_set(err, STATUS_INVALID_ARGUMENT, "--%s does not take this value",
                             settings[index].name);
    }
    if (optind + 1 < argc)
        return error_set(err, STATUS_INVALID_ARGUMENT, "one verb at a time");
    return STATUS_OK;
}

static enum status need(const char *value, const char *name, struct error *err)
{
    return value != NULL ? STATUS_OK
                         : error_set(err, STATUS_INVALID_ARGUMENT, "--%s is needed", name);
}

static enum status prepare(struct options *options, struct arena *arena, struct error *err)
{
    struct prepare_counts counts;

    options->prepare.vocabulary = options->vocabulary;
    options->prepare.out = options->out;
    options->prepare.seed = options->seed;
    options->prepare.show = options->evaluate.show;
    if (options->loop.tokens_max > 0)
        options->prepare.tokens_max = options->loop.tokens_max;
    if (need(options->prepare.population, "population", err) != STATUS_OK
        || need(options->vocabulary, "vocabulary", err) != STATUS_OK
        || need(options->out, "out", err) != STATUS_OK
        || prepare_run(&options->prepare, arena, &counts, err) != STATUS_OK)
        return err->status;
    printf(
        "%llu patients, %llu questions: %llu examples, %llu answers, %llu tokens; left out: %llu without their evidence in the prompt, "
        "%llu too long, %llu that evaluation holds too; %llu answers are not what was found\n",
        (unsigned long long)counts.patients, (unsigned long long)counts.questions,
        (unsigned long long)counts.examples, (unsigned long long)counts.segments,
        (unsigned long long)counts.tokens, (unsigned long long)counts.not_rendered,
        (unsigned long long)counts.too_long, (unsigned long long)counts.overlapping,
        (unsigned long long)counts.not_found);
    return STATUS_OK;
}

static enum status overlap(struct options *options, struct arena *arena, struct error *err)
{
    struct overlap_counts counts;
    struct overlap_set set;

    if (need(options->prepare.population, "population", err) != STATUS_OK
        || need(options->prepare.without, "without", err) != STATUS_OK
        || overlap_read(&set, options->prepare.without, arena, err) != STATUS_OK
        || overlap_count(&set, options->prepare.population, arena, &counts, err) != STATUS_OK)
        return err->status;
    printf(
        "%llu patients, %llu questions to train on; of the evaluation: %llu patients, %llu held-out wordings, %llu questions with "
        "their answers\n",
        (unsigned long long)counts.patients, (unsigned long long)counts.questions,
        (unsigned long long)counts.found[OVERLAP_PATIENT],
        (unsigned long long)counts.found[OVERLAP_WORDING],
        (unsigned long long)counts.found[OVERLAP_ANSWER]);
    if (counts.found[OVERLAP_PATIENT] + counts.found[OVERLAP_WORDING] + counts.found[OVERLAP_ANSWER]
        > 0)
        return error_set(err, STATUS_FAILED_PRECONDITION, "training text holds evaluation text");
    return STATUS_OK;
}

/* A new model, or one that goes on. */
static enum status begin(struct options *options, const struct data *data, struct arena *arena,
                         struct checkpoint *state, struct error *err)
{
    if (options->resume != NULL)
        return checkpoint_read(state, options->resume, arena, err);
    options->shape.vocabulary_size = data->vocabulary_size;
    if (options->shape.context == 0)
        options->shape.context = CONTEXT_DEFAULT;
    if (options->shape.kv_heads == 0)
        options->shape.kv_heads = options->shape.heads;
    if (weights_check_shape(&options->shape, err) != STATUS_OK
        || checkpoint_init(state, &options->shape, arena, err) != STATUS_OK)
        return err->status;
    weights_init(&state->weights, options->seed);
    state->seed = options->seed;
    return STATUS_OK;
}

static enum status train_on(struct options *options, const struct data *data,
                            const struct data *held, struct arena *arena, struct error *err)
{
    struct checkpoint state;

    if (begin(options, data, arena, &state, err) != STATUS_OK)
        return err->status;
    fprintf(stderr, "%.2f million parameters, %zu examples of %.2f million tokens\n",
            (double)state.weights.count * 1e-6, data->examples_count,
            (double)data->tokens_count * 1e-6);
    if (loop_run(&state, data, held, &options->loop, arena, err) != STATUS_OK)
        return err->status;
    return model_file_write(options->out, &state.weights, options->vocabulary, &options->about,
                            arena, err);
}

/* Which pieces open and close a citation, and end a line and an answer. */
static enum status find_pieces(struct options *options, struct error *err)
{
    struct prompt_writer writer;
    size_t size;

    if (prompt_writer_open(&writer, options->vocabulary, err) != STATUS_OK)
        return err->status;
    options->loop.cite_open[0] = tokenizer_vocab_find(writer.vocab, SLICE("["));
    options->loop.cite_open[1] = tokenizer_vocab_find(writer.vocab, SLICE("\xe2\x96\x81["));
    options->loop.cite_close = tokenizer_vocab_find(writer.vocab, SLICE("]"));
    options->loop.line_end = tokenizer_vocab_find(writer.vocab, SLICE("\n"));
    options->loop.turn_end = tokenizer_vocab_find_special(writer.vocab, SLICE(MODEL_TURN_END),
                                                          1u << TOKENIZER_PIECE_CONTROL, &size);
    prompt_writer_close(&writer);
    return STATUS_OK;
}

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

/* The weights of a finished model, and what is trained beside them. */
static enum status refine_on(struct options *options, const struct data *data,
                             const struct data *held, struct arena *arena, struct error *err)
{
    struct checkpoint state = { .seed = options->seed };
    struct lora lora;

    if (model_load(options->evaluate.model, arena, &state.weights, err) != STATUS_OK
        || lora_init(&lora, &state.weights, options->rank, options->alpha, options->seed, arena,
                     err)
               != STATUS_OK)
        return err->status;
    options->loop.lora = &lora;
    options->loop.checkpoint_path = NULL;
    fprintf(stderr, "%.3f million values beside %.2f million, %zu examples\n",
            (double)lora.count * 1e-6, (double)state.weights.count * 1e-6, data->examples_count);
    if (loop_run(&state, data, held, &options->loop, arena, err) != STATUS_OK)
        return err->status;
    return lora_write(&lora, options->out, options->about.name, err);
}

static enum status train_or_refine(struct options *options, const struct data *data,
                                   const struct data *held, struct arena *arena, struct error *err)
{
    return options->is_refining ? refine_on(options, data, held, arena, err)
                                : train_on(options, data, held, arena, err);
}

static enum status train(struct options *options, struct arena *arena, struct error *err)
{
    struct data data, held;
    enum status status;

    if (need(options->data, "data", err) != STATUS_OK
        || need(options->vocabulary, "vocabulary", err) != STATUS_OK
        || need(options->out, "out", err) != STATUS_OK || find_pieces(options, err) != STATUS_OK
        || data_open(&data, options->data, arena, err) != STATUS_OK)
        return err->status;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    options->loop.is_stopped = &is_interrupted;
    if (options->loop.threads < 1 || options->loop.threads > 64)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--threads wants 1 to 64");
    if (options->loop.checkpoint_path == NULL)
        options->loop.checkpoint_path = arena_format(arena, "%s.checkpoint", options->out);
    if (options->held == NULL)
        status = train_or_refine(options, &data, NULL, arena, err);
    else if ((status = data_open(&held, options->held, arena, err)) == STATUS_OK) {
        status = train_or_refine(options, &data, &held, arena, err);
        data_close(&held);
    }
    data_close(&data);
    return status;
}

static enum status refine(struct options *options, struct arena *arena, struct error *err)
{
    if (need(options->evaluate.model, "model", err) != STATUS_OK)
        return err->status;
    options->vocabulary = options->evaluate.model;
    options->is_refining = true;
    return train(options, arena, err);
}

static enum status export(struct options *options, struct arena *arena, struct error *err) {
    struct checkpoint state;

    if (need(options->loop.checkpoint_path, "checkpoint", err) != STATUS_OK
        || need(options->vocabulary, "vocabulary", err) != STATUS_OK
        || need(options->out, "out", err) != STATUS_OK
        || checkpoint_read(&state, options->loop.checkpoint_path, arena, err)
               != STATUS_OK) return err->status;
    if (options->shape.context > 0) state.weights.shape.context = options->shape.context;
    return model_file_write(options->out, &state.weights, options->vocabulary, &options->about,
                            arena, err);
}

static enum status evaluate(struct options *options, struct arena *arena, struct error *err)
{
    struct evaluate_report report;

    options->evaluate.data = options->data;
    if (need(options->evaluate.model, "model", err) != STATUS_OK
        || need(options->data, "data", err) != STATUS_OK
        || evaluate_run(&options->evaluate, arena, &report, err) != STATUS_OK)
        return err->status;
    evaluate_print(&report);
    printf("%.0f prompt tokens and %.0f answer tokens in %.1f s\n", report.prompt_tokens,
           report.answer_tokens, report.seconds);
    return STATUS_OK;
}

static void set_defaults(struct options *options)
{
    *options = (struct options){ .seed = 1, .rank = 8, .alpha = 16 };
    prepare_options_default(&options->prepare);
    loop_options_default(&options->loop);
    options->shape = (struct shape){ 0, 192, 4, 6, 0, 512, 0, 500000, 1e-5f };
    options->about = (struct model_file_about){
        "consilium-demo",
        "A demonstration: answers questions from a rendered record, trained on synthetic patients only. Not for care.",
        MODEL_FILE_TYPE_Q8_0,
    };
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        enum status (*run)(struct options *options, struct arena *arena, struct error *err);
    } verbs[] = {
        { "prepare", prepare }, { "train", train },   { "refine", refine },
        { "overlap", overlap }, { "export", export }, { "evaluate", evaluate },
    };
    struct options options;
    struct arena arena;
    struct error err = { 0 };
    const char *verb = argc > 1 ? argv[1] : "--help";

    set_defaults(&options);
    arena_init(&arena, ARENA_BYTES_MAX);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].name) != 0)
            continue;
        if (parse_options(argc, argv, &options, &err) == STATUS_OK)
            verbs[i].run(&options, &arena, &err);
        arena_close(&arena);
        if (err.status != STATUS_OK)
            fprintf(stderr, "model: %s\n", err.text);
        return err.status == STATUS_OK ? 0 : 1;
    }
    fputs(help, strcmp(verb, "--help") == 0 ? stdout : stderr);
    return strcmp(verb, "--help") == 0 ? 0 : 2;
}
