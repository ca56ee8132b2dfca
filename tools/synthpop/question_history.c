/* Questions about conditions, allergies, procedures and vaccinations. */
#include "question_parts.h"

#include "calendar.h"

/* ---- conditions ---- */

void question_claim_condition(struct question *question, unsigned index)
{
    const struct condition *condition = &question->record->condition_list[index];
    bool is_active = record_condition_is_active(condition, question->record->today);
    char onset[CALENDAR_TEXT_BYTES], end[CALENDAR_TEXT_BYTES];

    calendar_format(condition->onset, onset);
    if (is_active)
        question_claim_open(question, "%s, active since %s", record_condition_name(condition),
                            onset);
    else
        question_claim_open(question, "%s, resolved, %s to %s", record_condition_name(condition),
                            onset, calendar_format(condition->abatement, end));
    question_claim_prove(question, BUNDLE_CONDITION, index);
    question_claim_close(question);
}

bool question_history_problems(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    unsigned i, count = 0;

    for (i = 0; i < record->condition_count; i++)
        count += record_condition_is_active(&record->condition_list[i], record->today);
    if (!is_answerable || count == 0 || count > QUESTION_CLAIMS_MAX)
        return false;
    for (i = 0; i < record->condition_count; i++)
        if (record_condition_is_active(&record->condition_list[i], record->today))
            question_claim_condition(question, i);
    return true;
}

static bool has_had(const struct record *record, enum disease disease)
{
    unsigned i;

    for (i = 0; i < record->condition_count; i++)
        if (record->condition_list[i].disease == disease)
            return true;
    return false;
}

static bool decline_condition(struct question *question)
{
    enum disease disease = question_draw_disease(question);
    const struct disease_kind *kind = &disease_kinds[disease];

    /* Kidney disease has a name for each stage, and obesity goes with a weight: what is not
     * recorded may still be so. */
    if (has_had(question->record, disease))
        return false;
    if (kind->lay != NULL && chance_happens(question->chance, 0.3))
        question_subject(question, kind->lay);
    else
        question_subject_in_sentence(question, kind->name);
    return question_decline(question);
}

int question_draw_condition(struct question *question)
{
    const struct record *record = question->record;
    const char *name, *lay;
    unsigned index, i, same = 0;

    if (record->condition_count == 0)
        return -1;
    index = chance_below(question->chance, record->condition_count);
    name = record_condition_name(&record->condition_list[index]);
    for (i = 0; i < record->condition_count; i++)
        same += record->condition_list[i].disease == record->condition_list[index].disease;
    if (same != 1)
        return -1;
    lay = disease_kinds[record->condition_list[index].disease].lay;
    if (lay != NULL && chance_happens(question->chance, 0.2))
        question_subject(question, lay);
    else
        question_subject_in_sentence(question, name);
    question_note_unseen(question, BUNDLE_CONDITION, index);
    return (int)index;
}

/* A condition whose name stands once in the record. */
bool question_history_condition(struct question *question, bool is_answerable)
{
    int index;

    if (!is_answerable)
        return decline_condition(question);
    if ((index = question_draw_condition(question)) < 0)
        return false;
    question_claim_condition(question, (unsigned)index);
    return true;
}

/* ---- allergies ---- */

void question_claim_allergy(struct question *question, unsigned index)
{
    const struct allergy *allergy = &question->record->allergy_list[index];
    char date[CALENDAR_TEXT_BYTES];

    question_claim_open(
        question, "Allergy to %s (%s), active since %s%s, severity %s%s%s",
        allergen_kinds[allergy->allergen].label, record_reaction(allergy),
        calendar_format(allergy->day, date), allergy->is_severe ? ", high criticality" : "",
        allergy->is_severe ? "severe" : "mild", allergy->order > 0 ? ", to " : "",
        allergy->order > 0 ? drug_kinds[question->record->order_list[allergy->order - 1].drug].text
                           : "");
    question_claim_prove(question, BUNDLE_ALLERGY, index);
    question_claim_close(question);
}

bool question_history_allergies(struct question *question, bool is_answerable)
{
    unsigned i, count = question->record->allergy_count;

    if ((count > 0) != is_answerable)
        return false;
    if (count == 0)
        return question_decline(question);
    for (i = 0; i < count; i++)
        question_claim_allergy(question, i);
    return true;
}

