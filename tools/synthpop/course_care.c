/* What is done for its own sake: screenings at the visits that there are, kept up or let slip; and
 * now and then an episode that is being treated as the record ends, whose drugs meet those that are
 * taken for good. */
#include "course_care.h"

#include "base/check.h"
#include "calendar.h"

#define KEPT_MAX 4 /* of each: what was long ago is on paper */
#define LAPSES 0.45
#define NEVER 0.2
#define RECENT_SHARE 0.15

struct care {
    enum procedure procedure;
    int months;
    char sex;             /* 'f', or 0 */
    int age_min, age_max; /* 0: from the first day of diabetes */
};

static const struct care cares[] = {
    { PROCEDURE_MAMMOGRAPHY, 24, 'f', 40, 74 },
    { PROCEDURE_COLONOSCOPY, 120, 0, 45, 75 },
    { PROCEDURE_EYE_EXAM, 12, 0, 0, 0 },
    { PROCEDURE_FOOT_EXAM, 12, 0, 0, 0 },
};

/* The first visit from @day up to @end that is no emergency; -1: none. */
static int find_visit(const struct record *record, int day, int end)
{
    int found = -1;

    for (unsigned i = 0; i < record->encounter_count; i++) {
        const struct encounter *encounter = &record->encounter_list[i];

        if (encounter->kind != ENCOUNTER_EMERGENCY && encounter->day >= day && encounter->day <= end
            && (found < 0 || encounter->day < record->encounter_list[found].day))
            found = (int)i;
    }
    return found;
}

static int find_diabetes(const struct record *record)
{
    for (unsigned i = 0; i < record->condition_count; i++)
        if (record->condition_list[i].disease == DISEASE_DIABETES)
            return (int)i;
    return -1;
}

static void add_care(struct course *course, const struct care *care, int from, int to,
                     int condition)
{
    struct record *record = course->record;
    int step = care->months * 30, visit, day = from;

    if (chance_happens(course->chance, LAPSES))
        to -= chance_between(course->chance, step / 2, step * 3);
    if (to - day > step * KEPT_MAX)
        day = to - step * KEPT_MAX;
    while ((visit = find_visit(record, day, to)) >= 0) {
        *record_add_operation(record) =
            (struct operation){ care->procedure, record->encounter_list[visit].day, condition,
                                visit };
        day = record->encounter_list[visit].day
              + step * chance_between(course->chance, 80, 115) / 100;
    }
}

void course_care(struct course *course)
{
    struct record *record = course->record;
    int diabetes = find_diabetes(record), birth = record->person.birth_day;

    for (unsigned i = 0; i < sizeof(cares) / sizeof(cares[0]); i++) {
        const struct care *care = &cares[i];
        bool is_for_diabetes = care->age_max == 0;
        int from = is_for_diabetes && diabetes >= 0 ? record->condition_list[diabetes].onset
                                                    : birth + (int)(care->age_min * DAYS_PER_YEAR);
        int to = is_for_diabetes ? record->today : birth + (int)(care->age_max * DAYS_PER_YEAR);

        if ((care->sex == 'f' && !record->person.is_female) || (is_for_diabetes && diabetes < 0)
            || chance_happens(course->chance, NEVER))
            continue;
        add_care(course, care, from, to < record->today ? to : record->today,
                 is_for_diabetes ? diabetes : -1);
    }
}

void course_care_recent(struct course *course)
{
    static const enum disease diseases[] = { DISEASE_RIB, DISEASE_ANKLE, DISEASE_CYSTITIS,
                                             DISEASE_BRONCHITIS, DISEASE_CELLULITIS };
    struct record *record = course->record;

    if (chance_happens(course->chance, RECENT_SHARE))
        course_add_event(course, record->today - chance_between(course->chance, 3, 6),
                         CHANCE_PICK(course->chance, diseases));
}
