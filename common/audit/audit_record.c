#include "audit/audit_record.h"

#include <time.h>

#include "base/utf8.h"

static const char *const actions[AUDIT_ACTION_COUNT] = {
    [AUDIT_ACTION_START] = "start",     [AUDIT_ACTION_STOP] = "stop",
    [AUDIT_ACTION_RECOVER] = "recover", [AUDIT_ACTION_CONFIGURE] = "configure",
    [AUDIT_ACTION_PUT] = "put",         [AUDIT_ACTION_ASK] = "ask",
    [AUDIT_ACTION_ANSWER] = "answer",   [AUDIT_ACTION_READ] = "read",
    [AUDIT_ACTION_FORGET] = "forget",   [AUDIT_ACTION_EMBED] = "embed",
    [AUDIT_ACTION_REFUSE] = "refuse",
};

const char *audit_action_name(enum audit_action action)
{
    return actions[action];
}

static void put_time(struct buffer *line, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    buffer_format(line, "\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", utc.tm_year + 1900,
                  utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                  (int)(time_ms % 1000));
}

static void put_text(struct buffer *line, const char *key, const char *text)
{
    struct slice all = slice_from(text);

    if (all.size == 0)
        return;
    all = slice_cut(all, 0, utf8_whole_prefix(slice_cut(all, 0, AUDIT_TEXT_BYTES_MAX)));
    if (!utf8_is_valid(all))
        all = SLICE("?"); /* a name in a certificate may be anything */
    buffer_format(line, ",\"%s\":", key);
    buffer_put_json(line, all);
}

static void put_number(struct buffer *line, const char *key, uint64_t number)
{
    if (number != 0)
        buffer_format(line, ",\"%s\":%llu", key, (unsigned long long)number);
}

static void put_facts(struct buffer *line, const struct audit_record *record)
{
    if (record->facts_count == 0)
        return;
    buffer_put_string(line, ",\"facts\":[");
    for (size_t i = 0; i < record->facts_count; i++) {
        buffer_format(line, "%s{\"id\":%u", i == 0 ? "" : ",", record->facts[i].id);
        put_text(line, "reference", record->facts[i].reference);
        buffer_put_byte(line, '}');
    }
    buffer_put_byte(line, ']');
}

enum status audit_record_format(const struct audit_record *record, int64_t time_ms,
                                const char *source, struct buffer *members, struct error *err)
{
    put_time(members, time_ms);
    put_text(members, "source", source);
    put_text(members, "action", actions[record->action]);
    put_text(members, "outcome", status_name(record->outcome));
    put_text(members, "caller", record->caller);
    put_text(members, "tenant", record->tenant);
    put_text(members, "patient", record->patient);
    put_text(members, "method", record->method);
    put_text(members, "trace", record->trace);
    put_text(members, "question", record->question);
    put_number(members, "version", record->version);
    put_facts(members, record);
    put_text(members, "model", record->model);
    put_text(members, "adapter", record->adapter);
    put_number(members, "count", record->count);
    if (record->is_restored)
        buffer_put_string(members, ",\"restored\":true");
    put_text(members, "detail", record->detail);
    if (members->is_full || members->size > AUDIT_LINE_BYTES_MAX)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "an audit record of %zu facts is longer than %d bytes",
                         record->facts_count, AUDIT_LINE_BYTES_MAX);
    return STATUS_OK;
}
