/* What began, ended and was done, of a time or of a disease. Measurements, reports and notes are
 * no turning points, nor are visits that were neither an emergency nor a stay in hospital; those
 * are told where nothing else is. */
#include "context_job_parts.h"

static bool is_within(const struct job_reading *reading, const struct fhir_date *date)
{
    return date->precision != FHIR_PRECISION_NONE
           && (!reading->period->is_asked
               || (date->seconds >= reading->period->from && date->seconds < reading->period->to));
}

static bool is_grave_visit(const struct fact *fact)
{
    return fact->kind == FACT_ENCOUNTER
           && (slice_is(fact->value, "emergency") || slice_is(fact->value, "inpatient"));
}

static bool is_turning_point(const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_CONDITION:
    case FACT_MEDICATION:
    case FACT_ALLERGY:
        return true;
    case FACT_PROCEDURE:
    case FACT_IMMUNIZATION:
        return fact_happened(fact);
    default:
        return is_grave_visit(fact);
    }
}

static void add_events(struct job_reading *reading, uint32_t index, const struct fact *fact)
{
    bool lasts = fact->kind == FACT_CONDITION || fact->kind == FACT_MEDICATION;

    if (is_within(reading, &fact->date))
        job_add(reading, fact_lasts(fact) ? JOB_FORM_BEGAN : JOB_FORM_HAPPENED, index, &fact->date);
    if (lasts && !fact->is_active && is_within(reading, &fact->end))
        job_add(reading, JOB_FORM_ENDED, index, &fact->end);
}

/* The facts of @record, each with what it has: enough to say what it is, and when. */
static void each_fact(struct job_reading *reading,
                      void (*take)(struct job_reading *, uint32_t, const struct fact *))
{
    for (uint32_t i = 0; i < reading->record->count; i++) {
        struct fact room;
        const struct fact *fact = record_fact(reading->record, i, &room);

        if (!fact->is_void)
            take(reading, i, fact);
    }
}

static void take_of_period(struct job_reading *reading, uint32_t index, const struct fact *fact)
{
    if (is_turning_point(fact))
        add_events(reading, index, fact);
}

static void take_visit(struct job_reading *reading, uint32_t index, const struct fact *fact)
{
    if (fact->kind == FACT_ENCOUNTER && fact_happened(fact))
        add_events(reading, index, fact);
}

void job_tell_period(struct job_reading *reading)
{
    each_fact(reading, take_of_period);
    if (reading->job.count == 0)
        each_fact(reading, take_visit);
}

static void take_of_course(struct job_reading *reading, uint32_t index, const struct fact *fact)
{
    if (job_is_condition(reading, fact)
        || (fact->kind != FACT_CONDITION && fact->kind != FACT_ALLERGY && is_turning_point(fact)
            && job_is_for(reading, fact)))
        add_events(reading, index, fact);
}

void job_tell_course(struct job_reading *reading)
{
    each_fact(reading, take_of_course);
}
