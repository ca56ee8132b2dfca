/* Operators between values, as Python has them. */
#include <math.h>

#include "jinja/jinja_run.h"

static struct jinja_value fail_kinds(struct jinja_run *run, struct jinja_value a,
                                     struct jinja_value b)
{
    return jinja_fail(run, STATUS_FAILED_PRECONDITION, "an operator between %s and %s",
                      jinja_kind_name(a), jinja_kind_name(b));
}

static int64_t integer_of(struct jinja_value value)
{
    return value.kind == JINJA_KIND_BOOL ? value.truth : value.integer;
}

/* Floored, as Python divides. @b is not 0, and not -1 where @a is the least. */
static int64_t divide_whole(int64_t a, int64_t b)
{
    int64_t quotient = a / b;

    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static bool power(int64_t base, int64_t exponent, int64_t *result)
{
    *result = 1;
    for (; exponent > 0; exponent--) {
        if (base == 0 || base == 1) {
            *result = base;
            return true;
        }
        if (__builtin_mul_overflow(*result, base, result))
            return false;
    }
    return true;
}

static struct jinja_value operate_integers(struct jinja_run *run, enum jinja_operator op, int64_t a,
                                           int64_t b)
{
    int64_t result = 0;
    bool is_over = false;

    switch (op) {
    case JINJA_OPERATOR_ADD:
        is_over = __builtin_add_overflow(a, b, &result);
        break;
    case JINJA_OPERATOR_SUBTRACT:
        is_over = __builtin_sub_overflow(a, b, &result);
        break;
    case JINJA_OPERATOR_MULTIPLY:
        is_over = __builtin_mul_overflow(a, b, &result);
        break;
    case JINJA_OPERATOR_POWER:
        if (b < 0)
            return jinja_float(pow((double)a, (double)b));
        is_over =
            (b > 64 && a != 0 && a != 1 && a != -1) || !power(a, b > 64 ? b % 2 + 64 : b, &result);
        break;
    default:
        if (b == 0)
            return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a division by zero");
        if (op == JINJA_OPERATOR_DIVIDE)
            return jinja_float((double)a / (double)b);
        is_over = a == INT64_MIN && b == -1;
        if (!is_over)
            result =
                op == JINJA_OPERATOR_DIVIDE_WHOLE ? divide_whole(a, b) : a - divide_whole(a, b) * b;
    }
    if (is_over)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "an integer of over 64 bits");
    return jinja_int(result);
}

static struct jinja_value operate_floats(struct jinja_run *run, enum jinja_operator op, double a,
                                         double b)
{
    switch (op) {
    case JINJA_OPERATOR_ADD:
        return jinja_float(a + b);
    case JINJA_OPERATOR_SUBTRACT:
        return jinja_float(a - b);
    case JINJA_OPERATOR_MULTIPLY:
        return jinja_float(a * b);
    case JINJA_OPERATOR_POWER:
        return jinja_float(pow(a, b));
    default:
        break;
    }
    if (b == 0)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a division by zero");
    if (op == JINJA_OPERATOR_DIVIDE)
        return jinja_float(a / b);
    if (op == JINJA_OPERATOR_DIVIDE_WHOLE)
        return jinja_float(floor(a / b));
    return jinja_float(a - floor(a / b) * b);
}

/* Where one side is markup, the other is escaped. */
static void put_beside(struct jinja_builder *builder, struct jinja_text text, bool is_markup)
{
    if (is_markup && !text.is_markup)
        jinja_builder_put_escaped(builder, text);
    else
        jinja_builder_put(builder, text);
}

static struct jinja_value join(struct jinja_run *run, struct jinja_text a, struct jinja_text b)
{
    bool is_markup = a.is_markup || b.is_markup;
    struct jinja_builder builder;
    struct jinja_value joined;

    if (!jinja_step(run, a.size + b.size))
        return jinja_undefined();
    jinja_builder_init(&builder, run->arena);
    put_beside(&builder, a, is_markup);
    put_beside(&builder, b, is_markup);
    joined = jinja_make_text(run, &builder);
    if (joined.kind == JINJA_KIND_STRING)
        joined.text.is_markup = is_markup;
    return joined;
}

/* "~" knows no markup, in environments that do not escape by themselves. */
static struct jinja_text as_plain(struct jinja_text text)
{
    text.is_markup = false;
    return text;
}

static struct jinja_value join_lists(struct jinja_run *run, struct jinja_value a,
                                     struct jinja_value b)
{
    struct jinja_value joined = jinja_make_list(run);

    joined.is_tuple = a.is_tuple;
    for (size_t i = 0; i < a.list->count && jinja_step(run, 0); i++)
        jinja_add(run, joined, a.list->items[i]);
    for (size_t i = 0; i < b.list->count && jinja_step(run, 0); i++)
        jinja_add(run, joined, b.list->items[i]);
    return joined;
}

