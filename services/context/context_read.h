/* One resource of a type becomes one fact: the readers, one for each type. Shared by the
 * context_read_*.c files and context_parse.c only. */
#ifndef CONTEXT_READ_H
#define CONTEXT_READ_H

#include "context_fact.h"
#include "context_name.h"
#include "fhir/fhir_code.h"
#include "fhir/fhir_resource.h"

/* Reasons that were looked up lately. */
#define READ_REASONS 64

struct reading {
    const struct fhir_bundle *bundle; /* the resources so far */
    const struct json *json;          /* the resource */
    struct slice type;
    struct arena *arena;
    struct arena again;    /* resources that are read again: a reference names them */
    struct buffer scratch; /* reused for each piece of text */
    struct names names;
    struct fact *fact; /* zeroed; filled by the reader */
    bool is_early;     /* a reference names what is not there so far */
    struct {
        size_t index; /* of the resource, + 1 */
        struct slice text;
    } reasons[READ_REASONS];
};

/* Fill reading->fact. The result is NULL, or the reason why there is no fact. */
typedef const char *(*read_resource)(struct reading *reading);

/* The reader of resources of @type, or NULL. */
read_resource read_find(struct slice type);

/* What is known and what happened (context_read_clinical.c). */
const char *read_patient(struct reading *reading);
const char *read_condition(struct reading *reading);
const char *read_allergy(struct reading *reading);
const char *read_procedure(struct reading *reading);
const char *read_immunization(struct reading *reading);
const char *read_encounter(struct reading *reading);

/* What is taken (context_read_medication.c). */
const char *read_medication(struct reading *reading);

/* What is planned and what stays (context_read_plan.c). */
const char *read_care_plan(struct reading *reading);
const char *read_goal(struct reading *reading);
const char *read_device(struct reading *reading);
const char *read_device_use(struct reading *reading);
const char *read_imaging(struct reading *reading);

/* What is measured or written (context_read_result.c). */
const char *read_observation(struct reading *reading);
const char *read_report(struct reading *reading);
const char *read_document(struct reading *reading);

/* What relatives had, what may come, and how others judged it (context_read_history.c). */
const char *read_family(struct reading *reading);
const char *read_risk(struct reading *reading);
const char *read_impression(struct reading *reading);
const char *read_adverse_event(struct reading *reading);
const char *read_diet(struct reading *reading);

/* Everything else (context_read_other.c): types that say one thing with a code and a date; answers;
 * documents of sections; and any other resource that speaks of the patient, by what its members
 * say. */
const char *read_other(struct reading *reading);
const char *read_answers(struct reading *reading);
const char *read_composition(struct reading *reading);
const char *read_any(struct reading *reading);

/* Add to fact->detail what the resource says besides (context_read_more.c): once its reader is
 * through. */
void read_more(struct reading *reading);

/* The numbers of an observation into fact->measures, and the flag that follows from them and from
 * what the record says itself (context_read_measure.c). */
void read_measures(struct reading *reading);
enum fact_flag read_flag(struct reading *reading);

/* fact->who from the first of the named members that is there: the member's name and whom it refers
 * to, "asserter Practitioner/7". Never a name of a person. */
void read_who(struct reading *reading, const char *const *members);

/* Whether @word is one of @words, which end with NULL. */
bool read_is_one_of(struct slice word, const char *const *words);

/* NULL, or the reason why @fact says nothing that could be cited: it has no name for its thing. */
const char *read_needs_label(const struct fact *fact);

/* "ServiceRequest.code". */
struct slice read_path(struct reading *reading, const char *member);

/* Append @text as valid UTF-8 without control characters; of markup only what stands between tags.
 */
void read_clean(struct buffer *buffer, struct slice text, bool is_markup);

/* Begin a piece of text in the scratch buffer, and take it as a slice of at most @bytes_max in the
 * arena. */
struct buffer *read_begin(struct reading *reading);
struct slice read_end(struct reading *reading, size_t bytes_max);

/* The label of the CodeableConcept that the fact is about; its codes become the fact's. */
struct slice read_name(struct reading *reading, const struct json *concept);

/* The label of a CodeableConcept. */
struct slice read_label(struct reading *reading, const struct json *concept);

/* The first of the named members that is a date; a Period's start counts for "xPeriod" and its end
 * is put in fact->end. */
void read_dates(struct reading *reading, const char *const *names);

/* @text, that comes again and again, cleaned for a line. */
struct slice read_word(struct reading *reading, struct slice text);

/* Add "@before TEXT" to a piece of text, behind a comma where something stands; nothing for no
 * text. */
void read_put(struct buffer *buffer, const char *before, struct slice text);

/* "says the patient" where fact->who says that it was the patient or somebody near, not staff; else
 * nothing. */
struct slice read_reporter(const struct fact *fact);

/* The text of the first of @concepts, one CodeableConcept or several. */
struct slice read_first_text(const struct json *concepts);

/* The resource that @reference names, inside the one that is read or in the bundle; its tree holds
 * until the next resource. NULL: nothing, or not yet. */
const struct json *read_target(struct reading *reading, const struct json *reference);

/* "for X": the reasonCode, or what the reasonReference names. */
struct slice read_reason(struct reading *reading);

#endif
