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

/* All the signs between its letters and digits are the same. */
bool deid_check_separators(struct slice text);

/* Letters and digits mixed: at least three digits and two letters. */
bool deid_check_mixed(struct slice text);

/* An IPv6 address and not a time of day: eight groups, or fewer with one "::". */
bool deid_check_ip6(struct slice text);

/* A Medicare Beneficiary Identifier: each of its eleven places is of its kind. */
bool deid_check_mbi(struct slice text);

/* An IBAN whose check digits hold, or one that is mostly digits (a misread or made-up one). */
bool deid_check_iban(struct slice text);

/* A bank's code: with a digit in it, and a country in its place. */
bool deid_check_bic(struct slice text);

/* A latitude and a longitude: in range, and written as such and not as two small measures. */
bool deid_check_coordinates(struct slice text);

/* Telephone numbers: as many digits as one has; of the North American plan where blanks alone part
 * it; with the 0 of a trunk call in front. */
bool deid_check_phone(struct slice text);
bool deid_check_phone_us(struct slice text);
bool deid_check_phone_trunk(struct slice text);

/* "SW1A 2AA", "K1A 0B1": letters that such codes have, and no measure or ordinal at the end. */
bool deid_check_postcode(struct slice text);

/* Three numbers of which one can be a month, one a day and one a year of four digits. */
bool deid_check_date(struct slice text);

/* Digits written apart ("5 5 5 - 1 2 3 4"): with a sign between the groups, and no series that
 * counts up or repeats. */
bool deid_check_spaced(struct slice text);

/* The first three digits of a ZIP code, or {NULL, 0} when the area has 20,000 people or fewer
 * (Census 2010, the list of 17 that the guidance on 45 CFR 164.514(b) derives) or @postal is no ZIP
 * code. */
struct slice deid_check_zip3(struct slice postal);

unsigned deid_check_digits(struct slice text);

#endif
