/* who it is and what day it is → which screenings are for them → the last of each, late or not, or
 * that none is on record. */
#include "context_found_safety.h"

#include "context_screening.h"

struct patient {
    char sex;
    struct fhir_date birth;
    uint32_t line;     /* of the patient, UINT32_MAX: none */
    uint32_t diabetes; /* likewise */
    struct fhir_date today;
    bool is_alive;
};

static void read_who(const struct finding *finding, uint32_t index, struct patient *patient)
{
    static const char born[] = ", born ";
    struct slice label = found_fact(finding, index)->label;

    patient->line = index;
    patient->sex = slice_starts_with(label, SLICE("female")) ? 'f'
                   : slice_starts_with(label, SLICE("male")) ? 'm'
                                                             : 0;
    for (size_t at = 0; at < label.size; at++) {
        struct slice rest = slice_cut(label, at, label.size);

        if (slice_starts_with(rest, SLICE(", deceased")))
            patient->is_alive = false;
        if (slice_starts_with(rest, slice_from(born))) {
            rest = slice_cut(rest, sizeof(born) - 1, rest.size);
            fhir_date_parse(slice_cut(rest, 0, slice_find_byte(rest, ',')), &patient->birth);
        }
    }
}

/* The condition's own course names the least besides it: not a complication's. */
static void read_diabetes(const struct finding *finding, struct patient *patient)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];
        uint32_t fact = safety_is_diabetes(course) ? found_newest(finding, course) : UINT32_MAX;

        if (fact == UINT32_MAX || course->things_count >= least)
            continue;
        least = course->things_count;
        patient->diabetes = fact;
    }
}

/* The day of the newest thing in the record. */
static struct fhir_date find_today(const struct finding *finding)
{
    const struct record *record = finding->prompt->record;
    struct fhir_date today = { 0 };

    if (finding->period.is_asked && finding->period.to <= finding->courses->end) {
        int64_t last = finding->period.to - 1;

        fhir_date_from_days((last - (last < 0 ? 86399 : 0)) / 86400, &today);
        return today;
    }
    for (size_t i = 0; i < record->count; i++) {
        struct fhir_date date = record_date(record, (uint32_t)i);

        if (!record_is_void(record, (uint32_t)i) && date.precision >= FHIR_PRECISION_DAY
            && (today.precision == FHIR_PRECISION_NONE || date.seconds > today.seconds))
            today = date;
    }
    return today;
}

/* The newest of @row that has a line, up to today; UINT32_MAX: none. */
static uint32_t find_last(const struct finding *finding, uint32_t row,
                          const struct fhir_date *today)
{
    uint32_t last = UINT32_MAX;

    for (size_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];

        for (uint32_t j = course->count; screening_is(row, course) && j-- > 0;) {
            const struct fact *fact = found_fact(finding, course->facts[j]);

            if (finding->ids[course->facts[j]] == 0 || !fact_happened(fact)
                || fact->date.precision < FHIR_PRECISION_DAY
                || fhir_date_days(&fact->date) > fhir_date_days(today))
                continue;
            if (last == UINT32_MAX
                || fhir_date_compare(&fact->date, &found_fact(finding, last)->date) > 0)
                last = course->facts[j];
            break;
        }
    }
    return last;
}

/* Whether something of @row is on record that has no line here: then it is not known to be absent.
 */
static bool is_on_record(const struct finding *finding, uint32_t row)
{
    for (size_t i = 0; i < finding->courses->count; i++)
        if (screening_is(row, &finding->courses->items[i]))
            return true;
    return false;
}

static void tell_done(struct finding *finding, uint32_t row, uint32_t last,
                      const struct fhir_date *today)
{
    const struct fact *fact = found_fact(finding, last);
    struct found_sentence sentence;

    found_sentence_begin(&sentence, finding);
    buffer_put(finding->out, fact->label);
    found_put_day(finding->out, " on ", &fact->date);
    buffer_format(finding->out, ", %s: %s", screenings[row].due,
                  screening_is_late(row, &fact->date, today) ? "overdue" : "not overdue");
    found_put_day(finding->out, " on ", today);
    found_sentence_rest_on(&sentence, last);
    found_sentence_end(&sentence);
}

static void tell_absent(struct finding *finding, uint32_t row, const struct patient *patient)
{
    struct found_sentence sentence;

    found_sentence_begin(&sentence, finding);
    buffer_format(finding->out, "No %s is on record", screenings[row].name);
    found_put_day(finding->out, " by ", &patient->today);
    buffer_format(finding->out, ", %s", screenings[row].due);
    found_sentence_rest_on(&sentence,
                           screenings[row].is_for_diabetes ? patient->diabetes : patient->line);
    found_sentence_end(&sentence);
}

/* @only_late: of several the late ones answer. */
static uint32_t tell_rows(struct finding *finding, const struct safety_question *asked,
                          const struct patient *patient, bool is_late)
{
    uint32_t told = 0;

    for (uint32_t row = 0; row < screenings_count; row++) {
        uint32_t last;
        bool is_row_late;

        if ((asked->screenings != 0 && (asked->screenings >> row & 1) == 0)
            || !screening_is_for(row, patient->sex, &patient->birth,
                                 patient->diabetes != UINT32_MAX, &patient->today))
            continue;
        last = find_last(finding, row, &patient->today);
        if (last == UINT32_MAX && is_on_record(finding, row))
            continue;
        is_row_late = last == UINT32_MAX
                      || screening_is_late(row, &found_fact(finding, last)->date, &patient->today);
        if (is_row_late != is_late)
            continue;
        if (last == UINT32_MAX)
            tell_absent(finding, row, patient);
        else
            tell_done(finding, row, last, &patient->today);
        told++;
    }
    return told;
}

void found_tell_screenings(struct finding *finding, const struct safety_question *asked)
{
    struct patient patient = { .line = UINT32_MAX, .diabetes = UINT32_MAX, .is_alive = true };

    for (size_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];

        if (course->kind == FACT_DEMOGRAPHICS && found_newest(finding, course) != UINT32_MAX)
            read_who(finding, found_newest(finding, course), &patient);
    }
    read_diabetes(finding, &patient);
    patient.today = find_today(finding);
    if (!patient.is_alive || patient.line == UINT32_MAX
        || patient.today.precision == FHIR_PRECISION_NONE)
        return;
    /* What is late answers; where nothing is, that it is not. */
    if (tell_rows(finding, asked, &patient, true) == 0 || asked->screenings != 0)
        tell_rows(finding, asked, &patient, false);
}
