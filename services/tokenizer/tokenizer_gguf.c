/* From metadata to parts:
 *
 *     model, pre                         read_kind
 *     tokens, scores, token_type         read_pieces
 *     merges                             read_merges
 *     bos, eos, unknown, flags           read_settings */
#include "tokenizer_gguf.h"

#include "base/check.h"
#include "tokenizer_wordpiece_gguf.h"

static enum status read_bpe_kind(struct tokenizer_settings *settings, const struct gguf *gguf,
                                 struct error *err)
{
    enum tokenizer_split split;
    struct slice pre;

    settings->kind = TOKENIZER_KIND_BPE;
    if (!gguf_get_string(gguf, "tokenizer.ggml.pre", &pre))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "the vocabulary does not name its pre-tokeniser (tokenizer.ggml.pre)");
    if (!tokenizer_split_parse(pre, &split))
        return error_set(err, STATUS_UNIMPLEMENTED, "the pre-tokeniser \"%.*s\" is not known",
                         SLICE_FORMAT(slice_cut(pre, 0, 40)));
    /* The file has no keys for these: they are properties of the family. */
    settings->split = split;
    settings->ignores_merges = split == TOKENIZER_SPLIT_LLAMA3 || split == TOKENIZER_SPLIT_O200K
                               || split == TOKENIZER_SPLIT_TEKKEN;
    settings->adds_bos = split == TOKENIZER_SPLIT_LLAMA3 || split == TOKENIZER_SPLIT_TEKKEN;
    if (split == TOKENIZER_SPLIT_QWEN2)
        settings->normal = TOKENIZER_NORMAL_NFC;
    return STATUS_OK;
}

static enum status read_kind(struct tokenizer_settings *settings, const struct gguf *gguf,
                             struct error *err)
{
    struct slice model;

    if (!gguf_get_string(gguf, "tokenizer.ggml.model", &model))
        return error_set(err, STATUS_DATA_LOSS,
                         "the file has no vocabulary (tokenizer.ggml.model)");
    if (slice_is(model, "gpt2"))
        return read_bpe_kind(settings, gguf, err);
    if (slice_is(model, "bert")) {
        tokenizer_wordpiece_gguf_settings(settings);
        return STATUS_OK;
    }
    if (!slice_is(model, "llama"))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "vocabularies of the kind \"%.*s\" are not read",
                         SLICE_FORMAT(slice_cut(model, 0, 40)));
    settings->kind = TOKENIZER_KIND_SPM;
    settings->prefix = TOKENIZER_PREFIX_EVERY;
    settings->adds_bos = true;
    return STATUS_OK;
}

/* Pieces
 * ------------------------------------------------------------------------------------------- */

/* The numbers of @key, one for each piece; no bytes where the file has none. */
static enum status read_numbers(const struct gguf *gguf, const char *key, enum gguf_type type,
                                uint64_t count, struct slice *bytes, struct error *err)
{
    *bytes = (struct slice){ 0 };
    if (!gguf_get_array_bytes(gguf, key, type, bytes))
        return STATUS_OK;
    if (bytes->size / 4 != count)
        return error_set(err, STATUS_DATA_LOSS, "%s has %zu numbers for %llu pieces", key,
                         bytes->size / 4, (unsigned long long)count);
    return STATUS_OK;
}

static enum status read_piece(struct tokenizer_parts *parts, uint32_t id, struct slice text,
                              struct slice types, struct slice scores, struct error *err)
{
    int32_t type = TOKENIZER_PIECE_NORMAL;
    float score = 0;

