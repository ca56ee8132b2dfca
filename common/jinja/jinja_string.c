/* Methods of strings. */
#include "jinja/jinja_method.h"

static bool is_absent(struct jinja_value value)
{
    return value.kind == JINJA_KIND_UNDEFINED || value.kind == JINJA_KIND_NONE;
}

/* {NULL, 0} where the argument was not given. False: it is no string, and the run has failed. */
static bool string_argument(struct jinja_run *run, struct jinja_value value, struct slice *bytes)
{
    *bytes = (struct slice){ 0 };
    if (is_absent(value))
        return true;
    if (value.kind != JINJA_KIND_STRING) {
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "a %s where a string should be",
                   jinja_kind_name(value));
        return false;
    }
    *bytes = jinja_text_slice(value.text);
    if (bytes->data == NULL)
        bytes->data = "";
    return true;
}

static bool count_argument(struct jinja_run *run, struct jinja_value value, int64_t *count)
{
    *count = -1;
    if (is_absent(value))
        return true;
    if (value.kind != JINJA_KIND_INT) {
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "a %s where a number should be",
                   jinja_kind_name(value));
        return false;
    }
    *count = value.integer;
    return true;
}

/* Strings
 * ----------------------------------------------------------------------------------------- */

static struct jinja_value strip(struct jinja_run *run, struct jinja_value self,
                                const struct jinja_value *bound, enum jinja_strip sides)
{
    struct slice characters;

    if (!jinja_step(run, self.text.size) || !string_argument(run, bound[0], &characters))
        return jinja_undefined();
    return jinja_string(jinja_text_strip(self.text, characters, sides));
}

static struct jinja_value string_strip(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    return strip(run, self, bound, JINJA_STRIP_BOTH);
}

static struct jinja_value string_lstrip(struct jinja_run *run, struct jinja_value self,
                                        const struct jinja_value *bound)
{
    return strip(run, self, bound, JINJA_STRIP_LEFT);
}

static struct jinja_value string_rstrip(struct jinja_run *run, struct jinja_value self,
                                        const struct jinja_value *bound)
{
    return strip(run, self, bound, JINJA_STRIP_RIGHT);
}

/* At white space: runs of it count once, and none is left at the ends. */
static struct jinja_value split_space(struct jinja_run *run, struct jinja_text text,
                                      int64_t count_max)
{
    struct jinja_value list = jinja_make_list(run);

    text = jinja_text_strip(text, (struct slice){ 0 }, JINJA_STRIP_LEFT);
    while (text.size > 0 && jinja_step(run, 0)) {
        size_t end = 0;

        if (count_max >= 0 && (int64_t)list.list->count == count_max)
            end = jinja_text_strip(text, (struct slice){ 0 }, JINJA_STRIP_RIGHT).size;
        while (end < text.size) {
            struct jinja_text rest = jinja_text_cut(text, end, text.size);

            if (jinja_text_strip(rest, (struct slice){ 0 }, JINJA_STRIP_LEFT).size < rest.size)
                break;
            end += jinja_text_offset(rest, 1);
        }
        jinja_add(run, list, jinja_string(jinja_text_cut(text, 0, end)));
        text = jinja_text_strip(jinja_text_cut(text, end, text.size), (struct slice){ 0 },
                                JINJA_STRIP_LEFT);
    }
    return list;
}

static struct jinja_value reversed(struct jinja_run *run, struct jinja_value list)
{
    struct jinja_value turned = jinja_make_list(run);

    for (size_t i = list.list->count; i-- > 0;)
        jinja_add(run, turned, list.list->items[i]);
    return turned;
}

/* At @separator, @count_max times at most, from the front, or from the end. */
static struct jinja_value split_at(struct jinja_run *run, struct jinja_text text,
                                   struct slice separator, int64_t count_max, bool is_from_end)
{
    struct jinja_value list = jinja_make_list(run);

    while ((count_max < 0 || (int64_t)list.list->count < count_max) && jinja_step(run, 0)) {
        size_t at = is_from_end ? jinja_text_find_last(text, separator, text.size)
                                : jinja_text_find(text, separator, 0);
        struct jinja_text before, after;

        if (at == SIZE_MAX)
            break;
        before = jinja_text_cut(text, 0, at);
        after = jinja_text_cut(text, at + separator.size, text.size);
        jinja_add(run, list, jinja_string(is_from_end ? after : before));
        text = is_from_end ? before : after;
    }
    jinja_add(run, list, jinja_string(text));
    return is_from_end ? reversed(run, list) : list;
}

