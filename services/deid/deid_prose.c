#include "deid_prose.h"

#include "deid_doubt.h"
#include "deid_edge.h"
#include "deid_like.h"
#include "deid_name.h"
#include "deid_place.h"
#include "deid_second.h"
#include "deid_section.h"
#include "deid_tagger_scan.h"

/* Where the tagger is believed though no rule has a doubt: four nats. */
static const struct deid_tagger_least sure = { 64, 64, 64, true };

void deid_prose_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    struct deid_tokens seen = *tokens;
    unsigned from = spans->count, ruled;

    if (!deid_like_read(&seen, spans->arena)) {
        spans->is_full = true;
        return;
    }
    deid_place_scan(&seen, spans);
    deid_section_scan(&seen, spans);
    deid_name_scan(&seen, spans);
    deid_doubt_settle(&seen, spans, from);
    ruled = spans->count;
    deid_doubt_scan(&seen, spans);
    deid_tagger_scan(deid_tagger_ours(), &seen, &sure, spans);
    deid_doubt_clear(&seen, spans, ruled);
    deid_edge_widen(&seen, spans, from);
    deid_second_scan(&seen, spans, from);
}
