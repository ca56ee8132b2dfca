#include "question_view.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"

bool view_is_drug(struct slice name, const char *drug)
{
    size_t size = strlen(drug);

    for (size_t at = 0; at + size <= name.size; at++)
        if (slice_equal_fold(slice_cut(name, at, at + size), slice_of(drug, size))
            && (at == 0 || !isalpha((unsigned char)name.data[at - 1]))
            && (at + size == name.size || !isalpha((unsigned char)name.data[at + size])))
            return true;
    return false;
}

const struct view_drug *view_find_drug(const struct view *view, const char *drug)
{
    const struct view_drug *found = NULL;

    for (unsigned i = 0; i < view->drug_count; i++)
        if (view_is_drug(view->drugs[i].name, drug)
            && (found == NULL || (view->drugs[i].is_active && !found->is_active)))
            found = &view->drugs[i];
    return found;
}

static struct slice reference_of(const struct record *record, char letter, unsigned index)
{
    struct buffer out;

    buffer_init(&out, record->arena);
    bundle_write_reference(record, letter, index, &out);
    return buffer_slice(&out);
}

/* Of orders of one name the active one, or else the newest. */
static void add_drug(struct view *view, const struct view_drug *drug)
{
    for (unsigned i = 0; i < view->drug_count; i++)
        if (slice_equal_fold(view->drugs[i].name, drug->name)) {
            if (drug->is_active || !view->drugs[i].is_active)
                view->drugs[i] = *drug;
            return;
        }
    if (view->drug_count < VIEW_DRUGS_MAX)
        view->drugs[view->drug_count++] = *drug;
    else
        view->is_crowded = true;
}

static void add_event(struct view *view, int row, struct slice label, struct slice reference,
                      int day)
{
    struct view_event *event = &view->screenings[row < 0 ? 0 : row];

    if (row < 0 || (event->is_done && event->day > day))
        return;
    if (event->is_done && event->day == day)
        view->unsure |= 1u << row;
    *event = (struct view_event){ true, label, reference, day };
}

/* ---- made here ---- */

/* Two newest measurements on one day have no last. */
static void read_rate(const struct record *record, struct view *view)
{
    char value[24];

    for (unsigned i = 0; i < record->measurement_count; i++) {
        const struct measurement *measurement = &record->measurement_list[i];
        int day = record_measurement_day(record, measurement);

        if (measurement->lab != LAB_EGFR || (view->rate_text.size > 0 && day < view->rate_day))
            continue;
        view->has_rate = view->rate_text.size == 0 || day > view->rate_day;
        view->rate_text =
            slice_from(arena_format(view->arena, "%s %s", record_format_value(measurement, value),
                                    lab_kinds[LAB_EGFR].unit));
        view->rate = strtod(value, NULL);
        view->rate_day = day;
        view->rate_reference = reference_of(record, BUNDLE_MEASUREMENT, i);
    }
}

static void read_screenings(const struct record *record, struct view *view)
{
    for (unsigned i = 0; i < record->operation_count; i++) {
        struct slice label = slice_from(procedure_kinds[record->operation_list[i].procedure].label);

        add_event(view, question_screening_row(label), label,
                  reference_of(record, BUNDLE_OPERATION, i), record->operation_list[i].day);
    }
    for (unsigned i = 0; i < record->measurement_count; i++) {
        const struct measurement *measurement = &record->measurement_list[i];
        struct slice label = slice_from(lab_kinds[measurement->lab].label);

        if (measurement->lab == LAB_A1C || measurement->lab == LAB_ACR)
            add_event(view, question_screening_row(label), label,
                      reference_of(record, BUNDLE_MEASUREMENT, i),
                      record_measurement_day(record, measurement));
    }
}

static void read_diabetes(const struct record *record, struct view *view)
{
    for (unsigned i = 0; i < record->condition_count; i++)
        if (record->condition_list[i].disease == DISEASE_DIABETES
            && record_condition_is_active(&record->condition_list[i], record->today)) {
            view->has_diabetes = true;
            view->diabetes = reference_of(record, BUNDLE_CONDITION, i);
        }
}

