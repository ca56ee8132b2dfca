/* Filters over the elements of lists, dicts and strings. */
#include <stdlib.h>

#include "jinja/jinja_filter.h"

/* "a.b.0" of @value, as filters name attributes; an integer is an index. */
static struct jinja_value attribute_of(struct jinja_run *run, struct jinja_value value,
                                       struct jinja_value path)
{
    struct slice rest, name;

    if (path.kind == JINJA_KIND_INT)
        return jinja_item(run, value, path);
    if (path.kind != JINJA_KIND_STRING)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "an attribute that is no name");
    rest = jinja_text_slice(path.text);
    for (;;) {
        size_t dot = slice_find_byte(rest, '.');

        name = slice_cut(rest, 0, dot);
        if (name.size > 0 && strspn(name.data, "0123456789") >= name.size)
            value = jinja_item(run, value, jinja_int(atoi(name.data)));
        else
            value = jinja_item(run, value, jinja_string(jinja_text_of(name, true)));
        if (dot >= rest.size || jinja_has_failed(run))
            return value;
        rest = slice_cut(rest, dot + 1, rest.size);
    }
}

static bool is_given(struct jinja_value value)
{
    return value.kind != JINJA_KIND_UNDEFINED && value.kind != JINJA_KIND_NONE;
}

static struct jinja_value filter_length(struct jinja_run *run, struct jinja_value operand,
                                        const struct jinja_value *bound)
{
    (void)bound;
    switch (operand.kind) {
    case JINJA_KIND_UNDEFINED:
        return jinja_int(0);
    case JINJA_KIND_STRING:
        jinja_step(run, operand.text.size);
        return jinja_int((int64_t)jinja_text_length(operand.text));
    case JINJA_KIND_LIST:
        if (operand.is_lazy)
            return jinja_fail(run, STATUS_FAILED_PRECONDITION, "the length of a generator");
        return jinja_int((int64_t)operand.list->count);
    case JINJA_KIND_DICT:
        return jinja_int((int64_t)operand.dict->count);
    default:
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "the length of a %s",
                          jinja_kind_name(operand));
    }
}

static struct jinja_value filter_first(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);

    (void)bound;
    return items == NULL || items->count == 0 ? jinja_undefined() : items->items[0];
}

static struct jinja_value filter_last(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);

    (void)bound;
    return items == NULL || items->count == 0 ? jinja_undefined() : items->items[items->count - 1];
}

static struct jinja_value filter_list(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);

    (void)bound;
    return (struct jinja_value){ .kind = JINJA_KIND_LIST, .list = items };
}

/* d attribute */
static struct jinja_value filter_join(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);
    struct jinja_text separator = jinja_text_from(run, bound[0]), text;
    struct jinja_builder builder;

    jinja_builder_init(&builder, run->arena);
    for (size_t i = 0; items != NULL && i < items->count && !jinja_has_failed(run); i++) {
        struct jinja_value item = items->items[i];

        if (is_given(bound[1]))
            item = attribute_of(run, item, bound[1]);
        text = jinja_text_from(run, item);
        if (i > 0)
            jinja_builder_put(&builder, separator);
        jinja_step(run, text.size + separator.size);
        jinja_builder_put(&builder, text);
    }
    return jinja_make_text(run, &builder);
}

static struct jinja_value filter_items(struct jinja_run *run, struct jinja_value operand,
                                       const struct jinja_value *bound)
{
    (void)bound;
    if (operand.kind == JINJA_KIND_UNDEFINED)
        return jinja_make_list(run);
    if (operand.kind != JINJA_KIND_DICT)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "the items of a %s",
                          jinja_kind_name(operand));
    return jinja_items_of(run, operand.dict);
}

static struct jinja_value filter_reverse(struct jinja_run *run, struct jinja_value operand,
                                         const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);
    struct jinja_value list = jinja_make_list(run);
    struct jinja_builder builder;

    (void)bound;
    for (size_t i = items == NULL ? 0 : items->count; i-- > 0 && jinja_step(run, 0);)
        jinja_add(run, list, items->items[i]);
    if (operand.kind != JINJA_KIND_STRING || jinja_has_failed(run))
        return list;
    jinja_builder_init(&builder, run->arena);
    for (size_t i = 0; i < list.list->count; i++)
        jinja_builder_put(&builder, list.list->items[i].text);
    return jinja_make_text(run, &builder);
}

static struct jinja_value filter_sum(struct jinja_run *run, struct jinja_value operand,
                                     const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);
    struct jinja_value sum = bound[1].kind == JINJA_KIND_UNDEFINED ? jinja_int(0) : bound[1];

    for (size_t i = 0; items != NULL && i < items->count && !jinja_has_failed(run); i++)
        sum = jinja_operate(run, JINJA_OPERATOR_ADD, sum,
                            is_given(bound[0]) ? attribute_of(run, items->items[i], bound[0])
                                               : items->items[i]);
    return sum;
}

