/* The de-identification engine inside the command: rules made once, and one text after the other
 * through them. One thread. */
#ifndef CONSILIUM_DEID_ENGINE_H
#define CONSILIUM_DEID_ENGINE_H

#include "deid_redact.h"
#include "fhir/json.h"

struct consilium_config;
struct deid_vault;

/* A text, a map and a tree of JSON take several times the bytes of a line. */
#define DEID_ENGINE_ARENA_BYTES ((size_t)4 << 30)

struct deid_engine {
    struct deid_rules rules;
    struct arena options; /* what lives as long as the engine */
    enum deid_profile profile;
    struct json *known;   /* FHIR that tells of the patient of every text, or NULL */
    struct deid_map *map; /* of every text, from the vault; NULL: each has its own */
    struct deid_vault *vault;
    struct deid_policy *policy; /* what the site adds; NULL: nothing */
};

/* One place of a text that was replaced, in bytes of the text as it was given. */
struct deid_engine_span {
    struct deid_span span;
    struct slice surrogate;
};

struct deid_engine_result {
    struct slice output;
    struct deid_engine_span *spans; /* in order, disjoint */
    unsigned spans_count;
    uint32_t counts[DEID_CLASS_COUNT];
};

/* INVALID_ARGUMENT for an option that is none; what the option files hold wrong is told by place,
 * never by text. */
enum status deid_engine_init(struct deid_engine *engine, const struct consilium_config *config,
                             struct error *err);
void deid_engine_close(struct deid_engine *engine);

/* Keep what the map of --map has learnt. Without one there is nothing to do. */
enum status deid_engine_save(struct deid_engine *engine, struct error *err);

/* The map for a text, which knows what --known and @patient tell (in the forms of
 * consilium_deid_known.h; NULL: nothing): the one of --map, or a new one in @own and @arena. NULL:
 * INVALID_ARGUMENT for a @patient that is not understood, RESOURCE_EXHAUSTED when there is no
 * room. */
struct deid_map *deid_engine_map(const struct deid_engine *engine, const struct json *patient,
                                 struct deid_map *own, struct arena *arena, struct error *err);

/* Redact one text. @patient: what its patient is known by, as deid_known_read takes it, or NULL.
 * @result lives in @arena. INVALID_ARGUMENT for what is not UTF-8 and for a @patient that is not
 * understood; RESOURCE_EXHAUSTED when there is no room. */
enum status deid_engine_text(const struct deid_engine *engine, struct slice text,
                             const struct json *patient, struct arena *arena,
                             struct deid_engine_result *result, struct error *err);

/* "NAME", "DATE": a class as the command writes it, or "" for a number that is none. Static. */
const char *deid_engine_label(enum deid_class class);

#endif