void view_of_record(const struct record *record, struct view *view)
{
    *view = (struct view){ .arena = record->arena,
                           .is_female = record->person.is_female,
                           .birth_day = record->person.birth_day };
    view->patient = slice_from(arena_format(record->arena, "Patient/%s", record->person.id));
    for (unsigned i = 0; i < record->encounter_count; i++)
        if (record->encounter_list[i].day > view->today)
            view->today = record->encounter_list[i].day;
    for (unsigned i = 0; i < record->allergy_count; i++)
        if (record->allergy_list[i].day > view->today)
            view->today = record->allergy_list[i].day;
    for (unsigned i = 0; i < record->order_count; i++)
        add_drug(view, &(struct view_drug){
                           slice_from(drug_kinds[record->order_list[i].drug].generic),
                           reference_of(record, BUNDLE_ORDER, i),
                           record_order_is_active(&record->order_list[i], record->today) });
    read_rate(record, view);
    read_screenings(record, view);
    read_diabetes(record, view);
}

/* ---- from elsewhere ---- */

static int day_of(const char *date)
{
    int year, month, day;

    return sscanf(date, "%4d-%2d-%2d", &year, &month, &day) == 3 ? calendar_day(year, month, day)
                                                                 : 0;
}

static bool has_text(struct slice label, const char *text)
{
    size_t size = strlen(text);

    for (size_t at = 0; at + size <= label.size; at++)
        if (slice_equal_fold(slice_cut(label, at, at + size), slice_of(text, size)))
            return true;
    return false;
}

static void read_item(const struct truth_item *item, struct view *view)
{
    int day = day_of(item->date);

    switch (item->kind) {
    case TRUTH_DRUG:
        add_drug(view, &(struct view_drug){ item->label, item->reference, item->is_active });
        break;
    case TRUTH_MEASURED:
        if (item->lab == LAB_EGFR && (view->rate_text.size == 0 || day >= view->rate_day)) {
            view->has_rate = view->rate_text.size == 0 || day > view->rate_day;
            view->rate_text = item->value;
            view->rate = item->number;
            view->rate_day = day;
            view->rate_reference = item->reference;
        }
        if (item->lab == LAB_A1C || item->lab == LAB_ACR)
            add_event(view, question_screening_row(slice_from(lab_kinds[item->lab].label)),
                      item->label, item->reference, day);
        break;
    case TRUTH_PROCEDURE:
        add_event(view, question_screening_row(item->label), item->label, item->reference, day);
        break;
    case TRUTH_CONDITION:
        if (item->is_active && has_text(item->label, "diabetes")
            && !has_text(item->label, "prediabetes") && !has_text(item->label, "due to")
            && !has_text(item->label, "pregnancy") && !has_text(item->label, "gestational")) {
            view->has_diabetes = true;
            view->diabetes = item->reference;
        }
        break;
    default:
        break;
    }
}

/* Names of which it is not known here whether they are a screening's. */
static void doubt(const struct truth_item *item, struct view *view)
{
    static const struct {
        int row;
        const char *text;
    } doubts[] = { { 0, "breast" }, { 2, "pap" },    { 2, "cytopath" }, { 2, "cervi" },
                   { 3, "a1c" },    { 4, "eye" },    { 4, "reti" },     { 4, "opht" },
                   { 5, "foot" },   { 6, "albumin" } };

    for (unsigned i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++)
        if ((item->kind == TRUTH_PROCEDURE || item->kind == TRUTH_MEASURED) && item->lab != LAB_A1C
            && item->lab != LAB_ACR && item->lab != LAB_ALBUMIN
            && has_text(item->label, doubts[i].text))
            view->unsure |= 1u << doubts[i].row;
    if (item->kind == TRUTH_MEASURED && item->lab != LAB_EGFR
        && has_text(item->label, "glomerular"))
        view->rate_text = (struct slice){ NULL, 0 };
}

void view_of_truth(const struct truth *truth, struct view *view)
{
    *view = (struct view){ .arena = truth->arena,
                           .is_female = truth->is_female,
                           .is_dead = truth->is_dead,
                           .is_crowded = truth->has_other_drugs,
                           .is_undated = truth->birth_date[0] == '\0',
                           .birth_day = day_of(truth->birth_date),
                           .today = day_of(truth->last_date) };
    view->patient =
        slice_from(arena_format(truth->arena, "Patient/%.*s", SLICE_FORMAT(truth->patient)));
    for (unsigned i = 0; i < truth->count; i++)
        read_item(&truth->items[i], view);
    for (unsigned i = 0; i < truth->count; i++)
        doubt(&truth->items[i], view);
    view->has_rate &= view->rate_text.size > 0;
}

bool question_listed(struct question *question, const struct view *view, bool is_answerable)
{
    switch (question->kind) {
    case QUESTION_RENAL:
    case QUESTION_RENALS:
        return question_renal(question, view, is_answerable);
    case QUESTION_SCREENING:
    case QUESTION_SCREENINGS:
        return question_screening(question, view, is_answerable);
    default:
        return question_interaction(question, view, is_answerable);
    }
}
