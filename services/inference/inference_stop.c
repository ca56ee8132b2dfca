#include "inference_stop.h"

#include <string.h>

#include "base/check.h"

enum status inference_stop_add(struct inference_stops *stops, struct slice text, struct error *err)
{
    uint8_t matched = 0;

    if (stops->count == INFERENCE_STOP_TEXTS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "at most %d stop texts are taken",
                         INFERENCE_STOP_TEXTS_MAX);
    if (text.size == 0 || text.size > INFERENCE_STOP_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a stop text of %zu bytes: 1 to %d are taken", text.size,
                         INFERENCE_STOP_BYTES_MAX);
    stops->texts[stops->count].size = (uint8_t)text.size;
    memcpy(stops->texts[stops->count].bytes, text.data, text.size);
    for (size_t i = 1; i < text.size; i++) {
        const uint8_t *back = stops->texts[stops->count].back;

        while (matched > 0 && text.data[i] != text.data[matched])
            matched = back[matched - 1];
        matched += text.data[i] == text.data[matched];
        stops->texts[stops->count].back[i] = matched;
    }
    stops->count++;
    return STATUS_OK;
}

/* The longest beginning of any text that the answer ends in now; the size of a text that is whole,
 * to *whole. */
static uint32_t match(const struct inference_stops *stops, struct inference_stopper *stopper,
                      uint8_t byte, uint32_t *whole)
{
    uint32_t longest = 0;

    *whole = 0;
    for (uint32_t i = 0; i < stops->count; i++) {
        const uint8_t *bytes = stops->texts[i].bytes, *back = stops->texts[i].back;
        uint8_t matched = stopper->matched[i];

        while (matched > 0 && byte != bytes[matched])
            matched = back[matched - 1];
        matched += byte == bytes[matched];
        if (matched == stops->texts[i].size && matched > *whole)
            *whole = matched;
        if (matched > longest)
            longest = matched;
        stopper->matched[i] = matched;
    }
    return longest;
}

/* Hold back the ids that reach over the last @bytes of the answer. */
static void let_go(struct inference_stopper *stopper, uint32_t bytes)
{
    uint32_t kept = 0, reach = 0;

    while (kept < stopper->held && reach < bytes)
        reach += stopper->sizes[stopper->held - ++kept];
    memmove(stopper->sizes, stopper->sizes + (stopper->held - kept), kept * sizeof(uint16_t));
    stopper->held = kept;
}

/* Of the ids that reach over the last @bytes of the answer, which are not part of it, all but one
 * that begins before them are dropped; returns how much of that one they are. */
static uint32_t cut(struct inference_stopper *stopper, uint32_t bytes)
{
    uint32_t dropped = 0;

    while (dropped < stopper->held && stopper->sizes[stopper->held - 1 - dropped] <= bytes)
        bytes -= stopper->sizes[stopper->held - 1 - dropped++];
    stopper->held = dropped;
    return bytes;
}

bool inference_stop_put(const struct inference_stops *stops, struct inference_stopper *stopper,
                        uint32_t id, uint32_t *cut_bytes)
{
    struct slice text = inference_text_of(stops->text, id);
    uint32_t longest = 0, whole;

    if (text.size == 0) { /* no text goes on over a mark */
        *stopper = (struct inference_stopper){ 0 };
        return false;
    }
    CHECK(stopper->held < INFERENCE_STOP_BYTES_MAX);
    text = slice_cut(text, 0, UINT16_MAX);
    stopper->sizes[stopper->held++] = (uint16_t)text.size;
    for (size_t i = 0; i < text.size; i++) {
        longest = match(stops, stopper, (uint8_t)text.data[i], &whole);
        if (whole > 0) {
            *cut_bytes = cut(stopper, whole + (uint32_t)(text.size - i - 1));
            return true;
        }
    }
    let_go(stopper, longest);
    return false;
}
