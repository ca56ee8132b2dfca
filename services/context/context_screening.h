/* What is looked for again and again in people of an age, a sex or a disease, and how often.
 *
 *     mammography             every 2 years    women of 40 to 74              USPSTF 2024
 *     colonoscopy             every 10 years   45 to 75                       USPSTF 2021
 *     cervical screening      every 3 years    women of 21 to 65              USPSTF 2018
 *     hemoglobin A1c          every 6 months   diabetes                       ADA, Standards of Care 6
 *     dilated eye examination every 2 years    diabetes (1 to 2 years)        ADA, Standards of
 * Care 12
 *     foot examination        every year       diabetes                       ADA, Standards of Care 12
 *     urine albumin           every year       diabetes                       ADA, Standards of Care 11
 *
 * Where a guideline leaves a choice the longest interval stands: nothing is called late that a
 * guideline still allows. */
#ifndef CONTEXT_SCREENING_H
#define CONTEXT_SCREENING_H

#include "context_course.h"

#define SCREENINGS_MAX 16

struct screening {
    const char *name;  /* "mammography" */
    const char *due;   /* "due every 2 years (USPSTF)" */
    const char *thing; /* that a question names (context_thing.h) */
    const char *stems; /* of the name in the record, between bars; "": any */
    uint32_t kinds;    /* bits of enum fact_kind that it is recorded as */
    unsigned months;
    char sex;                 /* 'f', or 0 */
    uint8_t age_min, age_max; /* years, both included; 0: whatever age */
    bool is_for_diabetes;
};

extern const struct screening screenings[];
extern const uint32_t screenings_count;

/* The row's thing, found once. Any thread. */
uint32_t screening_thing(uint32_t row);

/* Whether @course is one of @row, done. */
bool screening_is(uint32_t row, const struct course *course);

/* Whether what was done on @last is late on @today: the interval is over. */
bool screening_is_late(uint32_t row, const struct fhir_date *last, const struct fhir_date *today);

/* Whether @row is for somebody of @sex ('f', 'm', 0: not known), born on @birth, on @today. Where
 * the birth date is a year alone, only who is surely of that age. */
bool screening_is_for(uint32_t row, char sex, const struct fhir_date *birth, bool has_diabetes,
                      const struct fhir_date *today);

#endif
