#include "deid_rpc_common.h"

#include <assert.h>

#include "base/log.h"

static_assert((int)DEID_CLASS_OTHER == (int)CONSILIUM__V1__IDENTIFIER_CLASS__IDENTIFIER_CLASS_OTHER,
              "classes are numbered alike");
static_assert((int)DEID_CLASS_IP == (int)CONSILIUM__V1__IDENTIFIER_CLASS__IDENTIFIER_CLASS_IP,
              "classes are numbered alike");
static_assert((int)DEID_STYLE_MASKS + 1 == (int)CONSILIUM__V1__STYLE__STYLE_MASKS,
              "styles are numbered alike, from one on");
static_assert((int)DEID_PROFILE_SAFE_HARBOR == (int)CONSILIUM__V1__PROFILE__PROFILE_SAFE_HARBOR,
              "profiles are numbered alike");

static enum status map_unseal(const struct deid_rpc_opening *opening, const struct deid *deid,
                              struct arena *arena, struct deid_map *map, struct error *err)
{
    enum status status =
        deid_unseal(opening->sealed, &deid->key, slice_from(opening->scope), arena, map, err);

    if (status == STATUS_OK && map->generation < opening->generation_min)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the sealed map is stale: sealed %llu times, and %llu is asked for",
                         (unsigned long long)map->generation,
                         (unsigned long long)opening->generation_min);
    if (status == STATUS_OK && opening->profile != 0 && (int)map->profile != opening->profile)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the sealed map was made under the other profile");
    return status;
}

static const char *caller(const struct call *call)
{
    if (call->peer.spiffe_id != NULL)
        return call->peer.spiffe_id;
    return call->peer.name != NULL ? call->peer.name : "";
}

enum status deid_rpc_map_open(struct call *call, const struct deid_rpc_opening *opening,
                              struct deid_map *map, struct error *err)
{
    const struct deid *deid = call->service;
    char trace[TRACE_ID_TEXT_BYTES];
    enum status status;

    if (opening->profile < 0 || opening->profile > DEID_PROFILE_SAFE_HARBOR)
        return error_set(err, STATUS_INVALID_ARGUMENT, "profile %d is none", opening->profile);
    if (opening->sealed.size == 0) {
        deid_map_init(map,
                      opening->profile == 0 ? deid->profile_default
                                            : (enum deid_profile)opening->profile,
                      &call->arena);
        return STATUS_OK;
    }
    status = map_unseal(opening, deid, &call->arena, map, err);
    trace_format_id(&call->trace, trace);
    log_event(LOG_LEVEL_AUDIT, "map_opened", LOG_ID("scope", opening->scope),
              LOG_NAME("method", opening->method), LOG_NAME("outcome", status_name(status)),
              LOG_ID("trace", trace), LOG_ID("caller", caller(call)));
    return status;
}

enum status deid_rpc_style_set(const struct deid *deid, int style, struct deid_map *map,
                               struct error *err)
{
    map->style = deid->policy.style;
    if (style == 0)
        return STATUS_OK;
    if (style < 0 || style > CONSILIUM__V1__STYLE__STYLE_MASKS)
        return error_set(err, STATUS_INVALID_ARGUMENT, "style %d is none", style);
    map->style = (enum deid_style)(style - 1);
    return STATUS_OK;
}

bool deid_rpc_counts_pack(struct arena *arena, const uint32_t *counts,
                          Consilium__V1__ClassCount ***packed, size_t *packed_count)
{
    *packed_count = 0;
    *packed = ARENA_ARRAY(arena, Consilium__V1__ClassCount *, DEID_CLASS_COUNT);
    for (unsigned class = 0; *packed != NULL && class < DEID_CLASS_COUNT; class ++) {
        Consilium__V1__ClassCount *count;

        if (counts[class] == 0)
            continue;
        count = arena_alloc(arena, sizeof(*count));
        if (count == NULL)
            return false;
        consilium__v1__class_count__init(count);
        count->class_ = (Consilium__V1__IdentifierClass) class;
        count->count = counts[class];
        (*packed)[(*packed_count)++] = count;
    }
    return *packed != NULL;
}
