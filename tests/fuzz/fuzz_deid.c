/* De-identification: of a text, of markup, of FHIR, with and without a patient who is known.
 *
 * What must hold for every input that is taken: spans in order, disjoint, inside, at the ends of
 * characters; the output is the input with each span's surrogate in its place and nothing else
 * changed, and no surrogate is what stood there; the known patient is nowhere in it; what is put
 * out is UTF-8 (and JSON); the key holder gets back what was given, and of FHIR nothing but what
 * was removed is missing. What is refused says nothing of its text.
 *
 * The first byte of the input picks the profile (1), markup (2), FHIR (4), a known patient (8),
 * whose name is then the first line, and a stream in small pieces (16) instead of one call. */
#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "deid_fhir.h"
#include "deid_fhir_learn.h"
#include "deid_fhir_restore.h"
#include "deid_redact.h"
#include "deid_restore.h"
#include "deid_stream.h"
#include "fuzz_target.h"

#define SAFE_HARBOR 1
#define MARKUP 2
#define FHIR 4
#define KNOWN 8
#define STREAM 16

/* A name that no list has, of the patient who is known in every run with KNOWN; and a word that no
 * error may hold. */
#define CANARY "Zxqvodal"

/* The map's shift and numbers are the same for the same input, so that a find can be replayed. */
static uint32_t seed;

static const char *fixed_name(void)
{
    return "fixed";
}

static uint32_t fixed_random(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed ^ seed >> 16;
}

static void fixed_fill(void *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)out)[i] = (unsigned char)fixed_random();
}

static struct randombytes_implementation fixed = { .implementation_name = fixed_name,
                                                   .random = fixed_random,
                                                   .buf = fixed_fill };

static const struct deid_rules *rules_once(void)
{
    static struct deid_rules rules;
    static bool is_ready;

    if (!is_ready) {
        CHECK(randombytes_set_implementation(&fixed) == 0 && sodium_init() >= 0);
        CHECK(deid_rules_init(&rules, NULL) == STATUS_OK);
        is_ready = true;
    }
    return &rules;
}

static void check_error(const struct error *err)
{
    CHECK(err->text[0] != '\0');
    CHECK(strcasestr(err->text, CANARY) == NULL);
}

/* ---- text ---- */

static bool is_boundary(struct slice text, size_t at)
{
    return at == text.size || ((unsigned char)text.data[at] & 0xc0) != 0x80;
}

/* What was found, oldest first. */
static unsigned found_list(const struct deid_redactor *redactor, const struct deid_found ***list)
{
    const struct deid_found *found;
    unsigned count = 0;

    for (found = redactor->found; found != NULL; found = found->next)
        count++;
    *list = ARENA_ARRAY(redactor->arena, const struct deid_found *, count);
    CHECK(*list != NULL);
    for (found = redactor->found; found != NULL; found = found->next)
        (*list)[--count] = found;
    for (found = redactor->found; found != NULL; found = found->next)
        count++;
    return count;
}

/* @output is @text with the surrogates of what was found. */
static void check_found(const struct deid_redactor *redactor, struct slice text,
                        struct slice output)
{
    const struct deid_found **list;
    unsigned i, count = found_list(redactor, &list);
    struct buffer built;
    uint32_t at = 0;

    buffer_init(&built, redactor->arena);
    for (i = 0; i < count; i++) {
        const struct deid_span *span = &list[i]->span;
        struct slice original = slice_cut(text, span->start, span->end);

        CHECK(span->start >= at && span->start < span->end && span->end <= text.size);
        CHECK(span->class > DEID_CLASS_NONE && span->class < DEID_CLASS_COUNT);
        CHECK(span->score > 0 && span->score <= 1);
        CHECK(is_boundary(text, span->start) && is_boundary(text, span->end));
        CHECK(!slice_equal(original, list[i]->surrogate));
        buffer_put(&built, slice_cut(text, at, span->start));
        buffer_put(&built, list[i]->surrogate);
        at = span->end;
    }
    buffer_put(&built, slice_cut(text, at, text.size));
    CHECK(!built.is_full && slice_equal(buffer_slice(&built), output));
}

