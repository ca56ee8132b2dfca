/* Names, made once: what a concept is called, which codes it has, words of a status. A record says
 * the same few hundred again and again, and making one costs more than finding it. */
#ifndef CONTEXT_NAME_H
#define CONTEXT_NAME_H

#include "base/arena.h"
#include "base/buffer.h"
#include "fhir/json.h"

struct name {
    struct slice label; /* fit for a line; empty: the concept says nothing */
    struct slice codes; /* see struct fact */
    bool is_code;       /* there were no words, neither in the record nor in our tables */
};

#define NAME_SLOTS 4096

/* Text that makes up a cached name at most; a longer one is made each time. */
#define RAW_BYTES_MAX 1024

/* A bounded cache: a name that is not in it is made again. */
struct names {
    struct arena *arena, *work;
    struct buffer scratch;
    bool is_full; /* the arena had no room */
    uint64_t seed;
    struct {
        uint64_t hash;
        struct slice raw; /* what it was made from: compared in full */
        struct name name;
    } * slots;
};

/* Names are made in @arena; the cache itself is in @work. False: no room. */
bool names_init(struct names *names, struct arena *arena, struct arena *work);

/* The name of a CodeableConcept (or a Coding) that a fact is about: its words, else what our tables
 * say of its codes, else a code. */
struct name names_of(struct names *names, const struct json *concept);

/* @text cleaned for a line and cut to @bytes_max. */
struct slice names_text(struct names *names, struct slice text, size_t bytes_max);

/* @text as it is; {NULL, 0} where it is longer than @bytes_max. */
struct slice names_raw(struct names *names, struct slice text, size_t bytes_max);

/* Anything that is made from @key, of at most RAW_BYTES_MAX, for one @purpose (a text of the
 * program's own, by its address): what names_keep was given for them, which returns its copy. */
bool names_find(struct names *names, struct slice key, const char *purpose, struct slice *made);
struct slice names_keep(struct names *names, struct slice key, const char *purpose,
                        struct slice made);

#endif
