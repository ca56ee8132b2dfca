#include "gateway_rate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "base/list.h"
#include "base/log.h"
#include "gateway_audit.h"
#include "run/clock.h"
#include "run/metrics.h"
#include "store/redis.h"

#define COMMAND_MS 250
#define RETRY_AWAY_MS 1000
#define TELL_MS 1000
#define NAME_BYTES_MAX 128

/* KEYS: the caller's bucket. ARGV: requests a minute, tokens a minute (0: no limit), requests taken
 * (1, or 0 where tokens are charged afterwards), tokens taken. Answers: allowed, requests left,
 * tokens left, milliseconds until both are whole again, until it may try again, and how many were
 * refused since that was last told (0: do not tell now). The clock is Redis's own: gateways need
 * not agree on the time. */
static const char script[] =
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local s = redis.call('HMGET', KEYS[1], 'requests', 'tokens', 'at', 'refused', 'told') "
    "local past = math.max(0, now - (tonumber(s[3]) or now)) "
    "local function filled(level, cap) "
    "  return math.min(cap, (tonumber(level) or cap) + past * cap / 60000) end "
    "local function wait(level, need, cap) "
    "  if cap == 0 or level >= need then return 0 end "
    "  return math.ceil((need - level) * 60000 / cap) end "
    "local rc, tc = tonumber(ARGV[1]), tonumber(ARGV[2]) "
    "local r, k = filled(s[1], rc), filled(s[2], tc) "
    "local refused, told, tell, later = tonumber(s[4]) or 0, tonumber(s[5]) or 0, 0, 0 "
    "if ARGV[3] == '1' then "
    "  later = math.max(wait(r, 1, rc), wait(k, 1, tc)) "
    "  if later == 0 then r = r - (rc > 0 and 1 or 0) "
    "  else "
    "    refused = refused + 1 "
    "    if now - told >= 1000 then tell = refused refused = 0 told = now end "
    "  end "
    "end "
    "if tc > 0 then k = k - ARGV[4] end "
    "local rw, tw = wait(r, rc, rc), wait(k, tc, tc) "
    "redis.call('HSET', KEYS[1], 'requests', string.format('%.6f', r), 'tokens', "
    "  string.format('%.6f', k), 'at', now, 'refused', refused, 'told', told) "
    "redis.call('PEXPIRE', KEYS[1], math.max(rw, tw) + 60000) "
    "return {later == 0 and 1 or 0, math.floor(r), math.floor(k), rw, tw, later, tell}";

struct rate {
    struct gateway *gateway;
    struct redis *redis; /* NULL: none is configured */
    char password[256];
    uint64_t told_ns; /* that Redis is away */
    struct metric *allowed, *refused, *away;
};

/* One request that waits for Redis. */
struct rate_asking {
    struct rate *rate;
    rate_cb on_verdict; /* NULL: tokens are charged, and nobody waits */
    void *arg;
    uint32_t requests_limit, tokens_limit;
    char key[64], caller[NAME_BYTES_MAX], tenant[65], method[64];
};

static uint32_t limit_of(uint32_t own, int64_t common)
{
    return own != 0 ? own : (uint32_t)common;
}

static void find_limits(const struct gateway *gateway, const struct access_identity *identity,
                        uint32_t *requests, uint32_t *tokens)
{
    const struct gateway_config *config = gateway->config;

    *requests =
        limit_of(identity == NULL ? 0 : identity->requests_per_minute, config->rate_requests);
    *tokens = limit_of(identity == NULL ? 0 : identity->tokens_per_minute, config->rate_tokens);
}

