/* A question is drawn as a kind and a subject; its function then looks at the record for the
 * answer. A function that finds nothing to ask returns false and writes nothing. Each has a second
 * face, where the subject is something that the record does not hold. */
#include "question_parts.h"
#include "question_view.h"

#define TRIES_PER_QUESTION 8

static bool ask_listed(struct question *question, bool is_answerable)
{
    struct view view;

    view_of_record(question->record, &view);
    return question_listed(question, &view, is_answerable);
}

static bool (*const asks[QUESTION_KIND_COUNT])(struct question *question, bool is_answerable) = {
    [QUESTION_LATEST] = question_lab_latest,
    [QUESTION_TREND] = question_lab_trend,
    [QUESTION_RANGE] = question_lab_range,
    [QUESTION_PROBLEMS] = question_history_problems,
    [QUESTION_MEDICATIONS] = question_drug_list,
    [QUESTION_WHY_MEDICATION] = question_drug_one,
    [QUESTION_DOSE] = question_drug_one,
    [QUESTION_MEDICATION_STATUS] = question_drug_status,
    [QUESTION_ALLERGIES] = question_history_allergies,
    [QUESTION_ALLERGY_TO] = question_history_allergy_to,
    [QUESTION_PROCEDURE] = question_history_procedure,
    [QUESTION_IMMUNIZATION] = question_history_immunization,
    [QUESTION_WHEN_CONDITION] = question_history_condition,
    [QUESTION_WHEN_MEDICATION] = question_drug_one,
    [QUESTION_HAS_CONDITION] = question_history_condition,
    [QUESTION_FIRST] = question_lab_first,
    [QUESTION_TARGET] = question_lab_target,
    [QUESTION_STAGE] = question_lab_stage,
    [QUESTION_TREATMENT] = question_drug_treatment,
    [QUESTION_CONFLICT] = question_history_conflict,
    [QUESTION_SERIES] = question_lab_series,
    [QUESTION_SUMMARY] = question_drug_summary,
    [QUESTION_WHY_PROCEDURE] = question_history_procedure,
    [QUESTION_INTERACTIONS] = ask_listed,
    [QUESTION_INTERACTION_WITH] = ask_listed,
    [QUESTION_INTERACTION_PAIR] = ask_listed,
    [QUESTION_RENAL] = ask_listed,
    [QUESTION_RENALS] = ask_listed,
    [QUESTION_SCREENING] = ask_listed,
    [QUESTION_SCREENINGS] = ask_listed,
    [QUESTION_TIMELINE] = question_timeline_period,
    [QUESTION_COURSE] = question_timeline_course,
    [QUESTION_WHY_STOPPED] = question_why_stopped,
    [QUESTION_WHY_VISIT] = question_why_visit,
    [QUESTION_AFTER_DRUG] = question_after_drug,
    [QUESTION_DONE_FOR] = question_done_for,
    [QUESTION_FINDINGS] = question_findings,
};

/* How often each kind is asked. */
static const unsigned weights[QUESTION_KIND_COUNT] = { 6, 3, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2,
                                                       2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1, 1,
                                                       2, 1, 2, 1, 3, 2, 3, 2, 4, 2, 4 };

enum question_kind question_draw_kind(struct chance *chance)
{
    unsigned total = 0, at;
    int kind;

    for (kind = 0; kind < QUESTION_KIND_COUNT; kind++)
        total += weights[kind];
    at = chance_below(chance, total);
    for (kind = 0; at >= weights[kind]; kind++)
        at -= weights[kind];
    return kind;
}

void question_write_line(struct question *question, const struct question_about *about,
                         bool is_answerable, struct arena *arena, struct buffer *out)
{
    struct buffer text;
    bool is_heldout;

    buffer_init(&text, arena);
    is_heldout =
        phrasing_draw(question->kind, question->subject, about->is_female, question->chance, &text);
    buffer_format(out, "{\"bundle\":\"%s\",\"patient\":\"%.*s\",\"question\":", about->file,
                  SLICE_FORMAT(about->patient));
    buffer_put_json(out, buffer_slice(&text));
    buffer_format(
        out,
        ",\"kind\":\"%s\",\"about\":\"%s\",\"split\":\"%s\",\"conditions\":\"%s\",\"answer\":[",
        is_answerable ? phrasing_kind_name(question->kind) : "unanswerable",
        phrasing_kind_name(question->kind), is_heldout ? "heldout" : "train",
        question->is_unseen ? "heldout" : "train");
    buffer_put(out, buffer_slice(&question->claims));
    buffer_put_string(out, "]}\n");
}

static void write_one(struct record *record, const char *file, struct buffer *out)
{
    bool is_answerable = !chance_happens(&record->chance, QUESTION_UNANSWERABLE_SHARE);
    const struct question_about about = { file, slice_from(record->person.id),
                                          record->person.is_female };
    int i;

    for (i = 0; i < TRIES_PER_QUESTION; i++) {
        struct question question = { .record = record,
                                     .chance = &record->chance,
                                     .kind = question_draw_kind(&record->chance) };

        buffer_init(&question.claims, record->arena);
        if (!asks[question.kind](&question, is_answerable))
            continue;
        question_write_line(&question, &about, is_answerable, record->arena, out);
        return;
    }
}

void question_write(struct record *record, const char *file, unsigned count, struct buffer *out)
{
    while (count-- > 0)
        write_one(record, file, out);
}
