/* Chat templates: the turns of a conversation as the model was trained to read them. The family is
 * recognised from the Jinja source in tokenizer.chat_template; what is not recognised, or does more
 * than its family (dates, tools put in by default, a system text of its own), is refused by name
 * and never guessed at. */
#ifndef TOKENIZER_TEMPLATE_H
#define TOKENIZER_TEMPLATE_H

#include "tokenizer_encode.h"

#define TOKENIZER_TURNS_MAX 256
#define TOKENIZER_STOPS_MAX 4

struct tokenizer_turn {
    struct slice role;    /* "system", "user", "assistant" */
    struct slice content; /* text, never control pieces */
};

struct tokenizer_template {
    const char *
        name; /* "chatml", …; "" when the vocabulary has no template or one that is not supported */
    const struct tokenizer_family *family; /* NULL likewise */
    bool has_bos;
    bool needs_system;                      /* the template would put in a system text of its own */
    uint32_t stop_ids[TOKENIZER_STOPS_MAX]; /* what ends the assistant's turn */
    unsigned stops_count;
    struct error failure; /* what tokenizer_template_apply answers when family is NULL */
};

/* Look at the vocabulary's template. Does not fail: what cannot be used is told by each apply. */
void tokenizer_template_init(struct tokenizer_template *template,
                             const struct tokenizer_vocab *vocab);

/* @turns to ids. FAILED_PRECONDITION: no template in the file, or it lacks a place for such turns;
 * UNIMPLEMENTED: a template or construct that is not supported (named); INVALID_ARGUMENT: an
 * unknown role, no turns, too many. Any thread. */
enum status tokenizer_template_apply(const struct tokenizer_template *template,
                                     const struct tokenizer_vocab *vocab,
                                     const struct tokenizer_turn *turns, size_t turns_count,
                                     bool has_generation_prompt, struct arena *arena,
                                     struct tokenizer_ids *ids, struct error *err);

#endif
