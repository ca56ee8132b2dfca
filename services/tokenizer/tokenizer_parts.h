/* The parts of which a vocabulary is made, whatever file they come from. A reader (GGUF metadata, a
 * tokenizer.json) fills them in and tokenizer_compile makes the tables:
 *
 *     tokenizer_parts_init → .settings → tokenizer_parts_reserve → tokenizer_parts_put_piece, once
 * for each id → tokenizer_parts_put_merge, in the order of their ranks → tokenizer_vocab_build
 *
 * One thread. Everything that is put is copied into the arena. */
#ifndef TOKENIZER_PARTS_H
#define TOKENIZER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "tokenizer_split.h"

#define TOKENIZER_NO_ID UINT32_MAX

/* The largest vocabularies published have 262,144 pieces and 515,000 merges. */
#define TOKENIZER_PIECES_MAX ((1u << 20) - 2)
#define TOKENIZER_MERGES_MAX (1u << 22)
#define TOKENIZER_PIECE_BYTES_MAX 4096

enum tokenizer_kind {
    TOKENIZER_KIND_SPM,       /* SentencePiece BPE: code points, blanks written as U+2581 */
    TOKENIZER_KIND_BPE,       /* byte-level BPE: bytes, cut by a pre-tokeniser first */
    TOKENIZER_KIND_WORDPIECE, /* BERT: words, the longest piece first */
};

/* What is done to a text before it is cut. Decoding gives the normalised text back. */
enum tokenizer_normal {
    TOKENIZER_NORMAL_NONE,
    TOKENIZER_NORMAL_NFC, /* Qwen */
};

/* SPM: where a blank is put in that the text does not have. */
enum tokenizer_prefix {
    TOKENIZER_PREFIX_NONE,
    TOKENIZER_PREFIX_FIRST, /* before the text */
    TOKENIZER_PREFIX_EVERY, /* before the text and after every special piece */
};

/* The numbers are those of tokenizer.ggml.token_type. */
enum tokenizer_piece_type {
    TOKENIZER_PIECE_NORMAL = 1,
    TOKENIZER_PIECE_UNKNOWN = 2,
    TOKENIZER_PIECE_CONTROL = 3, /* never made from a caller's text */
    TOKENIZER_PIECE_USER = 4,    /* matched whole, before anything is merged */
    TOKENIZER_PIECE_UNUSED = 5,
    TOKENIZER_PIECE_BYTE = 6, /* "<0x0A>" */
};

/* Of control and user pieces; WRITTEN of normal ones. */
enum tokenizer_piece_flag {
    TOKENIZER_PIECE_LSTRIP = 1,  /* takes the white space before it along */
    TOKENIZER_PIECE_RSTRIP = 2,  /* and after it */
    TOKENIZER_PIECE_WORD = 4,    /* only where no letter, number or _ touches it */
    TOKENIZER_PIECE_WRITTEN = 8, /* SPM: as a user piece where a text has its U+2581 written out;
                                    made by merges of blanks */
};

/* Plain numbers only: a compiled vocabulary holds them as they are. tokenizer_parts_init sets no
 * ids, no flags and 100 points a word. */
struct tokenizer_settings {
    uint32_t kind;                                   /* enum tokenizer_kind */
    uint32_t split;                                  /* enum tokenizer_split; BPE */
    uint32_t normal;                                 /* enum tokenizer_normal; BPE and SPM */
    uint32_t prefix;                                 /* enum tokenizer_prefix; SPM */
    uint32_t bos, eos, unknown, pad, sep, cls, mask; /* TOKENIZER_NO_ID: none */
    uint32_t word_points_max;                        /* WordPiece: a longer word is unknown */
    bool adds_bos, adds_eos;
    bool ignores_merges;  /* BPE: a pre-token that is a piece is that piece, whatever the merges say
                           */
    bool writes_unknown;  /* BPE: a byte that has no piece is the unknown piece; else it is left out
                           */
    bool merges_by_score; /* SPM without merges: any two neighbours whose join is a piece, the best
                             score first */
    bool lowercases, strips_accents, cleans, spaces_cjk; /* WordPiece */
};

struct tokenizer_merge {
    uint32_t left, right, merged;
};

struct tokenizer_parts {
    struct arena *arena;
    struct tokenizer_settings settings;
    uint32_t size;        /* ids are 0 … size - 1 */
    struct slice *pieces; /* as they appear in a text; SPM: normal pieces with U+2581 for a blank */
    uint8_t *types, *flags;
    float *scores; /* higher is merged sooner; 0 where none was put */
    struct tokenizer_merge *merges;
    uint32_t merges_count, merges_max;
    struct slice chat_template; /* empty: none */
    char digest[65];            /* of the source file */
    struct tokenizer_parts_index *index;
};

/* @arena outlives @parts and gives a few hundred bytes for each piece. */
void tokenizer_parts_init(struct tokenizer_parts *parts, struct arena *arena);

/* Room for @size pieces, each of type UNUSED and without text until it is put, and @merges_max
 * merges. DATA_LOSS when a number is 0 (merges may be) or over its limit, RESOURCE_EXHAUSTED. */
enum status tokenizer_parts_reserve(struct tokenizer_parts *parts, uint64_t size,
                                    uint64_t merges_max, struct error *err);

/* Piece @id as the file writes it. In BPE a piece that is neither control nor user is in GPT-2's
 * alphabet for bytes (" " is "Ġ"); in SPM a control or user piece may have U+2581 for blanks. A
 * later put of the same id replaces the earlier. DATA_LOSS for an id out of range, a text over
 * TOKENIZER_PIECE_BYTES_MAX, a byte piece that names no byte. */
enum status tokenizer_parts_put_piece(struct tokenizer_parts *parts, uint32_t id, struct slice text,
                                      enum tokenizer_piece_type type, unsigned flags, float score,
                                      struct error *err);

/* The merge of the next rank; both halves as the file writes them. All pieces are there. A merge
 * with a special piece in it is left out: special pieces are cut out of a text before anything is
 * merged. DATA_LOSS when a half or the join is no piece. */
enum status tokenizer_parts_put_merge(struct tokenizer_parts *parts, struct slice left,
                                      struct slice right, struct error *err);

/* The first normal piece with this text (as it appears in a text), or TOKENIZER_NO_ID. */
uint32_t tokenizer_parts_find(struct tokenizer_parts *parts, struct slice text);

/* 10 for "<0x0A>", -1 for anything else. */
int tokenizer_parts_byte(struct slice text);

#endif
