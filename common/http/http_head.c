/* What a head must be, whichever protocol it came by, and what it holds. Everything is copied into
 * the exchange's arena. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/http_state.h"

static const struct {
    const char *name;
    enum http_verb verb;
} verbs[] = {
    { "GET", HTTP_VERB_GET }, { "HEAD", HTTP_VERB_HEAD },     { "POST", HTTP_VERB_POST },
    { "PUT", HTTP_VERB_PUT }, { "DELETE", HTTP_VERB_DELETE }, { "OPTIONS", HTTP_VERB_OPTIONS },
};

unsigned head_set_method(struct exchange *exchange, struct slice method)
{
    size_t i;

    exchange->public.verb = HTTP_VERB_OTHER;
    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (slice_is(method, verbs[i].name))
            exchange->public.verb = verbs[i].verb;
    /* What follows a CONNECT is no HTTP. */
    return slice_is(method, "CONNECT") ? 501 : 0;
}

static bool is_plain(struct slice text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f)
            return false;
    return true;
}

/* "/path?query", "*" of OPTIONS, or "http://host/path?query", which a proxy is sent. */
unsigned head_set_target(struct exchange *exchange, struct slice target)
{
    struct http_exchange *public = &exchange->public;
    size_t host, end;

    exchange->head_bytes += target.size;
    if (target.size > HTTP_TARGET_BYTES_MAX)
        return 414;
    target = arena_copy(&public->arena, target);
    if (target.data == NULL)
        return 503;
    if (slice_starts_with(target, SLICE("http://"))
        || slice_starts_with(target, SLICE("https://"))) {
        host = slice_find_byte(target, ':') + 3;
        target = slice_cut(target, host, target.size);
        target = slice_cut(target, slice_find_byte(target, '/'), target.size);
        if (target.size == 0)
            target = SLICE("/");
    }
    end = slice_find_byte(target, '#');
    if (target.size == 0 || end != target.size || !is_plain(target)
        || (target.data[0] != '/' && !slice_is(target, "*")))
        return 400;
    end = slice_find_byte(target, '?');
    public->path = slice_cut(target, 0, end);
    public->query = slice_cut(target, end + 1, target.size);
    return 0;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_name(struct slice name)
{
    size_t i;

    for (i = 0; i < name.size; i++)
        if (!is_name_byte(name.data[i]))
            return false;
    return name.size > 0;
}

/* No control character but a tab: a line end inside a value would be a second field to somebody. */
static bool is_value(struct slice value)
{
    size_t i;

    for (i = 0; i < value.size; i++)
        if (((unsigned char)value.data[i] < ' ' && value.data[i] != '\t') || value.data[i] == 0x7f)
            return false;
    return true;
}

unsigned head_add_field(struct exchange *exchange, struct slice name, struct slice value)
{
    struct http_exchange *public = &exchange->public;
    struct http_field *field;
    char *lower;
    size_t i;

    exchange->head_bytes += name.size + value.size;
    if (exchange->head_bytes > HTTP_HEAD_BYTES_MAX || public->fields_count == HTTP_FIELDS_MAX)
        return 431;
    if (!is_name(name) || !is_value(value))
        return 400;
    field = &exchange->fields[public->fields_count];
    lower = arena_string(&public->arena, name);
    field->value = arena_copy(&public->arena, slice_trim(value));
    if (lower == NULL || field->value.data == NULL)
        return 503;
    for (i = 0; i < name.size; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] += 'a' - 'A';
    field->name = slice_of(lower, name.size);
    public->fields_count++;
    return 0;
}

static unsigned count_fields(const struct exchange *exchange, const char *name)
{
    unsigned i, count = 0;

    for (i = 0; i < exchange->public.fields_count; i++)
        count += slice_is(exchange->fields[i].name, name);
    return count;
}

static bool is_id(struct slice id)
{
    size_t i;

    for (i = 0; i < id.size; i++)
        if (!(id.data[i] >= 'a' && id.data[i] <= 'z') && !(id.data[i] >= 'A' && id.data[i] <= 'Z')
            && !(id.data[i] >= '0' && id.data[i] <= '9') && strchr("._-", id.data[i]) == NULL)
            return false;
    return id.size > 0 && id.size <= HTTP_ID_BYTES_MAX;
}

static void take_id(struct exchange *exchange)
{
    struct slice id = http_find(&exchange->public, "x-request-id");

    if (is_id(id))
        snprintf(exchange->public.id, sizeof(exchange->public.id), "%.*s", SLICE_FORMAT(id));
}

/* Two hosts, or two lengths that somebody before us may have read differently, are how requests are
 * smuggled. */
unsigned head_check(struct exchange *exchange)
{
    take_id(exchange);
    if (count_fields(exchange, "host") > 1 || count_fields(exchange, "content-length") > 1
        || count_fields(exchange, "authorization") > 1)
        return 400;
    return 0;
}

struct slice http_find(const struct http_exchange *exchange, const char *name)
{
    unsigned i;

    for (i = 0; i < exchange->fields_count; i++)
        if (slice_is(exchange->fields[i].name, name))
            return exchange->fields[i].value;
    return (struct slice){ NULL, 0 };
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct slice http_decode(struct slice text, bool plus_is_space, struct arena *arena)
{
    char *out = arena_alloc(arena, text.size + 1);
    size_t i, size = 0;

    if (out == NULL)
        return (struct slice){ NULL, 0 };
    for (i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c == '%') {
            if (i + 2 >= text.size || hex_value(text.data[i + 1]) < 0
                || hex_value(text.data[i + 2]) < 0)
                return (struct slice){ NULL, 0 };
            c = (char)(hex_value(text.data[i + 1]) * 16 + hex_value(text.data[i + 2]));
            i += 2;
            if (c == '\0')
                return (struct slice){ NULL, 0 };
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[size++] = c;
    }
    out[size] = '\0';
    return slice_of(out, size);
}

struct slice http_query(struct http_exchange *exchange, const char *name)
{
    struct slice rest = exchange->query, pair;
    size_t end, equals;

    while (rest.size > 0) {
        end = slice_find_byte(rest, '&');
        pair = slice_cut(rest, 0, end);
        rest = slice_cut(rest, end + 1, rest.size);
        equals = slice_find_byte(pair, '=');
        if (slice_is(slice_cut(pair, 0, equals), name))
            return http_decode(slice_cut(pair, equals + 1, pair.size), true, &exchange->arena);
    }
    return (struct slice){ NULL, 0 };
}

bool head_has_word(struct slice list, const char *word)
{
    while (list.size > 0) {
        size_t end = slice_find_byte(list, ',');

        if (slice_equal_fold(slice_trim(slice_cut(list, 0, end)), slice_from(word)))
            return true;
        list = slice_cut(list, end + 1, list.size);
    }
    return false;
}

static const struct {
    unsigned code;
    const char *text;
} reasons[] = {
    { 100, "Continue" },
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 499, "Client Closed Request" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

const char *head_reason(unsigned code)
{
    size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].code == code)
            return reasons[i].text;
    return "Status";
}

const char *head_date(void)
{
    static char text[40];
    static time_t then;
    time_t now = time(NULL);
    struct tm utc;

    if (now != then) {
        gmtime_r(&now, &utc);
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
        then = now;
    }
    return text;
}
