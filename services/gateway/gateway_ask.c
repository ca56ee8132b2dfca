/* The machine of one question. Loop thread.
 *
 *   RECALLING → ASSEMBLING → ENCODING → GENERATING → ENDED
 *       │            ▲───────────┘           │
 *       └────────────┴──── FAILING ◄─────────┘   (from any state; waits until nothing is out any more)
 *
 * While the model reads the prompt, the record of who asked on which facts goes to the audit log,
 * and the facts' originals come back; no event leaves before both are there.
 *
 * The question is redacted with the sealed map that the gateway remembers of the patient while the
 * record is recalled; when the record turns out to have a newer map, the question is redacted
 * again: only what was redacted with the current map goes on to the model. ASSEMBLE begins on what
 * the remembered map gave, and is done again in that rare case. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "gateway_access.h"
#include "gateway_ask_state.h"
#include "gateway_segment.h"
#include "run/clock.h"
#include "run/metrics.h"

/* What the template's own tokens and the instruction turn may take besides the facts. */
#define PROMPT_FRAME_TOKENS 64
#define BUDGET_TRIES_MAX 6
#define BUDGET_TOKENS_MIN 32
#define CUT_TOKENS_MIN 8

/* Decoding lags behind the engine by no more than this, or the engine is held. */
#define IDS_AHEAD_MAX 64
#define TEXT_AHEAD_BYTES (4 * KIB)

/* What inference tells at most. */
#define TOP_LOGPROBS_MAX 20

#define TO_FAIL MACHINE_TO(ASK_STATE_FAILING)

static const struct machine_state states[] = {
    [ASK_STATE_RECALLING] = { "recalling", MACHINE_TO(ASK_STATE_ASSEMBLING) | TO_FAIL, false },
    [ASK_STATE_ASSEMBLING] = { "assembling", MACHINE_TO(ASK_STATE_ENCODING) | TO_FAIL, false },
    [ASK_STATE_ENCODING] = { "encoding",
                             MACHINE_TO(ASK_STATE_ASSEMBLING) | MACHINE_TO(ASK_STATE_GENERATING)
                                 | TO_FAIL,
                             false },
    [ASK_STATE_GENERATING] = { "generating", MACHINE_TO(ASK_STATE_ENDED) | TO_FAIL, false },
    [ASK_STATE_FAILING] = { "failing", MACHINE_TO(ASK_STATE_ENDED), false },
    [ASK_STATE_ENDED] = { "ended", 0, true },
};

static bool is_out(const struct ask *ask, enum ask_leg_kind kind)
{
    return ask->legs[kind].is_out;
}

static bool is_any_out(const struct ask *ask)
{
    unsigned kind;

    for (kind = 0; kind < ASK_LEG_COUNT; kind++)
        if (ask->legs[kind].is_out)
            return true;
    return false;
}

void ask_fail(struct ask *ask, const struct error *err)
{
    unsigned kind;

    if (ask->error.status != STATUS_OK)
        return;
    ask->error = *err;
    log_debug("ask_failing", LOG_NAME("state", machine_state_name(&ask->machine)), LOG_ERROR(err));
    machine_move(&ask->machine, ASK_STATE_FAILING);
    for (kind = 0; kind < ASK_LEG_COUNT; kind++)
        if (ask->legs[kind].is_out && ask->legs[kind].rpc != NULL)
            rpc_cancel(ask->legs[kind].rpc);
}

static void ask_end(struct ask *ask)
{
    static struct metric *overhead;

    machine_move(&ask->machine, ASK_STATE_ENDED);
    if (ask->error.status == STATUS_OK) {
        uint64_t took_us = (clock_now() - ask->began_ns) / CLOCK_NS_PER_US;
        uint64_t engine_us =
            (uint64_t)ask->usage.prompt_us + ask->usage.generate_us + ask->usage.queue_us;

        if (overhead == NULL)
            overhead = metric_register(METRIC_KIND_HISTOGRAM, "gateway_ask_overhead_seconds",
                                       "What an answer took besides the engine", "");
        metric_observe(overhead, took_us > engine_us ? took_us - engine_us : 0);
    }
    ask_audit_end(ask, &ask->error);
    ask->sink.on_end(ask->sink.arg, &ask->error);
}

/* What the prompt may take of the model's context. */
static uint32_t prompt_tokens_max(const struct ask *ask)
{
    return ask->model.context_length - ask->tokens_max;
}

/* Fit the prompt: true when it does; else the budget is smaller by what was too much, or the ask
 * has failed. */
static bool ask_fit(struct ask *ask)
{
    struct error err;
    uint32_t used = (uint32_t)ask->prompt->n_ids, room = prompt_tokens_max(ask), cut;
    uint32_t spare =
        ask->budget_tokens > BUDGET_TOKENS_MIN ? ask->budget_tokens - BUDGET_TOKENS_MIN : 0;

    if (used <= room)
        return true;
    /* Facts are whole and counted by estimate, so a small cut may take none away: each try cuts
     * twice as much as the last. */
    cut = (used - room + CUT_TOKENS_MIN) << ask->budget_tries;
    if (cut > spare)
        cut = spare;
    if (++ask->budget_tries >= BUDGET_TRIES_MAX || cut == 0 || ask->request.is_plain) {
        error_set(&err, STATUS_INVALID_ARGUMENT,
                  "the question does not fit: %u tokens of prompt, the model's context leaves %u",
                  used, room);
        ask_fail(ask, &err);
        return false;
    }
    ask->budget_tokens -= cut;
    return false;
}

