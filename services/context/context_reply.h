/* Facts, lines of a prompt and answers of the timeline as messages. All in the arena of the call;
 * false: it has no room. Any thread. */
#ifndef CONTEXT_REPLY_H
#define CONTEXT_REPLY_H

#include "consilium/v1/context.pb-c.h"
#include "context_prompt.h"
#include "context_timeline_ask.h"

/* How a caller wants a prompt's record told. */
enum prompt_form reply_form(Consilium__V1__Form form);

/* A fact by itself, and the resources that say the same. @text: its line. */
bool reply_fact(const struct fact *fact, uint32_t id, struct slice text, struct arena *arena,
                Consilium__V1__Fact *out);

/* A line, named after the first of its facts, and what it rests on besides. */
bool reply_line(const struct record *record, const struct prompt_line *line, struct arena *arena,
                Consilium__V1__Fact *out);

/* A prompt, and its lines. */
bool reply_prompt(const struct prompt *prompt, uint64_t version, struct arena *arena,
                  Consilium__V1__AssembleReply *out);

/* An answer, and the facts of its newest @items_max items. */
bool reply_answer(const struct timeline_question *question, const struct timeline_answer *answer,
                  uint32_t items_max, struct arena *arena, Consilium__V1__TimelineReply *out);

#endif
