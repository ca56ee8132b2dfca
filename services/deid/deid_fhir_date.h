/* A whole date of FHIR under the map's profile, without the reader of dates in prose: nearly every
 * date of a record is one. */
#ifndef DEID_FHIR_DATE_H
#define DEID_FHIR_DATE_H

#include "deid_map.h"

/* "2019-03-04" and "2019-03-04T05:06:07Z", moved, or the year alone, into @arena. False for
 * anything else, for a date that no calendar has and where there is no room: the reader of prose
 * deals with it. */
bool deid_fhir_date_move(const struct deid_map *map, struct slice text, struct arena *arena,
                         struct slice *moved);

#endif
