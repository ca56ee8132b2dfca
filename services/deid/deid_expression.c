#include "deid_expression.h"

#define DEPTH_MAX 16
#define REPEAT_MAX 64

struct parser {
    struct deid_byte_sets *sets;
    struct arena *arena;
    const char *start, *at;
    bool is_any_case, is_wrong, is_full;
    unsigned depth;
};

static void set_add_range(struct deid_byte_set *set, unsigned first, unsigned last)
{
    for (; first <= last; first++)
        deid_byte_set_add(set, first);
}

static void set_add_word(struct deid_byte_set *set)
{
    set_add_range(set, '0', '9');
    set_add_range(set, 'A', 'Z');
    set_add_range(set, 'a', 'z');
}

static void set_fold(struct deid_byte_set *set)
{
    for (unsigned c = 'a'; c <= 'z'; c++)
        if (deid_byte_set_has(set, c) || deid_byte_set_has(set, c - 32)) {
            deid_byte_set_add(set, c);
            deid_byte_set_add(set, c - 32);
        }
}

static unsigned set_number(struct parser *parser, const struct deid_byte_set *set)
{
    struct deid_byte_sets *sets = parser->sets;
    unsigned i;

    for (i = 0; i < sets->count; i++)
        if (memcmp(&sets->items[i], set, sizeof(*set)) == 0)
            return i;
    if (i == DEID_BYTE_SETS_MAX) {
        parser->is_full = true;
        return 0;
    }
    sets->items[sets->count++] = *set;
    return i;
}

static struct deid_tree *tree_make(struct parser *parser, enum deid_tree_kind kind,
                                   struct deid_tree *left, struct deid_tree *right)
{
    struct deid_tree *tree = ARENA_NEW(parser->arena, struct deid_tree);

    if (tree == NULL) {
        parser->is_full = true;
        return NULL;
    }
    *tree = (struct deid_tree){ .kind = kind, .left = left, .right = right };
    return tree;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* What follows a backslash, added to @set; its byte where it is one, else -1. */
static int parse_escape(struct parser *parser, struct deid_byte_set *set)
{
    char c = *parser->at;
    int high, low;

    if (c == '\0') {
        parser->is_wrong = true;
        return -1;
    }
    parser->at++;
    if (c == 'd')
        set_add_range(set, '0', '9');
    else if (c == 'w')
        set_add_word(set);
    if (c == 'd' || c == 'w')
        return -1;
    if (c != 'x') {
        parser->is_wrong |= (c | 32) >= 'a' && (c | 32) <= 'z';
        deid_byte_set_add(set, (uint8_t)c);
        return (uint8_t)c;
    }
    high = hex_of(*parser->at);
    low = high < 0 ? -1 : hex_of(parser->at[1]);
    if (low < 0) {
        parser->is_wrong = true;
        return -1;
    }
    parser->at += 2;
    deid_byte_set_add(set, (unsigned)(high * 16 + low));
    return high * 16 + low;
}

/* After "[", past "]". */
static void parse_brackets(struct parser *parser, struct deid_byte_set *set)
{
    bool is_inverse = *parser->at == '^';

    parser->at += is_inverse;
    while (*parser->at != ']' && !parser->is_wrong) {
        int first = (uint8_t)*parser->at++;
        int last;

        if (first == '\0') {
            parser->at--;
            parser->is_wrong = true;
            return;
        }
        if (first == '\\')
            first = parse_escape(parser, set);
        else
            deid_byte_set_add(set, (unsigned)first);
        if (*parser->at != '-' || parser->at[1] == ']' || parser->at[1] == '\0' || first < 0)
            continue;
        parser->at++;
        last = (uint8_t)*parser->at++;
        if (last == '\\')
            last = parse_escape(parser, set);
        parser->is_wrong |= last < first;
        if (!parser->is_wrong)
            set_add_range(set, (unsigned)first, (unsigned)last);
    }
    parser->at += *parser->at == ']';
    if (is_inverse)
        for (int i = 0; i < 4; i++)
            set->bits[i] = ~set->bits[i];
}

static struct deid_tree *parse_either(struct parser *parser);

static struct deid_tree *parse_group(struct parser *parser)
{
    struct deid_tree *tree;

