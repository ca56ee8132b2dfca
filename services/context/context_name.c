#include "context_name.h"

#include <sys/random.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "context_code.h"
#include "context_fact.h"
#include "fhir/fhir_code.h"

/* Codes of one concept that are kept; the last may be longer by a code. */
#define CODES_BYTES_MAX 160
#define CODE_BYTES_MAX 40

bool names_init(struct names *names, struct arena *arena, struct arena *work)
{
    *names = (struct names){ .arena = arena, .work = work };
    buffer_init(&names->scratch, work);
    /* Texts come from outside: nobody shall be able to choose those that share a slot. */
    if (getrandom(&names->seed, sizeof(names->seed), 0) != (ssize_t)sizeof(names->seed))
        names->seed = (uint64_t)(uintptr_t)names;
    names->slots = arena_alloc_zero(work, NAME_SLOTS, sizeof(names->slots[0]));
    return names->slots != NULL && buffer_reserve(&names->scratch, 4096) != NULL;
}

static struct buffer *begin(struct names *names)
{
    names->scratch.size = 0;
    return &names->scratch;
}

static struct slice end(struct names *names, size_t bytes_max)
{
    struct slice text = buffer_slice(&names->scratch);

    if (text.size > bytes_max)
        text = slice_cut(text, 0, utf8_whole_prefix(slice_cut(text, 0, bytes_max)));
    if (text.size == 0)
        return (struct slice){ NULL, 0 };
    text = arena_copy(names->arena, text);
    names->is_full |= text.data == NULL || names->scratch.is_full;
    return text;
}

/* ---- a concept ---- */

static void put_code(struct buffer *buffer, const struct json *coding, bool is_known)
{
    struct slice code = json_get_string(coding, "code");
    enum code_system system = code_system_of(json_get_string(coding, "system"));

    if (code.size == 0 || code.size > CODE_BYTES_MAX || is_known != (system != CODE_SYSTEM_OTHER)
        || memchr(code.data, ' ', code.size) != NULL || buffer->size > CODES_BYTES_MAX)
        return;
    if (buffer->size > 0)
        buffer_put_byte(buffer, ' ');
    buffer_put_byte(buffer, (char)('a' + system));
    buffer_put(buffer, code);
}

static void put_codes(struct buffer *buffer, const struct json *concept, bool is_known)
{
    const struct json *coding = json_first(json_get(concept, "coding"));

    if (coding == NULL)
        put_code(buffer, concept, is_known);
    for (; coding != NULL; coding = coding->next)
        put_code(buffer, coding, is_known);
}

/* Those of systems that we know come first. */
static struct slice codes_of(struct names *names, const struct json *concept)
{
    struct buffer *buffer = begin(names);

    put_codes(buffer, concept, true);
    put_codes(buffer, concept, false);
    return end(names, CODES_BYTES_MAX + CODE_BYTES_MAX + 2);
}

static struct slice label_of_code(struct names *names, struct slice letter_and_code,
                                  struct slice words)
{
    enum code_system system = (enum code_system)(letter_and_code.data[0] - 'a');
    struct slice code = slice_cut(letter_and_code, 1, letter_and_code.size);
    struct buffer *buffer = begin(names);

    if (words.size > 0)
        buffer_format(buffer, "%.*s (", SLICE_FORMAT(words));
    buffer_format(buffer, "%s %.*s%s", code_system_name(system), SLICE_FORMAT(code),
                  words.size > 0 ? ")" : "");
    return end(names, FACT_LABEL_BYTES_MAX);
}

/* What our tables say of the first code that they know; else the first code with its system's name.
 */
static void name_by_codes(struct names *names, struct name *name)
{
    struct slice left = name->codes;

    while (left.size > 0) {
        size_t blank = slice_find_byte(left, ' ');
        struct slice code = slice_cut(left, 0, blank);
        struct slice words =
            code_name((enum code_system)(code.data[0] - 'a'), slice_cut(code, 1, code.size));

        if (words.size > 0) {
            name->label = label_of_code(names, code, words);
            return;
        }
        left = slice_cut(left, blank + 1, left.size);
    }
    left = name->codes;
    name->is_code = true;
    name->label = label_of_code(names, slice_cut(left, 0, slice_find_byte(left, ' ')),
                                (struct slice){ NULL, 0 });
}

static struct name make_name(struct names *names, const struct json *concept)
{
    struct name name = { .codes = codes_of(names, concept) };

    if (name.codes.size > 0 && name.codes.data[0] != 'a' + CODE_SYSTEM_OTHER
        && !fhir_code_has_words(concept)) {
        name_by_codes(names, &name);
        return name;
    }
    fhir_label_put(begin(names), fhir_code_text(concept));
    name.label = end(names, FACT_LABEL_BYTES_MAX);
    return name;
}

