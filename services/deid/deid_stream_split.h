/* A JSON document cut into the pieces that are worked on one by one, while its bytes arrive: of a
 * Bundle each entry and each other member, of anything else the whole. Only structure is looked at;
 * whether a piece is JSON is its reader's to say. Used by deid_stream alone. */
#ifndef DEID_STREAM_SPLIT_H
#define DEID_STREAM_SPLIT_H

#include "base/buffer.h"
#include "base/error.h"
#include "fhir/json_end.h"

#define DEID_STREAM_KEYS_MAX 32

enum deid_stream_piece {
    DEID_STREAM_PIECE_WHOLE,  /* a document that is no Bundle, or does not say so first */
    DEID_STREAM_PIECE_MEMBER, /* the value of a Bundle's member @key */
    DEID_STREAM_PIECE_ENTRY,
    DEID_STREAM_PIECE_ENTRIES_START, /* no bytes: "entry":[ */
    DEID_STREAM_PIECE_ENTRIES_END,
    DEID_STREAM_PIECE_END, /* no bytes: the Bundle is whole */
};

/* Take a piece; @key and @bytes hold until it returns. */
typedef enum status (*deid_stream_piece_cb)(void *data, enum deid_stream_piece piece,
                                            struct slice key, struct slice bytes,
                                            struct error *err);

enum deid_stream_split_state {
    DEID_STREAM_SPLIT_START,
    DEID_STREAM_SPLIT_MEMBER_FIRST,
    DEID_STREAM_SPLIT_MEMBER,
    DEID_STREAM_SPLIT_KEY,
    DEID_STREAM_SPLIT_COLON,
    DEID_STREAM_SPLIT_VALUE,
    DEID_STREAM_SPLIT_MEMBER_NEXT,
    DEID_STREAM_SPLIT_ENTRY_FIRST,
    DEID_STREAM_SPLIT_ENTRY,
    DEID_STREAM_SPLIT_ENTRY_NEXT,
    DEID_STREAM_SPLIT_END,
    DEID_STREAM_SPLIT_WHOLE, /* everything is one piece */
};

struct deid_stream_split {
    enum deid_stream_split_state state;
    struct arena arena;    /* of what follows */
    struct buffer piece;   /* the value at hand, as far as it came */
    struct buffer key;     /* with its quotes */
    struct buffer opening; /* the first bytes, until they say that it is a Bundle */
    size_t piece_bytes_max;
    struct json_end end; /* of the value at hand */
    bool is_started;
    bool is_bundle;
    bool keeps_whole;                        /* a Bundle, too, is one piece; set after init */
    struct slice keys[DEID_STREAM_KEYS_MAX]; /* of the Bundle's members so far */
    unsigned keys_count;
    deid_stream_piece_cb take;
    void *data;
};

void deid_stream_split_init(struct deid_stream_split *split, size_t piece_bytes_max,
                            deid_stream_piece_cb take, void *data);
void deid_stream_split_close(struct deid_stream_split *split);

/* As for a new document. */
void deid_stream_split_reset(struct deid_stream_split *split);

/* The next bytes. INVALID_ARGUMENT for what is no JSON object, RESOURCE_EXHAUSTED for a piece over
 * its bound, and whatever
 * @take returns. */
enum status deid_stream_split_feed(struct deid_stream_split *split, struct slice bytes,
                                   struct error *err);

/* There are no more: INVALID_ARGUMENT when the document is cut short. */
enum status deid_stream_split_finish(struct deid_stream_split *split, struct error *err);

#endif
