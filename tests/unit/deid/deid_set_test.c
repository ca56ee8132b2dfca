/* The development sets: what is found in them, and that every text comes back byte for byte. The
 * figures are printed; the floors that are asserted stand a little under what was reached, so that
 * a change for the worse is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "data.h"
#include "deid_redact.h"
#include "deid_restore.h"
#include "deid_setup.h"
#include "fhir/json.h"

#define CALL_BYTES ((size_t)64 << 20)

/* Recall that a change may not fall under. */
#define ASQ_FLOOR 0.985
#define REVIEWED_FLOOR 0.99

struct label_score {
    char name[48];
    unsigned total, gone;
};

struct score {
    struct label_score labels[80];
    unsigned labels_count;
    unsigned texts, restored, touched, negatives, negatives_touched;
};

static struct label_score *label_of(struct score *score, struct slice name)
{
    unsigned i;

    for (i = 0; i < score->labels_count; i++)
        if (slice_is(name, score->labels[i].name))
            return &score->labels[i];
    assert_true(score->labels_count < 80);
    snprintf(score->labels[i].name, sizeof(score->labels[i].name), "%.*s", SLICE_FORMAT(name));
    score->labels_count++;
    return &score->labels[i];
}

/* The byte where code point @index begins. */
static size_t byte_of(struct slice text, unsigned long index)
{
    size_t at = 0, size;

    for (; index > 0 && at < text.size; index--, at += size)
        utf8_decode(slice_cut(text, at, text.size), &size);
    return at;
}

static unsigned long number_of(const struct json *object, const char *key)
{
    return strtoul(json_get(object, key)->text.data, NULL, 10);
}

/* Every letter and digit of [@start, @end) is inside a span. */
static bool is_gone(const struct deid_spans *spans, struct slice text, size_t start, size_t end)
{
    size_t at;
    unsigned i;

    for (at = start; at < end; at++) {
        bool is_covered = false;

        if (!deid_is_word(text.data[at]))
            continue;
        for (i = 0; i < spans->count && !is_covered; i++)
            is_covered = spans->items[i].start <= at && at < spans->items[i].end;
        if (!is_covered)
            return false;
    }
    return true;
}

static void learn_patient(struct deid_map *map, const struct json *patient)
{
    struct deid_entry *entry;
    struct slice given = json_get_string(patient, "given"),
                 family = json_get_string(patient, "family");

    if (family.size > 0)
        assert_int_equal(deid_surrogate_person(map, family, true, true, &entry, NULL), STATUS_OK);
    if (given.size > 0)
        assert_int_equal(deid_surrogate_person(map, given, true, true, &entry, NULL), STATUS_OK);
}

static void score_line(struct slice line, struct score *score, const char *want_safe_harbor)
{
    struct arena arena;
    struct deid_map map;
    struct deid_redactor redactor;
    struct deid_spans spans;
    struct json *record;
    const struct json *span;
    struct slice text, output, restored;
    struct error err = { 0 };

    arena_init(&arena, CALL_BYTES);
    assert_int_equal(json_parse(line, &arena, &record, &err), STATUS_OK);
    deid_map_init(&map, DEID_PROFILE_LIMITED, &arena);
    if (json_get(record, "patient") != NULL)
        learn_patient(&map, json_get(record, "patient"));
    assert_int_equal(deid_redactor_init(&redactor, &rules, &map, &arena, &err), STATUS_OK);
    text = json_get_string(record, "text");
    assert_int_equal(deid_inspect_text(&redactor, text, &spans, &err), STATUS_OK);
    for (span = json_first(json_get(record, "spans")); span != NULL; span = span->next) {
        struct slice safe_harbor = json_get_string(span, "safe_harbor");
        struct label_score *label;
        size_t start = byte_of(text, number_of(span, "start")),
               end = byte_of(text, number_of(span, "end"));

        if (want_safe_harbor != NULL && !slice_is(safe_harbor, want_safe_harbor))
            continue;
        label = label_of(score, json_get_string(span, "label"));
        label->total++;
        if (is_gone(&spans, text, start, end))
            label->gone++;
        else if (getenv("DEID_SHOW_MISSES") != NULL)
            printf("MISS %s [%.*s] in ...%.*s...\n", label->name, (int)(end - start),
                   text.data + start,
                   (int)((end + 40 < text.size ? end + 40 : text.size)
                         - (start > 40 ? start - 40 : 0)),
                   text.data + (start > 40 ? start - 40 : 0));
    }
    score->texts++;
    if (json_get(record, "hard_negative") != NULL
        && json_get(record, "hard_negative")->kind == JSON_KIND_TRUE) {
        score->negatives++;
        score->negatives_touched += spans.count > 0;
        if (spans.count > 0 && getenv("DEID_SHOW_MISSES") != NULL)
            printf("TOUCHED [%.*s] in %.*s\n", (int)(spans.items[0].end - spans.items[0].start),
                   text.data + spans.items[0].start, SLICE_FORMAT(text));
    }
    for (span = json_first(json_get(record, "not_phi_traps")); span != NULL; span = span->next) {
        struct label_score *label = label_of(score, SLICE("(traps touched)"));

        label->total++;
        if (json_get(span, "start") != NULL
            && is_gone(&spans, text, byte_of(text, number_of(span, "start")),
                       byte_of(text, number_of(span, "end"))))
            label->gone++;
    }
    assert_int_equal(deid_redact_text(&redactor, text, false, &output, &err), STATUS_OK);
    assert_int_equal(deid_restore_text(&map, output, &arena, &restored, &err), STATUS_OK);
    if (slice_equal(restored, text))
        score->restored++;
    else if (getenv("DEID_SHOW_MISSES") != NULL)
        printf("NOT RESTORED\n%.*s\n%.*s\n%.*s\n", SLICE_FORMAT(text), SLICE_FORMAT(output),
               SLICE_FORMAT(restored));
    deid_redactor_close(&redactor);
    arena_close(&arena);
}