/* ---- the cache ---- */

struct raw {
    char text[RAW_BYTES_MAX];
    size_t size;
};

static bool put_raw(struct raw *raw, struct slice text)
{
    if (raw->size + text.size + 1 > sizeof(raw->text))
        return false;
    if (text.size > 0)
        memcpy(raw->text + raw->size, text.data, text.size);
    raw->size += text.size;
    raw->text[raw->size++] = '\x1f';
    return true;
}

static bool put_raw_coding(struct raw *raw, const struct json *coding)
{
    const struct json *chosen = json_get(coding, "userSelected");

    return put_raw(raw, json_get_string(coding, "system"))
           && put_raw(raw, json_get_string(coding, "code"))
           && put_raw(raw, json_get_string(coding, "display"))
           && put_raw(raw,
                      chosen != NULL && chosen->kind == JSON_KIND_TRUE ? SLICE("!") : SLICE(""));
}

/* All that a name is made from. */
static bool put_raw_concept(struct raw *raw, const struct json *concept)
{
    const struct json *coding = json_first(json_get(concept, "coding"));
    bool fits = put_raw(raw, json_get_string(concept, "text")) && put_raw_coding(raw, concept);

    for (; coding != NULL && fits; coding = coding->next)
        fits = put_raw_coding(raw, coding);
    return fits;
}

static size_t find_slot(const struct names *names, uint64_t hash, struct slice raw)
{
    size_t at = hash & (NAME_SLOTS - 1);

    for (unsigned tries = 0; tries < 8; tries++, at = (at + 1) & (NAME_SLOTS - 1))
        if (names->slots[at].hash == 0
            || (names->slots[at].hash == hash && slice_equal(names->slots[at].raw, raw)))
            return at;
    return hash & (NAME_SLOTS - 1);
}

static bool is_there(const struct names *names, size_t at, uint64_t hash, struct slice raw)
{
    return names->slots[at].hash == hash && slice_equal(names->slots[at].raw, raw);
}

static void keep(struct names *names, size_t at, uint64_t hash, struct slice raw,
                 const struct name *name)
{
    raw = arena_copy(names->work, raw);
    names->is_full |= raw.data == NULL;
    names->slots[at].hash = raw.data == NULL ? 0 : hash;
    names->slots[at].raw = raw;
    names->slots[at].name = *name;
}

struct name names_of(struct names *names, const struct json *concept)
{
    struct raw raw;
    struct slice key;
    struct name name;
    uint64_t hash;
    size_t at;

    if (concept == NULL)
        return (struct name){ 0 };
    raw.size = 0;
    if (!put_raw_concept(&raw, concept))
        return make_name(names, concept);
    key = slice_of(raw.text, raw.size);
    hash = hash_bytes(key, names->seed) | 1;
    at = find_slot(names, hash, key);
    if (is_there(names, at, hash, key))
        return names->slots[at].name;
    name = make_name(names, concept);
    keep(names, at, hash, key, &name);
    return name;
}

struct slice names_text(struct names *names, struct slice text, size_t bytes_max)
{
    uint64_t hash = hash_bytes(text, names->seed ^ bytes_max) | 1;
    struct name name = { 0 };
    size_t at;

    if (text.size == 0)
        return text;
    if (text.size <= RAW_BYTES_MAX) {
        at = find_slot(names, hash, text);
        if (is_there(names, at, hash, text))
            return names->slots[at].name.label;
    }
    fhir_label_put(begin(names), text);
    name.label = end(names, bytes_max);
    if (text.size <= RAW_BYTES_MAX)
        keep(names, at, hash, text, &name);
    return name.label;
}

struct slice names_raw(struct names *names, struct slice text, size_t bytes_max)
{
    static const char purpose[] = "raw";
    struct slice made;

    if (text.size == 0 || text.size > bytes_max)
        return (struct slice){ NULL, 0 };
    return names_find(names, text, purpose, &made) ? made : names_keep(names, text, purpose, text);
}

static uint64_t hash_for(const struct names *names, struct slice key, const char *purpose)
{
    return hash_bytes(key, names->seed ^ (uint64_t)(uintptr_t)purpose) | 1;
}

bool names_find(struct names *names, struct slice key, const char *purpose, struct slice *made)
{
    uint64_t hash = hash_for(names, key, purpose);
    size_t at = find_slot(names, hash, key);

    if (!is_there(names, at, hash, key))
        return false;
    *made = names->slots[at].name.label;
    return true;
}

struct slice names_keep(struct names *names, struct slice key, const char *purpose,
                        struct slice made)
{
    uint64_t hash = hash_for(names, key, purpose);
    struct name name = { .label = arena_copy(names->arena, made) };

    names->is_full |= name.label.data == NULL;
    keep(names, find_slot(names, hash, key), hash, key, &name);
    return name.label;
}
