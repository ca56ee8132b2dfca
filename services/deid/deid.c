#include "deid.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/key_file.h"
#include "base/log.h"

static enum status profile_parse(const char *word, enum deid_profile *profile, struct error *err)
{
    if (word == NULL || strcmp(word, "limited") == 0)
        *profile = DEID_PROFILE_LIMITED;
    else if (strcmp(word, "safe-harbor") == 0)
        *profile = DEID_PROFILE_SAFE_HARBOR;
    else
        return error_set(err, STATUS_INVALID_ARGUMENT, "profile is limited or safe-harbor");
    return STATUS_OK;
}

/* With all the lists that ./mesh installs there are 360,000; with ours alone a tenth, and names
 * that no list has are missed more often. */
#define WORDS_EXPECTED 300000

#define POLICY_BYTES_MAX ((size_t)256 << 20)

static enum status policy_open(struct deid *deid, const struct deid_options *options,
                               struct error *err)
{
    enum status status = STATUS_OK;

    arena_init(&deid->arena, POLICY_BYTES_MAX);
    if (options->patterns != NULL)
        status = deid_policy_load(options->patterns, &deid->arena, &deid->policy, err);
    if (status == STATUS_OK && options->fhir_rules != NULL) {
        status = deid_rule_set_load(options->fhir_rules, &deid->arena, &deid->fhir_rules, err);
        deid->policy.fhir_rules = &deid->fhir_rules;
    }
    if (status == STATUS_OK && options->style != NULL
        && !deid_style_parse(slice_from(options->style), &deid->policy.style))
        return error_set(err, STATUS_INVALID_ARGUMENT, "style is codes, surrogates, tags or masks");
    return status;
}

struct deid *deid_create(const struct deid_options *options, struct error *err)
{
    struct deid *deid = calloc(1, sizeof(*deid));

    if (deid == NULL || sodium_init() < 0) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the service");
        free(deid);
        return NULL;
    }
    if (profile_parse(options->profile, &deid->profile_default, err) == STATUS_OK
        && key_file_load(options->key_file, deid->key.bytes, sizeof(deid->key.bytes), err)
               == STATUS_OK
        && policy_open(deid, options, err) == STATUS_OK
        && deid_rules_init(&deid->rules, err) == STATUS_OK) {
        deid->rules.classes = deid->policy.classes;
        if (deid->rules.lexicon.words_count < WORDS_EXPECTED)
            log_warn("short_word_lists", LOG_NUMBER("words", deid->rules.lexicon.words_count),
                     LOG_NUMBER("expected", WORDS_EXPECTED));
        return deid;
    }
    deid_destroy(deid);
    return NULL;
}

void deid_destroy(struct deid *deid)
{
    if (deid == NULL)
        return;
    sodium_memzero(&deid->key, sizeof(deid->key));
    deid_rules_close(&deid->rules);
    arena_close(&deid->arena);
    free(deid);
}
