/* Compiled vocabularies as files: a vocabulary is read and compiled once, with the words of
 * tokenizer_words.txt encoded ahead, and kept in a folder; from then on it is mapped, which takes
 * about a millisecond, and its memory is shared by all processes that map it.
 *
 * A kept file that is damaged, or was made from another state of its source or by another version,
 * is not used and made anew. The folder must be the operator's: who can write there can change what
 * the tokenizer does, as who can write its program can. */
#ifndef TOKENIZER_FILE_H
#define TOKENIZER_FILE_H

#include "tokenizer_image.h"
#include "tokenizer_vocab.h"

/* The vocabulary of @path (tokenizer_open.h), mapped from @folder where it is kept there; else
 * read, compiled and kept there. That it cannot be kept is logged and no failure. NULL on failure,
 * as tokenizer_open. Takes long at the first time: at start, not for a call. */
struct tokenizer_vocab *tokenizer_file_open(const char *path, const char *folder,
                                            struct error *err);

/* The compiled file at @path. @source: what it must have been made from; NULL for anything.
 * NOT_FOUND, PERMISSION_DENIED; DATA_LOSS for a file that is damaged or of another version,
 * FAILED_PRECONDITION for one that was made from something else. NULL on failure. */
struct tokenizer_vocab *tokenizer_file_map(const char *path, const struct tokenizer_source *source,
                                           struct error *err);

/* Write @image as a file that was made from @source; it appears under its name when it is whole. */
enum status tokenizer_file_save(const struct tokenizer_image *image,
                                const struct tokenizer_source *source, const char *path,
                                struct error *err);

/* What identifies the state of the file @path and of what may lie beside it. */
enum status tokenizer_file_source(const char *path, struct tokenizer_source *source,
                                  struct error *err);

#endif
