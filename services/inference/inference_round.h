/* What the engine's thread does, round by round. */
#ifndef INFERENCE_ROUND_H
#define INFERENCE_ROUND_H

/* The thread of @engine, a struct inference_engine, until it is stopped. */
void *inference_round_run(void *engine);

#endif
