/* libcurl tells which sockets to watch (on_socket) and when to be woken (on_timer); both come back
 * to it as curl_multi_socket_action, and what is finished by then is told (tell_finished). */
#include "fetch/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"

#define CONNECT_MS 5000
#define FIELDS_BYTES_MAX (16 * 1024)

struct fetcher {
    struct loop *loop;
    CURLM *multi;
    const char *authority_file;
    struct timer timer;
    struct list fetches;
    struct list sockets;
    bool is_closing;
};

struct fetch {
    struct list in_fetcher;
    struct fetcher *fetcher;
    CURL *easy;
    struct curl_slist *fields;
    char *body;
    size_t size, room, bytes_max;
    bool is_too_large, is_enough;
    bool (*on_piece)(void *arg, struct slice piece);
    fetch_cb done;
    void *arg;
};

/* A socket that libuv watches for libcurl. */
struct watched {
    struct list in_fetcher;
    struct fetcher *fetcher;
    curl_socket_t socket;
    uv_poll_t poll;
};

/* ---- the end of a fetch ---- */

static void free_fetch(struct fetch *fetch)
{
    list_remove(&fetch->in_fetcher);
    curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
    curl_easy_cleanup(fetch->easy);
    curl_slist_free_all(fetch->fields);
    free(fetch->body);
    free(fetch);
}

static void set_failure(const struct fetch *fetch, CURLcode code, struct error *err)
{
    if (fetch->is_too_large)
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "the reply has more than %zu bytes",
                  fetch->bytes_max);
    else if (fetch->is_enough)
        error_set(err, STATUS_CANCELLED, "the reply was not read to its end");
    else if (code == CURLE_OPERATION_TIMEDOUT)
        error_set(err, STATUS_DEADLINE_EXCEEDED, "no whole reply came in time");
    else
        error_set(err, STATUS_UNAVAILABLE, "the server cannot be asked: %s",
                  curl_easy_strerror(code));
}

static void end_fetch(struct fetch *fetch, CURLcode code)
{
    struct fetch_reply reply = { .body = slice_of(fetch->body, fetch->size) };
    struct error err = { 0 };
    long http = 0;

    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &http);
    reply.code = (unsigned)http;
    if (code != CURLE_OK)
        set_failure(fetch, code, &err);
    fetch->done(fetch->arg, code == CURLE_OK ? &reply : NULL, &err);
    free_fetch(fetch);
}

static void tell_finished(struct fetcher *fetcher)
{
    struct fetch *fetch;
    CURLMsg *message;
    int left;

    while (!fetcher->is_closing
           && (message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
        end_fetch(fetch, message->data.result);
    }
}

/* ---- libuv ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watched *watched = poll->data;
    struct fetcher *fetcher = watched->fetcher;
    int flags = 0, running;

    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(fetcher->multi, watched->socket, flags, &running);
    tell_finished(fetcher);
}

static void on_watched_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watched *watch(struct fetcher *fetcher, curl_socket_t socket)
{
    struct watched *watched = calloc(1, sizeof(*watched));

    if (watched == NULL)
        return NULL;
    if (uv_poll_init_socket(&fetcher->loop->uv, &watched->poll, socket) != 0) {
        free(watched);
        return NULL;
    }
    watched->fetcher = fetcher;
    watched->socket = socket;
    watched->poll.data = watched;
    list_push_back(&fetcher->sockets, &watched->in_fetcher);
    curl_multi_assign(fetcher->multi, socket, watched);
    return watched;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *known)
{
    struct fetcher *fetcher = arg;
    struct watched *watched = known;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL) {
            list_remove(&watched->in_fetcher);
            curl_multi_assign(fetcher->multi, socket, NULL);
            uv_poll_stop(&watched->poll);
            uv_close((uv_handle_t *)&watched->poll, on_watched_closed);
        }
        return 0;
    }
    if (watched == NULL && (watched = watch(fetcher, socket)) == NULL)
        return -1;
    if (what != CURL_POLL_OUT)
        events |= UV_READABLE;
    if (what != CURL_POLL_IN)
        events |= UV_WRITABLE;
    return uv_poll_start(&watched->poll, events, on_poll);
}

static void on_time(struct timer *timer)
{
    struct fetcher *fetcher = LIST_ITEM(timer, struct fetcher, timer);
    int running;

    curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_finished(fetcher);
}

static int on_timer(CURLM *multi, long delay_ms, void *arg)
{
    struct fetcher *fetcher = arg;

    (void)multi;
    if (fetcher->is_closing)
        return 0;
    if (delay_ms < 0)
        timer_stop(&fetcher->timer);
    else
        timer_start(&fetcher->timer, (uint64_t)delay_ms, 0);
    return 0;
}

/* ---- the beginning of a fetch ---- */

static bool make_room(struct fetch *fetch, size_t size)
{
    size_t room = fetch->room == 0 ? 4096 : fetch->room;
    char *grown;

    while (room < size)
        room *= 2;
    if (room == fetch->room)
        return true;
    grown = realloc(fetch->body, room);
    if (grown == NULL)
        return false;
    fetch->body = grown;
    fetch->room = room;
    return true;
}

static size_t on_body(char *data, size_t unit, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    size_t size = unit * count;
    long http = 0;

    if (fetch->on_piece != NULL)
        curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &http);
    if (http == 200) {
        fetch->is_enough = !fetch->on_piece(fetch->arg, slice_of(data, size));
        return fetch->is_enough ? 0 : size;
    }
    fetch->is_too_large = size > fetch->bytes_max - fetch->size;
    if (fetch->is_too_large || !make_room(fetch, fetch->size + size))
        return 0; /* an error to libcurl */
    memcpy(fetch->body + fetch->size, data, size);
    fetch->size += size;
    return size;
}

