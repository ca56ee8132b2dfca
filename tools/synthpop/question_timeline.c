/* Questions about what happened when: in a time, or in the course of a disease.
 *
 * Told are turning points, day by day: conditions that begin and end, drugs that are prescribed,
 * stopped and completed, procedures, vaccines, allergies, emergencies. Where a time has none of
 * them, its visits. */
#include "question_parts.h"

#include <stdarg.h>
#include <stdio.h>

#include "calendar.h"

#define PERIOD_TRIES 12

/* What is told: of a time, or of one condition. */
struct telling {
    struct question *question;
    int from, to;  /* days, both of them in it */
    int condition; /* -1: whatever happened */
    bool is_counting;
    unsigned count;
};

static bool is_told(const struct telling *telling, int day, int condition)
{
    return day >= telling->from && day <= telling->to
           && (telling->condition < 0 || telling->condition == condition);
}

__attribute__((format(printf, 5, 6))) static void
tell(struct telling *telling, int day, char letter, unsigned index, const char *format, ...)
{
    char date[CALENDAR_TEXT_BYTES], text[240];
    va_list args;

    telling->count++;
    if (telling->is_counting)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    question_claim_open(telling->question, "%s: %s", calendar_format(day, date), text);
    question_claim_prove(telling->question, letter, index);
    question_claim_close(telling->question);
}

static void tell_conditions(struct telling *telling)
{
    const struct record *record = telling->question->record;
    unsigned i;

    for (i = 0; i < record->condition_count; i++) {
        const struct condition *condition = &record->condition_list[i];
        const char *name = record_condition_name(condition);

        if (is_told(telling, condition->onset, (int)i))
            tell(telling, condition->onset, BUNDLE_CONDITION, i, "%s began", name);
        if (condition->abatement <= record->today && is_told(telling, condition->abatement, (int)i))
            tell(telling, condition->abatement, BUNDLE_CONDITION, i, "%s ended", name);
    }
}

static void tell_orders(struct telling *telling)
{
    const struct record *record = telling->question->record;
    unsigned i;

    for (i = 0; i < record->order_count; i++) {
        const struct order *order = &record->order_list[i];
        const char *name = drug_kinds[order->drug].text;

        if (is_told(telling, order->start, order->condition))
            tell(telling, order->start, BUNDLE_ORDER, i, "%s was prescribed", name);
        if (order->stop <= record->today && is_told(telling, order->stop, order->condition))
            tell(telling, order->stop, BUNDLE_ORDER, i, "%s was %s", name,
                 order->is_course ? "completed" : "stopped");
    }
}

static void tell_operations(struct telling *telling)
{
    const struct record *record = telling->question->record;
    unsigned i;

    for (i = 0; i < record->operation_count; i++) {
        const struct operation *operation = &record->operation_list[i];

        if (is_told(telling, operation->day, operation->condition))
            tell(telling, operation->day, BUNDLE_OPERATION, i, "%s",
                 procedure_kinds[operation->procedure].label);
    }
}

static void tell_visit(struct telling *telling, unsigned index)
{
    const struct record *record = telling->question->record;
    const struct encounter *encounter = &record->encounter_list[index];
    bool has_reason = encounter->condition >= 0;

    if (is_told(telling, encounter->day, encounter->condition))
        tell(telling, encounter->day, BUNDLE_ENCOUNTER, index, "%s (%s)%s%s",
             bundle_visit_name(encounter->kind),
             encounter->kind == ENCOUNTER_EMERGENCY ? "emergency" : "outpatient",
             has_reason ? ", for " : "",
             has_reason ? record_condition_name(&record->condition_list[encounter->condition])
                        : "");
}

static void tell_visits(struct telling *telling, bool is_emergency)
{
    const struct record *record = telling->question->record;
    unsigned i;

    for (i = 0; i < record->encounter_count; i++)
        if ((record->encounter_list[i].kind == ENCOUNTER_EMERGENCY) == is_emergency)
            tell_visit(telling, i);
}

