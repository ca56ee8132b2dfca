/* consilium embed FILE [TEXT|-]: the vector that an encoder makes of a text, in this process; with
 * --lines of each line, with --ids of ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "consilium_engine.h"
#include "consilium_file.h"
#include "consilium_verbs.h"
#include "inference_encode.h"
#include "tokenizer_open.h"

#define INPUT_BYTES_MAX (256 * MIB)
#define TEXT_ARENA_BYTES (64 * MIB)

struct embed {
    const struct consilium *consilium;
    struct inference_encoder *encoder;
    struct inference_crew *crew;
    struct inference_encode *encode;
    struct tokenizer_vocab *vocab; /* NULL: ids are given */
    float *values;
};

/* Ids with what the model wants around them. */
static enum status read_ids(const struct embed *embed, struct slice text, struct arena *arena,
                            struct tokenizer_ids *ids, struct error *err)
{
    enum status status;

    if (embed->consilium->config.ids)
        return consilium_ids_parse(text, arena, ids, err);
    status = tokenizer_encode(embed->vocab, text, false, embed->vocab->adds_bos, arena, ids, err);
    if (status == STATUS_OK && embed->vocab->settings->adds_eos) {
        uint32_t *longer = ARENA_ARRAY(arena, uint32_t, ids->count + 1);

        if (longer == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for so many ids");
        if (ids->count > 0)
            memcpy(longer, ids->ids, ids->count * sizeof(*longer));
        longer[ids->count++] = embed->vocab->eos;
        ids->ids = longer;
    }
    return status;
}

static enum status check(const struct embed *embed, const struct tokenizer_ids *ids,
                         struct error *err)
{
    if (ids->count == 0 || ids->count > embed->encoder->context)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a text of %zu ids: 1 to %u can be",
                         ids->count, embed->encoder->context);
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->ids[i] >= embed->encoder->vocabulary)
            return error_set(err, STATUS_INVALID_ARGUMENT, "id %u is outside the vocabulary of %u",
                             ids->ids[i], embed->encoder->vocabulary);
    }
    return STATUS_OK;
}

static void print(const struct embed *embed, size_t ids)
{
    bool is_json = embed->consilium->config.json;

    if (is_json)
        printf("{\"ids\":%zu,\"embedding\":[", ids);
    for (uint32_t i = 0; i < embed->encoder->embedding; i++)
        printf("%s%.7g", i == 0 ? "" : is_json ? "," : " ", (double)embed->values[i]);
    puts(is_json ? "]}" : "");
}

static enum status run_text(struct embed *embed, struct slice text, struct error *err)
{
    struct inference_encode_text input = { .embedding = embed->values };
    struct tokenizer_ids ids = { 0 };
    struct arena arena;

    arena_init(&arena, TEXT_ARENA_BYTES);
    if (read_ids(embed, text, &arena, &ids, err) == STATUS_OK
        && check(embed, &ids, err) == STATUS_OK) {
        input.ids = ids.ids;
        input.count = (uint32_t)ids.count;
        inference_encode_run(embed->encode, &input, 1);
        if (!embed->consilium->config.raw)
            inference_encode_scale(embed->values, embed->encoder->embedding);
        print(embed, ids.count);
    }
    arena_close(&arena);
    return err->status;
}

static enum status run(struct embed *embed, struct slice text, struct error *err)
{
    if (!embed->consilium->config.lines)
        return run_text(embed, text, err);
    while (text.size > 0) {
        size_t end = slice_find_byte(text, '\n');

        if (run_text(embed, slice_cut(text, 0, end), err) != STATUS_OK)
            return err->status;
        text = slice_cut(text, end + 1, text.size);
    }
    return STATUS_OK;
}

static enum status open_all(struct embed *embed, const char *path, struct error *err)
{
    const struct consilium_config *config = &embed->consilium->config;
    struct gguf *gguf = gguf_open(path, err);

    if (gguf == NULL)
        return err->status;
    embed->encoder = inference_encoder_create(gguf, err);
    if (embed->encoder == NULL)
        return error_wrap(err, "%s", path);
    embed->crew = inference_crew_create((unsigned)config->threads, err);
    if (embed->crew == NULL)
        return err->status;
    embed->encode =
        inference_encode_create(embed->encoder, embed->crew, embed->encoder->context, err);
    embed->values = calloc(embed->encoder->embedding, sizeof(*embed->values));
    if (embed->encode == NULL || embed->values == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the run state");
    if (!config->ids)
        embed->vocab = tokenizer_open(path, err);
    return err->status;
}

static void close_all(struct embed *embed)
{
    tokenizer_vocab_destroy(embed->vocab);
    inference_encode_destroy(embed->encode);
    if (embed->crew != NULL)
        inference_crew_destroy(embed->crew);
    inference_encoder_destroy(embed->encoder);
    free(embed->values);
}

int embed_verb(struct consilium *consilium)
{
    struct embed embed = { .consilium = consilium };
    struct error err = { 0 };
    struct slice text;

    if (consilium->operands_count < 1 || consilium->operands_count > 2) {
        fputs("consilium embed: a GGUF file and a text (or - for stdin) are wanted\n", stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    text = slice_from(consilium->operands_count > 1 ? consilium->operands[1] : "-");
    if (open_all(&embed, consilium->operands[0], &err) == STATUS_OK
        && (!slice_is(text, "-")
            || file_read("-", INPUT_BYTES_MAX, &consilium->arena, &text, &err) == STATUS_OK))
        run(&embed, text, &err);
    close_all(&embed);
    if (err.status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium embed: %s\n", err.text);
    return consilium_exit_of(err.status);
}
