/* From the source of a template to its tree. */
#ifndef JINJA_JINJA_PARSE_H
#define JINJA_JINJA_PARSE_H

#include "jinja/jinja_node.h"

/* The body of the template. INVALID_ARGUMENT (with the line) for what is no template, UNIMPLEMENTED
 * for a statement that is not supported (named), RESOURCE_EXHAUSTED. The tree and copies of its
 * texts are in @arena. */
enum status jinja_parse(struct slice source, struct arena *arena, struct jinja_node **root,
                        struct error *err);

#endif
