/* Beyond the eighteen classes: what Safe Harbor lets stand and some sites do not, because it tells
 * of somebody all the same. Ages of any size, years, countries and states, nationalities and
 * creeds, occupations. A policy says when (enum deid_classes). */
#ifndef DEID_WIDE_H
#define DEID_WIDE_H

#include "deid_scan.h"

/* Whether the text has nothing of medicine in it: no word that the lists know as one, nor one of
 * those that are said of patients. */
bool deid_wide_is_fit(const struct deid_tokens *tokens);

/* Add it to @spans, which hold what deid_scan found in the same tokens. */
void deid_wide_scan(const struct deid_rules *rules, const struct deid_tokens *tokens,
                    struct deid_spans *spans);

#endif
