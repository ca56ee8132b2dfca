#include "consilium_deid_engine.h"

#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_deid_known.h"
#include "consilium_deid_vault.h"
#include "consilium_file.h"
#include "deid_fhir_learn.h"

#define KNOWN_BYTES_MAX (16 * MIB)

/* 0: none was named. */
static enum status profile_parse(const char *word, enum deid_profile *profile, struct error *err)
{
    if (word == NULL)
        *profile = (enum deid_profile)0;
    else if (strcmp(word, "limited") == 0)
        *profile = DEID_PROFILE_LIMITED;
    else if (strcmp(word, "safe-harbor") == 0)
        *profile = DEID_PROFILE_SAFE_HARBOR;
    else
        return error_set(err, STATUS_INVALID_ARGUMENT, "--profile takes limited or safe-harbor");
    return STATUS_OK;
}

static enum status known_load(struct deid_engine *engine, const char *path, struct error *err)
{
    struct json *root;
    struct slice bytes;

    if (path == NULL)
        return STATUS_OK;
    if (file_read(path, KNOWN_BYTES_MAX, &engine->options, &bytes, err) != STATUS_OK)
        return err->status;
    if (json_parse(bytes, &engine->options, &root, err) != STATUS_OK
        || deid_known_read(root, &engine->options, &engine->known, err) != STATUS_OK)
        return error_wrap(err, "--known");
    return STATUS_OK;
}

static enum status vault_load(struct deid_engine *engine, const struct consilium_config *config,
                              struct error *err)
{
    if (config->own.map == NULL)
        return STATUS_OK;
    engine->vault = ARENA_NEW(&engine->options, struct deid_vault);
    if (engine->vault == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a map");
    if (deid_vault_open(engine->vault, config->own.map, config->own.key_file, engine->profile, err)
        != STATUS_OK)
        return err->status;
    engine->map = &engine->vault->map;
    return STATUS_OK;
}

/* The policy of --patterns, or an empty one for --style, --classes and --rules alone. */
static enum status policy_load(struct deid_engine *engine, const struct deid_config *own,
                               struct error *err)
{
    struct deid_rule_set *rules;
    struct deid_policy *policy;

    if (own->patterns == NULL && own->style == NULL && own->classes == NULL && own->rules == NULL)
        return STATUS_OK;
    policy = ARENA_NEW(&engine->options, struct deid_policy);
    rules = ARENA_NEW(&engine->options, struct deid_rule_set);
    if (policy == NULL || rules == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a policy");
    if ((own->patterns == NULL ? deid_policy_parse(SLICE("{}"), &engine->options, policy, err)
                               : deid_policy_load(own->patterns, &engine->options, policy, err))
        != STATUS_OK)
        return error_wrap(err, "--patterns");
    if (own->style != NULL && !deid_style_parse(slice_from(own->style), &policy->style))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--style takes codes, surrogates, tags or masks");
    if (own->classes != NULL && !deid_classes_parse(slice_from(own->classes), &policy->classes))
        return error_set(err, STATUS_INVALID_ARGUMENT, "--classes takes auto, eighteen or wide");
    if (own->rules != NULL) {
        if (deid_rule_set_load(own->rules, &engine->options, rules, err) != STATUS_OK)
            return error_wrap(err, "--rules");
        policy->fhir_rules = rules;
    }
    engine->policy = policy;
    return STATUS_OK;
}

enum status deid_engine_init(struct deid_engine *engine, const struct consilium_config *config,
                             struct error *err)
{
    *engine = (struct deid_engine){ 0 };
    arena_init(&engine->options, DEID_ENGINE_ARENA_BYTES);
    if (sodium_init() < 0)
        return error_set(err, STATUS_INTERNAL, "no random numbers");
    if (profile_parse(config->profile, &engine->profile, err) == STATUS_OK
        && known_load(engine, config->known_file, err) == STATUS_OK
        && policy_load(engine, &config->own, err) == STATUS_OK
        && vault_load(engine, config, err) == STATUS_OK
        && deid_rules_init(&engine->rules, err) == STATUS_OK) {
        if (engine->profile == 0)
            engine->profile = DEID_PROFILE_LIMITED;
        if (engine->policy != NULL)
            engine->rules.classes = engine->policy->classes;
        return STATUS_OK;
    }
    if (engine->vault != NULL)
        deid_vault_close(engine->vault);
    arena_close(&engine->options);
    return err->status;
}

enum status deid_engine_save(struct deid_engine *engine, struct error *err)
{
    return engine->vault == NULL ? STATUS_OK : deid_vault_save(engine->vault, err);
}

void deid_engine_close(struct deid_engine *engine)
{
    deid_rules_close(&engine->rules);
    if (engine->vault != NULL)
        deid_vault_close(engine->vault);
    arena_close(&engine->options);
}

/* Put what each resource of the list @known tells into the learner's map. */
static enum status learn(struct deid_fhir_learner *learner, const struct json *known)
{
    const struct json *resource;

