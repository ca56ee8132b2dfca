/* De-identification of FHIR, at once, in a stream and by a site's rules.
 *
 * What must hold for every input that is taken: the output is JSON; the known patient is nowhere in
 * it, in no string, name, number or attachment; the key holder gets back what was given (limited):
 * all of it where every resource has an id, else nothing else than it. What is refused says nothing
 * of its text.
 *
 * The first byte of the input picks the profile (1), rules (2), a known patient (8), whose name is
 * then the first line, a stream in small pieces (16), lines (32) and the style (64, 128). A stream
 * of an even size is read twice. */
#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "deid_fhir.h"
#include "deid_fhir_restore.h"
#include "deid_stream.h"
#include "fhir/json.h"
#include "fuzz_deid_work.h"
#include "fuzz_target.h"

#define RULES 2
#define LINES 32

/* Each method once. None keeps anything: what the rules leave goes through the profile. */
static const char rules_json[] =
    "{\"fhirVersion\":\"R4\",\"fhirPathRules\":["
    "{\"path\":\"nodesByType('HumanName').family\",\"method\":\"cryptoHash\"},"
    "{\"path\":\"nodesByType('Annotation')\",\"method\":\"redact\"},"
    "{\"path\":\"Patient.birthDate\",\"method\":\"dateShift\"},"
    "{\"path\":\"Resource.id\",\"method\":\"cryptoHash\"},"
    "{\"path\":\"nodesByType('Reference').reference\",\"method\":\"cryptoHash\"},"
    "{\"path\":\"nodesByType('Identifier').value\",\"method\":\"encrypt\"},"
    "{\"path\":\"Patient.address\",\"method\":\"substitute\",\"replaceWith\":{\"city\":\"X\"}},"
    "{\"path\":\"nodesByType('decimal')\",\"method\":\"perturb\",\"span\":1,\"roundTo\":1},"
    "{\"path\":\"Observation.status\",\"method\":\"generalize\",\"cases\":{\"$this='final'\":"
    "\"'done'\"},\"otherValues\":\"redact\"},"
    "{\"path\":\"Condition.code\",\"method\":\"profile\"}],"
    "\"parameters\":{\"dateShiftKey\":\"a\",\"cryptoHashKey\":\"b\",\"encryptKey\":"
    "\"0123456789abcdef\",\"dateShiftScope\":\"patient\"}}";

static const struct deid_policy *rules_policy(void)
{
    static struct deid_policy policy;
    static struct deid_rule_set rules;
    static struct arena arena;

    if (policy.fhir_rules == NULL) {
        struct error err = { 0 };

        arena_init(&arena, 16 * MIB);
        CHECK(deid_policy_parse(SLICE("{}"), &arena, &policy, &err) == STATUS_OK);
        CHECK(deid_rule_set_parse(slice_from(rules_json), &arena, &rules, &err) == STATUS_OK);
        policy.fhir_rules = &rules;
    }
    return &policy;
}

/* ---- nothing of the patient ---- */

static void check_attachment(const struct fuzz_work *work, struct slice text)
{
    unsigned char *bytes = arena_alloc((struct arena *)&work->arena, text.size + 1);
    size_t size;

    CHECK(bytes != NULL);
    if (sodium_base642bin(bytes, text.size, text.data, text.size, " \r\n\t", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL)
        == 0)
        fuzz_work_check_gone(work, slice_of(bytes, size));
}

static void check_gone(const struct fuzz_work *work, const struct json *node)
{
    fuzz_work_check_gone(work, node->key);
    fuzz_work_check_gone(work, node->text);
    if (slice_is(node->key, "data"))
        check_attachment(work, node->text);
    for (const struct json *child = node->first; child != NULL; child = child->next)
        check_gone(work, child);
}

/* ---- the way back ---- */

static bool is_back(const struct json *after, const struct json *before, bool may_lose);

/* Each of @after, in order, is one of @before, and all of them are there but where @may_lose. */
static bool are_back(const struct json *after, const struct json *before, bool may_lose)
{
    for (; after != NULL; after = after->next, before = before->next) {
        while (may_lose && before != NULL
               && (!slice_equal(after->key, before->key) || !is_back(after, before, true)))
            before = before->next;
        if (before == NULL || !slice_equal(after->key, before->key)
            || !is_back(after, before, may_lose))
            return false;
    }
    return before == NULL || may_lose;
}

/* @after is @before, but for what was taken out of a resource without an id. An entry's resource
 * is asked for itself, any other for the one that it stands in as well. */
static bool is_back(const struct json *after, const struct json *before, bool may_lose)
{
    if (after->kind != before->kind)
        return false;
    if (json_get_string(before, "resourceType").size > 0)
        may_lose = json_get_string(before, "id").size == 0
                   || (may_lose && !slice_is(before->key, "resource"));
    if (after->kind == JSON_KIND_OBJECT || after->kind == JSON_KIND_ARRAY)
        return are_back(after->first, before->first, may_lose);
    return slice_equal(after->text, before->text);
}

/* The resources of a document that are not contained in another one. */
struct names {
    struct arena *arena;
    struct name {
        struct slice type, id, version;
        struct name *next;
    } * first;
    bool has_twins; /* two of one name */
};

