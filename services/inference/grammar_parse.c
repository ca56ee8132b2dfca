/*     rules → alternates → sequence → item, repeat
 *
 * An item is made where it is read. A small one that is repeated a few times is read again for each
 * copy; any other repeat counts (grammar_repeat). */
#include "grammar_parse.h"

#include "base/hash.h"
#include "base/utf8.h"

/* Copies of an item may have so many states in all. */
#define COPIED_STATES_MAX 256
#define NAMES_COUNT (GRAMMAR_RULES_MAX * 2)
#define NAME_BYTES_MAX 60

struct parser {
    struct grammar *grammar;
    struct slice text;
    size_t at;
    unsigned depth;
    uint32_t *names;  /* [NAMES_COUNT] a rule + 1, by the hash of its name; 0: none */
    bool *is_defined; /* [GRAMMAR_RULES_MAX] */
    struct error *err;
    bool is_bad;
};

static unsigned line_of(const struct parser *parser)
{
    unsigned line = 1;

    for (size_t i = 0; i < parser->at && i < parser->text.size; i++)
        line += parser->text.data[i] == '\n';
    return line;
}

/* The first thing that is wrong is what is said. */
static void fail(struct parser *parser, const char *what)
{
    if (!parser->is_bad)
        error_set(parser->err, STATUS_INVALID_ARGUMENT, "grammar, line %u: %s", line_of(parser),
                  what);
    parser->is_bad = true;
}

static void fail_name(struct parser *parser, struct slice name, const char *what)
{
    if (!parser->is_bad)
        error_set(parser->err, STATUS_INVALID_ARGUMENT, "grammar, line %u: the rule \"%.*s\" %s",
                  line_of(parser), SLICE_FORMAT(name), what);
    parser->is_bad = true;
}

static char peek(const struct parser *parser)
{
    return parser->at < parser->text.size ? parser->text.data[parser->at] : '\0';
}

static bool take(struct parser *parser, char c)
{
    if (peek(parser) != c || parser->at >= parser->text.size)
        return false;
    parser->at++;
    return true;
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->text.size) {
        char c = peek(parser);

        if (c == '#') {
            while (parser->at < parser->text.size && peek(parser) != '\n')
                parser->at++;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            parser->at++;
        } else {
            return;
        }
    }
}

/* Names
 * ------------------------------------------------------------------------------------------ */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
           || c == '_';
}

static struct slice take_name(struct parser *parser)
{
    size_t start = parser->at;

    while (is_name_byte(peek(parser)))
        parser->at++;
    if (parser->at - start > NAME_BYTES_MAX)
        fail(parser, "a name of over 60 letters");
    return slice_cut(parser->text, start, parser->at);
}

static uint32_t rule_of(struct parser *parser, struct slice name)
{
    uint64_t slot = hash_bytes(name, (uintptr_t)parser);
    uint32_t rule;

    for (;; slot++) {
        uint32_t *at = &parser->names[slot % NAMES_COUNT];

        if (*at == 0) {
            rule = grammar_rule(parser->grammar, name);
            *at = rule + 1;
            return rule;
        }
        if (slice_equal(parser->grammar->rules[*at - 1].name, name))
            return *at - 1;
        if (parser->grammar->is_full)
            return 0;
    }
}

/* Whether "name ::=" comes next: the rule before it has ended. */
static bool is_definition(struct parser *parser)
{
    size_t back = parser->at;
    bool is_one = take_name(parser).size > 0;

    skip_blanks(parser);
    is_one =
        is_one
        && slice_starts_with(slice_cut(parser->text, parser->at, parser->text.size), SLICE("::="));
    parser->at = back;
    return is_one;
}

/* Code points
 * ------------------------------------------------------------------------------------ */

static uint32_t take_hex(struct parser *parser, unsigned digits)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < digits; i++) {
        char c = peek(parser);

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value << 4 | (uint32_t)((c | 32) - 'a' + 10);
        else
            fail(parser, "an escape with too few hexadecimal digits");
        parser->at++;
    }
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        fail(parser, "an escape that is no code point");
    return value;
}

