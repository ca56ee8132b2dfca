/* What a resource says of another: Encounter.reasonCode, MedicationRequest.statusReason,
 * .reasonReference and .priorPrescription, Procedure.reasonReference,
 * AllergyIntolerance.reaction.substance. They stand in a fact's details, each behind its word. */
#include "context_job_parts.h"

static bool is_of_time(const struct job_reading *reading, const struct fact *fact)
{
    return !reading->period->is_asked
           || (fact->date.precision != FHIR_PRECISION_NONE
               && fact->date.seconds >= reading->period->from
               && fact->date.seconds < reading->period->to);
}

static bool is_drug(const struct job_reading *reading, const struct fact *fact)
{
    return fact->kind == FACT_MEDICATION && job_names_drug(reading, fact->label);
}

void job_tell_stopped(struct job_reading *reading)
{
    for (uint32_t i = 0; i < reading->record->count; i++) {
        struct fact room;
        const struct fact *fact = record_fact(reading->record, i, &room);

        if (!fact->is_void && !fact->is_active && is_drug(reading, fact)
            && job_detail(fact, "because ").size > 0)
            job_add(reading, JOB_FORM_FACT, i, &fact->date);
    }
}

/* An emergency is how most stays in hospital begin, and either word is said of both. */
static bool is_admission(struct slice text)
{
    return slice_is(text, "emergency") || slice_is(text, "inpatient");
}

/* A visit that is asked about: of the sort that the question names, in its time. */
static bool is_visit(const struct job_reading *reading, const struct fact *fact)
{
    static const char *const names[] = { "hospital stay", "emergency visit" };
    const struct things *asked = &reading->asked.things;

    if (fact->kind != FACT_ENCOUNTER || !fact_happened(fact) || !is_of_time(reading, fact))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct thing_found found;

        if (is_admission(fact->value)
            && things_find(slice_from(names[i]), THING_BIT(THING_VISIT), &found, 1) == 1
            && things_has(asked, found.thing))
            return true;
    }
    return !reading->asked.has_things || job_names(reading, fact->label, THING_BIT(THING_VISIT))
           || job_names(reading, fact->value, THING_BIT(THING_VISIT));
}

/* Those of the time that is asked about, else the last one. */
void job_tell_visit(struct job_reading *reading)
{
    for (uint32_t i = (uint32_t)reading->record->count; i-- > 0;) {
        struct fact room;
        const struct fact *fact = record_fact(reading->record, i, &room);

        if (fact->is_void || !is_visit(reading, fact))
            continue;
        if (job_detail(fact, "for ").size > 0 || job_detail(fact, "diagnosis ").size > 0)
            job_add(reading, JOB_FORM_FACT, i, &fact->date);
        if (!reading->period->is_asked)
            return;
    }
}

/* What names the drug as what it was to, or what it is in place of; and why the drug was stopped.
 */
void job_tell_effects(struct job_reading *reading)
{
    for (uint32_t i = 0; i < reading->record->count; i++) {
        struct fact room;
        const struct fact *fact = record_fact(reading->record, i, &room);
        bool is_effect = false;

        if (fact->is_void)
            continue;
        if (fact->kind == FACT_ALLERGY)
            is_effect = job_names_drug(reading, job_detail(fact, "to "));
        else if (fact->kind == FACT_MEDICATION)
            is_effect = job_names_drug(reading, job_detail(fact, "in place of "))
                        || (!fact->is_active && is_drug(reading, fact)
                            && job_detail(fact, "because ").size > 0);
        if (is_effect)
            job_add(reading, JOB_FORM_FACT, i, &fact->date);
    }
}

void job_tell_done_for(struct job_reading *reading)
{
    for (uint32_t i = 0; i < reading->record->count; i++) {
        struct fact room;
        const struct fact *fact = record_fact(reading->record, i, &room);

        if (!fact->is_void
            && (fact->kind == FACT_MEDICATION
                || (fact->kind == FACT_PROCEDURE && fact_happened(fact)))
            && job_is_for(reading, fact))
            job_add(reading, JOB_FORM_FACT, i, &fact->date);
    }
}
