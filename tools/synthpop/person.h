/* Person: who a synthetic patient is, and who treats them. Names, addresses and numbers are drawn
 * from tables and ranges that no one lives at: telephone numbers in 555-01xx, social security
 * numbers in 900-999, mail under .example. Any thread. */
#ifndef PERSON_H
#define PERSON_H

#include "record.h"

/* Fill record->person, practitioners and organizations from record->chance; @age in years at
 * record->today. */
void person_create(struct record *record, uint64_t seed, int age);

/* "Dr. Ana Silva" and "Ana Silva"; @text has @size bytes. Returns @text. */
const char *person_format_name(const struct name *name, char *text, size_t size);

#endif
