/* Question: what a clinician may ask about a record, with the answer that follows from its truth
 * and the resources that prove it.
 *
 * One JSON object a line:
 * {"bundle","patient","question","kind","split","conditions","answer":[{"text","evidence":[…]}]}. An answer is a
 * list of claims, each one short sentence of a fixed form whose words, values, units and dates are
 * those of the resources it cites. What the record does not hold is answered with one claim without
 * evidence: QUESTION_UNANSWERABLE. */
#ifndef QUESTION_H
#define QUESTION_H

#include "base/buffer.h"
#include "record.h"

#define QUESTION_UNANSWERABLE "The record does not say."
#define QUESTION_CLAIMS_MAX 6

/* Append up to @count questions about @record, drawn from its chance; @file is the bundle's name.
 */
void question_write(struct record *record, const char *file, unsigned count, struct buffer *out);

#endif
