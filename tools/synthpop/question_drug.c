/* Questions about medication. */
#include "question_parts.h"

#include "calendar.h"

/* "Lisinopril 20 mg tablet, active since 2024-08-14, 1 tablet once daily, for Hypertension";
 * "Lisinopril 10 mg tablet, stopped, 2022-01-03 to 2022-03-04, …, because Cough". */
void question_claim_order(struct question *question, unsigned index)
{
    const struct order *order = &question->record->order_list[index];
    const struct drug_kind *kind = &drug_kinds[order->drug];
    bool is_active = record_order_is_active(order, question->record->today),
         is_explained = order->why_stopped != NULL && !is_active;
    char start[CALENDAR_TEXT_BYTES], stop[CALENDAR_TEXT_BYTES];

    calendar_format(order->start, start);
    calendar_format(is_active ? order->start : order->stop, stop);
    question_claim_open(
        question, "%s, %s %s%s%s, %s, for %s%s%s%s%s", kind->text,
        is_active          ? "active since"
        : order->is_course ? "completed,"
                           : "stopped,",
        start, is_active ? "" : " to ", is_active ? "" : stop, kind->dose,
        record_condition_name(&question->record->condition_list[order->condition]),
        is_explained ? ", because " : "", is_explained ? order->why_stopped : "",
        order->replaces > 0 ? ", in place of " : "",
        order->replaces > 0
            ? drug_kinds[question->record->order_list[order->replaces - 1].drug].text
            : "");
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
            question_claim_order(question, i);
    return true;
}

/* The same drug in any strength, alone or in a combination. */
bool question_is_same_drug(enum drug a, enum drug b)
{
    const char *left = drug_kinds[a].generic, *right = drug_kinds[b].generic;

    return strstr(left, right) != NULL || strstr(right, left) != NULL;
}

static bool decline_drug(struct question *question)
{
    const struct record *record = question->record;
    enum drug drug = question_draw_drug(question);
    unsigned i;

    for (i = 0; i < record->order_count; i++)
        if (question_is_same_drug(record->order_list[i].drug, drug))
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
        same += question_is_same_drug(record->order_list[i].drug, record->order_list[index].drug);
    if (same != 1 || !record_order_is_active(&record->order_list[index], record->today))
        return -1;
    question_subject(question, drug_kinds[record->order_list[index].drug].generic);
    return (int)index;
}

/* What a drug is for, its dose and when it began are told together: a line of the record. */
bool question_drug_one(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    question_claim_order(question, (unsigned)index);
    return true;
}

/* Whether a drug is still taken: of its orders, the active one or else the last. */
bool question_drug_status(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    unsigned index, i;

    if (!is_answerable)
        return decline_drug(question);
    if (record->order_count == 0)
        return false;
    index = chance_below(question->chance, record->order_count);
    for (i = 0; i < record->order_count; i++)
        if (question_is_same_drug(record->order_list[i].drug, record->order_list[index].drug)
            && record->order_list[i].stop >= record->order_list[index].stop)
            index = i;
    question_subject(question, drug_kinds[record->order_list[index].drug].generic);
    question_claim_order(question, index);
    return true;
}

static bool is_treated(const struct record *record, enum disease disease)
{
    unsigned i;

    for (i = 0; i < record->order_count; i++)
        if (record->condition_list[record->order_list[i].condition].disease == disease
            && record_order_is_active(&record->order_list[i], record->today))
            return true;
    return false;
}

/* An active condition, called by its name or as people call it; NULL: none this time. */
static const struct condition *draw_active(struct question *question)
{
    const struct record *record = question->record;
    const struct condition *condition;
    const char *lay;

    if (record->condition_count == 0)
        return NULL;
    condition = &record->condition_list[chance_below(question->chance, record->condition_count)];
    if (!record_condition_is_active(condition, record->today))
        return NULL;
    lay = disease_kinds[condition->disease].lay;
    if (lay != NULL && chance_happens(question->chance, 0.2))
        question_subject(question, lay);
    else
        question_subject_in_sentence(question, record_condition_name(condition));
    return condition;
}

static void claim_treatment(struct question *question, enum disease disease)
{
    const struct record *record = question->record;
    unsigned i;

    for (i = 0; i < record->order_count; i++)
        if (record->condition_list[record->order_list[i].condition].disease == disease
            && record_order_is_active(&record->order_list[i], record->today))
            question_claim_order(question, i);
}

/* What is taken for an active condition now. */
bool question_drug_treatment(struct question *question, bool is_answerable)
{
    const struct condition *condition = draw_active(question);

    if (condition == NULL || is_treated(question->record, condition->disease) != is_answerable)
        return false;
    if (!is_answerable)
        return question_decline(question);
    claim_treatment(question, condition->disease);
    return question->claim_count <= QUESTION_CLAIMS_MAX;
}

/* An active condition with what is taken for it. */
bool question_drug_summary(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    const struct condition *condition;
    unsigned i, same = 0;

    if (!is_answerable)
        return question_history_condition(question, false);
    if ((condition = draw_active(question)) == NULL)
        return false;
    for (i = 0; i < record->condition_count; i++)
        same += record->condition_list[i].disease == condition->disease;
    if (same != 1)
        return false;
    question_claim_condition(question, (unsigned)(condition - record->condition_list));
    claim_treatment(question, condition->disease);
    return question->claim_count <= QUESTION_CLAIMS_MAX;
}
