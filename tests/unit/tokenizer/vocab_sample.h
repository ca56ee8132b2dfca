/* A small byte-level vocabulary: the 256 bytes (id = byte), three merges, and control pieces. */
#ifndef VOCAB_SAMPLE_H
#define VOCAB_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "gguf/gguf_write.h"
#include "tokenizer_vocab.h"

enum {
    VOCAB_SAMPLE_AB = 256,
    VOCAB_SAMPLE_BC,
    VOCAB_SAMPLE_ABC,
    VOCAB_SAMPLE_IM_START,
    VOCAB_SAMPLE_IM_END,
    VOCAB_SAMPLE_END,
    VOCAB_SAMPLE_SIZE,
};

/* GPT-2's way of writing a byte as a character. */
static inline uint32_t vocab_sample_mask(unsigned byte)
{
    uint32_t hidden = 0x100;

    for (unsigned i = 0; i <= byte; i++) {
        int is_shown = (i >= '!' && i <= '~') || (i >= 0xA1 && i <= 0xAC) || i >= 0xAE;

        if (i == byte)
            return is_shown ? i : hidden;
        hidden += !is_shown;
    }
    return 0;
}

/* The metadata of such a vocabulary; @pre and @chat_template may be NULL. */
static inline void vocab_sample_write(struct gguf_write *write, const char *pre,
                                      const char *chat_template)
{
    static const char *const others[] = { "ab",           "bc",         "abc",
                                          "<|im_start|>", "<|im_end|>", "<|endoftext|>" };
    const struct slice merges[] = { SLICE("a b"), SLICE("b c"), SLICE("ab c") };
    struct slice pieces[VOCAB_SAMPLE_SIZE];
    int32_t types[VOCAB_SAMPLE_SIZE];
    static char bytes[256][4];

    for (unsigned i = 0; i < VOCAB_SAMPLE_SIZE; i++) {
        types[i] = i >= VOCAB_SAMPLE_IM_START ? 3 : 1;
        pieces[i] = i < 256 ? slice_of(bytes[i], utf8_encode(vocab_sample_mask(i), bytes[i]))
                            : slice_from(others[i - 256]);
    }
    gguf_write_string(write, "tokenizer.ggml.model", SLICE("gpt2"));
    if (pre != NULL)
        gguf_write_string(write, "tokenizer.ggml.pre", slice_from(pre));
    if (chat_template != NULL)
        gguf_write_string(write, "tokenizer.chat_template", slice_from(chat_template));
    gguf_write_strings(write, "tokenizer.ggml.tokens", pieces, VOCAB_SAMPLE_SIZE);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, VOCAB_SAMPLE_SIZE);
    gguf_write_strings(write, "tokenizer.ggml.merges", merges, 3);
    gguf_write_u32(write, "tokenizer.ggml.eos_token_id", VOCAB_SAMPLE_END);
}

static inline struct tokenizer_vocab *
vocab_sample_create(const char *pre, const char *chat_template, struct error *err)
{
    size_t size;
    char *bytes;
    FILE *stream = open_memstream(&bytes, &size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);
    struct tokenizer_vocab *vocab;
    struct gguf *gguf;

    vocab_sample_write(write, pre, chat_template);
    gguf_write_finish(write, NULL);
    fclose(stream);
    gguf = gguf_open_bytes(slice_of(bytes, size), err);
    vocab = gguf == NULL ? NULL : tokenizer_vocab_create(gguf, err);
    gguf_close(gguf);
    free(bytes);
    return vocab;
}

static inline struct tokenizer_vocab *vocab_sample_bpe(const char *pre)
{
    return vocab_sample_create(pre, NULL, NULL);
}

#endif
