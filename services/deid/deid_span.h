/* A span: one identifier found in a text, and the list that the finders write and the resolver
 * orders. */
#ifndef DEID_SPAN_H
#define DEID_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* The eighteen classes of 45 CFR 164.514(b)(2)(i), numbered as in deid.proto. */
enum deid_class {
    DEID_CLASS_NONE = 0,
    DEID_CLASS_NAME = 1,
    DEID_CLASS_GEOGRAPHY = 2,
    DEID_CLASS_DATE = 3,
    DEID_CLASS_PHONE = 4,
    DEID_CLASS_FAX = 5,
    DEID_CLASS_EMAIL = 6,
    DEID_CLASS_SSN = 7,
    DEID_CLASS_MRN = 8,
    DEID_CLASS_HEALTH_PLAN = 9,
    DEID_CLASS_ACCOUNT = 10,
    DEID_CLASS_LICENSE = 11,
    DEID_CLASS_VEHICLE = 12,
    DEID_CLASS_DEVICE = 13,
    DEID_CLASS_URL = 14,
    DEID_CLASS_IP = 15,
    DEID_CLASS_BIOMETRIC = 16,
    DEID_CLASS_PHOTO = 17,
    DEID_CLASS_OTHER = 18,
};

#define DEID_CLASS_COUNT 19

/* How the text of a span is to be read when it is replaced. */
enum deid_form {
    DEID_FORM_VALUE,     /* the bytes stand for themselves */
    DEID_FORM_PERSON,    /* a name: one surrogate for each person */
    DEID_FORM_DATE,      /* a date that deid_date can read */
    DEID_FORM_MONTH_DAY, /* "4/19": a date only because of what stands around it */
    DEID_FORM_AGE,       /* an age over 89 */
    DEID_FORM_POSTAL,    /* a ZIP code */
};

/* How sure: rules of shape alone are weak, labels and lists are stronger, what the patient is known
 * by is certain. */
#define DEID_SCORE_KNOWN 1.0f
#define DEID_SCORE_LABEL 0.95f
#define DEID_SCORE_SHAPE 0.9f
#define DEID_SCORE_LIST 0.8f
#define DEID_SCORE_WEAK 0.6f

struct deid_span {
    uint32_t start, end; /* bytes, end exclusive */
    enum deid_class class;
    enum deid_form form;
    float score;
};

struct deid_spans {
    struct arena *arena;
    struct deid_span *items;
    unsigned count, capacity;
    bool is_full; /* the arena had no room: what was found is not complete and must not be used */
};

void deid_spans_init(struct deid_spans *spans, struct arena *arena);

/* Empty spans are dropped. */
void deid_spans_add(struct deid_spans *spans, struct deid_span span);

#endif
