/* The components of a tokenizer.json that say how text is cut: normalizer, pre_tokenizer,
 * post_processor. Only for tokenizer_json.c. */
#ifndef TOKENIZER_JSON_RULES_H
#define TOKENIZER_JSON_RULES_H

#include "fhir/json.h"
#include "tokenizer_parts.h"

/* Which kind of vocabulary the file describes: settings->kind. */
enum status tokenizer_json_read_kind(const struct json *root, struct tokenizer_settings *settings,
                                     struct error *err);

/* The normal form, the prefix, the split, and BERT's flags. settings->kind is known. */
enum status tokenizer_json_read_rules(const struct json *root, struct tokenizer_settings *settings,
                                      struct error *err);

/* What the post-processor puts before and after a text: bos and eos, adds_bos and adds_eos. The
 * pieces are there. */
enum status tokenizer_json_read_frame(const struct json *root, struct tokenizer_parts *parts,
                                      struct error *err);

/* Helpers of both files: "type" of a component ({NULL, 0} for null), and a flag with what it is
 * where it is not given. */
struct slice tokenizer_json_type(const struct json *component);
bool tokenizer_json_flag(const struct json *component, const char *key, bool absent);
bool tokenizer_json_is_null(const struct json *value);

#endif
