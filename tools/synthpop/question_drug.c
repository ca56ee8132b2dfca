/* Questions about medication. */
#include "question_parts.h"

#include "calendar.h"

static void claim_order(struct question *question, unsigned index)
{
    const struct drug_kind *kind = &drug_kinds[question->record->order_list[index].drug];

    question_claim_open(question, "%s, %s", kind->text, kind->dose);
    question_claim_prove(question, BUNDLE_ORDER, index);
    question_claim_close(question);
}

bool question_drug_list(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    unsigned i, count = 0;

    for (i = 0; i < record->order_count; i++)
        count += record_order_is_active(&record->order_list[i], record->today);
    if (!is_answerable)
        return count == 0 && record->order_count == 0 ? question_decline(question) : false;
    if (count == 0 || count > QUESTION_CLAIMS_MAX)
        return false;
    for (i = 0; i < record->order_count; i++)
        if (record_order_is_active(&record->order_list[i], record->today))
            claim_order(question, i);
    return true;
}

/* The same drug in any strength, alone or in a combination. */
static bool is_same_drug(enum drug a, enum drug b)
{
    const char *left = drug_kinds[a].generic, *right = drug_kinds[b].generic;

    return strstr(left, right) != NULL || strstr(right, left) != NULL;
}

static bool decline_drug(struct question *question)
{
    const struct record *record = question->record;
    enum drug drug = 1 + chance_below(question->chance, DRUG_COUNT - 1);
    unsigned i;

    for (i = 0; i < record->order_count; i++)
        if (is_same_drug(record->order_list[i].drug, drug))
            return false;
    question_subject(question, drug_kinds[drug].generic);
    return question_decline(question);
}

/* An active order of a drug that was never ordered otherwise, so that there is one answer; -1: none
 * this time. */
static int draw_order(struct question *question)
{
    const struct record *record = question->record;
    unsigned index, i, same = 0;

    if (record->order_count == 0)
        return -1;
    index = chance_below(question->chance, record->order_count);
    for (i = 0; i < record->order_count; i++)
        same += is_same_drug(record->order_list[i].drug, record->order_list[index].drug);
    if (same != 1 || !record_order_is_active(&record->order_list[index], record->today))
        return -1;
    question_subject(question, drug_kinds[record->order_list[index].drug].generic);
    return (int)index;
}

bool question_drug_reason(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;
    const struct order *order;

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    order = &question->record->order_list[index];
    question_claim_open(question, "%s is for %s", drug_kinds[order->drug].text,
                        record_condition_name(&question->record->condition_list[order->condition]));
    question_claim_prove(question, BUNDLE_ORDER, (unsigned)index); /* which says its reason */
    question_claim_close(question);
    return true;
}

bool question_drug_dose(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    claim_order(question, (unsigned)index);
    return true;
}

bool question_drug_start(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;
    char date[CALENDAR_TEXT_BYTES];

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    calendar_format(question->record->order_list[index].start, date);
    question_claim_open(question, "%s, active since %s",
                        drug_kinds[question->record->order_list[index].drug].text, date);
    question_claim_prove(question, BUNDLE_ORDER, (unsigned)index);
    question_claim_close(question);
    return true;
}

/* Whether a drug is still taken: of its orders, the active one or else the last. */
bool question_drug_status(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    char date[CALENDAR_TEXT_BYTES];
    const struct order *order;
    unsigned index, i;

    if (!is_answerable)
        return decline_drug(question);
    if (record->order_count == 0)
        return false;
    index = chance_below(question->chance, record->order_count);
    for (i = 0; i < record->order_count; i++)
        if (is_same_drug(record->order_list[i].drug, record->order_list[index].drug)
            && record->order_list[i].stop >= record->order_list[index].stop)
            index = i;
    order = &record->order_list[index];
    question_subject(question, drug_kinds[order->drug].generic);
    if (record_order_is_active(order, record->today))
        question_claim_open(question, "%s, active since %s", drug_kinds[order->drug].text,
                            calendar_format(order->start, date));
    else
        question_claim_open(question, "%s, %s", drug_kinds[order->drug].text,
                            order->is_course ? "completed" : "stopped");
    question_claim_prove(question, BUNDLE_ORDER, index);
    question_claim_close(question);
    return true;
}