/* What has no reason is of no disease. */
static void tell_others(struct telling *telling)
{
    const struct record *record = telling->question->record;
    unsigned i;

    for (i = 0; i < record->vaccination_count; i++) {
        int day = record->encounter_list[record->vaccination_list[i].encounter].day;

        if (is_told(telling, day, -1))
            tell(telling, day, BUNDLE_VACCINATION, i, "%s",
                 vaccine_kinds[record->vaccination_list[i].vaccine].label);
    }
    for (i = 0; i < record->allergy_count; i++)
        if (is_told(telling, record->allergy_list[i].day, -1))
            tell(telling, record->allergy_list[i].day, BUNDLE_ALLERGY, i,
                 "Allergy to %s was recorded",
                 allergen_kinds[record->allergy_list[i].allergen].label);
}

static void tell_turning_points(struct telling *telling)
{
    tell_conditions(telling);
    tell_orders(telling);
    tell_operations(telling);
    tell_visits(telling, true);
    if (telling->condition < 0)
        tell_others(telling);
}

/* Tell it, if there are neither none nor too many; a time without turning points by its visits. */
static bool tell_all(struct telling *telling)
{
    bool by_visits;

    telling->is_counting = true;
    tell_turning_points(telling);
    by_visits = telling->count == 0 && telling->condition < 0;
    if (by_visits)
        tell_visits(telling, false);
    if (telling->count == 0 || telling->count > QUESTION_CLAIMS_MAX)
        return false;
    telling->is_counting = false;
    if (by_visits)
        tell_visits(telling, false);
    else
        tell_turning_points(telling);
    return true;
}

/* A year, a month, or some months from day to day, around @day; the question's subject. */
static void draw_period(struct question *question, int day, struct telling *telling)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    char from[CALENDAR_TEXT_BYTES], to[CALENDAR_TEXT_BYTES], text[64];
    int year, month, of_month;

    calendar_date(day, &year, &month, &of_month);
    switch (chance_below(question->chance, 3)) {
    case 0:
        telling->from = calendar_day(year, 1, 1);
        telling->to = calendar_day(year + 1, 1, 1) - 1;
        snprintf(text, sizeof(text), "in %d", year);
        break;
    case 1:
        telling->from = calendar_day(year, month, 1);
        telling->to = calendar_day(month == 12 ? year + 1 : year, month % 12 + 1, 1) - 1;
        snprintf(text, sizeof(text), "in %s %d", months[month - 1], year);
        break;
    default:
        telling->from = day - chance_between(question->chance, 0, 60);
        telling->to = day + chance_between(question->chance, 0, 120);
        snprintf(text, sizeof(text), "between %s and %s", calendar_format(telling->from, from),
                 calendar_format(telling->to, to));
    }
    question_subject(question, text);
}

/* Before the record begins nothing is told. */
static bool decline_period(struct question *question)
{
    struct telling telling = { .question = question, .condition = -1 };
    int first = question->record->today;
    unsigned i;

    for (i = 0; i < question->record->encounter_count; i++)
        if (question->record->encounter_list[i].day < first)
            first = question->record->encounter_list[i].day;
    draw_period(question, first - chance_between(question->chance, 500, 3000), &telling);
    return question_decline(question);
}

bool question_timeline_period(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    int i;

    if (!is_answerable)
        return decline_period(question);
    for (i = 0; i < PERIOD_TRIES; i++) {
        struct telling telling = { .question = question, .condition = -1 };
        int day =
            record->encounter_list[chance_below(question->chance, record->encounter_count)].day;

        draw_period(question, day, &telling);
        if (telling.to <= record->today && tell_all(&telling))
            return true;
    }
    return false;
}

bool question_timeline_course(struct question *question, bool is_answerable)
{
    struct telling telling = { .question = question, .from = INT_MIN, .to = INT_MAX };

    if (!is_answerable)
        return question_history_condition(question, false);
    telling.condition = question_draw_condition(question);
    return telling.condition >= 0 && tell_all(&telling);
}
