#include "deid_scanner.h"

bool deid_scanner_is_one_of(struct slice word, const char *const *words)
{
    if (word.size == 0)
        return false;
    for (; *words != NULL; words++) /* most differ in the first letter */
        if ((((unsigned char)**words ^ (unsigned char)word.data[0]) & ~32u) == 0
            && slice_equal_fold(word, slice_from(*words)))
            return true;
    return false;
}

unsigned deid_scanner_token_at(const struct deid_scanner *scanner, unsigned index, size_t end)
{
    while (index < scanner->tokens->count && scanner->tokens->items[index].start < end)
        index++;
    return index;
}

struct slice deid_scanner_word_after(const struct deid_scanner *scanner, size_t end)
{
    struct slice text = scanner->tokens->text;
    size_t start = end, stop;

    if (start < text.size && (text.data[start] == ' ' || text.data[start] == '-'))
        start++;
    for (stop = start; stop < text.size && deid_is_letter(text.data[stop]);)
        stop++;
    return slice_cut(text, start, stop);
}

bool deid_scanner_is_measured(const struct deid_scanner *scanner, size_t end)
{
    static const char *const units[] = {
        "mg",     "mcg",     "ug",      "g",        "kg",       "gm",      "grams",   "ml",
        "cc",     "l",       "dl",      "liters",   "mm",       "cm",      "m",       "mmhg",
        "bpm",    "kcal",    "cal",     "calories", "units",    "unit",    "iu",      "u",
        "meq",    "mmol",    "mol",     "ng",       "pg",       "percent", "degrees", "degree",
        "deg",    "hz",      "k",       "cells",    "copies",   "cfu",     "feet",    "ft",
        "inches", "lbs",     "lb",      "pounds",   "oz",       "steps",   "times",   "x",
        "days",   "day",     "weeks",   "week",     "months",   "month",   "years",   "year",
        "yrs",    "yr",      "hours",   "hour",     "hrs",      "hr",      "h",       "min",
        "mins",   "minutes", "minute",  "sec",      "secs",     "seconds", "msec",    "ms",
        "tabs",   "tab",     "tablet",  "tablets",  "capsules", "pills",   "puffs",   "drops",
        "doses",  "dose",    "bottles", "patients", "subjects", "people",  "points",  "cases",
        "pack",   "packs",   "beats",   "rpm",      "fr",       "gauge",   "mah",     "gy",
        "cgy",    "mci",     "ci",      "watts",    "joules",   "nodes",   "grade",   NULL
    };
    struct slice text = scanner->tokens->text;
    size_t at = end;

    if (at < text.size && text.data[at] == ' ')
        at++;
    if (at < text.size && (text.data[at] == '%' || (unsigned char)text.data[at] == 0xc2))
        return true; /* "37 °" */
    return deid_scanner_is_one_of(deid_scanner_word_after(scanner, end), units);
}

void deid_scanner_add(struct deid_scanner *scanner, size_t start, size_t end, enum deid_class class,
                      enum deid_form form, float score)
{
    deid_spans_add(scanner->spans,
                   (struct deid_span){ (uint32_t)start, (uint32_t)end, class, form, score });
}