/* rsplit without a separator is not in use. */
static struct jinja_value split(struct jinja_run *run, struct jinja_text text,
                                const struct jinja_value *bound, bool is_from_end)
{
    struct slice separator;
    int64_t count_max;

    if (!jinja_step(run, text.size) || !string_argument(run, bound[0], &separator)
        || !count_argument(run, bound[1], &count_max))
        return jinja_undefined();
    if (separator.data == NULL && is_from_end)
        return jinja_fail(run, STATUS_UNIMPLEMENTED, "rsplit without a separator");
    if (separator.data == NULL)
        return split_space(run, text, count_max);
    if (separator.size == 0)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "split at an empty string");
    return split_at(run, text, separator, count_max, is_from_end);
}

static struct jinja_value string_split(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    return split(run, self.text, bound, false);
}

static struct jinja_value string_rsplit(struct jinja_run *run, struct jinja_value self,
                                        const struct jinja_value *bound)
{
    return split(run, self.text, bound, true);
}

/* One of them, or any of a tuple. */
static bool has_affix(struct jinja_run *run, struct jinja_text text, struct jinja_value affix,
                      bool (*has)(struct slice, struct slice))
{
    struct slice bytes;

    if (affix.kind == JINJA_KIND_LIST && affix.is_tuple) {
        for (size_t i = 0; i < affix.list->count; i++)
            if (affix.list->items[i].kind == JINJA_KIND_STRING
                && has(jinja_text_slice(text), jinja_text_slice(affix.list->items[i].text)))
                return true;
        return false;
    }
    if (affix.kind != JINJA_KIND_STRING)
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "a %s where a string should be",
                   jinja_kind_name(affix));
    return string_argument(run, affix, &bytes) && has(jinja_text_slice(text), bytes);
}

static struct jinja_value string_startswith(struct jinja_run *run, struct jinja_value self,
                                            const struct jinja_value *bound)
{
    return jinja_bool(has_affix(run, self.text, bound[0], slice_starts_with));
}

static struct jinja_value string_endswith(struct jinja_run *run, struct jinja_value self,
                                          const struct jinja_value *bound)
{
    return jinja_bool(has_affix(run, self.text, bound[0], slice_ends_with));
}

static struct jinja_value string_removeprefix(struct jinja_run *run, struct jinja_value self,
                                              const struct jinja_value *bound)
{
    struct slice affix;

    if (string_argument(run, bound[0], &affix)
        && slice_starts_with(jinja_text_slice(self.text), affix))
        self.text = jinja_text_cut(self.text, affix.size, self.text.size);
    return self;
}

static struct jinja_value string_removesuffix(struct jinja_run *run, struct jinja_value self,
                                              const struct jinja_value *bound)
{
    struct slice affix;

    if (string_argument(run, bound[0], &affix)
        && slice_ends_with(jinja_text_slice(self.text), affix))
        self.text = jinja_text_cut(self.text, 0, self.text.size - affix.size);
    return self;
}

struct jinja_value jinja_replace(struct jinja_run *run, struct jinja_text text,
                                 struct jinja_text from, struct jinja_text to, int64_t count_max)
{
    struct jinja_builder builder;
    size_t at;

    jinja_builder_init(&builder, run->arena);
    for (int64_t i = 0; (count_max < 0 || i < count_max) && jinja_step(run, from.size + to.size);
         i++) {
        at = jinja_text_find(text, jinja_text_slice(from), 0);
        if (at == SIZE_MAX)
            break;
        jinja_builder_put(&builder, jinja_text_cut(text, 0, at));
        jinja_builder_put(&builder, to);
        if (from.size == 0) { /* before each character, and at the end */
            if (text.size == 0)
                break;
            at = jinja_text_offset(text, 1);
            jinja_builder_put(&builder, jinja_text_cut(text, 0, at));
        }
        text = jinja_text_cut(text, at + from.size, text.size);
    }
    jinja_step(run, text.size);
    jinja_builder_put(&builder, text);
    return jinja_make_text(run, &builder);
}

static struct jinja_value string_replace(struct jinja_run *run, struct jinja_value self,
                                         const struct jinja_value *bound)
{
    int64_t count_max;

    if (bound[0].kind != JINJA_KIND_STRING || bound[1].kind != JINJA_KIND_STRING)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "replace of what is no string");
    if (!count_argument(run, bound[2], &count_max))
        return jinja_undefined();
    return jinja_replace(run, self.text, bound[0].text, bound[1].text, count_max);
}

