/* Calls: macros, methods, and the functions that templates find in their environment. */
#include <stdio.h>
#include <time.h>

#include "jinja/jinja_run.h"

/* As in the reference's sandbox. */
#define RANGE_MAX 100000

static bool bind_named(struct jinja_run *run, const char *what, const char *parameters,
                       const struct jinja_binding *argument, struct jinja_value *bound)
{
    unsigned index = 0;

    for (const char *at = parameters; *at != '\0'; index++) {
        size_t size = strcspn(at, " ");

        if (slice_equal(slice_of(at, size), argument->name)) {
            bound[index] = argument->value;
            return true;
        }
        at += size + (at[size] == ' ');
    }
    jinja_fail(run, STATUS_UNIMPLEMENTED, "%s with the argument \"%.*s\" is not supported", what,
               SLICE_FORMAT(slice_cut(argument->name, 0, 40)));
    return false;
}

bool jinja_bind(struct jinja_run *run, const char *what, const char *parameters,
                struct jinja_arguments arguments, struct jinja_value *bound)
{
    size_t parameters_count = *parameters != '\0';

    for (const char *at = parameters; *at != '\0'; at++)
        parameters_count += *at == ' ';
    for (unsigned i = 0; i < JINJA_PARAMETERS_MAX; i++)
        bound[i] = jinja_undefined();
    if (arguments.count > parameters_count) {
        jinja_fail(run, STATUS_UNIMPLEMENTED, "%s with %zu arguments is not supported", what,
                   arguments.count);
        return false;
    }
    for (size_t i = 0; i < arguments.count; i++)
        bound[i] = arguments.values[i];
    for (size_t i = 0; i < arguments.named_count; i++)
        if (!bind_named(run, what, parameters, &arguments.named[i], bound))
            return false;
    return true;
}

/* Functions
 * --------------------------------------------------------------------------------------- */

static struct jinja_value call_range(struct jinja_run *run, struct jinja_arguments arguments)
{
    int64_t bounds[3] = { 0, 0, 1 };
    struct jinja_value list = jinja_make_list(run);

    if (arguments.count < 1 || arguments.count > 3)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "range takes one to three numbers");
    for (size_t i = 0; i < arguments.count; i++) {
        if (arguments.values[i].kind != JINJA_KIND_INT)
            return jinja_fail(run, STATUS_FAILED_PRECONDITION, "range of a %s",
                              jinja_kind_name(arguments.values[i]));
        bounds[arguments.count == 1 ? 1 : i] = arguments.values[i].integer;
    }
    if (bounds[2] == 0 || bounds[2] > INT32_MAX || bounds[2] < -INT32_MAX)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "range with a step of 0");
    for (int64_t at = bounds[0];
         (bounds[2] > 0 ? at < bounds[1] : at > bounds[1]) && jinja_step(run, 0);) {
        jinja_add(run, list, jinja_int(at));
        if (list.list->count > RANGE_MAX)
            return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a range of over %d numbers",
                              RANGE_MAX);
        if (__builtin_add_overflow(at, bounds[2], &at))
            break;
    }
    return list;
}

static struct jinja_value call_dict(struct jinja_run *run, struct jinja_arguments arguments)
{
    struct jinja_value dict = jinja_dict_create(run->arena);

    if (dict.dict == NULL)
        return jinja_fail_memory(run);
    if (arguments.count > 1
        || (arguments.count == 1 && arguments.values[0].kind != JINJA_KIND_DICT))
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "dict() of what is no dict is not supported");
    for (size_t i = 0; arguments.count == 1 && i < arguments.values[0].dict->count; i++) {
        const struct jinja_pair *pair = &arguments.values[0].dict->pairs[i];

        jinja_step(run, i * 16);
        if (jinja_has_failed(run) || !jinja_dict_set(dict.dict, pair->key, pair->value, run->arena))
            return jinja_fail_memory(run);
    }
    for (size_t i = 0; i < arguments.named_count; i++)
        if (!jinja_dict_set(dict.dict, jinja_string(jinja_text_of(arguments.named[i].name, true)),
                            arguments.named[i].value, run->arena))
            return jinja_fail_memory(run);
    return dict;
}

static struct jinja_value call_namespace(struct jinja_run *run, struct jinja_arguments arguments)
{
    struct jinja_value space = call_dict(run, arguments);

    if (space.kind == JINJA_KIND_DICT)
        space.kind = JINJA_KIND_NAMESPACE;
    return space;
}

/* The template's own words; what a message said is left out of an error. */
static struct jinja_value call_raise(struct jinja_run *run, struct jinja_arguments arguments)
{
    struct jinja_text text;
    char words[160];
    size_t size = 0;

    if (arguments.count != 1)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "it refuses these messages");
    text = jinja_text_from(run, arguments.values[0]);
    for (size_t i = 0; i < text.size && size < sizeof(words) - 4; i++) {
        bool is_trusted = text.marks == NULL ? text.is_trusted : text.marks[i] != 0;

        if (is_trusted)
            words[size++] = text.data[i];
        else if (size == 0 || words[size - 1] != '*')
            words[size++] = '*';
    }
    return jinja_fail(run, STATUS_FAILED_PRECONDITION, "it refuses these messages: %.*s", (int)size,
                      words);
}

static struct jinja_value call_strftime(struct jinja_run *run, struct jinja_arguments arguments)
{
    time_t now = (time_t)run->now;
    char format[128], text[512];
    struct tm parts;
    struct slice bytes;

    if (arguments.count != 1 || arguments.values[0].kind != JINJA_KIND_STRING
        || arguments.values[0].text.size >= sizeof(format))
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "strftime_now takes one short format");
    bytes = jinja_text_slice(arguments.values[0].text);
    snprintf(format, sizeof(format), "%.*s", SLICE_FORMAT(bytes));
    localtime_r(&now, &parts);
    bytes = slice_of(text, strftime(text, sizeof(text), format, &parts));
    bytes = arena_copy(run->arena, bytes);
    return bytes.data == NULL ? jinja_fail_memory(run) : jinja_string(jinja_text_of(bytes, true));
}

static const struct {
    const char *name;
    struct jinja_value (*call)(struct jinja_run *run, struct jinja_arguments arguments);
} functions[] = {
    { "range", call_range },           { "dict", call_dict },
    { "namespace", call_namespace },   { "raise_exception", call_raise },
    { "strftime_now", call_strftime },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

bool jinja_is_function(struct slice name, const char **function)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (slice_is(name, functions[i].name)) {
            *function = functions[i].name;
            return true;
        }
    }
    return false;
}

struct jinja_value jinja_call(struct jinja_run *run, struct jinja_value callee,
                              struct jinja_arguments arguments)
{
    switch (callee.kind) {
    case JINJA_KIND_MACRO:
        return jinja_call_macro(run, callee.macro, arguments);
    case JINJA_KIND_METHOD:
        return jinja_call_method(run, callee.method, arguments);
    case JINJA_KIND_FUNCTION:
        for (size_t i = 0; i < FUNCTIONS; i++)
            if (callee.name == functions[i].name)
                return functions[i].call(run, arguments);
        break;
    case JINJA_KIND_UNDEFINED:
        if (callee.name != NULL)
            return jinja_fail(run, STATUS_UNIMPLEMENTED, "'%s' is not defined and cannot be called",
                              callee.name);
        break;
    default:
        break;
    }
    return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a call of a %s", jinja_kind_name(callee));
}
