/* Geography below the state: towns, counties, postal codes, and what goes with them. A state alone
 * stays; a country goes where someone is said to be from there or go there. Streets are found by
 * deid_street, houses by deid_facility. */
#ifndef DEID_PLACE_H
#define DEID_PLACE_H

#include "deid_span.h"
#include "deid_token.h"

/* Add streets, houses and towns in @tokens to @spans. */
void deid_place_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

/* The end of the town that begins with word @first, with its state and its postal code: "Chapel
 * Hill", "Royal Oak, MI 48073", "Georgia". @first where none begins. */
unsigned deid_place_end(const struct deid_tokens *tokens, unsigned first);

/* The first word of the town that ends with word @last ("San Francisco"); @last + 1 where no town
 * of the lists ends there. */
unsigned deid_place_first(const struct deid_tokens *tokens, unsigned last);

bool deid_place_is_state(const struct deid_tokens *tokens, unsigned index);

/* Whether token @index is a number of @size_min to @size_max digits. */
bool deid_place_is_number(const struct deid_tokens *tokens, unsigned index, unsigned size_min,
                          unsigned size_max);

/* The end of the town, state or country whose name is that of words [@first, ..) in the lists, or
 * @first. */
unsigned deid_place_listed(const struct deid_tokens *tokens, unsigned first, uint32_t flags);

/* Over a postal code that ends an address at @end: " 27514-1234", " 3520", " 394 13". */
unsigned deid_place_postal_end(const struct deid_tokens *tokens, unsigned end);

#endif
