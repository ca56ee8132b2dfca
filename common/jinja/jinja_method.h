/* Methods, by table. Only for files of the interpreter. */
#ifndef JINJA_JINJA_METHOD_H
#define JINJA_JINJA_METHOD_H

#include "jinja/jinja_run.h"

/* bound holds the arguments in the order of the row's parameters, undefined where none was given.
 * @call is NULL for a method that Python has and that is not supported. */
struct jinja_method_row {
    const char *name, *parameters;
    struct jinja_value (*call)(struct jinja_run *run, struct jinja_value self,
                               const struct jinja_value *bound);
};

/* Ends with a name of NULL. */
extern const struct jinja_method_row jinja_string_methods[];

/* "{} {0} {name}".format(...) */
struct jinja_value jinja_format(struct jinja_run *run, struct jinja_text text,
                                struct jinja_arguments arguments);

#endif
