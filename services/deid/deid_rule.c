#include "deid_rule.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "deid_path_tree.h"

struct reader {
    struct deid_rule_set *set;
    struct arena *arena;
    struct error *err;
    unsigned index; /* of the rule at hand */
};

static const struct {
    const char *name;
    enum deid_rule_method method;
} methods[] = {
    { "redact", DEID_RULE_REDACT },        { "keep", DEID_RULE_KEEP },
    { "dateShift", DEID_RULE_DATE_SHIFT }, { "cryptoHash", DEID_RULE_CRYPTO_HASH },
    { "encrypt", DEID_RULE_ENCRYPT },      { "substitute", DEID_RULE_SUBSTITUTE },
    { "perturb", DEID_RULE_PERTURB },      { "generalize", DEID_RULE_GENERALIZE },
    { "profile", DEID_RULE_PROFILE },
};

static enum status fail(struct reader *reader, const char *what)
{
    return error_set(reader->err, STATUS_INVALID_ARGUMENT, "rule %u: %s", reader->index, what);
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the rules");
}

static enum status compile(struct reader *reader, struct slice text, const char *what,
                           struct deid_path **path)
{
    enum status status = deid_path_compile(text, reader->arena, path, reader->err);

    return status == STATUS_OK ? status
                               : error_wrap(reader->err, "rule %u, %s", reader->index, what);
}

/* A number of JSON, or a text of digits as Microsoft's reader allows. */
static bool number_of(const struct json *json, double *number)
{
    char digits[32], *end;

    if (json == NULL || (json->kind != JSON_KIND_NUMBER && json->kind != JSON_KIND_STRING)
        || json->text.size == 0 || json->text.size >= sizeof(digits))
        return false;
    memcpy(digits, json->text.data, json->text.size);
    digits[json->text.size] = 0;
    *number = strtod(digits, &end);
    return *end == 0 && *number == *number;
}

static enum status read_perturb(struct reader *reader, const struct json *json,
                                struct deid_rule *rule)
{
    const struct json *round_to = json_get(json, "roundTo"), *kind = json_get(json, "rangeType");
    double number = 2;

    if (!number_of(json_get(json, "span"), &rule->span) || rule->span < 0)
        return fail(reader, "perturb needs a span that is not negative");
    if (round_to != NULL
        && (!number_of(round_to, &number) || number < 0 || number > 28
            || number != (unsigned)number))
        return fail(reader, "roundTo is a whole number from 0 to 28");
    rule->round_to = (unsigned)number;
    rule->is_proportional = kind != NULL && slice_equal_fold(kind->text, SLICE("proportional"));
    if (kind != NULL && !rule->is_proportional && !slice_equal_fold(kind->text, SLICE("fixed")))
        return fail(reader, "rangeType is fixed or proportional");
    return STATUS_OK;
}

static enum status read_generalize(struct reader *reader, const struct json *json,
                                   struct deid_rule *rule)
{
    const struct json *cases = json_get(json, "cases"), *others = json_get(json, "otherValues"),
                      *item;
    enum status status = STATUS_OK;

    if (cases == NULL || cases->kind != JSON_KIND_OBJECT)
        return fail(reader, "generalize needs cases, an object of expressions");
    rule->keeps_others = others != NULL && slice_equal_fold(others->text, SLICE("keep"));
    if (others != NULL && !rule->keeps_others && !slice_equal_fold(others->text, SLICE("redact")))
        return fail(reader, "otherValues is redact or keep");
    rule->cases = ARENA_ARRAY(reader->arena, struct deid_rule_case, cases->count);
    if (rule->cases == NULL)
        return no_room(reader->err);
    for (item = json_first(cases); status == STATUS_OK && item != NULL; item = item->next) {
        struct deid_rule_case *one = &rule->cases[rule->cases_count++];

        if (item->kind != JSON_KIND_STRING && item->kind != JSON_KIND_NUMBER)
            return fail(reader, "a case that is no expression");
        status = compile(reader, item->key, "a case", &one->test);
        if (status == STATUS_OK)
            status = compile(reader, item->text, "the value of a case", &one->value);
    }
    return status;
}

static enum status read_settings(struct reader *reader, const struct json *json,
                                 struct deid_rule *rule)
{
    switch (rule->method) {
    case DEID_RULE_SUBSTITUTE:
        rule->replace_with = json_get(json, "replaceWith");
        return rule->replace_with == NULL ? fail(reader, "substitute needs replaceWith")
                                          : STATUS_OK;
    case DEID_RULE_PERTURB:
        return read_perturb(reader, json, rule);
    case DEID_RULE_GENERALIZE:
        return read_generalize(reader, json, rule);
    default:
        return STATUS_OK;
    }
}

