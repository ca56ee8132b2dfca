/* parse → learn (who the patient is, which ids there are) → walk and rewrite in place → write. */
#include "deid_fhir.h"

#include "deid_fhir_learn.h"
#include "deid_fhir_reference.h"
#include "deid_fhir_rules.h"
#include "deid_fhir_walk.h"

static enum status put_patient(struct deid_fhir_walk *walk, struct slice original,
                               struct slice *patient)
{
    *patient = (struct slice){ NULL, 0 };
    if (original.data == NULL)
        return STATUS_OK;
    if (original.size == 0) {
        *patient = SLICE("p0");
        return STATUS_OK;
    }
    return deid_fhir_reference_put(walk, 'p', original, patient);
}

static enum status write_tree(struct arena *arena, const struct json *root, struct slice source,
                              struct slice *output, struct error *err)
{
    struct buffer out;

    buffer_init(&out, arena);
    buffer_reserve(&out, source.size + source.size / 16 + 256); /* at once, not by doubling */
    json_write_from(root, source, &out);
    *output = buffer_slice(&out);
    return out.is_full ? deid_fhir_no_room(err) : STATUS_OK;
}

static bool has_rules(const struct deid_redactor *redactor)
{
    return redactor->policy != NULL && redactor->policy->fhir_rules != NULL;
}

static enum status redact_tree(struct deid_redactor *redactor, struct deid_fhir_memo *memo,
                               struct json *root, struct slice source, struct slice *output,
                               struct slice *patient, struct error *err)
{
    struct deid_fhir_learner learner = { .map = redactor->map,
                                         .arena = redactor->arena,
                                         .err = err };
    struct deid_fhir_walk walk;
    enum status status = deid_fhir_learn(&learner, root);

    if (status == STATUS_OK)
        status = deid_redactor_learn(redactor, err);
    if (status != STATUS_OK)
        return status;
    deid_fhir_walk_init(&walk, redactor, memo, err);
    if (has_rules(redactor)) {
        status = deid_fhir_rules_apply(&walk, root, output);
    } else {
        status = deid_fhir_walk_resource(&walk, root);
        if (status == STATUS_OK)
            status = write_tree(redactor->arena, root, source, output, err);
    }
    return status == STATUS_OK ? put_patient(&walk, learner.patient, patient) : status;
}

enum status deid_fhir_redact(struct deid_redactor *redactor, struct slice json,
                             struct slice *output, struct slice *patient, struct error *err)
{
    struct deid_fhir_memo memo;
    struct json *root;
    enum status status = json_parse_view(json, redactor->arena, &root, err);

    deid_fhir_memo_init(&memo);
    if (status == STATUS_OK)
        status = redact_tree(redactor, &memo, root, json, output, patient, err);
    deid_fhir_memo_close(&memo);
    return status;
}
