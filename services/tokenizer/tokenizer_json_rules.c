/* normalizer → normal form, prefix, BERT's flags; pre_tokenizer → split; post_processor → what
 * frames a text. */
#include "tokenizer_json_rules.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */

/* Of a Sequence, or of one alone. */
#define COMPONENTS_MAX 8

bool tokenizer_json_is_null(const struct json *value)
{
    return value == NULL || value->kind == JSON_KIND_NULL;
}

struct slice tokenizer_json_type(const struct json *component)
{
    return json_get_string(component, "type");
}

bool tokenizer_json_flag(const struct json *component, const char *key, bool absent)
{
    const struct json *value = json_get(component, key);

    return value == NULL || value->kind == JSON_KIND_NULL ? absent : value->kind == JSON_KIND_TRUE;
}

static bool is_type(const struct json *component, const char *type)
{
    return slice_is(tokenizer_json_type(component), type);
}

static enum status fail_component(const char *what, const struct json *component, struct error *err)
{
    struct slice type = slice_cut(tokenizer_json_type(component), 0, 40);

    if (type.size == 0)
        type = SLICE("without a type");
    return error_set(err, STATUS_UNIMPLEMENTED,
                     "the %s \"%.*s\", or what it is set to, is not supported", what,
                     SLICE_FORMAT(type));
}

/* The components of @root's @key in order: none for null, those of a Sequence (@list), or the one.
 */
static enum status list_components(const struct json *root, const char *key, const char *list,
                                   const struct json **components, unsigned *count,
                                   struct error *err)
{
    const struct json *component = json_get(root, key), *item;

    *count = 0;
    if (tokenizer_json_is_null(component))
        return STATUS_OK;
    if (component->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_DATA_LOSS, "the %s is no object", key);
    if (!is_type(component, "Sequence")) {
        components[(*count)++] = component;
        return STATUS_OK;
    }
    for (item = json_first(json_get(component, list)); item != NULL; item = item->next) {
        if (*count == COMPONENTS_MAX)
            return error_set(err, STATUS_UNIMPLEMENTED, "a %s of over %d steps is not supported",
                             key, COMPONENTS_MAX);
        components[(*count)++] = item;
    }
    return STATUS_OK;
}

/* Kind
 * -------------------------------------------------------------------------------------------- */

/* Whether some step of the pre-tokeniser turns text into GPT-2's alphabet of bytes. */
static bool is_byte_level(const struct json *root)
{
    const struct json *components[COMPONENTS_MAX];
    unsigned count;

    if (list_components(root, "pre_tokenizer", "pretokenizers", components, &count, NULL)
        != STATUS_OK)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (is_type(components[i], "ByteLevel"))
            return true;
    return false;
}

enum status tokenizer_json_read_kind(const struct json *root, struct tokenizer_settings *settings,
                                     struct error *err)
{
    const struct json *model = json_get(root, "model");
    struct slice type = tokenizer_json_type(model);

    if (model == NULL || model->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_DATA_LOSS, "the file has no model");
    if (type.size == 0 && json_get(model, "merges") != NULL)
        type = SLICE("BPE");
    if (slice_is(type, "WordPiece")) {
        settings->kind = TOKENIZER_KIND_WORDPIECE;
        return STATUS_OK;
    }
    if (!slice_is(type, "BPE"))
        return error_set(err, STATUS_UNIMPLEMENTED, "a model of the type \"%.*s\" is not supported",
                         SLICE_FORMAT(slice_cut(type, 0, 40)));
    if (is_byte_level(root))
        settings->kind = TOKENIZER_KIND_BPE;
    else if (tokenizer_json_flag(model, "byte_fallback", false))
        settings->kind = TOKENIZER_KIND_SPM;
    else
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "BPE with neither ByteLevel nor byte_fallback is not supported");
    return STATUS_OK;
}

/* Normaliser
 * -------------------------------------------------------------------------------------- */

static bool is_string(const struct json *object, const char *key, const char *text)
{
    return slice_is(json_get_string(object, key), text);
}

/* Replace " " by U+2581: what SPM vocabularies do. */
static bool is_blank_replace(const struct json *component)
{
    return is_type(component, "Replace") && is_string(json_get(component, "pattern"), "String", " ")
           && is_string(component, "content", BLANK);
}

static bool read_spm_normalizer(const struct json *component, struct tokenizer_settings *settings,
                                bool *has_replace)
{
    if (is_blank_replace(component) && !*has_replace) {
        *has_replace = true;
        return true;
    }
    if (is_type(component, "Prepend") && is_string(component, "prepend", BLANK)
        && settings->prefix == TOKENIZER_PREFIX_NONE && !*has_replace) {
        settings->prefix = TOKENIZER_PREFIX_EVERY;
        return true;
    }
    return false;
}

