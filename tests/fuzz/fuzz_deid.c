/* De-identification of a text: spans in order, disjoint and inside the text; what is put out is
 * UTF-8; the key holder gets back what was given. The first byte of the input picks the profile and
 * whether the text is markup. */
#include <sodium.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "deid_redact.h"
#include "deid_restore.h"
#include "fuzz_target.h"

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

static void check_spans(struct deid_redactor *redactor, struct slice text, bool is_markup)
{
    struct deid_text normal;
    struct deid_spans spans;
    uint32_t at = 0;

    CHECK(deid_inspect_text(redactor, text, is_markup, &normal, &spans, NULL) == STATUS_OK);
    for (unsigned i = 0; i < spans.count; i++) {
        const struct deid_span *span = &spans.items[i];

        CHECK(span->start >= at && span->start < span->end && span->end <= normal.folded.size);
        CHECK(span->class > DEID_CLASS_NONE && span->class < DEID_CLASS_COUNT);
        CHECK(deid_normal_start(&normal, span->start) < deid_normal_end(&normal, span->end));
        CHECK(deid_normal_end(&normal, span->end) <= text.size);
        at = span->end;
    }
}

static void check_text(struct deid_redactor *redactor, struct slice text, bool is_markup)
{
    struct slice output, restored;

    check_spans(redactor, text, is_markup);
    CHECK(deid_redact_text(redactor, text, is_markup, &output, NULL) == STATUS_OK);
    CHECK(utf8_is_valid(output));
    CHECK(deid_restore_text(redactor->map, output, redactor->arena, &restored, NULL) == STATUS_OK);
    CHECK(utf8_is_valid(restored));
    /* A date within a tag of broken markup is nobody's to read, and may come back moved. */
    if (redactor->map->profile == DEID_PROFILE_LIMITED && !is_markup)
        CHECK(slice_equal(restored, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct deid_rules *rules = rules_once();
    struct deid_redactor redactor;
    struct deid_map map;
    struct arena arena;
    struct slice text, output;

    if (size == 0)
        return 0;
    text = slice_of(data + 1, size - 1);
    seed = 1;
    arena_init(&arena, 64 * MIB);
    deid_map_init(&map, data[0] & 1 ? DEID_PROFILE_SAFE_HARBOR : DEID_PROFILE_LIMITED, &arena);
    CHECK(deid_redactor_init(&redactor, rules, &map, &arena, NULL) == STATUS_OK);
    if (utf8_is_valid(text))
        check_text(&redactor, text, (data[0] & 2) != 0);
    else
        CHECK(deid_redact_text(&redactor, text, false, &output, NULL) == STATUS_INVALID_ARGUMENT);
    deid_redactor_close(&redactor);
    arena_close(&arena);
    return 0;
}
