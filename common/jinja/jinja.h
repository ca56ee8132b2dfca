/* Templates of chat models: the part of Jinja 2 that they are written in, with the settings of the
 * reference (Hugging Face transformers: trim_blocks, lstrip_blocks, loop controls, tojson without
 * HTML escapes, raise_exception, strftime_now). What is not supported is an error that names it;
 * nothing is guessed.
 *
 * Text is marked: what the template wrote is trusted, what came with the variables is what they say
 * (jinja_text.h). A compiled template is never changed: any thread renders. */
#ifndef JINJA_JINJA_H
#define JINJA_JINJA_H

#include "base/error.h"
#include "jinja/jinja_value.h"

/* The longest template published has 20 KB. */
#define JINJA_SOURCE_BYTES_MAX (256u << 10)

struct jinja_node;

struct jinja_variable {
    struct slice name;
    struct jinja_value value;
};

/* The tree of @source, in @arena. INVALID_ARGUMENT with the line, UNIMPLEMENTED for a statement
 * that is not supported (named), RESOURCE_EXHAUSTED. */
enum status jinja_compile(struct slice source, struct arena *arena, const struct jinja_node **root,
                          struct error *err);

/* Render with @variables as globals, at the time @now (seconds since 1970). *text is in @arena, as
 * all that was made on the way. UNIMPLEMENTED: a filter, test, method, function or argument that is
 * not supported (named). FAILED_PRECONDITION: the template refuses the variables, or they do not
 * fit it. RESOURCE_EXHAUSTED: over the limit of steps, depth or the arena. No text of a variable is
 * in an error. */
enum status jinja_render(const struct jinja_node *root, const struct jinja_variable *variables,
                         size_t variables_count, int64_t now, struct arena *arena,
                         struct jinja_text *text, struct error *err);

#endif
