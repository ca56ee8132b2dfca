/* model.vocab, added_tokens → pieces; model.merges → merges; the rest → settings
 * (tokenizer_json_rules.c); tokenizer_config.json → names of special tokens, chat template.
 *
 * Ids in the file are the order of nothing: first the largest is looked for, then each piece put in
 * its place. */
#include "tokenizer_json.h"

#include <sodium.h>

#include "base/limits.h"
#include "tokenizer_json_rules.h"

/* A node of the tree for each piece, three for each merge. */
#define TREE_BYTES_MAX (2048 * MIB)

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
}

/* Pieces
 * ------------------------------------------------------------------------------------------- */

static bool read_id(const struct json *value, uint32_t *id)
{
    uint64_t number = 0;

    if (value == NULL || value->kind != JSON_KIND_NUMBER || value->text.size > 9)
        return false;
    for (size_t i = 0; i < value->text.size; i++) {
        if (value->text.data[i] < '0' || value->text.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value->text.data[i] - '0');
    }
    *id = (uint32_t)number;
    return true;
}

/* One more than the largest id. */
static enum status count_pieces(const struct json *vocab, const struct json *added, uint64_t *size,
                                struct error *err)
{
    const struct json *item;
    uint32_t id;

    *size = 0;
    if (vocab == NULL || vocab->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_DATA_LOSS, "the model has no vocabulary");
    for (item = json_first(vocab); item != NULL; item = item->next) {
        if (!read_id(item, &id))
            return error_set(err, STATUS_DATA_LOSS, "a piece whose id is no number");
        if (id >= *size)
            *size = (uint64_t)id + 1;
    }
    for (item = json_first(added); item != NULL; item = item->next) {
        if (!read_id(json_get(item, "id"), &id) || json_get_string(item, "content").data == NULL)
            return error_set(err, STATUS_DATA_LOSS, "an added token without id or content");
        if (id >= *size)
            *size = (uint64_t)id + 1;
    }
    return STATUS_OK;
}

static enum status put_piece(struct tokenizer_parts *parts, const struct json *item, bool has_bytes,
                             struct error *err)
{
    enum tokenizer_piece_type type = TOKENIZER_PIECE_NORMAL;
    uint32_t id = 0;

    read_id(item, &id);
    if (parts->types[id] != TOKENIZER_PIECE_UNUSED)
        return error_set(err, STATUS_DATA_LOSS, "two pieces have the id %u", id);
    if (has_bytes && tokenizer_parts_byte(item->key) >= 0)
        type = TOKENIZER_PIECE_BYTE;
    return tokenizer_parts_put_piece(parts, id, item->key, type, 0, 0, err);
}

