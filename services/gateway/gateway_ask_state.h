/* What one ask holds. Only for gateway_ask*.c: the machine (gateway_ask.c), the requests that it
 * makes (gateway_ask_legs.c) and the events that it tells (gateway_ask_events.c). */
#ifndef GATEWAY_ASK_STATE_H
#define GATEWAY_ASK_STATE_H

#include "base/buffer.h"
#include "base/machine.h"
#include "gateway_ask.h"

enum ask_state {
    ASK_STATE_RECALLING, /* RECALL and REDACT are out */
    ASK_STATE_ASSEMBLING,
    ASK_STATE_ENCODING,
    ASK_STATE_GENERATING, /* ids stream in; DECODE and RESTORE run behind */
    ASK_STATE_FAILING,    /* something failed; waiting for what is still out */
    ASK_STATE_ENDED,
};

/* A leg: one request to one leaf; at most one of each kind is out. */
enum ask_leg_kind {
    ASK_LEG_RECALL,
    ASK_LEG_REDACT,
    ASK_LEG_ASSEMBLE,
    ASK_LEG_ENCODE,
    ASK_LEG_GENERATE,
    ASK_LEG_DECODE,
    ASK_LEG_RESTORE,
    ASK_LEG_AUDIT,  /* the record that an answer may leave, on its way to the disk */
    ASK_LEG_PIECES, /* what ids read, of which log-probabilities are told; the last of the legs */
    ASK_LEG_COUNT,
};

struct ask_leg {
    struct ask *ask;
    struct rpc *rpc; /* NULL: nothing to cancel */
    bool is_out;
    uint64_t began_ns, first_ns, total_ns; /* of the one that is out; of the first; of all */
};

/* Tokens whose log-probabilities are still to be told, oldest first, each with its likeliest
 * alternatives behind it. */
struct ask_logprobs {
    uint32_t *ids;
    float *values;
    uint8_t *likeliest;  /* of each token: alternatives that it really has */
    size_t tokens, sent; /* kept; of them, so many at the front are with the tokenizer */
    size_t capacity;     /* in ids */
};

struct ask {
    struct gateway *gateway;
    struct ask_request request;
    struct ask_sink sink;
    struct arena *arena;
    struct machine machine;
    struct error error;
    struct ask_leg legs[ASK_LEG_COUNT];
    uint64_t began_ns;
    struct patient_name patient;
    Consilium__V1__GetModelReply model;
    uint32_t tokens_max;

    /* RECALL and REDACT */
    uint64_t version;          /* of the record */
    struct slice sealed_map;   /* the record's */
    struct slice asked;        /* the turns and the question as one text (gateway_ask_turns.c) */
    const char *question;      /* redacted */
    const char **turns;        /* the same of the turns */
    struct slice question_map; /* the map with what the question added: RESTORE opens this one */
    uint64_t question_version; /* of the map that it was redacted with */

    /* ASSEMBLE and ENCODE */
    uint32_t budget_tokens;
    unsigned budget_tries;
    bool has_near; /* what a model that embeds says has been asked for */
    Consilium__V1__NameNear **near;
    size_t near_count;
    Consilium__V1__AssembleReply *assembled;
    Consilium__V1__ApplyTemplateReply *prompt;

    /* GENERATE, DECODE, RESTORE */
    struct replica *engine; /* that generates; NULL: any of them does, or none now */
    unsigned generate_tries;
    bool has_ids;           /* the engine has said something */
    bool has_lost_engine;   /* it went before it did: another one is to be asked */
    bool is_quoting;        /* the answer is sentences that were found: told line by line */
    bool is_held;           /* the sink takes no more for now */
    bool wants_proceed;     /* a message came; the next was not asked for */
    bool has_generated;     /* the last id has come */
    bool has_decoded;       /* and the decoder has been flushed */
    bool is_audited;        /* who asked on which facts is durable: events may leave */
    bool has_facts_to_tell; /* their originals are back, where the caller may see them */
    bool has_told_facts;
    uint32_t *ids; /* not yet decoded */
    size_t ids_count, ids_capacity;
    struct slice decode_state;
    struct ask_logprobs logprobs;
    bool is_decode_whole; /* the decoder holds nothing back */
    uint32_t cut_bytes;   /* of the end of the text: they begin a stop text */
    bool is_flushing;     /* the DECODE that is out is the last */
    struct buffer text;   /* decoded, with surrogates */
    size_t text_told;     /* bytes of it that have gone out or are being restored */
    size_t answer_bytes;  /* bytes of the answer as told */
    uint32_t citations_known, citations_unknown;
    Consilium__V1__FinishReason finish_reason;
    Consilium__V1__Usage usage;
    const char *model_digest, *adapter_digest;
};

/* gateway_ask.c: every callback stores its result and calls this. */
void ask_step(struct ask *ask);
/* Remember the first failure; ask_step then takes the ask down. */
void ask_fail(struct ask *ask, const struct error *err);

/* gateway_ask_legs.c: begin a leg; a failure to begin is ask_fail. */
void ask_recall(struct ask *ask);
void ask_redact(struct ask *ask);
void ask_assemble(struct ask *ask);
void ask_encode(struct ask *ask);
void ask_generate(struct ask *ask);
void ask_decode(struct ask *ask);
void ask_pieces(struct ask *ask);
void ask_restore_facts(struct ask *ask);
void ask_restore_text(struct ask *ask, struct slice piece);
const char *ask_leg_name(enum ask_leg_kind kind, const char **service);
/* Around every leg: note when, and that it is out. */
void ask_leg_begin(struct ask *ask, enum ask_leg_kind kind);
void ask_leg_end(struct ask *ask, enum ask_leg_kind kind);

/* gateway_ask_turns.c: what was said before the question. */
enum status ask_join_turns(struct ask *ask, struct error *err);
/* Take the redacted text apart. INTERNAL: it is not as it was joined. */
enum status ask_split_turns(struct ask *ask, struct slice redacted, struct error *err);
/* The prompt's turns; NULL: no memory. */
Consilium__V1__Turn **ask_list_turns(struct ask *ask, size_t *count);

/* gateway_ask_audit.c: the leg to the audit log, and the record of how the ask ended. */
void ask_audit(struct ask *ask);
void ask_audit_end(struct ask *ask, const struct error *err);

/* gateway_ask_logprobs.c: false without memory. */
bool ask_logprobs_take(struct ask *ask, const Consilium__V1__GenerateReply *reply);
/* Whether there are any to tell. */
bool ask_logprobs_wait(const struct ask *ask);
/* Those that are there go to the tokenizer: note it, and find their ids. */
void ask_logprobs_send(struct ask *ask);
size_t ask_logprobs_ids(const struct ask *ask, const uint32_t **ids);
enum status ask_logprobs_tell(struct ask *ask, const ProtobufCBinaryData *pieces, size_t count,
                              struct error *err);

/* gateway_ask_events.c */
void ask_tell(struct ask *ask, const Consilium__V1__AskEvent *event);
void ask_tell_started(struct ask *ask);
void ask_tell_facts(struct ask *ask);
void ask_tell_text(struct ask *ask, struct slice text); /* and the citations in it */
void ask_tell_done(struct ask *ask);

#endif
