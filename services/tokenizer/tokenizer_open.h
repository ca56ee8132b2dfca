/* A vocabulary from a file, whatever its kind: GGUF, or a tokenizer.json with the
 * tokenizer_config.json and chat_template.jinja that may lie beside it (a folder stands for the
 * tokenizer.json in it). */
#ifndef TOKENIZER_OPEN_H
#define TOKENIZER_OPEN_H

#include "tokenizer_vocab.h"

/* The path is in the error. NOT_FOUND, PERMISSION_DENIED; DATA_LOSS for a file that is cut or
 * contradicts itself; UNIMPLEMENTED for what is not supported (named). NULL on failure. */
struct tokenizer_vocab *tokenizer_open(const char *path, struct error *err);

#endif
