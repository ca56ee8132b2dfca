/* Text of a template at work: bytes of UTF-8, and for each byte whether it is trusted. What the
 * template and the vocabulary wrote is trusted; what came in with a message is not, and stays so
 * through every cut, join and change of case. A byte that was made from an untrusted one is
 * untrusted.
 *
 * Texts are views; what is made anew comes from the arena of the builder. Any thread, each with its
 * own arena. */
#ifndef JINJA_JINJA_TEXT_H
#define JINJA_JINJA_TEXT_H

#include "base/buffer.h"

struct jinja_text {
    const char *data;
    const char
        *marks; /* a byte beside each of @data, 1 for trusted; NULL: all are as @is_trusted */
    size_t size;
    bool is_trusted;
    bool is_markup; /* went through "safe": what is added to it is escaped, as in the reference */
};

/* Text that grows. */
struct jinja_builder {
    struct buffer bytes, marks;
};

static inline struct slice jinja_text_slice(struct jinja_text text)
{
    return slice_of(text.data, text.size);
}

struct jinja_text jinja_text_of(struct slice bytes, bool is_trusted);

/* Bytes [@start, @end), cut to the size. */
struct jinja_text jinja_text_cut(struct jinja_text text, size_t start, size_t end);

/* The byte offset of the first @needle at or after @from; SIZE_MAX for none. */
size_t jinja_text_find(struct jinja_text text, struct slice needle, size_t from);

/* The last @needle that ends at or before @end. */
size_t jinja_text_find_last(struct jinja_text text, struct slice needle, size_t end);

enum jinja_strip {
    JINJA_STRIP_LEFT = 1,
    JINJA_STRIP_RIGHT = 2,
    JINJA_STRIP_BOTH = 3,
};

/* Code points of @characters off the ends; white space, as Python counts it, where @characters.data
 * is NULL. */
struct jinja_text jinja_text_strip(struct jinja_text text, struct slice characters,
                                   enum jinja_strip sides);

/* Code points. */
size_t jinja_text_length(struct jinja_text text);

/* The byte offset of code point @index, or the size when there are not as many. */
size_t jinja_text_offset(struct jinja_text text, size_t index);

/* Whether Python's str.isspace holds for it. */
bool jinja_text_is_space(uint32_t code_point);

void jinja_builder_init(struct jinja_builder *builder, struct arena *arena);
void jinja_builder_put(struct jinja_builder *builder, struct jinja_text text);
void jinja_builder_put_slice(struct jinja_builder *builder, struct slice bytes, bool is_trusted);
void jinja_builder_put_string(struct jinja_builder *builder, const char *string); /* trusted */

/* What was put; is_full of the bytes tells that there was no room. */
struct jinja_text jinja_builder_text(const struct jinja_builder *builder);

enum jinja_case {
    JINJA_CASE_UPPER,
    JINJA_CASE_LOWER,
    JINJA_CASE_CAPITAL, /* the first letter upper, the others lower */
    JINJA_CASE_TITLE,   /* of each word */
};

void jinja_builder_put_case(struct jinja_builder *builder, struct jinja_text text,
                            enum jinja_case wanted);

/* & < > ' " as HTML writes them. */
void jinja_builder_put_escaped(struct jinja_builder *builder, struct jinja_text text);

#endif
