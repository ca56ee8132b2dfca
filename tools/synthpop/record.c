#include "record.h"

#include <stdio.h>

#include "base/check.h"

#define CAPACITY_MIN 16

/* Room for one more of @size bytes in a list of @count; the old array stays where it is until the
 * arena goes. An arena that a patient does not fit in is a bug of ours: its limit is far above the
 * largest record that can be asked for. */
static void *grow(struct arena *arena, void *list, unsigned count, unsigned *capacity, size_t size)
{
    unsigned wanted = *capacity == 0 ? CAPACITY_MIN : *capacity * 2;
    void *grown;

    if (count < *capacity)
        return list;
    grown = arena_alloc_zero(arena, wanted, size);
    CHECK(grown != NULL);
    if (count > 0)
        memcpy(grown, list, count * size);
    *capacity = wanted;
    return grown;
}

#define DEFINE_ADD(type)                                                                           \
    struct type *record_add_##type(struct record *record)                                          \
    {                                                                                              \
        record->type##_list = grow(record->arena, record->type##_list, record->type##_count,       \
                                   &record->type##_capacity, sizeof(struct type));                 \
        record->resource_count++;                                                                  \
        return &record->type##_list[record->type##_count++];                                       \
    }

DEFINE_ADD(encounter)
DEFINE_ADD(condition)
DEFINE_ADD(order)
DEFINE_ADD(measurement)
DEFINE_ADD(report)
DEFINE_ADD(allergy)
DEFINE_ADD(operation)
DEFINE_ADD(vaccination)
DEFINE_ADD(note)

const struct stage *record_stage(const struct condition *condition)
{
    return &disease_kinds[condition->disease].stages[condition->stage];
}

const char *record_condition_name(const struct condition *condition)
{
    const struct stage *stage = record_stage(condition);

    return stage->name != NULL ? stage->name : disease_kinds[condition->disease].name;
}

const char *record_reaction(const struct allergy *allergy)
{
    return allergy->effect != NULL ? allergy->effect : reaction_kinds[allergy->reaction].label;
}

bool record_condition_is_active(const struct condition *condition, int day)
{
    return condition->onset <= day && day < condition->abatement;
}

bool record_order_is_active(const struct order *order, int day)
{
    return order->start <= day && day < order->stop;
}

int record_measurement_day(const struct record *record, const struct measurement *measurement)
{
    return record->encounter_list[measurement->encounter].day;
}

int record_decimals(int decimals, double value)
{
    return decimals == 2 && value >= 9.95 ? 1 : decimals;
}

const char *record_format_value(const struct measurement *measurement, char *text)
{
    if (measurement->lab == LAB_BLOOD_PRESSURE)
        snprintf(text, 24, "%.0f/%.0f", measurement->value, measurement->second);
    else
        snprintf(text, 24, "%.*f",
                 record_decimals(lab_kinds[measurement->lab].decimals, measurement->value),
                 measurement->value);
    return text;
}