static unsigned flags_of(const struct json *token)
{
    return (tokenizer_json_flag(token, "lstrip", false) ? TOKENIZER_PIECE_LSTRIP : 0u)
           | (tokenizer_json_flag(token, "rstrip", false) ? TOKENIZER_PIECE_RSTRIP : 0u)
           | (tokenizer_json_flag(token, "single_word", false) ? TOKENIZER_PIECE_WORD : 0u);
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

/* A token that is looked for in the normalised text is, where the normal form would change it,
 * another token than it says. */
static bool is_normal_form(const struct tokenizer_settings *settings, struct slice text)
{
    switch (settings->kind) {
    case TOKENIZER_KIND_BPE:
        return settings->normal == TOKENIZER_NORMAL_NONE || is_ascii(text);
    case TOKENIZER_KIND_SPM:
        return settings->prefix == TOKENIZER_PREFIX_NONE && slice_find_byte(text, ' ') == text.size;
    default:
        return false;
    }
}

/* In SPM, added tokens are looked for in a text whose blanks are blanks yet: a run of U+2581 that
 * is one is found where somebody writes U+2581 himself, and for blanks it is a piece like others.
 */
static bool is_made_by_merges(const struct tokenizer_parts *parts, uint32_t id,
                              struct slice content)
{
    return parts->settings.kind == TOKENIZER_KIND_SPM && parts->types[id] == TOKENIZER_PIECE_NORMAL
           && memmem(content.data, content.size, "\xe2\x96\x81", 3) != NULL;
}

static enum status put_added(struct tokenizer_parts *parts, const struct json *token,
                             struct slice unknown, struct error *err)
{
    struct slice content = json_get_string(token, "content");
    enum tokenizer_piece_type type = tokenizer_json_flag(token, "special", false)
                                         ? TOKENIZER_PIECE_CONTROL
                                         : TOKENIZER_PIECE_USER;
    uint32_t id = 0;

    read_id(json_get(token, "id"), &id);
    if (content.size == 0)
        return error_set(err, STATUS_DATA_LOSS, "added token %u is empty", id);
    if (tokenizer_json_flag(token, "normalized", true)
        && !is_normal_form(&parts->settings, content))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "added token %u is looked for in normalised text: that is not supported",
                         id);
    if (type == TOKENIZER_PIECE_USER && is_made_by_merges(parts, id, content)) {
        parts->flags[id] |= TOKENIZER_PIECE_WRITTEN;
        return STATUS_OK;
    }
    if (slice_equal(content, unknown) && parts->settings.kind != TOKENIZER_KIND_BPE)
        type = TOKENIZER_PIECE_UNKNOWN;
    return tokenizer_parts_put_piece(parts, id, content, type, flags_of(token), 0, err);
}

/* Where the vocabulary has an added token's id, it has it for the same text. */
static enum status check_added(const struct json *vocab, const struct tokenizer_parts *parts,
                               const uint8_t *is_added, struct error *err)
{
    uint32_t id = 0;

    for (const struct json *item = json_first(vocab); item != NULL; item = item->next) {
        read_id(item, &id);
        if (is_added[id] && !slice_equal(item->key, parts->pieces[id])
            && parts->settings.kind != TOKENIZER_KIND_SPM)
            return error_set(err, STATUS_DATA_LOSS, "id %u is an added token and another piece",
                             id);
    }
    return STATUS_OK;
}

static enum status read_pieces(struct tokenizer_parts *parts, const struct json *root,
                               struct error *err)
{
    const struct json *model = json_get(root, "model"), *vocab = json_get(model, "vocab"), *item;
    const struct json *added = json_get(root, "added_tokens"), *merges = json_get(model, "merges");
    bool has_bytes = parts->settings.kind == TOKENIZER_KIND_SPM;
    struct slice unknown = json_get_string(model, "unk_token");
    enum status status;
    uint8_t *is_added;
    uint64_t size;
    uint32_t id = 0;

    status = count_pieces(vocab, added, &size, err);
    if (status == STATUS_OK)
        status = tokenizer_parts_reserve(parts, size, merges == NULL ? 0 : merges->count, err);
    for (item = json_first(vocab); item != NULL && status == STATUS_OK; item = item->next)
        status = put_piece(parts, item, has_bytes, err);
    is_added = status == STATUS_OK ? ARENA_ARRAY(parts->arena, uint8_t, size) : NULL;
    if (status == STATUS_OK && is_added == NULL)
        return no_memory(err);
    for (item = json_first(added); item != NULL && status == STATUS_OK; item = item->next) {
        status = put_added(parts, item, unknown, err);
        read_id(json_get(item, "id"), &id);
        is_added[id] = 1;
    }
    return status == STATUS_OK ? check_added(vocab, parts, is_added, err) : status;
}

/* Model
 * -------------------------------------------------------------------------------------------- */

/* null, "" or 0. */
static bool is_off(const struct json *value)
{
    return tokenizer_json_is_null(value)
           || (value->kind == JSON_KIND_STRING && value->text.size == 0)
           || (value->kind == JSON_KIND_NUMBER
               && (slice_is(value->text, "0") || slice_is(value->text, "0.0")));
}

static enum status check_bpe(const struct json *model, struct error *err)
{
    static const char *const unsupported[] = { "dropout", "continuing_subword_prefix",
                                               "end_of_word_suffix" };