static bool add_field(struct fetch *fetch, const char *name, const char *value)
{
    char field[FIELDS_BYTES_MAX];
    struct curl_slist *fields;

    if (value == NULL)
        return true;
    if ((size_t)snprintf(field, sizeof(field), "%s: %s", name, value) >= sizeof(field)
        || strpbrk(value, "\r\n") != NULL)
        return false;
    fields = curl_slist_append(fetch->fields, field);
    if (fields != NULL)
        fetch->fields = fields;
    return fields != NULL;
}

static bool add_fields(struct fetch *fetch, const struct fetch_options *options)
{
    char bearer[FIELDS_BYTES_MAX];

    if (options->bearer != NULL
        && (size_t)snprintf(bearer, sizeof(bearer), "Bearer %s", options->bearer) >= sizeof(bearer))
        return false;
    return add_field(fetch, "Accept", options->accept)
           && add_field(fetch, "Authorization", options->bearer == NULL ? NULL : bearer)
           && add_field(fetch, "Content-Type", options->body_type);
}

static void set_up(struct fetch *fetch, const struct fetch_options *options)
{
    CURL *easy = fetch->easy;

    curl_easy_setopt(easy, CURLOPT_URL, options->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->fields);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "consilium");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (fetch->fetcher->authority_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, fetch->fetcher->authority_file);
    if (options->form != NULL)
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, options->form);
    if (options->body_type == NULL)
        return;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)options->body.size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, options->body.data);
}

enum status fetch_start(struct fetcher *fetcher, const struct fetch_options *options, fetch_cb done,
                        void *arg, struct fetch **started, struct error *err)
{
    struct fetch *fetch;

    if (!fetch_takes(options->url))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "an address is not https, nor http on this machine");
    fetch = calloc(1, sizeof(*fetch));
    if (fetch == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another request");
    list_init(&fetch->in_fetcher);
    fetch->fetcher = fetcher;
    fetch->bytes_max = options->bytes_max;
    fetch->on_piece = options->on_piece;
    fetch->done = done;
    fetch->arg = arg;
    fetch->easy = curl_easy_init();
    if (fetch->easy != NULL && add_fields(fetch, options)) {
        set_up(fetch, options);
        if (curl_multi_add_handle(fetcher->multi, fetch->easy) == CURLM_OK) {
            list_push_back(&fetcher->fetches, &fetch->in_fetcher);
            if (started != NULL)
                *started = fetch;
            return STATUS_OK;
        }
    }
    if (fetch->easy != NULL)
        curl_easy_cleanup(fetch->easy);
    curl_slist_free_all(fetch->fields);
    free(fetch);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another request");
}

void fetch_cancel(struct fetch *fetch)
{
    free_fetch(fetch);
}

/* ---- start and stop ---- */

struct fetcher *fetcher_create(struct loop *loop, const char *authority_file, struct error *err)
{
    struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

    if (fetcher == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK
        || (fetcher->multi = curl_multi_init()) == NULL) {
        free(fetcher);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for requests of other servers");
        return NULL;
    }
    fetcher->loop = loop;
    fetcher->authority_file = authority_file;
    list_init(&fetcher->fetches);
    list_init(&fetcher->sockets);
    timer_init(&fetcher->timer, loop, on_time);
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
    return fetcher;
}

static void on_timer_closed(struct timer *timer)
{
    struct fetcher *fetcher = LIST_ITEM(timer, struct fetcher, timer);

    free(fetcher);
}

void fetcher_destroy(struct fetcher *fetcher)
{
    struct error err;
    struct list *node, *after;

    fetcher->is_closing = true;
    error_set(&err, STATUS_CANCELLED, "the service stops");
    LIST_EACH(node, after, &fetcher->fetches)
    {
        struct fetch *fetch = LIST_ITEM(node, struct fetch, in_fetcher);

        fetch->done(fetch->arg, NULL, &err);
        free_fetch(fetch);
    }
    curl_multi_cleanup(fetcher->multi); /* and tells which sockets to watch no more */
    LIST_EACH(node, after, &fetcher->sockets)
    {
        struct watched *watched = LIST_ITEM(node, struct watched, in_fetcher);

        list_remove(&watched->in_fetcher);
        uv_close((uv_handle_t *)&watched->poll, on_watched_closed);
    }
    timer_close(&fetcher->timer, on_timer_closed);
}
