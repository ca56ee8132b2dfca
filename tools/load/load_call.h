/* One call of a kind, from its intended start to its end. Loop thread. */
#ifndef LOAD_CALL_H
#define LOAD_CALL_H

#include "base/error.h"
#include "rpc/client.h"

struct load_run;

enum load_service {
    LOAD_SERVICE_GATEWAY,
    LOAD_SERVICE_DEID,
    LOAD_SERVICE_CONTEXT,
    LOAD_SERVICE_TOKENIZER,
    LOAD_SERVICE_INFERENCE,
    LOAD_SERVICES,
};

struct load_call {
    struct load_run *run;
    unsigned kind;
    uint64_t intended_ns; /* when it was to begin: latencies count from here, however late it did */
    uint64_t first_ns;    /* the first text or id; 0: none */
    uint64_t draw;        /* chooses patient, question, note */
    bool is_counted;      /* not of the warm-up */
    bool is_preparation;
    size_t sent;        /* of a bundle */
    unsigned attempts;  /* that have failed */
    struct timer pause; /* before the next */
    struct rpc *rpc;
};

/* What a record must have been put to before such calls find anything. */
enum load_wants {
    LOAD_WANTS_NOTHING,
    LOAD_WANTS_GATEWAY,
    LOAD_WANTS_CONTEXT,
};

struct load_kind {
    const char *name, *help;
    enum load_service service;
    enum load_wants wants;
    bool has_first; /* streams: the time until the first text or id is measured too */
    /* Begin; load_run_over is called later, once, unless this fails. */
    enum status (*start)(struct load_call *call, struct error *err);
};

#define LOAD_KINDS_MAX 16

extern const struct load_kind load_kinds[]; /* ends with a name of NULL */

/* Its index; -1: none. */
int load_kind_find(struct slice name);

#endif
