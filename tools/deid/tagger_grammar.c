#include "tagger_grammar.h"

#include <stdlib.h>
#include <string.h>

#define RULES_MAX 1024
#define TEXT_BYTES_MAX 32768
#define MARKS_MAX 1024
#define DEPTH_MAX 24
#define NOTES_MAX 32

struct tagger_rule {
    struct slice name;
    struct choice {
        struct slice text;
        unsigned weight;
    } * choices;
    unsigned count, capacity, total;
};

enum status tagger_grammar_init(struct tagger_grammar *grammar, struct error *err)
{
    *grammar = (struct tagger_grammar){ .rules_capacity = RULES_MAX };
    arena_init(&grammar->arena, (size_t)64 << 20);
    grammar->rules = ARENA_ARRAY(&grammar->arena, struct tagger_rule, RULES_MAX);
    return grammar->rules == NULL ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for rules")
                                  : STATUS_OK;
}

void tagger_grammar_close(struct tagger_grammar *grammar)
{
    arena_close(&grammar->arena);
}

static struct tagger_rule *rule_find(const struct tagger_grammar *grammar, struct slice name)
{
    unsigned i;

    for (i = 0; i < grammar->rules_count; i++)
        if (slice_equal(grammar->rules[i].name, name))
            return &grammar->rules[i];
    return NULL;
}

static bool rule_add(struct tagger_grammar *grammar, struct tagger_rule *rule, struct slice text)
{
    unsigned weight = 0, i;

    for (i = 0; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        weight = weight * 10 + (unsigned)(text.data[i] - '0');
    if (i > 0 && i < text.size && text.data[i] == '*')
        text = slice_trim(slice_cut(text, i + 1, text.size));
    else
        weight = 1;
    if (rule->count == rule->capacity) {
        unsigned capacity = rule->capacity == 0 ? 8 : rule->capacity * 2;
        struct choice *choices = ARENA_ARRAY(&grammar->arena, struct choice, capacity);

        if (choices == NULL)
            return false;
        if (rule->count > 0)
            memcpy(choices, rule->choices, rule->count * sizeof(*choices));
        rule->choices = choices;
        rule->capacity = capacity;
    }
    rule->choices[rule->count++] = (struct choice){ text, weight };
    rule->total += weight;
    return true;
}

enum status tagger_grammar_read(struct tagger_grammar *grammar, struct slice file,
                                struct error *err)
{
    struct tagger_rule *rule = NULL;
    unsigned number = 0;

    while (file.size > 0) {
        size_t end = slice_find_byte(file, '\n');
        struct slice line = slice_cut(file, 0, end), text = slice_trim(line);

        file = slice_cut(file, end + 1, file.size);
        number++;
        if (text.size == 0 || text.data[0] == '#')
            continue;
        if (line.data[0] == ' ' || line.data[0] == '\t') {
            if (rule == NULL || !rule_add(grammar, rule, text))
                return error_set(err, STATUS_INVALID_ARGUMENT, "line %u: a text of no rule",
                                 number);
            continue;
        }
        rule = rule_find(grammar, text);
        if (rule == NULL && grammar->rules_count == grammar->rules_capacity)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "over %u rules", RULES_MAX);
        if (rule == NULL) {
            rule = &grammar->rules[grammar->rules_count++];
            rule->name = text;
        }
    }
    return STATUS_OK;
}

struct making {
    const struct tagger_grammar *grammar;
    const struct tagger_leaves *leaves;
    struct tagger_chance *chance;
    char *bytes;
    unsigned size;
    struct tagger_mark *marks;
    unsigned marks_count;
    bool is_marked; /* inside of a mark: marks in it do not count */
    struct note {   /* what "{given@1}" became in this text */
        struct slice key, text;
    } notes[NOTES_MAX];
    unsigned notes_count;
    struct arena *arena;
};

static void put(struct making *making, const char *bytes, unsigned size)
{
    if (making->size + size > TEXT_BYTES_MAX)
        return;
    memcpy(making->bytes + making->size, bytes, size);
    making->size += size;
}

static void put_escape(struct making *making, char c)
{
    char byte = c == 'n' ? '\n' : c == 't' ? '\t' : c;

    put(making, &byte, 1);
}

/* Past the bracket that closes the one at @at. */
static size_t closing(struct slice text, size_t at, char open, char close)
{
    unsigned depth = 0;

    for (; at < text.size; at++) {
        if (text.data[at] == '\\')
            at++;
        else if (text.data[at] == open)
            depth++;
        else if (text.data[at] == close && --depth == 0)
            return at + 1;
    }
    return text.size;
}

