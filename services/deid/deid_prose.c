#include "deid_prose.h"

#include "deid_like.h"
#include "deid_name.h"
#include "deid_place.h"

void deid_prose_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    struct deid_tokens seen = *tokens;

    if (!deid_like_read(&seen, spans->arena)) {
        spans->is_full = true;
        return;
    }
    deid_place_scan(&seen, spans);
    deid_name_scan(&seen, spans);
}
