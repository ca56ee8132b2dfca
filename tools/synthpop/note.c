#include "note.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "calendar.h"
#include "person.h"

#define PROBLEM_SHARE 0.4
#define FOLLOW_UP_SHARE 0.1
#define DATE_TEXT_BYTES 40

/* One note being written, with what its sentences need at hand. */
struct draft {
    struct record *record;
    struct chance *chance;
    const struct encounter *encounter;
    int index; /* of the encounter */
    const struct practitioner *doctor;
    struct buffer text;
    char patient[80], doctor_name[80];
    const char *subject, *possessive; /* "She", "Her" */
    const char *reason;               /* of the visit */
    int age;
};

/* ---- words ---- */

static const char *const months[] = { "January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December" };

/* A date as people write it. */
static const char *format_date(struct draft *draft, int day_number, char *text)
{
    int year, month, day;

    calendar_date(day_number, &year, &month, &day);
    switch (chance_below(draft->chance, 5)) {
    case 0:
        snprintf(text, DATE_TEXT_BYTES, "%02d/%02d/%04d", month, day, year);
        break;
    case 1:
        snprintf(text, DATE_TEXT_BYTES, "%d/%d/%02d", month, day, year % 100);
        break;
    case 2:
        snprintf(text, DATE_TEXT_BYTES, "%s %d, %04d", months[month - 1], day, year);
        break;
    case 3:
        snprintf(text, DATE_TEXT_BYTES, "%d %.3s %04d", day, months[month - 1], year);
        break;
    default:
        snprintf(text, DATE_TEXT_BYTES, "%04d-%02d-%02d", year, month, day);
        break;
    }
    return text;
}

#define SAY(draft, ...) buffer_format(&(draft)->text, __VA_ARGS__)

static const char *title_of(const struct draft *draft)
{
    return draft->record->person.is_female ? "Ms." : "Mr.";
}

/* ---- sentences ---- */

static void say_history(struct draft *draft)
{
    const struct record *record = draft->record;
    unsigned i, count = 0;
    int year, month, day;

    for (i = 0; i < record->condition_count; i++) {
        const struct condition *condition = &record->condition_list[i];

        if (!record_condition_is_active(condition, draft->encounter->day)
            || disease_kinds[condition->disease].duration_days > 0)
            continue;
        calendar_date(condition->onset, &year, &month, &day);
        if (count == 0)
            SAY(draft, "%s history includes %s (since %d)", draft->possessive,
                record_condition_name(condition), year);
        else
            SAY(draft, ", %s (%d)", record_condition_name(condition), year);
        count++;
    }
    SAY(draft, count == 0 ? "No chronic conditions are known." : ".");
}

static void say_medications(struct draft *draft)
{
    const struct record *record = draft->record;
    unsigned i, count = 0;

    for (i = 0; i < record->order_count; i++) {
        const struct order *order = &record->order_list[i];

        if (!record_order_is_active(order, draft->encounter->day))
            continue;
        SAY(draft, "%s%s, %s", count++ == 0 ? "" : "; ", drug_kinds[order->drug].text,
            drug_kinds[order->drug].dose);
    }
    SAY(draft, count == 0 ? "none." : ".");
}

static void say_allergies(struct draft *draft)
{
    const struct record *record = draft->record;
    unsigned i, count = 0;

    for (i = 0; i < record->allergy_count; i++) {
        const struct allergy *allergy = &record->allergy_list[i];

        if (allergy->day > draft->encounter->day)
            continue;
        SAY(draft, "%s%s (%s)", count++ == 0 ? "" : ", ", allergen_kinds[allergy->allergen].label,
            record_reaction(allergy));
    }
    SAY(draft, count == 0 ? "none recorded." : ".");
}

/* Vital signs, or the laboratory's values of this visit. */
static void say_measurements(struct draft *draft, bool wants_vitals)
{
    const struct record *record = draft->record;
    char value[24];
    unsigned i, count = 0;

    for (i = 0; i < record->measurement_count; i++) {
        const struct measurement *measurement = &record->measurement_list[i];
        const struct lab_kind *kind = &lab_kinds[measurement->lab];

        if (measurement->encounter != draft->index || (kind->category[0] == 'v') != wants_vitals
            || count == 9)
            continue;
        SAY(draft, "%s%s %s%s%s", count++ == 0 ? "" : ", ", kind->label,
            record_format_value(measurement, value), kind->unit == NULL ? "" : " ",
            kind->unit == NULL ? "" : kind->unit);
        if (measurement->flag != 0 && chance_happens(draft->chance, 0.7))
            SAY(draft, measurement->flag == 'H' ? " (H)" : " (L)");
    }
    SAY(draft, count == 0 ? "not done today." : ".");
}

