#include "model_prepare.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "model_file.h"
#include "model_overlap.h"
#include "model_prompt.h"
#include "model_rename.h"
#include "train_data.h"
#include "train_random.h"

#define PATIENT_BYTES_MAX (1024 * MIB)

/* Kept unanswerable questions must not crowd out the others: they fit on every rendering. */
#define UNANSWERABLE_SHARE 0.25

/* Where names are others, this share of the words: some stay beside them. */
#define RENAME_WORDS_SHARE 0.75

void prepare_options_default(struct prepare_options *options)
{
    *options = (struct prepare_options){
        .vocabulary_size = 2048,
        .learn_patients = 300,
        .leads = 5,
        .segments = 6,
        .budgets = { 120, 200, 300, 450 },
        .budgets_count = 4,
        .chars_per_token = CONTEXT_CHARS_PER_TOKEN,
        .tokens_max = 1024,
        .single_share = 1,
        .not_found_share = 1,
        .seed = 1,
    };
}

struct prepare {
    const struct prepare_options *options;
    struct prepare_counts *counts;
    struct arena patient_arena; /* of one patient */
    struct random random;
    struct prompt_writer prompts;
    struct data_writer *writer;
    struct vocabulary_learner *learner; /* NULL: the vocabulary is known */
    struct draft *draft;
    struct overlap_set evaluation;
    struct rename rename; /* of the rendering in the making; of no words: as it is */
    uint32_t shown;
};

/* An example in the making. */
struct draft {
    uint16_t tokens[EXAMPLE_TOKENS_MAX];
    struct example_segment segments[EXAMPLE_SEGMENTS_MAX];
    size_t size, segments_count;
    uint32_t prefix;
};

static bool is_wanted(const struct prepare *prepare, const struct question *question)
{
    enum overlap_kind kind;

    if (prepare->options->split != NULL && !slice_is(question->split, prepare->options->split))
        return false;
    if (prepare->evaluation.count == 0
        || !overlap_has_question(&prepare->evaluation, question, &kind))
        return true;
    prepare->counts->overlapping++;
    return false;
}

/* A question whose answer declines, or says one thing of one fact only, may give way to those that
 * say several: they are rarer, and harder to learn. */
static bool is_spared(struct prepare *prepare, const struct question *question)
{
    size_t evidence = question->claims[0].evidence_count;
    double share = evidence == 0                                  ? UNANSWERABLE_SHARE
                   : evidence == 1 && question->claims_count == 1 ? prepare->options->single_share
                                                                  : 1;

    return share < 1 && random_unit(&prepare->random) >= share;
}

/* ---- learning the vocabulary ---- */

static void learn_from(struct prepare *prepare, const struct prompt *prompt,
                       const struct question *question)
{
    static const char *const roles[] = { "system", "user", "assistant" };
    struct slice answer = prompt_answer(prompt, question, &prepare->patient_arena);

    vocabulary_learner_add(prepare->learner, slice_from(prompt->system));
    vocabulary_learner_add(prepare->learner, slice_from(prompt->user));
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        vocabulary_learner_add(prepare->learner, slice_from(roles[i]));
    if (answer.size > 0)
        vocabulary_learner_add(prepare->learner, answer);
}

static enum status write_vocabulary(struct prepare *prepare, struct error *err)
{
    const struct slice controls[] = { SLICE(MODEL_TURN_START), SLICE(MODEL_TURN_END) };
    struct vocabulary vocabulary;

    if (vocabulary_learn(prepare->learner, controls, 2, prepare->options->vocabulary_size,
                         &vocabulary, err)
        != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    return model_file_write_vocabulary(prepare->options->vocabulary, &vocabulary, err);
}

/* ---- examples ---- */

/* Tokens that two prompts share at their front, short of the last tokens of either: the question's
 * end and the assistant's head stay in the segment. */
static size_t shared(const struct tokenizer_ids *a, const struct tokenizer_ids *b)
{
    size_t most = a->count < b->count ? a->count : b->count, i = 0;

    while (i + 2 < most && a->ids[i] == b->ids[i])
        i++;
    return i;
}

static void put_tokens(struct draft *draft, const uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        draft->tokens[draft->size++] = (uint16_t)ids[i];
}

/* Room permitting, the question becomes a segment behind the prefix. */
static void put_segment(struct prepare *prepare, struct draft *draft,
                        const struct tokenizer_ids *prompt, const struct tokenizer_ids *answer,
                        struct slice kind)
{
    size_t own = prompt->count - draft->prefix, size = own + answer->count;
    struct example_segment *segment = &draft->segments[draft->segments_count];

