/* A fact: one statement of the record, from one resource, in words that a prompt can hold.
 *
 * Rendered (context_render.c) it is one line:
 *
 *     [DATE ]NOUN: LABEL[ VALUE | (VALUE)][ (FLAG)][, STATUS[ DATES]][, DETAIL]
 *
 *     patient: female, born 1957-04-03
 *     condition: Diabetes mellitus type 2, active since 2012-05-01
 *     condition: Acute bronchitis, resolved, 2011-01-03 to 2011-01-20
 *     medication: Metformin 500 mg Oral Tablet, active since 2012-05-01, 1 tablet twice daily
 *     allergy: Penicillin (rash), active, high criticality
 *     2019-03-04 observation: Hemoglobin A1c 7.2 % (high)
 *     2019-03-04 observation: Blood pressure 120/80 mmHg
 *     2011-11-14 procedure: Appendectomy, for Appendicitis
 *     2011-11-21 immunization: Influenza, seasonal, injectable
 *     2011-11-14 encounter: Prenatal visit (outpatient), for Normal pregnancy
 *     2011-11-21 report: Lipid panel, 4 results
 *     2011-11-21 note: History and physical note: "Patient has never smoked."
 *     care plan: Diabetes self management plan, active since 2012-05-01, Diabetic diet; Exercise
 * therapy goal: Hemoglobin A1c < 7.0, in progress device: Implantable defibrillator, active
 *     1994-06-30 imaging: X-ray of wrist, Digital Radiography, Wrist
 *     2019-05-02 order: Colonoscopy, active
 *
 * What was (observations, procedures …) begins with its date; what lasts (conditions, medications
 * …) says its status and since when. In a prompt each line begins with its id: "[3] 2019-03-04
 * observation: …". Square brackets appear nowhere else in a line. */
#ifndef CONTEXT_FACT_H
#define CONTEXT_FACT_H

#include <stdint.h>

#include "base/buffer.h"
#include "context_measure.h"
#include "fhir/fhir_date.h"

/* The numbers of proto/consilium/v1/fact.proto. */
enum fact_kind {
    FACT_DEMOGRAPHICS = 1,
    FACT_CONDITION,
    FACT_MEDICATION,
    FACT_ALLERGY,
    FACT_OBSERVATION,
    FACT_PROCEDURE,
    FACT_IMMUNIZATION,
    FACT_ENCOUNTER,
    FACT_REPORT,
    FACT_NOTE,
    FACT_CARE_PLAN,
    FACT_DEVICE,
    FACT_IMAGING,
    FACT_OTHER,
};

#define FACT_KINDS 15

enum fact_flag {
    FACT_FLAG_NONE,
    FACT_FLAG_LOW,
    FACT_FLAG_HIGH,
    FACT_FLAG_ABNORMAL,
};

/* Bounds in bytes. A label is a name; a value may list components; a note's text is cut so that a
 * record stays a record. */
#define FACT_LABEL_BYTES_MAX 160
#define FACT_VALUE_BYTES_MAX 320
#define FACT_TEXT_BYTES_MAX (32 * 1024)

/* Numbers of one fact: a panel as one resource has a few dozen. */
#define FACT_MEASURES_MAX 64

struct fact {
    enum fact_kind kind;
    enum fact_flag flag;
    bool is_void;   /* its resource said that it was never true: no fact, kept so that an older
                       version does not come back */
    bool is_copy;   /* void only because another fact says the same: it counts when that one goes */
    bool is_active; /* of what lasts: it is so now */
    bool is_code;   /* its label is a code: the record has no words for it, and neither have we */
    struct fhir_date date, end;
    struct fhir_date updated; /* meta.lastUpdated */
    struct slice version;     /* meta.versionId */
    struct slice reference;   /* "Observation/o17" */
    struct slice path;        /* "Observation.valueQuantity" */
    struct slice noun;        /* "observation", "goal" */
    struct slice label, value, detail, status;
    struct slice codes; /* of what it names: "eI21.01 b22298006", each with the letter of its system
                           ('a' + enum code_system), between blanks */
    struct slice also;  /* references of other resources that say the same, each ended by a line's
                           end */
    struct slice who;   /* who said it: "asserter Practitioner/7"; see read_who */
    struct slice text;  /* of a note: all of it */
    const struct measure *measures; /* its numbers, in the order of the resource */
    uint32_t measures_count;
};

/* Kinds that last (they have a status and since when), in contrast to those that happened. */
bool fact_lasts(const struct fact *fact);

/* Active problems, medications, allergies, and who the patient is: what every question is asked
 * against. */
bool fact_is_standing(const struct fact *fact);

/* Oldest first, and among equals by reference, so that an order is the same everywhere. */
int fact_compare(const struct fact *a, const struct fact *b);

/* What it says, as a hash: two resources of one type that say the same thing of the same moment are
 * one fact, and so are two notes of one day with the same text. 0: has no such twin (what happened,
 * with too vague a date, may have happened twice). */
uint64_t fact_content_hash(const struct fact *fact);

/* Whether two facts of the same hash do say the same. */
bool fact_says_the_same(const struct fact *a, const struct fact *b);

/* Whether it came to be: not what was cancelled, refused, or only drafted. */
bool fact_happened(const struct fact *fact);

/* The next code of @codes (see struct fact), with the letter of its system; empty: no more. */
struct slice fact_next_code(struct slice *codes);

#endif
