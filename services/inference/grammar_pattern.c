/*     pattern → a graph with empty edges, anchors among them → grammar_pattern_sets.c → words
 *
 * A repeat of n times is read n times. */
#include "grammar_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "grammar_pattern_graph.h"

#define POINT_MAX 0x10ffffu
#define DEPTH_MAX 32
#define REPEAT_MAX 2000
#define WORK_BYTES_MAX (64 * MIB)

struct pattern {
    struct slice text;
    size_t at;
    struct error *err;
    struct pattern_graph graph;
    uint32_t depth;
    bool is_bad;
};

static void fail(struct pattern *pattern, enum status status, const char *what)
{
    if (!pattern->is_bad)
        error_set(pattern->err, status, "the keyword \"pattern\": %s (byte %zu)", what,
                  pattern->at);
    pattern->is_bad = true;
}

static void refuse(struct pattern *pattern, const char *what)
{
    fail(pattern, STATUS_INVALID_ARGUMENT, what);
}

/* The graph
 * ------------------------------------------------------------------------------------- */

static uint32_t new_state(struct pattern *pattern)
{
    if (pattern->graph.states_count == PATTERN_STATES_MAX) {
        fail(pattern, STATUS_RESOURCE_EXHAUSTED, "it is too large");
        return 0;
    }
    pattern->graph.heads[pattern->graph.states_count] = WORDS_NONE;
    return pattern->graph.states_count++;
}

static void put_edge(struct pattern *pattern, uint32_t from, uint32_t to,
                     enum pattern_edge_kind kind, const struct pattern_ranges *points)
{
    if (pattern->graph.edges_count == PATTERN_EDGES_MAX)
        return fail(pattern, STATUS_RESOURCE_EXHAUSTED, "it is too large");
    pattern->graph.edges[pattern->graph.edges_count] =
        (struct pattern_edge){ kind, to, pattern->graph.heads[from], points };
    pattern->graph.heads[from] = pattern->graph.edges_count++;
}

/* Sets of code points
 * ---------------------------------------------------------------------------- */

static void add_range(struct pattern *pattern, struct pattern_ranges *ranges, uint32_t low,
                      uint32_t high)
{
    if (low > high)
        return refuse(pattern, "a range that ends before it begins");
    if (ranges->count == PATTERN_RANGES_MAX)
        return refuse(pattern, "a class of over 256 ranges");
    ranges->list[ranges->count++] = (struct pattern_range){ low, high };
}

static int compare_ranges(const void *a, const void *b)
{
    uint32_t x = ((const struct pattern_range *)a)->low, y = ((const struct pattern_range *)b)->low;

    return x < y ? -1 : x > y;
}

/* Everything else. */
static void negate(struct pattern *pattern, struct pattern_ranges *ranges)
{
    struct pattern_ranges other = { .count = 0 };
    uint32_t next = 0;

    qsort(ranges->list, ranges->count, sizeof(ranges->list[0]), compare_ranges);
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (ranges->list[i].low > next)
            add_range(pattern, &other, next, ranges->list[i].low - 1);
        if (ranges->list[i].high + 1 > next)
            next = ranges->list[i].high + 1;
    }
    if (next <= POINT_MAX)
        add_range(pattern, &other, next, POINT_MAX);
    *ranges = other;
}

static void add_all(struct pattern *pattern, struct pattern_ranges *to,
                    const struct pattern_ranges *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        add_range(pattern, to, from->list[i].low, from->list[i].high);
}

static const struct pattern_ranges digits = { { { '0', '9' } }, 1 };
static const struct pattern_ranges letters = {
    { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } }, 4
};
static const struct pattern_ranges blanks = { { { 9, 13 },
                                                { ' ', ' ' },
                                                { 0xa0, 0xa0 },
                                                { 0x1680, 0x1680 },
                                                { 0x2000, 0x200a },
                                                { 0x2028, 0x2029 },
                                                { 0x202f, 0x202f },
                                                { 0x205f, 0x205f },
                                                { 0x3000, 0x3000 },
                                                { 0xfeff, 0xfeff } },
                                              10 };
static const struct pattern_ranges line_ends = {
    { { '\n', '\n' }, { '\r', '\r' }, { 0x2028, 0x2029 } }, 3
};

/* Escapes
 * --------------------------------------------------------------------------------------- */

static char peek(const struct pattern *pattern)
{
    return pattern->at < pattern->text.size ? pattern->text.data[pattern->at] : '\0';
}

static bool is_at_end(const struct pattern *pattern)
{
    return pattern->at >= pattern->text.size;
}

static bool take(struct pattern *pattern, const char *what)
{
    struct slice rest = slice_cut(pattern->text, pattern->at, pattern->text.size);

    if (!slice_starts_with(rest, slice_from(what)))
        return false;
    pattern->at += strlen(what);
    return true;
}

