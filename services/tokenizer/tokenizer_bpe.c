/* Blocks of 64 bytes as long as they go; the end of the text in a block of its own, with newlines
 * after it; what blocks do not know, a piece at a time. */
#include "tokenizer_bpe.h"

#include "tokenizer_block.h"

/* A run of pieces that blocks do not know is mostly longer than one. */
#define SLOW_PIECES 4

/* A block and the wide reads from its borders fit into so many bytes. */
#define SPAN_BYTES (TOKENIZER_BLOCK_BYTES + TOKENIZER_RUN_WIDE_BYTES)

/* The pieces of @text that end before its last SPAN_BYTES, or a little later. Returns where they
 * end.
 */
static size_t cut_blocks(struct tokenizer_run *run, enum tokenizer_split split, struct slice text)
{
    size_t at = 0;

    while (text.size - at >= SPAN_BYTES && tokenizer_run_goes_on(run)) {
        const char *base = text.data + at;
        struct tokenizer_block block = tokenizer_block_split(split, base);

        if (block.size > 0) {
            tokenizer_run_put_cuts(run, base, base,
                                   (block.starts & ~(uint64_t)1) | (uint64_t)1 << block.size);
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

/* The borders of a block that begins at @at, cut to where the text ends. */
static uint64_t cuts_of(struct tokenizer_block block, size_t at, size_t text_size)
{
    uint64_t cuts = (block.starts & ~(uint64_t)1) | (uint64_t)1 << block.size;

    if (at + block.size > text_size)
        cuts = (cuts & (((uint64_t)1 << (text_size - at)) - 1)) | (uint64_t)1 << (text_size - at);
    return cuts;
}

static void cut_end(struct tokenizer_run *run, enum tokenizer_split split, struct slice text)
{
    char padded[3 * TOKENIZER_BLOCK_BYTES];
    size_t at = 0, size;

    memset(padded, '\n', sizeof(padded));
    memcpy(padded, text.data, text.size);
    for (; at < text.size && tokenizer_run_goes_on(run); at += size) {
        struct tokenizer_block block = tokenizer_block_split(split, padded + at);

        size = block.size;
        if (size > 0) {
            tokenizer_run_put_cuts(run, padded + at, padded + at, cuts_of(block, at, text.size));
            continue;
        }
        size = tokenizer_split_next(split, slice_of(padded + at, text.size - at));
        tokenizer_run_put(run, padded + at, size);
    }
    tokenizer_run_settle(run);
}

static void cut_pieces(struct tokenizer_run *run, enum tokenizer_split split, struct slice text)
{
    size_t size;

    for (size_t at = 0; at < text.size && tokenizer_run_goes_on(run); at += size) {
        size = tokenizer_split_next(split, slice_cut(text, at, text.size));
        tokenizer_run_put(run, text.data + at, size);
    }
}

void tokenizer_bpe_run(struct tokenizer_run *run, struct slice text)
{
    enum tokenizer_split split = (enum tokenizer_split)run->tables->image->settings.split;

    if (tokenizer_block_knows(split)) {
        text = slice_cut(text, cut_blocks(run, split, text), text.size);
        if (text.size > 0 && text.size <= SPAN_BYTES && may_pad(text)) {
            cut_end(run, split, text);
            return;
        }
    }
    cut_pieces(run, split, text);
    tokenizer_run_settle(run);
}
