#include "model_file.h"

#include <stdio.h>

#include "gguf/gguf_write.h"

static const char chat_template[] =
    "{% for message in messages %}" MODEL_TURN_START
    "{{ message['role'] }}\n{{ message['content'] }}" MODEL_TURN_END "\n"
    "{% endfor %}{% if add_generation_prompt %}" MODEL_TURN_START "assistant\n{% endif %}";

static uint32_t find(const struct vocabulary *v, const char *piece)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (slice_is(v->pieces[i], piece))
            return i;
    return 0;
}

/* An answer ends with the end of the turn, so that is the model's end of sequence. */
static void put_vocabulary(struct gguf_write *write, const struct vocabulary *v)
{
    gguf_write_string(write, "tokenizer.ggml.model", SLICE("llama"));
    gguf_write_string(write, "tokenizer.ggml.pre", SLICE("default"));
    gguf_write_strings(write, "tokenizer.ggml.tokens", v->pieces, v->count);
    gguf_write_array(write, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, v->scores, v->count);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, v->kinds, v->count);
    gguf_write_u32(write, "tokenizer.ggml.unknown_token_id", find(v, "<unk>"));
    gguf_write_u32(write, "tokenizer.ggml.bos_token_id", find(v, "<s>"));
    gguf_write_u32(write, "tokenizer.ggml.eos_token_id", find(v, MODEL_TURN_END));
    gguf_write_bool(write, "tokenizer.ggml.add_bos_token", false);
    gguf_write_bool(write, "tokenizer.ggml.add_eos_token", false);
    gguf_write_bool(write, "tokenizer.ggml.add_space_prefix", false);
    gguf_write_string(write, "tokenizer.chat_template", slice_from(chat_template));
}

enum status model_file_write_vocabulary(const char *path, const struct vocabulary *vocabulary,
                                        struct error *err)
{
    struct gguf_write *write = gguf_write_start(path, err);

    if (write == NULL)
        return err == NULL ? STATUS_UNAVAILABLE : err->status;
    gguf_write_string(write, "general.architecture", SLICE("llama"));
    gguf_write_string(write, "general.name", SLICE("vocabulary"));
    put_vocabulary(write, vocabulary);
    return gguf_write_finish(write, err);
}

/* ---- reading a vocabulary back, to put it beside weights ---- */

static enum status read_vocabulary(const struct gguf *gguf, struct arena *arena,
                                   struct vocabulary *v, struct error *err)
{
    enum gguf_type type;
    uint64_t count;
    size_t cursor = 0;
    struct slice scores, kinds;

    if (!gguf_get_array(gguf, "tokenizer.ggml.tokens", &type, &count) || type != GGUF_TYPE_STRING
        || count > SHAPE_VOCABULARY_MAX
        || !gguf_get_array_bytes(gguf, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, &scores)
        || scores.size != 4 * count
        || !gguf_get_array_bytes(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, &kinds)
        || kinds.size != 4 * count)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no vocabulary with scores and types");
    *v = (struct vocabulary){ ARENA_ARRAY(arena, struct slice, count),
                              ARENA_ARRAY(arena, float, count), ARENA_ARRAY(arena, int32_t, count),
                              (uint32_t)count };
    if (v->pieces == NULL || v->scores == NULL || v->kinds == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %llu pieces",
                         (unsigned long long)count);
    for (uint64_t i = 0; gguf_next_string(gguf, "tokenizer.ggml.tokens", &cursor, &v->pieces[i]);
         i++)
        ;
    memcpy(v->scores, scores.data, scores.size);
    memcpy(v->kinds, kinds.data, kinds.size);
    return STATUS_OK;
}

/* ---- weights ---- */

static const struct {
    const char *word;
    enum gguf_tensor_type tensor;
    uint32_t file_type; /* general.file_type, llama.cpp's numbers */
} types[] = {
    [MODEL_FILE_TYPE_F32] = { "f32", GGUF_TENSOR_TYPE_F32, 0 },
    [MODEL_FILE_TYPE_F16] = { "f16", GGUF_TENSOR_TYPE_F16, 1 },
    [MODEL_FILE_TYPE_Q8_0] = { "q8_0", GGUF_TENSOR_TYPE_Q8_0, 7 },
};

bool model_file_type_parse(const char *word, enum model_file_type *type)
{
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(word, types[i].word) == 0) {
            *type = (enum model_file_type)i;
            return true;
        }
    return false;
}

static void put(struct model_tensor *list, size_t *count, const char *name, int layer,
                const float *values, uint64_t columns, uint64_t rows)
{
    struct model_tensor *tensor = &list[(*count)++];

    *tensor = (struct model_tensor){
        .values = values, .columns = columns, .rows = rows, .is_norm = rows == 1
    };
    if (layer < 0)
        snprintf(tensor->name, sizeof(tensor->name), "%s.weight", name);
    else
        snprintf(tensor->name, sizeof(tensor->name), "blk.%d.%s.weight", layer, name);
}

