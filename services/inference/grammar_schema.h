/* JSON Schema (draft 2020-12, or 7) as rules of a grammar: values of it, written as JSON.stringify
 * writes them, but for a blank or a line with its indent after a sign.
 *
 * What is said is always valid; not everything that is valid can be said. Members come in the order
 * in which the schema names them, then others; numbers have up to 15 digits. Keywords that cannot
 * be held to are refused by name; those that only tell (title, default, examples …) are passed
 * over. */
#ifndef INFERENCE_GRAMMAR_SCHEMA_H
#define INFERENCE_GRAMMAR_SCHEMA_H

#include "grammar.h"

#define GRAMMAR_SCHEMA_BYTES_MAX 262144

/* @text becomes rules of @grammar, which is new; *root is the rule of a whole value.
 * INVALID_ARGUMENT: no JSON, a keyword that is wrong or not supported, alternatives of "oneOf" that
 * can be met at one time; RESOURCE_EXHAUSTED. */
enum status grammar_schema(struct slice text, struct grammar *grammar, uint32_t *root,
                           struct error *err);

#endif
