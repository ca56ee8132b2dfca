/* In order: allergies · which diseases, from when, and their stages as events · the events in time:
 * conditions, drugs, operations, visits · acute episodes · vaccinations · controls until the record
 * is large enough · all visits measured · screenings at them. */
#include "course_parts.h"

#include <stdlib.h>

#include "base/check.h"
#include "calendar.h"
#include "course_care.h"

#define CHRONIC_MAX 6
#define ORDERS_ACTIVE_MAX 6
#define FREE_DAY_TRIES 20
#define HELDOUT_TRIES 20 /* until somebody has one of the conditions that are held out */
#define FOLLOW_UP_MINUTES_STEP 10

/* ---- diseases ---- */

static bool has_disease(const struct course *course, enum disease disease)
{
    unsigned i;

    for (i = 0; i < course->event_count; i++)
        if (course->events[i].disease == disease)
            return true;
    return false;
}

static double disease_probability(const struct course *course, enum disease disease)
{
    const struct disease_kind *kind = &disease_kinds[disease];
    double probability = kind->probability;
    int i;

    if (kind->sex != 0 && (kind->sex == 'f') != course->record->person.is_female)
        return 0;
    for (i = 0; i < RISKS_MAX; i++)
        if (kind->risks[i].from != DISEASE_NONE && has_disease(course, kind->risks[i].from))
            probability *= kind->risks[i].factor;
    return probability < 0.9 ? probability : 0.9;
}

static void add_event(struct course *course, int day, enum disease disease, unsigned stage)
{
    if (course->event_count < EVENTS_MAX)
        course->events[course->event_count++] =
            (struct event){ calendar_working_day(day), disease, stage };
}

void course_add_event(struct course *course, int day, enum disease disease)
{
    add_event(course, day, disease, 0);
}

/* A disease that begins on @day, with the stages that it reaches before today. */
static void add_disease(struct course *course, enum disease disease, int day)
{
    const struct disease_kind *kind = &disease_kinds[disease];
    unsigned stage;

    add_event(course, day, disease, 0);
    for (stage = 1; stage < kind->stage_count; stage++) {
        const struct stage *next = &kind->stages[stage];

        day += chance_between(course->chance, next->after_days_min, next->after_days_max);
        if (day > course->record->today - 7)
            return;
        if (chance_happens(course->chance, next->probability))
            add_event(course, day, disease, stage);
        else if (next->name != NULL)
            return; /* a stage that gives its name is not skipped */
    }
}

static void draw_chronic(struct course *course)
{
    int birth = course->record->person.birth_day, today = course->record->today;
    bool is_heldout = course->record->is_heldout;
    int disease = is_heldout ? DISEASE_TRAINED_COUNT : 0,
        end = is_heldout ? DISEASE_HELDOUT_ACUTE : DISEASE_CHRONIC_COUNT;
    unsigned count = 0;

    for (; disease < end && count < CHRONIC_MAX; disease++) {
        const struct disease_kind *kind = &disease_kinds[disease];
        double age =
            kind->onset_min + (kind->onset_max - kind->onset_min) * chance_unit(course->chance);
        int onset = birth + (int)(age * DAYS_PER_YEAR);

        if (!chance_happens(course->chance, disease_probability(course, disease))
            || onset > today - 10)
            continue;
        add_disease(course, disease, onset);
        count++;
    }
}

static int compare_events(const void *a, const void *b)
{
    const struct event *left = a, *right = b;

    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    if (left->disease != right->disease)
        return left->disease < right->disease ? -1 : 1;
    return left->stage < right->stage ? -1 : left->stage > right->stage;
}

/* ---- allergies ---- */

static enum allergen draw_allergen(struct chance *chance)
{
    double total = 0, at;
    int allergen;

    for (allergen = 0; allergen < ALLERGEN_COUNT; allergen++)
        total += allergen_kinds[allergen].weight;
    at = chance_unit(chance) * total;
    for (allergen = 0; allergen < ALLERGEN_COUNT - 1; allergen++) {
        at -= allergen_kinds[allergen].weight;
        if (at < 0)
            break;
    }
    return allergen;
}

static bool has_allergy(const struct record *record, enum allergen allergen)
{
    unsigned i;

    for (i = 0; i < record->allergy_count; i++)
        if (record->allergy_list[i].allergen == allergen)
            return true;
    return false;
}