/* Order
 * -------------------------------------------------------------------------------------------- */

/* What an element is ordered by: its attribute, without case unless that was asked for. */
static struct jinja_value order_key(struct jinja_run *run, struct jinja_value item,
                                    struct jinja_value attribute, struct jinja_value has_case)
{
    if (is_given(attribute))
        item = attribute_of(run, item, attribute);
    if (item.kind == JINJA_KIND_STRING && !jinja_is_true(has_case))
        item = jinja_change_case(run, item.text, JINJA_CASE_LOWER);
    return item;
}

static bool is_less(struct jinja_run *run, struct jinja_value a, struct jinja_value b)
{
    int order = 0;

    jinja_step(run, a.kind == JINJA_KIND_STRING ? a.text.size : 0);
    if (!jinja_has_failed(run) && !jinja_compare(a, b, &order))
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "an order between %s and %s",
                   jinja_kind_name(a), jinja_kind_name(b));
    return order < 0;
}

/* Merges [0, middle) and [middle, count) of @pairs: stable, as Python sorts. */
static void merge(struct jinja_run *run, struct jinja_pair *pairs, size_t middle, size_t count,
                  bool is_falling, struct jinja_pair *scratch)
{
    size_t left = 0, right = middle, at = 0;

    while (left < middle || right < count) {
        bool takes_right = left == middle
                           || (right < count
                               && (is_falling ? is_less(run, pairs[left].key, pairs[right].key)
                                              : is_less(run, pairs[right].key, pairs[left].key)));

        scratch[at++] = takes_right ? pairs[right++] : pairs[left++];
    }
    memcpy(pairs, scratch, count * sizeof(*pairs));
}

/* By key, bottom up. */
static void sort_pairs(struct jinja_run *run, struct jinja_pair *pairs, size_t count,
                       bool is_falling)
{
    struct jinja_pair *scratch = ARENA_ARRAY(run->arena, struct jinja_pair, count);

    if (scratch == NULL) {
        jinja_fail_memory(run);
        return;
    }
    for (size_t width = 1; width < count; width *= 2)
        for (size_t at = 0; at + width < count && !jinja_has_failed(run); at += 2 * width)
            merge(run, pairs + at, width, count - at < 2 * width ? count - at : 2 * width,
                  is_falling, scratch);
}

/* reverse case_sensitive attribute */
static struct jinja_value filter_sort(struct jinja_run *run, struct jinja_value operand,
                                      const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);
    size_t count = items == NULL ? 0 : items->count;
    struct jinja_pair *pairs = ARENA_ARRAY(run->arena, struct jinja_pair, count);
    struct jinja_value list = jinja_make_list(run);

    if (pairs == NULL)
        return jinja_fail_memory(run);
    for (size_t i = 0; i < count && !jinja_has_failed(run); i++)
        pairs[i] = (struct jinja_pair){ order_key(run, items->items[i], bound[2], bound[1]),
                                        items->items[i] };
    sort_pairs(run, pairs, count, jinja_is_true(bound[0]));
    for (size_t i = 0; i < count; i++)
        jinja_add(run, list, pairs[i].value);
    return list;
}

/* case_sensitive by reverse */
static struct jinja_value filter_dictsort(struct jinja_run *run, struct jinja_value operand,
                                          const struct jinja_value *bound)
{
    bool by_value =
        bound[1].kind == JINJA_KIND_STRING && slice_is(jinja_text_slice(bound[1].text), "value");
    struct jinja_value items, list = jinja_make_list(run);
    struct jinja_pair *pairs;

    if (operand.kind != JINJA_KIND_DICT)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "dictsort of a %s",
                          jinja_kind_name(operand));
    items = jinja_items_of(run, operand.dict);
    pairs = ARENA_ARRAY(run->arena, struct jinja_pair, operand.dict->count);
    if (pairs == NULL || jinja_has_failed(run))
        return jinja_fail_memory(run);
    for (size_t i = 0; i < operand.dict->count; i++)
        pairs[i] = (struct jinja_pair){
            order_key(run, by_value ? operand.dict->pairs[i].value : operand.dict->pairs[i].key,
                      jinja_undefined(), bound[0]),
            items.list->items[i]
        };
    sort_pairs(run, pairs, operand.dict->count, jinja_is_true(bound[2]));
    for (size_t i = 0; i < operand.dict->count; i++)
        jinja_add(run, list, pairs[i].value);
    return list;
}

static struct jinja_value extreme(struct jinja_run *run, struct jinja_value operand,
                                  const struct jinja_value *bound, bool is_max)
{
    struct jinja_list *items = jinja_iterate(run, operand);
    struct jinja_value best = jinja_undefined(), best_key = best, key;

    for (size_t i = 0; items != NULL && i < items->count && !jinja_has_failed(run); i++) {
        key = order_key(run, items->items[i], bound[1], bound[0]);
        if (i == 0 || (is_max ? is_less(run, best_key, key) : is_less(run, key, best_key))) {
            best = items->items[i];
            best_key = key;
        }
    }
    return best;
}

