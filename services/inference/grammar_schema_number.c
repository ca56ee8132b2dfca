/* Numbers between bounds, digit by digit. A place is how many digits have come, whether they are
 * still those of a bound, and what is left of them by the number that they are to be a multiple of.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "grammar_schema_decimal.h"
#include "grammar_schema_state.h"

#define PLACES_MAX 16384
#define MULTIPLE_MAX 1000

struct bound {
    struct decimal value;
    bool is_set, is_exclusive;
};

struct span {
    struct bound low, high;
    uint32_t multiple, shift; /* a multiple of multiple / 10^shift; 0: of nothing */
    bool is_integer;
};

/* Reading
 * --------------------------------------------------------------------------------------- */

/* @sign 1: keep the larger, a lower bound; -1: the smaller. */
static void narrow(struct bound *bound, const struct decimal *value, bool is_exclusive, int sign)
{
    int order = bound->is_set ? sign * schema_decimal_compare(value, &bound->value) : 1;

    if (order < 0)
        return;
    if (order > 0)
        *bound = (struct bound){ *value, true, is_exclusive };
    else
        bound->is_exclusive |= is_exclusive;
}

static void read_bound(struct schema *schema, const struct schema_part *part, const char *keyword,
                       struct bound *bound, int sign, bool is_exclusive)
{
    const struct json *node = schema_get(part, keyword);
    struct decimal value;

    if (node == NULL)
        return;
    if (node->kind != JSON_KIND_NUMBER)
        return schema_wrong(schema, keyword, "a number");
    schema_decimal_parse(node->text, &value);
    if (value.is_fine)
        return schema_wrong(schema, keyword, "a number of up to 15 digits after the point");
    if (!value.is_huge)
        return narrow(bound, &value, is_exclusive, sign);
    /* No number that is said is as large. */
    if ((sign > 0) != value.is_negative)
        schema_wrong(schema, keyword, "a number under 10^15");
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The least common multiple of what there is and @value. */
static bool join_multiple(struct span *span, const struct decimal *value)
{
    uint64_t own = 0, other = span->multiple;
    uint32_t shift = value->fraction_count > span->shift ? value->fraction_count : span->shift;

    for (uint32_t i = 0; i < value->whole_count && own <= MULTIPLE_MAX; i++)
        own = own * 10 + value->whole[i];
    for (uint32_t i = 0; i < shift && own <= MULTIPLE_MAX; i++)
        own = own * 10 + (i < value->fraction_count ? value->fraction[i] : 0);
    for (uint32_t i = span->shift; i < shift && other <= MULTIPLE_MAX; i++)
        other *= 10;
    if (own == 0 || own > MULTIPLE_MAX || other > MULTIPLE_MAX)
        return false;
    if (other > 0)
        own = own / gcd(own, other) * other;
    span->multiple = (uint32_t)own;
    span->shift = shift;
    return own <= MULTIPLE_MAX;
}

static void read_multiple(struct schema *schema, const struct schema_part *part, struct span *span)
{
    const struct json *node = schema_get(part, "multipleOf");
    struct decimal value;

    if (node == NULL)
        return;
    if (node->kind != JSON_KIND_NUMBER)
        return schema_wrong(schema, "multipleOf", "a number");
    schema_decimal_parse(node->text, &value);
    if (value.is_negative || value.is_huge || value.is_fine || !join_multiple(span, &value))
        schema_wrong(schema, "multipleOf", "a number over 0 of up to three digits");
}

static struct span read_span(struct schema *schema, const struct schema_set *set, bool is_integer)
{
    struct span span = { .is_integer = is_integer };

