/* A compiled vocabulary: every table of it in one stretch of bytes without pointers, made by
 * tokenizer_compile, read where it lies: in memory, or in a file that is mapped and shared by all
 * processes. Only for the core of the tokenizer.
 *
 *     header | sections, each aligned to 64 bytes
 *
 * Numbers are the machine's: a file from elsewhere has another magic. A file is believed after its
 * checksum, which tells damage and not malice: its folder must be the operator's, as its program
 * is. */
#ifndef TOKENIZER_IMAGE_H
#define TOKENIZER_IMAGE_H

#include "tokenizer_parts.h"

/* Changes with every change of the layout or of what the tables mean: an older file is made anew.
 */
#define TOKENIZER_IMAGE_VERSION 9

enum tokenizer_section {
    TOKENIZER_SECTION_PIECE_AT,    /* uint32_t[size + 1]: where each piece begins in … */
    TOKENIZER_SECTION_PIECE_BYTES, /* … these bytes */
    TOKENIZER_SECTION_TYPES,       /* uint8_t[size]: enum tokenizer_piece_type, TOKENIZER_TYPE_* */
    TOKENIZER_SECTION_FLAGS,       /* uint8_t[size]: enum tokenizer_piece_flag */
    TOKENIZER_SECTION_FIND,        /* uint32_t[2^n]: ids of normal pieces by hash of their text */
    TOKENIZER_SECTION_PAIRS,       /* uint64_t[2^n + 4]: left, right, merge; tokenizer_tables.h */
    TOKENIZER_SECTION_PAIR_FILTER, /* uint64_t[2^n]: which pairs there may be */
    TOKENIZER_SECTION_FIND_FILTER, /* uint64_t[2^n]: which texts may be normal pieces */
    TOKENIZER_SECTION_FIRSTS,      /* uint32_t[65536], or empty: merges of two bytes */
    TOKENIZER_SECTION_SYMBOLS,     /* uint32_t[units + merges]: the piece of each symbol */
    TOKENIZER_SECTION_MERGED,      /* uint32_t[merges]: only while a vocabulary is compiled */
    TOKENIZER_SECTION_RANKS,       /* uint32_t[merges], or empty: where merges share ranks */
    TOKENIZER_SECTION_POINTS,      /* uint64_t[2^n]: SPM: code point, its symbol */
    TOKENIZER_SECTION_ADJACENT,    /* uint8_t[8192]: bit x * 256 + y: a piece has y after x */
    TOKENIZER_SECTION_SPECIALS,    /* struct tokenizer_special[]: control and user pieces, sorted */
    TOKENIZER_SECTION_WORDS,       /* uint32_t[2^n]: offsets into … */
    TOKENIZER_SECTION_WORD_BYTES,  /* … words that were encoded ahead */
    TOKENIZER_SECTION_SHORT_FILTER, /* uint64_t[2^n]: which there may be of … */
    TOKENIZER_SECTION_SHORTS,       /* struct tokenizer_short[2^n]: short words with their ids */
    TOKENIZER_SECTION_TEMPLATE,     /* the chat template */
    TOKENIZER_SECTION_COUNT,
};

/* In the types' upper bits: encoding the piece's text gives the piece. */
#define TOKENIZER_TYPE_MASK 0x0f
#define TOKENIZER_TYPE_IS_WHOLE 0x10

/* What a file was made from: the same file has the same numbers. */
struct tokenizer_source {
    uint64_t device, inode, size_bytes, mtime_ns;
};

struct tokenizer_image {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t size_bytes;
    uint64_t checksum; /* of all that follows this field */
    struct tokenizer_source source;
    struct tokenizer_settings settings;
    uint32_t pieces_count;
    uint32_t units_count; /* symbols that nothing makes: bytes or code points */
    uint32_t merges_count, piece_bytes_max, specials_count, words_count;
    uint32_t bytes[256]; /* the piece of a lone byte, or TOKENIZER_NO_ID */
    char digest[72];     /* SHA-256 of the source in hex */
    struct {
        uint64_t at, size;
    } sections[TOKENIZER_SECTION_COUNT];
};

/* Set magic, sizes and checksum of an image whose sections are in place. */
void tokenizer_image_seal(struct tokenizer_image *image, size_t size_bytes);

/* Whether @bytes are a whole image of this version, with sections that lie inside of it. DATA_LOSS
 * says what is wrong. */
enum status tokenizer_image_check(struct slice bytes, struct error *err);

static inline const void *tokenizer_image_section(const struct tokenizer_image *image,
                                                  enum tokenizer_section section)
{
    return (const char *)image + image->sections[section].at;
}

#endif
