/* One text, top to bottom: normal → tokens → scan and identity → resolve → replace. */
#ifndef DEID_REDACT_H
#define DEID_REDACT_H

#include "deid_identity.h"
#include "deid_policy.h"
#include "deid_scan.h"
#include "deid_surrogate.h"

/* What the redaction of one call works with. */
struct deid_redactor {
    const struct deid_rules *rules;
    struct deid_map *map;
    struct deid_identity identity;
    struct arena *arena;  /* of the call: results */
    struct arena scratch; /* emptied after each text */
    uint32_t counts[DEID_CLASS_COUNT];
    struct deid_found
        *found; /* what was replaced, newest first; kept only where keep_spans is set */
    bool keep_spans;
    bool is_alone; /* the texts belong to no record (enum deid_classes). Set after init */
    const struct deid_policy *policy; /* of the site; NULL: none. Set after init, with map->style */
    const char *path;                 /* of the text at hand, for found; NULL: none */
};

/* A span that was replaced, in bytes of the original text. */
struct deid_found {
    struct deid_span span;
    struct slice surrogate;
    bool is_general; /* a year, "90+", three digits of a ZIP code: it does not come back */
    const char *path;
    struct deid_found *next;
};

/* Ready @redactor over an opened map; the identity is made from what the map knows so far, in
 * @arena, which outlives it. */
enum status deid_redactor_init(struct deid_redactor *redactor, const struct deid_rules *rules,
                               struct deid_map *map, struct arena *arena, struct error *err);
void deid_redactor_close(struct deid_redactor *redactor);

/* The identity takes in what the map has learnt since. */
enum status deid_redactor_learn(struct deid_redactor *redactor, struct error *err);

/* The spans that deid_redact_text replaces in @text, by whichever way to read it they are found: in
 * bytes of @text, in order and disjoint, in redactor->arena. */
enum status deid_inspect_text(struct deid_redactor *redactor, struct slice text,
                              struct deid_spans *spans, struct error *err);

/* @text with surrogates, in redactor->arena. INVALID_ARGUMENT for what is not UTF-8. */
enum status deid_redact_text(struct deid_redactor *redactor, struct slice text, bool is_markup,
                             struct slice *output, struct error *err);

/* A window of a text that is too long to be held: @text from @start on to a place where it can be
 * cut, between words and outside of every span, at the end of a paragraph or a line where there is
 * one in [@end_min, @end_max]; to its end where @end_max is its size. What stands before @start and
 * after *@end is only read. RESOURCE_EXHAUSTED when there is no such place. */
enum status deid_redact_window(struct deid_redactor *redactor, struct slice text, size_t start,
                               size_t end_min, size_t end_max, size_t *end, struct slice *output,
                               struct error *err);

/* @text, which is a code or the name of one, with surrogates for what the patient is known by and
 * nothing else. *@is_restored: whether the way back gives @text, which it does not where a date
 * stands in it. */
enum status deid_redact_code(struct deid_redactor *redactor, struct slice text,
                             struct slice *output, bool *is_restored, struct error *err);

/* Whether something that the patient is known by stands in @text, or may: it could not be read. */
bool deid_redact_knows(struct deid_redactor *redactor, struct slice text);

#endif
