/* A compiled record as one piece of memory: facts, the index of notes, courses and what they mean.
 * Nothing in it is an address, so it is the same wherever it lies; what Redis keeps, once it is
 * decrypted and unpacked, is asked where it lies, without being parsed. It is small, too: what
 * facts have in common is there once.
 *
 * Opening checks every offset and every number that is used as one, once; after that nothing is
 * checked again. */
#ifndef CONTEXT_IMAGE_H
#define CONTEXT_IMAGE_H

#include "context_course.h"

/* In the order in which they lie. */
enum image_part {
    IMAGE_FACTS,    /* struct image_fact; one more at the end, for its measures */
    IMAGE_SHAPES,   /* struct image_shape */
    IMAGE_RARE,     /* struct image_rare; the first is of those that have nothing rare */
    IMAGE_UUIDS,    /* 16 bytes each */
    IMAGE_MEASURES, /* struct image_measure */
    IMAGE_SCALES,   /* struct image_scale */
    IMAGE_TEXTS,    /* bytes: see below */
    IMAGE_COURSES,  /* struct course, offsets for pointers until it is opened */
    IMAGE_INDICES,  /* uint32_t: facts of courses */
    IMAGE_THINGS,   /* uint16_t: things of courses */
    IMAGE_WORDS,    /* uint32_t: words of courses' names */
    IMAGE_POSTINGS, /* struct posting */
    IMAGE_WEIGHTS,  /* float: courses->concept_weights */
    IMAGE_PARTS,
};

struct image_part_at {
    uint32_t at, count; /* bytes from the image's start; items */
};

struct image {
    char magic[8];
    uint64_t tables; /* of the tables that courses were read with */
    int64_t end;     /* courses->end */
    uint32_t size, live, notes;
    struct image_part_at parts[IMAGE_PARTS];
};

/* A text is the offset in IMAGE_TEXTS of its size (a byte; 255: four more follow) and its bytes. 0:
 * none. A date is its seconds * 64 + the days by which what was written there and then differs
 * (three bits) + its precision (three bits). */
struct image_fact {
    uint32_t shape;
    uint32_t value;
    uint32_t id;      /* of the reference: a UUID (2 * n + 1), or a text (2 * n) */
    uint32_t rare;    /* IMAGE_RARE */
    uint32_t measure; /* its first; the next fact's is behind its last */
    uint32_t date[2]; /* low and high half */
};

/* What many facts have in common. */
struct image_shape {
    uint8_t kind, flag, bits, unused;
    uint32_t type; /* "Observation/" */
    uint32_t path, noun, label, status, codes, detail, who, version;
};

struct image_rare {
    uint64_t end, updated;
    uint32_t also, text;
};

struct image_measure {
    uint32_t scale;
    uint32_t digits[2];
};

/* What many measures have in common. */
struct image_scale {
    int64_t low, high;
    uint32_t unit, label, codes;
    uint8_t bound, given; /* bit 0: low, bit 1: high */
    int8_t scale, low_scale, high_scale, unused[7];
};

#define IMAGE_ACTIVE 1
#define IMAGE_VOID 2
#define IMAGE_COPY 4
#define IMAGE_CODE 8

/* Append the image of @record, whose facts are laid out in memory, and of @courses (NULL: without
 * them) to the empty @buffer. */
void image_encode(const struct record *record, const struct courses *courses,
                  struct buffer *buffer);

/* Whether @bytes, aligned to 8, is an image that can be used. DATA_LOSS. */
enum status image_check(struct slice bytes, struct error *err);

/* Use an image that was checked: @record and @courses (may be NULL) are views into it, and the
 * offsets of its courses become addresses: once. False: it has no courses, or they were read with
 * other tables; then @courses is left alone. */
bool image_open(struct slice bytes, struct record *record, struct courses *courses);

/* What the courses of this program mean depends on: its tables, and the site's words. */
uint64_t image_tables(void);

static inline const void *image_part(const struct image *image, enum image_part part)
{
    return (const char *)image + image->parts[part].at;
}

static inline struct slice image_text(const struct image *image, uint32_t text)
{
    const char *at = (const char *)image_part(image, IMAGE_TEXTS) + text;
    uint32_t size = (unsigned char)at[0];

    if (text == 0)
        return (struct slice){ NULL, 0 };
    if (size < 255)
        return slice_of(at + 1, size);
    memcpy(&size, at + 1, sizeof(size));
    return slice_of(at + 1 + sizeof(size), size);
}

#endif
