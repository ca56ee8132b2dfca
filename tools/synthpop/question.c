/* A question is drawn as a kind and a subject; its function then looks at the record for the answer. A function that finds nothing
 * to ask returns false and writes nothing. Each has a second face, where the subject is something that the record does not hold. */
#include "question.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "bundle.h"

#include "calendar.h"
#include "phrasing.h"

#define UNANSWERABLE_SHARE 0.15
#define TRIES_PER_QUESTION 8
#define SUBJECT_BYTES 96

/* One line being made. */
struct question {
    struct record *record;
    struct chance *chance;
    enum question_kind kind;
    char subject[SUBJECT_BYTES];
    struct buffer claims;
    unsigned claim_count;
};

/* ---- claims ---- */

__attribute__((format(printf, 2, 3)))
static void open_claim(struct question *question, const char *format, ...)
{
    struct buffer *claims = &question->claims;
    char text[240];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buffer_put_string(claims, question->claim_count++ == 0 ? "{\"text\":" : ",{\"text\":");
    buffer_put_json(claims, slice_from(text));
    buffer_put_string(claims, ",\"evidence\":[");
}

static void put_evidence(struct question *question, char letter, unsigned index)
{
    struct buffer *claims = &question->claims;

    if (claims->data[claims->size - 1] != '[')
        buffer_put_byte(claims, ',');
    buffer_put_byte(claims, '"');
    bundle_write_reference(question->record, letter, index, claims);
    buffer_put_byte(claims, '"');
}

static void close_claim(struct question *question)
{
    buffer_put_string(&question->claims, "]}");
}

static void set_subject(struct question *question, const char *subject)
{
    snprintf(question->subject, sizeof(question->subject), "%s", subject);
}

/* The subject as people write it within a sentence: lower case, unless it is an abbreviation or a name. */
static void set_subject_in_sentence(struct question *question, const char *subject)
{
    set_subject(question, subject);
    if (isupper((unsigned char)subject[0]) && islower((unsigned char)subject[1]) && chance_happens(question->chance, 0.7))
        question->subject[0] = (char)tolower((unsigned char)subject[0]);
}

static bool decline(struct question *question)
{
    open_claim(question, "%s", QUESTION_UNANSWERABLE);
    close_claim(question);
    return true;
}

/* ---- laboratory values ---- */

/* The last measurement of @lab before day @before; -1: none, or more than one on that day. */
static int find_last(const struct record *record, enum lab lab, int before)
{
    int found = -1, day = INT_MIN, count = 0;
    unsigned i;

    for (i = 0; i < record->measurement_count; i++) {
        int on = record_measurement_day(record, &record->measurement_list[i]);

        if (record->measurement_list[i].lab != lab || on >= before || on < day)
            continue;
        count = on == day ? count + 1 : 1;
        day = on;
        found = (int)i;
    }
    return count == 1 ? found : -1;
}

static bool is_measured(const struct record *record, enum lab lab)
{
    unsigned i;

    for (i = 0; i < record->measurement_count; i++)
        if (record->measurement_list[i].lab == lab)
            return true;
    return false;
}

static const char *lay_name(enum lab lab)
{
    switch (lab) {
    case LAB_A1C:
        return "A1c";
    case LAB_GLUCOSE:
        return "blood sugar";
    case LAB_LDL:
        return "LDL";
    case LAB_HDL:
        return "HDL";
    case LAB_EJECTION_FRACTION:
        return "ejection fraction";
    case LAB_WEIGHT:
        return "weight";
    case LAB_BMI:
        return "BMI";
    case LAB_BLOOD_PRESSURE:
        return "BP";
    case LAB_TEMPERATURE:
        return "temperature";
    case LAB_HEART_RATE:
        return "pulse";
    case LAB_HEMOGLOBIN:
        return "Hgb";
    case LAB_VITAMIN_D:
        return "vitamin D";
    default:
        return lab_kinds[lab].label;
    }
}

