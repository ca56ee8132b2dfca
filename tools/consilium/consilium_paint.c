#include "consilium_paint.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_CELLS 32

static bool is_on;

void paint_init(const char *when)
{
    if (strcmp(when, "always") == 0)
        is_on = true;
    else if (strcmp(when, "never") == 0)
        is_on = false;
    else
        is_on = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

const char *paint(enum paint paint)
{
    static const char *const escapes[] = {
        [PAINT_PLAIN] = "\033[0m",         [PAINT_DIM] = "\033[2m",  [PAINT_BOLD] = "\033[1m",
        [PAINT_GOOD] = "\033[32m",         [PAINT_BAD] = "\033[31m", [PAINT_NOTE] = "\033[36m",
        [PAINT_SURROGATE] = "\033[30;43m",
    };

    return is_on ? escapes[paint] : "";
}

static void put_bar(uint32_t start_us, uint32_t duration_us, uint32_t total_us)
{
    unsigned first = (unsigned)((uint64_t)start_us * BAR_CELLS / total_us);
    unsigned last = (unsigned)(((uint64_t)start_us + duration_us) * BAR_CELLS / total_us);
    unsigned i;

    for (i = 0; i < BAR_CELLS; i++)
        fputs(i < first || (i > last) ? " " : (i == first || i < last) ? "█" : "▏", stdout);
}

void paint_timings(Consilium__V1__Timing *const *timings, size_t count, uint32_t total_us)
{
    size_t i;

    if (total_us == 0)
        total_us = 1;
    for (i = 0; i < count; i++) {
        printf("  %-9s %-10s ", timings[i]->step, timings[i]->service);
        fputs(paint(PAINT_NOTE), stdout);
        put_bar(timings[i]->start_us, timings[i]->duration_us, total_us);
        printf("%s %9.2f ms\n", paint(PAINT_PLAIN), timings[i]->duration_us / 1000.0);
    }
}

const char *paint_class(Consilium__V1__IdentifierClass class)
{
    static const char prefix[] = "IDENTIFIER_CLASS_";
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &consilium__v1__identifier_class__descriptor, (int)class);

    if (value == NULL || strncmp(value->name, prefix, sizeof(prefix) - 1) != 0)
        return "UNKNOWN";
    return value->name + sizeof(prefix) - 1;
}