static enum status read_method(struct reader *reader, struct slice name, struct deid_rule *rule)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (slice_equal_fold(name, slice_from(methods[i].name))) {
            rule->method = methods[i].method;
            return STATUS_OK;
        }
    return fail(reader, "a method that is not known: redact, keep, dateShift, cryptoHash, encrypt, "
                        "substitute, perturb, generalize or profile");
}

/* "Patient.name" is for patients alone; "Resource.id" and "nodesByType('date')" are for all. */
static void read_type(struct deid_rule_set *set, struct slice path, struct deid_rule *rule)
{
    struct slice root = deid_path_root(rule->path);

    rule->is_whole = root.size > 0 && slice_equal(slice_trim(path), root);
    if (slice_is(root, "Resource") || slice_is(root, "DomainResource"))
        root = SLICE("");
    if (root.size > 0 && set->types->types[deid_fhir_type_find(set->types, root)].is_resource)
        rule->type = root;
    else if (rule->is_whole && root.size > 0)
        rule->type = root; /* of no resource that there is: it reaches nothing */
}

static enum status read_rule(struct reader *reader, const struct json *json, struct deid_rule *rule)
{
    struct slice path = json_get_string(json, "path"), method = json_get_string(json, "method");
    enum status status;

    if (path.size == 0 || method.size == 0)
        return fail(reader, "a rule needs a path and a method");
    status = compile(reader, path, "its path", &rule->path);
    if (status == STATUS_OK)
        status = read_method(reader, method, rule);
    if (status == STATUS_OK)
        status = read_settings(reader, json, rule);
    if (status == STATUS_OK)
        read_type(reader->set, path, rule);
    return status;
}

static enum status read_rules(struct reader *reader, const struct json *rules)
{
    const struct json *item;
    enum status status = STATUS_OK;

    if (rules == NULL || rules->kind != JSON_KIND_ARRAY)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "rules: fhirPathRules is missing or is no array");
    if (rules->count > DEID_RULES_MAX)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "%u rules, at most %d", rules->count,
                         DEID_RULES_MAX);
    reader->set->rules = ARENA_ARRAY(reader->arena, struct deid_rule, rules->count);
    if (reader->set->rules == NULL)
        return no_room(reader->err);
    for (item = json_first(rules); status == STATUS_OK && item != NULL; item = item->next) {
        reader->index = reader->set->count;
        status = read_rule(reader, item, &reader->set->rules[reader->set->count++]);
    }
    return status;
}

static bool is_true(const struct json *parameters, const char *name)
{
    const struct json *value = json_get(parameters, name);

    return value != NULL && value->kind == JSON_KIND_TRUE;
}

/* As given; where it is not, or is empty, 64 random hex digits. */
static enum status read_key(struct reader *reader, const struct json *parameters, const char *name,
                            struct slice *key)
{
    unsigned char bytes[DEID_RULE_KEY_BYTES];
    char *hex;

    *key = json_get_string(parameters, name);
    if (key->size > 0)
        return STATUS_OK;
    hex = arena_alloc(reader->arena, 2 * sizeof(bytes) + 1);
    if (hex == NULL)
        return no_room(reader->err);
    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(hex, 2 * sizeof(bytes) + 1, bytes, sizeof(bytes));
    *key = slice_of(hex, 2 * sizeof(bytes));
    return STATUS_OK;
}

static enum status read_keys(struct reader *reader, const struct json *parameters)
{
    struct deid_rule_set *set = reader->set;
    size_t given = json_get_string(parameters, "encryptKey").size;
    enum status status = read_key(reader, parameters, "dateShiftKey", &set->date_shift_key);

    if (given != 0 && given != 16 && given != 24 && given != 32)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "rules: encryptKey has %zu bytes, and not 16, 24 or 32", given);
    if (status == STATUS_OK)
        status = read_key(reader, parameters, "cryptoHashKey", &set->crypto_hash_key);
    if (status == STATUS_OK)
        status = read_key(reader, parameters, "encryptKey", &set->encrypt_key);
    set->encrypt_key.size = set->encrypt_key.size > 32 ? 32 : set->encrypt_key.size;
    return status;
}

static enum status read_restricted(struct reader *reader, const struct json *list)
{
    struct deid_rule_set *set = reader->set;
    const struct json *item;

    if (list == NULL)
        return STATUS_OK;
    set->restricted_postal = ARENA_ARRAY(reader->arena, struct slice, list->count);
    if (set->restricted_postal == NULL)
        return no_room(reader->err);
    for (item = json_first(list); item != NULL; item = item->next) {
        if (item->kind != JSON_KIND_STRING || item->text.size == 0)
            return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                             "rules: restrictedZipCodeTabulationAreas is a list of texts");
        set->restricted_postal[set->restricted_count++] = item->text;
    }
    return STATUS_OK;
}

static enum status read_shift(struct reader *reader, const struct json *parameters)
{
    struct deid_rule_set *set = reader->set;
    const struct json *fixed = json_get(parameters, "dateShiftFixedOffsetInDays");
    struct slice scope = json_get_string(parameters, "dateShiftScope");
    double days = 0;