/* The canary stands nowhere in @output as a word of its own. */
static void check_canary(struct slice output)
{
    const char *at = output.data, *end = output.data + output.size;

    while ((at = memmem(at, (size_t)(end - at), CANARY, sizeof(CANARY) - 1)) != NULL) {
        const char *after = at + sizeof(CANARY) - 1;
        bool is_begun = at > output.data && deid_is_word(at[-1]);
        bool is_going_on = after < end && deid_is_word(*after);

        CHECK(is_begun || is_going_on);
        at = after;
    }
}

static void check_text(struct deid_redactor *redactor, struct slice text, unsigned flags)
{
    struct slice output, restored;
    struct error err = { 0 };

    redactor->keep_spans = true;
    if (deid_redact_text(redactor, text, (flags & MARKUP) != 0, &output, &err) != STATUS_OK) {
        check_error(&err);
        CHECK(!utf8_is_valid(text) || err.status == STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    CHECK(utf8_is_valid(text) && utf8_is_valid(output));
    check_found(redactor, text, output);
    if (flags & KNOWN && !(flags & MARKUP))
        check_canary(output);
    CHECK(deid_restore_text(redactor->map, output, redactor->arena, &restored, NULL) == STATUS_OK);
    CHECK(utf8_is_valid(restored));
    if (redactor->map->profile == DEID_PROFILE_LIMITED)
        CHECK(slice_equal(restored, text));
}

/* ---- a known patient ---- */

/* The canary and @name, as a Patient resource has them. */
static void learn(struct deid_redactor *redactor, struct slice name)
{
    struct error err = { 0 };
    struct deid_fhir_learner learner = { .map = redactor->map,
                                         .arena = redactor->arena,
                                         .err = &err };
    struct buffer patient;
    struct json *root;

    buffer_init(&patient, redactor->arena);
    buffer_put_string(&patient, "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"" CANARY
                                "\"},{\"text\":");
    buffer_put_json(&patient, name);
    buffer_put_string(&patient, "}],\"identifier\":[{\"value\":");
    buffer_put_json(&patient, name);
    buffer_put_string(&patient, "}]}");
    CHECK(json_parse(buffer_slice(&patient), redactor->arena, &root, NULL) == STATUS_OK);
    CHECK(deid_fhir_learn(&learner, root) == STATUS_OK);
    CHECK(deid_redactor_learn(redactor, NULL) == STATUS_OK);
}

/* ---- FHIR ---- */

static bool is_part(const struct json *part, const struct json *whole);

/* Each of @part, in order, is one of @whole; what is removed is passed over. */
static bool are_parts(const struct json *part, const struct json *whole)
{
    for (; part != NULL; part = part->next, whole = whole->next) {
        while (whole != NULL && (!slice_equal(part->key, whole->key) || !is_part(part, whole)))
            whole = whole->next;
        if (whole == NULL)
            return false;
    }
    return true;
}

/* @part is @whole, or what is left of it. */
static bool is_part(const struct json *part, const struct json *whole)
{
    if (part->kind != whole->kind)
        return false;
    if (part->kind == JSON_KIND_OBJECT || part->kind == JSON_KIND_ARRAY)
        return are_parts(part->first, whole->first);
    return slice_equal(part->text, whole->text);
}

static void check_fhir(struct deid_redactor *redactor, struct slice json)
{
    struct arena *arena = redactor->arena;
    struct slice output, patient, restored;
    struct json *before, *after, *redacted;
    struct error err = { 0 };

    if (deid_fhir_redact(redactor, json, &output, &patient, &err) != STATUS_OK) {
        check_error(&err);
        return;
    }
    CHECK(json_parse(output, arena, &redacted, NULL) == STATUS_OK);
    CHECK(deid_fhir_restore(redactor->map, output, arena, &restored, NULL) == STATUS_OK);
    CHECK(json_parse(restored, arena, &after, NULL) == STATUS_OK);
    CHECK(json_parse(json, arena, &before, NULL) == STATUS_OK);
    if (redactor->map->profile == DEID_PROFILE_LIMITED)
        CHECK(is_part(after, before));
}

/* ---- streams ---- */

/* What a stream has written, and the last place that it replaced. */
struct streamed {
    struct buffer output;
    uint64_t at, size;
};

static enum status take_output(void *data, struct slice output, struct error *err)
{
    struct streamed *streamed = data;

    (void)err;
    buffer_put(&streamed->output, output);
    return STATUS_OK;
}

static void take_span(void *data, const struct deid_stream_span *span)
{
    struct streamed *streamed = data;

    CHECK(span->start >= streamed->at && span->start < span->end && span->end <= streamed->size);
    streamed->at = span->end;
}

/* Feed @input in pieces of one to 61 bytes, as its own first bytes have it. */
static enum status feed(struct deid_stream *stream, struct slice input, struct error *err)
{
    size_t at = 0, step = input.size == 0 ? 1 : 1 + (unsigned char)input.data[0] % 61;
    enum status status = STATUS_OK;

    for (; status == STATUS_OK && at < input.size; at += step)
        status = deid_stream_feed(stream, slice_cut(input, at, at + step), err);
    return status == STATUS_OK ? deid_stream_finish(stream, err) : status;
}

static void check_streamed(struct deid_redactor *redactor, struct slice input, struct slice output,
                           unsigned flags)
{
    struct deid_map *map = redactor->map;
    struct slice restored;
    struct json *before, *after;

    if (!(flags & FHIR)) {
        CHECK(utf8_is_valid(input) && utf8_is_valid(output));
        CHECK(deid_restore_text(map, output, redactor->arena, &restored, NULL) == STATUS_OK);
        CHECK(map->profile != DEID_PROFILE_LIMITED || slice_equal(restored, input));
        return;
    }
    CHECK(deid_fhir_restore(map, output, redactor->arena, &restored, NULL) == STATUS_OK);
    CHECK(json_parse(restored, redactor->arena, &after, NULL) == STATUS_OK);
    CHECK(json_parse(input, redactor->arena, &before, NULL) == STATUS_OK);
    CHECK(map->profile != DEID_PROFILE_LIMITED || is_part(after, before));
}

static void check_stream(struct deid_redactor *redactor, struct slice input, unsigned flags)
{
    struct streamed streamed = { .size = input.size };
    struct deid_stream_options options = {
        .kind = flags & FHIR ? DEID_STREAM_FHIR : DEID_STREAM_TEXT,
        .write = take_output,
        .span = flags & FHIR ? NULL : take_span,
        .data = &streamed,
        .piece_bytes_max = 1 * MIB,
    };
    struct error err = { 0 };
    struct deid_stream *stream = deid_stream_create(redactor->rules, redactor->map, &options, &err);

    CHECK(stream != NULL);
    buffer_init(&streamed.output, redactor->arena);
    if (feed(stream, input, &err) != STATUS_OK)
        check_error(&err);
    else
        check_streamed(redactor, input, buffer_slice(&streamed.output), flags);
    deid_stream_destroy(stream);
}

/* ---- */

static void run(struct deid_redactor *redactor, struct slice input, unsigned flags)
{
    size_t line = slice_find_byte(input, '\n');

    if (flags & KNOWN) {
        learn(redactor,
              utf8_is_valid(slice_cut(input, 0, line)) ? slice_cut(input, 0, line) : SLICE(""));
        input = slice_cut(input, line + 1, input.size);
    }
    if (flags & STREAM)
        check_stream(redactor, input, flags);
    else if (flags & FHIR)
        check_fhir(redactor, input);
    else
        check_text(redactor, input, flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct deid_rules *rules = rules_once();
    struct deid_redactor redactor;
    struct deid_map map;
    struct arena arena;

    if (size == 0)
        return 0;
    seed = 1;
    arena_init(&arena, 256 * MIB);
    deid_map_init(&map, data[0] & SAFE_HARBOR ? DEID_PROFILE_SAFE_HARBOR : DEID_PROFILE_LIMITED,
                  &arena);
    CHECK(deid_redactor_init(&redactor, rules, &map, &arena, NULL) == STATUS_OK);
    run(&redactor, slice_of(data + 1, size - 1), data[0]);
    deid_redactor_close(&redactor);
    arena_close(&arena);
    return 0;
}