    for (unsigned i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
        if (!is_off(json_get(model, unsupported[i])))
            return error_set(err, STATUS_UNIMPLEMENTED, "BPE with %s is not supported",
                             unsupported[i]);
    return STATUS_OK;
}

static enum status check_wordpiece(const struct json *model, struct tokenizer_settings *settings,
                                   struct error *err)
{
    const struct json *longest = json_get(model, "max_input_chars_per_word");

    if (!slice_is(json_get_string(model, "continuing_subword_prefix"), "##"))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "WordPiece with another prefix than ## is not supported");
    if (longest != NULL && !read_id(longest, &settings->word_points_max))
        return error_set(err, STATUS_DATA_LOSS, "max_input_chars_per_word is no number");
    return STATUS_OK;
}

static enum status read_merge(struct tokenizer_parts *parts, const struct json *merge,
                              uint32_t rank, struct error *err)
{
    const struct json *left = json_first(merge);
    size_t blank;

    if (merge->kind == JSON_KIND_STRING) {
        blank = slice_find_byte(merge->text, ' ');
        return tokenizer_parts_put_merge(parts, slice_cut(merge->text, 0, blank),
                                         slice_cut(merge->text, blank + 1, merge->text.size), err);
    }
    if (merge->kind != JSON_KIND_ARRAY || merge->count != 2 || left->kind != JSON_KIND_STRING
        || left->next->kind != JSON_KIND_STRING)
        return error_set(err, STATUS_DATA_LOSS, "merge %u is not two pieces", rank);
    return tokenizer_parts_put_merge(parts, left->text, left->next->text, err);
}

static enum status read_merges(struct tokenizer_parts *parts, const struct json *model,
                               struct error *err)
{
    const struct json *merges = json_get(model, "merges");
    enum status status = STATUS_OK;
    uint32_t rank = 0;

    if (parts->settings.kind == TOKENIZER_KIND_WORDPIECE)
        return STATUS_OK;
    if (merges == NULL || merges->kind != JSON_KIND_ARRAY)
        return error_set(err, STATUS_DATA_LOSS, "the model has no merges");
    for (const struct json *merge = json_first(merges); merge != NULL && status == STATUS_OK;
         merge = merge->next)
        status = read_merge(parts, merge, rank++, err);
    return status;
}

/* The piece with this text, whatever its type. Special pieces are few and mostly at the end. */
static uint32_t find_piece(const struct tokenizer_parts *parts, struct slice text)
{
    for (uint32_t id = parts->size; text.size > 0 && id-- > 0;)
        if (slice_equal(parts->pieces[id], text))
            return id;
    return TOKENIZER_NO_ID;
}

static enum status read_unknown(struct tokenizer_parts *parts, const struct json *model,
                                struct error *err)
{
    struct slice unknown = json_get_string(model, "unk_token");

    parts->settings.unknown = find_piece(parts, unknown);
    if (parts->settings.unknown == TOKENIZER_NO_ID
        && (unknown.size > 0 || parts->settings.kind == TOKENIZER_KIND_WORDPIECE))
        return error_set(err, STATUS_DATA_LOSS, "unk_token is no piece of the vocabulary");
    parts->settings.writes_unknown =
        parts->settings.kind == TOKENIZER_KIND_BPE && parts->settings.unknown != TOKENIZER_NO_ID;
    return STATUS_OK;
}

static enum status read_model(struct tokenizer_parts *parts, const struct json *root,
                              struct error *err)
{
    const struct json *model = json_get(root, "model");
    enum status status = parts->settings.kind == TOKENIZER_KIND_WORDPIECE
                             ? check_wordpiece(model, &parts->settings, err)
                             : check_bpe(model, err);

    parts->settings.ignores_merges = tokenizer_json_flag(model, "ignore_merges", false);
    if (status == STATUS_OK)
        status = read_pieces(parts, root, err);
    if (status == STATUS_OK)
        status = read_merges(parts, model, err);
    return status == STATUS_OK ? read_unknown(parts, model, err) : status;
}

