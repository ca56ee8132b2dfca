/* term:      ["/"] component {("." | "/") component}, from left to right
 * component: "(" term ")" | factor | symbol [exponent], each with an annotation "{…}" behind it
 * symbol:    an atom, or a prefix and a metric atom; failing both, what people write for one */
#include "context_unit.h"

#include <ctype.h>
#include <math.h>

/* Units are defined by units, which are defined by units. */
#define DEPTH_MAX 12

struct reader {
    struct slice left;
    int depth;
};

static bool read_term(struct reader *reader, struct unit *unit);

static bool read_whole(struct slice text, int depth, struct unit *unit)
{
    struct reader reader = { text, depth + 1 };

    return reader.depth <= DEPTH_MAX && read_term(&reader, unit) && reader.left.size == 0;
}

/* ---- arithmetic ---- */

static void set_one(struct unit *unit)
{
    *unit = (struct unit){ .factor = 1 };
}

static bool is_of_amounts(const struct unit *unit)
{
    return unit->powers[UNIT_MOLE] != 0 || unit->powers[UNIT_EQUIVALENT] != 0
           || unit->powers[UNIT_OSMOLE] != 0;
}

/* @unit times @other to the power of 1 or -1. What has an offset stands alone, and arbitrary units
 * do not mix. */
static bool multiply(struct unit *unit, const struct unit *other, int sign)
{
    bool was_of_amounts = is_of_amounts(unit) && is_of_amounts(other);

    if (other->offset != 0 || unit->offset != 0)
        return false;
    if (unit->arbitrary != 0 && other->arbitrary != 0)
        return false;
    unit->factor *= sign > 0 ? other->factor : 1 / other->factor;
    for (int i = 0; i < UNIT_DIMENSIONS; i++) {
        int power = unit->powers[i] + sign * other->powers[i];

        if (power < -60 || power > 60)
            return false;
        unit->powers[i] = (int8_t)power;
    }
    unit->arbitrary = (uint8_t)(unit->arbitrary | other->arbitrary);
    unit->is_amount_ratio |= other->is_amount_ratio || (was_of_amounts && !is_of_amounts(unit));
    return true;
}

static bool raise_to(struct unit *unit, int exponent)
{
    struct unit one = *unit;
    int times = exponent < 0 ? -exponent : exponent;

    if (exponent == 1)
        return true;
    if (unit->arbitrary != 0)
        return false;
    set_one(unit);
    for (int i = 0; i < times; i++)
        if (!multiply(unit, &one, exponent < 0 ? -1 : 1))
            return false;
    return true;
}

/* ---- symbols ---- */

static bool read_atom(const struct unit_atom *atom, int depth, struct unit *unit)
{
    uint32_t row = (uint32_t)(atom - unit_atoms);

    set_one(unit);
    if (row < UNIT_DIMENSIONS) {
        unit->powers[row] = 1;
        return true;
    }
    if (row < unit_arbitrary_end) {
        /* [iU] and [IU] are one. */
        unit->arbitrary = (uint8_t)(row == UNIT_DIMENSIONS + 1 ? UNIT_DIMENSIONS : row);
        return true;
    }
    if (!read_whole(slice_from(atom->of), depth, unit))
        return false;
    unit->factor *= atom->value;
    if (strcmp(atom->code, "Cel") == 0)
        unit->offset = 273.15;
    else if (strcmp(atom->code, "[degF]") == 0)
        unit->offset = 459.67;
    return true;
}

static const struct unit_atom *find_atom(struct slice symbol)
{
    for (uint32_t i = 0; i < unit_atoms_count; i++)
        if (slice_is(symbol, unit_atoms[i].code))
            return &unit_atoms[i];
    return NULL;
}