static void say_orders(struct draft *draft)
{
    const struct record *record = draft->record;
    unsigned i;

    for (i = 0; i < record->order_count; i++) {
        const struct order *order = &record->order_list[i];

        if (order->encounter == draft->index)
            SAY(draft, " Started %s, %s.", drug_kinds[order->drug].text,
                drug_kinds[order->drug].dose);
        else if (order->stop == draft->encounter->day)
            SAY(draft, " Stopped %s.", drug_kinds[order->drug].text);
    }
    for (i = 0; i < record->operation_count; i++)
        if (record->operation_list[i].encounter == draft->index)
            SAY(draft, " %s was done.", procedure_kinds[record->operation_list[i].procedure].label);
}

static void say_complaint(struct draft *draft)
{
    static const char *const moods[] = { "feels well overall",
                                         "has been more tired than usual",
                                         "reports no new complaints",
                                         "has been sleeping poorly",
                                         "says that things are about the same",
                                         "is worried about the results" };
    static const char *const habits[] = { "walks most days",
                                          "has not been exercising",
                                          "takes the medicines as prescribed",
                                          "sometimes forgets the evening dose",
                                          "does not smoke",
                                          "quit smoking years ago",
                                          "drinks a glass of wine at weekends",
                                          "keeps a diary of readings at home" };

    SAY(draft, "%s %s and %s.", draft->subject, CHANCE_PICK(draft->chance, moods),
        CHANCE_PICK(draft->chance, habits));
}

static void say_follow_up(struct draft *draft)
{
    char date[DATE_TEXT_BYTES];
    int day = calendar_working_day(draft->encounter->day + chance_between(draft->chance, 14, 180));

    SAY(draft, " Return on %s or sooner if worse.", format_date(draft, day, date));
    if (chance_happens(draft->chance, 0.5))
        SAY(draft, " Questions: call %s at %s.", draft->doctor_name, draft->doctor->phone);
}

/* ---- styles ---- */

static void write_header(struct draft *draft)
{
    const struct person *person = &draft->record->person;
    char date[DATE_TEXT_BYTES], born[DATE_TEXT_BYTES];

    SAY(draft, "Patient: %s\nMRN: %s\nDOB: %s\nDate of visit: %s\nProvider: %s, %s\n\n",
        draft->patient, person->mrn, format_date(draft, person->birth_day, born),
        format_date(draft, draft->encounter->day, date), draft->doctor_name,
        draft->doctor->specialty);
}

static const char *write_soap(struct draft *draft)
{
    write_header(draft);
    SAY(draft, "S: %s %s is a %d-year-old %s who comes for %s. ", title_of(draft),
        draft->record->person.name.family, draft->age,
        draft->record->person.is_female ? "woman" : "man", draft->reason);
    say_complaint(draft);
    SAY(draft, " ");
    say_history(draft);
    SAY(draft, "\nO: ");
    say_measurements(draft, true);
    SAY(draft, "\nLabs: ");
    say_measurements(draft, false);
    SAY(draft, "\nA: %s.\nP: Continue the present plan.", draft->reason);
    say_orders(draft);
    say_follow_up(draft);
    SAY(draft, "\n\nElectronically signed by %s\n", draft->doctor_name);
    return "Progress note";
}

static const char *write_letter(struct draft *draft)
{
    const struct person *person = &draft->record->person;
    const struct practitioner *other =
        &draft->record->practitioners[(draft->encounter->practitioner + 1) % PRACTITIONERS];
    const struct organization *house =
        &draft->record->organizations[draft->encounter->organization];
    char date[DATE_TEXT_BYTES];

    SAY(draft, "%s\n%s, %s, %s %s\nTel. %s\n\n%s\n\n", house->name, house->contact.street,
        house->contact.city, house->contact.state, house->contact.zip, house->contact.phone,
        format_date(draft, draft->encounter->day, date));
    SAY(draft, "Dear Dr. %s,\n\nRe: %s, born %s, SSN %s\n    %s, %s, %s %s\n\n", other->name.family,
        draft->patient, format_date(draft, person->birth_day, date), person->ssn,
        person->contact.street, person->contact.city, person->contact.state, person->contact.zip);
    SAY(draft, "Thank you for sending %s %s, whom I saw because of %s. ", title_of(draft),
        person->name.family, draft->reason);
    say_history(draft);
    SAY(draft, " ");
    say_complaint(draft);
    SAY(draft, "\n\nExamination: ");
    say_measurements(draft, true);
    SAY(draft, "\nResults: ");
    say_measurements(draft, false);
    SAY(draft, "\nCurrent medication: ");
    say_medications(draft);
    SAY(draft, "\nAllergies: ");
    say_allergies(draft);
    SAY(draft, "\n\nWe agreed on the following.");
    say_orders(draft);
    say_follow_up(draft);
    SAY(draft, "\n\nWith kind regards,\n%s\n%s\nNPI %s\n", draft->doctor_name,
        draft->doctor->specialty, draft->doctor->npi);
    return "Consultation letter";
}