/* tokenizer_config.json
 * --------------------------------------------------------------------------- */

/* "<s>", or {"content": "<s>"}; what is no piece is none. */
static void read_named(const struct json *config, const char *key,
                       const struct tokenizer_parts *parts, uint32_t *id)
{
    const struct json *value = json_get(config, key);
    uint32_t found;

    if (tokenizer_json_is_null(value))
        return;
    found = find_piece(parts, value->kind == JSON_KIND_STRING ? value->text
                                                              : json_get_string(value, "content"));
    if (found != TOKENIZER_NO_ID)
        *id = found;
}

/* One template, or a list of them by name: "default" is taken. */
static struct slice config_template(const struct json *config)
{
    const struct json *found = json_get(config, "chat_template"), *item;

    if (found == NULL || found->kind == JSON_KIND_STRING)
        return found == NULL ? (struct slice){ 0 } : found->text;
    for (item = json_first(found); item != NULL; item = item->next)
        if (slice_is(json_get_string(item, "name"), "default"))
            return json_get_string(item, "template");
    return (struct slice){ 0 };
}

static enum status keep_template(struct tokenizer_parts *parts, struct slice text,
                                 struct error *err)
{
    if (text.size == 0)
        return STATUS_OK;
    parts->chat_template = arena_copy(parts->arena, text);
    return parts->chat_template.data == NULL ? no_memory(err) : STATUS_OK;
}

static enum status read_config(struct tokenizer_parts *parts,
                               const struct tokenizer_json_files *files, struct arena *arena,
                               struct error *err)
{
    struct tokenizer_settings *settings = &parts->settings;
    struct json *config;

    if (files->config.size > 0) {
        if (json_parse(files->config, arena, &config, err) != STATUS_OK)
            return error_wrap(err, "tokenizer_config.json");
        read_named(config, "bos_token", parts, &settings->bos);
        read_named(config, "eos_token", parts, &settings->eos);
        read_named(config, "pad_token", parts, &settings->pad);
        read_named(config, "sep_token", parts, &settings->sep);
        read_named(config, "cls_token", parts, &settings->cls);
        read_named(config, "mask_token", parts, &settings->mask);
        if (keep_template(parts, config_template(config), err) != STATUS_OK)
            return STATUS_RESOURCE_EXHAUSTED;
    }
    return keep_template(parts, files->chat_template, err);
}

static void put_digest(struct tokenizer_parts *parts, struct slice bytes)
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(digest, (const unsigned char *)bytes.data, bytes.size);
    sodium_bin2hex(parts->digest, sizeof(parts->digest), digest, sizeof(digest));
}

static enum status read_root(struct tokenizer_parts *parts, const struct json *root,
                             struct error *err)
{
    enum status status;

    if (root->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_DATA_LOSS, "tokenizer.json is no object");
    status = tokenizer_json_read_kind(root, &parts->settings, err);
    if (status == STATUS_OK)
        status = tokenizer_json_read_rules(root, &parts->settings, err);
    if (status == STATUS_OK)
        status = read_model(parts, root, err);
    return status == STATUS_OK ? tokenizer_json_read_frame(root, parts, err) : status;
}

enum status tokenizer_json_read(const struct tokenizer_json_files *files,
                                struct tokenizer_parts *parts, struct error *err)
{
    struct json *root;
    struct arena tree;
    enum status status;

    if (files->tokenizer.size > TOKENIZER_JSON_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a tokenizer.json of %zu bytes: %u are read",
                         files->tokenizer.size, TOKENIZER_JSON_BYTES_MAX);
    arena_init(&tree, TREE_BYTES_MAX);
    status = json_parse(files->tokenizer, &tree, &root, err);
    if (status == STATUS_OK)
        status = read_root(parts, root, err);
    if (status == STATUS_OK)
        status = read_config(parts, files, &tree, err);
    arena_close(&tree);
    if (status == STATUS_OK)
        put_digest(parts, files->tokenizer);
    return status;
}