static bool read_symbol(struct slice symbol, int depth, struct unit *unit)
{
    const struct unit_atom *atom = find_atom(symbol);
    double factor = 1;
    size_t size;

    if (atom == NULL) {
        factor = unit_prefix(symbol, &size);
        atom = size == 0 ? NULL : find_atom(slice_cut(symbol, size, symbol.size));
        if (atom != NULL && !atom->is_metric)
            atom = NULL;
        /* "dam": the one prefix that begins with another */
        if (atom == NULL && size == 2 && symbol.data[0] == 'd') {
            factor = 0.1;
            atom = find_atom(slice_cut(symbol, 1, symbol.size));
            if (atom != NULL && !atom->is_metric)
                atom = NULL;
        }
    }
    if (atom == NULL || !read_atom(atom, depth, unit))
        return false;
    unit->factor *= factor;
    unit->offset /= factor;
    return true;
}

static bool read_alias(struct slice text, int depth, struct unit *unit)
{
    for (uint32_t i = 0; i < unit_aliases_count; i++)
        if (slice_is(text, unit_aliases[i].text))
            return read_whole(slice_from(unit_aliases[i].code), depth, unit);
    return false;
}

/* ---- components ---- */

static bool take_byte(struct reader *reader, char byte)
{
    if (reader->left.size == 0 || reader->left.data[0] != byte)
        return false;
    reader->left = slice_cut(reader->left, 1, reader->left.size);
    return true;
}

/* "{beats}" says nothing that counts. */
static bool skip_annotation(struct reader *reader)
{
    size_t end;

    while (take_byte(reader, '{')) {
        end = slice_find_byte(reader->left, '}');
        if (end == reader->left.size)
            return false;
        reader->left = slice_cut(reader->left, end + 1, reader->left.size);
    }
    return true;
}

/* Up to the next operator; what stands between square brackets belongs together. */
static struct slice take_part(struct reader *reader)
{
    size_t size = 0;
    bool in_brackets = false;
    struct slice part;

