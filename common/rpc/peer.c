#include "rpc/peer.h"

#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>

/* The first value of @property; {NULL, 0} when there is none. It lives as long as @context. */
static struct slice find_first(grpc_auth_context *context, const char *property)
{
    grpc_auth_property_iterator at = grpc_auth_context_find_properties_by_name(context, property);
    const grpc_auth_property *found = grpc_auth_property_iterator_next(&at);

    return found == NULL ? (struct slice){ NULL, 0 } : slice_of(found->value, found->value_length);
}

static const char *copy(struct arena *arena, struct slice text, bool *is_full)
{
    const char *string;

    if (text.data == NULL)
        return NULL;
    string = arena_string(arena, text);
    if (string == NULL)
        *is_full = true;
    return string;
}

/* The SPIFFE id from peer_spiffe_id alone: gRPC sets it only for a certificate with exactly one
 * valid id, while peer_uri has all that the certificate claims. */
enum status peer_identify(grpc_call *call, struct arena *arena, struct peer *peer,
                          struct error *err)
{
    grpc_auth_context *context = grpc_call_auth_context(call);
    struct slice name;
    bool is_full = false;

    if (context == NULL)
        return STATUS_OK;
    name = find_first(context, GRPC_PEER_DNS_PROPERTY_NAME);
    if (name.data == NULL)
        name = find_first(context, GRPC_X509_CN_PROPERTY_NAME);
    peer->spiffe_id = copy(arena, find_first(context, GRPC_PEER_SPIFFE_ID_PROPERTY_NAME), &is_full);
    peer->name = copy(arena, name, &is_full);
    grpc_auth_context_release(context);
    if (is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the caller's identity");
    return STATUS_OK;
}