    if (draft->size + size > prepare->options->tokens_max) {
        prepare->counts->too_long++;
        return;
    }
    *segment = (struct example_segment){ (uint32_t)draft->size, (uint32_t)(draft->size + own),
                                         (uint32_t)(draft->size + size),
                                         data_writer_kind(prepare->writer, kind) };
    put_tokens(draft, prompt->ids + draft->prefix, own);
    put_tokens(draft, answer->ids, answer->count);
    draft->segments_count++;
}

/* Questions that go on one rendering; the first is the one that it was made for. */
struct chosen_question {
    const struct question *question;
    struct tokenizer_ids prompt, answer;
};

static enum status encode(struct prepare *prepare, const struct prompt *prompt,
                          const struct courses *courses, const struct question *question,
                          struct chosen_question *out, bool *is_rendered, struct error *err)
{
    struct arena *arena = &prepare->patient_arena;
    struct slice answer = prompt_answer(prompt, question, arena), user;

    *is_rendered = answer.size > 0;
    if (!*is_rendered)
        return STATUS_OK;
    out->question = question;
    user = context_ask_again(prompt, courses, question->text, prepare->options->form, arena);
    if (user.data != NULL && !prompt_is_found(user, answer, &answer)) {
        prepare->counts->not_found++;
        *is_rendered = random_unit(&prepare->random) < prepare->options->not_found_share;
        if (!*is_rendered)
            return STATUS_OK;
    }
    if (prepare->rename.count > 0) {
        user = rename_apply(&prepare->rename, user, arena);
        answer = rename_apply(&prepare->rename, answer, arena);
    }
    if (user.data == NULL || answer.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a question");
    if (prepare->shown < prepare->options->show && ++prepare->shown)
        printf("== %.*s\n%.*s-> %.*s\n\n", SLICE_FORMAT(question->kind), SLICE_FORMAT(user),
               SLICE_FORMAT(answer));
    if (prompt_encode(&prepare->prompts, prompt, user, arena, &out->prompt, err) != STATUS_OK
        || prompt_encode_answer(&prepare->prompts, answer, arena, &out->answer, err) != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

static void write_example(struct prepare *prepare, const struct chosen_question *chosen,
                          size_t count)
{
    struct draft *draft = prepare->draft;
    size_t prefix = chosen[0].prompt.count - 2;

    for (size_t i = 1; i < count; i++) {
        size_t with = shared(&chosen[0].prompt, &chosen[i].prompt);

        prefix = with < prefix ? with : prefix;
    }
    if (prefix >= prepare->options->tokens_max) {
        prepare->counts->too_long++;
        return;
    }
    draft->segments_count = draft->size = 0;
    draft->prefix = (uint32_t)prefix;
    put_tokens(draft, chosen[0].prompt.ids, prefix);
    for (size_t i = 0; i < count; i++)
        put_segment(prepare, draft, &chosen[i].prompt, &chosen[i].answer, chosen[i].question->kind);
    if (draft->segments_count == 0)
        return;
    data_writer_put(prepare->writer, &(struct example){ (uint32_t)draft->size, draft->prefix,
                                                        (uint32_t)draft->segments_count,
                                                        draft->segments, draft->tokens });
    prepare->counts->examples++;
    prepare->counts->segments += draft->segments_count;
    prepare->counts->tokens += draft->size;
}

/* The lead and, from a random place on, others of the patient whose evidence stands in the
 * rendering. */
static enum status make_example(struct prepare *prepare, const struct patient_questions *patient,
                                size_t lead_index, const struct prompt *prompt,
                                const struct courses *courses, struct error *err)
{
    const struct question *lead = &patient->questions[lead_index];
    struct chosen_question chosen[EXAMPLE_SEGMENTS_MAX];
    size_t count = 0, start = random_below(&prepare->random, (uint32_t)patient->count);
    bool is_rendered;

    prepare->rename.count = 0;
    if (prepare->options->rename_share > 0
        && random_unit(&prepare->random) < prepare->options->rename_share)
        rename_draw(prompt, RENAME_WORDS_SHARE, &prepare->random, &prepare->rename);

    if (encode(prepare, prompt, courses, lead, &chosen[0], &is_rendered, err) != STATUS_OK)
        return err->status;
    if (!is_rendered) {
        prepare->counts->not_rendered++;
        return STATUS_OK;
    }
    count = 1;
    for (size_t i = 0; i < patient->count && count < prepare->options->segments; i++) {
        const struct question *question = &patient->questions[(start + i) % patient->count];

        if (question == lead || !is_wanted(prepare, question) || is_spared(prepare, question))
            continue;
        if (encode(prepare, prompt, courses, question, &chosen[count], &is_rendered, err)
            != STATUS_OK)
            return err->status;
        count += is_rendered;
    }
    write_example(prepare, chosen, count);
    return STATUS_OK;
}

static enum status render(struct prepare *prepare, const struct record *record,
                          const struct courses *courses, const struct question *question,
                          struct prompt *prompt, struct error *err)
{
    const struct prepare_options *o = prepare->options;
    const struct prompt_request request = {
        .question = question->text,
        .budget_tokens = o->budgets[random_below(&prepare->random, o->budgets_count)],
        .chars_per_token = o->chars_per_token,
        .form = o->form,
    };

    return context_assemble(record, courses, &request, &prepare->patient_arena, prompt, err);
}

static enum status prepare_patient(struct prepare *prepare, const struct patient_questions *patient,
                                   struct error *err)
{
    struct record record;
    struct courses courses;
    size_t start = random_below(&prepare->random, (uint32_t)patient->count), leads = 0;
    enum status status =
        context_read_bundle(patient->bundle, &prepare->patient_arena, &record, NULL, NULL, err);

    if (status == STATUS_OK)
        status = courses_make(&record, &prepare->patient_arena, &courses, err);
    for (size_t i = 0; status == STATUS_OK && i < patient->count && leads < prepare->options->leads;
         i++) {
        size_t index = (start + i) % patient->count;
        struct prompt prompt;

        if (!is_wanted(prepare, &patient->questions[index])
            || (prepare->options->single_share < 1
                && is_spared(prepare, &patient->questions[index])))
            continue;
        leads++;
        status = render(prepare, &record, &courses, &patient->questions[index], &prompt, err);
        if (status == STATUS_OK && prepare->learner != NULL)
            learn_from(prepare, &prompt, &patient->questions[index]);
        else if (status == STATUS_OK)
            status = make_example(prepare, patient, index, &prompt, &courses, err);
    }
    return status;
}

/* Through the whole population, or its first @patients_max. */
static enum status walk(struct prepare *prepare, uint32_t patients_max, struct arena *arena,
                        struct error *err)
{
    struct questions *questions = questions_open(prepare->options->population, arena, err);
    struct patient_questions patient;
    enum status status = STATUS_OK;

    if (questions == NULL)
        return err->status;
    for (uint32_t i = 0; (patients_max == 0 || i < patients_max) && status == STATUS_OK; i++) {
        arena_init(&prepare->patient_arena, PATIENT_BYTES_MAX);
        if (!questions_next(questions, &prepare->patient_arena, &patient, &status, err)) {
            arena_close(&prepare->patient_arena);
            break;
        }
        if (prepare->evaluation.count > 0 && overlap_has_patient(&prepare->evaluation, &patient))
            prepare->counts->overlapping += patient.count;
        else
            status = prepare_patient(prepare, &patient, err);
        prepare->counts->patients++;
        prepare->counts->questions += patient.count;
        arena_close(&prepare->patient_arena);
    }
    questions_close(questions);
    return status;
}

static enum status learn(struct prepare *prepare, struct arena *arena, struct error *err)
{
    enum status status;

    prepare->learner = vocabulary_learner_init(arena);
    if (prepare->learner == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to learn a vocabulary");
    status = walk(prepare, prepare->options->learn_patients, arena, err);
    if (status == STATUS_OK)
        status = write_vocabulary(prepare, err);
    prepare->learner = NULL;
    *prepare->counts = (struct prepare_counts){ 0 };
    return status;
}

static enum status write_examples(struct prepare *prepare, struct arena *arena, struct error *err)
{
    enum status status;

    prepare->draft = ARENA_NEW(arena, struct draft);
    if (prepare->draft == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for an example");
    prepare->writer =
        data_writer_start(prepare->options->out, prepare->prompts.vocab->size, arena, err);
    if (prepare->writer == NULL)
        return err->status;
    prepare->random.state = prepare->options->seed;
    status = walk(prepare, prepare->options->patients_max, arena, err);
    if (status != STATUS_OK)
        return status;
    return data_writer_finish(prepare->writer, err);
}

enum status prepare_run(const struct prepare_options *options, struct arena *arena,
                        struct prepare_counts *counts, struct error *err)
{
    struct prepare prepare = { .options = options, .counts = counts, .random = { options->seed } };
    enum status status = STATUS_OK;

    *counts = (struct prepare_counts){ 0 };
    if (options->tokens_max > EXAMPLE_TOKENS_MAX || options->segments > EXAMPLE_SEGMENTS_MAX
        || options->segments == 0 || options->budgets_count == 0
        || options->budgets_count > PREPARE_BUDGETS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "at most %d tokens and %d questions an example", EXAMPLE_TOKENS_MAX,
                         EXAMPLE_SEGMENTS_MAX);
    if (options->without != NULL)
        status = overlap_read(&prepare.evaluation, options->without, arena, err);
    if (status == STATUS_OK && access(options->vocabulary, F_OK) != 0)
        status = learn(&prepare, arena, err);
    if (status == STATUS_OK)
        status = prompt_writer_open(&prepare.prompts, options->vocabulary, err);
    if (status != STATUS_OK)
        return status;
    status = write_examples(&prepare, arena, err);
    prompt_writer_close(&prepare.prompts);
    return status;
}
