/* Known names with a slip that the word alone does not show: cut in two ("Holl ingsworth"), run
 * together ("MargaretHollingsworth"), and, beside another known name, near to a short one or in
 * small letters ("frances mnan"). Used by deid_identity alone. */
#ifndef DEID_IDENTITY_SLIP_H
#define DEID_IDENTITY_SLIP_H

#include "deid_identity.h"

/* Whether the words @index and @index + 1 are a known one, cut by a space. */
bool deid_identity_slip_is_cut(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, unsigned index);

/* Whether the word @index is two known ones. */
bool deid_identity_slip_is_joined(const struct deid_identity *identity,
                                  const struct deid_tokens *tokens, unsigned index);

/* Whether the word @index, which stands beside a known name that is no ordinary word, is one too.
 */
bool deid_identity_slip_is_beside(const struct deid_identity *identity,
                                  const struct deid_tokens *tokens, unsigned index);

/* Whether the word @index, with a capital and in no list, is a known one of four letters but for
 * one change, one letter too many or two that are swapped. */
bool deid_identity_slip_is_short(const struct deid_identity *identity,
                                 const struct deid_tokens *tokens, unsigned index);

#endif
