/* Why drugs are stopped, and what takes their place: what is not borne, what is no longer needed,
 * what is changed for something else. Often, as in life, nobody writes it down. */
#include "course_parts.h"

#include "calendar.h"

#define SAID_SHARE 0.75     /* of stops, those whose reason is written */
#define REFERRED_SHARE 0.65 /* of replacements, those that name what they replace */
#define REACTION_SHARE 0.2  /* of those who begin a drug of the table, those who do not bear it */
#define REACTION_DAYS_MIN 7
#define REACTION_DAYS_MAX 150

/* What drugs are stopped for most often (their labels, section 6). */
static const struct {
    enum drug drug;
    const char *effect;
    enum allergen allergen; /* what is written on the list of allergies, ALLERGEN_COUNT: nothing */
} reactions[] = {
    { DRUG_LISINOPRIL_10, "Cough", ALLERGEN_ACE },
    { DRUG_LISINOPRIL_20, "Cough", ALLERGEN_ACE },
    { DRUG_AMLODIPINE_5, "Ankle swelling", ALLERGEN_COUNT },
    { DRUG_METOPROLOL_50, "Fatigue", ALLERGEN_COUNT },
    { DRUG_SIMVASTATIN_20, "Muscle pain", ALLERGEN_STATIN },
    { DRUG_ATORVASTATIN_40, "Muscle pain", ALLERGEN_STATIN },
    { DRUG_METFORMIN_500, "Diarrhea", ALLERGEN_COUNT },
    { DRUG_GLIPIZIDE_5, "Hypoglycemia", ALLERGEN_COUNT },
    { DRUG_NAPROXEN_500, "Stomach pain", ALLERGEN_NSAID },
    { DRUG_IBUPROFEN_400, "Stomach pain", ALLERGEN_NSAID },
    { DRUG_SERTRALINE_50, "Insomnia", ALLERGEN_COUNT },
    { DRUG_FLUOXETINE_20, "Insomnia", ALLERGEN_COUNT },
    { DRUG_ALLOPURINOL_100, "Rash", ALLERGEN_COUNT },
    { DRUG_TOPIRAMATE_50, "Tingling", ALLERGEN_COUNT },
    { DRUG_GABAPENTIN_300, "Dizziness", ALLERGEN_COUNT },
    { DRUG_TAMSULOSIN, "Dizziness", ALLERGEN_COUNT },
    { DRUG_ALENDRONATE_70, "Heartburn", ALLERGEN_COUNT },
    { DRUG_SPIRONOLACTONE_25, "Breast tenderness", ALLERGEN_COUNT },
    { DRUG_LEVETIRACETAM_500, "Irritability", ALLERGEN_COUNT },
    { DRUG_PRAMIPEXOLE, "Daytime sleepiness", ALLERGEN_COUNT },
    { DRUG_MESALAMINE, "Headache", ALLERGEN_COUNT },
    { DRUG_CINACALCET_30, "Vomiting", ALLERGEN_COUNT },
    { DRUG_HYDROXYCHLOROQUINE_200, "Blurred vision", ALLERGEN_COUNT },
};

#define REACTIONS (sizeof(reactions) / sizeof(reactions[0]))

void course_say_why(struct course *course, struct order *order, const struct stage *stage)
{
    if (stage->starts[0] != DRUG_NONE || !chance_happens(course->chance, SAID_SHARE))
        return;
    if (stage->procedure != PROCEDURE_NONE)
        order->why_stopped = arena_format(course->record->arena, "Not needed after %s",
                                          procedure_kinds[stage->procedure].label);
    else
        order->why_stopped = stage->name;
}

unsigned course_find_replaced(const struct record *record, int condition, int day)
{
    unsigned i;

    for (i = record->order_count; i-- > 0;)
        if (record->order_list[i].stop == day && record->order_list[i].condition == condition
            && !record->order_list[i].is_course)
            return i + 1;
    return 0;
}

void course_say_changed(struct course *course, struct order *order)
{
    struct order *old = &course->record->order_list[order->replaces - 1];

    if (old->why_stopped == NULL && chance_happens(course->chance, SAID_SHARE))
        old->why_stopped =
            arena_format(course->record->arena, "Changed to %s", drug_kinds[order->drug].text);
    if (!chance_happens(course->chance, REFERRED_SHARE))
        order->replaces = 0;
}

/* The day of the next stage of what @event is of, or today. */
static int next_stage_day(const struct course *course, const struct event *event)
{
    const struct event *other;

    for (other = event + 1; other < course->events + course->event_count; other++)
        if (other->disease == event->disease)
            return other->day;
    return course->record->today;
}

static void note_allergy(struct course *course, unsigned index, unsigned reaction, int day)
{
    struct record *record = course->record;
    enum allergen allergen = reactions[reaction].allergen;
    struct allergy *allergy;
    unsigned i;

    for (i = 0; i < record->allergy_count; i++)
        if (record->allergy_list[i].allergen == allergen)
            return;
    allergy = record_add_allergy(record);
    *allergy = (struct allergy){
        .allergen = allergen, .day = day, .order = index + 1, .effect = reactions[reaction].effect
    };
}

void course_react(struct course *course, const struct event *event, unsigned index)
{
    struct record *record = course->record;
    const struct stage *stage = &disease_kinds[event->disease].stages[event->stage];
    struct order *order = &record->order_list[index];
    int day, encounter;
    unsigned i = 0;

    while (i < REACTIONS && reactions[i].drug != order->drug)
        i++;
    if (i == REACTIONS || order->is_course || !chance_happens(course->chance, REACTION_SHARE))
        return;
    day = calendar_working_day(
        order->start + chance_between(course->chance, REACTION_DAYS_MIN, REACTION_DAYS_MAX));
    if (day >= next_stage_day(course, event) - REACTION_DAYS_MIN)
        return;
    encounter = course_add_encounter(course, ENCOUNTER_FOLLOW_UP, day, order->condition);
    order->stop = day;
    order->was_not_borne = true;
    order->why_stopped = reactions[i].effect;
    if (reactions[i].allergen != ALLERGEN_COUNT && chance_happens(course->chance, SAID_SHARE))
        note_allergy(course, index, i, day);
    course_start_drug(course, stage->alternative, day, order->condition, encounter, 0);
}
