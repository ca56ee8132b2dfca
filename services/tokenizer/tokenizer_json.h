/* The parts of a vocabulary from a tokenizer.json of Hugging Face: byte-level BPE, SentencePiece
 * BPE with byte fallback, WordPiece.
 *
 * What a file says is recognised by component, and a regular expression by its text: a component,
 * setting or expression that is not known is refused by name, for ids that are almost right are
 * worse than none. Truncation and padding are not the file's to decide and are not looked at. */
#ifndef TOKENIZER_JSON_H
#define TOKENIZER_JSON_H

#include "tokenizer_parts.h"

/* tokenizer.json of the largest vocabulary published has 33 MB. */
#define TOKENIZER_JSON_BYTES_MAX (256u << 20)

struct tokenizer_json_files {
    struct slice tokenizer; /* tokenizer.json */
    struct slice config; /* tokenizer_config.json beside it, for the names of special tokens and the
                            chat template; may be empty */
    struct slice chat_template; /* chat_template.jinja beside it; may be empty */
};

/* Fill @parts, which is new. INVALID_ARGUMENT for what is no JSON, DATA_LOSS for what contradicts
 * itself, UNIMPLEMENTED (named) for what is not supported, RESOURCE_EXHAUSTED. */
enum status tokenizer_json_read(const struct tokenizer_json_files *files,
                                struct tokenizer_parts *parts, struct error *err);

#endif
