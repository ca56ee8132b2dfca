/* [read before | to be written | read ahead], a window over the input that moves on by what was
 * written. */
#include "base/utf8.h"
#include "deid_stream_inner.h"

#define CONTEXT_SHARE 32 /* of a window is read before, and as much ahead */

/* They were found newest first. */
static void tell_spans(const struct deid_stream *stream, const struct deid_found *found)
{
    struct deid_stream_span span;
    const struct deid_found *older = NULL, *last = NULL;

    while (last != found) {
        for (older = found; older->next != last; older = older->next)
            ;
        span = (struct deid_stream_span){ stream->base + older->span.start,
                                          stream->base + older->span.end,
                                          older->span.class,
                                          older->span.score,
                                          older->surrogate,
                                          older->is_general };
        stream->options.span(stream->options.data, &span);
        last = older;
    }
}

/* What of the window stays to be read before what comes: from the start of a line or a word. */
static size_t context_start(const struct deid_stream *stream, size_t end)
{
    size_t wanted = stream->options.window_bytes / CONTEXT_SHARE;
    size_t at = end > wanted ? end - wanted : 0;
    struct slice text = slice_of(stream->window, end);
    size_t line = at + slice_find_byte(slice_cut(text, at, end), '\n') + 1;

    if (at == 0 || line < end)
        return at == 0 ? 0 : line;
    while (at < end && text.data[at] != ' ')
        at++;
    return at;
}

static enum status window_write(struct deid_stream *stream, bool is_last, struct error *err)
{
    struct slice text = slice_of(stream->window, stream->held), output;
    size_t ahead = stream->options.window_bytes / CONTEXT_SHARE, end, from;
    enum status status;

    if (!is_last)
        text.size = utf8_whole_prefix(text);
    status = deid_redact_window(&stream->redactor, text, stream->start, text.size / 2,
                                is_last ? text.size : text.size - ahead, &end, &output, err);
    if (status == STATUS_OK)
        status = deid_stream_write(stream, output, err);
    if (status != STATUS_OK)
        return status;
    if (stream->options.span != NULL)
        tell_spans(stream, stream->redactor.found);
    from = context_start(stream, end);
    memmove(stream->window, stream->window + from, stream->held - from);
    stream->held -= from;
    stream->start = end - from;
    stream->base += from;
    deid_stream_clear(stream);
    return STATUS_OK;
}

enum status deid_stream_text_feed(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && bytes.size > 0) {
        size_t room = stream->options.window_bytes - stream->held;
        size_t size = bytes.size < room ? bytes.size : room;

        memcpy(stream->window + stream->held, bytes.data, size);
        stream->held += size;
        bytes = slice_cut(bytes, size, bytes.size);
        if (stream->held == stream->options.window_bytes)
            status = window_write(stream, false, err);
    }
    return status;
}

enum status deid_stream_text_finish(struct deid_stream *stream, struct error *err)
{
    return window_write(stream, true, err);
}