bool question_history_allergy_to(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum allergen allergen = chance_below(question->chance, ALLERGEN_COUNT);
    unsigned i;

    if (is_answerable && record->allergy_count == 0)
        return false;
    if (is_answerable)
        allergen =
            record->allergy_list[chance_below(question->chance, record->allergy_count)].allergen;
    question_subject_in_sentence(question, allergen_kinds[allergen].label);
    for (i = 0; i < record->allergy_count; i++) {
        if (record->allergy_list[i].allergen != allergen)
            continue;
        if (is_answerable)
            question_claim_allergy(question, i);
        return is_answerable;
    }
    return question_decline(question);
}

static bool rules_out(const struct record *record, unsigned index, enum drug drug)
{
    const char *family = allergen_kinds[record->allergy_list[index].allergen].family;

    return family != NULL && drug_kinds[drug].family != NULL
           && strcmp(family, drug_kinds[drug].family) == 0;
}

/* Whether a drug may be given: what of it is an allergy on record. */
bool question_history_conflict(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum drug drug = question_draw_drug(question);
    unsigned i, count = 0;

    if (is_answerable && record->allergy_count == 0)
        return false;
    for (i = 0; is_answerable && i < 200 && count == 0; i++) {
        drug = question_draw_drug(question);
        count += rules_out(record, i % record->allergy_count, drug);
    }
    for (i = 0, count = 0; i < record->allergy_count; i++)
        count += rules_out(record, i, drug);
    if (drug_kinds[drug].family == NULL || (count > 0) != is_answerable)
        return false;
    question_subject(question, drug_kinds[drug].generic);
    if (!is_answerable)
        return question_decline(question);
    for (i = 0; i < record->allergy_count; i++)
        if (rules_out(record, i, drug))
            question_claim_allergy(question, i);
    return true;
}

/* ---- procedures and vaccines ---- */

void question_claim_operation(struct question *question, unsigned index)
{
    const struct record *record = question->record;
    const struct operation *operation = &record->operation_list[index];
    bool has_reason = operation->condition >= 0;
    char date[CALENDAR_TEXT_BYTES];

    question_claim_open(
        question, "%s on %s%s%s", procedure_kinds[operation->procedure].label,
        calendar_format(operation->day, date), has_reason ? ", for " : "",
        has_reason ? record_condition_name(&record->condition_list[operation->condition]) : "");
    question_claim_prove(question, BUNDLE_OPERATION, index);
    question_claim_close(question);
}

bool question_history_procedure(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum procedure procedure = question_draw_procedure(question);
    int last = -1;
    unsigned i;

    if (is_answerable && record->operation_count > 0)
        procedure = record->operation_list[chance_below(question->chance, record->operation_count)]
                        .procedure;
    for (i = 0; i < record->operation_count; i++)
        if (record->operation_list[i].procedure == procedure
            && (last < 0 || record->operation_list[i].day >= record->operation_list[last].day))
            last = (int)i;
    question_subject_in_sentence(question, procedure_kinds[procedure].label);
    if (last < 0 || !is_answerable)
        return last < 0 && !is_answerable ? question_decline(question) : false;
    if (record->operation_list[last].condition < 0 && question->kind == QUESTION_WHY_PROCEDURE)
        return false;
    question_claim_operation(question, (unsigned)last);
    return true;
}

static int vaccination_day(const struct record *record, unsigned index)
{
    return record->encounter_list[record->vaccination_list[index].encounter].day;
}

bool question_history_immunization(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum vaccine vaccine = chance_below(question->chance, VACCINE_COUNT);
    char date[CALENDAR_TEXT_BYTES];
    int last = -1;
    unsigned i;

    if (is_answerable && record->vaccination_count > 0)
        vaccine =
            record->vaccination_list[chance_below(question->chance, record->vaccination_count)]
                .vaccine;
    for (i = 0; i < record->vaccination_count; i++)
        if (record->vaccination_list[i].vaccine == vaccine
            && (last < 0 || vaccination_day(record, i) >= vaccination_day(record, (unsigned)last)))
            last = (int)i;
    question_subject_in_sentence(question, vaccine_kinds[vaccine].label);
    if (last < 0 || !is_answerable)
        return last < 0 && !is_answerable ? question_decline(question) : false;
    question_claim_open(question, "%s on %s", vaccine_kinds[vaccine].label,
                        calendar_format(vaccination_day(record, (unsigned)last), date));
    question_claim_prove(question, BUNDLE_VACCINATION, (unsigned)last);
    question_claim_close(question);
    return true;
}
