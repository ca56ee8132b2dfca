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

#endif
