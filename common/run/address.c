#include "run/address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/slice.h"

#define PORT_MAX 65535
#define PORT_DIGITS_MAX 5
#define UNIX_PATH_BYTES_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static enum status refuse(struct error *err, const char *why)
{
    return error_set(err, STATUS_INVALID_ARGUMENT, "address %s: HOST:PORT or unix:/PATH", why);
}

static enum status copy_host(struct slice host, struct address *address, struct error *err)
{
    if (host.size == 0)
        return refuse(err, "without a host");
    if (host.size >= sizeof(address->host))
        return refuse(err, "with too long a host");
    memcpy(address->host, host.data, host.size);
    address->host[host.size] = '\0';
    return STATUS_OK;
}

static enum status parse_unix(struct slice path, struct address *address, struct error *err)
{
    if (path.size > UNIX_PATH_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "socket path of %zu bytes: %zu at most",
                         path.size, (size_t)UNIX_PATH_BYTES_MAX);
    address->is_unix = true;
    return copy_host(path, address, err);
}

static enum status parse_port(struct slice text, struct address *address, struct error *err)
{
    size_t i;

    address->port = 0;
    if (text.size == 0 || text.size > PORT_DIGITS_MAX)
        return refuse(err, "without a port");
    for (i = 0; i < text.size; i++) {
        if (!isdigit((unsigned char)text.data[i]))
            return refuse(err, "without a port");
        address->port = address->port * 10 + (text.data[i] - '0');
    }
    if (address->port > PORT_MAX)
        return refuse(err, "with a port over 65535");
    return STATUS_OK;
}

/* The colon before the port: the only one, or the one behind the brackets. */
enum status address_parse(const char *text, struct address *address, struct error *err)
{
    const char *colon = strrchr(text, ':');
    struct slice host;

    *address = (struct address){ .is_unix = false };
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(slice_from(text + 5), address, err);
    if (colon == NULL)
        return refuse(err, "without a port");
    host = slice_of(text, (size_t)(colon - text));
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = slice_cut(host, 1, host.size - 1);
    else if (slice_find_byte(host, ':') != host.size)
        return refuse(err, "of IPv6 without brackets");
    if (copy_host(host, address, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    return parse_port(slice_from(colon + 1), address, err);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->is_unix == b->is_unix && a->port == b->port && strcmp(a->host, b->host) == 0;
}