static uint32_t take_escape(struct parser *parser)
{
    char c = peek(parser);

    parser->at++;
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'x':
        return take_hex(parser, 2);
    case 'u':
        return take_hex(parser, 4);
    case 'U':
        return take_hex(parser, 8);
    case '\\':
    case '"':
    case '[':
    case ']':
    case '-':
    case '^':
        return (uint32_t)c;
    default:
        fail(parser, "an escape that is not known");
        return 0;
    }
}

static uint32_t take_point(struct parser *parser)
{
    size_t size;
    uint32_t point;

    if (parser->at >= parser->text.size) {
        fail(parser, "the text ends inside a literal or a class");
        return 0;
    }
    if (take(parser, '\\'))
        return take_escape(parser);
    point = utf8_decode(slice_cut(parser->text, parser->at, parser->text.size), &size);
    parser->at += size;
    return point;
}

static uint32_t parse_literal(struct parser *parser, uint32_t from)
{
    while (!parser->is_bad && !take(parser, '"')) {
        uint32_t point = take_point(parser), to = grammar_state(parser->grammar);

        grammar_points(parser->grammar, from, to, point, point);
        from = to;
    }
    return from;
}

/* Ranges of a class, sorted. */
struct range {
    uint32_t low, high;
};

#define RANGES_MAX 1024

static void add_range(struct parser *parser, struct range *ranges, unsigned *count,
                      struct range range)
{
    unsigned at = *count;

    if (range.low > range.high)
        return fail(parser, "a range that ends before it begins");
    if (*count == RANGES_MAX)
        return fail(parser, "a class of over 1024 ranges");
    while (at > 0 && ranges[at - 1].low > range.low) {
        ranges[at] = ranges[at - 1];
        at--;
    }
    ranges[at] = range;
    (*count)++;
}

static uint32_t parse_class(struct parser *parser, uint32_t from)
{
    struct grammar *grammar = parser->grammar;
    bool is_negated = take(parser, '^');
    struct range ranges[RANGES_MAX];
    uint32_t to = grammar_state(grammar), next = 0;
    unsigned count = 0;

    while (!parser->is_bad && !take(parser, ']')) {
        struct range range = { take_point(parser), 0 };

        range.high = range.low;
        if (peek(parser) == '-' && parser->at + 1 < parser->text.size
            && parser->text.data[parser->at + 1] != ']') {
            parser->at++;
            range.high = take_point(parser);
        }
        add_range(parser, ranges, &count, range);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!is_negated)
            grammar_points(grammar, from, to, ranges[i].low, ranges[i].high);
        else if (ranges[i].low > next)
            grammar_points(grammar, from, to, next, ranges[i].low - 1);
        if (ranges[i].high + 1 > next)
            next = ranges[i].high + 1;
    }
    if (is_negated)
        grammar_points(grammar, from, to, next, 0x10ffff);
    return to;
}

/* Items and repeats
 * ------------------------------------------------------------------------------ */

static uint32_t parse_alternates(struct parser *parser, uint32_t from);

static uint32_t parse_group(struct parser *parser, uint32_t from)
{
    uint32_t to;

    if (++parser->depth > GRAMMAR_DEPTH_MAX) {
        fail(parser, "groups nested deeper than 64");
        return from;
    }
    to = parse_alternates(parser, from);
    parser->depth--;
    if (!take(parser, ')'))
        fail(parser, "a group that is not closed");
    return to;
}

static uint32_t parse_call(struct parser *parser, uint32_t from)
{
    struct slice name = take_name(parser);
    uint32_t to = grammar_state(parser->grammar);

    grammar_call(parser->grammar, from, to, rule_of(parser, name));
    return to;
}

