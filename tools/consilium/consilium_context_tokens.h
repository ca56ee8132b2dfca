/* Tokens of the model in use, counted without a mesh: from its GGUF file. */
#ifndef CONSILIUM_CONTEXT_TOKENS_H
#define CONSILIUM_CONTEXT_TOKENS_H

#include "context_slice.h"

struct context_tokens; /* a vocabulary */

/* The vocabulary of the GGUF file at @path. */
struct context_tokens *context_tokens_create(const char *path, struct error *err);
void context_tokens_destroy(struct context_tokens *tokens); /* NULL is allowed */

/* Count by @tokens. */
struct slice_measure context_tokens_measure(struct context_tokens *tokens);

#endif
