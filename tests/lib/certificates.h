/* Certificates for tests, made by the openssl command in a folder of their own. */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>

/* A new empty folder; certificates_remove takes it away again. */
void certificates_open(char folder[64]);
void certificates_remove(const char *folder);

/* FOLDER/NAME.crt and FOLDER/NAME.key: an authority. */
bool certificates_authority(const char *folder, const char *name);

/* FOLDER/NAME.crt and FOLDER/NAME.key, issued by @authority; @names is like
 * "IP:127.0.0.1,URI:spiffe://mesh/deid". */
bool certificates_leaf(const char *folder, const char *authority, const char *name,
                       const char *names, int days);

/* Copy FOLDER/FROM over FOLDER/TO in one step (a rename), at most @bytes_max of it (0: all). */
bool certificates_copy(const char *folder, const char *from, const char *to, size_t bytes_max);

/* FOLDER/NAME in static memory; four of them hold at once. */
const char *certificates_path(const char *folder, const char *name);

#endif