static uint32_t parse_item(struct parser *parser, uint32_t from)
{
    uint32_t to;

    if (take(parser, '"'))
        return parse_literal(parser, from);
    if (take(parser, '['))
        return parse_class(parser, from);
    if (take(parser, '('))
        return parse_group(parser, from);
    if (take(parser, '.')) {
        to = grammar_state(parser->grammar);
        grammar_points(parser->grammar, from, to, 0, 0x10ffff);
        return to;
    }
    if (is_name_byte(peek(parser)))
        return parse_call(parser, from);
    fail(parser, "something that is no literal, class, group or name");
    return from;
}

struct repeat {
    uint32_t min, max;
};

static uint32_t take_number(struct parser *parser)
{
    uint32_t value = 0;

    if (peek(parser) < '0' || peek(parser) > '9')
        fail(parser, "a repeat without a number");
    while (peek(parser) >= '0' && peek(parser) <= '9') {
        value = value * 10 + (uint32_t)(peek(parser) - '0');
        parser->at++;
        if (value > GRAMMAR_REPEAT_MAX)
            fail(parser, "a repeat of over 1000000");
        if (parser->is_bad)
            return 0;
    }
    return value;
}

/* "{2}", "{2,}", "{2,5}", "{,5}"; the brace has been taken. */
static struct repeat parse_braces(struct parser *parser)
{
    struct repeat repeat = { 0, 0 };

    skip_blanks(parser);
    if (peek(parser) != ',')
        repeat.min = take_number(parser);
    repeat.max = repeat.min;
    skip_blanks(parser);
    if (take(parser, ',')) {
        skip_blanks(parser);
        repeat.max = peek(parser) == '}' ? GRAMMAR_FOREVER : take_number(parser);
        skip_blanks(parser);
    }
    if (!take(parser, '}'))
        fail(parser, "a repeat that is not closed");
    else if (repeat.max < repeat.min)
        fail(parser, "a repeat whose end is under its beginning");
    return repeat;
}

static bool parse_repeat(struct parser *parser, struct repeat *repeat)
{
    skip_blanks(parser);
    *repeat = (struct repeat){ 0, GRAMMAR_FOREVER };
    if (take(parser, '*'))
        return true;
    repeat->min = 1;
    if (take(parser, '+'))
        return true;
    *repeat = (struct repeat){ 0, 1 };
    if (take(parser, '?'))
        return true;
    if (!take(parser, '{'))
        return false;
    *repeat = parse_braces(parser);
    return true;
}

/* The item that begins at byte @text_at, once more. */
static uint32_t parse_copy(struct parser *parser, size_t text_at, uint32_t from)
{
    size_t back = parser->at;
    uint32_t to;

    parser->at = text_at;
    to = parse_item(parser, from);
    parser->at = back;
    return to;
}

/* start → end is the item. */
static uint32_t put_repeat(struct parser *parser, size_t text_at, uint32_t from, uint32_t start,
                           uint32_t end, struct repeat repeat)
{
    struct grammar *grammar = parser->grammar;
    uint32_t to = grammar_state(grammar), states = to - start + 1, rule;
    uint32_t copies = repeat.max == GRAMMAR_FOREVER ? repeat.min : repeat.max;

    if (repeat.max == 0)
        return from;
    if ((uint64_t)copies * states > COPIED_STATES_MAX && copies > 1) {
        rule = grammar_rule(grammar, SLICE("repeat"));
        if (grammar->is_full)
            return from;
        grammar_join(grammar, grammar->rules[rule].start, start);
        grammar_join(grammar, end, grammar->rules[rule].end);
        return grammar_repeat(grammar, from, rule, repeat.min, repeat.max);
    }
    grammar_join(grammar, from, start);
    if (repeat.min == 0)
        grammar_join(grammar, from, to);
    for (uint32_t i = 1; i < copies && !parser->is_bad && !grammar->is_full; i++) {
        if (i >= repeat.min)
            grammar_join(grammar, end, to);
        start = grammar_state(grammar);
        grammar_join(grammar, end, start);
        end = parse_copy(parser, text_at, start);
    }
    if (repeat.max == GRAMMAR_FOREVER)
        grammar_join(grammar, end, start);
    grammar_join(grammar, end, to);
    return to;
}