static void names_add(struct names *names, struct name added)
{
    struct name *name = ARENA_NEW(names->arena, struct name);

    CHECK(name != NULL);
    for (const struct name *other = names->first; other != NULL; other = other->next)
        names->has_twins |= slice_equal(other->type, added.type) && slice_equal(other->id, added.id)
                            && slice_equal(other->version, added.version) && added.id.size > 0;
    *name = added;
    name->next = names->first;
    names->first = name;
}

static void names_read(struct names *names, const struct json *node)
{
    struct slice type = json_get_string(node, "resourceType");

    if (type.size > 0)
        names_add(names,
                  (struct name){ type, json_get_string(node, "id"),
                                 json_get_string(json_get(node, "meta"), "versionId"), NULL });
    for (const struct json *child = node->first; child != NULL; child = child->next)
        if (!slice_is(child->key, "contained"))
            names_read(names, child);
}

/* What was taken out of a resource is found again by its name. */
static void check_back(struct fuzz_work *work, const struct json *before, struct slice output)
{
    struct names names = { .arena = &work->arena };
    struct slice restored;
    struct json *after;

    names_read(&names, before);
    if (names.has_twins)
        return;
    CHECK(deid_fhir_restore(&work->map, output, &work->arena, &restored, NULL) == STATUS_OK);
    CHECK(json_parse(restored, &work->arena, &after, NULL) == STATUS_OK);
    if (work->map.profile != DEID_PROFILE_LIMITED || work->map.style == DEID_STYLE_MASKS)
        return;
    CHECK(is_back(after, before, false));
}

/* One resource or Bundle and what became of it. */
static void check_one(struct fuzz_work *work, struct slice input, struct slice output)
{
    struct json *before, *after;

    CHECK(json_parse(output, &work->arena, &after, NULL) == STATUS_OK);
    check_gone(work, after);
    CHECK(json_parse(input, &work->arena, &before, NULL) == STATUS_OK);
    if (!(work->flags & RULES))
        check_back(work, before, output);
}

/* ---- one call ---- */

static void check_fhir(struct fuzz_work *work, struct slice input)
{
    struct slice output, patient;
    struct error err = { 0 };

    work->redactor.policy = work->flags & RULES ? rules_policy() : NULL;
    work->redactor.keep_spans = input.size % 2 == 0; /* else it remembers what it has seen */
    if (deid_fhir_redact(&work->redactor, input, &output, &patient, &err) == STATUS_OK)
        check_one(work, input, output);
    else
        fuzz_work_check_error(&err);
}

/* ---- streams ---- */

static enum status take_output(void *data, struct slice output, struct error *err)
{
    (void)err;
    buffer_put(data, output);
    return STATUS_OK;
}

static enum status stream_run(struct deid_stream *stream, struct slice input, struct error *err)
{
    enum status status = STATUS_OK;

    if (input.size % 2 == 0) {
        status = fuzz_work_feed(stream, input, deid_stream_learn, err);
        if (status == STATUS_OK)
            status = deid_stream_learnt(stream, err);
    }
    if (status == STATUS_OK)
        status = fuzz_work_feed(stream, input, deid_stream_feed, err);
    return status == STATUS_OK ? deid_stream_finish(stream, err) : status;
}

static struct slice line_take(struct slice *text)
{
    size_t end = slice_find_byte(*text, '\n');
    struct slice line = slice_cut(*text, 0, end);

    *text = slice_cut(*text, end + 1, text->size);
    return line;
}

static bool is_blank(struct slice text)
{
    return slice_trim(text).size == 0;
}

/* Each line that is not blank became one. */
static void check_lines(struct fuzz_work *work, struct slice input, struct slice output)
{
    while (input.size > 0) {
        struct slice line = line_take(&input);

        if (!is_blank(line))
            check_one(work, line, line_take(&output));
    }
    CHECK(output.size == 0);
}

static void check_stream(struct fuzz_work *work, struct slice input)
{
    struct buffer output;
    struct deid_stream_options options = {
        .kind = work->flags & LINES ? DEID_STREAM_NDJSON : DEID_STREAM_FHIR,
        .policy = work->flags & RULES ? rules_policy() : NULL,
        .write = take_output,
        .data = &output,
        .piece_bytes_max = 1 * MIB,
    };
    struct error err = { 0 };
    struct deid_stream *stream =
        deid_stream_create(work->redactor.rules, &work->map, &options, &err);

    buffer_init(&output, &work->arena);
    CHECK(stream != NULL);
    if (stream_run(stream, input, &err) != STATUS_OK)
        fuzz_work_check_error(&err);
    else if (work->flags & LINES)
        check_lines(work, input, buffer_slice(&output));
    else
        check_one(work, input, buffer_slice(&output));
    deid_stream_destroy(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_work work;
    struct slice input;

    if (size == 0)
        return 0;
    fuzz_work_open(&work, data[0]);
    input = fuzz_work_learn(&work, slice_of(data + 1, size - 1));
    if (work.flags & FUZZ_STREAM)
        check_stream(&work, input);
    else
        check_fhir(&work, input);
    fuzz_work_close(&work);
    return 0;
}
