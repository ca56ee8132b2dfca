/* Tests: operand is name(arguments). */
#include <stdio.h>

#include "jinja/jinja_run.h"

/* Without an argument. */
static bool is_of_kind(struct jinja_value value, unsigned kinds)
{
    return (kinds >> value.kind & 1) != 0;
}

#define KIND(name) (1u << JINJA_KIND_##name)

static const struct {
    const char *name;
    unsigned kinds;
    bool is_negated;
} kind_tests[] = {
    { "defined", KIND(UNDEFINED), true },
    { "undefined", KIND(UNDEFINED), false },
    { "none", KIND(NONE), false },
    { "boolean", KIND(BOOL), false },
    { "integer", KIND(INT), false },
    { "float", KIND(FLOAT), false },
    { "number", KIND(INT) | KIND(FLOAT) | KIND(BOOL), false },
    { "string", KIND(STRING), false },
    { "mapping", KIND(DICT), false },
    { "iterable", KIND(STRING) | KIND(LIST) | KIND(DICT) | KIND(UNDEFINED) | KIND(LOOP), false },
    { "sequence", KIND(STRING) | KIND(LIST) | KIND(DICT) | KIND(UNDEFINED), false },
    { "callable", KIND(MACRO) | KIND(FUNCTION) | KIND(METHOD), false },
};

static const struct {
    const char *name;
    enum jinja_operator op;
} comparisons[] = {
    { "eq", JINJA_OPERATOR_EQUAL },         { "equalto", JINJA_OPERATOR_EQUAL },
    { "==", JINJA_OPERATOR_EQUAL },         { "ne", JINJA_OPERATOR_DIFFERENT },
    { "!=", JINJA_OPERATOR_DIFFERENT },     { "lt", JINJA_OPERATOR_LESS },
    { "lessthan", JINJA_OPERATOR_LESS },    { "<", JINJA_OPERATOR_LESS },
    { "le", JINJA_OPERATOR_LESS_EQUAL },    { "<=", JINJA_OPERATOR_LESS_EQUAL },
    { "gt", JINJA_OPERATOR_GREATER },       { "greaterthan", JINJA_OPERATOR_GREATER },
    { ">", JINJA_OPERATOR_GREATER },        { "ge", JINJA_OPERATOR_GREATER_EQUAL },
    { ">=", JINJA_OPERATOR_GREATER_EQUAL }, { "in", JINJA_OPERATOR_IN },
};

/* Python's islower and isupper: some letter has a case, and none has the other. */
static bool has_case(struct jinja_run *run, struct jinja_value value, enum jinja_case wanted)
{
    struct jinja_text text = jinja_text_from(run, value);
    enum jinja_case other = wanted == JINJA_CASE_UPPER ? JINJA_CASE_LOWER : JINJA_CASE_UPPER;
    struct jinja_value same = jinja_change_case(run, text, wanted);
    struct jinja_value changed = jinja_change_case(run, text, other);

    return jinja_equal(same, jinja_string(text)) && !jinja_equal(changed, jinja_string(text));
}

static bool is_same(struct jinja_value a, struct jinja_value b)
{
    return a.kind == b.kind && jinja_equal(a, b);
}

static int64_t remainder_of(struct jinja_run *run, struct jinja_value a, struct jinja_value b)
{
    struct jinja_value rest = jinja_operate(run, JINJA_OPERATOR_REMAINDER, a, b);

    return rest.kind == JINJA_KIND_INT     ? rest.integer
           : rest.kind == JINJA_KIND_FLOAT ? rest.real != 0
                                           : -1;
}

/* The others. False where there is no such test. */
static bool test_other(struct jinja_run *run, struct slice name, struct jinja_value value,
                       struct jinja_value argument, bool *holds)
{
    if (slice_is(name, "true"))
        *holds = value.kind == JINJA_KIND_BOOL && value.truth;
    else if (slice_is(name, "false"))
        *holds = value.kind == JINJA_KIND_BOOL && !value.truth;
    else if (slice_is(name, "odd"))
        *holds = remainder_of(run, value, jinja_int(2)) == 1;
    else if (slice_is(name, "even"))
        *holds = remainder_of(run, value, jinja_int(2)) == 0;
    else if (slice_is(name, "divisibleby"))
        *holds = remainder_of(run, value, argument) == 0;
    else if (slice_is(name, "sameas"))
        *holds = is_same(value, argument);
    else if (slice_is(name, "lower"))
        *holds = has_case(run, value, JINJA_CASE_LOWER);
    else if (slice_is(name, "upper"))
        *holds = has_case(run, value, JINJA_CASE_UPPER);
    else
        return false;
    return true;
}

bool jinja_is(struct jinja_run *run, struct slice name, struct jinja_value operand,
              struct jinja_arguments arguments)
{
    struct jinja_value argument = arguments.count > 0 ? arguments.values[0] : jinja_undefined();
    bool holds = false;

    for (unsigned i = 0; i < sizeof(kind_tests) / sizeof(kind_tests[0]); i++)
        if (slice_is(name, kind_tests[i].name))
            return is_of_kind(operand, kind_tests[i].kinds) != kind_tests[i].is_negated;
    for (unsigned i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        if (slice_is(name, comparisons[i].name) && arguments.count == 1)
            return jinja_holds(run, comparisons[i].op, operand, argument);
    }
    if (!test_other(run, name, operand, argument, &holds))
        jinja_fail(run, STATUS_UNIMPLEMENTED, "the test \"%.*s\" is not supported",
                   SLICE_FORMAT(slice_cut(name, 0, 40)));
    return holds;
}
