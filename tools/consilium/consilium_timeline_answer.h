/* An answer of the timeline, for scripts and for people. */
#ifndef CONSILIUM_TIMELINE_ANSWER_H
#define CONSILIUM_TIMELINE_ANSWER_H

#include "base/buffer.h"
#include "context_timeline_ask.h"

/* One JSON object and a line's end. @text is the question as it was asked. */
void timeline_answer_put_json(struct buffer *out, struct slice text,
                              const struct timeline_question *question,
                              const struct timeline_answer *answer);

/* Lines: what was asked, then each fact with its date and reference. */
void timeline_answer_put_text(struct buffer *out, struct slice text,
                              const struct timeline_question *question,
                              const struct timeline_answer *answer);

#endif
