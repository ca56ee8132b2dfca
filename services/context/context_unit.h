/* Units of measure as UCUM writes them (https://ucum.org/ucum, the case-sensitive form): what a
 * value in one is in another.
 *
 * Stricter than UCUM in one thing: amounts of substance do not become plain numbers, nor
 * equivalents moles, unless it is known of which substance (context_analyte.h). */
#ifndef CONTEXT_UNIT_H
#define CONTEXT_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* A longer text is no unit. */
#define UNIT_BYTES_MAX 64

/* Powers of these: of the first seven all others are made; the last three count things. */
enum unit_dimension {
    UNIT_METRE,
    UNIT_SECOND,
    UNIT_GRAM,
    UNIT_RADIAN,
    UNIT_KELVIN,
    UNIT_COULOMB,
    UNIT_CANDELA,
    UNIT_MOLE,
    UNIT_EQUIVALENT,
    UNIT_OSMOLE,
    UNIT_DIMENSIONS,
};

struct unit {
    double factor; /* a value times this is in base units … */
    double offset; /* … when this has been added: degrees Celsius and Fahrenheit */
    int8_t powers[UNIT_DIMENSIONS];
    uint8_t arbitrary;    /* 0; or which of the units that nothing else can be turned into */
    bool is_amount_ratio; /* amount per amount, "mmol/mol": no plain fraction */
};

/* Read @text: UCUM, or what people write for it ("mmHg", "IU/L"). In three cases the latter is UCUM
 * too and means something that nobody measures: "K/uL" (kelvins), "ft" (femtotonnes), "pH"
 * (picohenries). "" is the unit 1. False: neither. Any thread. */
bool unit_parse(struct slice text, struct unit *unit);

/* What a substance's mass, charge and amount have to do with each other; 0: not known. */
struct substance {
    double grams_per_mole;
    int valence;
    bool is_hba1c; /* "%" (NGSP) and "mmol/mol" (IFCC) by their master equation */
};

/* @value in @from is *@converted in @to. @substance may be NULL. False: there is no way. */
bool unit_convert(double value, const struct unit *from, const struct unit *to,
                  const struct substance *substance, double *converted);

/* Shared by context_unit.c and its table only. */

struct unit_atom {
    const char *code;
    bool is_metric; /* takes prefixes */
    double value;
    const char *of; /* in other units; NULL: a base unit, or an arbitrary one */
};

struct unit_alias {
    const char *text, *code;
};

extern const struct unit_atom unit_atoms[];
extern const uint32_t unit_atoms_count;
extern const struct unit_alias unit_aliases[];
extern const uint32_t unit_aliases_count;

/* Rows of unit_atoms: the base units in the order of enum unit_dimension come first, then the
 * arbitrary ones, up to this row. */
extern const uint32_t unit_arbitrary_end;

/* The factor of the prefix that @text begins with, and its size; 0: none. */
double unit_prefix(struct slice text, size_t *size);

#endif
