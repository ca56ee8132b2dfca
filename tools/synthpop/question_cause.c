/* Questions about cause and effect across visits: why a drug was stopped, what led to an emergency,
 * what followed a drug, what was done because of a disease. What one resource says of another is
 * the answer; that it came later is none. */
#include "question_parts.h"

#include <stdio.h>

#include "calendar.h"

#define DRAWS 24

/* An order whose drug was ordered once, in whatever strength; -1: none this time. */
static int draw_sole_order(struct question *question)
{
    const struct record *record = question->record;
    unsigned index, i, same = 0;

    question->is_unseen = false;
    if (record->order_count == 0)
        return -1;
    index = chance_below(question->chance, record->order_count);
    for (i = 0; i < record->order_count; i++)
        same += question_is_same_drug(record->order_list[i].drug, record->order_list[index].drug);
    if (same != 1)
        return -1;
    question_subject(question, drug_kinds[record->order_list[index].drug].generic);
    question_note_unseen(question, BUNDLE_ORDER, index);
    return (int)index;
}

static bool is_explained(const struct record *record, int index)
{
    return record->order_list[index].why_stopped != NULL
           && !record_order_is_active(&record->order_list[index], record->today);
}

/* Half of what cannot be answered is about a drug of the record. */
bool question_why_stopped(struct question *question, bool is_answerable)
{
    int index = -1, i;

    if (!is_answerable && chance_happens(question->chance, 0.5))
        return question_drug_one(question, false);
    for (i = 0; i < DRAWS; i++) {
        index = draw_sole_order(question);
        if (index >= 0 && is_explained(question->record, index) == is_answerable)
            break;
    }
    if (i == DRAWS)
        return false;
    if (!is_answerable)
        return question_decline(question);
    question_claim_order(question, (unsigned)index);
    return true;
}

static unsigned count_emergencies(const struct record *record, int from, int to)
{
    unsigned i, count = 0;

    for (i = 0; i < record->encounter_count; i++)
        count += record->encounter_list[i].kind == ENCOUNTER_EMERGENCY
                 && record->encounter_list[i].day >= from && record->encounter_list[i].day <= to;
    return count;
}

/* The day, or its month; from and to are the days of it. */
static void name_time(struct question *question, int day, int *from, int *to)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    char date[CALENDAR_TEXT_BYTES], text[40];
    int year, month, of_month;

    calendar_date(day, &year, &month, &of_month);
    if (chance_happens(question->chance, 0.5)) {
        *from = *to = day;
        snprintf(text, sizeof(text), "on %s", calendar_format(day, date));
    } else {
        *from = calendar_day(year, month, 1);
        *to = calendar_day(month == 12 ? year + 1 : year, month % 12 + 1, 1) - 1;
        snprintf(text, sizeof(text), "in %s %d", months[month - 1], year);
    }
    question_subject(question, text);
}

/* Whether encounter @index alone is what is asked about in its time, or nothing is. */
static bool draw_visit(struct question *question, unsigned index, bool is_answerable)
{
    const struct record *record = question->record;
    const struct encounter *encounter = &record->encounter_list[index];
    int from, to;

    name_time(question, encounter->day, &from, &to);
    if (!is_answerable)
        return count_emergencies(record, from, to) == 0;
    return encounter->kind == ENCOUNTER_EMERGENCY && encounter->condition >= 0
           && count_emergencies(record, from, to) == 1;
}

bool question_why_visit(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    const struct encounter *encounter;
    char date[CALENDAR_TEXT_BYTES];
    unsigned index, i;

    for (i = 0; i < DRAWS; i++) {
        index = chance_below(question->chance, record->encounter_count);
        if (draw_visit(question, index, is_answerable))
            break;
    }
    if (i == DRAWS)
        return false;
    if (!is_answerable)
        return question_decline(question);
    encounter = &record->encounter_list[index];
    question_claim_open(question, "%s on %s (emergency), for %s",
                        bundle_visit_name(encounter->kind), calendar_format(encounter->day, date),
                        record_condition_name(&record->condition_list[encounter->condition]));
    question_claim_prove(question, BUNDLE_ENCOUNTER, index);
    question_claim_close(question);
    return true;
}

static bool has_effects(const struct record *record, unsigned index)
{
    unsigned i;

    for (i = 0; i < record->allergy_count; i++)
        if (record->allergy_list[i].order == index + 1)
            return true;
    for (i = 0; i < record->order_count; i++)
        if (record->order_list[i].replaces == index + 1)
            return true;
    return is_explained(record, (int)index);
}

/* What names the order: a reaction to it, what took its place; and why it was stopped. */
static void claim_effects(struct question *question, unsigned index)
{
    const struct record *record = question->record;
    unsigned i;

    if (is_explained(record, (int)index))
        question_claim_order(question, index);
    for (i = 0; i < record->allergy_count; i++)
        if (record->allergy_list[i].order == index + 1)
            question_claim_allergy(question, i);
    for (i = 0; i < record->order_count; i++)
        if (record->order_list[i].replaces == index + 1)
            question_claim_order(question, i);
}

bool question_after_drug(struct question *question, bool is_answerable)
{
    int index = -1, i;

    if (!is_answerable && chance_happens(question->chance, 0.5))
        return question_drug_one(question, false);
    for (i = 0; i < DRAWS; i++) {
        index = draw_sole_order(question);
        if (index >= 0 && has_effects(question->record, (unsigned)index) == is_answerable)
            break;
    }
    if (i == DRAWS)
        return false;
    if (!is_answerable)
        return question_decline(question);
    claim_effects(question, (unsigned)index);
    return question->claim_count <= QUESTION_CLAIMS_MAX;
}

bool question_done_for(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    int condition;
    unsigned i;

    if (!is_answerable && chance_happens(question->chance, 0.6))
        return question_history_condition(question, false);
    if ((condition = question_draw_condition(question)) < 0)
        return false;
    for (i = 0; i < record->order_count; i++)
        if (record->order_list[i].condition == condition)
            question_claim_order(question, i);
    for (i = 0; i < record->operation_count; i++)
        if (record->operation_list[i].condition == condition)
            question_claim_operation(question, i);
    if (is_answerable)
        return question->claim_count > 0 && question->claim_count <= QUESTION_CLAIMS_MAX;
    return question->claim_count == 0 && question_decline(question);
}