/* How much of @rest may go out. A sentence that was found goes out whole, or not at all: half a
 * date is another date. */
static size_t ready_bytes(const struct ask *ask, struct slice rest)
{
    if (ask->has_decoded)
        return rest.size;
    return ask->is_quoting ? segment_lines(rest) : segment_ready(rest);
}

/* Move text on: ids → text (DECODE), text → pieces → text with originals (RESTORE). */
static void ask_pump(struct ask *ask)
{
    struct slice rest, piece;

    if (!is_out(ask, ASK_LEG_DECODE) && ask->has_generated && ask->ids_count == 0
        && ask->is_decode_whole)
        ask->has_decoded = true; /* all has been decoded, and a flush would give nothing */
    if (!is_out(ask, ASK_LEG_DECODE) && !ask->has_decoded
        && (ask->ids_count > 0 || ask->has_generated))
        ask_decode(ask);
    while (ask->has_told_facts && !is_out(ask, ASK_LEG_RESTORE) && ask->error.status == STATUS_OK) {
        rest = slice_cut(buffer_slice(&ask->text), ask->text_told, ask->text.size);
        piece = slice_cut(rest, 0, ready_bytes(ask, rest));
        if (piece.size == 0)
            break;
        ask->text_told += piece.size;
        if (ask->request.keep_surrogates || !segment_has_word(piece))
            ask_tell_text(ask, piece);
        else
            ask_restore_text(ask, piece);
    }
    if (ask->has_told_facts && ask_logprobs_wait(ask) && !is_out(ask, ASK_LEG_PIECES)
        && ask->error.status == STATUS_OK)
        ask_pieces(ask);
    if (ask->error.status == STATUS_OK && ask->wants_proceed && !ask->is_held
        && ask->ids_count < IDS_AHEAD_MAX && ask->logprobs.tokens < IDS_AHEAD_MAX
        && ask->text.size - ask->text_told < TEXT_AHEAD_BYTES) {
        ask->wants_proceed = false;
        rpc_proceed(ask->legs[ASK_LEG_GENERATE].rpc);
    }
}

/* Nothing leaves before the record that it may is durable. */
static void ask_open(struct ask *ask)
{
    if (!ask->is_audited || !ask->has_facts_to_tell || ask->has_told_facts
        || ask->error.status != STATUS_OK)
        return;
    ask_tell_started(ask);
    ask_tell_facts(ask);
}

static bool ask_is_told(const struct ask *ask)
{
    return ask->has_decoded && ask->has_told_facts && !is_any_out(ask)
           && ask->text_told == ask->text.size && !ask_logprobs_wait(ask);
}

void ask_step(struct ask *ask)
{
    switch (machine_state(&ask->machine)) {
    case ASK_STATE_RECALLING:
        if (is_out(ask, ASK_LEG_REDACT))
            return;
        if (is_out(ask, ASK_LEG_RECALL)) {
            /* A map was remembered, and nearly always it is still the record's: do not wait to be
             * told so. */
            if (ask->question_version != 0 && ask->assembled == NULL
                && !is_out(ask, ASK_LEG_ASSEMBLE))
                ask_assemble(ask);
            break;
        }
        if (ask->question == NULL || ask->question_version != ask->version) {
            if (is_out(ask, ASK_LEG_ASSEMBLE))
                return;
            ask->assembled = NULL;
            ask_redact(ask);
            break;
        }
        machine_move(&ask->machine, ASK_STATE_ASSEMBLING);
        if (ask->assembled != NULL) {
            ask_step(ask);
            return;
        }
        if (!is_out(ask, ASK_LEG_ASSEMBLE))
            ask_assemble(ask);
        break;
    case ASK_STATE_ASSEMBLING:
        if (is_out(ask, ASK_LEG_ASSEMBLE))
            return;
        machine_move(&ask->machine, ASK_STATE_ENCODING);
        ask_encode(ask);
        break;
    case ASK_STATE_ENCODING:
        if (is_out(ask, ASK_LEG_ENCODE))
            return;
        if (ask_fit(ask)) {
            machine_move(&ask->machine, ASK_STATE_GENERATING);
            ask_generate(ask);
            ask_audit(ask);
            ask->has_facts_to_tell = ask->request.keep_surrogates;
            if (!ask->has_facts_to_tell)
                ask_restore_facts(ask);
        } else if (ask->error.status == STATUS_OK) {
            machine_move(&ask->machine, ASK_STATE_ASSEMBLING);
            ask_assemble(ask);
        }
        break;
    case ASK_STATE_GENERATING:
        if (ask->has_lost_engine && ask->error.status == STATUS_OK) {
            ask->has_lost_engine = false;
            ask_generate(ask);
        }
        ask_open(ask);
        ask_pump(ask);
        if (ask->error.status == STATUS_OK && ask_is_told(ask)) {
            ask_tell_done(ask);
            ask_end(ask);
            return;
        }
        break;
    case ASK_STATE_FAILING:
        break;
    default:
        CHECK(!"a step after the end");
    }
    if (machine_state(&ask->machine) == ASK_STATE_FAILING && !is_any_out(ask))
        ask_end(ask);
}

