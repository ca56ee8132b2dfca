/* The files of the mesh's protos as serialized FileDescriptorProtos, as the build has put them into
 * the program. They are our own bytes, so nothing is checked but their ends. Any thread. */
#ifndef RPC_DESCRIPTOR_H
#define RPC_DESCRIPTOR_H

#include <stdbool.h>

#include "base/slice.h"

#define DESCRIPTOR_FILES_MAX 64

/* The file that is called @name; {NULL, 0} when there is none. */
struct slice descriptor_find_file(struct slice name);

/* The file that declares @symbol, "consilium.v1.Deid" or "consilium.v1.Deid.Redact" or
 * "consilium.v1.Span". */
struct slice descriptor_find_symbol(struct slice symbol);

/* @file and every file that it imports, each once, @file first. Returns their number. */
unsigned descriptor_closure(struct slice file, struct slice files[DESCRIPTOR_FILES_MAX]);

#endif
