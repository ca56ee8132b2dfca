/* The numbers of an observation, and where they stand in the range that the record gives. */
#include "context_read.h"

#include "context_analyte.h"

/* What UCUM calls it where the record says so, else as it was written. */
static struct slice read_unit(struct reading *reading, const struct json *quantity)
{
    struct slice code = json_get_string(quantity, "code");
    struct slice unit = json_get_string(quantity, "unit");

    if (code.size == 0
        || (unit.size > 0
            && !slice_ends_with(json_get_string(quantity, "system"), SLICE("unitsofmeasure.org"))))
        code = unit;
    return names_raw(&reading->names, code, UNIT_BYTES_MAX);
}

/* A bound of a range, in the unit of the value; not given where there is no way. */
static struct decimal read_bound(struct reading *reading, const struct json *quantity,
                                 const struct measure *measure, struct slice codes)
{
    const struct json *value = json_get(quantity, "value");
    struct decimal bound = { 0 };
    struct unit from, to;
    struct slice unit;
    double number;

    if (value == NULL || value->kind != JSON_KIND_NUMBER || !decimal_parse(value->text, &bound))
        return (struct decimal){ 0 };
    unit = read_unit(reading, quantity);
    if (unit.size == 0 || slice_equal(unit, measure->unit))
        return bound;
    if (!unit_parse(unit, &from) || !unit_parse(measure->unit, &to)
        || !unit_convert(decimal_value(&bound), &from, &to, analyte_find(codes), &number))
        return (struct decimal){ 0 };
    return decimal_of(number);
}

/* Whether @range is what is normal, not what a treatment aims at or what endangers. */
static bool is_normal_range(const struct json *range)
{
    const struct json *type = json_get(range, "type");

    return type == NULL || fhir_code_has(type, "normal");
}

/* The range that holds for everybody; where each is for some, the only one. */
static const struct json *find_range(const struct json *ranges)
{
    const struct json *range, *only = NULL;
    unsigned count = 0;

    for (range = json_first(ranges); range != NULL; range = range->next) {
        if (!is_normal_range(range))
            continue;
        if (json_get(range, "appliesTo") == NULL && json_get(range, "age") == NULL)
            return range;
        only = range;
        count++;
    }
    return count == 1 ? only : NULL;
}

/* The number of @json, an observation or a component of one. */
static bool read_measure(struct reading *reading, const struct json *json, struct slice codes,
                         struct measure *measure)
{
    const struct json *quantity = json_get(json, "valueQuantity");
    const struct json *value =
        quantity == NULL ? json_get(json, "valueInteger") : json_get(quantity, "value");
    const struct json *range;

    *measure = (struct measure){ 0 };
    if (value == NULL || value->kind != JSON_KIND_NUMBER
        || !decimal_parse(value->text, &measure->value))
        return false;
    measure->bound = measure_bound_of(json_get_string(quantity, "comparator"));
    measure->unit = read_unit(reading, quantity);
    range = find_range(json_get(json, "referenceRange"));
    if (range != NULL) {
        measure->low = read_bound(reading, json_get(range, "low"), measure, codes);
        measure->high = read_bound(reading, json_get(range, "high"), measure, codes);
    }
    return true;
}

static uint32_t read_components(struct reading *reading, const struct json *components,
                                struct measure *measures)
{
    const struct json *item;
    uint32_t count = 0;

    for (item = json_first(components); item != NULL && count < FACT_MEASURES_MAX;
         item = item->next) {
        struct name name = names_of(&reading->names, json_get(item, "code"));

        if (!read_measure(reading, item, name.codes, &measures[count]))
            continue;
        measures[count].label = name.label;
        measures[count++].codes = name.codes;
    }
    return count;
}

void read_measures(struct reading *reading)
{
    const struct json *components = json_get(reading->json, "component");
    struct fact *fact = reading->fact;
    unsigned room = components == NULL ? 1 : components->count + 1;
    struct measure *measures;

    room = room > FACT_MEASURES_MAX ? FACT_MEASURES_MAX : room;
    measures = arena_alloc(reading->arena, room * sizeof(*measures));
    reading->scratch.is_full |= measures == NULL;
    if (measures == NULL)
        return;
    if (read_measure(reading, reading->json, fact->codes, &measures[0]))
        fact->measures_count = 1;
    else if (components != NULL)
        fact->measures_count = read_components(reading, components, measures);
    fact->measures = fact->measures_count > 0 ? measures : NULL;
}

static enum fact_flag flag_of_interpretation(const struct json *json)
{
    static const struct {
        const char *code;
        enum fact_flag flag;
    } flags[] = {
        { "H", FACT_FLAG_HIGH },  { "HH", FACT_FLAG_HIGH },    { "HU", FACT_FLAG_HIGH },
        { "HX", FACT_FLAG_HIGH }, { "H>", FACT_FLAG_HIGH },    { "L", FACT_FLAG_LOW },
        { "LL", FACT_FLAG_LOW },  { "LU", FACT_FLAG_LOW },     { "LX", FACT_FLAG_LOW },
        { "L<", FACT_FLAG_LOW },  { "A", FACT_FLAG_ABNORMAL }, { "AA", FACT_FLAG_ABNORMAL },
    };
    struct slice code = fhir_code_first(json_first(json_get(json, "interpretation")));

    for (size_t i = 0; code.size > 0 && i < sizeof(flags) / sizeof(flags[0]); i++)
        if (slice_is(code, flags[i].code))
            return flags[i].flag;
    return FACT_FLAG_NONE;
}

/* "< 5" is low where low ends at 5 or above, and never high. */
static enum fact_flag flag_of_range(const struct measure *measure)
{
    double value = decimal_value(&measure->value), low = decimal_value(&measure->low),
           high = decimal_value(&measure->high);
    bool has_low = measure->low.is_given, has_high = measure->high.is_given;

    switch (measure->bound) {
    case MEASURE_LESS:
        return has_low && value <= low ? FACT_FLAG_LOW : FACT_FLAG_NONE;
    case MEASURE_MORE:
        return has_high && value >= high ? FACT_FLAG_HIGH : FACT_FLAG_NONE;
    case MEASURE_LESS_OR_EQUAL:
        return has_low && value < low ? FACT_FLAG_LOW : FACT_FLAG_NONE;
    case MEASURE_MORE_OR_EQUAL:
        return has_high && value > high ? FACT_FLAG_HIGH : FACT_FLAG_NONE;
    case MEASURE_EXACT:
        break;
    }
    if (has_low && value < low)
        return FACT_FLAG_LOW;
    return has_high && value > high ? FACT_FLAG_HIGH : FACT_FLAG_NONE;
}

/* What the record itself says, of the whole or of a part; else what its ranges say. */
enum fact_flag read_flag(struct reading *reading)
{
    const struct json *component = json_first(json_get(reading->json, "component"));
    const struct fact *fact = reading->fact;
    enum fact_flag flag = flag_of_interpretation(reading->json);

    for (; component != NULL && flag == FACT_FLAG_NONE; component = component->next)
        flag = flag_of_interpretation(component);
    for (uint32_t i = 0; i < fact->measures_count && flag == FACT_FLAG_NONE; i++)
        flag = flag_of_range(&fact->measures[i]);
    return flag;
}
