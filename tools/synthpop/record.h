/* A record: everything that is true of one synthetic patient. person and course fill it, bundle
 * writes it as FHIR, question asks about it. All of it lives in the record's arena. One thread at a
 * time. */
#ifndef RECORD_H
#define RECORD_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "catalogue.h"
#include "chance.h"

#define DAY_NONE INT_MAX
#define RECORD_ARENA_BYTES ((size_t)1 << 30)
#define PRACTITIONERS 4
#define ORGANIZATIONS 2

struct name {
    const char *given, *middle, *family;
};

struct contact {
    char phone[24];
    char email[80];
    char street[64];
    const char *city, *state;
    char zip[8];
};

struct person {
    char id[24]; /* also the front of the id of every resource of the record */
    struct name name;
    bool is_female;
    bool is_married;
    int birth_day;
    struct contact contact;
    char ssn[16], mrn[16];
    struct name relative; /* to call in an emergency */
    char relative_phone[24];
};

struct practitioner {
    struct name name;
    const char *specialty;
    char npi[16], phone[24];
};

struct organization {
    const char *name;
    struct contact contact;
};

enum encounter_kind {
    ENCOUNTER_CHECKUP,
    ENCOUNTER_FOLLOW_UP,
    ENCOUNTER_PROBLEM,
    ENCOUNTER_EMERGENCY,
};

struct encounter {
    enum encounter_kind kind;
    int day, minute; /* local time */
    int condition;   /* index, or -1 */
    unsigned practitioner, organization;
};

struct condition {
    enum disease disease;
    unsigned stage;       /* whose name it has */
    int onset, abatement; /* DAY_NONE: still active */
    int encounter;
};

struct order {
    enum drug drug;
    int start, stop; /* DAY_NONE: still active */
    bool is_course;  /* came to its end as planned: "completed", not "stopped" */
    int condition;
    int encounter;
    bool was_not_borne;      /* stopped for what it did */
    const char *why_stopped; /* NULL: nobody wrote it */
    unsigned replaces;       /* order + 1; 0: none */
};

struct measurement {
    enum lab lab;
    int encounter;
    double value, second; /* second: the diastolic pressure */
    char flag;            /* 'H', 'L' or 0 */
};

struct report {
    enum panel panel;
    int encounter;
    unsigned first, count; /* measurements */
};

struct allergy {
    enum allergen allergen;
    unsigned reaction;
    bool is_severe;
    int day;
    unsigned order;     /* whose drug it was a reaction to, + 1; 0: none */
    const char *effect; /* the reaction, where it is not one of the catalogue's */
};

struct operation {
    enum procedure procedure;
    int day, condition, encounter; /* condition: -1 where it is done without one */
};

struct vaccination {
    enum vaccine vaccine;
    int encounter;
};

struct note {
    int encounter;
    const char *title;
    struct slice text;
};

/* An array that grows in the arena. */
#define RECORD_LIST(type, name)                                                                    \
    struct type *name##_list;                                                                      \
    unsigned name##_count, name##_capacity

struct record {
    struct arena *arena;
    struct chance chance;
    unsigned index;
    bool is_heldout; /* its conditions are those that are held out */
    int today;
    struct person person;
    struct practitioner practitioners[PRACTITIONERS];
    struct organization organizations[ORGANIZATIONS];
    RECORD_LIST(encounter, encounter);
    RECORD_LIST(condition, condition);
    RECORD_LIST(order, order);
    RECORD_LIST(measurement, measurement);
    RECORD_LIST(report, report);
    RECORD_LIST(allergy, allergy);
    RECORD_LIST(operation, operation);
    RECORD_LIST(vaccination, vaccination);
    RECORD_LIST(note, note);
    unsigned resource_count;
};

/* Make room for one more and return it, zeroed; its index is count - 1. */
struct encounter *record_add_encounter(struct record *record);
struct condition *record_add_condition(struct record *record);
struct order *record_add_order(struct record *record);
struct measurement *record_add_measurement(struct record *record);
struct report *record_add_report(struct record *record);
struct allergy *record_add_allergy(struct record *record);
struct operation *record_add_operation(struct record *record);
struct vaccination *record_add_vaccination(struct record *record);
struct note *record_add_note(struct record *record);

/* The name of a condition as it is written, and its codes (NULL: none). */
const struct stage *record_stage(const struct condition *condition);
const char *record_condition_name(const struct condition *condition);

/* What an allergy shows as. */
const char *record_reaction(const struct allergy *allergy);

bool record_condition_is_active(const struct condition *condition, int day);
bool record_order_is_active(const struct order *order, int day);

int record_measurement_day(const struct record *record, const struct measurement *measurement);

/* Decimals that @value is written with where @decimals is the rule: no more than three digits that
 * mean something. */
int record_decimals(int decimals, double value);

/* "7.2", "142/88": a measured value as it is written; @text has 24 bytes. Returns @text. */
const char *record_format_value(const struct measurement *measurement, char *text);

#endif
