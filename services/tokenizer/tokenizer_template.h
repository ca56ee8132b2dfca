/* Chat templates: the turns of a conversation as the model was trained to read them. The template
 * is the Jinja source that came with the vocabulary, rendered as Hugging Face transformers does
 * (common/jinja), with what the template wrote as trusted text and what the turns, tools and
 * variables brought as text that never becomes a control piece. */
#ifndef TOKENIZER_TEMPLATE_H
#define TOKENIZER_TEMPLATE_H

#include "tokenizer_encode.h"

#define TOKENIZER_TURNS_MAX 256
#define TOKENIZER_STOPS_MAX 4

struct tokenizer_turn {
    struct slice role;    /* "system", "developer", "user", "assistant", "tool" */
    struct slice content; /* text, never control pieces */
    /* Empty where there is none: */
    struct slice name, reasoning, tool_call_id;
    struct slice tool_calls; /* a JSON array */
};

struct tokenizer_chat {
    const struct tokenizer_turn *turns;
    size_t turns_count;
    struct slice
        messages;       /* in place of turns: a JSON array of messages as OpenAI's API has them */
    struct slice tools; /* a JSON array; empty: none */
    struct slice variables; /* a JSON object of what else the template asks for ("enable_thinking");
                               empty: none */
    bool has_generation_prompt;
    int64_t now; /* seconds since 1970: templates write dates */
};

struct jinja_node;

struct tokenizer_template {
    const struct jinja_node *root; /* NULL: there is none, or it cannot be read; then … */
    struct error failure;          /* … this is what each apply answers */
    uint32_t stop_ids[TOKENIZER_STOPS_MAX]; /* what ends the assistant's turn */
    unsigned stops_count;
    struct arena arena; /* of the tree */
};

/* Read the vocabulary's template, and find what ends the assistant's turn: the end of text, and the
 * special piece that the template writes behind what the assistant said. Does not fail: what cannot
 * be used is told by each apply. */
void tokenizer_template_init(struct tokenizer_template *template,
                             const struct tokenizer_vocab *vocab);

/* A template that is all zero is closed. */
void tokenizer_template_close(struct tokenizer_template *template);

/* @chat as text; spans and texts are in @arena. FAILED_PRECONDITION: no template in the file, or it
 * refuses such turns; UNIMPLEMENTED: a construct of the template that is not supported (named);
 * INVALID_ARGUMENT: an unknown role, no turns or too many, JSON that is none or is of another
 * shape; RESOURCE_EXHAUSTED. Any thread. */
enum status tokenizer_template_render(const struct tokenizer_template *template,
                                      const struct tokenizer_vocab *vocab,
                                      const struct tokenizer_chat *chat, struct arena *arena,
                                      struct tokenizer_span **spans, size_t *spans_count,
                                      struct error *err);

/* The same to ids. */
enum status tokenizer_template_apply(const struct tokenizer_template *template,
                                     const struct tokenizer_vocab *vocab,
                                     const struct tokenizer_chat *chat, struct arena *arena,
                                     struct tokenizer_ids *ids, struct error *err);

#endif