static uint32_t take_hex(struct pattern *pattern, unsigned min, unsigned max)
{
    uint32_t value = 0;
    unsigned count = 0;

    for (; count < max; count++) {
        char c = peek(pattern);

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value << 4 | (uint32_t)((c | 32) - 'a' + 10);
        else
            break;
        pattern->at++;
    }
    if (count < min || value > POINT_MAX)
        refuse(pattern, "an escape that is no code point");
    return value;
}

/* After "\u": four digits, or braces; two halves of a pair are one code point. */
static uint32_t take_unicode(struct pattern *pattern)
{
    uint32_t high, low;

    if (take(pattern, "{")) {
        high = take_hex(pattern, 1, 6);
        if (!take(pattern, "}"))
            refuse(pattern, "an escape that is not closed");
        return high;
    }
    high = take_hex(pattern, 4, 4);
    if (high < 0xd800 || high > 0xdbff || !take(pattern, "\\u"))
        return high;
    low = take_hex(pattern, 4, 4);
    if (low < 0xdc00 || low > 0xdfff)
        refuse(pattern, "half of a surrogate pair");
    return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

/* One code point after the backslash. */
static uint32_t take_escape(struct pattern *pattern)
{
    static const char from[] = "tnrfv", to[] = "\t\n\r\f\v";
    char c = peek(pattern);
    const char *known = c == '\0' ? NULL : strchr(from, c);

    pattern->at++;
    if (known != NULL)
        return (uint32_t)to[known - from];
    if (c == 'x')
        return take_hex(pattern, 2, 2);
    if (c == 'u')
        return take_unicode(pattern);
    if (c == 'c' && ((peek(pattern) | 32) >= 'a' && (peek(pattern) | 32) <= 'z'))
        return (uint32_t)pattern->text.data[pattern->at++] & 31;
    if (c == '0' && (peek(pattern) < '0' || peek(pattern) > '9'))
        return 0;
    if (c == 'p' || c == 'P')
        refuse(pattern, "classes by property (\\p) are not supported");
    else if (c >= '1' && c <= '9')
        refuse(pattern, "references back are not supported");
    else if (c == 'k')
        refuse(pattern, "references back (\\k) are not supported");
    else if (c == 'b' || c == 'B')
        refuse(pattern, "borders of words (\\b) are not supported");
    else if ((c | 32) >= 'a' && (c | 32) <= 'z')
        refuse(pattern, "an escape that is not known");
    return (uint8_t)c;
}

/* "\d" and the like, as the whole class. */
static bool take_class_escape(struct pattern *pattern, struct pattern_ranges *ranges)
{
    static const struct {
        char name;
        const struct pattern_ranges *ranges;
    } known[] = { { 'd', &digits }, { 'w', &letters }, { 's', &blanks } };
    char c = pattern->at + 1 < pattern->text.size && peek(pattern) == '\\'
                 ? pattern->text.data[pattern->at + 1]
                 : '\0';

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct pattern_ranges own = *known[i].ranges;

        if ((c | 32) != known[i].name)
            continue;
        if (c != known[i].name)
            negate(pattern, &own);
        pattern->at += 2;
        add_all(pattern, ranges, &own);
        return true;
    }
    return false;
}

static uint32_t take_point(struct pattern *pattern)
{
    size_t size;
    uint32_t point;

    if (take(pattern, "\\"))
        return take_escape(pattern);
    point = utf8_decode(slice_cut(pattern->text, pattern->at, pattern->text.size), &size);
    pattern->at += size;
    return point;
}

/* In a class "\b" is a backspace, and "-" may be escaped. */
static uint32_t take_class_point(struct pattern *pattern)
{
    if (take(pattern, "\\b"))
        return '\b';
    return take_point(pattern);
}

static void take_class_item(struct pattern *pattern, struct pattern_ranges *ranges)
{
    uint32_t low, high;

    if (take_class_escape(pattern, ranges))
        return;
    low = high = take_class_point(pattern);
    if (peek(pattern) == '-' && pattern->at + 1 < pattern->text.size
        && pattern->text.data[pattern->at + 1] != ']') {
        pattern->at++;
        if (take_class_escape(pattern, ranges))
            return refuse(pattern, "a range that ends in a class");
        high = take_class_point(pattern);
    }
    add_range(pattern, ranges, low, high);
}

static void take_class(struct pattern *pattern, struct pattern_ranges *ranges)
{
    bool is_negated = take(pattern, "^");

    while (!pattern->is_bad && !take(pattern, "]")) {
        if (is_at_end(pattern))
            return refuse(pattern, "a class that is not closed");
        take_class_item(pattern, ranges);
    }
    if (is_negated)
        negate(pattern, ranges);
}