/* A lab that was measured, or one that was not; LAB_NONE when twenty draws find none. */
static int draw_lab(struct question *question, bool is_wanted)
{
    int i, lab;

    for (i = 0; i < 20; i++) {
        lab = (int)chance_below(question->chance, LAB_COUNT);
        if (is_measured(question->record, lab) != is_wanted)
            continue;
        if (chance_happens(question->chance, 0.2))
            set_subject(question, lay_name(lab));
        else
            set_subject_in_sentence(question, lab_kinds[lab].label);
        return lab;
    }
    return LAB_NONE;
}

struct shown {
    char value[24], unit[24], date[CALENDAR_TEXT_BYTES];
};

static struct shown show(const struct record *record, int index)
{
    const struct measurement *measurement = &record->measurement_list[index];
    const char *unit = lab_kinds[measurement->lab].unit;
    struct shown shown;

    record_format_value(measurement, shown.value);
    snprintf(shown.unit, sizeof(shown.unit), "%s%s", unit == NULL ? "" : " ", unit == NULL ? "" : unit);
    calendar_format(record_measurement_day(record, measurement), shown.date);
    return shown;
}

static bool ask_latest(struct question *question, bool is_answerable)
{
    int lab = draw_lab(question, is_answerable), last;
    struct shown shown;

    if (lab == LAB_NONE)
        return false;
    if (!is_answerable)
        return decline(question);
    if ((last = find_last(question->record, lab, INT_MAX)) < 0)
        return false;
    shown = show(question->record, last);
    open_claim(question, "%s was %s%s on %s", lab_kinds[lab].label, shown.value, shown.unit, shown.date);
    put_evidence(question, BUNDLE_MEASUREMENT, (unsigned)last);
    close_claim(question);
    return true;
}

static const char *direction(const struct measurement *from, const struct measurement *to)
{
    return to->value > from->value ? "rose" : to->value < from->value ? "fell" : "was unchanged";
}

static bool ask_trend(struct question *question, bool is_answerable)
{
    const struct measurement *list = question->record->measurement_list;
    int lab = draw_lab(question, is_answerable), last, before;
    struct shown to, from;

    if (lab == LAB_NONE || lab == LAB_HEIGHT)
        return false;
    if (!is_answerable)
        return decline(question);
    last = find_last(question->record, lab, INT_MAX);
    before = last < 0 ? -1 : find_last(question->record, lab, record_measurement_day(question->record, &list[last]));
    if (before < 0)
        return false;
    to = show(question->record, last);
    from = show(question->record, before);
    open_claim(question, "%s %s from %s%s on %s to %s%s on %s", lab_kinds[lab].label, direction(&list[before], &list[last]),
               from.value, from.unit, from.date, to.value, to.unit, to.date);
    put_evidence(question, BUNDLE_MEASUREMENT, (unsigned)before);
    put_evidence(question, BUNDLE_MEASUREMENT, (unsigned)last);
    close_claim(question);
    return true;
}

static bool ask_range(struct question *question, bool is_answerable)
{
    int lab = draw_lab(question, is_answerable), last;
    struct shown shown;
    char flag;

    if (lab == LAB_NONE || lab == LAB_BLOOD_PRESSURE || (lab_kinds[lab].low <= 0 && lab_kinds[lab].high <= 0))
        return false;
    if (!is_answerable)
        return decline(question);
    if ((last = find_last(question->record, lab, INT_MAX)) < 0)
        return false;
    shown = show(question->record, last);
    flag = question->record->measurement_list[last].flag;
    open_claim(question, "%s was %s%s on %s, %s", lab_kinds[lab].label, shown.value, shown.unit, shown.date,
               flag == 'H' ? "high" : flag == 'L' ? "low" : "in range");
    put_evidence(question, BUNDLE_MEASUREMENT, (unsigned)last);
    close_claim(question);
    return true;
}

/* ---- conditions ---- */