static const char *write_telephone(struct draft *draft)
{
    const struct person *person = &draft->record->person;
    char date[DATE_TEXT_BYTES], relative[80];

    person_format_name(&person->relative, relative, sizeof(relative));
    SAY(draft, "TELEPHONE ENCOUNTER %s\n", format_date(draft, draft->encounter->day, date));
    SAY(draft, "%s (MRN %s) called from %s about %s. ", draft->patient, person->mrn,
        person->contact.phone, draft->reason);
    say_complaint(draft);
    if (chance_happens(draft->chance, 0.6))
        SAY(draft, " %s (emergency contact, %s) was on the line as well.", relative,
            person->relative_phone);
    SAY(draft, " Visit the same day: ");
    say_measurements(draft, true);
    say_orders(draft);
    SAY(draft, " Results will be sent to %s.\n- %s\n", person->contact.email, draft->doctor_name);
    return "Telephone note";
}

static const char *write_emergency(struct draft *draft)
{
    const struct person *person = &draft->record->person;
    char date[DATE_TEXT_BYTES], relative[80];

    person_format_name(&person->relative, relative, sizeof(relative));
    SAY(draft, "EMERGENCY DEPARTMENT NOTE\n%s, %s\n", draft->record->organizations[1].name,
        format_date(draft, draft->encounter->day, date));
    SAY(draft, "Pt %s, %d y/o %s, MRN %s, lives at %s in %s. Brought in by %s.\n", draft->patient,
        draft->age, person->is_female ? "F" : "M", person->mrn, person->contact.street,
        person->contact.city, relative);
    SAY(draft, "CC: %s.\nHPI: began the day before arrival. ", draft->reason);
    say_history(draft);
    SAY(draft, "\nAllergies: ");
    say_allergies(draft);
    SAY(draft, "\nHome meds: ");
    say_medications(draft);
    SAY(draft, "\nVS: ");
    say_measurements(draft, true);
    SAY(draft, "\nLabs: ");
    say_measurements(draft, false);
    SAY(draft, "\nMDM: seen with nurse on duty; %s is the diagnosis.", draft->reason);
    say_orders(draft);
    SAY(draft, " Discharged home in stable condition; %s informed by phone at %s.\nAttending: %s\n",
        relative, person->relative_phone, draft->doctor_name);
    return "Emergency department note";
}

static const char *write_brief(struct draft *draft)
{
    char date[DATE_TEXT_BYTES];

    SAY(draft, "%s - seen %s with %s. ", draft->patient,
        format_date(draft, draft->encounter->day, date), draft->reason);
    say_complaint(draft);
    SAY(draft, " Vitals: ");
    say_measurements(draft, true);
    say_orders(draft);
    say_follow_up(draft);
    SAY(draft, " (%s)\n", draft->doctor_name);
    return "Brief note";
}

/* ---- the whole ---- */

static void draft_init(struct draft *draft, struct record *record, int index)
{
    const struct encounter *encounter = &record->encounter_list[index];
    char name[72];

    *draft = (struct draft){
        .record = record, .chance = &record->chance, .encounter = encounter, .index = index
    };
    draft->doctor = &record->practitioners[encounter->practitioner];
    person_format_name(&record->person.name, draft->patient, sizeof(draft->patient));
    person_format_name(&draft->doctor->name, name, sizeof(name));
    snprintf(draft->doctor_name, sizeof(draft->doctor_name), "Dr. %s", name);
    draft->subject = record->person.is_female ? "She" : "He";
    draft->possessive = record->person.is_female ? "Her" : "His";
    draft->reason = encounter->condition >= 0
                        ? record_condition_name(&record->condition_list[encounter->condition])
                        : "a check-up";
    draft->age = calendar_years_between(record->person.birth_day, encounter->day);
    buffer_init(&draft->text, record->arena);
}

static const char *write_style(struct draft *draft)
{
    if (draft->encounter->kind == ENCOUNTER_EMERGENCY)
        return write_emergency(draft);
    switch (chance_below(draft->chance, 6)) {
    case 0:
    case 1:
        return write_soap(draft);
    case 2:
    case 3:
        return write_letter(draft);
    case 4:
        return write_telephone(draft);
    default:
        return write_brief(draft);
    }
}

static void write_one(struct record *record, int index)
{
    struct draft draft;
    struct note *note;
    const char *title;

    draft_init(&draft, record, index);
    title = write_style(&draft);
    CHECK(!draft.text.is_full);
    note = record_add_note(record);
    *note = (struct note){ index, title, buffer_slice(&draft.text) };
}

void note_write(struct record *record)
{
    unsigned i;

    for (i = 0; i < record->encounter_count; i++) {
        bool is_problem = record->encounter_list[i].kind == ENCOUNTER_PROBLEM
                          || record->encounter_list[i].kind == ENCOUNTER_EMERGENCY;

        if (chance_happens(&record->chance, is_problem ? PROBLEM_SHARE : FOLLOW_UP_SHARE))
            write_one(record, (int)i);
    }
}
