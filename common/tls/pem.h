/* A set of PEM texts: a certificate chain, its key, the authorities that peers must come from. Read
 * and checked as one, because a set that does not fit would break every handshake. */
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include <stdint.h>

#include "base/error.h"

/* A chain, a key or a bundle of authorities (the bundles that systems ship are under 300 KiB). */
#define PEM_BYTES_MAX (1 << 20)

struct pem_set {
    char *certificate, *key; /* NULL: none */
    char *authority;         /* NULL: none */
    uint64_t digest;         /* of all three */
};

/* Read the files (NULL: that part is absent) into @set; they are malloced. Errors name the file.
 * Any thread. */
enum status pem_set_read(const char *certificate_file, const char *key_file,
                         const char *authority_file, struct pem_set *set, struct error *err);

/* FAILED_PRECONDITION when the chain does not parse to its end, its certificates do not follow each
 * other, the leaf is out of its dates, the key is not the leaf's, or an authority does not parse.
 * Any thread. */
enum status pem_set_check(const struct pem_set *set, struct error *err);

/* Keys are wiped. */
void pem_set_close(struct pem_set *set);

#endif
