/* The tokenizer service: the model that every rpc thread reads, and the watch over its file.
 *
 * Loop: a timer looks at the file → it has changed, and is as it was a look ago → a worker reads it
 * → it becomes the current one. A file that cannot be read is logged once, health "vocabulary" says
 * so, and what was current serves on. A call works with one model from its beginning to its end: an
 * old model goes with its last call. Replace the file by renaming another over it. */
#ifndef TOKENIZER_H
#define TOKENIZER_H

#include "rpc/host.h"
#include "tokenizer_model.h"

struct tokenizer;

/* Read the file @path. @folder: where compiled vocabularies are kept; NULL: nowhere. What the
 * template cannot do is told by each ApplyTemplate. */
struct tokenizer *tokenizer_start(const char *path, const char *folder, struct error *err);

/* On the loop of @host: look at the file every @watch_ms, and overwrite what is remembered of the
 * words of texts every @words_ms; 0: never. */
void tokenizer_watch(struct tokenizer *tokenizer, struct host *host, uint64_t watch_ms,
                     uint64_t words_ms);

/* Look no more; @host is held while a worker still reads. Loop thread. */
void tokenizer_unwatch(struct tokenizer *tokenizer);

/* After the loop. NULL is harmless. */
void tokenizer_stop(struct tokenizer *tokenizer);

/* Read the file anew, now; on failure the current model stays. Any thread, one at a time. */
enum status tokenizer_reload(struct tokenizer *tokenizer, struct error *err);

/* The current model, held until tokenizer_model_let_go. Any thread. */
struct tokenizer_model *tokenizer_hold(struct tokenizer *tokenizer);

#endif
