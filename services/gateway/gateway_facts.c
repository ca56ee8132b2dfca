#include "gateway_facts.h"

#include <string.h>

/* Called for every text of the facts that may hold a surrogate and is not empty, always in the same
 * order. False ends the walk. */
typedef bool (*text_cb)(void *arg, char **text);

static bool each_of(char **const *texts, size_t count, text_cb on_text, void *arg)
{
    for (size_t i = 0; i < count; i++)
        if (*texts[i][0] != '\0' && !on_text(arg, texts[i]))
            return false;
    return true;
}

static bool each_source_text(Consilium__V1__FactSource *source, text_cb on_text, void *arg)
{
    char **const texts[] = { &source->reference, &source->date, &source->value };

    return each_of(texts, sizeof(texts) / sizeof(texts[0]), on_text, arg);
}

static bool each_text(Consilium__V1__Fact *const *facts, size_t count, text_cb on_text, void *arg)
{
    for (size_t i = 0; i < count; i++) {
        Consilium__V1__Fact *fact = facts[i];
        char **const texts[] = { &fact->reference, &fact->date, &fact->label, &fact->value,
                                 &fact->text,      &fact->end,  &fact->who };

        if (!each_of(texts, sizeof(texts) / sizeof(texts[0]), on_text, arg))
            return false;
        for (size_t j = 0; j < fact->n_sources; j++)
            if (!each_source_text(fact->sources[j], on_text, arg))
                return false;
    }
    return true;
}

static bool count_text(void *arg, char **text)
{
    (void)text;
    ++*(size_t *)arg;
    return true;
}

static size_t count_texts(Consilium__V1__Fact *const *facts, size_t count)
{
    size_t texts = 0;

    each_text(facts, count, count_text, &texts);
    return texts;
}

struct listing {
    ProtobufCBinaryData *texts;
    size_t count;
};

static bool list_text(void *arg, char **text)
{
    struct listing *listing = arg;

    listing->texts[listing->count++] = (ProtobufCBinaryData){ strlen(*text), (uint8_t *)*text };
    return true;
}

enum status facts_texts(Consilium__V1__Fact *const *facts, size_t count, struct arena *arena,
                        ProtobufCBinaryData **texts, size_t *texts_count, struct error *err)
{
    struct listing listing = {
        ARENA_ARRAY(arena, ProtobufCBinaryData, count_texts(facts, count) + 1), 0
    };

    if (listing.texts == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the texts of %zu facts",
                         count);
    each_text(facts, count, list_text, &listing);
    *texts = listing.texts;
    *texts_count = listing.count;
    return STATUS_OK;
}

struct restoring {
    const Consilium__V1__RestoreReply *reply;
    struct arena *arena;
    size_t count;
};

static bool restore_text(void *arg, char **text)
{
    struct restoring *restoring = arg;
    ProtobufCBinaryData restored = restoring->reply->texts[restoring->count++];

    *text = arena_string(restoring->arena, slice_of(restored.data, restored.len));
    return *text != NULL;
}

enum status facts_restore(Consilium__V1__Fact *const *facts, size_t count,
                          const Consilium__V1__RestoreReply *reply, struct arena *arena,
                          struct error *err)
{
    struct restoring restoring = { reply, arena, 0 };

    if (reply->n_texts != count_texts(facts, count))
        return error_set(err, STATUS_INTERNAL, "deid restored %zu texts of %zu", reply->n_texts,
                         count_texts(facts, count));
    return each_text(facts, count, restore_text, &restoring)
               ? STATUS_OK
               : error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the texts of %zu facts",
                           count);
}
