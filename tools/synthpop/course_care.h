/* Parts of course: screenings, and an episode at the record's end. */
#ifndef COURSE_CARE_H
#define COURSE_CARE_H

#include "course_parts.h"

/* Add screenings to the visits that the record has by now. */
void course_care(struct course *course);

/* In some records, an acute disease that is being treated today; before the events are run. */
void course_care_recent(struct course *course);

#endif
