/* What the methods of deid share: the map that a request brings, its style, and what is packed.
 * Used by the deid_rpc files alone. */
#ifndef DEID_RPC_COMMON_H
#define DEID_RPC_COMMON_H

#include "deid.h"
#include "deid_redact.h"
#include "rpc/call.h"

/* What a method asks of the map that it is given. */
struct deid_rpc_opening {
    const char *method;
    struct slice sealed; /* empty: a new map */
    const char *scope;
    int profile; /* as the request has it; 0: any */
    uint64_t generation_min;
};

/* Open the map in the call's arena, or begin one. Every opening of one that is there, and every
 * refusal, is an event "map_opened" at level audit: scope (a pseudonym), method, outcome, the trace
 * and who called. PERMISSION_DENIED for a map of another key, scope or content, FAILED_PRECONDITION
 * for a stale one and for one of the other profile, INVALID_ARGUMENT for a profile that is none. */
enum status deid_rpc_map_open(struct call *call, const struct deid_rpc_opening *opening,
                              struct deid_map *map, struct error *err);

/* The style of the request (its number in the proto; 0: the site's) for @map, and the site's policy
 * for @policy. */
enum status deid_rpc_style_set(const struct deid *deid, int style, struct deid_map *map,
                               struct error *err);

/* The classes that were counted. False: no room. */
bool deid_rpc_counts_pack(struct arena *arena, const uint32_t *counts,
                          Consilium__V1__ClassCount ***packed, size_t *packed_count);

static inline struct slice deid_rpc_bytes(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

static inline ProtobufCBinaryData deid_rpc_data(struct slice bytes)
{
    return (ProtobufCBinaryData){ .len = bytes.size, .data = (uint8_t *)bytes.data };
}

/* A call never fails without a reason. */
static inline void deid_rpc_fail(struct call *call, struct error *err)
{
    if (err->status == STATUS_OK)
        error_set(err, STATUS_INTERNAL, "no reason was given");
    call_fail(call, err);
}

#endif
