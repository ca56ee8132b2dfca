/* The notation of llama.cpp's GBNF: rules of literals, classes, groups and repeats over code
 * points.
 *
 *     root  ::= item ("," " "? item)*       # the rule that a text must be
 *     item  ::= [a-z]{1,20} | "\"" [^"]* "\""
 *
 * A rule goes on over any number of lines, up to the next "name ::=". "." is any code point. In
 * literals and classes \n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH. */
#ifndef INFERENCE_GRAMMAR_PARSE_H
#define INFERENCE_GRAMMAR_PARSE_H

#include "grammar.h"

#define GRAMMAR_TEXT_BYTES_MAX 262144
#define GRAMMAR_DEPTH_MAX 64
#define GRAMMAR_REPEAT_MAX 1000000

/* @text becomes rules of @grammar, which is new; *root is the rule named "root". INVALID_ARGUMENT
 * with the line and what is wrong there; RESOURCE_EXHAUSTED. The names of rules are views into
 * @text. */
enum status grammar_parse(struct slice text, struct grammar *grammar, uint32_t *root,
                          struct error *err);

#endif