    for (uint32_t i = 0; i < set->count; i++) {
        const struct schema_part *part = &set->parts[i];

        read_bound(schema, part, "minimum", &span.low, 1, false);
        read_bound(schema, part, "exclusiveMinimum", &span.low, 1, true);
        read_bound(schema, part, "maximum", &span.high, -1, false);
        read_bound(schema, part, "exclusiveMaximum", &span.high, -1, true);
        read_multiple(schema, part, &span);
    }
    return span;
}

/* Walking
 * --------------------------------------------------------------------------------------- */

struct place {
    uint8_t whole; /* digits before the point in all; 0: any number between the bounds' */
    uint8_t count; /* digits of this half that have come */
    bool is_fraction, is_low, is_high; /* so far they are those of the bound */
    uint16_t rest;
};

struct walk {
    struct schema *schema;
    const struct span *span; /* not negative */
    uint32_t to, count;
    struct place *places; /* [PLACES_MAX] */
    uint32_t *states;     /* [PLACES_MAX] */
    uint32_t *table;      /* [2 × PLACES_MAX] */
};

static uint64_t key_of(const struct place *place)
{
    return (uint64_t)place->whole | (uint64_t)place->count << 8 | (uint64_t)place->is_fraction << 16
           | (uint64_t)place->is_low << 17 | (uint64_t)place->is_high << 18
           | (uint64_t)place->rest << 20;
}

static uint32_t state_of(struct walk *walk, struct place place)
{
    uint64_t slot = key_of(&place) * 0x9e3779b97f4a7c15u >> 40;

    for (;; slot++) {
        uint32_t *at = &walk->table[slot % (2 * PLACES_MAX)];

        if (*at == 0 && walk->count == PLACES_MAX) {
            schema_fail(walk->schema, STATUS_RESOURCE_EXHAUSTED,
                        "\"multipleOf\" and the bounds beside it take too many states");
            return walk->to;
        }
        if (*at == 0) {
            walk->places[walk->count] = place;
            walk->states[walk->count] = grammar_state(walk->schema->grammar);
            *at = ++walk->count;
        }
        if (key_of(&walk->places[*at - 1]) == key_of(&place))
            return walk->states[*at - 1];
    }
}

static uint32_t digit_of(const struct bound *bound, const struct place *place)
{
    if (!place->is_fraction)
        return bound->value.whole[place->count];
    return place->count < bound->value.fraction_count ? bound->value.fraction[place->count] : 0;
}

static void put_digits(struct walk *walk, const struct place *place, uint32_t from)
{
    const struct span *span = walk->span;
    bool has_more = place->whole != 1;
    uint32_t low = !place->is_fraction && place->count == 0 && has_more, high = 9;

    if (place->is_low && digit_of(&span->low, place) > low)
        low = digit_of(&span->low, place);
    if (place->is_high)
        high = digit_of(&span->high, place);
    for (uint32_t digit = low; digit <= high; digit++) {
        struct place next = *place;

        next.count++;
        next.is_low &= digit == digit_of(&span->low, place);
        next.is_high = place->is_high && digit == digit_of(&span->high, place);
        if (span->multiple > 0)
            next.rest = (uint16_t)((place->rest * 10u + digit) % span->multiple);
        grammar_bytes(walk->schema->grammar, from, state_of(walk, next), (uint8_t)('0' + digit),
                      (uint8_t)('0' + digit));
    }
}

static uint32_t whole_least(const struct span *span)
{
    return span->low.value.whole_count + 1u;
}

static uint32_t whole_most(const struct span *span)
{
    return span->high.is_set ? span->high.value.whole_count - 1u : DECIMAL_DIGITS_MAX;
}

/* Digits after the point that may come in all: never so many that a number is rounded to a bound.
 */
static uint32_t fraction_max(const struct walk *walk, const struct place *place)
{
    uint32_t whole = place->whole == 0 ? whole_most(walk->span) : place->whole;
    uint32_t room = DECIMAL_DIGITS_MAX - whole;

    if (place->whole == 0 && !walk->span->high.is_set)
        room = DECIMAL_DIGITS_MAX;
    if (walk->span->is_integer)
        return 0;
    return walk->span->multiple > 0 && walk->span->shift < room ? walk->span->shift : room;
}

static bool may_end(const struct walk *walk, const struct place *place)
{
    const struct span *span = walk->span;
    uint32_t fraction = place->is_fraction ? place->count : 0;
    uint64_t rest = place->rest;

    if (place->is_fraction && place->count == 0)
        return false;
    if (place->is_low && (fraction < span->low.value.fraction_count || span->low.is_exclusive))
        return false;
    if (place->is_high && fraction >= span->high.value.fraction_count && span->high.is_exclusive)
        return false;
    for (uint32_t i = fraction; span->multiple > 0 && i < span->shift; i++)
        rest = rest * 10 % span->multiple;
    return rest == 0;
}

static void put_place(struct walk *walk, uint32_t at)
{
    struct place place = walk->places[at], point = place;
    uint32_t from = walk->states[at];
    bool is_through = !place.is_fraction && place.count == place.whole;

    if (!place.is_fraction && place.whole == 0) {
        is_through = place.count >= whole_least(walk->span);
        if (place.count < whole_most(walk->span))
            put_digits(walk, &place, from);
    } else if (!place.is_fraction && !is_through) {
        put_digits(walk, &place, from);
    }
    if (place.is_fraction && place.count < fraction_max(walk, &place))
        put_digits(walk, &place, from);
    if ((place.is_fraction || is_through) && may_end(walk, &place))
        grammar_join(walk->schema->grammar, from, walk->to);
    if (!is_through || fraction_max(walk, &place) == 0)
        return;
    point.is_fraction = true;
    point.count = 0;
    grammar_bytes(walk->schema->grammar, from, state_of(walk, point), '.', '.');
}

static void begin(struct walk *walk, uint32_t from, struct place place)
{
    grammar_join(walk->schema->grammar, from, state_of(walk, place));
}

/* @low, @high: digits before the point of the bounds. */
static void put_places(struct walk *walk, uint32_t from, uint8_t low, uint8_t high)
{
    begin(walk, from, (struct place){ .whole = low, .is_low = true, .is_high = low == high });
    if (high > low)
        begin(walk, from, (struct place){ .whole = high, .is_high = true });
    if (whole_least(walk->span) <= whole_most(walk->span))
        begin(walk, from, (struct place){ .whole = 0 });
    for (uint32_t at = 0; at < walk->count && walk->schema->status == STATUS_OK; at++)
        put_place(walk, at);
}

/* Numbers from low to high, neither negative. */
static void put_span(struct schema *schema, const struct span *span, uint32_t from, uint32_t to)
{
    struct walk walk = { .schema = schema, .span = span, .to = to };
    struct arena work;
    uint8_t low = span->low.value.whole_count;
    uint8_t high = span->high.is_set ? span->high.value.whole_count : 0;

    if (span->high.is_set && schema_decimal_compare(&span->low.value, &span->high.value) > 0)
        return;
    arena_init(&work, 1 * MIB);
    walk.places = arena_alloc(&work, PLACES_MAX * sizeof(*walk.places));
    walk.states = arena_alloc(&work, PLACES_MAX * sizeof(*walk.states));
    walk.table = ARENA_ARRAY(&work, uint32_t, 2 * PLACES_MAX);
    if (walk.places != NULL && walk.states != NULL && walk.table != NULL)
        put_places(&walk, from, low, high);
    else
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
    arena_close(&work);
}
/* Numbers
 * --------------------------------------------------------------------------------------- */

static bool is_under_zero(const struct bound *bound)
{
    return bound->is_set
           && (bound->value.is_negative
               || (schema_decimal_is_zero(&bound->value) && bound->is_exclusive));
}

static void put_bounded(struct schema *schema, const struct span *span, uint32_t from, uint32_t to)
{
    struct span above = *span, below = *span;
    uint32_t minus;

    if (!span->low.is_set || span->low.value.is_negative)
        above.low = (struct bound){ schema_decimal_zero(), true, false };
    if (!is_under_zero(&span->high))
        put_span(schema, &above, from, to);
    if (span->low.is_set && !span->low.value.is_negative)
        return;
    below.low = (struct bound){ schema_decimal_zero(), true, true };
    if (span->high.is_set && span->high.value.is_negative)
        below.low = span->high;
    below.high = span->low;
    below.low.value.is_negative = below.high.value.is_negative = false;
    minus = grammar_state(schema->grammar);
    grammar_bytes(schema->grammar, from, minus, '-', '-');
    put_span(schema, &below, minus, to);
}

/* @min to @max digits. */
static uint32_t put_run(struct schema *schema, uint32_t from, uint32_t min, uint32_t max)
{
    uint32_t end = grammar_state(schema->grammar);

    for (uint32_t i = 0; i <= max; i++) {
        uint32_t next = grammar_state(schema->grammar);

        if (i >= min)
            grammar_join(schema->grammar, from, end);
        if (i < max)
            grammar_bytes(schema->grammar, from, next, '0', '9');
        from = next;
    }
    return end;
}

static uint32_t put_whole(struct schema *schema, uint32_t from)
{
    struct grammar *grammar = schema->grammar;
    uint32_t unsigned_ = grammar_state(grammar), first = grammar_state(grammar), to;

    grammar_join(grammar, from, unsigned_);
    grammar_bytes(grammar, from, unsigned_, '-', '-');
    grammar_bytes(grammar, unsigned_, first, '1', '9');
    to = put_run(schema, first, 0, DECIMAL_DIGITS_MAX - 1);
    grammar_bytes(grammar, unsigned_, to, '0', '0');
    return to;
}

static void put_any(struct schema *schema, bool is_integer, uint32_t from, uint32_t to)
{
    struct grammar *grammar = schema->grammar;
    uint32_t whole = put_whole(schema, from), point, exponent, sign;

    grammar_join(grammar, whole, to);
    if (is_integer)
        return;
    point = grammar_state(grammar);
    exponent = grammar_state(grammar);
    sign = grammar_state(grammar);
    grammar_bytes(grammar, whole, point, '.', '.');
    point = put_run(schema, point, 1, DECIMAL_DIGITS_MAX);
    grammar_join(grammar, point, to);
    grammar_bytes(grammar, whole, exponent, 'e', 'e');
    grammar_bytes(grammar, point, exponent, 'e', 'e');
    grammar_join(grammar, exponent, sign);
    grammar_bytes(grammar, exponent, sign, '-', '-');
    grammar_bytes(grammar, exponent, sign, '+', '+');
    grammar_join(grammar, put_run(schema, sign, 1, 2), to);
}

void schema_put_numbers(struct schema *schema, const struct schema_set *set, bool is_integer,
                        uint32_t from, uint32_t to)
{
    struct span span = read_span(schema, set, is_integer);

    if (schema->status != STATUS_OK)
        return;
    if (!span.low.is_set && !span.high.is_set && span.multiple == 0)
        put_any(schema, is_integer, from, to);
    else
        put_bounded(schema, &span, from, to);
}

static bool is_multiple(const struct span *span, const struct decimal *value)
{
    uint64_t rest = 0;

    if (span->multiple == 0)
        return true;
    for (uint32_t i = 0; i < value->whole_count; i++)
        rest = (rest * 10 + value->whole[i]) % span->multiple;
    for (uint32_t i = 0; i < span->shift; i++)
        rest = (rest * 10 + (i < value->fraction_count ? value->fraction[i] : 0)) % span->multiple;
    return rest == 0 && value->fraction_count <= span->shift;
}

bool schema_has_number(struct schema *schema, const struct schema_set *set, bool is_integer,
                       struct slice number)
{
    struct span span = read_span(schema, set, is_integer);
    struct decimal value;
    int low, high;

