#include "gateway_chat_write.h"

#include <stdio.h>

static void put_member(struct buffer *out, const char *name, const char *value)
{
    buffer_format(out, "\"%s\":", name);
    buffer_put_json(out, slice_from(value));
}

static const char *kind_name(Consilium__V1__FactKind kind)
{
    static const char *const names[] = {
        "unspecified", "demographics", "condition",    "medication", "allergy",
        "observation", "procedure",    "immunization", "encounter",  "report",
        "note",        "care_plan",    "device",       "imaging",    "other",
    };

    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "other";
}

static const char *flag_name(Consilium__V1__Flag flag)
{
    switch (flag) {
    case CONSILIUM__V1__FLAG__FLAG_LOW:
        return "low";
    case CONSILIUM__V1__FLAG__FLAG_HIGH:
        return "high";
    case CONSILIUM__V1__FLAG__FLAG_ABNORMAL:
        return "abnormal";
    default:
        return "none";
    }
}

void chat_put_started(struct buffer *out, const Consilium__V1__AskStarted *started)
{
    put_member(out, "trace_id", started->trace_id);
    buffer_put_byte(out, ',');
    put_member(out, "model_digest", started->model == NULL ? "" : started->model->digest);
    buffer_put_byte(out, ',');
    put_member(out, "question", started->question);
}

void chat_put_fact(struct buffer *out, const Consilium__V1__Fact *fact)
{
    buffer_format(out, "{\"id\":%u,\"kind\":\"%s\",\"flag\":\"%s\",", fact->id,
                  kind_name(fact->kind), flag_name(fact->flag));
    put_member(out, "reference", fact->reference);
    buffer_put_byte(out, ',');
    put_member(out, "path", fact->path);
    buffer_put_byte(out, ',');
    put_member(out, "date", fact->date);
    buffer_put_byte(out, ',');
    put_member(out, "status", fact->status);
    buffer_put_byte(out, ',');
    put_member(out, "label", fact->label);
    buffer_put_byte(out, ',');
    put_member(out, "value", fact->value);
    buffer_put_byte(out, ',');
    put_member(out, "text", fact->text);
    buffer_put_byte(out, '}');
}

void chat_put_facts(struct buffer *out, const Consilium__V1__AskFacts *facts)
{
    size_t i;

    buffer_format(out, "\"facts_considered\":%u,\"facts\":[", facts->considered);
    for (i = 0; i < facts->n_facts; i++) {
        if (i > 0)
            buffer_put_byte(out, ',');
        chat_put_fact(out, facts->facts[i]);
    }
    buffer_put_byte(out, ']');
}

void chat_put_done(struct buffer *out, const Consilium__V1__AskDone *done)
{
    size_t i;

    if (done->adapter_digest[0] != '\0') {
        put_member(out, "adapter_digest", done->adapter_digest);
        buffer_put_byte(out, ',');
    }
    buffer_format(out, "\"citations_known\":%u,\"citations_unknown\":%u,\"timings\":[",
                  done->citations_known, done->citations_unknown);
    for (i = 0; i < done->n_timings; i++)
        buffer_format(out,
                      "%s{\"step\":\"%s\",\"service\":\"%s\",\"start_us\":%u,\"duration_us\":%u}",
                      i > 0 ? "," : "", done->timings[i]->step, done->timings[i]->service,
                      done->timings[i]->start_us, done->timings[i]->duration_us);
    buffer_put_byte(out, ']');
}

void chat_put_citation(struct buffer *out, const Consilium__V1__AskCitation *citation)
{
    buffer_format(out, "{\"fact_id\":%u,\"known\":%s,\"start\":%u,\"end\":%u,", citation->fact_id,
                  citation->known ? "true" : "false", citation->start, citation->end);
    put_member(out, "reference", citation->reference);
    buffer_put_byte(out, ',');
    put_member(out, "path", citation->path);
    buffer_put_byte(out, '}');
}

/* JSON knows no infinity: OpenAI says -9999 of what cannot be. */
static double as_number(float logprob)
{
    return logprob > -9999.0f ? (double)logprob : -9999.0;
}

/* The members of one token, without braces. Its text may be part of a character, for which
 * U+FFFD stands; "bytes" has it as it is. */
static void put_token(struct buffer *out, const Consilium__V1__TokenLogprob *token)
{
    buffer_put_string(out, "\"token\":");
    buffer_put_json(out, slice_of(token->text.data, token->text.len));
    buffer_format(out, ",\"logprob\":%.7g,\"bytes\":[", as_number(token->logprob));
    for (size_t i = 0; i < token->text.len; i++)
        buffer_format(out, "%s%u", i > 0 ? "," : "", token->text.data[i]);
    buffer_put_byte(out, ']');
}

void chat_put_logprobs(struct buffer *out, const Consilium__V1__AskLogprobs *logprobs)
{
    for (size_t i = 0; i < logprobs->n_tokens; i++) {
        const Consilium__V1__TokenLogprob *token = logprobs->tokens[i];

        buffer_put_string(out, i > 0 ? ",{" : "{");
        put_token(out, token);
        buffer_put_string(out, ",\"top_logprobs\":[");
        for (size_t j = 0; j < token->n_likeliest; j++) {
            buffer_put_string(out, j > 0 ? ",{" : "{");
            put_token(out, token->likeliest[j]);
            buffer_put_byte(out, '}');
        }
        buffer_put_string(out, "]}");
    }
}

