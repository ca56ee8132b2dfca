/* Puts held-out questions to a finished model through the product's own inference core, greedily,
 * and compares what comes out with the right answers. */
#ifndef MODEL_EVALUATE_H
#define MODEL_EVALUATE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "train_data.h"

struct evaluate_options {
    const char *model, *data;
    uint32_t examples_max; /* 0: all */
    uint32_t show;         /* print so many questions with both answers */
};

/* Sums over the answers of one kind of question. */
struct evaluate_counts {
    size_t answers, exact;      /* the same text, citations included */
    size_t exact_but_citations; /* the same text when citations are taken out */
    size_t cited, cited_right;  /* citations given, and those of them that the right answer has */
    size_t to_cite, to_cite_given;   /* citations of the right answer, and those of them given */
    size_t declined, declined_right; /* answers that say that the record does not say */
    size_t to_decline;
};

struct evaluate_report {
    struct evaluate_counts all, kinds[DATA_KINDS_MAX];
    char names[DATA_KINDS_MAX][DATA_KIND_BYTES];
    uint32_t kinds_count;
    double prompt_tokens, answer_tokens, seconds;
};

enum status evaluate_run(const struct evaluate_options *options, struct arena *arena,
                         struct evaluate_report *report, struct error *err);

/* Add what @given, an answer, shows beside @right to @counts. */
void evaluate_compare(struct slice given, struct slice right, struct evaluate_counts *counts);

/* As a table of text, a kind a line. */
void evaluate_print(const struct evaluate_report *report);

#endif
