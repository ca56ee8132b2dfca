/* One training example: a prefix that several question-and-answer pairs share.
 *
 *     prefix                                  segment 0                 segment 1
 *     system turn, "Record:", the facts       question 0, answer 0      question 1, answer 1
 *
 * A token sees the prefix and what stands before it in its own segment, and positions in every
 * segment go on from the prefix. So the example is worth as many prompts as it has segments, each
 * exactly as the product renders it, and the facts are computed once. */
#ifndef TRAIN_EXAMPLE_H
#define TRAIN_EXAMPLE_H

#include <stdint.h>

#define EXAMPLE_SEGMENTS_MAX 16
#define EXAMPLE_TOKENS_MAX 2048

struct example_segment {
    uint32_t first;  /* tokens [first, end) */
    uint32_t answer; /* first < answer: tokens [answer, end) are the answer */
    uint32_t end;    /* segments follow each other: the next begins here */
    uint32_t kind;   /* of question: an index of the data's table of names */
};

struct example {
    uint32_t size;   /* tokens */
    uint32_t prefix; /* tokens [0, prefix), at least 1 */
    uint32_t segments_count;
    const struct example_segment *segments;
    const uint16_t *tokens;
};

#endif
