#include "context_judge.h"

#include <math.h>
#include <pthread.h>

#include "base/check.h"

/* The numbers of a target, each to be below its bound. */
struct target {
    const char *thing, *unit, *unit_as_written;
    double below[2];
    uint32_t count;
    const char *text;
};

static const struct target targets[] = {
    { "hemoglobin-a1c", "%", "%", { 7 }, 1, "7 %" },
    { "ldl", "mg/dL", "mg/dL", { 100 }, 1, "100 mg/dL" },
    { "blood-pressure", "mm[Hg]", "mmHg", { 130, 80 }, 2, "130/80 mmHg" },
};

#define TARGETS (sizeof(targets) / sizeof(targets[0]))

static uint32_t target_things[TARGETS], egfr_thing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build(void)
{
    for (size_t i = 0; i < TARGETS; i++) {
        target_things[i] = thing_named(targets[i].thing);
        CHECK(target_things[i] < THINGS_MAX);
    }
    egfr_thing = thing_named("egfr");
    CHECK(egfr_thing < THINGS_MAX);
}

static bool is_one(const struct course *course, uint32_t thing)
{
    for (uint32_t i = 0; i < course->things_count; i++)
        if (course->things[i] == thing)
            return true;
    return false;
}

/* The numbers of @fact, if they are just so many, exact, and in the unit. */
static bool has_numbers(const struct fact *fact, const struct target *target)
{
    if (fact->measures_count != target->count)
        return false;
    for (uint32_t i = 0; i < target->count; i++) {
        const struct measure *measure = &fact->measures[i];

        if (!measure->value.is_given || measure->bound != MEASURE_EXACT
            || (!slice_is(measure->unit, target->unit)
                && !slice_is(measure->unit, target->unit_as_written)))
            return false;
    }
    return true;
}

/* A pressure is told in whole millimetres, and judged as it is told. */
static double number_told(const struct target *target, const struct measure *measure)
{
    double value = decimal_value(&measure->value);

    return target->count > 1 ? round(value) : value;
}

static void put_target(const struct target *target, const struct fact *fact, struct buffer *out)
{
    bool is_met = true;

    /* Of a pressure the greater number is the systolic one, in whatever order they stand. */
    for (uint32_t i = 0; i < target->count; i++) {
        double value = number_told(target, &fact->measures[i]);
        uint32_t rank = 0;

        for (uint32_t j = 0; j < target->count; j++)
            rank += j != i && number_told(target, &fact->measures[j]) > value;
        is_met &= value < target->below[rank];
    }
    buffer_format(out, ", %sbelow the target of %s", is_met ? "" : "not ", target->text);
}

static const char *g_stage(double egfr)
{
    return egfr >= 90   ? "G1"
           : egfr >= 60 ? "G2"
           : egfr >= 45 ? "G3a"
           : egfr >= 30 ? "G3b"
           : egfr >= 15 ? "G4"
                        : "G5";
}

void judge_put(const struct course *course, const struct fact *fact, struct buffer *out)
{
    pthread_once(&once, build);
    for (size_t i = 0; i < TARGETS; i++)
        if (is_one(course, target_things[i])) {
            if (has_numbers(fact, &targets[i]))
                put_target(&targets[i], fact, out);
            return;
        }
    if (is_one(course, egfr_thing) && fact->measures_count == 1 && fact->measures[0].value.is_given
        && fact->measures[0].bound == MEASURE_EXACT)
        buffer_format(out, ", stage %s", g_stage(decimal_value(&fact->measures[0].value)));
}