static struct jinja_value repeat(struct jinja_run *run, struct jinja_value of, int64_t count)
{
    struct jinja_builder builder;
    struct jinja_value list;

    if (of.kind == JINJA_KIND_STRING) {
        jinja_builder_init(&builder, run->arena);
        for (int64_t i = 0; i < count && of.text.size > 0 && jinja_step(run, of.text.size); i++)
            jinja_builder_put(&builder, of.text);
        return jinja_make_text(run, &builder);
    }
    list = jinja_make_list(run);
    for (int64_t i = 0; i < count && of.list->count > 0 && !jinja_has_failed(run); i++)
        for (size_t k = 0; k < of.list->count && jinja_step(run, 0); k++)
            jinja_add(run, list, of.list->items[k]);
    return list;
}

static bool is_row(struct jinja_value value)
{
    return value.kind == JINJA_KIND_STRING || value.kind == JINJA_KIND_LIST;
}

static bool is_whole(struct jinja_value value)
{
    return value.kind == JINJA_KIND_INT || value.kind == JINJA_KIND_BOOL;
}

struct jinja_value jinja_operate(struct jinja_run *run, enum jinja_operator op,
                                 struct jinja_value a, struct jinja_value b)
{
    if (op == JINJA_OPERATOR_JOIN)
        return join(run, as_plain(jinja_text_from(run, a)), as_plain(jinja_text_from(run, b)));
    if (is_whole(a) && is_whole(b))
        return operate_integers(run, op, integer_of(a), integer_of(b));
    if (jinja_is_number(a) && jinja_is_number(b))
        return operate_floats(run, op, jinja_number(a), jinja_number(b));
    if (op == JINJA_OPERATOR_ADD && a.kind == JINJA_KIND_STRING && b.kind == a.kind)
        return join(run, a.text, b.text);
    if (op == JINJA_OPERATOR_ADD && a.kind == JINJA_KIND_LIST && b.kind == a.kind
        && a.is_tuple == b.is_tuple)
        return join_lists(run, a, b);
    if (op == JINJA_OPERATOR_MULTIPLY && is_row(a) && is_whole(b))
        return repeat(run, a, integer_of(b));
    if (op == JINJA_OPERATOR_MULTIPLY && is_whole(a) && is_row(b))
        return repeat(run, b, integer_of(a));
    if (op == JINJA_OPERATOR_REMAINDER && a.kind == JINJA_KIND_STRING)
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "formatting with %% is not supported");
    if (a.kind == JINJA_KIND_UNDEFINED && a.name != NULL)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "'%s' is undefined", a.name);
    if (b.kind == JINJA_KIND_UNDEFINED && b.name != NULL)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "'%s' is undefined", b.name);
    return fail_kinds(run, a, b);
}

static bool is_in(struct jinja_run *run, struct jinja_value item, struct jinja_value of)
{
    switch (of.kind) {
    case JINJA_KIND_STRING:
        if (item.kind != JINJA_KIND_STRING) {
            fail_kinds(run, item, of);
            return false;
        }
        jinja_step(run, of.text.size);
        return jinja_text_find(of.text, jinja_text_slice(item.text), 0) != SIZE_MAX;
    case JINJA_KIND_LIST:
        for (size_t i = 0; i < of.list->count && jinja_step(run, 0); i++)
            if (jinja_equal(of.list->items[i], item))
                return true;
        return false;
    case JINJA_KIND_DICT:
        jinja_step(run, of.dict->count * 16);
        return jinja_dict_find(of.dict, item) != NULL;
    case JINJA_KIND_UNDEFINED:
        return false;
    default:
        fail_kinds(run, item, of);
        return false;
    }
}

bool jinja_holds(struct jinja_run *run, enum jinja_operator op, struct jinja_value a,
                 struct jinja_value b)
{
    int order = 0;

    jinja_step(run, a.kind == JINJA_KIND_STRING ? a.text.size : 0);
    switch (op) {
    case JINJA_OPERATOR_EQUAL:
        return jinja_equal(a, b);
    case JINJA_OPERATOR_DIFFERENT:
        return !jinja_equal(a, b);
    case JINJA_OPERATOR_IN:
        return is_in(run, a, b);
    case JINJA_OPERATOR_NOT_IN:
        return !is_in(run, a, b);
    default:
        break;
    }
    if (!jinja_compare(a, b, &order)) {
        fail_kinds(run, a, b);
        return false;
    }
    return op == JINJA_OPERATOR_LESS         ? order < 0
           : op == JINJA_OPERATOR_LESS_EQUAL ? order <= 0
           : op == JINJA_OPERATOR_GREATER    ? order > 0
                                             : order >= 0;
}

