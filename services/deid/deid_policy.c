#include "deid_policy.h"

#include <stdio.h>

#include "deid_token.h"
#include "fhir/json.h"

struct reader {
    struct deid_policy *policy;
    struct arena *arena;
    struct error *err;
    struct deid_expression *expressions;
    unsigned count;
};

static const struct {
    const char *name;
    enum deid_class class;
} classes[] = {
    { "NAME", DEID_CLASS_NAME },
    { "GEOGRAPHY", DEID_CLASS_GEOGRAPHY },
    { "DATE", DEID_CLASS_DATE },
    { "PHONE", DEID_CLASS_PHONE },
    { "FAX", DEID_CLASS_FAX },
    { "EMAIL", DEID_CLASS_EMAIL },
    { "SSN", DEID_CLASS_SSN },
    { "MRN", DEID_CLASS_MRN },
    { "HEALTH_PLAN", DEID_CLASS_HEALTH_PLAN },
    { "ACCOUNT", DEID_CLASS_ACCOUNT },
    { "LICENSE", DEID_CLASS_LICENSE },
    { "VEHICLE", DEID_CLASS_VEHICLE },
    { "DEVICE", DEID_CLASS_DEVICE },
    { "URL", DEID_CLASS_URL },
    { "IP", DEID_CLASS_IP },
    { "BIOMETRIC", DEID_CLASS_BIOMETRIC },
    { "PHOTO", DEID_CLASS_PHOTO },
    { "OTHER", DEID_CLASS_OTHER },
};

static const struct {
    const char *name;
    enum deid_policy_checksum checksum;
} checksums[] = {
    { "none", DEID_POLICY_CHECKSUM_NONE },
    { "luhn", DEID_POLICY_CHECKSUM_LUHN },
    { "mod11", DEID_POLICY_CHECKSUM_MOD11 },
    { "mod97", DEID_POLICY_CHECKSUM_MOD97 },
};

bool deid_style_parse(struct slice word, enum deid_style *style)
{
    static const char *const words[] = { "codes", "surrogates", "tags", "masks" };

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i])) {
            *style = (enum deid_style)i;
            return true;
        }
    return false;
}

bool deid_classes_parse(struct slice word, enum deid_classes *classes)
{
    static const char *const words[] = {
        [DEID_CLASSES_AUTO] = "auto",
        [DEID_CLASSES_EIGHTEEN] = "eighteen",
        [DEID_CLASSES_WIDE] = "wide",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i])) {
            *classes = (enum deid_classes)i;
            return true;
        }
    return false;
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the patterns");
}

static bool class_parse(struct slice word, enum deid_class *class)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (slice_is(word, classes[i].name)) {
            *class = classes[i].class;
            return true;
        }
    return false;
}

static bool checksum_parse(struct slice word, enum deid_policy_checksum *checksum)
{
    for (size_t i = 0; i < sizeof(checksums) / sizeof(checksums[0]); i++)
        if (slice_is(word, checksums[i].name)) {
            *checksum = checksums[i].checksum;
            return true;
        }
    return word.size == 0;
}

/* A text as an expression that matches it alone: what is no letter, digit or blank is escaped, and
 * one blank stands for any. */
static const char *literal(struct arena *arena, struct slice text)
{
    struct buffer out;

    buffer_init(&out, arena);
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c == ' ')
            buffer_put_string(&out, "(\\x20|\\x09|\\x0a)+");
        else if (deid_is_word(c) && (unsigned char)c < 0x80)
            buffer_put_byte(&out, c);
        else
            buffer_format(&out, "\\x%02x", (unsigned char)c);
    }
    buffer_put_byte(&out, 0);
    return out.is_full ? NULL : out.data;
}

static enum status expression_add(struct reader *reader, const char *what, unsigned index,
                                  const char *text, bool is_any_case)
{
    struct deid_automaton alone;
    enum status status;

    if (text == NULL)
        return no_room(reader->err);
    if (reader->count == DEID_EXPRESSIONS_MAX)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "more than %d patterns",
                         DEID_EXPRESSIONS_MAX);
    reader->expressions[reader->count] = (struct deid_expression){ text, is_any_case };
    /* By itself first, so that an error says which. */
    status = deid_automaton_init(&alone, &reader->expressions[reader->count++], 1, reader->arena,
                                 reader->err);
    return status == STATUS_OK ? status : error_wrap(reader->err, "%s %u", what, index);
}

static bool is_any_case(const struct json *item)
{
    return slice_is(json_get_string(item, "case"), "any");
}

/* A text, or {"expression": ...}. */
static enum status listed_add(struct reader *reader, const char *what, unsigned index,
                              const struct json *item)
{
    struct slice expression = json_get_string(item, "expression");

    if (item->kind == JSON_KIND_STRING && slice_trim(item->text).size > 0)
        return expression_add(reader, what, index, literal(reader->arena, slice_trim(item->text)),
                              true);
    if (expression.size == 0)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "%s %u is neither a text nor an expression", what, index);
    return expression_add(reader, what, index, arena_string(reader->arena, expression),
                          is_any_case(item));
}

