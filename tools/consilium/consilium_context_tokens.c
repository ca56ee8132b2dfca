#include "consilium_context_tokens.h"

#include "tokenizer_encode.h"

struct context_tokens *context_tokens_create(const char *path, struct error *err)
{
    struct gguf *gguf = gguf_open(path, err);
    struct tokenizer_vocab *vocab;

    if (gguf == NULL)
        return NULL;
    vocab = tokenizer_vocab_create(gguf, err);
    gguf_close(gguf);
    return (struct context_tokens *)vocab;
}

void context_tokens_destroy(struct context_tokens *tokens)
{
    if (tokens != NULL)
        tokenizer_vocab_destroy((struct tokenizer_vocab *)tokens);
}

/* A text that cannot be counted is taken for one token a byte: too much, never too little. */
static size_t count(void *arg, struct slice text)
{
    struct error err;
    size_t tokens;

    if (tokenizer_encode_count(arg, text, &tokens, &err) != STATUS_OK)
        return text.size;
    return tokens;
}

struct slice_measure context_tokens_measure(struct context_tokens *tokens)
{
    return (struct slice_measure){ .count = count, .arg = tokens };
}
