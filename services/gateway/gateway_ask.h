/* One question about one patient: a machine that waits on four leaves and tells what happens as
 * events.
 *
 *   question ─┬─ REDACT (deid) ──┐
 *             └─ RECALL (context)┴─ ASSEMBLE (context) ─ ENCODE (tokenizer) ─ GENERATE (inference) ─ done
 *                                        ▲──── smaller budget ──┘               ids ─ DECODE ─ RESTORE ─ text
 *
 * The event model has several faces (gRPC Ask, AskMany): each is a sink. Loop thread. */
#ifndef GATEWAY_ASK_H
#define GATEWAY_ASK_H

#include "gateway.h"

struct ask;
struct cohort;

struct ask_request {
    const char *tenant, *patient, *question;
    const char *adapter;                     /* of the model's; "": none */
    uint32_t tokens_max;                     /* of the answer; 0: the gateway's setting */
    uint32_t budget_tokens;                  /* for facts; 0: what the model's context leaves */
    const Consilium__V1__Sampling *sampling; /* NULL: greedy */
    bool keep_surrogates;
    bool is_plain;                     /* of no patient: turns and question, and no facts */
    Consilium__V1__Turn *const *turns; /* what was said before */
    size_t turns_count;
    const ProtobufCBinaryData *stop_texts;
    size_t stop_texts_count;
    const Consilium__V1__Constraint *constraint; /* where is_plain; NULL: none */
    bool has_logprobs;                           /* tell them */
    uint32_t top_logprobs;                       /* and so many of the likeliest tokens */
    struct cohort *cohort;     /* with whom it is assembled (gateway_cohort.h); NULL: alone */
    const struct call *parent; /* whose deadline, trace and cancellation hold */
};

struct ask_sink {
    /* One event; it lives until this returns. False: no more until ask_proceed, if it can be
     * helped. */
    bool (*on_event)(void *arg, const Consilium__V1__AskEvent *event);
    /* The end, once; STATUS_OK after a done event. The ask is gone when this returns. */
    void (*on_end)(void *arg, const struct error *err);
    void *arg;
};

/* Begin. Strings of @request and @arena must last until on_end. Errors that can be told at once are
 * told by return and on_end never comes; otherwise it comes later, never before this has returned.
 */
enum status ask_start(struct gateway *gateway, const struct ask_request *request,
                      const struct ask_sink *sink, struct arena *arena, struct ask **ask,
                      struct error *err);

/* The sink can take events again. */
void ask_proceed(struct ask *ask);

/* End soon with CANCELLED. */
void ask_cancel(struct ask *ask);

#endif
