/* As much of XML as labelled texts are written in: elements, attributes, text, CDATA, the five
 * named entities and those by number. What it does not know it refuses. */
#ifndef CONSILIUM_DEID_XML_H
#define CONSILIUM_DEID_XML_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

enum deid_xml_kind {
    DEID_XML_OPEN,  /* <name ...>, also of <name .../> */
    DEID_XML_CLOSE, /* </name>, and right after the OPEN of <name .../> */
    DEID_XML_TEXT,
    DEID_XML_END,
};

struct deid_xml {
    struct slice bytes;
    size_t at;
    struct slice name;       /* of OPEN and CLOSE */
    struct slice attributes; /* of OPEN, as written */
    struct slice text;       /* of TEXT, as written */
    bool is_raw;             /* @text is CDATA: nothing in it stands for something else */
    bool is_empty;           /* a CLOSE follows by itself */
};

void deid_xml_init(struct deid_xml *xml, struct slice bytes);

/* The next of them; declarations, comments and instructions are skipped. INVALID_ARGUMENT by the
 * byte for what does not end. */
enum status deid_xml_next(struct deid_xml *xml, enum deid_xml_kind *kind, struct error *err);

/* Append the text as it reads: entities resolved, line ends as "\n". INVALID_ARGUMENT for an entity
 * that is unknown. */
enum status deid_xml_put_text(const struct deid_xml *xml, struct buffer *out, struct error *err);

/* The attribute @name of the OPEN at hand, entities resolved, in @arena; {NULL, 0}: none. */
struct slice deid_xml_attribute(const struct deid_xml *xml, const char *name, struct arena *arena);

#endif
