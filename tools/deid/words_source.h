/* The sources of the word lists, as KIND=PATH. */
#ifndef WORDS_SOURCE_H
#define WORDS_SOURCE_H

#include "words_table.h"

/* A whole file, with a zero behind its end. NOT_FOUND: it is not there. */
enum status words_file_read(struct arena *arena, const char *path, struct slice *file,
                            struct error *err);

/* Read one source into @table. One whose package is not installed is left out, and it is said; a
 * list of ours must be there. */
enum status words_source_read(struct words_table *table, const char *source, struct error *err);

#endif
