/* R4 date, dateTime, instant and partial dates, with the precision that was written. */
#ifndef FHIR_DATE_H
#define FHIR_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum fhir_precision {
    FHIR_PRECISION_NONE, /* no date */
    FHIR_PRECISION_YEAR,
    FHIR_PRECISION_MONTH,
    FHIR_PRECISION_DAY,
    FHIR_PRECISION_TIME,
};

struct fhir_date {
    enum fhir_precision precision;
    int16_t year; /* 1 to 9999 */
    uint8_t month, day;
    int64_t seconds; /* since 1970 in UTC of the moment at which it begins; dates without a zone are
                        read as UTC */
};

#define FHIR_DATE_TEXT_BYTES 11 /* "2019-03-04" and a NUL */

/* False (and @date is none) for what is no date of R4. A date that no calendar has ("2019-02-30")
 * is none. */
bool fhir_date_parse(struct slice text, struct fhir_date *date);

/* By the moment at which they begin, the less precise first: <0, 0, >0. No date comes before every
 * date. */
int fhir_date_compare(const struct fhir_date *a, const struct fhir_date *b);

/* Days from 1970-01-01 to the day that @date was written as, there and then; its month's or year's
 * first where it has no day. 0 for no date. */
int64_t fhir_date_days(const struct fhir_date *date);

/* Set year, month and day from fhir_date_days. False: no year from 1 to 9999. */
bool fhir_date_from_days(int64_t days, struct fhir_date *date);

/* To the day at most, as it was written there and then: "2019", "2019-03", "2019-03-04"; "" for
 * none. Returns the size. */
size_t fhir_date_format(const struct fhir_date *date, char text[FHIR_DATE_TEXT_BYTES]);

#endif
