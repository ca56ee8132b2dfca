/* Validators: whether something of the right shape can be what it looks like. */
#ifndef DEID_CHECK_H
#define DEID_CHECK_H

#include <stdbool.h>

#include "base/slice.h"

/* Nine digits with any separators, of an area, group and serial that are or were issued (numbers of
 * taxpayers, which begin with 9, count). */
bool deid_check_ssn(struct slice text);

/* A payment card: 13 to 19 digits, a known first digit, Luhn. */
bool deid_check_card(struct slice text);

/* A National Provider Identifier: ten digits whose Luhn sum with the prefix 80840 holds. */
bool deid_check_npi(struct slice text);

/* A DEA number: two letters, seven digits, the check digit right. */
bool deid_check_dea(struct slice text);

/* Four numbers up to 255, not a version or section number that begins with 0. */
bool deid_check_ip(struct slice text);

/* A vehicle identification number: 17 letters and digits without I, O, Q, check digit right. */
bool deid_check_vin(struct slice text);

/* The first three digits of a ZIP code, or {NULL, 0} when the area has 20,000 people or fewer
 * (Census 2010, the list of 17 that the guidance on 45 CFR 164.514(b) derives) or @postal is no ZIP
 * code. */
struct slice deid_check_zip3(struct slice postal);

unsigned deid_check_digits(struct slice text);

#endif