/* "1-28" */
static unsigned between(struct slice range, struct tagger_chance *chance)
{
    unsigned low = (unsigned)strtoul(range.data, NULL, 10);
    size_t dash = slice_find_byte(range, '-');
    unsigned high = dash < range.size ? (unsigned)strtoul(range.data + dash + 1, NULL, 10) : low;

    return low + tagger_chance_below(chance, high - low + 1);
}

/* {d:1-28} a number, {dd:1-28} with two digits, {n:5} that many digits, {A} {a} a letter. */
static bool put_figure(struct making *making, struct slice name, struct slice argument)
{
    char text[16];
    unsigned i;

    if (slice_is(name, "d") || slice_is(name, "dd")) {
        unsigned value = between(argument, making->chance);
        int size = 0;

        if (slice_is(name, "dd") && value < 10)
            text[size++] = '0';
        for (i = 1; value / i >= 10;)
            i *= 10;
        for (; i > 0; i /= 10)
            text[size++] = (char)('0' + value / i % 10);
        put(making, text, (unsigned)size);
        return true;
    }
    if (slice_is(name, "n")) {
        for (i = between(argument, making->chance); i > 0; i--) {
            text[0] = (char)('0' + tagger_chance_below(making->chance, 10));
            put(making, text, 1);
        }
        return true;
    }
    if (!slice_is(name, "A") && !slice_is(name, "a"))
        return false;
    text[0] = (char)(name.data[0] + tagger_chance_below(making->chance, 26));
    put(making, text, 1);
    return true;
}

static void expand(struct making *making, struct slice text, unsigned depth);

static void expand_rule(struct making *making, struct slice name, unsigned depth)
{
    const struct tagger_rule *rule = rule_find(making->grammar, name);
    unsigned at, i;

    if (rule != NULL) {
        at = tagger_chance_below(making->chance, rule->total);
        for (i = 0; at >= rule->choices[i].weight; i++)
            at -= rule->choices[i].weight;
        expand(making, rule->choices[i].text, depth + 1);
    } else {
        char leaf[TAGGER_LEAF_BYTES_MAX];
        put(making, leaf, tagger_leaves_make(making->leaves, name, making->chance, leaf));
    }
}

/* How "{cap:x}", "{up:x}" and "{low:x}" write @bytes. */
static void recase(char *bytes, unsigned size, struct slice how)
{
    unsigned i;

    for (i = 0; i < size; i++) {
        bool is_lower = bytes[i] >= 'a' && bytes[i] <= 'z';
        bool is_upper = bytes[i] >= 'A' && bytes[i] <= 'Z';

        if (is_lower && (slice_is(how, "up") || (slice_is(how, "cap") && i == 0)))
            bytes[i] = (char)(bytes[i] - 32);
        if (is_upper && slice_is(how, "low"))
            bytes[i] = (char)(bytes[i] + 32);
    }
}

/* {name}, {name@1}, {name:argument} */
static void expand_slot(struct making *making, struct slice slot, unsigned depth)
{
    size_t colon = slice_find_byte(slot, ':'), at = slice_find_byte(slot, '@');
    struct slice name = slice_cut(slot, 0, colon < at ? colon : at);
    struct slice argument = slice_cut(slot, colon + 1, slot.size);
    unsigned start = making->size, i;

    if (put_figure(making, name, argument))
        return;
    if (slice_is(name, "cap") || slice_is(name, "up") || slice_is(name, "low")) {
        expand_slot(making, argument, depth + 1);
        recase(making->bytes + start, making->size - start, name);
        return;
    }
    if (at == slot.size) {
        expand_rule(making, name, depth);
        return;
    }
    for (i = 0; i < making->notes_count; i++)
        if (slice_equal(making->notes[i].key, slot)) {
            put(making, making->notes[i].text.data, (unsigned)making->notes[i].text.size);
            return;
        }
    expand_rule(making, name, depth);
    if (making->notes_count < NOTES_MAX)
        making->notes[making->notes_count++] = (struct note){
            slot, arena_copy(making->arena, slice_of(making->bytes + start, making->size - start))
        };
}

/* [one|another|] */
static void expand_choice(struct making *making, struct slice inside, unsigned depth)
{
    size_t starts[64], at;
    unsigned count = 1, pick, nested = 0;

    starts[0] = 0;
    for (at = 0; at < inside.size && count < 63; at++) {
        if (inside.data[at] == '\\')
            at++;
        else if (inside.data[at] == '[')
            nested++;
        else if (inside.data[at] == ']')
            nested--;
        else if (inside.data[at] == '|' && nested == 0)
            starts[count++] = at + 1;
    }
    starts[count] = inside.size + 1;
    pick = tagger_chance_below(making->chance, count);
    expand(making, slice_cut(inside, starts[pick], starts[pick + 1] - 1), depth + 1);
}

