/* What facts say together, as sentences. A sentence whose facts have not all a line in the prompt
 * is not told. */
#include "context_found_parts.h"

#include "context_job.h"

static const char nothing[] = "nothing\n";

static void put_day(struct buffer *out, const struct fhir_date *date)
{
    char text[FHIR_DATE_TEXT_BYTES];

    buffer_put(out, slice_of(text, fhir_date_format(date, text)));
}

static void put_ids(struct finding *finding, const struct job_line *line)
{
    uint32_t before = 0;

    buffer_put_byte(finding->out, ' ');
    for (uint32_t i = 0; i < line->facts_count; i++) {
        uint32_t id = finding->ids[line->facts[i]];

        if (id != before)
            buffer_format(finding->out, "[%u]", id);
        before = id;
    }
    buffer_put_string(finding->out, ".\n");
}

static const char *began(const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_CONDITION:
        return " began";
    case FACT_ALLERGY:
        return " was recorded";
    default:
        return slice_is(fact->status, "given")       ? " was given"
               : slice_is(fact->status, "dispensed") ? " was dispensed"
                                                     : " was prescribed";
    }
}

static const char *ended(const struct fact *fact)
{
    return fact->kind == FACT_CONDITION          ? " ended"
           : slice_is(fact->status, "completed") ? " was completed"
                                                 : " was stopped";
}

/* "2012-05-01: Metformin 500 mg tablet was prescribed". */
static void put_event(struct finding *finding, const struct job_line *line)
{
    const struct fact *fact = found_fact(finding, line->facts[0]);

    put_day(finding->out, line->form == JOB_FORM_ENDED ? &fact->end : &fact->date);
    buffer_put_string(finding->out, ": ");
    if (fact->kind == FACT_ALLERGY)
        found_put_allergy(finding, fact);
    buffer_put(finding->out, fact->label);
    if (line->form != JOB_FORM_HAPPENED) {
        buffer_put_string(finding->out, line->form == JOB_FORM_ENDED ? ended(fact) : began(fact));
        return;
    }
    if (fact->kind == FACT_ENCOUNTER && fact->value.size > 0)
        buffer_format(finding->out, " (%.*s)", SLICE_FORMAT(fact->value));
    if (fact->kind == FACT_ENCOUNTER && slice_starts_with(fact->detail, SLICE("for "))) {
        buffer_put_string(finding->out, ", ");
        buffer_put(finding->out, fact->detail);
    }
}

/* "Findings that fit iron deficiency anemia: Hemoglobin 9.8 g/dL on 2012-05-01, …". */
static void put_findings(struct finding *finding, const struct job_line *line)
{
    buffer_format(finding->out, "Findings that fit %s: ", line->head);
    for (uint32_t i = 0; i < line->facts_count; i++) {
        const struct fact *fact = found_fact(finding, line->facts[i]);

        buffer_put_string(finding->out, i > 0 ? ", " : "");
        buffer_put(finding->out, fact->label);
        buffer_put_byte(finding->out, ' ');
        buffer_put(finding->out, fact->value);
        buffer_put_string(finding->out, " on ");
        put_day(finding->out, &fact->date);
    }
}

static bool has_lines(const struct finding *finding, const struct job_line *line)
{
    for (uint32_t i = 0; i < line->facts_count; i++)
        if (finding->ids[line->facts[i]] == 0)
            return false;
    return line->facts_count > 0;
}

static bool tell_line(struct finding *finding, const struct job_line *line)
{
    size_t start = finding->out->size;

    if (line->form == JOB_FORM_FACT)
        found_put_fact(finding, line->facts[0]);
    else {
        if (line->form == JOB_FORM_FINDINGS)
            put_findings(finding, line);
        else
            put_event(finding, line);
        put_ids(finding, line);
    }
    if (finding->out->size <= finding->end_max)
        return true;
    finding->out->size = start;
    return false;
}

void found_tell_job(struct finding *finding, const struct job *job)
{
    uint32_t told = 0, left = 0;
    bool has_room = true;

    for (uint32_t i = 0; i < job->count; i++) {
        if (has_lines(finding, &job->lines[i]) && has_room
            && (has_room = tell_line(finding, &job->lines[i])))
            told++;
        else
            left++;
    }
    if (left > 0)
        buffer_format(finding->out, "and %u more\n", left);
    else if (told == 0)
        buffer_put_string(finding->out, nothing);
}