    for (resource = json_first(known); resource != NULL; resource = resource->next)
        if (deid_fhir_learn(learner, resource) != STATUS_OK)
            return learner->err->status;
    return STATUS_OK;
}

struct deid_map *deid_engine_map(const struct deid_engine *engine, const struct json *patient,
                                 struct deid_map *own, struct arena *arena, struct error *err)
{
    struct deid_map *map = engine->map == NULL ? own : engine->map;
    struct deid_fhir_learner learner = {
        .map = map, .arena = arena, .err = err, .has_many = engine->map != NULL
    };
    struct json *known;

    if (engine->map == NULL)
        deid_map_init(own, engine->profile, arena);
    if (learn(&learner, engine->known) != STATUS_OK) {
        error_wrap(err, "--known");
        return NULL;
    }
    if (patient != NULL
        && (deid_known_read(patient, arena, &known, err) != STATUS_OK
            || learn(&learner, known) != STATUS_OK)) {
        error_wrap(err, "patient");
        return NULL;
    }
    return map;
}

/* The redactor keeps what it found newest first. */
static enum status take_spans(const struct deid_redactor *redactor,
                              struct deid_engine_result *result, struct error *err)
{
    const struct deid_found *found;
    unsigned count = 0;

    for (found = redactor->found; found != NULL; found = found->next)
        count++;
    result->spans = ARENA_ARRAY(redactor->arena, struct deid_engine_span, count);
    if (result->spans == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", count);
    result->spans_count = count;
    for (found = redactor->found; found != NULL; found = found->next)
        result->spans[--count] = (struct deid_engine_span){ found->span, found->surrogate };
    memcpy(result->counts, redactor->counts, sizeof(result->counts));
    return STATUS_OK;
}

enum status deid_engine_text(const struct deid_engine *engine, struct slice text,
                             const struct json *patient, struct arena *arena,
                             struct deid_engine_result *result, struct error *err)
{
    struct deid_redactor redactor;
    struct deid_map own, *map = deid_engine_map(engine, patient, &own, arena, err);
    enum status status;

    *result = (struct deid_engine_result){ 0 };
    if (map == NULL)
        return err->status;
    status = deid_redactor_init(&redactor, &engine->rules, map, arena, err);
    redactor.keep_spans = true;
    redactor.policy = engine->policy;
    redactor.is_alone = patient == NULL && engine->known == NULL;
    if (engine->policy != NULL)
        map->style = engine->policy->style;
    if (status == STATUS_OK)
        status = deid_redact_text(&redactor, text, false, &result->output, err);
    if (status == STATUS_OK)
        status = take_spans(&redactor, result, err);
    deid_redactor_close(&redactor);
    return status;
}

const char *deid_engine_label(enum deid_class class)
{
    static const char *const labels[DEID_CLASS_COUNT] = {
        [DEID_CLASS_NONE] = "",
        [DEID_CLASS_NAME] = "NAME",
        [DEID_CLASS_GEOGRAPHY] = "GEOGRAPHY",
        [DEID_CLASS_DATE] = "DATE",
        [DEID_CLASS_PHONE] = "PHONE",
        [DEID_CLASS_FAX] = "FAX",
        [DEID_CLASS_EMAIL] = "EMAIL",
        [DEID_CLASS_SSN] = "SSN",
        [DEID_CLASS_MRN] = "MRN",
        [DEID_CLASS_HEALTH_PLAN] = "HEALTH_PLAN",
        [DEID_CLASS_ACCOUNT] = "ACCOUNT",
        [DEID_CLASS_LICENSE] = "LICENSE",
        [DEID_CLASS_VEHICLE] = "VEHICLE",
        [DEID_CLASS_DEVICE] = "DEVICE",
        [DEID_CLASS_URL] = "URL",
        [DEID_CLASS_IP] = "IP",
        [DEID_CLASS_BIOMETRIC] = "BIOMETRIC",
        [DEID_CLASS_PHOTO] = "PHOTO",
        [DEID_CLASS_OTHER] = "OTHER",
    };

    return (unsigned)class < DEID_CLASS_COUNT ? labels[class] : "";
}
