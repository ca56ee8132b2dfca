/* A template at work. Everything that a run makes is in its arena; a failure is remembered in the
 * run, what is evaluated after it is undefined, and loops end. Bounded in steps, in depth, and by
 * the arena in memory: templates come with models and messages from callers.
 *
 * One thread. For the files of the interpreter; others use jinja.h. */
#ifndef JINJA_JINJA_RUN_H
#define JINJA_JINJA_RUN_H

#include "base/error.h"
#include "jinja/jinja_node.h"

/* A step is an evaluated node, or some bytes handled. The longest template of those published, with
 * 256 turns, takes under a tenth. */
#define JINJA_STEPS_MAX (8u << 20)

/* Nodes within nodes and macros within macros: about 300 bytes of stack each. */
#define JINJA_DEPTH_MAX 600

struct jinja_binding {
    struct slice name;
    struct jinja_value value;
};

/* Names of a template, a macro's call, or one turn of a loop. */
struct jinja_scope {
    struct jinja_scope *parent;
    struct jinja_binding *bindings;
    size_t count, capacity;
};

enum jinja_flow {
    JINJA_FLOW_ON,
    JINJA_FLOW_BREAK,
    JINJA_FLOW_CONTINUE,
};

struct jinja_run {
    struct arena *arena;
    struct jinja_scope *scope;
    struct jinja_builder *out;
    struct jinja_value filtered; /* what a filter block, or a set block with filters, wrote */
    uint64_t steps;
    unsigned depth, line;
    enum jinja_flow flow;
    int64_t now; /* seconds since 1970, of strftime_now */
    enum status status;
    struct error *err;
};

/* A macro and where it was made: it sees the names of that place. */
struct jinja_macro {
    const struct jinja_node *node;
    struct jinja_scope *scope;
};

struct jinja_loop {
    struct jinja_list *items;
    size_t index;
    struct jinja_value changed;
    unsigned depth;
};

struct jinja_arguments {
    struct jinja_value *values;
    size_t count;
    struct jinja_binding *named;
    size_t named_count;
};

#define JINJA_PARAMETERS_MAX 6

/* Fails the run, once, with the line. Returns undefined. */
__attribute__((format(printf, 3, 4))) struct jinja_value
jinja_fail(struct jinja_run *run, enum status status, const char *format, ...);

struct jinja_value jinja_fail_memory(struct jinja_run *run);

static inline bool jinja_has_failed(const struct jinja_run *run)
{
    return run->status != STATUS_OK;
}

/* Counts @bytes that an operation goes through. False when the run has failed. */
bool jinja_step(struct jinja_run *run, size_t bytes);

/* The innermost binding of @name, or NULL. */
struct jinja_binding *jinja_scope_find(struct jinja_scope *scope, struct slice name);
void jinja_scope_set(struct jinja_run *run, struct jinja_scope *scope, struct slice name,
                     struct jinja_value value);

/* Makers that fail the run where there is no memory. */
struct jinja_value jinja_make_list(struct jinja_run *run);
void jinja_add(struct jinja_run *run, struct jinja_value list, struct jinja_value item);
struct jinja_value jinja_make_text(struct jinja_run *run, const struct jinja_builder *builder);

/* jinja_eval.c */
struct jinja_value jinja_eval(struct jinja_run *run, const struct jinja_node *node);
struct jinja_value jinja_attribute(struct jinja_run *run, struct jinja_value of, struct slice name);
struct jinja_value jinja_item(struct jinja_run *run, struct jinja_value of, struct jinja_value key);
struct jinja_arguments jinja_eval_arguments(struct jinja_run *run, const struct jinja_node *node);

/* jinja_operate.c */
struct jinja_value jinja_operate(struct jinja_run *run, enum jinja_operator op,
                                 struct jinja_value a, struct jinja_value b);
bool jinja_holds(struct jinja_run *run, enum jinja_operator op, struct jinja_value a,
                 struct jinja_value b);
struct jinja_value jinja_slice_value(struct jinja_run *run, struct jinja_value of,
                                     struct jinja_value start, struct jinja_value end,
                                     struct jinja_value step);

/* The elements of a list, the keys of a dict, the characters of a string. Fails for what has none.
 */
struct jinja_list *jinja_iterate(struct jinja_run *run, struct jinja_value value);

/* jinja_statement.c */
void jinja_execute(struct jinja_run *run, const struct jinja_node *body);
struct jinja_value jinja_capture(struct jinja_run *run, const struct jinja_node *body);
struct jinja_value jinja_call_macro(struct jinja_run *run, const struct jinja_macro *macro,
                                    struct jinja_arguments arguments);

/* jinja_call.c */
struct jinja_value jinja_call(struct jinja_run *run, struct jinja_value callee,
                              struct jinja_arguments arguments);
/* Puts @arguments where @parameters ("width first blank") says, undefined where none was given. */
bool jinja_bind(struct jinja_run *run, const char *what, const char *parameters,
                struct jinja_arguments arguments, struct jinja_value *bound);
bool jinja_is_function(struct slice name, const char **function);

/* jinja_method.c: whether Python's values of that kind have such a method; calling it. */
bool jinja_has_method(struct jinja_value self, struct slice name);
struct jinja_value jinja_call_method(struct jinja_run *run, const struct jinja_method *method,
                                     struct jinja_arguments arguments);
struct jinja_value jinja_items_of(struct jinja_run *run, const struct jinja_dict *dict);
struct jinja_value jinja_replace(struct jinja_run *run, struct jinja_text text,
                                 struct jinja_text from, struct jinja_text to, int64_t count_max);
struct jinja_value jinja_change_case(struct jinja_run *run, struct jinja_text text,
                                     enum jinja_case wanted);
struct jinja_value jinja_split_lines(struct jinja_run *run, struct jinja_text text);

/* jinja_filter.c, jinja_filter_list.c */
struct jinja_value jinja_filter(struct jinja_run *run, struct slice name,
                                struct jinja_value operand, struct jinja_arguments arguments);

/* jinja_is.c: "operand is name(arguments)" */
bool jinja_is(struct jinja_run *run, struct slice name, struct jinja_value operand,
              struct jinja_arguments arguments);

/* jinja_format.c: as str() writes it; json.dumps. */
struct jinja_text jinja_text_from(struct jinja_run *run, struct jinja_value value);
struct jinja_value jinja_to_json(struct jinja_run *run, struct jinja_value value,
                                 const struct jinja_value *bound);

#endif