static void claim_condition(struct question *question, unsigned index)
{
    const struct condition *condition = &question->record->condition_list[index];
    bool is_active = record_condition_is_active(condition, question->record->today);
    char onset[CALENDAR_TEXT_BYTES], end[CALENDAR_TEXT_BYTES];

    calendar_format(condition->onset, onset);
    if (is_active)
        open_claim(question, "%s, active since %s", record_condition_name(condition), onset);
    else
        open_claim(question, "%s, resolved, %s to %s", record_condition_name(condition), onset, calendar_format(condition->abatement, end));
    put_evidence(question, BUNDLE_CONDITION, index);
    close_claim(question);
}

static bool ask_problems(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    unsigned i, count = 0;

    for (i = 0; i < record->condition_count; i++)
        count += record_condition_is_active(&record->condition_list[i], record->today);
    if (!is_answerable || count == 0 || count > QUESTION_CLAIMS_MAX)
        return false;
    for (i = 0; i < record->condition_count; i++)
        if (record_condition_is_active(&record->condition_list[i], record->today))
            claim_condition(question, i);
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
    enum disease disease = chance_below(question->chance, DISEASE_COUNT);
    const struct disease_kind *kind = &disease_kinds[disease];

    /* Kidney disease has a name for each stage, and obesity goes with a weight: what is not recorded may still be so. */
    if (has_had(question->record, disease))
        return false;
    if (kind->lay != NULL && chance_happens(question->chance, 0.3))
        set_subject(question, kind->lay);
    else
        set_subject_in_sentence(question, kind->name);
    return decline(question);
}

/* A condition whose name stands once in the record. */
static bool ask_condition(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    const char *name, *lay;
    unsigned index, i, same = 0;

    if (!is_answerable)
        return decline_condition(question);
    if (record->condition_count == 0)
        return false;
    index = chance_below(question->chance, record->condition_count);
    name = record_condition_name(&record->condition_list[index]);
    for (i = 0; i < record->condition_count; i++)
        same += record->condition_list[i].disease == record->condition_list[index].disease;
    if (same != 1)
        return false;
    lay = disease_kinds[record->condition_list[index].disease].lay;
    if (lay != NULL && chance_happens(question->chance, 0.2))
        set_subject(question, lay);
    else
        set_subject_in_sentence(question, name);
    claim_condition(question, index);
    return true;
}

/* ---- medications ---- */

static void claim_order(struct question *question, unsigned index)
{
    const struct drug_kind *kind = &drug_kinds[question->record->order_list[index].drug];

    open_claim(question, "%s, %s", kind->text, kind->dose);
    put_evidence(question, BUNDLE_ORDER, index);
    close_claim(question);
}

static bool ask_medications(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    unsigned i, count = 0;

    for (i = 0; i < record->order_count; i++)
        count += record_order_is_active(&record->order_list[i], record->today);
    if (!is_answerable)
        return count == 0 && record->order_count == 0 ? decline(question) : false;
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
    set_subject(question, drug_kinds[drug].generic);
    return decline(question);
}

/* An active order of a drug that was never ordered otherwise, so that there is one answer; -1: none this time. */
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
    set_subject(question, drug_kinds[record->order_list[index].drug].generic);
    return (int)index;
}

static bool ask_why(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;
    const struct order *order;

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    order = &question->record->order_list[index];
    open_claim(question, "%s is for %s", drug_kinds[order->drug].text, record_condition_name(&question->record->condition_list[order->condition]));
    put_evidence(question, BUNDLE_ORDER, (unsigned)index); /* which says its reason */
    close_claim(question);
    return true;
}

static bool ask_dose(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    claim_order(question, (unsigned)index);
    return true;
}

