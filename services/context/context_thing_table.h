/* The rows of things, in the files that hold them. Only context_thing.c reads them. */
#ifndef CONTEXT_THING_TABLE_H
#define CONTEXT_THING_TABLE_H

#include "context_thing.h"

/* One thing. Its name, with hyphens read as blanks, is a phrase of its own, unless it begins with
 * '_'. @phrases as in context_concept.h; @is: names of the rows that it is one of; @treats: of a
 * drug or a class of drugs, names of the conditions that it is given for. */
struct thing_row {
    enum thing_kind kind;
    const char *name, *phrases, *is, *treats;
};

#define THING_NAME_BYTES_MAX 48

struct thing_rows {
    const struct thing_row *rows;
    uint32_t count;
};

extern const struct thing_rows thing_drugs, thing_labs, thing_conditions, thing_care;

#endif