/* Items
 * ----------------------------------------------------------------------------------------- */

static uint32_t parse_alternatives(struct pattern *pattern, uint32_t from);

/* "?:" and "?<name>" change nothing. */
static void skip_group_name(struct pattern *pattern)
{
    if (take(pattern, "?:") || peek(pattern) != '?')
        return;
    if (!take(pattern, "?<") || peek(pattern) == '=' || peek(pattern) == '!')
        return refuse(pattern, "looking around is not supported");
    while (!is_at_end(pattern) && peek(pattern) != '>')
        pattern->at++;
    if (!take(pattern, ">"))
        refuse(pattern, "a group whose name does not end");
}

static uint32_t parse_group(struct pattern *pattern, uint32_t from)
{
    uint32_t to;

    skip_group_name(pattern);
    if (++pattern->depth > DEPTH_MAX)
        refuse(pattern, "groups nested deeper than 32");
    if (pattern->is_bad)
        return from;
    to = parse_alternatives(pattern, from);
    pattern->depth--;
    if (!take(pattern, ")"))
        refuse(pattern, "a group that is not closed");
    return to;
}

static uint32_t put_points(struct pattern *pattern, uint32_t from,
                           const struct pattern_ranges *ranges)
{
    struct pattern_ranges *own = ARENA_NEW(pattern->graph.arena, struct pattern_ranges);
    uint32_t to = new_state(pattern);

    if (own == NULL)
        fail(pattern, STATUS_RESOURCE_EXHAUSTED, "no memory");
    if (pattern->is_bad)
        return from;
    *own = *ranges;
    put_edge(pattern, from, to, PATTERN_EDGE_POINTS, own);
    return to;
}

static uint32_t parse_item(struct pattern *pattern, uint32_t from)
{
    struct pattern_ranges ranges = { .count = 0 };

    if (take(pattern, "("))
        return parse_group(pattern, from);
    if (take(pattern, "[")) {
        take_class(pattern, &ranges);
    } else if (take(pattern, ".")) {
        ranges = line_ends;
        negate(pattern, &ranges);
    } else if (!take_class_escape(pattern, &ranges)) {
        uint32_t point;

        if (strchr("*+?{}]", peek(pattern)) != NULL && peek(pattern) != '\0')
            refuse(pattern, "a sign that has to be escaped, or a repeat of nothing");
        point = take_point(pattern);
        add_range(pattern, &ranges, point, point);
    }
    return pattern->is_bad ? from : put_points(pattern, from, &ranges);
}

static uint32_t take_number(struct pattern *pattern)
{
    uint32_t value = 0;

    if (peek(pattern) < '0' || peek(pattern) > '9')
        refuse(pattern, "a repeat without a number");
    for (; peek(pattern) >= '0' && peek(pattern) <= '9'; pattern->at++) {
        if (value <= REPEAT_MAX)
            value = value * 10 + (uint32_t)(peek(pattern) - '0');
    }
    return value;
}

static void take_repeat(struct pattern *pattern, uint32_t *min, uint32_t *max)
{
    *min = *max = 1;
    if (take(pattern, "*")) {
        *min = 0;
        *max = GRAMMAR_FOREVER;
    } else if (take(pattern, "+")) {
        *max = GRAMMAR_FOREVER;
    } else if (take(pattern, "?")) {
        *min = 0;
    } else if (take(pattern, "{")) {
        *min = *max = take_number(pattern);
        if (take(pattern, ","))
            *max = peek(pattern) == '}' ? GRAMMAR_FOREVER : take_number(pattern);
        if (!take(pattern, "}"))
            refuse(pattern, "a repeat that is not closed");
        if (*min > *max)
            refuse(pattern, "a repeat that ends before it begins");
        if (*min > REPEAT_MAX || (*max != GRAMMAR_FOREVER && *max > REPEAT_MAX))
            refuse(pattern, "a repeat of over 2000 times");
    } else {
        return;
    }
    take(pattern, "?"); /* which of several ways is taken changes nothing */
}

/* The item that stands at @start once more. */
static uint32_t parse_again(struct pattern *pattern, size_t start, uint32_t from)
{
    size_t end = pattern->at;
    uint32_t begin = new_state(pattern), to;

    if (pattern->is_bad)
        return from;
    put_edge(pattern, from, begin, PATTERN_EDGE_EMPTY, NULL);
    pattern->at = start;
    to = parse_item(pattern, begin);
    if (!pattern->is_bad)
        pattern->at = end;
    return to;
}