static uint32_t parse_sequence(struct parser *parser, uint32_t from)
{
    struct grammar *grammar = parser->grammar;

    for (;;) {
        struct repeat repeat;
        size_t text_at;
        uint32_t start, end;

        skip_blanks(parser);
        if (parser->is_bad || grammar->is_full || parser->at >= parser->text.size
            || peek(parser) == '|' || peek(parser) == ')' || is_definition(parser))
            return from;
        text_at = parser->at;
        start = grammar_state(grammar);
        end = parse_item(parser, start);
        if (parse_repeat(parser, &repeat)) {
            from = put_repeat(parser, text_at, from, start, end, repeat);
        } else {
            grammar_join(grammar, from, start);
            from = end;
        }
    }
}

static uint32_t parse_alternates(struct parser *parser, uint32_t from)
{
    uint32_t to = grammar_state(parser->grammar);

    do {
        uint32_t start = grammar_state(parser->grammar);

        grammar_join(parser->grammar, from, start);
        grammar_join(parser->grammar, parse_sequence(parser, start), to);
    } while (!parser->is_bad && !parser->grammar->is_full && take(parser, '|'));
    return to;
}

static void parse_rule(struct parser *parser)
{
    struct grammar *grammar = parser->grammar;
    struct slice name;
    uint32_t rule, end;

    if (!is_definition(parser))
        return fail(parser, "a rule is expected: name ::= …");
    name = take_name(parser);
    skip_blanks(parser);
    parser->at += 3;
    rule = rule_of(parser, name);
    if (grammar->is_full)
        return;
    if (parser->is_defined[rule])
        return fail_name(parser, name, "is there twice");
    parser->is_defined[rule] = true;
    end = parse_alternates(parser, grammar->rules[rule].start);
    if (parser->is_bad || grammar->is_full)
        return;
    grammar_join(grammar, end, grammar->rules[rule].end);
    if (peek(parser) == ')')
        fail(parser, "a bracket that closes nothing");
}

static void find_root(struct parser *parser, uint32_t *root)
{
    struct grammar *grammar = parser->grammar;

    *root = GRAMMAR_NONE;
    for (uint32_t i = 0; i < grammar->rules_count; i++) {
        const struct grammar_rule *rule = &grammar->rules[i];

        if (rule->item == GRAMMAR_NONE && !parser->is_defined[i]
            && rule->name.data >= parser->text.data
            && rule->name.data < parser->text.data + parser->text.size)
            fail_name(parser, rule->name, "is used and not there");
        if (parser->is_defined[i] && slice_is(rule->name, "root"))
            *root = i;
    }
    if (*root == GRAMMAR_NONE)
        fail(parser, "there is no rule \"root\"");
}

enum status grammar_parse(struct slice text, struct grammar *grammar, uint32_t *root,
                          struct error *err)
{
    struct parser parser = { .grammar = grammar, .text = text, .err = err };

    if (text.size > GRAMMAR_TEXT_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a grammar of %zu bytes, the limit is %d",
                         text.size, GRAMMAR_TEXT_BYTES_MAX);
    if (!utf8_is_valid(text))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the grammar is not UTF-8");
    parser.names = ARENA_ARRAY(grammar->arena, uint32_t, NAMES_COUNT);
    parser.is_defined = ARENA_ARRAY(grammar->arena, bool, GRAMMAR_RULES_MAX);
    if (parser.names == NULL || parser.is_defined == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
    for (skip_blanks(&parser); parser.at < text.size && !parser.is_bad && !grammar->is_full;
         skip_blanks(&parser))
        parse_rule(&parser);
    if (!parser.is_bad && !grammar->is_full)
        find_root(&parser, root);
    return parser.is_bad ? STATUS_INVALID_ARGUMENT : grammar_check(grammar, err);
}
