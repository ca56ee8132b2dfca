/* Numbers that a word in front of them names: "MRN: #SF-998877", "account no. 00341129", "ext
 * 4421", "Room 412", "username: jsmith". */
#ifndef DEID_LABEL_H
#define DEID_LABEL_H

#include "deid_scanner.h"

/* What the label @cue at token @index says of what follows it. */
void deid_label_scan(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue);

/* "cert # 99812", "Pt #: 445566": the number at @index, behind a "#" of whatever it is. */
void deid_label_scan_marked_number(struct deid_scanner *scanner, unsigned index);

/* "Kim | 8812-33 | F": the number at @index, alone in a cell of a table and in groups or with a 0
 * in front, as nothing is that was counted. */
void deid_label_scan_cell(struct deid_scanner *scanner, unsigned index);

#endif
