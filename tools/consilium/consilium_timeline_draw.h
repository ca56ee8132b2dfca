/* A record as a picture in the terminal: problems and medications as bars over the years,
 * encounters as marks, measurements as sparklines with their range and last value. */
#ifndef CONSILIUM_TIMELINE_DRAW_H
#define CONSILIUM_TIMELINE_DRAW_H

#include <stdio.h>

#include "context_record.h"

/* As wide as the terminal; 80 columns where it is none. */
enum status timeline_draw(const struct record *record, FILE *file, struct error *err);

#endif
