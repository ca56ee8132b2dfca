#include "tokenizer_vocab.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/limits.h"
#include "tokenizer_compile.h"
#include "tokenizer_gguf.h"
#include "tokenizer_state.h"

#define PARTS_BYTES_MAX (2048 * MIB)
#define TYPES_USER (1u << TOKENIZER_PIECE_USER)
#define TYPES_ANY (TYPES_USER | 1u << TOKENIZER_PIECE_CONTROL)

struct slice tokenizer_vocab_piece(const struct tokenizer_vocab *vocab, uint32_t id)
{
    CHECK(id < vocab->size);
    return tokenizer_tables_piece(&vocab->state->tables, id);
}

enum tokenizer_piece_type tokenizer_vocab_type(const struct tokenizer_vocab *vocab, uint32_t id)
{
    CHECK(id < vocab->size);
    return (enum tokenizer_piece_type)tokenizer_tables_type(&vocab->state->tables, id);
}

unsigned tokenizer_vocab_flags(const struct tokenizer_vocab *vocab, uint32_t id)
{
    CHECK(id < vocab->size);
    return vocab->state->tables.flags[id];
}

uint32_t tokenizer_vocab_find(const struct tokenizer_vocab *vocab, struct slice text)
{
    return tokenizer_tables_find(&vocab->state->tables, text);
}

uint32_t tokenizer_vocab_find_special(const struct tokenizer_vocab *vocab, struct slice text,
                                      unsigned types, size_t *size)
{
    uint32_t id = tokenizer_special_at(&vocab->state->tables, text, types);

    *size = id == TOKENIZER_NO_ID ? 0 : tokenizer_vocab_piece(vocab, id).size;
    return id;
}

void tokenizer_vocab_forget(const struct tokenizer_vocab *vocab)
{
    tokenizer_pool_clear(&vocab->state->pool);
}

/* From an image to a vocabulary
 * -------------------------------------------------------------------- */

static void release_image(const struct tokenizer_image *image, size_t mapped_bytes)
{
    if (mapped_bytes > 0)
        munmap((void *)(uintptr_t)image, mapped_bytes);
    else
        free((void *)(uintptr_t)image);
}

static void take_settings(struct tokenizer_vocab *vocab, const struct tokenizer_image *image)
{
    const struct tokenizer_settings *settings = &image->settings;

    vocab->kind = (enum tokenizer_kind)settings->kind;
    vocab->size = image->pieces_count;
    vocab->bos = settings->bos;
    vocab->eos = settings->eos;
    vocab->unknown = settings->unknown;
    vocab->adds_bos = settings->adds_bos;
    vocab->adds_space_prefix = settings->prefix != TOKENIZER_PREFIX_NONE;
    vocab->settings = settings;
    vocab->chat_template = slice_of(tokenizer_image_section(image, TOKENIZER_SECTION_TEMPLATE),
                                    image->sections[TOKENIZER_SECTION_TEMPLATE].size);
    vocab->digest = image->digest;
}

struct tokenizer_vocab *tokenizer_vocab_open_image(const struct tokenizer_image *image,
                                                   size_t mapped_bytes, struct error *err)
{
    struct tokenizer_vocab *vocab = calloc(1, sizeof(*vocab));
    struct tokenizer_state *state = calloc(1, sizeof(*state));

    if (vocab == NULL || state == NULL) {
        free(vocab);
        free(state);
        release_image(image, mapped_bytes);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
        return NULL;
    }
    state->image = image;
    state->mapped_bytes = mapped_bytes;
    tokenizer_tables_init(&state->tables, image);
    tokenizer_special_init(&state->user, &state->tables, TYPES_USER);
    tokenizer_special_init(&state->any, &state->tables, TYPES_ANY);
    tokenizer_pool_init(&state->pool);
    vocab->state = state;
    take_settings(vocab, image);
    return vocab;
}

struct tokenizer_vocab *tokenizer_vocab_build(struct tokenizer_parts *parts, struct slice words,
                                              struct error *err)
{
    struct tokenizer_image *image = tokenizer_compile(parts, words, err);

    return image == NULL ? NULL : tokenizer_vocab_open_image(image, 0, err);
}

struct tokenizer_vocab *tokenizer_vocab_create(struct gguf *gguf, struct error *err)
{
    struct tokenizer_vocab *vocab = NULL;
    struct tokenizer_parts parts;
    struct arena arena;

    arena_init(&arena, PARTS_BYTES_MAX);
    tokenizer_parts_init(&parts, &arena);
    if (tokenizer_gguf_read(gguf, &parts, err) == STATUS_OK)
        vocab = tokenizer_vocab_build(&parts, (struct slice){ 0 }, err);
    arena_close(&arena);
    return vocab;
}

void tokenizer_vocab_destroy(struct tokenizer_vocab *vocab)
{
    if (vocab == NULL)
        return;
    tokenizer_pool_close(&vocab->state->pool);
    release_image(vocab->state->image, vocab->state->mapped_bytes);
    free(vocab->state);
    free(vocab);
}