static uint32_t as_count(int64_t number)
{
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static void note_refused(struct rate_asking *asking, enum status outcome, uint64_t count,
                         const char *detail)
{
    const struct audit_record record = {
        .action = AUDIT_ACTION_REFUSE,
        .outcome = outcome,
        .caller = asking->caller[0] == '\0' ? NULL : asking->caller,
        .tenant = asking->tenant,
        .method = asking->method,
        .count = count,
        .detail = detail,
    };

    gateway_note(asking->rate->gateway, &record);
}

static void end(struct rate_asking *asking, const struct rate_verdict *verdict)
{
    metric_add(verdict->is_allowed ? asking->rate->allowed : asking->rate->refused, 1);
    asking->on_verdict(asking->arg, verdict);
    free(asking);
}

/* Nobody can say. What happens then is the operator's choice. */
static void end_away(struct rate_asking *asking)
{
    struct rate *rate = asking->rate;
    const struct rate_verdict verdict = { .is_allowed = !rate->gateway->config->rate_closed,
                                          .retry_ms = RETRY_AWAY_MS };
    uint64_t now_ns = clock_now();

    metric_add(rate->away, 1);
    if (rate->told_ns == 0 || now_ns - rate->told_ns >= TELL_MS * CLOCK_NS_PER_MS) {
        rate->told_ns = now_ns;
        log_warn("rate_store_away", LOG_NUMBER("is_allowed", verdict.is_allowed));
        if (!verdict.is_allowed)
            note_refused(asking, STATUS_UNAVAILABLE, 0, "nobody can say how much was asked");
    }
    end(asking, &verdict);
}

static bool is_answer(const struct redis_reply *reply)
{
    if (reply == NULL || reply->kind != REDIS_REPLY_KIND_ARRAY || reply->count != 7)
        return false;
    for (size_t i = 0; i < reply->count; i++)
        if (reply->items[i].kind != REDIS_REPLY_KIND_INTEGER)
            return false;
    return true;
}

static void on_reply(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct rate_asking *asking = arg;
    struct rate_verdict verdict;

    if (!is_answer(reply)) {
        if (reply == NULL)
            log_debug("rate_not_asked", LOG_ERROR(err));
        if (asking->on_verdict == NULL)
            free(asking);
        else
            end_away(asking);
        return;
    }
    if (asking->on_verdict == NULL) {
        free(asking);
        return;
    }
    verdict = (struct rate_verdict){
        .is_allowed = reply->items[0].integer == 1,
        .is_known = true,
        .requests_limit = asking->requests_limit,
        .requests_left = as_count(reply->items[1].integer),
        .tokens_limit = asking->tokens_limit,
        .tokens_left = as_count(reply->items[2].integer),
        .requests_reset_ms = as_count(reply->items[3].integer),
        .tokens_reset_ms = as_count(reply->items[4].integer),
        .retry_ms = as_count(reply->items[5].integer),
    };
    if (reply->items[6].integer > 0)
        note_refused(asking, STATUS_RESOURCE_EXHAUSTED, (uint64_t)reply->items[6].integer,
                     "over the caller's rate");
    end(asking, &verdict);
}

static enum status ask_redis(struct rate_asking *asking, bool is_request, uint64_t tokens,
                             struct error *err)
{
    char requests[16], most[16], cost[24];
    struct slice words[] = {
        SLICE("EVAL"), slice_of(script, sizeof(script) - 1), SLICE("1"), { 0 }, { 0 },
        { 0 },         is_request ? SLICE("1") : SLICE("0"), { 0 }
    };

    if (asking->rate->redis == NULL)
        return error_set(err, STATUS_UNAVAILABLE, "no --rate-redis");
    snprintf(requests, sizeof(requests), "%u", asking->requests_limit);
    snprintf(most, sizeof(most), "%u", asking->tokens_limit);
    snprintf(cost, sizeof(cost), "%llu", (unsigned long long)tokens);
    words[3] = slice_from(asking->key);
    words[4] = slice_from(requests);
    words[5] = slice_from(most);
    words[7] = slice_from(cost);
    return redis_command(asking->rate->redis, words, sizeof(words) / sizeof(words[0]), on_reply,
                         asking, err);
}

/* Names of callers do not lie in Redis: the bucket has a keyed digest of them. No patient's scope
 * has a slash in its tenant, so none of them is the same. */
static void make_key(struct rate_asking *asking, const char *tenant, const char *caller)
{
    char digest[PSEUDONYM_TEXT_BYTES], scope[128];

    snprintf(scope, sizeof(scope), "rate/%s", tenant);
    pseudonym_make(&asking->rate->gateway->pseudonym_key, slice_from(scope), slice_from(caller),
                   digest);
    snprintf(asking->key, sizeof(asking->key), "rate:{%s}", digest);
}

static struct rate_asking *create_asking(struct rate *rate, const struct access_identity *identity,
                                         const char *method)
{
    const char *tenant = identity == NULL ? "default" : identity->tenant;
    const char *caller = identity == NULL || identity->name == NULL ? "" : identity->name;
    struct rate_asking *asking = calloc(1, sizeof(*asking));

    if (asking == NULL)
        return NULL;
    asking->rate = rate;
    find_limits(rate->gateway, identity, &asking->requests_limit, &asking->tokens_limit);
    make_key(asking, tenant, caller);
    snprintf(asking->tenant, sizeof(asking->tenant), "%s", tenant);
    snprintf(asking->caller, sizeof(asking->caller), "%s", caller);
    snprintf(asking->method, sizeof(asking->method), "%s", method);
    return asking;
}

/* A verdict that is known at once still comes later. */
struct rate_later {
    struct letter letter;
    struct rate_asking *asking;
};

static void on_later(struct letter *letter)
{
    struct rate_later *later = LIST_ITEM(letter, struct rate_later, letter);

    end_away(later->asking);
    free(later);
}

bool gateway_rate_take(struct gateway *gateway, const struct access_identity *identity,
                       const char *method, rate_cb on_verdict, void *arg)
{
    struct rate_asking *asking;
    struct rate_later *later;
    struct error err = { 0 };
    uint32_t requests, tokens;

    find_limits(gateway, identity, &requests, &tokens);
    if (requests == 0 && tokens == 0)
        return false;
    asking = create_asking(gateway->rate, identity, method);
    if (asking == NULL)
        return false;
    asking->on_verdict = on_verdict;
    asking->arg = arg;
    if (ask_redis(asking, true, 0, &err) == STATUS_OK)
        return true;
    later = calloc(1, sizeof(*later));
    if (later == NULL) {
        free(asking);
        return false;
    }
    later->asking = asking;
    later->letter.open = on_later;
    mailbox_post(&gateway->host->loop.mailbox, &later->letter);
    return true;
}

void gateway_rate_charge(struct gateway *gateway, const struct access_identity *identity,
                         uint64_t tokens)
{
    struct rate_asking *asking;
    struct error err = { 0 };
    uint32_t requests, limit;

    find_limits(gateway, identity, &requests, &limit);
    if (limit == 0 || tokens == 0)
        return;
    asking = create_asking(gateway->rate, identity, "");
    if (asking != NULL && ask_redis(asking, false, tokens, &err) != STATUS_OK)
        free(asking);
}

void gateway_rate_error(const struct rate_verdict *verdict, struct error *err)
{
    if (!verdict->is_known)
        error_set(err, STATUS_UNAVAILABLE,
                  "nobody can say how much this caller has asked: try again");
    else if (verdict->requests_limit > 0 && verdict->requests_left < 1)
        error_set(err, STATUS_RESOURCE_EXHAUSTED,
                  "this caller may make %u requests a minute: try again in %u ms",
                  verdict->requests_limit, verdict->retry_ms);
    else
        error_set(err, STATUS_RESOURCE_EXHAUSTED,
                  "this caller may use %u tokens a minute: try again in %u ms",
                  verdict->tokens_limit, verdict->retry_ms);
}

/* ---- start and stop ---- */

static enum status read_password(struct rate *rate, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    bool is_read;

    if (file == NULL)
        return error_set_errno(err, errno, "password file %s", path);
    is_read = fgets(rate->password, sizeof(rate->password), file) != NULL;
    fclose(file);
    if (!is_read)
        return error_set(err, STATUS_FAILED_PRECONDITION, "password file %s is empty", path);
    rate->password[strcspn(rate->password, "\r\n")] = '\0';
    return STATUS_OK;
}

static enum status connect_redis(struct rate *rate, const struct gateway_config *config,
                                 struct error *err)
{
    struct redis_options options = {
        .address = config->rate_redis,
        .connect_timeout_ms = 1000,
        .command_timeout_ms = COMMAND_MS,
        .backoff_min_ms = 50,
        .backoff_max_ms = 2000,
        .in_flight_max = 8192,
    };

    if (config->rate_redis == NULL)
        return STATUS_OK;
    if (config->rate_redis_password_file != NULL) {
        if (read_password(rate, config->rate_redis_password_file, err) != STATUS_OK)
            return err->status;
        options.password = rate->password;
    }
    rate->redis = redis_create(&rate->gateway->host->loop, &options, err);
    return rate->redis == NULL ? err->status : STATUS_OK;
}

enum status gateway_rate_open(struct gateway *gateway, struct error *err)
{
    static const char help[] = "Requests of callers with a rate, by what became of them";
    struct rate *rate = calloc(1, sizeof(*rate));

    if (rate == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    rate->gateway = gateway;
    rate->allowed =
        metric_register(METRIC_KIND_COUNTER, "gateway_rate_total", help, "verdict=\"allowed\"");
    rate->refused =
        metric_register(METRIC_KIND_COUNTER, "gateway_rate_total", help, "verdict=\"refused\"");
    rate->away = metric_register(METRIC_KIND_COUNTER, "gateway_rate_away_total",
                                 "Requests whose rate nobody could tell", "");
    gateway->rate = rate;
    return connect_redis(rate, gateway->config, err) == STATUS_OK ? STATUS_OK
                                                                  : error_wrap(err, "--rate-redis");
}

void gateway_rate_close(struct gateway *gateway)
{
    if (gateway->rate != NULL && gateway->rate->redis != NULL)
        redis_destroy(gateway->rate->redis);
    if (gateway->rate != NULL)
        explicit_bzero(gateway->rate->password, sizeof(gateway->rate->password));
    free(gateway->rate);
    gateway->rate = NULL;
}
