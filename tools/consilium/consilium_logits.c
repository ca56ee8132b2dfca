/* consilium logits FILE ID...: a line for each id of the vocabulary, for comparing with a
 * reference. */
#include <stdio.h>
#include <stdlib.h>

#include "consilium.h"
#include "consilium_model.h"
#include "consilium_verbs.h"

static enum status read_ids(const struct consilium *consilium, const struct consilium_model *model,
                            uint32_t *ids, uint32_t count, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        char *end;
        unsigned long id = strtoul(consilium->operands[1 + i], &end, 10);

        if (*end != '\0' || id >= model->model->vocabulary || count >= model->context)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "ids below %u are wanted, and fewer than %u of them",
                             model->model->vocabulary, model->context);
        ids[i] = (uint32_t)id;
    }
    return STATUS_OK;
}

static void print(const struct consilium *consilium, const float *logits, uint32_t count)
{
    bool is_json = consilium->config.json;

    if (is_json)
        fputs("{\"logits\":[", stdout);
    for (uint32_t i = 0; i < count; i++)
        printf(is_json ? i == 0 ? "%.9g" : ",%.9g" : "%.9g\n", (double)logits[i]);
    if (is_json)
        puts("]}");
}

int logits_verb(struct consilium *consilium)
{
    struct consilium_model model;
    struct error err = { 0 };
    uint32_t count = (uint32_t)consilium->operands_count - 1;
    uint32_t *ids;

    if (consilium->operands_count < 2) {
        fputs("consilium logits: a GGUF file and ids are wanted\n", stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    ids = ARENA_ARRAY(&consilium->arena, uint32_t, count);
    if (consilium_model_open(&model, &consilium->config, consilium->operands[0], 1, 0, &err)
            == STATUS_OK
        && read_ids(consilium, &model, ids, count, &err) == STATUS_OK)
        print(consilium, consilium_model_prompt(&model, 0, ids, count), model.model->vocabulary);
    else
        fprintf(stderr, "consilium logits: %s\n", err.text);
    if (model.model != NULL)
        consilium_model_close(&model);
    return err.status == STATUS_OK ? CONSILIUM_EXIT_OK : (int)consilium_exit_of(err.status);
}
