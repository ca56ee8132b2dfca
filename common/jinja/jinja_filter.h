/* Filters, by table. Only for files of the interpreter. */
#ifndef JINJA_JINJA_FILTER_H
#define JINJA_JINJA_FILTER_H

#include "jinja/jinja_run.h"

/* bound holds the arguments in the order of the row's parameters, undefined where none was given.
 */
struct jinja_filter_row {
    const char *name, *parameters;
    struct jinja_value (*apply)(struct jinja_run *run, struct jinja_value operand,
                                const struct jinja_value *bound);
};

/* Those over lists; each table ends with a name of NULL. */
extern const struct jinja_filter_row jinja_list_filters[];

/* map, select, reject, selectattr, rejectattr: their arguments are another filter's or a test's.
 * False: no such name. */
bool jinja_filter_each(struct jinja_run *run, struct slice name, struct jinja_value operand,
                       struct jinja_arguments arguments, struct jinja_value *result);

#endif
