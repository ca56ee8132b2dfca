/* What was found for a question, as sentences that can be taken over: behind the question, in the
 * prompt, once more what of the record answers it, told the way the timeline tells it, and behind
 * "More:" what else bears on it.
 *
 *     Found:
 *     Hemoglobin A1c was 7.2 % on 2026-11-03, high, not below the target of 7 % [9].
 *
 *     Found:
 *     Hemoglobin A1c rose from 7.0 % on 2025-11-02 to 7.2 % on 2026-11-03 [8][9].
 *     More:
 *     Hemoglobin A1c was 7.2 % on 2026-11-03, high, not below the target of 7 % [9].
 *
 *     Found:
 *     Hypertension, active since 2019-05-24 [2].
 *     More:
 *     Acute bronchitis, resolved, 2011-01-03 to 2011-01-20 [4].
 *
 *     Found:
 *     nothing
 *
 * Interactions, kidney limits and late screenings are told as context_found_safety.h says.
 *
 * No language model has a part in it: context_ask.h says what bears, context_intent.h which of it
 * is wanted, dates, decimals and context_judge.h say the rest. Only facts that have a line in the
 * prompt are told, each with that line's id. */
#ifndef CONTEXT_FOUND_H
#define CONTEXT_FOUND_H

#include "context_prompt.h"

/* Append "Found:\n" and a line for each thing, at most @bytes_max; of each section what has no room
 * is counted in a last line. Nothing is appended where the question could not be read as one about
 * something. Any thread. */
void context_found(const struct prompt *prompt, const struct courses *courses,
                   struct slice question, size_t bytes_max, struct arena *arena,
                   struct buffer *out);

#endif