static enum status read_pattern(struct reader *reader, unsigned index, const struct json *item)
{
    struct deid_policy_pattern *pattern = &reader->policy->patterns[reader->count];
    struct slice expression = json_get_string(item, "expression");

    pattern->name = json_get_string(item, "name");
    if (pattern->name.size == 0 || expression.size == 0)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "pattern %u needs a name and an expression", index);
    if (!class_parse(json_get_string(item, "class"), &pattern->class))
        return error_set(
            reader->err, STATUS_INVALID_ARGUMENT,
            "pattern %u: class is one of NAME, GEOGRAPHY, DATE, PHONE, FAX, EMAIL, SSN, "
            "MRN, HEALTH_PLAN, ACCOUNT, LICENSE, VEHICLE, DEVICE, URL, IP, OTHER",
            index);
    if (!checksum_parse(json_get_string(item, "checksum"), &pattern->checksum))
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "pattern %u: checksum is none, luhn, mod11 or mod97", index);
    return expression_add(reader, "pattern", index, arena_string(reader->arena, expression),
                          is_any_case(item));
}

static enum status check_list(struct reader *reader, const struct json *list, const char *what)
{
    if (list != NULL && list->kind != JSON_KIND_ARRAY)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "%s is no array", what);
    if (list != NULL && list->count > DEID_EXPRESSIONS_MAX)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "%u of %s, at most %d", list->count,
                         what, DEID_EXPRESSIONS_MAX);
    return STATUS_OK;
}

/* What is to be found: the patterns, then the deny list. */
static enum status read_found(struct reader *reader, const struct json *root)
{
    const struct json *patterns = json_get(root, "patterns"), *deny = json_get(root, "deny"), *item;
    enum status status = check_list(reader, patterns, "patterns");
    unsigned index = 0;

    if (status == STATUS_OK)
        status = check_list(reader, deny, "deny");
    for (item = json_first(patterns); status == STATUS_OK && item != NULL; item = item->next)
        status = read_pattern(reader, index++, item);
    index = 0;
    for (item = json_first(deny); status == STATUS_OK && item != NULL; item = item->next) {
        if (reader->count < DEID_EXPRESSIONS_MAX)
            reader->policy->patterns[reader->count] =
                (struct deid_policy_pattern){ SLICE("deny"), DEID_CLASS_OTHER, 0 };
        status = listed_add(reader, "deny", index++, item);
    }
    reader->policy->patterns_count = reader->count;
    if (status != STATUS_OK || reader->count == 0)
        return status;
    return deid_automaton_init(&reader->policy->found, reader->expressions, reader->count,
                               reader->arena, reader->err);
}

static enum status read_allowed(struct reader *reader, const struct json *root)
{
    const struct json *allow = json_get(root, "allow"), *item;
    enum status status = check_list(reader, allow, "allow");
    unsigned index = 0;

    reader->count = 0;
    for (item = json_first(allow); status == STATUS_OK && item != NULL; item = item->next)
        status = listed_add(reader, "allow", index++, item);
    reader->policy->has_allowed = reader->count > 0;
    if (status != STATUS_OK || reader->count == 0)
        return status;
    return deid_automaton_init(&reader->policy->allowed, reader->expressions, reader->count,
                               reader->arena, reader->err);
}

enum status deid_policy_parse(struct slice json, struct arena *arena, struct deid_policy *policy,
                              struct error *err)
{
    struct reader reader = { .policy = policy, .arena = arena, .err = err };
    struct json *root;
    struct slice style, wanted;
    enum status status = json_parse(json, arena, &root, err);

    *policy = (struct deid_policy){ 0 };
    if (status != STATUS_OK)
        return error_wrap(err, "patterns");
    if (root->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_INVALID_ARGUMENT, "patterns: no JSON object");
    style = json_get_string(root, "style");
    if (style.size > 0 && !deid_style_parse(style, &policy->style))
        return error_set(err, STATUS_INVALID_ARGUMENT, "style is codes, surrogates, tags or masks");
    wanted = json_get_string(root, "classes");
    if (wanted.size > 0 && !deid_classes_parse(wanted, &policy->classes))
        return error_set(err, STATUS_INVALID_ARGUMENT, "classes is auto, eighteen or wide");
    reader.expressions = ARENA_ARRAY(arena, struct deid_expression, DEID_EXPRESSIONS_MAX);
    policy->patterns = ARENA_ARRAY(arena, struct deid_policy_pattern, DEID_EXPRESSIONS_MAX);
    if (reader.expressions == NULL || policy->patterns == NULL)
        return no_room(err);
    status = read_found(&reader, root);
    return status == STATUS_OK ? read_allowed(&reader, root) : status;
}

