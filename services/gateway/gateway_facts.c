#include "gateway_facts.h"

#include <string.h>

#define FACT_TEXTS 5

/* Where the texts of one fact stand. */
static void fact_texts(Consilium__V1__Fact *fact, char **texts[FACT_TEXTS])
{
    texts[0] = &fact->reference;
    texts[1] = &fact->date;
    texts[2] = &fact->label;
    texts[3] = &fact->value;
    texts[4] = &fact->text;
}

enum status facts_texts(Consilium__V1__Fact *const *facts, size_t count, struct arena *arena,
                        ProtobufCBinaryData **texts, size_t *texts_count, struct error *err)
{
    ProtobufCBinaryData *all = ARENA_ARRAY(arena, ProtobufCBinaryData, count * FACT_TEXTS + 1);
    char **one[FACT_TEXTS];
    size_t i, j;

    if (all == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the texts of %zu facts",
                         count);
    for (i = 0; i < count; i++) {
        fact_texts(facts[i], one);
        for (j = 0; j < FACT_TEXTS; j++)
            all[i * FACT_TEXTS + j] = (ProtobufCBinaryData){ strlen(*one[j]), (uint8_t *)*one[j] };
    }
    *texts = all;
    *texts_count = count * FACT_TEXTS;
    return STATUS_OK;
}

enum status facts_restore(Consilium__V1__Fact *const *facts, size_t count,
                          const Consilium__V1__RestoreReply *reply, struct arena *arena,
                          struct error *err)
{
    char **one[FACT_TEXTS];
    size_t i, j;

    if (reply->n_texts != count * FACT_TEXTS)
        return error_set(err, STATUS_INTERNAL, "deid restored %zu texts of %zu", reply->n_texts,
                         count * FACT_TEXTS);
    for (i = 0; i < count; i++) {
        fact_texts(facts[i], one);
        for (j = 0; j < FACT_TEXTS; j++) {
            ProtobufCBinaryData text = reply->texts[i * FACT_TEXTS + j];

            *one[j] = arena_string(arena, slice_of(text.data, text.len));
            if (*one[j] == NULL)
                return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                                 "no memory for the texts of %zu facts", count);
        }
    }
    return STATUS_OK;
}