/* <N …>, <P …>, <H …>: a name, a place, a house. */
static void expand_mark(struct making *making, struct slice inside, unsigned depth)
{
    enum deid_tag tag = inside.data[0] == 'N'   ? DEID_TAG_NAME_BEGIN
                        : inside.data[0] == 'P' ? DEID_TAG_PLACE_BEGIN
                                                : DEID_TAG_HOUSE_BEGIN;
    unsigned start = making->size;
    bool is_outer = !making->is_marked;

    making->is_marked = true;
    expand(making, slice_cut(inside, 2, inside.size), depth + 1);
    if (!is_outer)
        return;
    making->is_marked = false;
    if (making->marks_count < MARKS_MAX && making->size > start)
        making->marks[making->marks_count++] = (struct tagger_mark){ start, making->size, tag };
}

static void expand(struct making *making, struct slice text, unsigned depth)
{
    size_t at = 0;

    if (depth > DEPTH_MAX)
        return;
    while (at < text.size) {
        char c = text.data[at];
        size_t end = at + 1;

        if (c == '\\' && at + 1 < text.size) {
            put_escape(making, text.data[at + 1]);
            end = at + 2;
        } else if (c == '{') {
            end = closing(text, at, '{', '}');
            expand_slot(making, slice_cut(text, at + 1, end - 1), depth);
        } else if (c == '[') {
            end = closing(text, at, '[', ']');
            expand_choice(making, slice_cut(text, at + 1, end - 1), depth);
        } else if (c == '<') {
            end = closing(text, at, '<', '>');
            expand_mark(making, slice_cut(text, at + 1, end - 1), depth);
        } else {
            put(making, &c, 1);
        }
        at = end;
    }
}

enum status tagger_grammar_make(const struct tagger_grammar *grammar,
                                const struct tagger_leaves *leaves, const char *start,
                                struct tagger_chance *chance, struct arena *arena,
                                struct tagger_text *text, struct error *err)
{
    struct making *making = ARENA_NEW(arena, struct making);
    unsigned how;

    if (making == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text");
    making->grammar = grammar;
    making->leaves = leaves;
    making->chance = chance;
    making->arena = arena;
    making->bytes = arena_alloc(arena, TEXT_BYTES_MAX);
    making->marks = ARENA_ARRAY(arena, struct tagger_mark, MARKS_MAX);
    if (making->bytes == NULL || making->marks == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text");
    expand_rule(making, slice_from(start), 0);
    how = tagger_chance_below(chance, 100);
    if (how < 7)
        recase(making->bytes, making->size, SLICE("low"));
    else if (how < 13)
        recase(making->bytes, making->size, SLICE("up"));
    *text = (struct tagger_text){ slice_of(making->bytes, making->size), making->marks,
                                  making->marks_count };
    return STATUS_OK;
}

/* Every slot of @text is a rule, a leaf or a figure. */
static bool slots_known(const struct tagger_grammar *grammar, struct slice text, struct slice *bad)
{
    size_t at;

    for (at = 0; at < text.size; at++) {
        struct slice slot, name;

        if (text.data[at] == '\\') {
            at++;
            continue;
        }
        if (text.data[at] != '{')
            continue;
        slot = slice_cut(text, at + 1, closing(text, at, '{', '}') - 1);
        while (slice_starts_with(slot, SLICE("cap:")) || slice_starts_with(slot, SLICE("up:"))
               || slice_starts_with(slot, SLICE("low:")))
            slot = slice_cut(slot, slice_find_byte(slot, ':') + 1, slot.size);
        name = slice_cut(slot, 0, slice_find_byte(slot, ':'));
        name = slice_cut(name, 0, slice_find_byte(name, '@'));
        if (!tagger_leaves_has(name) && rule_find(grammar, name) == NULL && !slice_is(name, "d")
            && !slice_is(name, "dd") && !slice_is(name, "n") && !slice_is(name, "A")
            && !slice_is(name, "a")) {
            *bad = slot;
            return false;
        }
    }
    return true;
}

enum status tagger_grammar_check(const struct tagger_grammar *grammar, struct error *err)
{
    unsigned i, j;
    struct slice bad;

    for (i = 0; i < grammar->rules_count; i++) {
        if (grammar->rules[i].count == 0)
            return error_set(err, STATUS_INVALID_ARGUMENT, "rule %.*s has no text",
                             SLICE_FORMAT(grammar->rules[i].name));
        for (j = 0; j < grammar->rules[i].count; j++)
            if (!slots_known(grammar, grammar->rules[i].choices[j].text, &bad))
                return error_set(err, STATUS_INVALID_ARGUMENT, "rule %.*s: {%.*s} is nothing",
                                 SLICE_FORMAT(grammar->rules[i].name), SLICE_FORMAT(bad));
    }
    return STATUS_OK;
}
