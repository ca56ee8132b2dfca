/* Course: the history of a patient over decades. Chronic diseases begin and pass through their
 * stages, acute ones come and go, drugs are started, raised and stopped, visits measure what
 * physiology says, and as many controls are added as the record is to be large. */
#ifndef COURSE_H
#define COURSE_H

#include "record.h"

/* Write the whole history into @record (its person is there). @resources_target: visits are added
 * until the record has that many resources; what the diseases themselves bring is there even when
 * it is more. */
void course_run(struct record *record, unsigned resources_target);

#endif
