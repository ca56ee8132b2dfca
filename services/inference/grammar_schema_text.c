/* Strings: patterns and formats are automata, and lengths too where one is beside them; a length
 * alone is counted by what runs, so that a large one costs nothing. */
#include "grammar_pattern.h"
#include "grammar_schema_state.h"

struct schema_pattern {
    struct slice text;
    bool is_whole;
    const struct words *words;
    struct schema_pattern *next;
};

static const struct words *pattern_of(struct schema *schema, struct slice text, bool is_whole)
{
    struct schema_pattern *pattern;

    for (pattern = schema->patterns; pattern != NULL; pattern = pattern->next) {
        if (pattern->is_whole == is_whole && slice_equal(pattern->text, text))
            return pattern->words;
    }
    pattern = ARENA_NEW(schema->arena, struct schema_pattern);
    if (schema->status != STATUS_OK)
        return NULL;
    if (pattern == NULL) {
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
        return NULL;
    }
    *pattern = (struct schema_pattern){ text, is_whole,
                                        grammar_pattern(text, is_whole, schema->arena, schema->err),
                                        schema->patterns };
    if (pattern->words == NULL)
        schema->status = schema->err->status;
    schema->patterns = pattern;
    return pattern->words;
}

const struct words *schema_pattern_of(struct schema *schema, struct slice text)
{
    return pattern_of(schema, text, false);
}

/* Both; one of them, where the other is NULL. */
static const struct words *join(struct schema *schema, const struct words *a, const struct words *b)
{
    const struct words *both;

    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    both = words_both(a, b, schema->arena);
    if (both == NULL)
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED,
                    "what \"pattern\", \"format\" and the lengths beside it have in common has too "
                    "many states");
    return both;
}

static const struct words *words_of_part(struct schema *schema, const struct schema_part *part)
{
    const struct json *pattern = schema_get(part, "pattern"), *format = schema_get(part, "format");
    const struct words *words = NULL;
    const char *known;

    if (pattern != NULL && pattern->kind != JSON_KIND_STRING)
        schema_wrong(schema, "pattern", "a string");
    else if (pattern != NULL)
        words = pattern_of(schema, pattern->text, false);
    if (format == NULL || schema->status != STATUS_OK)
        return words;
    known = format->kind == JSON_KIND_STRING ? schema_format_of(format->text) : NULL;
    if (known == NULL) {
        schema_fail(schema, STATUS_INVALID_ARGUMENT, "this value of \"format\" is not supported");
        return NULL;
    }
    return join(schema, words, pattern_of(schema, slice_from(known), true));
}

static void read_sizes(struct schema *schema, const struct schema_set *set, uint32_t *min,
                       uint32_t *max)
{
    *min = 0;
    *max = GRAMMAR_FOREVER;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t own_min = 0, own_max = GRAMMAR_FOREVER;

        schema_get_count(schema, &set->parts[i], "minLength", &own_min);
        schema_get_count(schema, &set->parts[i], "maxLength", &own_max);
        *min = own_min > *min ? own_min : *min;
        *max = own_max < *max ? own_max : *max;
    }
}

/* Without the lengths. */
static const struct words *forms_of(struct schema *schema, const struct schema_set *set)
{
    const struct words *words = NULL;

    for (uint32_t i = 0; i < set->count && schema->status == STATUS_OK; i++)
        words = join(schema, words, words_of_part(schema, &set->parts[i]));
    return schema->status == STATUS_OK ? words : NULL;
}

const struct words *schema_words_of(struct schema *schema, const struct schema_set *set)
{
    const struct words *words = forms_of(schema, set), *sizes;
    uint32_t min, max;

    read_sizes(schema, set, &min, &max);
    if (schema->status != STATUS_OK || (min == 0 && max == GRAMMAR_FOREVER))
        return words;
    sizes = words_of_size(min > max ? 1 : min, min > max ? 0 : max, schema->arena);
    if (sizes == NULL) {
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED,
                    "\"minLength\" or \"maxLength\" is over 8000 beside \"pattern\" or \"format\"");
        return NULL;
    }
    return join(schema, words, sizes);
}

bool schema_has_text(struct schema *schema, const struct schema_set *set, struct slice text)
{
    const struct words *words = forms_of(schema, set);
    uint32_t min, max, size = 0;

    read_sizes(schema, set, &min, &max);
    for (size_t i = 0; i < text.size; i++)
        size += (text.data[i] & 0xc0) != 0x80;
    return schema->status == STATUS_OK && size >= min && size <= max
           && (words == NULL || words_has(words, text));
}