static void draw_allergies(struct course *course)
{
    struct record *record = course->record;
    unsigned wanted =
        chance_happens(course->chance, 0.55) ? 1 + chance_below(course->chance, 3) : 0;
    struct allergy *allergy;

    while (wanted-- > 0) {
        enum allergen allergen = draw_allergen(course->chance);

        if (has_allergy(record, allergen))
            continue;
        allergy = record_add_allergy(record);
        allergy->allergen = allergen;
        allergy->reaction = chance_below(course->chance, REACTION_COUNT);
        allergy->is_severe = allergy->reaction == 3 || chance_happens(course->chance, 0.15);
        allergy->day = chance_between(course->chance, course->first_day, record->today - 30);
    }
}

static bool was_not_borne(const struct record *record, enum drug drug)
{
    unsigned i;

    for (i = 0; i < record->order_count; i++)
        if (record->order_list[i].was_not_borne
            && strcmp(drug_kinds[record->order_list[i].drug].generic, drug_kinds[drug].generic)
                   == 0)
            return true;
    return false;
}

/* By an allergy, because it was not borne, or because nobody sold it yet. */
static bool is_forbidden(const struct record *record, enum drug drug, int day)
{
    const char *family = drug_kinds[drug].family;
    unsigned i;

    if (day < calendar_day(drug_kinds[drug].since_year, 1, 1) || was_not_borne(record, drug))
        return true;
    for (i = 0; family != NULL && i < record->allergy_count; i++) {
        const char *other = allergen_kinds[record->allergy_list[i].allergen].family;

        if (other != NULL && strcmp(other, family) == 0)
            return true;
    }
    return false;
}

/* ---- visits and drugs ---- */

static bool day_is_free(const struct record *record, int day)
{
    unsigned i;

    for (i = 0; i < record->encounter_count; i++)
        if (record->encounter_list[i].day == day)
            return false;
    return true;
}

int course_add_encounter(struct course *course, enum encounter_kind kind, int day, int condition)
{
    struct record *record = course->record;
    struct encounter *encounter = record_add_encounter(record);

    encounter->kind = kind;
    encounter->day = day;
    encounter->minute = 8 * 60 + (int)chance_below(course->chance, 54) * FOLLOW_UP_MINUTES_STEP;
    encounter->condition = condition;
    encounter->practitioner = kind == ENCOUNTER_EMERGENCY ? 3 : chance_below(course->chance, 3);
    encounter->organization = kind == ENCOUNTER_EMERGENCY || encounter->practitioner == 2 ? 1 : 0;
    return (int)record->encounter_count - 1;
}

static unsigned count_active(const struct record *record, int day)
{
    unsigned i, count = 0;

    for (i = 0; i < record->order_count; i++)
        count += record_order_is_active(&record->order_list[i], day);
    return count;
}

/* What @drug takes the place of: the same in another strength, or another of its group. */
static bool is_replaced_by(const struct order *order, enum drug drug)
{
    const char *old = drug_kinds[order->drug].group, *new = drug_kinds[drug].group;

    return order->drug == drug || (old != NULL && new != NULL &&strcmp(old, new) == 0);
}

static void stop_drug(struct course *course, const struct event *event, const struct stage *stage)
{
    struct record *record = course->record;
    unsigned i;

    for (i = 0; i < record->order_count; i++)
        if (record->order_list[i].drug == stage->stops
            && record_order_is_active(&record->order_list[i], event->day)
            && !record->order_list[i].was_not_borne) {
            record->order_list[i].stop = event->day;
            course_say_why(course, &record->order_list[i], stage);
        }
}

void course_start_drug(struct course *course, enum drug drug, int day, int condition, int encounter,
                       int days)
{
    struct record *record = course->record;
    struct order *order;
    unsigned i, replaces = 0;

    if (drug == DRUG_NONE || is_forbidden(record, drug, day))
        return;
    for (i = 0; i < record->order_count; i++) {
        order = &record->order_list[i];
        if (!record_order_is_active(order, day) || !is_replaced_by(order, drug)
            || order->was_not_borne)
            continue;
        if (order->drug == drug || days > 0)
            return;
        order->stop = day;
        replaces = i + 1;
    }
    if (replaces == 0)
        replaces = course_find_replaced(record, condition, day);
    if (days == 0 && count_active(record, record->today) >= ORDERS_ACTIVE_MAX)
        return;
    order = record_add_order(record);
    *order = (struct order){ drug,      day,       days > 0 ? day + days : DAY_NONE,   days > 0,
                             condition, encounter, .replaces = days > 0 ? 0 : replaces };
    if (order->replaces > 0)
        course_say_changed(course, order);
}