/* Rows
 * -------------------------------------------------------------------------------------------- */

static struct jinja_list *characters_of(struct jinja_run *run, struct jinja_text text)
{
    struct jinja_value list = jinja_make_list(run);

    while (text.size > 0 && jinja_step(run, 0)) {
        size_t size = jinja_text_offset(text, 1);

        jinja_add(run, list, jinja_string(jinja_text_cut(text, 0, size)));
        text = jinja_text_cut(text, size, text.size);
    }
    return list.list;
}

static struct jinja_list *keys_of(struct jinja_run *run, const struct jinja_dict *dict)
{
    struct jinja_value list = jinja_make_list(run);

    for (size_t i = 0; i < dict->count && jinja_step(run, 0); i++)
        jinja_add(run, list, dict->pairs[i].key);
    return list.list;
}

struct jinja_list *jinja_iterate(struct jinja_run *run, struct jinja_value value)
{
    switch (value.kind) {
    case JINJA_KIND_LIST:
        return value.list;
    case JINJA_KIND_DICT:
        return keys_of(run, value.dict);
    case JINJA_KIND_STRING:
        return characters_of(run, value.text);
    case JINJA_KIND_UNDEFINED:
        return jinja_make_list(run).list;
    default:
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "a loop over a %s", jinja_kind_name(value));
        return NULL;
    }
}

/* A bound of a slice, as Python clamps it. */
static int64_t clamp(int64_t at, int64_t count, int64_t low, int64_t high)
{
    if (at < 0)
        at += count;
    return at < low ? low : at > high ? high : at;
}

static bool slice_bound(struct jinja_run *run, struct jinja_value value, int64_t absent,
                        int64_t *bound)
{
    *bound = absent;
    if (value.kind == JINJA_KIND_NONE)
        return true;
    if (!is_whole(value)) {
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "a %s as a bound of a slice",
                   jinja_kind_name(value));
        return false;
    }
    *bound = integer_of(value);
    return true;
}

/* Stretches of a string need no list of its characters. */
static struct jinja_value slice_text(struct jinja_run *run, struct jinja_text text, int64_t start,
                                     int64_t end)
{
    size_t from = jinja_text_offset(text, (size_t)start), to;

    jinja_step(run, text.size);
    if (end <= start)
        return jinja_string(jinja_text_cut(text, 0, 0));
    to = from + jinja_text_offset(jinja_text_cut(text, from, text.size), (size_t)(end - start));
    return jinja_string(jinja_text_cut(text, from, to));
}

static struct jinja_value slice_row(struct jinja_run *run, struct jinja_value of,
                                    struct jinja_list *items, int64_t start, int64_t end,
                                    int64_t step)
{
    struct jinja_value list = jinja_make_list(run);
    struct jinja_builder builder;

    for (int64_t at = start; (step > 0 ? at < end : at > end) && jinja_step(run, 0); at += step)
        jinja_add(run, list, items->items[at]);
    list.is_tuple = of.is_tuple;
    if (of.kind != JINJA_KIND_STRING || jinja_has_failed(run))
        return list;
    jinja_builder_init(&builder, run->arena);
    for (size_t i = 0; i < list.list->count; i++)
        jinja_builder_put(&builder, list.list->items[i].text);
    return jinja_make_text(run, &builder);
}

struct jinja_value jinja_slice_value(struct jinja_run *run, struct jinja_value of,
                                     struct jinja_value start, struct jinja_value end,
                                     struct jinja_value step)
{
    int64_t count, from, to, by;
    struct jinja_list *items;

    if (jinja_has_failed(run))
        return jinja_undefined();
    if (!is_row(of))
        return of.kind == JINJA_KIND_NONE ? jinja_undefined()
                                          : jinja_fail(run, STATUS_FAILED_PRECONDITION,
                                                       "a slice of a %s", jinja_kind_name(of));
    count = of.kind == JINJA_KIND_STRING ? (int64_t)jinja_text_length(of.text)
                                         : (int64_t)of.list->count;
    if (!slice_bound(run, step, 1, &by))
        return jinja_undefined();
    if (by == 0 || by > INT32_MAX || by < -INT32_MAX)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a slice whose step is 0");
    if (!slice_bound(run, start, by > 0 ? 0 : count - 1, &from)
        || !slice_bound(run, end, by > 0 ? count : -count - 1, &to))
        return jinja_undefined();
    from = clamp(from, count, by > 0 ? 0 : -1, by > 0 ? count : count - 1);
    to = clamp(to, count, by > 0 ? 0 : -1, by > 0 ? count : count - 1);
    if (of.kind == JINJA_KIND_STRING && by == 1)
        return slice_text(run, of.text, from, to);
    items = jinja_iterate(run, of);
    return items == NULL ? jinja_undefined() : slice_row(run, of, items, from, to, by);
}