    schema_decimal_parse(number, &value);
    low = span.low.is_set ? schema_decimal_compare(&value, &span.low.value) : 1;
    high = span.high.is_set ? schema_decimal_compare(&value, &span.high.value) : -1;
    if (value.is_huge || value.is_fine) {
        if (span.low.is_set || span.high.is_set || span.multiple > 0)
            schema_fail(schema, STATUS_INVALID_ARGUMENT,
                        "a value of \"enum\" or \"const\" has over 15 digits");
        return !is_integer || !value.is_fine;
    }
    return (!is_integer || value.fraction_count == 0)
           && (low > 0 || (low == 0 && !span.low.is_exclusive))
           && (high < 0 || (high == 0 && !span.high.is_exclusive)) && is_multiple(&span, &value);
}

bool schema_equal_numbers(struct slice a, struct slice b)
{
    struct decimal x, y;

    schema_decimal_parse(a, &x);
    schema_decimal_parse(b, &y);
    if (x.is_huge || x.is_fine || y.is_huge || y.is_fine)
        return slice_equal(a, b);
    return schema_decimal_compare(&x, &y) == 0;
}

uint32_t schema_put_number(struct schema *schema, uint32_t from, struct slice number)
{
    char text[2 * DECIMAL_DIGITS_MAX + 2];
    struct decimal value;
    size_t size = 0;

    schema_decimal_parse(number, &value);
    if (value.is_huge || value.is_fine)
        return grammar_literal(schema->grammar, from, number);
    if (value.is_negative)
        text[size++] = '-';
    for (uint32_t i = 0; i < value.whole_count; i++)
        text[size++] = (char)('0' + value.whole[i]);
    if (value.fraction_count > 0)
        text[size++] = '.';
    for (uint32_t i = 0; i < value.fraction_count; i++)
        text[size++] = (char)('0' + value.fraction[i]);
    return grammar_literal(schema->grammar, from, slice_of(text, size));
}