static bool read_bert_normalizer(const struct json *component, struct tokenizer_settings *settings)
{
    if (!is_type(component, "BertNormalizer"))
        return false;
    settings->cleans = tokenizer_json_flag(component, "clean_text", true);
    settings->spaces_cjk = tokenizer_json_flag(component, "handle_chinese_chars", true);
    settings->lowercases = tokenizer_json_flag(component, "lowercase", true);
    settings->strips_accents =
        tokenizer_json_flag(component, "strip_accents", settings->lowercases);
    return true;
}

static enum status read_normalizer(const struct json *root, struct tokenizer_settings *settings,
                                   struct error *err)
{
    const struct json *components[COMPONENTS_MAX];
    bool is_known = true, has_replace = false;
    unsigned count;
    enum status status =
        list_components(root, "normalizer", "normalizers", components, &count, err);

    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        if (settings->kind == TOKENIZER_KIND_BPE) {
            is_known = is_type(components[i], "NFC");
            settings->normal = TOKENIZER_NORMAL_NFC;
        } else if (settings->kind == TOKENIZER_KIND_SPM) {
            is_known = read_spm_normalizer(components[i], settings, &has_replace);
        } else {
            is_known = count == 1 && read_bert_normalizer(components[i], settings);
        }
        if (!is_known)
            status = fail_component("normalizer", components[i], err);
    }
    if (status == STATUS_OK && settings->kind == TOKENIZER_KIND_SPM && !has_replace)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "a normalizer that does not write blanks as U+2581 is not supported");
    return status;
}

/* Pre-tokeniser
 * ----------------------------------------------------------------------------------- */

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define TAIL "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct {
    const char *expression;
    enum tokenizer_split split;
} expressions[] = {
    { "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
      TOKENIZER_SPLIT_GPT2 },
    { CONTRACTIONS
      "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" TAIL,
      TOKENIZER_SPLIT_LLAMA3 },
    { CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" TAIL,
      TOKENIZER_SPLIT_QWEN2 },
    { CONTRACTIONS
      "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" TAIL,
      TOKENIZER_SPLIT_QWEN35 },
    { "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER
      "+" LOWER "*" CONTRACTIONS "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" TAIL,
      TOKENIZER_SPLIT_O200K },
    { "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER
      "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" TAIL,
      TOKENIZER_SPLIT_TEKKEN },
};

/* Whether @text is @expression, where files may hold line ends as they are or escaped. */
static bool is_expression(struct slice text, const char *expression)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c == '\r' || c == '\n') {
            if (*expression++ != '\\')
                return false;
            c = c == '\r' ? 'r' : 'n';
        }
        if (*expression == '\0' || *expression++ != c)
            return false;
    }
    return *expression == '\0';
}

/* All of a text is matched by each expression, so that "remove what does not match" and "isolate
 * what matches" cut it alike. */
static bool has_plain_behaviour(const struct json *split)
{
    bool is_inverted = tokenizer_json_flag(split, "invert", false);

    return is_inverted ? is_string(split, "behavior", "Removed")
                       : is_string(split, "behavior", "Isolated");
}

static enum status read_split(const struct json *component, struct tokenizer_settings *settings,
                              struct error *err)
{
    struct slice text = json_get_string(json_get(component, "pattern"), "Regex");

    if (!has_plain_behaviour(component))
        return fail_component("pre_tokenizer", component, err);
    for (unsigned i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        if (is_expression(text, expressions[i].expression)) {
            settings->split = expressions[i].split;
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_UNIMPLEMENTED,
                     "the pre_tokenizer splits by an expression of %zu bytes that is not known",
                     text.size);
}

/* The last step of byte-level BPE. */
static bool is_bytes(const struct json *component, bool has_expression)
{
    return is_type(component, "ByteLevel")
           && !tokenizer_json_flag(component, "add_prefix_space", true)
           && tokenizer_json_flag(component, "use_regex", true) == has_expression;
}

static enum status read_bpe_steps(const struct json **components, unsigned count,
                                  struct tokenizer_settings *settings, struct error *err)
{
    if (count == 1 && is_bytes(components[0], true)) {
        settings->split = TOKENIZER_SPLIT_GPT2;
        return STATUS_OK;
    }
    if (count == 2 && is_type(components[0], "Digits")
        && tokenizer_json_flag(components[0], "individual_digits", false)
        && is_bytes(components[1], true)) {
        settings->split = TOKENIZER_SPLIT_SMOLLM;
        return STATUS_OK;
    }
    if (count == 2 && is_type(components[0], "Split") && is_bytes(components[1], false))
        return read_split(components[0], settings, err);
    return fail_component("pre_tokenizer", components[0], err);
}

/* Blanks are U+2581 by now, so that there is nothing to split at. */
static bool is_blank_split(const struct json *component)
{
    return is_type(component, "Split") && is_string(json_get(component, "pattern"), "String", " ")
           && is_string(component, "behavior", "MergedWithPrevious")
           && !tokenizer_json_flag(component, "invert", false);
}

static enum status read_pre_tokenizer(const struct json *root, struct tokenizer_settings *settings,
                                      struct error *err)
{
    const struct json *components[COMPONENTS_MAX] = { NULL };
    unsigned count;
    enum status status =
        list_components(root, "pre_tokenizer", "pretokenizers", components, &count, err);