    if (types.size > 0)
        memcpy(&type, types.data + (size_t)id * 4, sizeof(type));
    if (scores.size > 0)
        memcpy(&score, scores.data + (size_t)id * 4, sizeof(score));
    if (type < TOKENIZER_PIECE_NORMAL || type > TOKENIZER_PIECE_BYTE)
        return error_set(err, STATUS_DATA_LOSS, "piece %u is of the unknown type %d", id, type);
    if (parts->settings.kind == TOKENIZER_KIND_WORDPIECE && type == TOKENIZER_PIECE_NORMAL
        && !tokenizer_wordpiece_gguf_piece(&text, parts->arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    return tokenizer_parts_put_piece(parts, id, text, (enum tokenizer_piece_type)type, 0, score,
                                     err);
}

/* The number of strings in @key; false when it is no array of them. */
static bool count_strings(const struct gguf *gguf, const char *key, uint64_t *count)
{
    enum gguf_type type;

    return gguf_get_array(gguf, key, &type, count) && type == GGUF_TYPE_STRING;
}

static enum status read_pieces(struct tokenizer_parts *parts, const struct gguf *gguf,
                               struct error *err)
{
    static const char key[] = "tokenizer.ggml.tokens", merges_key[] = "tokenizer.ggml.merges";
    enum status status = STATUS_OK;
    uint64_t count, merges = 0;
    struct slice text, types, scores;
    bool has_merges;
    size_t cursor = 0;

    if (!count_strings(gguf, key, &count))
        return error_set(err, STATUS_DATA_LOSS, "the file has no pieces (%s)", key);
    has_merges = count_strings(gguf, merges_key, &merges);
    if (parts->settings.kind == TOKENIZER_KIND_BPE && !has_merges)
        return error_set(err, STATUS_DATA_LOSS, "the vocabulary has no merges (%s)", merges_key);
    if (read_numbers(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, count, &types, err)
            != STATUS_OK
        || read_numbers(gguf, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, count, &scores, err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    if (parts->settings.kind == TOKENIZER_KIND_SPM)
        parts->settings.merges_by_score = scores.size > 0;
    if (parts->settings.kind == TOKENIZER_KIND_SPM && scores.size == 0 && !has_merges)
        return error_set(err, STATUS_DATA_LOSS, "the pieces have neither scores nor merges");
    status = tokenizer_parts_reserve(parts, count, merges, err);
    for (uint32_t id = 0; id < count && status == STATUS_OK; id++) {
        CHECK(gguf_next_string(gguf, key, &cursor, &text));
        status = read_piece(parts, id, text, types, scores, err);
    }
    return status;
}

/* "left right", in an alphabet in which a blank never occurs inside. */
static enum status read_merges(struct tokenizer_parts *parts, const struct gguf *gguf,
                               struct error *err)
{
    enum status status = STATUS_OK;
    struct slice text;
    size_t cursor = 0;

    if (parts->settings.merges_by_score)
        return STATUS_OK;
    while (status == STATUS_OK && gguf_next_string(gguf, "tokenizer.ggml.merges", &cursor, &text)) {
        size_t blank = slice_find_byte(text, ' ');

        status = tokenizer_parts_put_merge(parts, slice_cut(text, 0, blank),
                                           slice_cut(text, blank + 1, text.size), err);
    }
    return status;
}

/* Settings
 * ----------------------------------------------------------------------------------------- */

static enum status read_id(const struct tokenizer_parts *parts, const struct gguf *gguf,
                           const char *key, uint32_t *id, struct error *err)
{
    uint64_t value;

    if (!gguf_get_u64(gguf, key, &value) || value == TOKENIZER_NO_ID)
        return STATUS_OK;
    if (value >= parts->size)
        return error_set(err, STATUS_DATA_LOSS, "%s is %llu, but the vocabulary has %u pieces", key,
                         (unsigned long long)value, parts->size);
    *id = (uint32_t)value;
    return STATUS_OK;
}

static enum status read_settings(struct tokenizer_parts *parts, struct gguf *gguf,
                                 struct error *err)
{
    struct tokenizer_settings *settings = &parts->settings;
    bool has_prefix = settings->prefix != TOKENIZER_PREFIX_NONE;

    if (read_id(parts, gguf, "tokenizer.ggml.bos_token_id", &settings->bos, err) != STATUS_OK
        || read_id(parts, gguf, "tokenizer.ggml.eos_token_id", &settings->eos, err) != STATUS_OK
        || read_id(parts, gguf, "tokenizer.ggml.padding_token_id", &settings->pad, err) != STATUS_OK
        || read_id(parts, gguf, "tokenizer.ggml.unknown_token_id", &settings->unknown, err)
               != STATUS_OK
        || read_id(parts, gguf, "tokenizer.ggml.cls_token_id", &settings->cls, err) != STATUS_OK
        || read_id(parts, gguf, "tokenizer.ggml.seperator_token_id", &settings->sep, err)
               != STATUS_OK
        || read_id(parts, gguf, "tokenizer.ggml.mask_token_id", &settings->mask, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    gguf_get_bool(gguf, "tokenizer.ggml.add_bos_token", &settings->adds_bos);
    gguf_get_bool(gguf, "tokenizer.ggml.add_eos_token", &settings->adds_eos);
    gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &has_prefix);
    if (settings->kind == TOKENIZER_KIND_WORDPIECE
        && tokenizer_wordpiece_gguf_frame(settings, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    if (settings->kind == TOKENIZER_KIND_SPM && !has_prefix)
        settings->prefix = TOKENIZER_PREFIX_NONE;
    if (gguf_get_string(gguf, "tokenizer.chat_template", &parts->chat_template)) {
        parts->chat_template = arena_copy(parts->arena, parts->chat_template);
        if (parts->chat_template.data == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    }
    memcpy(parts->digest, gguf_digest(gguf), sizeof(parts->digest));
    return STATUS_OK;
}

enum status tokenizer_gguf_read(struct gguf *gguf, struct tokenizer_parts *parts, struct error *err)
{
    enum status status = read_kind(&parts->settings, gguf, err);

    if (status == STATUS_OK)
        status = read_pieces(parts, gguf, err);
    if (status == STATUS_OK)
        status = read_merges(parts, gguf, err);
    return status == STATUS_OK ? read_settings(parts, gguf, err) : status;
}
