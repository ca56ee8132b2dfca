/* De-identification of texts and of markup, with and without a patient who is known.
 *
 * What must hold for every input that is taken: spans in order, disjoint, inside, at the ends of
 * characters; the output is the input with each span's surrogate in its place and nothing else
 * changed, and no surrogate is what stood there; the known patient is nowhere in it, tags and
 * attributes of markup included; what is put out is UTF-8; the key holder gets back what was given,
 * but for what safe-harbor only generalizes. What is refused says nothing of its text.
 *
 * The first byte of the input picks the profile (1), markup (2), a known patient (8), whose name is
 * then the first line, a stream in small pieces (16) instead of one call, and the style (64, 128).
 */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "deid_restore.h"
#include "deid_stream.h"
#include "fuzz_deid_work.h"
#include "fuzz_target.h"

#define MARKUP 2

static bool is_boundary(struct slice text, size_t at)
{
    return at == text.size || ((unsigned char)text.data[at] & 0xc0) != 0x80;
}

/* What was made of a text, span by span: the output, and what the way back must give. */
struct made {
    struct fuzz_work *work;
    struct slice text;
    struct buffer output, expected;
    uint64_t at;
};

static void made_init(struct made *made, struct fuzz_work *work, struct slice text)
{
    *made = (struct made){ .work = work, .text = text };
    buffer_init(&made->output, &work->arena);
    buffer_init(&made->expected, &work->arena);
}

static void made_put(struct made *made, uint64_t start, uint64_t end, struct slice surrogate,
                     bool is_general)
{
    struct slice kept = slice_cut(made->text, made->at, start),
                 original = slice_cut(made->text, start, end);

    CHECK(start >= made->at && start < end && end <= made->text.size);
    CHECK(is_boundary(made->text, start) && is_boundary(made->text, end));
    CHECK(!slice_equal(original, surrogate));
    buffer_put(&made->output, kept);
    buffer_put(&made->output, surrogate);
    buffer_put(&made->expected, kept);
    buffer_put(&made->expected, is_general ? surrogate : original);
    CHECK(!is_general || made->work->map.profile == DEID_PROFILE_SAFE_HARBOR);
    made->at = end;
}

/* The rest of the text; then @output is all of it, and comes back. */
static void made_check(struct made *made, struct slice output)
{
    struct fuzz_work *work = made->work;
    struct slice rest = slice_cut(made->text, made->at, made->text.size), restored;

    buffer_put(&made->output, rest);
    buffer_put(&made->expected, rest);
    CHECK(!made->output.is_full && slice_equal(buffer_slice(&made->output), output));
    CHECK(utf8_is_valid(output));
    fuzz_work_check_gone(work, output);
    CHECK(deid_restore_text(&work->map, output, &work->arena, &restored, NULL) == STATUS_OK);
    CHECK(utf8_is_valid(restored));
    if (work->map.style != DEID_STYLE_MASKS)
        CHECK(slice_equal(restored, buffer_slice(&made->expected)));
}

/* ---- one call ---- */

/* What was found, oldest first. */
static void made_put_found(struct made *made, const struct deid_found *found)
{
    const struct deid_found **list;
    unsigned count = 0, i;

    for (const struct deid_found *item = found; item != NULL; item = item->next)
        count++;
    list = ARENA_ARRAY(&made->work->arena, const struct deid_found *, count);
    CHECK(list != NULL);
    for (i = count; found != NULL; found = found->next)
        list[--i] = found;
    for (i = 0; i < count; i++) {
        const struct deid_span *span = &list[i]->span;

        CHECK(span->class > DEID_CLASS_NONE && span->class < DEID_CLASS_COUNT);
        CHECK(span->score > 0 && span->score <= 1);
        made_put(made, span->start, span->end, list[i]->surrogate, list[i]->is_general);
    }
}

static void check_text(struct fuzz_work *work, struct slice text)
{
    struct deid_redactor *redactor = &work->redactor;
    bool is_markup = (work->flags & MARKUP) != 0;
    struct made made;
    struct slice output;
    struct error err = { 0 };

    redactor->keep_spans = true;
    if (deid_redact_text(redactor, text, is_markup, &output, &err) != STATUS_OK) {
        fuzz_work_check_error(&err);
        CHECK(!utf8_is_valid(text) || err.status == STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    CHECK(utf8_is_valid(text));
    made_init(&made, work, text);
    made_put_found(&made, redactor->found);
    made_check(&made, output);
}

/* ---- streams ---- */

struct streamed {
    struct made made;
    struct buffer output;
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

    made_put(&streamed->made, span->start, span->end, span->surrogate, span->is_general);
}

static void check_stream(struct fuzz_work *work, struct slice text)
{
    struct streamed streamed;
    struct deid_stream_options options = {
        .kind = DEID_STREAM_TEXT, .write = take_output, .span = take_span, .data = &streamed
    };
    struct error err = { 0 };
    struct deid_stream *stream;

    made_init(&streamed.made, work, text);
    buffer_init(&streamed.output, &work->arena);
    stream = deid_stream_create(work->redactor.rules, &work->map, &options, &err);
    CHECK(stream != NULL);
    if (fuzz_work_feed(stream, text, deid_stream_feed, &err) != STATUS_OK
        || deid_stream_finish(stream, &err) != STATUS_OK) {
        fuzz_work_check_error(&err);
    } else {
        CHECK(utf8_is_valid(text));
        made_check(&streamed.made, buffer_slice(&streamed.output));
    }
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
        check_text(&work, input);
    fuzz_work_close(&work);
    return 0;
}
