#include "model_overlap.h"

#include <stdlib.h>

#include "base/limits.h"

#define PATIENT_BYTES_MAX (1024 * MIB)
#define HASHES_MAX ((size_t)1 << 21)

static uint64_t hash_more(uint64_t hash, struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u; /* the end counts: "ab" "c" is not "a" "bc" */
}

static uint64_t hash_begin(enum overlap_kind kind)
{
    return 0xcbf29ce484222325u + (uint64_t)kind;
}

static uint64_t hash_patient(const struct patient_questions *patient)
{
    return hash_more(hash_begin(OVERLAP_PATIENT), patient->bundle);
}

static uint64_t hash_wording(const struct question *question)
{
    return hash_more(hash_begin(OVERLAP_WORDING), question->text);
}

static uint64_t hash_answer(const struct question *question)
{
    uint64_t hash = hash_more(hash_begin(OVERLAP_ANSWER), question->text);

    for (size_t i = 0; i < question->claims_count; i++)
        hash = hash_more(hash, question->claims[i].text);
    return hash;
}

/* An answer that says no day is as true of many: "Metformin is for diabetes". */
static bool has_day(const struct question *question)
{
    for (size_t i = 0; i < question->claims_count; i++)
        for (size_t at = 0; at + 10 <= question->claims[i].text.size; at++) {
            const char *text = question->claims[i].text.data + at;

            if (text[4] == '-' && text[7] == '-' && text[0] >= '1' && text[0] <= '2')
                return true;
        }
    return false;
}

static enum status add(struct overlap_set *set, uint64_t hash, struct error *err)
{
    if (set->count == set->capacity)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "over %zu things must be new",
                         set->capacity);
    set->hashes[set->count++] = hash;
    return STATUS_OK;
}

static enum status add_patient(struct overlap_set *set, const struct patient_questions *patient,
                               struct error *err)
{
    enum status status = add(set, hash_patient(patient), err);

    for (size_t i = 0; i < patient->count && status == STATUS_OK; i++) {
        const struct question *question = &patient->questions[i];

        if (slice_is(question->split, "heldout"))
            status = add(set, hash_wording(question), err);
        if (status == STATUS_OK && has_day(question))
            status = add(set, hash_answer(question), err);
    }
    return status;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static bool has(const struct overlap_set *set, uint64_t hash)
{
    return bsearch(&hash, set->hashes, set->count, sizeof(hash), compare_hashes) != NULL;
}

bool overlap_has_patient(const struct overlap_set *set, const struct patient_questions *patient)
{
    return has(set, hash_patient(patient));
}

bool overlap_has_question(const struct overlap_set *set, const struct question *question,
                          enum overlap_kind *kind)
{
    *kind = has(set, hash_wording(question)) ? OVERLAP_WORDING : OVERLAP_ANSWER;
    return *kind == OVERLAP_WORDING || (has_day(question) && has(set, hash_answer(question)));
}

/* What is done with each patient of a population. */
typedef enum status (*walk_cb)(void *arg, const struct patient_questions *patient,
                               struct error *err);

static enum status walk(const char *folder, walk_cb on_patient, void *arg, struct arena *arena,
                        struct error *err)
{
    struct questions *questions = questions_open(folder, arena, err);
    struct patient_questions patient;
    enum status status = STATUS_OK;
    struct arena own;

    if (questions == NULL)
        return err->status;
    for (bool has_more = true; has_more && status == STATUS_OK;) {
        arena_init(&own, PATIENT_BYTES_MAX);
        has_more = questions_next(questions, &own, &patient, &status, err);
        if (has_more)
            status = on_patient(arg, &patient, err);
        arena_close(&own);
    }
    questions_close(questions);
    return status;
}

static enum status on_read(void *arg, const struct patient_questions *patient, struct error *err)
{
    return add_patient(arg, patient, err);
}

enum status overlap_read(struct overlap_set *set, const char *folder, struct arena *arena,
                         struct error *err)
{
    enum status status;

    *set = (struct overlap_set){ .hashes = ARENA_ARRAY(arena, uint64_t, HASHES_MAX),
                                 .capacity = HASHES_MAX };
    if (set->hashes == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for what must be new");
    status = walk(folder, on_read, set, arena, err);
    qsort(set->hashes, set->count, sizeof(set->hashes[0]), compare_hashes);
    return status;
}

struct counting {
    const struct overlap_set *set;
    struct overlap_counts *counts;
};

static enum status on_count(void *arg, const struct patient_questions *patient, struct error *err)
{
    struct counting *counting = arg;
    enum overlap_kind kind;

    (void)err;
    counting->counts->patients++;
    counting->counts->found[OVERLAP_PATIENT] += overlap_has_patient(counting->set, patient);
    for (size_t i = 0; i < patient->count; i++) {
        if (!slice_is(patient->questions[i].split, "train"))
            continue;
        counting->counts->questions++;
        if (overlap_has_question(counting->set, &patient->questions[i], &kind))
            counting->counts->found[kind]++;
    }
    return STATUS_OK;
}

enum status overlap_count(const struct overlap_set *set, const char *folder, struct arena *arena,
                          struct overlap_counts *counts, struct error *err)
{
    struct counting counting = { set, counts };

    *counts = (struct overlap_counts){ 0 };
    return walk(folder, on_count, &counting, arena, err);
}
