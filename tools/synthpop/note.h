/* Note: what was written at a visit, as clinical prose in several styles. It names people, dates,
 * addresses and telephone numbers, as real notes do, and says nothing that the record's truth does
 * not hold. */
#ifndef NOTE_H
#define NOTE_H

#include "record.h"

/* Write notes for some of the visits of @record, whose course has run. */
void note_write(struct record *record);

#endif
