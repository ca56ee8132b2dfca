/* What the OpenAI faces answer, as JSON. Our own part of every answer is the member "consilium":
 * facts, citations, the model's digest, where the time went. SDKs pass members on that they do not
 * know. */
#ifndef GATEWAY_CHAT_WRITE_H
#define GATEWAY_CHAT_WRITE_H

#include "base/buffer.h"
#include "contract/methods.h"

/* What all chunks of one answer begin with. */
struct chat_head {
    const char *id; /* "chatcmpl-…" */
    const char *model;
    const char *digest; /* of the model */
    int64_t created_s;
};

/* One finished answer. */
struct chat_answer {
    unsigned index;
    struct slice text;
    struct slice citations; /* JSON, elements with commas */
    struct slice logprobs;  /* the same; data NULL: not asked for */
    const char *finish_reason;
};

/* Members of "consilium", without its braces: what is known before the first text. */
void chat_put_started(struct buffer *out, const Consilium__V1__AskStarted *started);
/* One fact as an object. */
void chat_put_fact(struct buffer *out, const Consilium__V1__Fact *fact);
void chat_put_facts(struct buffer *out, const Consilium__V1__AskFacts *facts);
/* And after the last. */
void chat_put_done(struct buffer *out, const Consilium__V1__AskDone *done);
/* Elements of a "content" of logprobs, with commas. */
void chat_put_logprobs(struct buffer *out, const Consilium__V1__AskLogprobs *logprobs);
/* One element of "citations". */
void chat_put_citation(struct buffer *out, const Consilium__V1__AskCitation *citation);

/* "stop", "length", … */
const char *chat_finish_reason(Consilium__V1__FinishReason reason);

struct chat_usage {
    uint32_t prompt, cached, completion;
};

void chat_put_usage(struct buffer *out, const struct chat_usage *usage);

/* A whole chat.completion. @consilium: members. */
void chat_put_completion(struct buffer *out, const struct chat_head *head,
                         const struct chat_answer *answers, unsigned count,
                         const struct chat_usage *usage, struct slice consilium);

/* One server-sent event with a chat.completion.chunk. @delta is the JSON of the choice's delta,
 * @finish_reason may be NULL, @logprobs and @consilium may be empty. */
void chat_put_chunk(struct buffer *out, const struct chat_head *head, unsigned index,
                    struct slice delta, struct slice logprobs, const char *finish_reason,
                    struct slice consilium);

/* The chunk that has the usage and no choices. */
void chat_put_usage_chunk(struct buffer *out, const struct chat_head *head,
                          const struct chat_usage *usage);

/* One element of "data" of a list of models: @model by its name @id, or with @adapter, then as
 * "id:adapter" whose parent is @id; "": without. */
void chat_put_model(struct buffer *out, const char *id, const char *adapter,
                    const Consilium__V1__GetModelReply *model, int64_t created_s);

#endif