/* From @from, with @first the first time through to @to. */
static uint32_t repeat(struct pattern *pattern, size_t start, uint32_t from, uint32_t to,
                       uint32_t min, uint32_t max)
{
    uint32_t end = new_state(pattern), at = to;

    if (min == 0)
        put_edge(pattern, from, end, PATTERN_EDGE_EMPTY, NULL);
    for (uint32_t i = 1; i < min && !pattern->is_bad; i++)
        at = parse_again(pattern, start, at);
    for (uint32_t i = min == 0 ? 1 : min; max != GRAMMAR_FOREVER && i < max && !pattern->is_bad;
         i++) {
        put_edge(pattern, at, end, PATTERN_EDGE_EMPTY, NULL);
        at = parse_again(pattern, start, at);
    }
    if (max != 0 && !pattern->is_bad)
        put_edge(pattern, at, end, PATTERN_EDGE_EMPTY, NULL);
    if (max == GRAMMAR_FOREVER && !pattern->is_bad) {
        uint32_t again = parse_again(pattern, start, at);

        put_edge(pattern, again, at, PATTERN_EDGE_EMPTY, NULL);
    }
    return end;
}

static uint32_t parse_anchor(struct pattern *pattern, uint32_t from, enum pattern_edge_kind kind)
{
    uint32_t to = new_state(pattern);

    if (strchr("*+?{", peek(pattern)) != NULL && peek(pattern) != '\0')
        refuse(pattern, "an anchor that is repeated");
    if (pattern->is_bad)
        return from;
    put_edge(pattern, from, to, kind, NULL);
    return to;
}

static uint32_t parse_sequence(struct pattern *pattern, uint32_t from)
{
    while (!pattern->is_bad && !is_at_end(pattern) && peek(pattern) != '|'
           && peek(pattern) != ')') {
        size_t start = pattern->at;
        uint32_t begin, to, min, max;

        if (take(pattern, "^")) {
            from = parse_anchor(pattern, from, PATTERN_EDGE_BEGIN);
        } else if (take(pattern, "$")) {
            from = parse_anchor(pattern, from, PATTERN_EDGE_END);
        } else {
            begin = new_state(pattern);
            if (pattern->is_bad)
                return from;
            put_edge(pattern, from, begin, PATTERN_EDGE_EMPTY, NULL);
            to = parse_item(pattern, begin);
            take_repeat(pattern, &min, &max);
            from = min == 1 && max == 1 ? to : repeat(pattern, start, begin, to, min, max);
        }
    }
    return from;
}

static uint32_t parse_alternatives(struct pattern *pattern, uint32_t from)
{
    uint32_t to = new_state(pattern);

    do {
        uint32_t end = parse_sequence(pattern, from);

        if (!pattern->is_bad)
            put_edge(pattern, end, to, PATTERN_EDGE_EMPTY, NULL);
    } while (!pattern->is_bad && take(pattern, "|"));
    return to;
}

/* From anywhere to anywhere. */
static void put_loop(struct pattern *pattern, uint32_t state)
{
    static const struct pattern_ranges all = { { { 0, POINT_MAX } }, 1 };

    put_edge(pattern, state, state, PATTERN_EDGE_POINTS, &all);
}

static const struct words *parse(struct pattern *pattern, bool is_whole, struct arena *arena)
{
    const struct words *words;
    uint32_t start = new_state(pattern), inner = new_state(pattern), end, final;

    put_edge(pattern, start, inner, PATTERN_EDGE_EMPTY, NULL);
    if (!is_whole)
        put_loop(pattern, start);
    end = parse_alternatives(pattern, inner);
    if (!is_at_end(pattern))
        refuse(pattern, "a group that was not opened");
    final = new_state(pattern);
    if (pattern->is_bad)
        return NULL;
    put_edge(pattern, end, final, PATTERN_EDGE_EMPTY, NULL);
    if (!is_whole)
        put_loop(pattern, final);
    words = pattern->is_bad ? NULL : pattern_words(&pattern->graph, final, arena);
    if (words == NULL)
        fail(pattern, STATUS_RESOURCE_EXHAUSTED, "it has too many states");
    return words;
}

const struct words *grammar_pattern(struct slice text, bool is_whole, struct arena *arena,
                                    struct error *err)
{
    struct pattern pattern = { .text = text, .err = err };
    const struct words *words = NULL;
    struct arena work;

    arena_init(&work, WORK_BYTES_MAX);
    pattern.graph.arena = &work;
    pattern.graph.edges = arena_alloc(&work, PATTERN_EDGES_MAX * sizeof(*pattern.graph.edges));
    pattern.graph.heads = arena_alloc(&work, PATTERN_STATES_MAX * sizeof(*pattern.graph.heads));
    if (pattern.graph.edges != NULL && pattern.graph.heads != NULL)
        words = parse(&pattern, is_whole, arena);
    else
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a pattern");
    arena_close(&work);
    return words;
}
