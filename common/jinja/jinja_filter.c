/* Filters over strings, numbers and single values. Those over lists are in jinja_filter_list.c. */
#include "jinja/jinja_filter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BLANKS_MAX 64

static struct jinja_value filter_default(struct jinja_run *run, struct jinja_value operand,
                                         const struct jinja_value *bound)
{
    (void)run;
    if (operand.kind != JINJA_KIND_UNDEFINED
        && (!jinja_is_true(bound[1]) || jinja_is_true(operand)))
        return operand;
    return bound[0].kind == JINJA_KIND_UNDEFINED ? jinja_trusted("") : bound[0];
}

static struct jinja_value filter_string(struct jinja_run *run, struct jinja_value operand,
                                        const struct jinja_value *bound)
{
    (void)bound;
    return jinja_string(jinja_text_from(run, operand));
}

static struct jinja_value filter_safe(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    struct jinja_value text = filter_string(run, operand, bound);

    text.text.is_markup = true;
    return text;
}

static struct jinja_value filter_escape(struct jinja_run *run, struct jinja_value operand,
                                        const struct jinja_value *bound)
{
    struct jinja_value text = filter_string(run, operand, bound);
    struct jinja_builder builder;

    if (text.text.is_markup || !jinja_step(run, text.text.size))
        return text;
    jinja_builder_init(&builder, run->arena);
    jinja_builder_put_escaped(&builder, text.text);
    return filter_safe(run, jinja_make_text(run, &builder), bound);
}

static struct jinja_value filter_trim(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    struct jinja_text text = jinja_text_from(run, operand);
    struct slice characters = { 0 };

    if (bound[0].kind == JINJA_KIND_STRING)
        characters = jinja_text_slice(bound[0].text);
    jinja_step(run, text.size);
    return jinja_string(jinja_text_strip(text, characters, JINJA_STRIP_BOTH));
}

static struct jinja_value filter_upper(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, jinja_text_from(run, operand), JINJA_CASE_UPPER);
}

static struct jinja_value filter_lower(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, jinja_text_from(run, operand), JINJA_CASE_LOWER);
}

static struct jinja_value filter_capitalize(struct jinja_run *run, struct jinja_value operand,
                                            const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, jinja_text_from(run, operand), JINJA_CASE_CAPITAL);
}

static struct jinja_value filter_title(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, jinja_text_from(run, operand), JINJA_CASE_TITLE);
}

static struct jinja_value filter_replace(struct jinja_run *run, struct jinja_value operand,
                                         const struct jinja_value *bound)
{
    int64_t count_max = bound[2].kind == JINJA_KIND_INT ? bound[2].integer : -1;

    return jinja_replace(run, jinja_text_from(run, operand), jinja_text_from(run, bound[0]),
                         jinja_text_from(run, bound[1]), count_max);
}

static struct jinja_text indent_of(struct jinja_run *run, struct jinja_value width)
{
    static const char blanks[BLANKS_MAX + 1] =
        "                                                                ";
    int64_t count = 4;

    if (width.kind == JINJA_KIND_STRING)
        return width.text;
    if (width.kind == JINJA_KIND_INT)
        count = width.integer;
    if (count > BLANKS_MAX) {
        jinja_fail(run, STATUS_UNIMPLEMENTED, "an indent of over %d blanks", BLANKS_MAX);
        count = 0;
    }
    return jinja_text_of(slice_of(blanks, count < 0 ? 0 : (size_t)count), true);
}

/* width first blank: all lines but the first, where first is not set, and empty ones, where blank
 * is not. */
static struct jinja_value filter_indent(struct jinja_run *run, struct jinja_value operand,
                                        const struct jinja_value *bound)
{
    struct jinja_text indent = indent_of(run, bound[0]), text = jinja_text_from(run, operand);
    bool has_blank = jinja_is_true(bound[2]);
    struct jinja_builder builder;
    struct jinja_list *lines;
    struct jinja_value list = jinja_split_lines(run, text);

    if (jinja_has_failed(run))
        return jinja_undefined();
    lines = list.list;
    if (lines->count == 0 || slice_ends_with(jinja_text_slice(text), SLICE("\n")))
        jinja_add(run, list, jinja_trusted(""));
    jinja_builder_init(&builder, run->arena);
    for (size_t i = 0; i < lines->count && jinja_step(run, indent.size); i++) {
        if (i > 0)
            jinja_builder_put_string(&builder, "\n");
        if (i == 0 ? jinja_is_true(bound[1]) : has_blank || lines->items[i].text.size > 0)
            jinja_builder_put(&builder, indent);
        jinja_builder_put(&builder, lines->items[i].text);
    }
    return jinja_make_text(run, &builder);
}

