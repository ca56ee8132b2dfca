/* Which pieces of a vocabulary may come next. What a state of the machine says of the whole
 * vocabulary is found once, by a walk over the tree of pieces from a sample of the state: pieces
 * that are certain to go on, pieces that cannot, and the few that leave the state's rule, which are
 * tried against the text itself. So a mask costs a copy and a few trials.
 *
 * The masks of one grammar serve any number of answers, on any threads. */
#ifndef INFERENCE_GRAMMAR_MASK_H
#define INFERENCE_GRAMMAR_MASK_H

#include "grammar_run.h"
#include "grammar_vocab.h"

struct grammar_masks;

/* What is remembered of a grammar's states at most; then it is forgotten and found again. */
#define GRAMMAR_MASKS_BYTES_MAX ((size_t)32 << 20)

/* @machine and @vocab outlive it. NULL: RESOURCE_EXHAUSTED. */
struct grammar_masks *grammar_masks_create(const struct grammar_machine *machine,
                                           const struct grammar_vocab *vocab, struct error *err);
void grammar_masks_destroy(struct grammar_masks *masks);

/* Find what the states say, within some hundred milliseconds. */
void grammar_masks_warm(struct grammar_masks *masks);

/* Set in @bits (words of 32 ids, cleared) the pieces that @run can go on with; @is_first: nothing
 * of the answer has come yet. RESOURCE_EXHAUSTED: the grammar has too many ways to go on. */
enum status grammar_masks_fill(struct grammar_masks *masks, struct grammar_run *run, bool is_first,
                               uint32_t *bits, struct error *err);

/* The text goes on with piece @id: false, and @run is where it was, when it cannot. */
bool grammar_masks_accept(const struct grammar_masks *masks, struct grammar_run *run, bool is_first,
                          uint32_t id);

/* How many of @ids [count], from the first on, the text could go on with; those of some 250 bytes
 * at most are tried. @run stays where it is. */
uint32_t grammar_masks_follow(const struct grammar_masks *masks, struct grammar_run *run,
                              bool is_first, const uint32_t *ids, uint32_t count);

/* Memory that is held, about. Waits for nobody. */
size_t grammar_masks_bytes(const struct grammar_masks *masks);

#endif