static struct jinja_value filter_min(struct jinja_run *run, struct jinja_value operand,
                                     const struct jinja_value *bound)
{
    return extreme(run, operand, bound, false);
}

static struct jinja_value filter_max(struct jinja_run *run, struct jinja_value operand,
                                     const struct jinja_value *bound)
{
    return extreme(run, operand, bound, true);
}

/* case_sensitive attribute */
static struct jinja_value filter_unique(struct jinja_run *run, struct jinja_value operand,
                                        const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, operand);
    struct jinja_value list = jinja_make_list(run), keys = jinja_make_list(run), key;
    size_t k;

    for (size_t i = 0; items != NULL && i < items->count && !jinja_has_failed(run); i++) {
        key = order_key(run, items->items[i], bound[1], bound[0]);
        for (k = 0; k < keys.list->count && jinja_step(run, 0); k++)
            if (jinja_equal(keys.list->items[k], key))
                break;
        if (k < keys.list->count)
            continue;
        jinja_add(run, keys, key);
        jinja_add(run, list, items->items[i]);
    }
    return list;
}

const struct jinja_filter_row jinja_list_filters[] = {
    { "length", "", filter_length },
    { "count", "", filter_length },
    { "first", "", filter_first },
    { "last", "", filter_last },
    { "list", "", filter_list },
    { "join", "d attribute", filter_join },
    { "items", "", filter_items },
    { "reverse", "", filter_reverse },
    { "sum", "attribute start", filter_sum },
    { "sort", "reverse case_sensitive attribute", filter_sort },
    { "dictsort", "case_sensitive by reverse", filter_dictsort },
    { "min", "case_sensitive attribute", filter_min },
    { "max", "case_sensitive attribute", filter_max },
    { "unique", "case_sensitive attribute", filter_unique },
    { NULL, NULL, NULL },
};

/* Each element through another filter or test
 * ------------------------------------------------------- */

static struct jinja_arguments without_first(struct jinja_arguments arguments)
{
    if (arguments.count > 0) {
        arguments.values++;
        arguments.count--;
    }
    return arguments;
}

static bool first_name(struct jinja_arguments arguments, struct slice *name)
{
    if (arguments.count == 0 || arguments.values[0].kind != JINJA_KIND_STRING)
        return false;
    *name = jinja_text_slice(arguments.values[0].text);
    return true;
}

/* map(attribute="a", default=b), or map("filter", ...). */
static struct jinja_value map_one(struct jinja_run *run, struct jinja_value item,
                                  struct jinja_arguments arguments)
{
    struct jinja_value bound[JINJA_PARAMETERS_MAX];
    struct slice name;

    if (first_name(arguments, &name))
        return jinja_filter(run, name, item, without_first(arguments));
    if (!jinja_bind(run, "the filter \"map\"", "attribute default", arguments, bound))
        return jinja_undefined();
    item = attribute_of(run, item, bound[0]);
    return item.kind == JINJA_KIND_UNDEFINED && is_given(bound[1]) ? bound[1] : item;
}

/* The element, or its attribute that the first argument names, by the test that the next one names.
 */
static bool is_selected(struct jinja_run *run, struct jinja_value item,
                        struct jinja_arguments arguments, bool by_attribute)
{
    struct slice name;

    if (by_attribute) {
        if (arguments.count == 0) {
            jinja_fail(run, STATUS_FAILED_PRECONDITION, "an attribute is missing");
            return false;
        }
        item = attribute_of(run, item, arguments.values[0]);
        arguments = without_first(arguments);
    }
    if (jinja_has_failed(run))
        return false;
    if (!first_name(arguments, &name))
        return jinja_is_true(item);
    return jinja_is(run, name, item, without_first(arguments));
}

bool jinja_filter_each(struct jinja_run *run, struct slice name, struct jinja_value operand,
                       struct jinja_arguments arguments, struct jinja_value *result)
{
    bool is_map = slice_is(name, "map");
    bool by_attribute = slice_is(name, "selectattr") || slice_is(name, "rejectattr");
    bool is_reject = slice_is(name, "reject") || slice_is(name, "rejectattr");
    struct jinja_list *items;

    *result = jinja_undefined();
    if (!is_map && !by_attribute && !is_reject && !slice_is(name, "select"))
        return false;
    *result = jinja_make_list(run);
    result->is_lazy = true;
    items = jinja_is_true(operand) ? jinja_iterate(run, operand) : NULL;
    for (size_t i = 0; items != NULL && i < items->count && jinja_step(run, 0); i++) {
        struct jinja_value item = items->items[i];

        if (is_map)
            jinja_add(run, *result, map_one(run, item, arguments));
        else if (is_selected(run, item, arguments, by_attribute) != is_reject)
            jinja_add(run, *result, item);
    }
    return true;
}
