#include "consilium_door.h"

#include <string.h>

#include "consilium_web.h"

bool door_is_web(const struct consilium *consilium)
{
    return strncmp(consilium->config.gateway, "http://", strlen("http://")) == 0
           || strncmp(consilium->config.gateway, "https://", strlen("https://")) == 0;
}

bool door_reach(struct consilium *consilium)
{
    struct error err = { 0 };

    if (!door_is_web(consilium))
        return consilium_connect(consilium, "gateway", consilium->config.gateway) != NULL;
    if (web_reach(consilium, &err) == STATUS_OK)
        return true;
    consilium_fail(consilium, &err);
    return false;
}

enum status door_call(struct consilium *consilium, const struct method *method, const void *request,
                      rpc_reply_cb on_reply, void *arg, struct error *err)
{
    const struct web_callbacks callbacks = { .on_reply = on_reply, .arg = arg };
    struct rpc_options options = consilium_options(consilium);

    if (!door_is_web(consilium))
        return rpc_call(consilium->channel, method, request, &options, on_reply, arg,
                        &consilium->rpc, err);
    if (web_open(consilium, method, &callbacks, err) != STATUS_OK
        || web_add(consilium->web, request, err) != STATUS_OK)
        return err->status;
    return web_start(consilium->web, err);
}

enum status door_stream(struct consilium *consilium, const struct method *method,
                        const void *request, const struct rpc_stream_callbacks *callbacks,
                        void *arg, struct error *err)
{
    const struct web_callbacks on_web = { .on_message = callbacks->on_message,
                                          .on_end = callbacks->on_end,
                                          .arg = arg };
    struct rpc_options options = consilium_options(consilium);

    if (!door_is_web(consilium))
        return rpc_stream(consilium->channel, method, request, &options, callbacks, arg,
                          &consilium->rpc, err);
    if (web_open(consilium, method, &on_web, err) != STATUS_OK
        || web_add(consilium->web, request, err) != STATUS_OK)
        return err->status;
    return web_start(consilium->web, err);
}

enum status door_open(struct consilium *consilium, const struct method *method,
                      rpc_reply_cb on_reply, void *arg, struct error *err)
{
    const struct web_callbacks callbacks = { .on_reply = on_reply, .arg = arg };
    struct rpc_options options = consilium_options(consilium);

    if (!door_is_web(consilium))
        return rpc_open(consilium->channel, method, &options, on_reply, arg, &consilium->rpc, err);
    return web_open(consilium, method, &callbacks, err);
}

void door_send(struct consilium *consilium, const void *message, void (*on_sent)(void *arg))
{
    if (consilium->web == NULL)
        rpc_send(consilium->rpc, message, on_sent);
    else
        web_send(consilium->web, message, on_sent);
}

void door_close_send(struct consilium *consilium)
{
    if (consilium->web == NULL)
        rpc_close_send(consilium->rpc);
    else
        web_close_send(consilium->web);
}

/* By HTTP the next piece is read when the callbacks of the last have returned. */
void door_proceed(struct consilium *consilium)
{
    if (consilium->web == NULL)
        rpc_proceed(consilium->rpc);
}

bool door_is_open(const struct consilium *consilium)
{
    return consilium->rpc != NULL || consilium->web != NULL;
}

void door_over(struct consilium *consilium)
{
    consilium->rpc = NULL;
    consilium->web = NULL;
}
