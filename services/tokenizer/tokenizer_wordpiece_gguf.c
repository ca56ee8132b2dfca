#include "tokenizer_wordpiece_gguf.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */

void tokenizer_wordpiece_gguf_settings(struct tokenizer_settings *settings)
{
    settings->kind = TOKENIZER_KIND_WORDPIECE;
    settings->cleans = settings->spaces_cjk = true;
    settings->lowercases = settings->strips_accents = true;
    settings->adds_bos = settings->adds_eos = true;
}

/* Names in brackets are as they are: no word has a bracket in it. */
bool tokenizer_wordpiece_gguf_piece(struct slice *text, struct arena *arena)
{
    const char *joined;

    if (slice_starts_with(*text, SLICE(BLANK))) {
        *text = slice_cut(*text, sizeof(BLANK) - 1, text->size);
        return true;
    }
    if (text->size == 0
        || (slice_starts_with(*text, SLICE("[")) && slice_ends_with(*text, SLICE("]"))
            && text->size > 1))
        return true;
    joined = arena_format(arena, "##%.*s",
                          SLICE_FORMAT(slice_cut(*text, 0, TOKENIZER_PIECE_BYTES_MAX + 1)));
    *text = slice_from(joined);
    return joined != NULL;
}

enum status tokenizer_wordpiece_gguf_frame(struct tokenizer_settings *settings, struct error *err)
{
    if (settings->unknown == TOKENIZER_NO_ID)
        return error_set(err, STATUS_DATA_LOSS,
                         "the vocabulary names no unknown piece (tokenizer.ggml.unknown_token_id)");
    if (settings->cls != TOKENIZER_NO_ID)
        settings->bos = settings->cls;
    if (settings->sep != TOKENIZER_NO_ID)
        settings->eos = settings->sep;
    return STATUS_OK;
}