static bool ask_when_medication(struct question *question, bool is_answerable)
{
    int index = is_answerable ? draw_order(question) : -1;
    char date[CALENDAR_TEXT_BYTES];

    if (!is_answerable)
        return decline_drug(question);
    if (index < 0)
        return false;
    calendar_format(question->record->order_list[index].start, date);
    open_claim(question, "%s, active since %s", drug_kinds[question->record->order_list[index].drug].text, date);
    put_evidence(question, BUNDLE_ORDER, (unsigned)index);
    close_claim(question);
    return true;
}

/* Whether a drug is still taken: of its orders, the active one or else the last. */
static bool ask_medication_status(struct question *question, bool is_answerable)
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
        if (is_same_drug(record->order_list[i].drug, record->order_list[index].drug) && record->order_list[i].stop >= record->order_list[index].stop)
            index = i;
    order = &record->order_list[index];
    set_subject(question, drug_kinds[order->drug].generic);
    if (record_order_is_active(order, record->today))
        open_claim(question, "%s, active since %s", drug_kinds[order->drug].text, calendar_format(order->start, date));
    else
        open_claim(question, "%s, %s", drug_kinds[order->drug].text, order->is_course ? "completed" : "stopped");
    put_evidence(question, BUNDLE_ORDER, index);
    close_claim(question);
    return true;
}

/* ---- allergies ---- */

static void claim_allergy(struct question *question, unsigned index)
{
    const struct allergy *allergy = &question->record->allergy_list[index];

    open_claim(question, "Allergy to %s (%s)", allergen_kinds[allergy->allergen].label, reaction_kinds[allergy->reaction].label);
    put_evidence(question, BUNDLE_ALLERGY, index);
    close_claim(question);
}

static bool ask_allergies(struct question *question, bool is_answerable)
{
    unsigned i, count = question->record->allergy_count;

    if ((count > 0) != is_answerable)
        return false;
    if (count == 0)
        return decline(question);
    for (i = 0; i < count; i++)
        claim_allergy(question, i);
    return true;
}

static bool ask_allergy_to(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum allergen allergen = chance_below(question->chance, ALLERGEN_COUNT);
    unsigned i;

    if (is_answerable && record->allergy_count == 0)
        return false;
    if (is_answerable)
        allergen = record->allergy_list[chance_below(question->chance, record->allergy_count)].allergen;
    set_subject_in_sentence(question, allergen_kinds[allergen].label);
    for (i = 0; i < record->allergy_count; i++) {
        if (record->allergy_list[i].allergen != allergen)
            continue;
        if (is_answerable)
            claim_allergy(question, i);
        return is_answerable;
    }
    return decline(question);
}

/* ---- procedures and vaccines ---- */

static bool ask_procedure(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum procedure procedure = 1 + chance_below(question->chance, PROCEDURE_COUNT - 1);
    char date[CALENDAR_TEXT_BYTES];
    int last = -1;
    unsigned i;

    if (is_answerable && record->operation_count > 0)
        procedure = record->operation_list[chance_below(question->chance, record->operation_count)].procedure;
    for (i = 0; i < record->operation_count; i++)
        if (record->operation_list[i].procedure == procedure && (last < 0 || record->operation_list[i].day >= record->operation_list[last].day))
            last = (int)i;
    set_subject_in_sentence(question, procedure_kinds[procedure].label);
    if (last < 0 || !is_answerable)
        return last < 0 && !is_answerable ? decline(question) : false;
    open_claim(question, "%s on %s", procedure_kinds[procedure].label, calendar_format(record->operation_list[last].day, date));
    put_evidence(question, BUNDLE_OPERATION, (unsigned)last);
    close_claim(question);
    return true;
}

static int vaccination_day(const struct record *record, unsigned index)
{
    return record->encounter_list[record->vaccination_list[index].encounter].day;
}

