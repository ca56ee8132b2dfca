/* deid score: labelled texts against what was found in them. */
#ifndef CONSILIUM_DEID_SCORE_H
#define CONSILIUM_DEID_SCORE_H

struct consilium;

/* The operands are GOLD and, where another program found them, PREDICTED: JSON lines {"id",
 * "spans"}. Without PREDICTED the engine is run on each text. The exit status. */
int deid_score_run(const struct consilium *consilium, char **operands, int count);

#endif