    for (; size < reader->left.size; size++) {
        char c = reader->left.data[size];

        in_brackets = c == '[' || (in_brackets && c != ']');
        if (!in_brackets && strchr("./(){}", c) != NULL)
            break;
    }
    part = slice_cut(reader->left, 0, size);
    reader->left = slice_cut(reader->left, size, reader->left.size);
    return part;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "m2", "s-1", "10*3": cut the exponent off @part. False: one that is too large. */
static bool take_exponent(struct slice *part, int *exponent)
{
    size_t at = part->size;
    bool is_negative;

    *exponent = 1;
    while (at > 0 && is_digit(part->data[at - 1]))
        at--;
    if (at == part->size || at == 0)
        return true;
    if (part->size - at > 2)
        return false;
    *exponent = 0;
    for (size_t i = at; i < part->size; i++)
        *exponent = *exponent * 10 + (part->data[i] - '0');
    is_negative = part->data[at - 1] == '-';
    at -= is_negative || part->data[at - 1] == '+';
    *exponent = is_negative ? -*exponent : *exponent;
    *part = slice_cut(*part, 0, at);
    return true;
}

static bool read_factor(struct slice part, struct unit *unit)
{
    double factor = 0;

    if (part.size == 0 || part.size > 15)
        return false;
    for (size_t i = 0; i < part.size; i++) {
        if (!is_digit(part.data[i]))
            return false;
        factor = factor * 10 + (part.data[i] - '0');
    }
    set_one(unit);
    unit->factor = factor;
    return factor > 0;
}

static bool read_part(struct slice part, int depth, struct unit *unit)
{
    struct slice symbol = part;
    int exponent;

    if (read_factor(part, unit))
        return true;
    if (take_exponent(&symbol, &exponent) && read_symbol(symbol, depth, unit)
        && raise_to(unit, exponent))
        return true;
    return read_alias(part, depth, unit);
}

static bool read_component(struct reader *reader, struct unit *unit)
{
    struct slice part;

    set_one(unit);
    if (take_byte(reader, '(')) {
        if (++reader->depth > DEPTH_MAX || !read_term(reader, unit) || !take_byte(reader, ')'))
            return false;
        reader->depth--;
        return skip_annotation(reader);
    }
    if (reader->left.size > 0 && reader->left.data[0] == '{')
        return skip_annotation(reader);
    part = take_part(reader);
    return part.size > 0 && read_part(part, reader->depth, unit) && skip_annotation(reader);
}

static bool read_term(struct reader *reader, struct unit *unit)
{
    struct unit component;
    int sign = take_byte(reader, '/') ? -1 : 1;

    set_one(unit);
    if (!read_component(reader, &component))
        return false;
    if (sign > 0)
        *unit = component;
    else if (!multiply(unit, &component, sign))
        return false;
    while (reader->left.size > 0 && reader->left.data[0] != ')') {
        if (take_byte(reader, '/'))
            sign = -1;
        else if (take_byte(reader, '.'))
            sign = 1;
        else
            return false;
        if (!read_component(reader, &component) || !multiply(unit, &component, sign))
            return false;
    }
    return true;
}

bool unit_parse(struct slice text, struct unit *unit)
{
    set_one(unit);
    if (text.size == 0)
        return true;
    return text.size <= UNIT_BYTES_MAX && (read_alias(text, 0, unit) || read_whole(text, 0, unit))
           && isfinite(unit->factor) && unit->factor > 0;
}

/* ---- from one to the other ---- */

/* Mass for amount: the powers differ by moles that became grams. */
static bool differ_by(const struct unit *from, const struct unit *to, enum unit_dimension less,
                      enum unit_dimension more, int *times)
{
    *times = from->powers[less] - to->powers[less];
    if (*times == 0 || to->powers[more] - from->powers[more] != *times)
        return false;
    for (int i = 0; i < UNIT_DIMENSIONS; i++)
        if (i != (int)less && i != (int)more && from->powers[i] != to->powers[i])
            return false;
    return true;
}

/* What the value has to be multiplied by for the substance; 0: there is no way. */
static double factor_of_substance(const struct unit *from, const struct unit *to,
                                  const struct substance *substance)
{
    int times;

    if (memcmp(from->powers, to->powers, sizeof(from->powers)) == 0)
        return from->is_amount_ratio == to->is_amount_ratio ? 1 : 0;
    if (substance == NULL)
        return 0;
    if (substance->grams_per_mole > 0 && differ_by(from, to, UNIT_GRAM, UNIT_MOLE, &times))
        return pow(substance->grams_per_mole, -times);
    if (substance->valence > 0 && differ_by(from, to, UNIT_EQUIVALENT, UNIT_MOLE, &times))
        return pow(substance->valence, -times);
    return 0;
}

static bool is_one(const struct unit *unit)
{
    for (int i = 0; i < UNIT_DIMENSIONS; i++)
        if (unit->powers[i] != 0)
            return false;
    return unit->arbitrary == 0;
}

/* NGSP in % and IFCC in mmol/mol. */
static bool convert_hba1c(double value, const struct unit *from, const struct unit *to,
                          double *converted)
{
    double plain = value * from->factor;

    if (!is_one(from) || !is_one(to) || from->is_amount_ratio == to->is_amount_ratio)
        return false;
    if (to->is_amount_ratio)
        *converted = (10.93 * plain * 100 - 23.5) / 1000 / to->factor;
    else
        *converted = (plain * 1000 + 23.5) / 10.93 / 100 / to->factor;
    return true;
}

bool unit_convert(double value, const struct unit *from, const struct unit *to,
                  const struct substance *substance, double *converted)
{
    double factor;

    if (from->arbitrary != to->arbitrary)
        return false;
    if (substance != NULL && substance->is_hba1c && convert_hba1c(value, from, to, converted))
        return true;
    factor = factor_of_substance(from, to, substance);
    if (factor == 0)
        return false;
    *converted = (value + from->offset) * from->factor * factor / to->factor - to->offset;
    return isfinite(*converted);
}
