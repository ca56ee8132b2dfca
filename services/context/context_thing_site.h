/* A site's own words for things, as text. A line is a thing:
 *
 *     KIND; NAME; PHRASE | PHRASE …; NAME NAME …
 *
 *     condition; long-covid; post covid syndrome | long covid; viral-infection
 *     drug; metformin; glucosan
 *
 * NAME is of small letters, digits and hyphens; a name that the tables have gets more phrases. The
 * last part says what it is one of and may be left out. Phrases are as in context_phrase.h. Lines
 * that are empty or begin with # say nothing. */
#ifndef CONTEXT_THING_SITE_H
#define CONTEXT_THING_SITE_H

#include "base/arena.h"
#include "base/error.h"
#include "context_thing_table.h"

#define THING_SITE_ROWS_MAX 512
#define THING_SITE_BYTES_MAX (256 * 1024)

/* What @rows point at is in @arena. INVALID_ARGUMENT with the line that is wrong; nothing of it is
 * in the error. */
enum status thing_site_parse(struct slice text, struct arena *arena, struct thing_row *rows,
                             uint32_t *count, struct error *err);

#endif
