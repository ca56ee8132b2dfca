/* Binding an address, and saying why it could not be: gRPC core itself only says that it could not.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rpc/server_state.h"
#include "run/address.h"

/* Whether somebody answers at @path. gRPC core would delete the socket of a living server and take
 * its place. */
static bool is_unix_alive(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_alive;

    snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
    is_alive = fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    if (fd >= 0)
        close(fd);
    return is_alive;
}

/* errno of a bind to the same address, 0 when it would do. */
static int try_bind(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1, number = 0;

    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0)
        number = errno;
    close(fd);
    return number;
}

/* What a bind to @at gives; the number is 0 where it would do. INVALID_ARGUMENT for a host that is
 * not known. */
static enum status probe(const struct address *at, const char *address, int *number,
                         struct error *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *info = NULL;
    char port[16];

    snprintf(port, sizeof(port), "%d", at->port);
    if (getaddrinfo(at->host, port, &hints, &info) != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%s: the host is not known; give an address of this machine", address);
    *number = try_bind(info);
    freeaddrinfo(info);
    return STATUS_OK;
}

static enum status refuse(const char *address, int number, struct error *err)
{
    switch (number) {
    case EADDRINUSE:
        return error_set(err, STATUS_ALREADY_EXISTS,
                         "%s is taken by another program; stop that one or listen elsewhere",
                         address);
    case EACCES:
        return error_set(err, STATUS_PERMISSION_DENIED,
                         "%s: not permitted; take a port of 1024 or above", address);
    case EADDRNOTAVAIL:
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s is not an address of this machine",
                         address);
    default:
        return error_set_errno(err, number, "cannot listen on %s", address);
    }
}

static enum status check_unix(const struct address *at, const char *address, struct error *err)
{
    struct sockaddr_un name;

    if (at->host[0] == '\0' || strlen(at->host) >= sizeof(name.sun_path))
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s: the path must have 1 to %zu bytes",
                         address, sizeof(name.sun_path) - 1);
    if (is_unix_alive(at->host))
        return error_set(err, STATUS_ALREADY_EXISTS,
                         "%s is taken by another program; stop that one or listen elsewhere",
                         address);
    return STATUS_OK;
}

static enum status add_unix(grpc_server *grpc, const struct address *at, const char *address,
                            grpc_server_credentials *credentials, struct error *err)
{
    if (check_unix(at, address, err) != STATUS_OK)
        return err->status;
    if (grpc_server_add_http2_port(grpc, address, credentials) > 0)
        return STATUS_OK;
    return error_set(err, STATUS_FAILED_PRECONDITION,
                     "cannot listen on %s; is the folder there, and may this user write to it?",
                     address);
}

enum status listen_add(grpc_server *grpc, const char *address, grpc_server_credentials *credentials,
                       int *port, struct error *err)
{
    struct address at;
    int number = 0;

    *port = 1; /* what gRPC says of a unix socket */
    if (address_parse(address, &at, err) != STATUS_OK)
        return err->status;
    if (at.is_unix)
        return add_unix(grpc, &at, address, credentials, err);
    if (probe(&at, address, &number, err) != STATUS_OK)
        return err->status;
    if (number != 0)
        return refuse(address, number, err);
    *port = grpc_server_add_http2_port(grpc, address, credentials);
    return *port > 0 ? STATUS_OK : refuse(address, EADDRINUSE, err);
}