static bool score_set(const char *name, struct score *score, const char *want_safe_harbor)
{
    const char *path = data_path(name);
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    unsigned i, total = 0, gone = 0;
    FILE *file;

    *score = (struct score){ 0 };
    if (path == NULL)
        return false;
    file = fopen(path, "r");
    assert_non_null(file);
    while ((size = getline(&line, &capacity, file)) > 0)
        score_line(slice_of(line, (size_t)size), score, want_safe_harbor);
    free(line);
    fclose(file);
    printf("%s%s%s: %u texts, %u restored", name, want_safe_harbor == NULL ? "" : " safe harbor ",
           want_safe_harbor == NULL ? "" : want_safe_harbor, score->texts, score->restored);
    if (score->negatives > 0)
        printf(", %u of %u hard negatives touched", score->negatives_touched, score->negatives);
    printf("\n");
    for (i = 0; i < score->labels_count; i++) {
        total += score->labels[i].name[0] == '(' ? 0 : score->labels[i].total;
        gone += score->labels[i].name[0] == '(' ? 0 : score->labels[i].gone;
        printf("  %-32s %5u of %5u  %.3f\n", score->labels[i].name, score->labels[i].gone,
               score->labels[i].total, (double)score->labels[i].gone / score->labels[i].total);
    }
    printf("  all: %u of %u, %.4f\n", gone, total, total == 0 ? 1.0 : (double)gone / total);
    return true;
}

static double recall_of(const struct score *score)
{
    unsigned i, total = 0, gone = 0;

    for (i = 0; i < score->labels_count; i++)
        if (score->labels[i].name[0] != '(') {
            total += score->labels[i].total;
            gone += score->labels[i].gone;
        }
    return (double)gone / total;
}

static void the_clinical_queries_come_back_and_lose_their_identifiers(void **state)
{
    struct score score;

    (void)state;
    if (!score_set("deid/asq_phi.jsonl", &score, NULL))
        skip();
    assert_int_equal(score.restored, score.texts);
    assert_true(recall_of(&score) > ASQ_FLOOR);
}

static void the_reviewed_notes_come_back_and_lose_their_identifiers(void **state)
{
    struct score score;

    (void)state;
    if (!score_set("deid/clinical_notes_reviewed.jsonl", &score, "yes"))
        skip();
    assert_int_equal(score.restored, score.texts);
    assert_true(recall_of(&score) > REVIEWED_FLOOR);
}

static void the_clinic_notes_come_back_and_lose_the_patient(void **state)
{
    struct score score;

    (void)state;
    if (!score_set("deid/clinic_notes_with_patient.jsonl", &score, NULL))
        skip();
    assert_int_equal(score.restored, score.texts);
    assert_int_equal(label_of(&score, SLICE("NAME_PATIENT"))->gone,
                     label_of(&score, SLICE("NAME_PATIENT"))->total);
}

static void the_templated_texts_come_back(void **state)
{
    struct score score;

    (void)state;
    if (!score_set("deid/pii_anon_clinical.jsonl", &score, NULL))
        skip();
    assert_int_equal(score.restored, score.texts);
}

static void the_adversarial_texts_come_back(void **state)
{
    struct score score;

    (void)state;
    if (!score_set("deid/pii_anon_adversarial.jsonl", &score, NULL))
        skip();
    assert_int_equal(score.restored, score.texts);
}

static void the_sentences_come_back(void **state)
{
    struct score score;

    (void)state;
    if (!score_set("deid/presidio_sentences.jsonl", &score, NULL))
        skip();
    assert_int_equal(score.restored, score.texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clinical_queries_come_back_and_lose_their_identifiers),
        cmocka_unit_test(the_reviewed_notes_come_back_and_lose_their_identifiers),
        cmocka_unit_test(the_clinic_notes_come_back_and_lose_the_patient),
        cmocka_unit_test(the_templated_texts_come_back),
        cmocka_unit_test(the_adversarial_texts_come_back),
        cmocka_unit_test(the_sentences_come_back),
    };

    return cmocka_run_group_tests(tests, deid_setup, deid_teardown);
}
