/* Drugs that are known to harm when they are taken together, and how. What is not listed is not
 * known to be safe: it is not listed.
 *
 * Sources, each row under the name of its own:
 *   ONC      Phansalkar et al., "High-priority drug-drug interactions for use in electronic health
 *            records", J Am Med Inform Assoc 2012;19:735-743
 *   label    the interactions section of the FDA label of the first drug
 *   FDA      a drug safety communication of the FDA */
#ifndef CONTEXT_INTERACTION_H
#define CONTEXT_INTERACTION_H

#include <stdint.h>

/* "bleeding", "QT prolongation": what @drug and @other (things, context_thing.h) do together, in
 * whatever order; NULL: not listed. Any thread; the first call builds the table. */
const char *interaction_of(uint32_t drug, uint32_t other);

#endif
