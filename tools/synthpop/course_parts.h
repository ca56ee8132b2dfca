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
/* ---- course.c ---- */

/* A visit; its index. */
int course_add_encounter(struct course *course, enum encounter_kind kind, int day, int condition);

/* Begin @drug, for @days (0: for good), unless something forbids it; what it replaces ends. */
void course_start_drug(struct course *course, enum drug drug, int day, int condition, int encounter,
                       int days);

/* ---- course_change.c ---- */

/* Write, or not, why @order was stopped by @stage; and that @order took the place of another. */
void course_say_why(struct course *course, struct order *order, const struct stage *stage);
void course_say_changed(struct course *course, struct order *order);

/* The order for @condition that was stopped on @day, + 1; 0: none. */
unsigned course_find_replaced(const struct record *record, int condition, int day);

/* Now and then the order @index, begun by @event, is not borne: it ends, and something else may
 * begin. */
void course_react(struct course *course, const struct event *event, unsigned index);

/* ---- course_visit.c ---- */

/* Measure what the visit @index is for; report what belongs together. */
void course_visit_measure(struct course *course, int index);

#endif