static void add_operation(struct course *course, enum procedure procedure, int day, int condition,
                          int encounter)
{
    if (procedure == PROCEDURE_NONE)
        return;
    *record_add_operation(course->record) =
        (struct operation){ procedure, day, condition, encounter };
}

static void start_stage_drugs(struct course *course, const struct event *event, int condition,
                              int encounter, int days)
{
    const struct stage *stage = &disease_kinds[event->disease].stages[event->stage];
    enum drug first = stage->starts[0];
    int day = event->day;

    if (stage->alternative != DRUG_NONE
        && (is_forbidden(course->record, first, day) || chance_happens(course->chance, 0.35)))
        first = stage->alternative;
    if (stage->stops != DRUG_NONE)
        stop_drug(course, event, stage);
    course_start_drug(course, first, day, condition, encounter, days);
    course_start_drug(course, stage->starts[1], day, condition, encounter, days);
}

/* The condition of @disease that is active, or -1. */
static int find_condition(const struct record *record, enum disease disease, int day)
{
    unsigned i;

    for (i = 0; i < record->condition_count; i++)
        if (record->condition_list[i].disease == disease
            && record_condition_is_active(&record->condition_list[i], day))
            return (int)i;
    return -1;
}

/* A stage with a name of its own ends the condition that was there and begins another. */
static int begin_condition(struct course *course, const struct event *event)
{
    struct record *record = course->record;
    int before = find_condition(record, event->disease, event->day);
    struct condition *condition;

    if (before >= 0 && disease_kinds[event->disease].stages[event->stage].name == NULL)
        return before;
    if (before >= 0)
        record->condition_list[before].abatement = event->day;
    condition = record_add_condition(record);
    *condition = (struct condition){ event->disease, event->stage, event->day, DAY_NONE, -1 };
    return (int)record->condition_count - 1;
}

static void run_event(struct course *course, const struct event *event)
{
    const struct disease_kind *kind = &disease_kinds[event->disease];
    int condition = begin_condition(course, event);
    enum encounter_kind visit = kind->is_emergency  ? ENCOUNTER_EMERGENCY
                                : event->stage == 0 ? ENCOUNTER_PROBLEM
                                                    : ENCOUNTER_FOLLOW_UP;
    int encounter = course_add_encounter(course, visit, event->day, condition);
    struct condition *begun = &course->record->condition_list[condition];
    unsigned before = course->record->order_count, end;

    if (begun->encounter < 0)
        begun->encounter = encounter;
    if (kind->duration_days > 0 && event->day + kind->duration_days < course->record->today)
        begun->abatement =
            event->day + kind->duration_days * chance_between(course->chance, 70, 130) / 100;
    start_stage_drugs(course, event, condition, encounter, kind->duration_days > 0 ? 7 : 0);
    add_operation(course, kind->stages[event->stage].procedure, event->day, condition, encounter);
    for (end = course->record->order_count; before < end; before++)
        course_react(course, event, before);
}

static void draw_acute(struct course *course, int first, int end)
{
    int birth = course->record->person.birth_day, today = course->record->today, disease;
    double decades = (today - course->first_day) / DAYS_PER_YEAR / 10;

    for (disease = first; disease < end; disease++) {
        const struct disease_kind *kind = &disease_kinds[disease];
        double left = kind->probability * decades;

        for (; left > 0; left -= 1) {
            int day = chance_between(course->chance, course->first_day, today - 200);
            int age = calendar_years_between(birth, day);

            if (chance_happens(course->chance, left) && age >= kind->onset_min
                && age <= kind->onset_max)
                add_event(course, day, disease, 0);
        }
    }
}