struct jinja_value jinja_change_case(struct jinja_run *run, struct jinja_text text,
                                     enum jinja_case wanted)
{
    struct jinja_builder builder;

    if (!jinja_step(run, text.size * 4))
        return jinja_undefined();
    jinja_builder_init(&builder, run->arena);
    jinja_builder_put_case(&builder, text, wanted);
    return jinja_make_text(run, &builder);
}

static struct jinja_value string_upper(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, self.text, JINJA_CASE_UPPER);
}

static struct jinja_value string_lower(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, self.text, JINJA_CASE_LOWER);
}

static struct jinja_value string_capitalize(struct jinja_run *run, struct jinja_value self,
                                            const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, self.text, JINJA_CASE_CAPITAL);
}

static struct jinja_value string_title(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    (void)bound;
    return jinja_change_case(run, self.text, JINJA_CASE_TITLE);
}

/* Code points before byte @at; -1 for none. */
static struct jinja_value position(struct jinja_text text, size_t at)
{
    if (at == SIZE_MAX)
        return jinja_int(-1);
    return jinja_int((int64_t)jinja_text_length(jinja_text_cut(text, 0, at)));
}

static struct jinja_value string_find(struct jinja_run *run, struct jinja_value self,
                                      const struct jinja_value *bound)
{
    struct slice needle;

    if (!jinja_step(run, self.text.size) || !string_argument(run, bound[0], &needle))
        return jinja_undefined();
    return position(self.text, jinja_text_find(self.text, needle, 0));
}

static struct jinja_value string_rfind(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    struct slice needle;

    if (!jinja_step(run, self.text.size) || !string_argument(run, bound[0], &needle))
        return jinja_undefined();
    return position(self.text, jinja_text_find_last(self.text, needle, self.text.size));
}

static struct jinja_value string_count(struct jinja_run *run, struct jinja_value self,
                                       const struct jinja_value *bound)
{
    struct slice needle;
    int64_t count = 0;
    size_t at = 0;

    if (!jinja_step(run, self.text.size) || !string_argument(run, bound[0], &needle))
        return jinja_undefined();
    if (needle.size == 0)
        return jinja_int((int64_t)jinja_text_length(self.text) + 1);
    for (; (at = jinja_text_find(self.text, needle, at)) != SIZE_MAX; at += needle.size)
        count++;
    return jinja_int(count);
}

static struct jinja_value all_ascii(struct jinja_text text, char low, char high)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < low || text.data[i] > high)
            return jinja_bool(false);
    return jinja_bool(text.size > 0);
}

static struct jinja_value string_isdigit(struct jinja_run *run, struct jinja_value self,
                                         const struct jinja_value *bound)
{
    (void)bound;
    (void)run;
    return all_ascii(self.text, '0', '9');
}

static struct jinja_value string_isspace(struct jinja_run *run, struct jinja_value self,
                                         const struct jinja_value *bound)
{
    (void)bound;
    jinja_step(run, self.text.size);
    return jinja_bool(self.text.size > 0
                      && jinja_text_strip(self.text, (struct slice){ 0 }, JINJA_STRIP_LEFT).size
                             == 0);
}

static struct jinja_value string_join(struct jinja_run *run, struct jinja_value self,
                                      const struct jinja_value *bound)
{
    struct jinja_list *items = jinja_iterate(run, bound[0]);
    struct jinja_builder builder;

    jinja_builder_init(&builder, run->arena);
    for (size_t i = 0; items != NULL && i < items->count; i++) {
        if (items->items[i].kind != JINJA_KIND_STRING)
            return jinja_fail(run, STATUS_FAILED_PRECONDITION, "join of a %s",
                              jinja_kind_name(items->items[i]));
        if (i > 0)
            jinja_builder_put(&builder, self.text);
        jinja_step(run, items->items[i].text.size);
        jinja_builder_put(&builder, items->items[i].text);
    }
    return jinja_make_text(run, &builder);
}

/* How many bytes the line end at the front of @text has; 0: none is there. Python's splitlines
 * knows ten. */
static size_t line_end(struct jinja_text text)
{
    static const char *const ends[] = { "\r\n",     "\n",           "\r",          "\v",
                                        "\f",       "\x1c",         "\x1d",        "\x1e",
                                        "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9" };

    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (slice_starts_with(jinja_text_slice(text), slice_from(ends[i])))
            return strlen(ends[i]);
    return 0;
}

struct jinja_value jinja_split_lines(struct jinja_run *run, struct jinja_text text)
{
    struct jinja_value list = jinja_make_list(run);
    size_t start = 0, size;