/* Writing
 * --------------------------------------------------------------------------------------- */

/* The rule of one code point as JSON writes it. */
static uint32_t letter_of(struct schema *schema)
{
    struct grammar_rule *rule;
    const struct words *words;

    if (schema->letter != GRAMMAR_NONE)
        return schema->letter;
    schema->letter = grammar_rule(schema->grammar, SLICE("letter"));
    words = words_of_size(1, 1, schema->arena);
    if (words == NULL || schema->grammar->is_full)
        return schema->letter;
    rule = &schema->grammar->rules[schema->letter];
    words_put(words, schema->grammar, rule->start, rule->end, schema->arena);
    return schema->letter;
}

static uint32_t put_letters(struct schema *schema, uint32_t from, uint32_t min, uint32_t max)
{
    uint32_t letter = letter_of(schema), loop;

    if (min > 0 || max != GRAMMAR_FOREVER)
        return grammar_repeat(schema->grammar, from, letter, min, max);
    loop = grammar_state(schema->grammar);
    grammar_join(schema->grammar, from, loop);
    grammar_call(schema->grammar, loop, loop, letter);
    return loop;
}

static uint32_t any_text_of(struct schema *schema)
{
    struct grammar *grammar = schema->grammar;
    uint32_t start, end;

    if (schema->any_text != GRAMMAR_NONE)
        return schema->any_text;
    schema->any_text = grammar_rule(grammar, SLICE("string"));
    if (grammar->is_full)
        return schema->any_text;
    start = grammar_literal(grammar, grammar->rules[schema->any_text].start, SLICE("\""));
    end = grammar_literal(grammar, put_letters(schema, start, 0, GRAMMAR_FOREVER), SLICE("\""));
    grammar_join(grammar, end, grammar->rules[schema->any_text].end);
    return schema->any_text;
}

void schema_put_texts(struct schema *schema, const struct schema_set *set, uint32_t from,
                      uint32_t to)
{
    const struct words *words = forms_of(schema, set);
    struct grammar *grammar = schema->grammar;
    uint32_t min, max, inner;

    read_sizes(schema, set, &min, &max);
    if (schema->status != STATUS_OK || min > max)
        return;
    if (words == NULL && min == 0 && max == GRAMMAR_FOREVER)
        return grammar_call(grammar, from, to, any_text_of(schema));
    from = grammar_literal(grammar, from, SLICE("\""));
    if (words == NULL) {
        inner = put_letters(schema, from, min, max);
    } else {
        inner = grammar_state(grammar);
        words = schema_words_of(schema, set);
        if (words != NULL)
            words_put(words, grammar, from, inner, schema->arena);
    }
    grammar_join(grammar, grammar_literal(grammar, inner, SLICE("\"")), to);
}

uint32_t schema_put_text(struct schema *schema, uint32_t from, struct slice text)
{
    struct json json = { .kind = JSON_KIND_STRING, .text = text };
    struct buffer buffer;

    buffer_init(&buffer, schema->arena);
    json_write(&json, &buffer);
    if (buffer.is_full)
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
    return grammar_literal(schema->grammar, from, buffer_slice(&buffer));
}

uint32_t schema_put_literal(struct schema *schema, uint32_t from, const char *text)
{
    return grammar_literal(schema->grammar, from, slice_from(text));
}

uint32_t schema_put_blank(struct schema *schema, uint32_t from)
{
    struct grammar *grammar = schema->grammar;
    uint32_t to, line, space;

    if (schema->blank == GRAMMAR_NONE) {
        space = grammar_rule(grammar, SLICE("space"));
        schema->blank = grammar_rule(grammar, SLICE("blank"));
        if (grammar->is_full)
            return from;
        grammar_bytes(grammar, grammar->rules[space].start, grammar->rules[space].end, ' ', ' ');
        grammar_join(grammar, grammar->rules[schema->blank].start,
                     grammar->rules[schema->blank].end);
        grammar_bytes(grammar, grammar->rules[schema->blank].start,
                      grammar->rules[schema->blank].end, ' ', ' ');
        line = grammar_literal(grammar, grammar->rules[schema->blank].start, SLICE("\n"));
        grammar_join(grammar, grammar_repeat(grammar, line, space, 0, 20),
                     grammar->rules[schema->blank].end);
    }
    to = grammar_state(grammar);
    grammar_call(grammar, from, to, schema->blank);
    return to;
}
