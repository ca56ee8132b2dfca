/* Blocks of 64 bytes as long as they go; the end of the text in a block of its own, with newlines
 * after it; what blocks do not know, a piece at a time. */
#include "tokenizer_bpe.h"

#include "tokenizer_block.h"

/* A run of pieces that blocks do not know is mostly longer than one. */
#define SLOW_PIECES 4

/* The pieces of @text that end before its last 64 bytes, or a little later. Returns where they end.
 */
static size_t cut_blocks(struct tokenizer_run *run, enum tokenizer_split split, struct slice text)
{
    size_t at = 0;

    run->wide_end = text.data + text.size - 15;
    while (text.size - at >= TOKENIZER_BLOCK_BYTES && tokenizer_run_goes_on(run)) {
        struct tokenizer_block block = tokenizer_block_split(split, text.data + at);
        uint64_t starts = block.starts & (block.starts - 1);
        size_t start = at;

        for (; starts != 0; starts &= starts - 1) {
            size_t next = at + (size_t)__builtin_ctzll(starts);

            tokenizer_run_put(run, text.data + start, next - start);
            start = next;
        }
        if (block.size > 0) {
            tokenizer_run_put(run, text.data + start, at + block.size - start);
            at += block.size;
            continue;
        }
        for (int i = 0; i < SLOW_PIECES && at < text.size; i++) {
            size_t size = tokenizer_split_next(split, slice_cut(text, at, text.size));

            tokenizer_run_put(run, text.data + at, size);
            at += size;
        }
    }
    return at;
}

/* Whether newlines after @text leave its pieces as they are, but for the last, which they may
 * lengthen: so it is when it ends in a newline, or in anything of ASCII that is no blank. */
static bool may_pad(struct slice text)
{
    unsigned char last = (unsigned char)text.data[text.size - 1];

    return last == '\n' || (last < 0x80 && last > ' ');
}

static void cut_end(struct tokenizer_run *run, enum tokenizer_split split, struct slice text)
{
    char padded[3 * TOKENIZER_BLOCK_BYTES];
    size_t at = 0, size;

    memset(padded, '\n', sizeof(padded));
    memcpy(padded, text.data, text.size);
    run->wide_end = padded + sizeof(padded) - 15;
    while (at < text.size && tokenizer_run_goes_on(run)) {
        struct tokenizer_block block = tokenizer_block_split(split, padded + at);
        uint64_t starts = block.starts & (block.starts - 1);
        size_t start = at, next;

        if (block.size == 0) {
            size = tokenizer_split_next(split, slice_of(padded + at, text.size - at));
            tokenizer_run_put(run, padded + at, size);
            at += size;
            continue;
        }
        for (at += block.size; start < text.size; start = next) {
            next = starts == 0 ? at : at - block.size + (size_t)__builtin_ctzll(starts);
            if (next > text.size)
                next = text.size;
            tokenizer_run_put(run, padded + start, next - start);
            starts &= starts - 1;
            if (next == at)
                break;
        }
    }
    tokenizer_run_flush(run);
}

static void cut_pieces(struct tokenizer_run *run, enum tokenizer_split split, struct slice text)
{
    size_t size;

    run->wide_end = text.size < 16 ? NULL : text.data + text.size - 15;
    for (size_t at = 0; at < text.size && tokenizer_run_goes_on(run); at += size) {
        size = tokenizer_split_next(split, slice_cut(text, at, text.size));
        tokenizer_run_put(run, text.data + at, size);
    }
}

void tokenizer_bpe_run(struct tokenizer_run *run, struct slice text)
{
    enum tokenizer_split split = (enum tokenizer_split)run->tables->image->settings.split;

    if (tokenizer_block_knows(split)) {
        if (text.size >= TOKENIZER_BLOCK_BYTES)
            text = slice_cut(text, cut_blocks(run, split, text), text.size);
        if (text.size > 0 && may_pad(text)) {
            cut_end(run, split, text);
            return;
        }
    }
    cut_pieces(run, split, text);
    tokenizer_run_flush(run);
}