    jinja_step(run, text.size * 8);
    for (size_t at = 0; at < text.size && !jinja_has_failed(run);) {
        size = line_end(jinja_text_cut(text, at, text.size));
        if (size > 0) {
            jinja_add(run, list, jinja_string(jinja_text_cut(text, start, at)));
            start = at + size;
        }
        at += size > 0 ? size : 1;
    }
    if (start < text.size)
        jinja_add(run, list, jinja_string(jinja_text_cut(text, start, text.size)));
    return list;
}

static struct jinja_value string_splitlines(struct jinja_run *run, struct jinja_value self,
                                            const struct jinja_value *bound)
{
    (void)bound;
    return jinja_split_lines(run, self.text);
}

/* The argument that a field names: "", "0" or "name". */
static struct jinja_value format_argument(struct jinja_run *run, struct slice field,
                                          struct jinja_arguments arguments, size_t *index)
{
    if (field.size == 0 && *index < arguments.count)
        return arguments.values[(*index)++];
    if (field.size == 1 && field.data[0] >= '0' && (size_t)(field.data[0] - '0') < arguments.count)
        return arguments.values[field.data[0] - '0'];
    for (size_t i = 0; i < arguments.named_count; i++)
        if (slice_equal(arguments.named[i].name, field))
            return arguments.named[i].value;
    return jinja_fail(run, STATUS_UNIMPLEMENTED, "format with such a field is not supported");
}

struct jinja_value jinja_format(struct jinja_run *run, struct jinja_text text,
                                struct jinja_arguments arguments)
{
    struct jinja_builder builder;
    size_t index = 0, end;

    jinja_builder_init(&builder, run->arena);
    for (size_t at = 0; at < text.size && jinja_step(run, 1); at = end) {
        char c = text.data[at];
        struct jinja_text rest = jinja_text_cut(text, at, text.size);

        end = at + 1;
        if (c != '{' && c != '}') {
            jinja_builder_put(&builder, jinja_text_cut(text, at, end));
        } else if (end < text.size && text.data[end] == c) {
            jinja_builder_put(&builder, jinja_text_cut(text, at, end++));
        } else {
            end = jinja_text_find(rest, SLICE("}"), 0);
            if (c == '}' || end == SIZE_MAX)
                return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a format with a lone brace");
            jinja_builder_put(
                &builder,
                jinja_text_from(run, format_argument(run, slice_cut(jinja_text_slice(rest), 1, end),
                                                     arguments, &index)));
            end += at + 1;
        }
    }
    return jinja_make_text(run, &builder);
}

const struct jinja_method_row jinja_string_methods[] = {
    { "strip", "chars", string_strip },
    { "lstrip", "chars", string_lstrip },
    { "rstrip", "chars", string_rstrip },
    { "split", "sep maxsplit", string_split },
    { "rsplit", "sep maxsplit", string_rsplit },
    { "splitlines", "", string_splitlines },
    { "startswith", "prefix", string_startswith },
    { "endswith", "suffix", string_endswith },
    { "removeprefix", "prefix", string_removeprefix },
    { "removesuffix", "suffix", string_removesuffix },
    { "replace", "old new count", string_replace },
    { "upper", "", string_upper },
    { "lower", "", string_lower },
    { "capitalize", "", string_capitalize },
    { "title", "", string_title },
    { "find", "sub", string_find },
    { "rfind", "sub", string_rfind },
    { "count", "sub", string_count },
    { "isdigit", "", string_isdigit },
    { "isspace", "", string_isspace },
    { "join", "iterable", string_join },
    { "casefold", "", NULL },
    { "center", "", NULL },
    { "encode", "", NULL },
    { "expandtabs", "", NULL },
    { "format", "", NULL },
    { "format_map", "", NULL },
    { "index", "", NULL },
    { "isalnum", "", NULL },
    { "isalpha", "", NULL },
    { "isascii", "", NULL },
    { "isdecimal", "", NULL },
    { "isidentifier", "", NULL },
    { "islower", "", NULL },
    { "isnumeric", "", NULL },
    { "isprintable", "", NULL },
    { "istitle", "", NULL },
    { "isupper", "", NULL },
    { "ljust", "", NULL },
    { "maketrans", "", NULL },
    { "partition", "", NULL },
    { "rindex", "", NULL },
    { "rjust", "", NULL },
    { "rpartition", "", NULL },
    { "swapcase", "", NULL },
    { "translate", "", NULL },
    { "zfill", "", NULL },
    { NULL, NULL, NULL },
};
