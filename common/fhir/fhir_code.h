/* CodeableConcepts and quantities as the text that a person would say. Everything NULL-safe:
 * nothing gives "". */
#ifndef FHIR_CODE_H
#define FHIR_CODE_H

#include "fhir/json.h"

/* The best text of a CodeableConcept (or of a Coding): its text, else the display of the coding
 * that the user chose, else the first display, else a code. A view into the tree. */
struct slice fhir_code_text(const struct json *concept_or_coding);

/* Whether @concept (or a Coding) says in words what it is: a text or a display, no bare code. */
bool fhir_code_has_words(const struct json *concept_or_coding);

/* Whether a coding of @concept has this code. */
bool fhir_code_has(const struct json *concept, const char *code);

/* The code of the first coding that has one. */
struct slice fhir_code_first(const struct json *concept);

/* Append a label fit for a line of text: without SNOMED's "(disorder)" and LOINC's "[Mass/volume]
 * in Blood", one line, square brackets made round (a label must not look like a citation). */
void fhir_label_put(struct buffer *buffer, struct slice text);

/* Append a number with the digits that mean something: "7.2345678" is 7.2, "7.25" stays. */
void fhir_number_put(struct buffer *buffer, struct slice number);

/* Append "7.2 %", "< 5 mg/dL". */
void fhir_quantity_put(struct buffer *buffer, const struct json *quantity);

/* Append a unit as it is written on paper: "mm[Hg]" is mmHg, "{score}" nothing. */
void fhir_unit_put(struct buffer *buffer, struct slice unit);

/* Append "4 to 6 mg/dL". */
void fhir_range_put(struct buffer *buffer, const struct json *range);

/* Append "1 mg : 5 mL", "1:128". */
void fhir_ratio_put(struct buffer *buffer, const struct json *ratio);

/* Append one Dosage: its text, or "1 tablet twice daily as needed". */
void fhir_dosage_put(struct buffer *buffer, const struct json *dosage);

#endif
