/* Colour and layout for people. Everything is plain when stdout is no terminal, unless asked for.
 */
#ifndef CONSILIUM_PAINT_H
#define CONSILIUM_PAINT_H

#include "contract/methods.h"

enum paint {
    PAINT_PLAIN,
    PAINT_DIM,
    PAINT_BOLD,
    PAINT_GOOD,
    PAINT_BAD,
    PAINT_NOTE,
    PAINT_SURROGATE,
};

/* @when: "auto", "always", "never". */
void paint_init(const char *when);

/* The escape that begins @paint (PAINT_PLAIN ends any), or "". Static. */
const char *paint(enum paint paint);

/* Bars of what took how long, on stdout; @total_us is the full width. */
void paint_timings(Consilium__V1__Timing *const *timings, size_t count, uint32_t total_us);

/* "DATE", "NAME": an identifier class without its prefix. Static. */
const char *paint_class(Consilium__V1__IdentifierClass class);

#endif
