#include "tokenizer_model.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/utf8.h"
#include "tokenizer_file.h"
#include "tokenizer_open.h"

/* What a budget in characters is converted with: notes, lists and results as a record's rendering
 * has them. Written for this; no patient. */
static const char clinical_prose[] =
    "Assessment: 67-year-old woman with type 2 diabetes mellitus, stage 3a chronic kidney disease and essential "
    "hypertension, seen for progressive exertional dyspnoea and bilateral ankle oedema over three weeks. She takes metformin 1000 mg "
    "twice daily, lisinopril 20 mg daily and atorvastatin 40 mg at night; she is allergic to penicillin (urticaria).\n"
    "On examination blood pressure 152/88 mmHg, heart rate 92/min and regular, oxygen saturation 94 % on room air, jugular venous "
    "pressure raised, fine crackles at both bases. ECG: sinus rhythm, left ventricular hypertrophy.\n"
    "Results: haemoglobin A1c 8.2 %, creatinine 1.4 mg/dL (eGFR 41 mL/min/1.73 m2), potassium 4.8 mmol/L, NT-proBNP 1840 pg/mL [H], "
    "troponin negative. Chest radiograph: cardiomegaly with upper lobe diversion, small right pleural effusion.\n"
    "Plan: 1. Start furosemide 40 mg once daily and weigh every morning. 2. Echocardiogram within two weeks. 3. Review metformin "
    "dose against renal function; consider an SGLT2 inhibitor. 4. Repeat electrolytes in seven days.\n";

static enum status measure(struct tokenizer_model *model, struct error *err)
{
    size_t count = 0;
    enum status status =
        tokenizer_encode_count(model->vocab, slice_from(clinical_prose), &count, err);

    if (status == STATUS_OK && count > 0)
        model->chars_per_token = (float)utf8_count(slice_from(clinical_prose)) / (float)count;
    return status;
}

static void log_ready(const struct tokenizer_model *model)
{
    log_info("vocabulary_ready", LOG_NUMBER("pieces", model->vocab->size),
             LOG_ID("digest", model->vocab->digest),
             LOG_NAME("template", model->template.root == NULL ? "none" : "jinja"),
             LOG_NUMBER("chars_per_100_tokens", model->chars_per_token * 100));
    if (model->template.root == NULL)
        log_warn("template_unusable", LOG_ERROR(&model->template.failure));
}

struct tokenizer_model *tokenizer_model_open(const char *path, const char *folder,
                                             struct error *err)
{
    struct tokenizer_model *model = calloc(1, sizeof(*model));

    if (model == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    atomic_init(&model->holders, 1);
    model->vocab =
        folder == NULL ? tokenizer_open(path, err) : tokenizer_file_open(path, folder, err);
    if (model->vocab == NULL || measure(model, err) != STATUS_OK) {
        tokenizer_model_let_go(model);
        return NULL;
    }
    tokenizer_template_init(&model->template, model->vocab);
    log_ready(model);
    return model;
}

void tokenizer_model_let_go(struct tokenizer_model *model)
{
    if (model == NULL || atomic_fetch_sub(&model->holders, 1) > 1)
        return;
    tokenizer_template_close(&model->template);
    tokenizer_vocab_destroy(model->vocab);
    free(model);
}
