/* The text as the finders read it: characters that are drawn like ASCII letters become those
 * letters, what is drawn as nothing (zero-width, bidi controls, soft hyphen) is left out, every
 * kind of dash and quote and space becomes one, character references ("&#74;") are read. Each
 * folded byte knows the bytes of the caller's text that it came from. */
#ifndef DEID_NORMAL_H
#define DEID_NORMAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

/* A part of the folded text, up to where the next begins, and where it came from. */
struct deid_stretch {
    uint32_t folded;
    uint32_t start, end; /* of the original; the end with the invisible characters that follow */
    bool is_plain;       /* byte for byte; else all of it is one character */
};

struct deid_text {
    struct slice original;
    struct slice folded;
    const struct deid_stretch *stretches; /* none: the texts are the same */
    uint32_t stretches_count;
};

/* RESOURCE_EXHAUSTED when the arena is full; INVALID_ARGUMENT for what is not UTF-8 or is over 1
 * GiB. The folded text is in the arena, or is @original itself where nothing had to change. */
enum status deid_normal(struct slice original, struct arena *arena, struct deid_text *text,
                        struct error *err);

/* Whether there is a control character in @original: of such a text there are two readings. */
bool deid_normal_has_control(struct slice original);

/* The other one: deid_normal reads a control character as what parts words, this as nothing, so
 * that neither a name around one nor two names beside one are hidden by it. */
enum status deid_normal_joined(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err);

/* The same for XHTML: the names of tags and attributes and the values of style are blanked,
 * character references are read as the characters that they stand for. Whatever else stands between
 * "<" and ">" is read as text: comments, CDATA, what is no markup at all. */
enum status deid_normal_markup(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err);

/* The same as a reader sees it: the tags of inline elements ("Oko<b>njo</b>") are left out, so that
 * they hide no word from the words around it. What stands in their attributes is left out too:
 * deid_normal_markup reads it. Control characters are left out. *@is_other: whether there was such
 * a tag or character; where there was none the two readings are the same. */
enum status deid_normal_reading(struct slice original, struct arena *arena, struct deid_text *text,
                                bool *is_other, struct error *err);

/* What neither of the two reads: the names of tags and attributes, and the values of style. */
enum status deid_normal_hidden(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err);

/* Where the folded range [@start, @end) lies in the original. */
uint32_t deid_normal_start(const struct deid_text *text, uint32_t start);
uint32_t deid_normal_end(const struct deid_text *text, uint32_t end);

/* How many code points of @original (UTF-8) stand before byte @at, when @points of them stand
 * before byte @from: spans in order are counted in one pass. */
uint32_t deid_normal_points(struct slice original, uint32_t from, uint32_t points, uint32_t at);

#endif