static void draw_vaccinations(struct course *course)
{
    struct record *record = course->record;
    int years = calendar_years_between(course->first_day, record->today);
    unsigned wanted = chance_below(course->chance, (unsigned)(years / 3 + 3));

    while (wanted-- > 0) {
        int day = calendar_working_day(
            chance_between(course->chance, course->first_day, record->today - 20));
        int age = calendar_years_between(record->person.birth_day, day),
            vaccine = (int)chance_below(course->chance, VACCINE_COUNT + 3);
        struct vaccination *vaccination;

        if (vaccine >= VACCINE_COUNT)
            vaccine = VACCINE_INFLUENZA;
        if ((vaccine == VACCINE_ZOSTER && age < 50) || (vaccine == VACCINE_PPSV23 && age < 60)
            || !day_is_free(record, day))
            continue;
        if (vaccine == VACCINE_COVID && day < calendar_day(2021, 1, 15))
            continue;
        vaccination = record_add_vaccination(record);
        vaccination->vaccine = vaccine;
        vaccination->encounter = course_add_encounter(course, ENCOUNTER_CHECKUP, day, -1);
    }
}

/* ---- controls ---- */

/* A chronic condition that is active on @day, by how often it is controlled; -1: a check-up. */
static int draw_reason(struct course *course, int day)
{
    const struct record *record = course->record;
    double total = 0.5, at;
    unsigned i;

    for (i = 0; i < record->condition_count; i++)
        if (record_condition_is_active(&record->condition_list[i], day))
            total += disease_kinds[record->condition_list[i].disease].visits_per_year;
    at = chance_unit(course->chance) * total;
    for (i = 0; i < record->condition_count; i++) {
        if (!record_condition_is_active(&record->condition_list[i], day))
            continue;
        at -= disease_kinds[record->condition_list[i].disease].visits_per_year;
        if (at < 0)
            return (int)i;
    }
    return -1;
}

/* The later, the likelier: records are denser towards today. */
static int draw_control_day(struct course *course)
{
    int span = course->record->today - 3 - course->first_day, day = 0, i;
    double at, other;

    for (i = 0; i < FREE_DAY_TRIES; i++) {
        at = chance_unit(course->chance);
        other = chance_unit(course->chance);
        at = at > other ? at : other;
        day = calendar_working_day(course->first_day + (int)(at * span));
        if (day_is_free(course->record, day))
            break;
    }
    return day;
}

static void add_controls(struct course *course)
{
    struct record *record = course->record;
    int day, condition, encounter;

    while (record->resource_count < (unsigned)course->resources_target) {
        day = draw_control_day(course);
        condition = draw_reason(course, day);
        encounter = course_add_encounter(
            course, condition >= 0 ? ENCOUNTER_FOLLOW_UP : ENCOUNTER_CHECKUP, day, condition);
        course_visit_measure(course, encounter);
    }
}

static int draw_first_day(struct course *course)
{
    struct record *record = course->record;
    int years = chance_between(course->chance, 3, 40);
    int day = record->today - (int)(years * DAYS_PER_YEAR);

    return day > record->person.birth_day + 400 ? day : record->person.birth_day + 400;
}

void course_run(struct record *record, unsigned resources_target)
{
    struct course course = { .record = record, .chance = &record->chance };
    unsigned i, tries = HELDOUT_TRIES;

    CHECK(resources_target <= INT_MAX);
    course.resources_target = (int)resources_target;
    course.first_day = draw_first_day(&course);
    physiology_create(record, &course.physiology);
    draw_allergies(&course);
    do
        draw_chronic(&course);
    while (record->is_heldout && course.event_count == 0 && --tries > 0);
    draw_acute(&course, DISEASE_CHRONIC_COUNT, DISEASE_TRAINED_COUNT);
    if (record->is_heldout)
        draw_acute(&course, DISEASE_HELDOUT_ACUTE, DISEASE_COUNT);
    course_care_recent(&course);
    qsort(course.events, course.event_count, sizeof(course.events[0]), compare_events);
    for (i = 0; i < course.event_count; i++)
        run_event(&course, &course.events[i]);
    draw_vaccinations(&course);
    if (record->encounter_count == 0)
        course_add_encounter(&course, ENCOUNTER_CHECKUP, calendar_working_day(record->today - 40),
                             -1);
    for (i = 0; i < record->encounter_count; i++)
        course_visit_measure(&course, (int)i);
    add_controls(&course);
    course_care(&course);
}