static enum status check_question(const struct ask_request *request, struct error *err)
{
    const char *question = request->question;
    size_t size = strlen(question);

    if (size > QUESTION_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "the question has %zu bytes, the limit is %zu", size, QUESTION_BYTES_MAX);
    if (slice_trim(slice_from(question)).size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the question is empty");
    if (request->top_logprobs > (request->has_logprobs ? TOP_LOGPROBS_MAX : 0))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "top_logprobs is at most %d, and 0 without logprobs", TOP_LOGPROBS_MAX);
    return STATUS_OK;
}

static enum status check_adapter(const struct ask *ask, struct error *err)
{
    if (models_has_adapter(&ask->gateway->models, slice_from(ask->request.adapter)))
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND, "the model has no adapter of that name");
}

/* How long the answer may be, and so how much is left for facts. */
static enum status set_budget(struct ask *ask, struct error *err)
{
    const struct gateway_config *config = ask->gateway->config;
    uint32_t context = ask->model.context_length, room;

    ask->tokens_max =
        ask->request.tokens_max != 0 ? ask->request.tokens_max : (uint32_t)config->answer_tokens;
    if (ask->request.tokens_max == 0 && ask->tokens_max > context / 2)
        ask->tokens_max = context / 2;
    if (context < PROMPT_FRAME_TOKENS + BUDGET_TOKENS_MIN
        || ask->tokens_max > context - PROMPT_FRAME_TOKENS - BUDGET_TOKENS_MIN)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "an answer of %u tokens leaves no room in the model's context of %u",
                         ask->tokens_max, context);
    room = prompt_tokens_max(ask) - PROMPT_FRAME_TOKENS;
    ask->budget_tokens = ask->request.budget_tokens != 0 ? ask->request.budget_tokens
                                                         : (uint32_t)config->facts_tokens;
    if (ask->budget_tokens > room)
        ask->budget_tokens = room;
    return STATUS_OK;
}

/* Plain chat has a scope of its own, in which nothing is kept. */
static enum status name_patient(struct ask *ask, struct error *err)
{
    const struct ask_request *request = &ask->request;

    if (!request->is_plain)
        return gateway_name_patient(request->parent, request->tenant, request->patient, ask->arena,
                                    &ask->patient, err);
    if (request->patient[0] != '\0')
        return error_set(err, STATUS_INVALID_ARGUMENT, "a plain question names no patient");
    if (gateway_name_patient(request->parent, request->tenant, "-", ask->arena, &ask->patient, err)
        != STATUS_OK)
        return err->status;
    ask->patient.pseudonym = "";
    return STATUS_OK;
}

enum status ask_start(struct gateway *gateway, const struct ask_request *request,
                      const struct ask_sink *sink, struct arena *arena, struct ask **started,
                      struct error *err)
{
    struct ask *ask = ARENA_NEW(arena, struct ask);
    unsigned kind;

    if (ask == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another question");
    ask->gateway = gateway;
    ask->request = *request;
    ask->request.keep_surrogates |= !gateway_may_restore(request->parent);
    ask->sink = *sink;
    ask->arena = arena;
    ask->began_ns = clock_now();
    machine_init(&ask->machine, states);
    buffer_init(&ask->text, arena);
    for (kind = 0; kind < ASK_LEG_COUNT; kind++)
        ask->legs[kind].ask = ask;
    if (check_question(request, err) != STATUS_OK || ask_join_turns(ask, err) != STATUS_OK
        || name_patient(ask, err) != STATUS_OK
        || models_get(&gateway->models, &ask->model, err) != STATUS_OK
        || check_adapter(ask, err) != STATUS_OK || set_budget(ask, err) != STATUS_OK) {
        ask_audit_end(ask, err);
        return err->status;
    }
    if (!request->is_plain)
        ask_recall(ask);
    if (ask->error.status == STATUS_OK)
        ask_redact(ask);
    if (ask->error.status != STATUS_OK && !is_any_out(ask)) {
        *err = ask->error;
        ask_audit_end(ask, err);
        return err->status;
    }
    *started = ask;
    return STATUS_OK;
}

void ask_proceed(struct ask *ask)
{
    ask->is_held = false;
    if (machine_state(&ask->machine) == ASK_STATE_GENERATING)
        ask_step(ask);
}

void ask_cancel(struct ask *ask)
{
    struct error err;

    error_set(&err, STATUS_CANCELLED, "cancelled");
    ask_fail(ask, &err);
}
