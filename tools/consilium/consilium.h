/* consilium, the command: what its verbs share. One loop, one verb; a verb starts its calls and
 * says consilium_end when it is through. */
#ifndef CONSILIUM_H
#define CONSILIUM_H

#include "base/buffer.h"
#include "consilium_deid_config.h"
#include "rpc/client.h"
#include "run/loop.h"

/* Exit statuses, for scripts. */
enum consilium_exit {
    CONSILIUM_EXIT_OK = 0,
    CONSILIUM_EXIT_FAILED = 1,      /* INTERNAL, DATA_LOSS, UNKNOWN, … */
    CONSILIUM_EXIT_USAGE = 2,       /* the command was used wrongly */
    CONSILIUM_EXIT_NOT_FOUND = 3,   /* no such patient, no such file */
    CONSILIUM_EXIT_UNAVAILABLE = 4, /* nobody answered, or not in time: trying again may help */
    CONSILIUM_EXIT_REFUSED = 5,     /* the input was refused: trying again does not help */
    CONSILIUM_EXIT_INTERRUPTED = 130,
};

#define CONSILIUM_EXIT_MESH (-1)

struct consilium_config {
    const char *gateway, *deid, *context, *tokenizer, *inference;
    const char *tls_certificate, *tls_key, *tls_authority;
    const char *token_file;
    const char *tenant, *patient, *profile, *colour, *from, *to, *patients_file;
    uint64_t timeout_ms;
    int64_t tokens_max, budget_tokens, top_k, seed, page_size, answers_min;
    double temperature, top_p;
    bool json, many, fhir, keep_surrogates, timings;
    bool from_fhir; /* put: the operand is an id at the hospital's FHIR server */
    /* deid without a mesh */
    const char *known_file, *labels_file, *show;
    uint64_t line_bytes_max;
    double share;
    bool mesh, text, blind, recall_only;
    struct deid_config own;
    /* context */
    const char *folder, *model, *without, *words_file;
    /* eval */
    const char *report, *split;
    int64_t questions, examples;
    /* timeline without a mesh */
    const char *ask;
    /* audit */
    const char *public_key_file, *expect;
    int64_t first;
    /* tokens without a mesh */
    const char *vocabulary;
    bool count, decode, lines, special, chat;
    /* bench and logits */
    int64_t threads, prompt_ids, answer_ids, sequences, cache_bits;
    bool limits, mapped;
    /* generate, score and embed, which need no mesh */
    const char *adapter, *grammar, *schema;
    bool ids, raw;
};

struct fetcher;
struct group;
struct web;

struct consilium {
    struct loop loop;
    struct client *client;
    struct credentials *credentials;
    struct channel *channel; /* to whom the verb talks; NULL until consilium_connect */
    struct rpc *rpc;         /* cancelled by Ctrl-C; NULL: none */
    struct group *group;     /* the same */
    struct fetcher *fetcher; /* of the gateway's door of HTTP (consilium_door.h); NULL: not used */
    struct web *web;         /* cancelled as rpc is */
    const char *authorization; /* shown there; NULL: nothing */
    struct arena arena;
    struct consilium_config config;
    char **operands;
    int operands_count;
    int exit_status;
    bool is_interrupted;
    struct timer ending;
    void *state; /* the verb's own */
};

struct consilium_verb {
    const char *name;
    const char *operands; /* for --help */
    const char *help;
    void (*start)(struct consilium *consilium); /* on the loop, by consilium_run */
    /* Where it is set: what the verb does before there is a loop. The exit status, or
     * CONSILIUM_EXIT_MESH where the verb is to be started on the loop after all. */
    int (*run)(struct consilium *consilium);
};

extern const struct consilium_verb consilium_verbs[]; /* ends with a name of NULL */

/* The exit status that says what @status says. */
enum consilium_exit consilium_exit_of(enum status status);

/* Run @verb on the operands; returns the exit status. */
int consilium_run(const struct consilium_verb *verb, struct consilium *consilium);

/* The channel to @target, made at once. NULL: told, and the verb has ended. */
struct channel *consilium_connect(struct consilium *consilium, const char *service,
                                  const char *target);

/* Deadline and parent of a call of a verb. */
struct rpc_options consilium_options(const struct consilium *consilium);

/* The verb is through. */
void consilium_end(struct consilium *consilium, enum consilium_exit exit_status);

/* Tell @err on stderr (in words, or with --json as an object) and end with the exit that fits. */
void consilium_fail(struct consilium *consilium, const struct error *err);

/* The same for a wrong use, with the usage of the verb. */
__attribute__((format(printf, 2, 3))) void consilium_misuse(struct consilium *consilium,
                                                            const char *format, ...);

#endif