static void put_logprobs(struct buffer *out, struct slice logprobs)
{
    if (logprobs.data == NULL) {
        buffer_put_string(out, ",\"logprobs\":null");
        return;
    }
    buffer_put_string(out, ",\"logprobs\":{\"content\":[");
    buffer_put(out, logprobs);
    buffer_put_string(out, "],\"refusal\":null}");
}

const char *chat_finish_reason(Consilium__V1__FinishReason reason)
{
    return reason == CONSILIUM__V1__FINISH_REASON__FINISH_REASON_LENGTH ? "length" : "stop";
}

void chat_put_usage(struct buffer *out, const struct chat_usage *usage)
{
    buffer_format(out,
                  "{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%u,"
                  "\"prompt_tokens_details\":{\"cached_tokens\":%u}}",
                  usage->prompt, usage->completion, usage->prompt + usage->completion,
                  usage->cached);
}

static void put_head(struct buffer *out, const struct chat_head *head, const char *object)
{
    buffer_put_byte(out, '{');
    put_member(out, "id", head->id);
    buffer_format(out, ",\"object\":\"%s\",\"created\":%lld,", object, (long long)head->created_s);
    put_member(out, "model", head->model);
    buffer_format(out, ",\"system_fingerprint\":\"fp_%.12s\"", head->digest);
}

static void put_consilium(struct buffer *out, struct slice members)
{
    if (members.size == 0)
        return;
    buffer_put_string(out, ",\"consilium\":{");
    buffer_put(out, members);
    buffer_put_byte(out, '}');
}

static void put_choice(struct buffer *out, const struct chat_answer *answer)
{
    buffer_format(out,
                  "{\"index\":%u,\"message\":{\"role\":\"assistant\",\"content\":", answer->index);
    buffer_put_json(out, answer->text);
    buffer_put_string(out, ",\"refusal\":null}");
    put_logprobs(out, answer->logprobs);
    buffer_format(out, ",\"finish_reason\":\"%s\",\"consilium\":{\"citations\":[",
                  answer->finish_reason);
    buffer_put(out, answer->citations);
    buffer_put_string(out, "]}}");
}

void chat_put_completion(struct buffer *out, const struct chat_head *head,
                         const struct chat_answer *answers, unsigned count,
                         const struct chat_usage *usage, struct slice consilium)
{
    unsigned i;

    put_head(out, head, "chat.completion");
    buffer_put_string(out, ",\"choices\":[");
    for (i = 0; i < count; i++) {
        if (i > 0)
            buffer_put_byte(out, ',');
        put_choice(out, &answers[i]);
    }
    buffer_put_string(out, "],\"usage\":");
    chat_put_usage(out, usage);
    put_consilium(out, consilium);
    buffer_put_byte(out, '}');
}

void chat_put_chunk(struct buffer *out, const struct chat_head *head, unsigned index,
                    struct slice delta, struct slice logprobs, const char *finish_reason,
                    struct slice consilium)
{
    buffer_put_string(out, "data: ");
    put_head(out, head, "chat.completion.chunk");
    buffer_format(out, ",\"choices\":[{\"index\":%u,\"delta\":", index);
    buffer_put(out, delta);
    put_logprobs(out, logprobs);
    buffer_put_string(out, ",\"finish_reason\":");
    if (finish_reason == NULL)
        buffer_put_string(out, "null");
    else
        buffer_format(out, "\"%s\"", finish_reason);
    buffer_put_string(out, "}]");
    put_consilium(out, consilium);
    buffer_put_string(out, "}\n\n");
}

void chat_put_usage_chunk(struct buffer *out, const struct chat_head *head,
                          const struct chat_usage *usage)
{
    buffer_put_string(out, "data: ");
    put_head(out, head, "chat.completion.chunk");
    buffer_put_string(out, ",\"choices\":[],\"usage\":");
    chat_put_usage(out, usage);
    buffer_put_string(out, "}\n\n");
}

void chat_put_model(struct buffer *out, const char *id, const char *adapter,
                    const Consilium__V1__GetModelReply *model, int64_t created_s)
{
    char name[512];

    snprintf(name, sizeof(name), "%s%s%s", id, adapter[0] == '\0' ? "" : ":", adapter);
    buffer_put_byte(out, '{');
    put_member(out, "id", name);
    if (adapter[0] != '\0') {
        buffer_put_byte(out, ',');
        put_member(out, "parent", id);
    }
    buffer_format(out,
                  ",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"consilium\","
                  "\"consilium\":{\"context_length\":%u,",
                  (long long)created_s, model->context_length);
    put_member(out, "digest", model->digest);
    buffer_put_byte(out, ',');
    put_member(out, "architecture", model->architecture);
    buffer_format(out, ",\"takes_constraints\":%s,\"embedding_size\":%u}}",
                  model->takes_constraints ? "true" : "false", model->embedding_size);
}
