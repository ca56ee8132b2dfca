/* The evaluation of a path, between its two files: deid_path_eval.c, members and operators, and
 * deid_path_call.c, functions. Every expression gives a collection; one value is a collection of
 * one, nothing is an empty one. */
#ifndef DEID_PATH_EVAL_H
#define DEID_PATH_EVAL_H

#include "deid_path_compare.h"
#include "deid_path_tree.h"

struct deid_path_evaluation {
    const struct deid_fhir_types *types;
    struct arena *arena;
    struct error *err;
    unsigned steps; /* nodes and values looked at */
};

/* What @path gives over @focus, added to @out. */
enum status deid_path_run(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                          const struct deid_path_values *focus, struct deid_path_values *out);

/* The same of a path that is a call of a function. */
enum status deid_path_call(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                           const struct deid_path_values *focus, struct deid_path_values *out);

/* One true value, and nothing else. */
bool deid_path_is_true(const struct deid_fhir_types *types, const struct deid_path_values *values);

bool deid_path_type_is(struct deid_path_evaluation *evaluation, const struct deid_path_value *value,
                       struct slice name);

/* Values @first … @end - 1 of @input. */
enum status deid_path_add_range(struct deid_path_evaluation *evaluation,
                                const struct deid_path_values *input, long from, long to,
                                struct deid_path_values *out);

/* What @path gives as one whole number; *number stays where it gives nothing. */
enum status deid_path_one_number(struct deid_path_evaluation *evaluation,
                                 const struct deid_path *path, const struct deid_path_values *focus,
                                 long *number);

/* is, as and ofType: the argument is a type by its name. */
enum status deid_path_call_type(struct deid_path_evaluation *evaluation,
                                const struct deid_path *path, struct slice name, bool is_test,
                                const struct deid_path_values *input, struct deid_path_values *out);

/* One more value; RESOURCE_EXHAUSTED where there is no room or DEID_PATH_VALUES_MAX were made. */
enum status deid_path_no_room(struct deid_path_evaluation *evaluation);
enum status deid_path_add(struct deid_path_evaluation *evaluation, struct deid_path_values *values,
                          struct deid_path_value value);
enum status deid_path_add_node(struct deid_path_evaluation *evaluation,
                               struct deid_path_values *values, struct deid_node *node);
enum status deid_path_add_boolean(struct deid_path_evaluation *evaluation,
                                  struct deid_path_values *values, bool boolean);
enum status deid_path_add_number(struct deid_path_evaluation *evaluation,
                                 struct deid_path_values *values, double number);
enum status deid_path_add_text(struct deid_path_evaluation *evaluation,
                               struct deid_path_values *values, struct slice text);

#endif