    if (++parser->depth > DEPTH_MAX) {
        parser->is_wrong = true;
        return NULL;
    }
    tree = parse_either(parser);
    parser->depth--;
    if (*parser->at == ')')
        parser->at++;
    else
        parser->is_wrong = true;
    return tree;
}

static struct deid_tree *parse_atom(struct parser *parser)
{
    struct deid_byte_set set = { { 0 } };
    struct deid_tree *tree;
    char c = *parser->at++;

    if (c == '(')
        return parse_group(parser);
    if (c == '[')
        parse_brackets(parser, &set);
    else if (c == '\\')
        parse_escape(parser, &set);
    else if (strchr("?*+{}.^$", c) != NULL)
        parser->is_wrong = true; /* "." and anchors have no meaning here: better refused */
    else
        deid_byte_set_add(&set, (uint8_t)c);
    if (parser->is_any_case)
        set_fold(&set);
    tree = tree_make(parser, DEID_TREE_SET, NULL, NULL);
    if (tree != NULL)
        tree->set = set_number(parser, &set);
    return tree;
}

static unsigned parse_count(struct parser *parser)
{
    unsigned count = 0;

    if (*parser->at < '0' || *parser->at > '9')
        parser->is_wrong = true;
    while (*parser->at >= '0' && *parser->at <= '9' && count <= REPEAT_MAX)
        count = count * 10 + (unsigned)(*parser->at++ - '0');
    parser->is_wrong |= count > REPEAT_MAX;
    return count;
}

static struct deid_tree *parse_repeat(struct parser *parser)
{
    struct deid_tree *tree = parse_atom(parser);
    char c = *parser->at;

    if (tree == NULL || c == '\0' || strchr("?*+{", c) == NULL)
        return tree;
    tree = tree_make(parser, DEID_TREE_REPEAT, tree, NULL);
    if (tree == NULL)
        return NULL;
    parser->at++;
    tree->min = c == '+';
    tree->max = c == '?' ? 1 : DEID_REPEAT_ENDLESS;
    if (c != '{')
        return tree;
    tree->min = tree->max = parse_count(parser);
    if (*parser->at == ',') {
        parser->at++;
        tree->max = *parser->at == '}' ? DEID_REPEAT_ENDLESS : parse_count(parser);
    }
    parser->is_wrong |= *parser->at != '}' || tree->max < tree->min || tree->max == 0;
    parser->at += *parser->at == '}';
    return tree;
}

static struct deid_tree *parse_both(struct parser *parser)
{
    struct deid_tree *tree = NULL;

    while (*parser->at != '\0' && *parser->at != '|' && *parser->at != ')' && !parser->is_wrong
           && !parser->is_full) {
        struct deid_tree *part = parse_repeat(parser);

        tree = tree == NULL ? part : tree_make(parser, DEID_TREE_BOTH, tree, part);
    }
    return tree == NULL ? tree_make(parser, DEID_TREE_EMPTY, NULL, NULL) : tree;
}

static struct deid_tree *parse_either(struct parser *parser)
{
    struct deid_tree *tree = parse_both(parser);

    while (*parser->at == '|' && !parser->is_wrong && !parser->is_full) {
        parser->at++;
        tree = tree_make(parser, DEID_TREE_EITHER, tree, parse_both(parser));
    }
    return tree;
}

enum status deid_expression_parse(const char *text, bool is_any_case, struct deid_byte_sets *sets,
                                  struct arena *arena, struct deid_tree **tree, size_t *wrong)
{
    struct parser parser = {
        .sets = sets, .arena = arena, .start = text, .at = text, .is_any_case = is_any_case
    };

    *tree = parse_either(&parser);
    *wrong = (size_t)(parser.at - parser.start);
    if (parser.is_wrong || (!parser.is_full && *parser.at != '\0'))
        return STATUS_INVALID_ARGUMENT;
    return parser.is_full || *tree == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
}
