/* From a record and a question to the two turns that a model is given. The gateway's answers and
 * the default model's training both come through here. */
#ifndef CONTEXT_PROMPT_H
#define CONTEXT_PROMPT_H

#include "context_merge.h"
#include "context_slice.h"

/* The instruction turn, the same for every question. */
#define CONTEXT_SYSTEM                                                                             \
    "Answer from the record only. Cite each fact as [n]. If the record does not say, say so."

#define CONTEXT_CHARS_PER_TOKEN 3.0f

/* How the slice is told. */
enum prompt_form {
    PROMPT_FORM_FACTS,   /* a line a fact (context_fact.h) */
    PROMPT_FORM_COURSES, /* a line a course (context_slice.h): several times as much in as many
                            tokens */
    PROMPT_FORM_FOUND,   /* a line a fact, and behind the question what was found for it
                            (context_found.h): what the default model is trained on */
};

struct prompt_line {
    uint32_t id;           /* 1 to count, in the order of rendering */
    struct slice text;     /* as it stands in the prompt, without "[id] " */
    const uint32_t *facts; /* that it cites, the one that it is named after first: indices in the
                              record */
    uint32_t facts_count;
    uint32_t told; /* the first of them: those whose value or date the line tells; the others it
                      only counts in */
    bool bears;    /* on the question: evidence. Other lines are what one should know with it */
};

struct prompt {
    const char *system; /* static */
    const char *user; /* "Record:\n[1] …\n\nQuestion: …", of PROMPT_FORM_FOUND then "\nFound:\n…" */
    size_t record_size; /* of it, the bytes up to the question */
    size_t found_bytes_max;
    const struct record *record;
    struct prompt_line *lines;
    size_t count;
    size_t considered; /* facts of the courses that bear on the question or have a line */
};

/* What is asked of a record. */
struct prompt_request {
    struct slice question; /* UTF-8 */
    uint32_t budget_tokens;
    float chars_per_token; /* 0: CONTEXT_CHARS_PER_TOKEN */
    enum prompt_form form;
    struct rank_nearness near; /* none: no model that embeds is used */
};

/* A bundle's record, all of it in @arena. @parsed (may be NULL) gets the counts, @as_facts (may be
 * NULL) how many resources are facts. */
enum status context_read_bundle(struct slice bundle, struct arena *arena, struct record *record,
                                struct parsed *parsed, uint32_t *as_facts, struct error *err);

/* The user turn of @prompt, whose form is @form, for another @question on the same lines: training
 * asks many on one rendering. {NULL, 0}: no room. */
struct slice context_ask_again(const struct prompt *prompt, const struct courses *courses,
                               struct slice question, enum prompt_form form, struct arena *arena);

/* Choose and render what bears on the question in at most budget_tokens of chars_per_token bytes
 * each for the user turn. Who the patient is, active problems, medications and allergies come
 * first, then what the question asks for; facts are told oldest first. INVALID_ARGUMENT: an empty
 * question, or one that has no room in the budget. @prompt is in @arena and borrows from @record.
 * Any thread. */
enum status context_assemble(const struct record *record, const struct courses *courses,
                             const struct prompt_request *request, struct arena *arena,
                             struct prompt *prompt, struct error *err);

#endif
