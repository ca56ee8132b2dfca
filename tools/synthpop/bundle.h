/* Bundle: a record written as a FHIR R4 Bundle of type collection, compact JSON. Entries have
 * absolute URLs and refer to each other as Type/id, which resolves against them. Any thread. */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "base/buffer.h"
#include "record.h"

/* What the letter after a patient's id says a resource is. */
#define BUNDLE_ENCOUNTER 'e'
#define BUNDLE_CONDITION 'c'
#define BUNDLE_ORDER 'm'
#define BUNDLE_MEASUREMENT 'o'
#define BUNDLE_REPORT 'r'
#define BUNDLE_ALLERGY 'a'
#define BUNDLE_OPERATION 'x'
#define BUNDLE_VACCINATION 'v'
#define BUNDLE_NOTE 'n'

/* Append the bundle of @record. */
void bundle_write(const struct record *record, struct buffer *out);

/* Append "Observation/p123-o17" for element @index of the list that @letter stands for. */
void bundle_write_reference(const struct record *record, char letter, unsigned index,
                            struct buffer *out);

/* "Emergency room admission": what a visit is called. */
const char *bundle_visit_name(enum encounter_kind kind);

#endif
