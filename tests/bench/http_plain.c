/* The yardstick of the gateway's HTTP face: a server of the same library (common/http) that answers
 * every request with the bytes of a file, from memory.
 *
 *     http_plain ADDRESS FILE */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "http/http.h"

static char bytes[64 * 1024];
static size_t size;

static void on_request(struct http_exchange *exchange)
{
    http_reply(exchange, 200, "application/json", slice_of(bytes, size));
}

static void on_refused(struct http_exchange *exchange, unsigned code, const char *text)
{
    http_reply(exchange, code, "text/plain", slice_from(text));
}

static void on_drained(void *arg)
{
    loop_stop(arg);
}

static void on_stop(struct loop *loop)
{
    http_server_drain(loop->owner, 0, on_drained, loop);
}

static enum status start(struct loop *loop, const char *address, struct error *err)
{
    static const struct http_handlers handlers = { NULL, on_request, on_refused };
    const char *const addresses[] = { address, NULL };
    const struct http_options options = { .loop = loop,
                                          .addresses = addresses,
                                          .handlers = &handlers };

    if (loop_init(loop, NULL, on_stop, err) != STATUS_OK)
        return err->status;
    loop->owner = http_server_start(&options, err);
    if (loop->owner == NULL)
        return err->status;
    loop_run(loop);
    loop_close(loop);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    struct error err = { 0 };
    struct loop loop;

    if (file == NULL) {
        fputs("usage: http_plain ADDRESS FILE\n", stderr);
        return 2;
    }
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    log_init("http_plain", LOG_LEVEL_ERROR);
    if (start(&loop, argv[1], &err) == STATUS_OK)
        return 0;
    fprintf(stderr, "http_plain: %s\n", err.text);
    return 1;
}
