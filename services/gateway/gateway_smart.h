/* SMART Backend Services (HL7): who we are, as a signed assertion that a FHIR server's token
 * endpoint takes in place of a password. */
#ifndef GATEWAY_SMART_H
#define GATEWAY_SMART_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct smart_key;

/* Read a private JWK: RSA of 2048 bits and more (RS384) or EC on P-384 (ES384). FAILED_PRECONDITION
 * when everybody can read the file, or it holds something else; its content is in no error. */
enum status smart_key_load(const char *path, struct smart_key **key, struct error *err);
void smart_key_destroy(struct smart_key *key);

/* "client_credentials" as the body of a POST to @endpoint, with an assertion of @client_id that is
 * good for five minutes from @now_s on and for no other endpoint. In @arena. */
enum status smart_form(const struct smart_key *key, const char *client_id, const char *endpoint,
                       int64_t now_s, struct arena *arena, const char **form, struct error *err);

#endif