size_t model_file_tensors(const struct weights *w, struct model_tensor *list)
{
    const struct shape *s = &w->shape;
    size_t count = 0, d = s->width, keys = (size_t)s->kv_heads * shape_head_size(s);

    put(list, &count, "token_embd", -1, w->embedding, d, s->vocabulary_size);
    for (int i = 0; i < (int)s->layers; i++) {
        const struct layer_weights *layer = &w->layers[i];

        put(list, &count, "attn_norm", i, layer->attention_norm, d, 1);
        put(list, &count, "attn_q", i, layer->qkv, d, d);
        put(list, &count, "attn_k", i, layer->qkv + d * d, d, keys);
        put(list, &count, "attn_v", i, layer->qkv + (d + keys) * d, d, keys);
        put(list, &count, "attn_output", i, layer->output, d, d);
        put(list, &count, "ffn_norm", i, layer->ffn_norm, d, 1);
        put(list, &count, "ffn_gate", i, layer->gate_up, d, s->ffn);
        put(list, &count, "ffn_up", i, layer->gate_up + (size_t)s->ffn * d, d, s->ffn);
        put(list, &count, "ffn_down", i, layer->down, s->ffn, d);
    }
    put(list, &count, "output_norm", -1, w->output_norm, d, 1);
    return count;
}

static void put_tensors(struct gguf_write *write, const struct weights *weights,
                        enum gguf_tensor_type type)
{
    struct model_tensor list[MODEL_TENSORS_MAX];
    size_t count = model_file_tensors(weights, list);

    for (size_t i = 0; i < count; i++) {
        uint64_t dimensions[2] = { list[i].columns, list[i].rows };

        gguf_write_tensor(write, list[i].name, list[i].is_norm ? GGUF_TENSOR_TYPE_F32 : type,
                          list[i].is_norm ? 1 : 2, dimensions);
    }
    for (size_t i = 0; i < count; i++)
        gguf_write_floats(write, list[i].values, list[i].columns * list[i].rows);
}

static void put_shape(struct gguf_write *write, const struct shape *s)
{
    gguf_write_u32(write, "llama.vocab_size", s->vocabulary_size);
    gguf_write_u32(write, "llama.context_length", s->context);
    gguf_write_u32(write, "llama.embedding_length", s->width);
    gguf_write_u32(write, "llama.block_count", s->layers);
    gguf_write_u32(write, "llama.feed_forward_length", s->ffn);
    gguf_write_u32(write, "llama.rope.dimension_count", shape_head_size(s));
    gguf_write_f32(write, "llama.rope.freq_base", s->rope_base);
    gguf_write_u32(write, "llama.attention.head_count", s->heads);
    gguf_write_u32(write, "llama.attention.head_count_kv", s->kv_heads);
    gguf_write_f32(write, "llama.attention.layer_norm_rms_epsilon", s->norm_epsilon);
}

static enum status write_all(const char *path, const struct weights *weights,
                             const struct vocabulary *vocabulary,
                             const struct model_file_about *about, struct error *err)
{
    struct gguf_write *write = gguf_write_start(path, err);

    if (write == NULL)
        return err == NULL ? STATUS_UNAVAILABLE : err->status;
    gguf_write_string(write, "general.architecture", SLICE("llama"));
    gguf_write_string(write, "general.type", SLICE("model"));
    gguf_write_string(write, "general.name", slice_from(about->name));
    gguf_write_string(write, "general.license", SLICE("apache-2.0"));
    gguf_write_string(write, "general.description", slice_from(about->description));
    gguf_write_u32(write, "general.file_type", types[about->type].file_type);
    gguf_write_u32(write, "general.quantization_version", 2);
    put_shape(write, &weights->shape);
    put_vocabulary(write, vocabulary);
    put_tensors(write, weights, types[about->type].tensor);
    return gguf_write_finish(write, err);
}

enum status model_file_write(const char *path, const struct weights *weights,
                             const char *vocabulary_path, const struct model_file_about *about,
                             struct arena *arena, struct error *err)
{
    struct gguf *gguf = gguf_open(vocabulary_path, err);
    struct vocabulary vocabulary;
    enum status status;

    if (gguf == NULL)
        return err == NULL ? STATUS_NOT_FOUND : err->status;
    status = read_vocabulary(gguf, arena, &vocabulary, err);
    if (status == STATUS_OK && vocabulary.count != weights->shape.vocabulary_size)
        status = error_set(err, STATUS_INVALID_ARGUMENT, "%s has %u pieces, the model has %u",
                           vocabulary_path, vocabulary.count, weights->shape.vocabulary_size);
    if (status == STATUS_OK)
        status = write_all(path, weights, &vocabulary, about, err);
    gguf_close(gguf);
    return status;
}
