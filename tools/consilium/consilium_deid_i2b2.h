/* The labelled texts of the i2b2 challenges, as they are handed out by their owners: 2006 (labels
 * around the words of the text) and 2014 (labels beside it, with offsets). */
#ifndef CONSILIUM_DEID_I2B2_H
#define CONSILIUM_DEID_I2B2_H

#include "consilium_deid_gold.h"

/* One file of either kind. A document's id is the RECORD's (2006) or the name of the file without
 * its end (2014). INVALID_ARGUMENT for what is neither, or is no XML that they would write: the
 * error has the name of the file and a byte. */
enum status deid_i2b2_read_file(const char *path, const struct json *mapping, deid_gold_cb take,
                                void *arg, struct error *err);

/* Every .xml of a folder, by name. NOT_FOUND when there is none. */
enum status deid_i2b2_read_folder(const char *path, const struct json *mapping, deid_gold_cb take,
                                  void *arg, struct error *err);

/* The documents of @xml; @name is the id of one without a RECORD. */
enum status deid_i2b2_parse(struct slice xml, const char *name, const struct json *mapping,
                            deid_gold_cb take, void *arg, struct error *err);

#endif
