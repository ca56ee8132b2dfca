/* What is agreed on of a number, whatever the laboratory's range: whether it meets the target that
 * guidelines set for most adults, and of kidney function its stage. Who is treated to another
 * target has it in the record, as a goal.
 *
 *     Hemoglobin A1c 7.2 %         not below the target of 7 %          (ADA)
 *     LDL cholesterol 85 mg/dL     below the target of 100 mg/dL        (NCEP ATP III, optimal)
 *     Blood pressure 128/82 mmHg   not below the target of 130/80 mmHg  (ACC/AHA)
 *     eGFR 47 mL/min/1.73 m2       stage G3a                            (KDIGO) */
#ifndef CONTEXT_JUDGE_H
#define CONTEXT_JUDGE_H

#include "base/buffer.h"
#include "context_course.h"

/* Append ", not below the target of 7 %" for a @fact of @course, or nothing. Any thread. */
void judge_put(const struct course *course, const struct fact *fact, struct buffer *out);

#endif
