/* Courses: what a record says again and again of one thing is one course. Every measurement of one
 * name, every visit of one type, every prescription, statement and administration of one drug,
 * whatever its brand and strength: in the order of
 * time, with what its name means (context_concept.h). A record of ten thousand facts has a few
 * hundred courses. */
#ifndef CONTEXT_COURSE_H
#define CONTEXT_COURSE_H

#include "context_concept.h"
#include "context_record.h"
#include "context_thing.h"

struct course {
    const uint32_t *facts; /* indices in the record, oldest first */
    uint32_t count;
    enum fact_kind kind;
    bool is_active;          /* what lasts: its newest fact is so */
    bool is_named;           /* its name is words, not a bare code */
    bool has_names;          /* a drug under several names: its label is that of its ingredients */
    struct slice label;      /* of the newest, or see has_names */
    struct slice noun;       /* "observation" */
    int64_t newest;          /* seconds since 1970 of its newest dated fact; INT64_MIN: none */
    struct concepts means;   /* what label, codes, class and reason name */
    struct concepts names;   /* of that, what the name itself does */
    const uint16_t *things;  /* that it is, and what those are; each once */
    const uint16_t *reasons; /* of a medication: conditions that it is said to be for, likewise */
    uint16_t things_count, reasons_count;
    const uint32_t *words; /* hashes of the name's words (word_hash), each once */
    uint32_t words_count;
};

struct courses {
    struct course *items; /* by first fact */
    size_t count;
    int64_t end;                  /* the newest date of the record, or INT64_MIN */
    const float *concept_weights; /* of CONCEPTS_MAX: rarer ones more, 0 for what no course names */
};

/* All of it in @arena; borrows from @record. */
enum status courses_make(const struct record *record, struct arena *arena, struct courses *courses,
                         struct error *err);

/* The same course, but only with its facts dated from @from up to, and without, @to; of none where
 * it has none. What lasts counts when it began before @to and had not ended by @from. */
struct course course_narrow(const struct record *record, const struct course *course, int64_t from,
                            int64_t to);

#endif