    if (slice_equal_fold(scope, SLICE("file")))
        set->date_shift_scope = DEID_RULE_SCOPE_FILE;
    else if (slice_equal_fold(scope, SLICE("patient")))
        set->date_shift_scope = DEID_RULE_SCOPE_PATIENT;
    else if (slice_equal_fold(scope, SLICE("folder")))
        set->date_shift_scope = DEID_RULE_SCOPE_FOLDER;
    else if (scope.size > 0 && !slice_equal_fold(scope, SLICE("resource")))
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "rules: dateShiftScope is resource, file, folder or patient");
    if (fixed == NULL || fixed->kind == JSON_KIND_NULL)
        return STATUS_OK;
    if (!number_of(fixed, &days) || days != (int)days || days < -36500 || days > 36500)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "rules: dateShiftFixedOffsetInDays is a whole number of days");
    set->has_fixed_shift = true;
    set->fixed_shift_days = (int)days;
    return STATUS_OK;
}

static enum status read_parameters(struct reader *reader, const struct json *parameters)
{
    struct deid_rule_set *set = reader->set;
    struct slice unmatched = json_get_string(parameters, "unmatched");
    enum status status;

    set->partial_ages = is_true(parameters, "enablePartialAgesForRedact");
    set->partial_dates = is_true(parameters, "enablePartialDatesForRedact");
    set->partial_postal = is_true(parameters, "enablePartialZipCodesForRedact");
    set->keeps_unmatched = slice_is(unmatched, "keep");
    if (unmatched.size > 0 && !set->keeps_unmatched && !slice_is(unmatched, "profile"))
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "rules: unmatched is profile or keep");
    status = read_restricted(reader, json_get(parameters, "restrictedZipCodeTabulationAreas"));
    if (status == STATUS_OK)
        status = read_shift(reader, parameters);
    return status == STATUS_OK ? read_keys(reader, parameters) : status;
}

static enum status read_root(struct reader *reader, const struct json *root)
{
    struct slice version = json_get_string(root, "fhirVersion"),
                 errors = json_get_string(root, "processingErrors");

    if (root->kind != JSON_KIND_OBJECT)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "rules: no JSON object");
    if (version.size > 0 && !slice_equal_fold(version, SLICE("R4"))
        && !slice_equal_fold(version, SLICE("STU3")))
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "rules: fhirVersion is R4 or STU3");
    reader->set->skips_errors = slice_equal_fold(errors, SLICE("skip"));
    if (errors.size > 0 && !reader->set->skips_errors && !slice_equal_fold(errors, SLICE("raise")))
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "rules: processingErrors is raise or skip");
    return STATUS_OK;
}

enum status deid_rule_set_parse(struct slice json, struct arena *arena, struct deid_rule_set *set,
                                struct error *err)
{
    struct reader reader = { .set = set, .arena = arena, .err = err };
    enum status status;

    *set = (struct deid_rule_set){ 0 };
    if (sodium_init() < 0)
        return error_set(err, STATUS_INTERNAL, "no source of random numbers");
    status = json_parse(json, arena, &set->root, err);
    if (status != STATUS_OK)
        return error_wrap(err, "rules");
    set->types = deid_fhir_types_shared();
    status = read_root(&reader, set->root);
    if (status == STATUS_OK)
        status = read_rules(&reader, json_get(set->root, "fhirPathRules"));
    return status == STATUS_OK ? read_parameters(&reader, json_get(set->root, "parameters"))
                               : status;
}

static enum status file_read(FILE *file, struct arena *arena, struct slice *bytes,
                             struct error *err)
{
    struct buffer out;
    char *at;
    size_t got;

    buffer_init(&out, arena);
    do {
        at = buffer_reserve(&out, 64 << 10);
        if (at == NULL)
            return no_room(err);
        got = fread(at, 1, 64 << 10, file);
        out.size += got;
    } while (got > 0 && out.size <= DEID_RULE_FILE_BYTES_MAX);
    if (ferror(file))
        return error_set(err, STATUS_UNAVAILABLE, "rules: the file cannot be read");
    if (out.size > DEID_RULE_FILE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "rules: a file of more than %zu bytes",
                         DEID_RULE_FILE_BYTES_MAX);
    *bytes = buffer_slice(&out);
    return STATUS_OK;
}

enum status deid_rule_set_load(const char *path, struct arena *arena, struct deid_rule_set *set,
                               struct error *err)
{
    FILE *file = fopen(path, "rbe");
    struct slice bytes;
    enum status status;

    if (file == NULL)
        return error_set(err, STATUS_NOT_FOUND, "rules: the file cannot be opened");
    status = file_read(file, arena, &bytes, err);
    fclose(file);
    return status == STATUS_OK ? deid_rule_set_parse(bytes, arena, set, err) : status;
}
