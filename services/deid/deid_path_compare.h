/* How values of FHIRPath compare: by what they are, dates by the parts that both have. */
#ifndef DEID_PATH_COMPARE_H
#define DEID_PATH_COMPARE_H

#include "deid_path.h"

/* A node's value as a string, number, boolean or date by its type; a node without one stays a node.
 */
struct deid_path_value deid_path_value_plain(const struct deid_fhir_types *types,
                                             const struct deid_path_value *value);

/* A text of digits as a number; anything else as it was. */
struct deid_path_value deid_path_value_number(const struct deid_path_value *value);

bool deid_path_value_equal(const struct deid_fhir_types *types, const struct deid_path_value *a,
                           const struct deid_path_value *b);

/* *@order <0, 0, >0. *@is_known is false where dates of different precision agree as far as both
 * go. INVALID_ARGUMENT for values of different kinds. */
enum status deid_path_value_order(const struct deid_fhir_types *types,
                                  const struct deid_path_value *a, const struct deid_path_value *b,
                                  int *order, bool *is_known, struct error *err);

#endif
