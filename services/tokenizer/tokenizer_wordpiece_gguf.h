/* How a GGUF file holds a WordPiece vocabulary (tokenizer.ggml.model "bert"): without a normaliser,
 * and with pieces marked the other way round, U+2581 before those that begin a word and nothing
 * before those that go on. Only for tokenizer_gguf.c. */
#ifndef TOKENIZER_WORDPIECE_GGUF_H
#define TOKENIZER_WORDPIECE_GGUF_H

#include "tokenizer_parts.h"

/* The converters write uncased vocabularies alone: cleaned, in lower case, without accents. */
void tokenizer_wordpiece_gguf_settings(struct tokenizer_settings *settings);

/* A normal piece as WordPiece writes it; made in @arena where it must be. False: no memory. */
bool tokenizer_wordpiece_gguf_piece(struct slice *text, struct arena *arena);

/* What frames a text, from the ids that the file names. DATA_LOSS where it names no unknown piece.
 */
enum status tokenizer_wordpiece_gguf_frame(struct tokenizer_settings *settings, struct error *err);

#endif