enum status deid_policy_load(const char *path, struct arena *arena, struct deid_policy *policy,
                             struct error *err)
{
    FILE *file = fopen(path, "rbe");
    char *bytes = arena_alloc(arena, DEID_POLICY_FILE_BYTES_MAX + 1);
    size_t size;
    bool is_bad;

    if (file == NULL)
        return error_set(err, STATUS_NOT_FOUND, "patterns: the file cannot be opened");
    size = bytes == NULL ? 0 : fread(bytes, 1, DEID_POLICY_FILE_BYTES_MAX + 1, file);
    is_bad = ferror(file);
    fclose(file);
    if (bytes == NULL)
        return no_room(err);
    if (is_bad || size > DEID_POLICY_FILE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "patterns: the file cannot be read or is over %zu bytes",
                         DEID_POLICY_FILE_BYTES_MAX);
    return deid_policy_parse(slice_of(bytes, size), arena, policy, err);
}

static unsigned digits_of(struct slice text, uint8_t *digits, unsigned max)
{
    unsigned count = 0;

    for (size_t i = 0; i < text.size && count < max; i++)
        if (deid_is_digit(text.data[i]))
            digits[count++] = (uint8_t)(text.data[i] - '0');
    return count;
}

static bool checksum_holds(enum deid_policy_checksum checksum, struct slice text)
{
    uint8_t digits[64];
    unsigned count = digits_of(text, digits, sizeof(digits)), sum = 0;

    if (checksum == DEID_POLICY_CHECKSUM_NONE)
        return true;
    if (count < 3)
        return false;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = digits[count - 1 - i], twice = digit * 2;

        if (checksum == DEID_POLICY_CHECKSUM_LUHN)
            sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
        else if (checksum == DEID_POLICY_CHECKSUM_MOD11)
            sum += digit * (i + 1);
        else
            sum = (sum * 10 + digits[i]) % 97;
    }
    return checksum == DEID_POLICY_CHECKSUM_LUHN    ? sum % 10 == 0
           : checksum == DEID_POLICY_CHECKSUM_MOD11 ? sum % 11 == 0
                                                    : sum == 1;
}

/* Whether [@start, @end) of @text begins and ends between words. */
static bool is_between_words(struct slice text, size_t start, size_t end)
{
    bool splits_front =
        start > 0 && deid_is_word(text.data[start - 1]) && deid_is_word(text.data[start]);
    bool splits_back =
        end < text.size && deid_is_word(text.data[end]) && deid_is_word(text.data[end - 1]);

    return !splits_front && !splits_back;
}

/* The longest that begins at @at and holds: where it ends, and which; 0: none. */
static size_t match_at(const struct deid_policy *policy, const struct deid_automaton *automaton,
                       struct slice text, size_t at, const struct deid_policy_pattern **pattern)
{
    struct deid_hit hits[DEID_HITS_MAX];
    unsigned count = deid_automaton_run(automaton, text, at, DEID_POLICY_MATCH_BYTES_MAX, hits);

    while (count-- > 0) {
        const uint16_t *id = &automaton->ids[hits[count].set];

        if (!is_between_words(text, at, hits[count].end))
            continue;
        if (pattern == NULL)
            return hits[count].end;
        for (; *id != UINT16_MAX; id++) {
            *pattern = &policy->patterns[*id];
            if (checksum_holds((*pattern)->checksum, slice_cut(text, at, hits[count].end)))
                return hits[count].end;
        }
    }
    return 0;
}

void deid_policy_scan(const struct deid_policy *policy, struct slice folded,
                      struct deid_spans *spans)
{
    const struct deid_policy_pattern *pattern = NULL;

    if (policy->patterns_count == 0)
        return;
    for (size_t at = 0; at < folded.size;) {
        size_t end = match_at(policy, &policy->found, folded, at, &pattern);

        if (end > at)
            deid_spans_add(spans,
                           (struct deid_span){ (uint32_t)at, (uint32_t)end, pattern->class,
                                               pattern->class == DEID_CLASS_NAME ? DEID_FORM_PERSON
                                                                                 : DEID_FORM_VALUE,
                                               DEID_SCORE_KNOWN });
        at = end > at ? end : at + 1;
    }
}

/* What is known of the patient by other means than a pattern of the site goes all the same. */
static void drop_inside(struct deid_spans *spans, size_t start, size_t end)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < spans->count; i++) {
        const struct deid_span *span = &spans->items[i];

        if (span->start < start || span->end > end || span->score >= DEID_SCORE_KNOWN)
            spans->items[kept++] = *span;
    }
    spans->count = kept;
}

void deid_policy_allow(const struct deid_policy *policy, struct slice folded,
                       struct deid_spans *spans)
{
    if (!policy->has_allowed)
        return;
    for (size_t at = 0; at < folded.size && spans->count > 0;) {
        size_t end = match_at(policy, &policy->allowed, folded, at, NULL);

        if (end > at)
            drop_inside(spans, at, end);
        at = end > at ? end : at + 1;
    }
}
