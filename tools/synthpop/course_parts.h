/* Parts of course: a history being made, and what its visits measure. */
#ifndef COURSE_PARTS_H
#define COURSE_PARTS_H

#include "course.h"
#include "physiology.h"

#define EVENTS_MAX 256

struct event {
    int day;
    enum disease disease;
    unsigned stage;
};

struct course {
    struct record *record;
    struct chance *chance;
    struct physiology physiology;
    struct event events[EVENTS_MAX];
    unsigned event_count;
    int first_day; /* of the record */
    int resources_target;
};

/* A disease that begins on @day, or the Monday after a weekend. */
void course_add_event(struct course *course, int day, enum disease disease);

/* Measure what the visit @index is for; report what belongs together. */
void course_visit_measure(struct course *course, int index);

#endif