/* What strtod and strtoll read of a short @text, all of it. */
static bool read_number(struct jinja_text text, struct jinja_value *number)
{
    struct slice bytes = slice_trim(jinja_text_slice(text));
    char digits[64], *end;
    long long integer;

    if (bytes.size == 0 || bytes.size >= sizeof(digits))
        return false;
    snprintf(digits, sizeof(digits), "%.*s", SLICE_FORMAT(bytes));
    if (strspn(digits, "0123456789+-.eE") != bytes.size)
        return false;
    errno = 0;
    integer = strtoll(digits, &end, 10);
    if (*end == '\0' && errno == 0) {
        *number = jinja_int(integer);
        return true;
    }
    *number = jinja_float(strtod(digits, &end));
    return *end == '\0';
}

static struct jinja_value filter_int(struct jinja_run *run, struct jinja_value operand,
                                     const struct jinja_value *bound)
{
    struct jinja_value number = operand;

    if (bound[1].kind != JINJA_KIND_UNDEFINED)
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "the filter int with a base");
    if ((operand.kind == JINJA_KIND_STRING && !read_number(operand.text, &number))
        || !jinja_is_number(number)
        || (number.kind == JINJA_KIND_FLOAT && !(fabs(number.real) < 9e18)))
        return bound[0].kind == JINJA_KIND_UNDEFINED ? jinja_int(0) : bound[0];
    if (number.kind == JINJA_KIND_BOOL)
        return jinja_int(number.truth);
    return number.kind == JINJA_KIND_FLOAT ? jinja_int((int64_t)number.real) : number;
}

static struct jinja_value filter_float(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    struct jinja_value number = operand;

    (void)run;
    if ((operand.kind == JINJA_KIND_STRING && !read_number(operand.text, &number))
        || !jinja_is_number(number))
        return bound[0].kind == JINJA_KIND_UNDEFINED ? jinja_float(0) : bound[0];
    return jinja_float(jinja_number(number));
}

static struct jinja_value filter_abs(struct jinja_run *run, struct jinja_value operand,
                                     const struct jinja_value *bound)
{
    (void)bound;
    if (!jinja_is_number(operand)
        || (operand.kind == JINJA_KIND_INT && operand.integer == INT64_MIN))
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "abs of a %s", jinja_kind_name(operand));
    if (operand.kind == JINJA_KIND_FLOAT)
        return jinja_float(fabs(operand.real));
    return jinja_int(llabs((long long)jinja_number(operand)));
}

/* precision, and the one method that is called: to the even of two that are as near. */
static struct jinja_value filter_round(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    int64_t precision = bound[0].kind == JINJA_KIND_INT ? bound[0].integer : 0;
    char text[400];

    if (!jinja_is_number(operand) || precision < 0 || precision > 30
        || bound[1].kind != JINJA_KIND_UNDEFINED)
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "such a round of a %s is not supported",
                          jinja_kind_name(operand));
    if (operand.kind != JINJA_KIND_FLOAT)
        return operand;
    snprintf(text, sizeof(text), "%.*f", (int)precision, operand.real);
    return jinja_float(strtod(text, NULL));
}

static struct jinja_value filter_attr(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    if (bound[0].kind != JINJA_KIND_STRING)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "attr without a name");
    if (operand.kind == JINJA_KIND_DICT)
        return jinja_undefined();
    return jinja_attribute(run, operand, jinja_text_slice(bound[0].text));
}

static const struct jinja_filter_row filters[] = {
    { "tojson", "ensure_ascii indent separators sort_keys", jinja_to_json },
    { "default", "default_value boolean", filter_default },
    { "d", "default_value boolean", filter_default },
    { "string", "", filter_string },
    { "safe", "", filter_safe },
    { "escape", "", filter_escape },
    { "e", "", filter_escape },
    { "trim", "chars", filter_trim },
    { "upper", "", filter_upper },
    { "lower", "", filter_lower },
    { "capitalize", "", filter_capitalize },
    { "title", "", filter_title },
    { "replace", "old new count", filter_replace },
    { "indent", "width first blank", filter_indent },
    { "int", "default base", filter_int },
    { "float", "default", filter_float },
    { "abs", "", filter_abs },
    { "round", "precision method", filter_round },
    { "attr", "name", filter_attr },
    { NULL, NULL, NULL },
};

static const struct jinja_filter_row *find(const struct jinja_filter_row *row, struct slice name)
{
    while (row->name != NULL && !slice_is(name, row->name))
        row++;
    return row->name == NULL ? NULL : row;
}

struct jinja_value jinja_filter(struct jinja_run *run, struct slice name,
                                struct jinja_value operand, struct jinja_arguments arguments)
{
    struct jinja_value bound[JINJA_PARAMETERS_MAX], result;
    const struct jinja_filter_row *row = find(filters, name);
    char what[80];

    if (jinja_filter_each(run, name, operand, arguments, &result))
        return result;
    if (row == NULL)
        row = find(jinja_list_filters, name);
    snprintf(what, sizeof(what), "the filter \"%.*s\"", SLICE_FORMAT(slice_cut(name, 0, 40)));
    if (row == NULL)
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "%s is not supported", what);
    if (!jinja_bind(run, what, row->parameters, arguments, bound))
        return jinja_undefined();
    result = row->apply(run, operand, bound);
    return jinja_has_failed(run) ? jinja_undefined() : result;
}
