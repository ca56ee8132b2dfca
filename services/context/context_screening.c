#include "context_screening.h"

#include <pthread.h>
#include <string.h>

#include "base/check.h"

#define BIT(kind) (1u << (kind))
#define DONE (BIT(FACT_PROCEDURE) | BIT(FACT_IMAGING))

/* clang-format off */
const struct screening screenings[] = {
    { "mammography", "due every 2 years (USPSTF)", "mammogram", "mammogra", DONE, 24, 'f', 40, 74, false },
    { "colonoscopy", "due every 10 years (USPSTF)", "colonoscopy", "colonoscop", DONE, 120, 0, 45, 75, false },
    { "cervical screening", "due every 3 years (USPSTF)", "pap-smear", "", BIT(FACT_PROCEDURE) | BIT(FACT_OBSERVATION), 36, 'f', 21, 65, false },
    { "hemoglobin A1c", "due every 6 months (ADA)", "hemoglobin-a1c", "", BIT(FACT_OBSERVATION), 6, 0, 0, 0, true },
    { "eye examination", "due every 1 to 2 years (ADA)", "eye-exam", "eye|retina|ophthalm|fundus|fundosc", DONE, 24, 0, 0, 0, true },
    { "foot examination", "due every year (ADA)", "foot-exam", "", DONE, 12, 0, 0, 0, true },
    { "urine albumin", "due every year (ADA)", "urine-albumin", "", BIT(FACT_OBSERVATION), 12, 0, 0, 0, true },
};
/* clang-format on */
const uint32_t screenings_count = sizeof(screenings) / sizeof(screenings[0]);

static uint32_t things[SCREENINGS_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build(void)
{
    CHECK(screenings_count <= SCREENINGS_MAX);
    for (uint32_t i = 0; i < screenings_count; i++) {
        things[i] = thing_named(screenings[i].thing);
        CHECK(things[i] < THINGS_MAX);
    }
}

uint32_t screening_thing(uint32_t row)
{
    pthread_once(&once, build);
    return things[row];
}

static bool has_stem(struct slice label, const char *stems)
{
    while (*stems != '\0') {
        size_t size = strcspn(stems, "|");

        for (size_t at = 0; at + size <= label.size; at++)
            if (slice_equal_fold(slice_cut(label, at, at + size), slice_of(stems, size)))
                return true;
        stems += size + (stems[size] == '|');
    }
    return false;
}

bool screening_is(uint32_t row, const struct course *course)
{
    const struct screening *screening = &screenings[row];
    uint32_t thing = screening_thing(row);

    if ((screening->kinds >> course->kind & 1) == 0)
        return false;
    for (uint32_t i = 0; i < course->things_count; i++)
        if (course->things[i] == thing)
            return screening->stems[0] == '\0' || has_stem(course->label, screening->stems);
    return false;
}

/* Years, months and days as one number that grows with the calendar. */
static int ordinal(int year, int months_more, int month, int day)
{
    int months = year * 12 + month - 1 + months_more;

    return months * 32 + day;
}

bool screening_is_late(uint32_t row, const struct fhir_date *last, const struct fhir_date *today)
{
    return ordinal(today->year, 0, today->month, today->day)
           > ordinal(last->year, (int)screenings[row].months, last->month, last->day);
}

/* Whole years from @birth to @today; @is_least: at the least, where a year alone is given. */
static int age_of(const struct fhir_date *birth, const struct fhir_date *today, bool is_least)
{
    int years = today->year - birth->year;

    if (birth->precision < FHIR_PRECISION_DAY)
        return is_least ? years - 1 : years;
    return years
           - (today->month < birth->month
              || (today->month == birth->month && today->day < birth->day));
}

bool screening_is_for(uint32_t row, char sex, const struct fhir_date *birth, bool has_diabetes,
                      const struct fhir_date *today)
{
    const struct screening *screening = &screenings[row];

    if ((screening->sex != 0 && screening->sex != sex)
        || (screening->is_for_diabetes && !has_diabetes))
        return false;
    if (screening->age_max == 0)
        return true;
    return birth->precision != FHIR_PRECISION_NONE
           && age_of(birth, today, true) >= screening->age_min
           && age_of(birth, today, false) <= screening->age_max;
}
