/* What is known of a model, the one that answers or the one that embeds: asked of inference and
 * tokenizer at the start and every few seconds, so that a question never waits for it. */
#ifndef GATEWAY_MODELS_H
#define GATEWAY_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "contract/methods.h"
#include "run/loop.h"

#define MODELS_ADAPTERS_MAX 64
#define MODELS_ADAPTER_BYTES_MAX 128

struct channel;
struct gateway;
struct group;

struct models {
    struct gateway *gateway;
    struct channel *inference, *tokenizer;
    bool is_main; /* the gateway serves while it is known */
    struct timer timer;
    struct arena arena;  /* of the round that runs */
    struct group *group; /* of the round that runs; NULL: none */
    bool is_known;       /* both have answered, of the same file */
    /* What the round that runs was told, in its arena; NULL: nothing yet. It takes the place of
     * what follows when the round has ended well, all at once. */
    const Consilium__V1__GetModelReply *found;
    const Consilium__V1__GetVocabularyReply *found_vocabulary;
    char name[128], architecture[32], digest[65];
    char noted[65]; /* the digest that the audit log knows of; "": none yet */
    uint32_t context_length, vocabulary_size, embedding_size;
    bool takes_constraints;
    char adapters[MODELS_ADAPTERS_MAX][MODELS_ADAPTER_BYTES_MAX]; /* their names */
    char *adapter_list[MODELS_ADAPTERS_MAX];
    size_t adapters_count;
    uint64_t parameters;
    float chars_per_token;
    struct error why_not;                     /* while !is_known */
    void (*stopped)(struct gateway *gateway); /* NULL: models_stop was not called */
};

void models_start(struct models *models, struct gateway *gateway, struct channel *inference,
                  struct channel *tokenizer, bool is_main);

/* @stopped is called later, when no round runs any more and the timer is closed. */
void models_stop(struct models *models, void (*stopped)(struct gateway *gateway));

/* Fill @reply with views into @models. FAILED_PRECONDITION or UNAVAILABLE, with the reason, while
 * nothing is known. */
enum status models_get(const struct models *models, Consilium__V1__GetModelReply *reply,
                       struct error *err);

/* Whether a question may name @adapter; "" always. */
bool models_has_adapter(const struct models *models, struct slice adapter);

#endif