    if (status != STATUS_OK)
        return status;
    if (settings->kind == TOKENIZER_KIND_BPE)
        return read_bpe_steps(components, count, settings, err);
    if (settings->kind == TOKENIZER_KIND_SPM
        && (count == 0 || (count == 1 && is_blank_split(components[0]))))
        return STATUS_OK;
    if (settings->kind == TOKENIZER_KIND_WORDPIECE && count == 1
        && is_type(components[0], "BertPreTokenizer"))
        return STATUS_OK;
    return fail_component("pre_tokenizer", components[0], err);
}

enum status tokenizer_json_read_rules(const struct json *root, struct tokenizer_settings *settings,
                                      struct error *err)
{
    enum status status = read_normalizer(root, settings, err);

    return status == STATUS_OK ? read_pre_tokenizer(root, settings, err) : status;
}

/* Post-processor
 * ---------------------------------------------------------------------------------- */

static bool read_number(const struct json *value, uint32_t limit, uint32_t *number)
{
    uint64_t sum = 0;

    if (value == NULL || value->kind != JSON_KIND_NUMBER || value->text.size > 9)
        return false;
    for (size_t i = 0; i < value->text.size; i++) {
        if (value->text.data[i] < '0' || value->text.data[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(value->text.data[i] - '0');
    }
    *number = (uint32_t)sum;
    return sum < limit;
}

/* The one id of a special token that a template names. */
static bool read_special(const struct json *processor, const struct json *item,
                         const struct tokenizer_parts *parts, uint32_t *id)
{
    struct slice name = json_get_string(json_get(item, "SpecialToken"), "id");
    const struct json *special = json_first(json_get(processor, "special_tokens")), *ids;

    while (special != NULL && !slice_equal(special->key, name))
        special = special->next;
    ids = json_get(special, "ids");
    return ids != NULL && ids->count == 1 && read_number(json_first(ids), parts->size, id);
}

static enum status read_template(const struct json *processor, struct tokenizer_parts *parts,
                                 struct error *err)
{
    struct tokenizer_settings *settings = &parts->settings;
    const struct json *item = json_first(json_get(processor, "single"));
    bool is_after = false, is_known = item != NULL;
    uint32_t id = 0;

    for (; item != NULL && is_known; item = item->next) {
        if (json_get(item, "Sequence") != NULL) {
            is_known = !is_after;
            is_after = true;
        } else if (!read_special(processor, item, parts, &id)) {
            is_known = false;
        } else if (is_after) {
            is_known = !settings->adds_eos;
            settings->eos = id;
            settings->adds_eos = true;
        } else {
            is_known = !settings->adds_bos;
            settings->bos = id;
            settings->adds_bos = true;
        }
    }
    if (!is_known || !is_after)
        return fail_component("post_processor", processor, err);
    return STATUS_OK;
}

/* "cls": ["[CLS]", 101] */
static bool read_named(const struct json *processor, const char *key,
                       const struct tokenizer_parts *parts, uint32_t *id)
{
    const struct json *name = json_first(json_get(processor, key));

    return name != NULL && name->next != NULL && read_number(name->next, parts->size, id);
}

static enum status read_processor(const struct json *processor, struct tokenizer_parts *parts,
                                  struct error *err)
{
    struct tokenizer_settings *settings = &parts->settings;

    if (is_type(processor, "ByteLevel"))
        return STATUS_OK;
    if (is_type(processor, "TemplateProcessing"))
        return read_template(processor, parts, err);
    if ((!is_type(processor, "BertProcessing") && !is_type(processor, "RobertaProcessing"))
        || !read_named(processor, "cls", parts, &settings->bos)
        || !read_named(processor, "sep", parts, &settings->eos))
        return fail_component("post_processor", processor, err);
    settings->adds_bos = settings->adds_eos = true;
    return STATUS_OK;
}

enum status tokenizer_json_read_frame(const struct json *root, struct tokenizer_parts *parts,
                                      struct error *err)
{
    const struct json *components[COMPONENTS_MAX];
    unsigned count;
    enum status status =
        list_components(root, "post_processor", "processors", components, &count, err);

    for (unsigned i = 0; i < count && status == STATUS_OK; i++)
        status = read_processor(components[i], parts, err);
    return status;
}
