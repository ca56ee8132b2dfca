#include "deid_path_compare.h"

#include <stdlib.h>

#include "fhir/fhir_date.h"

struct deid_path_value deid_path_value_number(const struct deid_path_value *value)
{
    struct deid_path_value number = *value;
    char digits[64], *end;

    if (value->text.size == 0 || value->text.size >= sizeof(digits))
        return number;
    memcpy(digits, value->text.data, value->text.size);
    digits[value->text.size] = 0;
    number.number = strtod(digits, &end);
    if (*end == 0)
        number.kind = DEID_PATH_NUMBER;
    return number;
}

static bool is_date_type(struct slice type)
{
    return slice_is(type, "date") || slice_is(type, "dateTime") || slice_is(type, "instant");
}

struct deid_path_value deid_path_value_plain(const struct deid_fhir_types *types,
                                             const struct deid_path_value *value)
{
    struct deid_path_value plain = *value;

    if (value->kind != DEID_PATH_NODE)
        return plain;
    plain.text = value->node->text;
    switch (value->node->kind) {
    case JSON_KIND_TRUE:
    case JSON_KIND_FALSE:
        plain.kind = DEID_PATH_BOOLEAN;
        plain.boolean = value->node->kind == JSON_KIND_TRUE;
        return plain;
    case JSON_KIND_NUMBER:
        return deid_path_value_number(&plain);
    case JSON_KIND_STRING:
        plain.kind =
            is_date_type(types->types[value->node->type].name) ? DEID_PATH_DATE : DEID_PATH_STRING;
        return plain;
    default:
        plain.text = SLICE("");
        return plain;
    }
}

/* By the parts that both have; 2 where they agree so far and one goes on. */
static int date_order(struct slice a, struct slice b)
{
    struct fhir_date left, right;
    struct fhir_date *const dates[] = { &left, &right };
    int parts[2][3];

    if (!fhir_date_parse(a, &left) || !fhir_date_parse(b, &right))
        return slice_equal(a, b) ? 0 : 2;
    if (left.precision == FHIR_PRECISION_TIME && right.precision == FHIR_PRECISION_TIME)
        return left.seconds < right.seconds ? -1 : left.seconds > right.seconds;
    for (unsigned i = 0; i < 2; i++) {
        parts[i][0] = dates[i]->year;
        parts[i][1] = dates[i]->month;
        parts[i][2] = dates[i]->day;
    }
    for (unsigned i = 0; i < 3; i++) {
        enum fhir_precision needed = (enum fhir_precision)(FHIR_PRECISION_YEAR + i);

        if (left.precision < needed || right.precision < needed)
            return left.precision == right.precision ? 0 : 2;
        if (parts[0][i] != parts[1][i])
            return parts[0][i] < parts[1][i] ? -1 : 1;
    }
    return left.precision == right.precision ? 0 : 2;
}

bool deid_path_value_equal(const struct deid_fhir_types *types, const struct deid_path_value *a,
                           const struct deid_path_value *b)
{
    struct deid_path_value left = deid_path_value_plain(types, a),
                           right = deid_path_value_plain(types, b);

    if (left.kind == DEID_PATH_NODE || right.kind == DEID_PATH_NODE)
        return left.kind == right.kind && left.node == right.node;
    if (left.kind == DEID_PATH_BOOLEAN || right.kind == DEID_PATH_BOOLEAN)
        return left.kind == right.kind && left.boolean == right.boolean;
    if (left.kind == DEID_PATH_NUMBER && right.kind == DEID_PATH_NUMBER)
        return left.number == right.number;
    if (left.kind == DEID_PATH_DATE || right.kind == DEID_PATH_DATE)
        return date_order(left.text, right.text) == 0;
    return left.kind == right.kind && slice_equal(left.text, right.text);
}

enum status deid_path_value_order(const struct deid_fhir_types *types,
                                  const struct deid_path_value *a, const struct deid_path_value *b,
                                  int *order, bool *is_known, struct error *err)
{
    struct deid_path_value left = deid_path_value_plain(types, a),
                           right = deid_path_value_plain(types, b);

    *is_known = true;
    if (left.kind == DEID_PATH_NUMBER && right.kind == DEID_PATH_NUMBER) {
        *order = left.number < right.number ? -1 : left.number > right.number;
        return STATUS_OK;
    }
    if (left.kind == DEID_PATH_STRING && right.kind == DEID_PATH_STRING) {
        *order = slice_compare(left.text, right.text);
        return STATUS_OK;
    }
    if ((left.kind == DEID_PATH_DATE || right.kind == DEID_PATH_DATE)
        && left.kind != DEID_PATH_NUMBER && right.kind != DEID_PATH_NUMBER) {
        *order = date_order(left.text, right.text);
        *is_known = *order != 2;
        return STATUS_OK;
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, "values that have no order between them");
}
