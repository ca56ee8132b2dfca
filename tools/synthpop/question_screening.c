/* Questions about what is done again and again: whether one is late, or which are. Intervals and
 * ages are those of USPSTF and ADA (see services/context/context_screening.h for the sources).
 *
 * A record's today is the day of the newest thing in it. */
#include <stdio.h>
#include <string.h>

#include "calendar.h"
#include "question_view.h"

/* Near the end of an interval or of an age it depends on how one counts: not asked. */
#define CLOSE_DAYS 7
#define CLOSE_YEARS 1

struct screening {
    const char *name, *interval, *stem;
    int months;
    char sex;             /* 'f', or 0 */
    int age_min, age_max; /* 0: any, with diabetes */
    const char *asked[3];
};

/* clang-format off */
static const struct screening screenings[VIEW_SCREENINGS] = {
    { "mammography", "every 2 years (USPSTF)", "mammogra", 24, 'f', 40, 74, { "mammogram", "mammography", "breast cancer screening" } },
    { "colonoscopy", "every 10 years (USPSTF)", "colonoscopy", 120, 0, 45, 75, { "colonoscopy", "colonoscopy", "colon cancer screening" } },
    { "cervical screening", "every 3 years (USPSTF)", "pap smear", 36, 'f', 21, 65, { "Pap smear", "cervical screening", "Pap test" } },
    { "hemoglobin A1c", "every 6 months (ADA)", "hemoglobin a1c", 6, 0, 0, 0, { "hemoglobin A1c", "A1c", "HbA1c" } },
    { "eye examination", "every 1 to 2 years (ADA)", "dilated eye", 24, 0, 0, 0, { "dilated eye exam", "diabetic eye exam", "retinal exam" } },
    { "foot examination", "every year (ADA)", "diabetic foot", 12, 0, 0, 0, { "diabetic foot exam", "foot exam", "foot check" } },
    { "urine albumin", "every year (ADA)", "urine albumin", 12, 0, 0, 0, { "urine albumin", "urine albumin/creatinine ratio", "microalbumin" } },
};
/* clang-format on */

int question_screening_row(struct slice label)
{
    for (int row = 0; row < VIEW_SCREENINGS; row++) {
        size_t size = strlen(screenings[row].stem);

        for (size_t at = 0; at + size <= label.size; at++)
            if (slice_equal_fold(slice_cut(label, at, at + size),
                                 slice_of(screenings[row].stem, size)))
                return row;
    }
    return -1;
}

/* 1: for such a person; -1: not; 0: it depends on how one counts. */
static int is_for(const struct screening *row, const struct view *view)
{
    int age = calendar_years_between(view->birth_day, view->today);

    if ((row->sex == 'f' && !view->is_female) || (row->age_max == 0 && !view->has_diabetes))
        return -1;
    if (row->age_max == 0)
        return 1;
    if (age < row->age_min - CLOSE_YEARS || age > row->age_max + CLOSE_YEARS)
        return -1;
    return age > row->age_min && age < row->age_max;
}

static int due_day(const struct screening *row, int last)
{
    int year, month, day, months;

    calendar_date(last, &year, &month, &day);
    months = year * 12 + month - 1 + row->months;
    return calendar_day(months / 12, months % 12 + 1, day);
}

/* 1: late; -1: not; 0: close. */
static int is_late(const struct screening *row, const struct view *view,
                   const struct view_event *event)
{
    int left = event->is_done ? due_day(row, event->day) - view->today : -CLOSE_DAYS - 1;

    return left < -CLOSE_DAYS ? 1 : left > CLOSE_DAYS ? -1 : 0;
}

static void claim(struct question *question, const struct view *view, int index)
{
    const struct screening *row = &screenings[index];
    const struct view_event *event = &view->screenings[index];
    char day[CALENDAR_TEXT_BYTES], today[CALENDAR_TEXT_BYTES];

    calendar_format(view->today, today);
    if (event->is_done) {
        question_claim_open(question, "%.*s on %s, due %s: %soverdue on %s",
                            SLICE_FORMAT(event->label), calendar_format(event->day, day),
                            row->interval, is_late(row, view, event) > 0 ? "" : "not ", today);
        question_claim_prove_by(question, event->reference);
    } else {
        question_claim_open(question, "No %s is on record by %s, due %s", row->name, today,
                            row->interval);
        question_claim_prove_by(question, row->age_max == 0 ? view->diabetes : view->patient);
    }
    question_claim_close(question);
}

static bool ask_one(struct question *question, const struct view *view, bool is_answerable)
{
    int index = (int)chance_below(question->chance, VIEW_SCREENINGS);
    const struct screening *row = &screenings[index];

    if (is_for(row, view) != (is_answerable ? 1 : -1) || view->unsure >> index & 1
        || is_late(row, view, &view->screenings[index]) == 0)
        return false;
    question_subject(question, CHANCE_PICK(question->chance, row->asked));
    if (!is_answerable)
        return question_decline(question);
    claim(question, view, index);
    return true;
}

/* What is late; where nothing is, all that is for them. */
static bool ask_all(struct question *question, const struct view *view, bool is_answerable)
{
    unsigned late = 0, due = 0, told = 0;

    for (int i = 0; i < VIEW_SCREENINGS; i++) {
        int is_theirs = is_for(&screenings[i], view),
            lateness = is_late(&screenings[i], view, &view->screenings[i]);

        if (is_theirs < 0)
            continue;
        if (is_theirs == 0 || lateness == 0 || view->unsure >> i & 1)
            return false;
        due++;
        late += lateness > 0;
    }
    if (due == 0 || !is_answerable)
        return due == 0 && !is_answerable ? question_decline(question) : false;
    told = late > 0 ? late : due;
    if (told > QUESTION_CLAIMS_MAX)
        return false;
    for (int i = 0; i < VIEW_SCREENINGS; i++)
        if (is_for(&screenings[i], view) > 0
            && (late == 0 || is_late(&screenings[i], view, &view->screenings[i]) > 0))
            claim(question, view, i);
    return true;
}

bool question_screening(struct question *question, const struct view *view, bool is_answerable)
{
    if (view->is_dead || view->is_undated)
        return false;
    return question->kind == QUESTION_SCREENING ? ask_one(question, view, is_answerable)
                                                : ask_all(question, view, is_answerable);
}
