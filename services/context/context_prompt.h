/* From a record and a question to the two turns that a model is given. The gateway's answers and
 * the default model's training both come through here. */
#ifndef CONTEXT_PROMPT_H
#define CONTEXT_PROMPT_H

#include "context_merge.h"
#include "context_select.h"

/* The instruction turn, the same for every question. */
#define CONTEXT_SYSTEM                                                                             \
    "Answer from the record only. Cite each fact as [n]. If the record does not say, say so."

#define CONTEXT_CHARS_PER_TOKEN 3.0f

struct prompt_fact {
    uint32_t id; /* 1 to count, in the order of rendering */
    const struct fact *fact;
    struct slice line; /* as it stands in the prompt, without "[id] " */
};

struct prompt {
    const char *system; /* static */
    const char *user;   /* "Record:\n[1] …\n\nQuestion: …" */
    struct prompt_fact *facts;
    size_t count;
    size_t considered; /* facts that had to do with the question; @count of them had room */
};

/* A bundle's record, all of it in @arena. @parsed (may be NULL) gets the counts, @as_facts (may be
 * NULL) how many resources are facts. */
enum status context_read_bundle(struct slice bundle, struct arena *arena, struct record *record,
                                struct parsed *parsed, uint32_t *as_facts, struct error *err);

/* Choose and render the facts that bear on @question (UTF-8) in at most @budget_tokens of
 * @chars_per_token (0: the default) bytes each for the user turn. Who the patient is, active
 * problems, medications and allergies come first, then what the question asks for, oldest first.
 * INVALID_ARGUMENT: an empty question, or one that has no room in the budget. @prompt is in @arena
 * and borrows from @record. Any thread. */
enum status context_assemble(const struct record *record, struct slice question,
                             uint32_t budget_tokens, float chars_per_token, struct arena *arena,
                             struct prompt *prompt, struct error *err);

#endif
