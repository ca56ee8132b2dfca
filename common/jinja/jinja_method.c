/* Methods of strings, dicts and lists. Those that Python has and templates have no use for are
 * known by name, so that a template that calls one is refused with that name. Those that change a
 * value are refused by the reference's sandbox too. */
#include <stdio.h>

#include "jinja/jinja_method.h"

/* Dicts and lists
 * --------------------------------------------------------------------------------- */

static struct jinja_value dict_get(struct jinja_run *run, struct jinja_value self,
                                   const struct jinja_value *bound)
{
    const struct jinja_value *found;

    jinja_step(run, self.dict->count * 16);
    found = jinja_dict_find(self.dict, bound[0]);
    if (found != NULL)
        return *found;
    return bound[1].kind == JINJA_KIND_UNDEFINED ? jinja_none() : bound[1];
}

static struct jinja_value make_pair(struct jinja_run *run, const struct jinja_pair *pair)
{
    struct jinja_value tuple = jinja_make_list(run);

    tuple.is_tuple = true;
    jinja_add(run, tuple, pair->key);
    jinja_add(run, tuple, pair->value);
    return tuple;
}

struct jinja_value jinja_items_of(struct jinja_run *run, const struct jinja_dict *dict)
{
    struct jinja_value list = jinja_make_list(run);

    for (size_t i = 0; i < dict->count && jinja_step(run, 0); i++)
        jinja_add(run, list, make_pair(run, &dict->pairs[i]));
    return list;
}

static struct jinja_value dict_items(struct jinja_run *run, struct jinja_value self,
                                     const struct jinja_value *bound)
{
    (void)bound;
    return jinja_items_of(run, self.dict);
}

static struct jinja_value dict_keys(struct jinja_run *run, struct jinja_value self,
                                    const struct jinja_value *bound)
{
    struct jinja_list *keys = jinja_iterate(run, self);

    (void)bound;
    return (struct jinja_value){ .kind = JINJA_KIND_LIST, .list = keys };
}

static struct jinja_value dict_values(struct jinja_run *run, struct jinja_value self,
                                      const struct jinja_value *bound)
{
    struct jinja_value list = jinja_make_list(run);

    (void)bound;
    for (size_t i = 0; i < self.dict->count && jinja_step(run, 0); i++)
        jinja_add(run, list, self.dict->pairs[i].value);
    return list;
}

static const struct jinja_method_row dict_methods[] = {
    { "get", "key default", dict_get }, { "items", "", dict_items }, { "keys", "", dict_keys },
    { "values", "", dict_values },      { "clear", "", NULL },       { "copy", "", NULL },
    { "fromkeys", "", NULL },           { "pop", "", NULL },         { "popitem", "", NULL },
    { "setdefault", "", NULL },         { "update", "", NULL },      { NULL, NULL, NULL },
};

static struct jinja_value list_count(struct jinja_run *run, struct jinja_value self,
                                     const struct jinja_value *bound)
{
    int64_t count = 0;

    for (size_t i = 0; i < self.list->count && jinja_step(run, 0); i++)
        count += jinja_equal(self.list->items[i], bound[0]);
    return jinja_int(count);
}

static struct jinja_value list_index(struct jinja_run *run, struct jinja_value self,
                                     const struct jinja_value *bound)
{
    for (size_t i = 0; i < self.list->count && jinja_step(run, 0); i++)
        if (jinja_equal(self.list->items[i], bound[0]))
            return jinja_int((int64_t)i);
    return jinja_fail(run, STATUS_FAILED_PRECONDITION, "index of what the list does not have");
}

static const struct jinja_method_row list_methods[] = {
    { "count", "value", list_count },
    { "index", "value", list_index },
    { "append", "", NULL },
    { "clear", "", NULL },
    { "copy", "", NULL },
    { "extend", "", NULL },
    { "insert", "", NULL },
    { "pop", "", NULL },
    { "remove", "", NULL },
    { "reverse", "", NULL },
    { "sort", "", NULL },
    { NULL, NULL, NULL },
};

static const struct jinja_method_row *find_method(struct jinja_value self, struct slice name)
{
    const struct jinja_method_row *method = self.kind == JINJA_KIND_STRING ? jinja_string_methods
                                            : self.kind == JINJA_KIND_DICT ? dict_methods
                                            : self.kind == JINJA_KIND_LIST ? list_methods
                                                                           : NULL;

    while (method != NULL && method->name != NULL && !slice_is(name, method->name))
        method++;
    return method == NULL || method->name == NULL ? NULL : method;
}

/* Of a loop: called as methods, and made here. */
static bool is_loop_method(struct slice name)
{
    return slice_is(name, "cycle") || slice_is(name, "changed");
}

bool jinja_has_method(struct jinja_value self, struct slice name)
{
    if (self.kind == JINJA_KIND_LOOP)
        return is_loop_method(name);
    return find_method(self, name) != NULL;
}

static struct jinja_value call_loop(struct jinja_run *run, struct jinja_loop *loop,
                                    struct slice name, struct jinja_arguments arguments)
{
    bool is_changed;

    if (arguments.count == 0)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "loop.%.*s of nothing",
                          SLICE_FORMAT(name));
    if (slice_is(name, "cycle"))
        return arguments.values[loop->index % arguments.count];
    is_changed = loop->index == 0 || !jinja_equal(loop->changed, arguments.values[0]);
    loop->changed = arguments.values[0];
    return jinja_bool(is_changed);
}

struct jinja_value jinja_call_method(struct jinja_run *run, const struct jinja_method *method,
                                     struct jinja_arguments arguments)
{
    struct jinja_value bound[JINJA_PARAMETERS_MAX], result;
    const struct jinja_method_row *found;
    char what[80];

    if (method->self.kind == JINJA_KIND_LOOP)
        return call_loop(run, method->self.loop, method->name, arguments);
    if (method->self.kind == JINJA_KIND_STRING && slice_is(method->name, "format"))
        return jinja_format(run, method->self.text, arguments);
    found = find_method(method->self, method->name);
    snprintf(what, sizeof(what), "the method %s of %s", found->name, jinja_kind_name(method->self));
    if (found->call == NULL)
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "%s is not supported", what);
    if (!jinja_bind(run, what, found->parameters, arguments, bound))
        return jinja_undefined();
    result = found->call(run, method->self, bound);
    return jinja_has_failed(run) ? jinja_undefined() : result;
}
