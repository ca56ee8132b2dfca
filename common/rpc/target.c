#include "rpc/target.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* More than this is a list that somebody should put behind a DNS name. */
#define ADDRESSES_MAX 64
#define TARGET_BYTES_MAX 4096

enum kind {
    KIND_IPV4,
    KIND_IPV6,
    KIND_NAME,
};

struct address {
    enum kind kind;
    struct slice host; /* without brackets */
    struct slice port;
};

static bool port_is_good(struct slice port)
{
    unsigned number = 0;
    size_t i;

    for (i = 0; i < port.size && i < 6; i++) {
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(port.data[i] - '0');
    }
    return port.size > 0 && port.size < 6 && number > 0 && number <= 65535;
}

static bool name_is_good(struct slice host)
{
    size_t i;

    for (i = 0; i < host.size; i++) {
        char c = host.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
              || c == '.' || c == '_'))
            return false;
    }
    return host.size > 0 && host.size < 254;
}

static enum kind host_kind(struct slice host)
{
    char text[64];
    unsigned char bytes[16];

    if (host.size >= sizeof(text))
        return KIND_NAME;
    snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(host));
    if (inet_pton(AF_INET, text, bytes) == 1)
        return KIND_IPV4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? KIND_IPV6 : KIND_NAME;
}

/* One "host:port" or "[v6]:port". */
static bool parse_address(struct slice text, struct address *address)
{
    const char *colon = text.size == 0 ? NULL : memrchr(text.data, ':', text.size);
    struct slice host;

    if (colon == NULL)
        return false;
    host = slice_of(text.data, (size_t)(colon - text.data));
    address->port = slice_of(colon + 1, text.size - host.size - 1);
    if (host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = slice_of(host.data + 1, host.size - 2);
    if (slice_equal(host, SLICE("localhost")))
        host = SLICE("127.0.0.1");
    address->host = host;
    address->kind = host_kind(host);
    return port_is_good(address->port) && (address->kind != KIND_NAME || name_is_good(host));
}

static enum status keep(const char *target, struct slice authority_text, char **target_out,
                        char **authority, struct error *err)
{
    *target_out = strdup(target);
    *authority = strndup(authority_text.data, authority_text.size);
    if (*target_out != NULL && *authority != NULL)
        return STATUS_OK;
    free(*target_out);
    free(*authority);
    *target_out = *authority = NULL;
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for an address");
}

/* Append "host:port"; the list's scheme comes from its first address. */
static bool add_address(char *target, const struct address *address)
{
    size_t at = strlen(target);
    int size = snprintf(target + at, TARGET_BYTES_MAX - at,
                        address->kind == KIND_IPV6 ? "%s[%.*s]:%.*s" : "%s%.*s:%.*s",
                        target[at - 1] == ':' ? "" : ",", SLICE_FORMAT(address->host),
                        SLICE_FORMAT(address->port));

    return size > 0 && (size_t)size < TARGET_BYTES_MAX - at;
}

static enum status parse_list(struct slice text, char **target_out, char **authority,
                              struct error *err)
{
    static const char *const schemes[] = { "ipv4:", "ipv6:", "dns:" };
    char target[TARGET_BYTES_MAX];
    struct slice rest = text, first = { 0 };
    struct address address;
    enum kind kind = KIND_NAME;
    unsigned count;
    bool has_more = true;

    for (count = 0; has_more; count++) {
        size_t comma = slice_find_byte(rest, ',');
        struct slice one = slice_trim(slice_of(rest.data, comma));

        has_more = comma < rest.size;
        if (has_more)
            rest = slice_of(rest.data + comma + 1, rest.size - comma - 1);
        if (!parse_address(one, &address))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "address %u of the list is not host:port with a port of 1 to 65535",
                             count + 1);
        if (count == 0) {
            kind = address.kind;
            first = one;
            strcpy(target, schemes[kind]);
        }
        if (address.kind != kind || (count > 0 && kind == KIND_NAME))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "several addresses must be all IPv4 or all IPv6 numbers; for replicas "
                             "behind a name write dns:///name:port");
        if (count == ADDRESSES_MAX || !add_address(target, &address))
            return error_set(err, STATUS_INVALID_ARGUMENT, "more than %d addresses", ADDRESSES_MAX);
    }
    return keep(target, first, target_out, authority, err);
}

/* "dns:///name:port" and "dns://server/name:port": the last part must be an address. */
static enum status parse_dns(const char *text, char **target, char **authority, struct error *err)
{
    const char *slash = strrchr(text, '/');
    struct slice name = slice_from(slash == NULL ? text + strlen("dns:") : slash + 1);
    struct address address;

    if (!parse_address(name, &address))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a DNS target is dns:///name:port");
    return keep(text, name, target, authority, err);
}

enum status target_parse(const char *text, char **target, char **authority, struct error *err)
{
    if (text == NULL || text[0] == '\0')
        return error_set(err, STATUS_INVALID_ARGUMENT, "no address");
    if (strlen(text) >= TARGET_BYTES_MAX / 2)
        return error_set(err, STATUS_INVALID_ARGUMENT, "an address of more than %d bytes",
                         TARGET_BYTES_MAX / 2);
    if (strncmp(text, "unix:", 5) == 0)
        return keep(text, SLICE("localhost"), target, authority, err);
    if (strncmp(text, "dns:", 4) == 0)
        return parse_dns(text, target, authority, err);
    if (strncmp(text, "ipv4:", 5) == 0 || strncmp(text, "ipv6:", 5) == 0)
        text += 5;
    return parse_list(slice_from(text), target, authority, err);
}
