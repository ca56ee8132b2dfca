#include "fuzz_deid_work.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "deid_fhir_learn.h"

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

void fuzz_work_open(struct fuzz_work *work, unsigned flags)
{
    const struct deid_rules *rules = rules_once();

    seed = 1;
    work->flags = flags;
    arena_init(&work->arena, 256 * MIB);
    deid_map_init(&work->map,
                  flags & FUZZ_SAFE_HARBOR ? DEID_PROFILE_SAFE_HARBOR : DEID_PROFILE_LIMITED,
                  &work->arena);
    work->map.style = (enum deid_style)(flags >> 6 & 3);
    CHECK(deid_redactor_init(&work->redactor, rules, &work->map, &work->arena, NULL) == STATUS_OK);
}

void fuzz_work_close(struct fuzz_work *work)
{
    deid_redactor_close(&work->redactor);
    arena_close(&work->arena);
}

static void learn(struct fuzz_work *work, struct slice name)
{
    struct error err = { 0 };
    struct deid_fhir_learner learner = { .map = &work->map, .arena = &work->arena, .err = &err };
    struct buffer patient;
    struct json *root;

    buffer_init(&patient, &work->arena);
    buffer_put_string(&patient, "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"" FUZZ_NAME
                                "\"},{\"text\":");
    buffer_put_json(&patient, name);
    buffer_put_string(&patient, "}],\"identifier\":[{\"value\":\"" FUZZ_NUMBER "\"},{\"value\":");
    buffer_put_json(&patient, name);
    buffer_put_string(&patient, "}]}");
    CHECK(json_parse(buffer_slice(&patient), &work->arena, &root, NULL) == STATUS_OK);
    CHECK(deid_fhir_learn(&learner, root) == STATUS_OK);
    CHECK(deid_redactor_learn(&work->redactor, NULL) == STATUS_OK);
}

struct slice fuzz_work_learn(struct fuzz_work *work, struct slice input)
{
    size_t line = slice_find_byte(input, '\n');
    struct slice name = slice_cut(input, 0, line);

    if (!(work->flags & FUZZ_KNOWN))
        return input;
    learn(work, utf8_is_valid(name) ? name : SLICE(""));
    return slice_cut(input, line + 1, input.size);
}

static void check_gone(struct slice output, struct slice known)
{
    const char *at = output.data, *end = output.size == 0 ? at : at + output.size;

    while (at < end && (at = memmem(at, (size_t)(end - at), known.data, known.size)) != NULL) {
        const char *after = at + known.size;
        bool is_begun = at > output.data && deid_is_word(at[-1]);
        bool is_going_on = after < end && deid_is_word(*after);

        CHECK(is_begun || is_going_on);
        at = after;
    }
}

void fuzz_work_check_gone(const struct fuzz_work *work, struct slice output)
{
    if (!(work->flags & FUZZ_KNOWN))
        return;
    check_gone(output, SLICE(FUZZ_NAME));
    check_gone(output, SLICE(FUZZ_NUMBER));
}

void fuzz_work_check_error(const struct error *err)
{
    CHECK(err->text[0] != '\0');
    CHECK(strcasestr(err->text, FUZZ_NAME) == NULL && strstr(err->text, FUZZ_NUMBER) == NULL);
}

enum status fuzz_work_feed(struct deid_stream *stream, struct slice input,
                           enum status (*give)(struct deid_stream *stream, struct slice bytes,
                                               struct error *err),
                           struct error *err)
{
    size_t at = 0, step = input.size == 0 ? 1 : 1 + (unsigned char)input.data[0] % 61;
    enum status status = STATUS_OK;

    for (; status == STATUS_OK && at < input.size; at += step)
        status = give(stream, slice_cut(input, at, at + step), err);
    return status;
}