static bool ask_immunization(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    enum vaccine vaccine = chance_below(question->chance, VACCINE_COUNT);
    char date[CALENDAR_TEXT_BYTES];
    int last = -1;
    unsigned i;

    if (is_answerable && record->vaccination_count > 0)
        vaccine = record->vaccination_list[chance_below(question->chance, record->vaccination_count)].vaccine;
    for (i = 0; i < record->vaccination_count; i++)
        if (record->vaccination_list[i].vaccine == vaccine && (last < 0 || vaccination_day(record, i) >= vaccination_day(record, (unsigned)last)))
            last = (int)i;
    set_subject_in_sentence(question, vaccine_kinds[vaccine].label);
    if (last < 0 || !is_answerable)
        return last < 0 && !is_answerable ? decline(question) : false;
    open_claim(question, "%s on %s", vaccine_kinds[vaccine].label, calendar_format(vaccination_day(record, (unsigned)last), date));
    put_evidence(question, BUNDLE_VACCINATION, (unsigned)last);
    close_claim(question);
    return true;
}

/* ---- the whole ---- */


static bool (*const asks[QUESTION_KIND_COUNT])(struct question *question, bool is_answerable) = {
    [QUESTION_LATEST] = ask_latest,
    [QUESTION_TREND] = ask_trend,
    [QUESTION_RANGE] = ask_range,
    [QUESTION_PROBLEMS] = ask_problems,
    [QUESTION_MEDICATIONS] = ask_medications,
    [QUESTION_WHY_MEDICATION] = ask_why,
    [QUESTION_DOSE] = ask_dose,
    [QUESTION_MEDICATION_STATUS] = ask_medication_status,
    [QUESTION_ALLERGIES] = ask_allergies,
    [QUESTION_ALLERGY_TO] = ask_allergy_to,
    [QUESTION_PROCEDURE] = ask_procedure,
    [QUESTION_IMMUNIZATION] = ask_immunization,
    [QUESTION_WHEN_CONDITION] = ask_condition,
    [QUESTION_WHEN_MEDICATION] = ask_when_medication,
    [QUESTION_HAS_CONDITION] = ask_condition,
};

/* How often each kind is asked. */
static const unsigned weights[QUESTION_KIND_COUNT] = { 6, 3, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2 };

static enum question_kind draw_kind(struct chance *chance)
{
    unsigned total = 0, at;
    int kind;

    for (kind = 0; kind < QUESTION_KIND_COUNT; kind++)
        total += weights[kind];
    at = chance_below(chance, total);
    for (kind = 0; at >= weights[kind]; kind++)
        at -= weights[kind];
    return kind;
}

static void write_line(struct question *question, const char *file, bool is_answerable, struct buffer *out)
{
    struct buffer text;
    bool is_heldout;

    buffer_init(&text, question->record->arena);
    is_heldout = phrasing_draw(question->kind, question->subject, question->record->person.is_female, question->chance, &text);
    buffer_format(out, "{\"bundle\":\"%s\",\"patient\":\"%s\",\"question\":", file, question->record->person.id);
    buffer_put_json(out, buffer_slice(&text));
    buffer_format(out, ",\"kind\":\"%s\",\"about\":\"%s\",\"split\":\"%s\",\"answer\":[", is_answerable ? phrasing_kind_name(question->kind) : "unanswerable",
                  phrasing_kind_name(question->kind), is_heldout ? "heldout" : "train");
    buffer_put(out, buffer_slice(&question->claims));
    buffer_put_string(out, "]}\n");
}

static void write_one(struct record *record, const char *file, struct buffer *out)
{
    bool is_answerable = !chance_happens(&record->chance, UNANSWERABLE_SHARE);
    int i;

    for (i = 0; i < TRIES_PER_QUESTION; i++) {
        struct question question = { .record = record, .chance = &record->chance, .kind = draw_kind(&record->chance) };

        buffer_init(&question.claims, record->arena);
        if (!asks[question.kind](&question, is_answerable))
            continue;
        write_line(&question, file, is_answerable, out);
        return;
    }
}

void question_write(struct record *record, const char *file, unsigned count, struct buffer *out)
{
    while (count-- > 0)
        write_one(record, file, out);
}
