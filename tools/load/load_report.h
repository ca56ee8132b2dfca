/* What a run found, as JSON for programs and as one HTML file, with its plots inside, for people.
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include "base/buffer.h"
#include "load_run.h"

void load_report_json(const struct load_run *run, struct buffer *out);
void load_report_html(const struct load_run *run, struct buffer *out);

#endif
