/* Who may call whom, where certificates say who somebody is: a table of services and the callers
 * that each takes calls from. Health and reflection are open to every certificate. */
#ifndef RPC_PEERS_H
#define RPC_PEERS_H

#include <stdbool.h>

#include "rpc/call.h"

struct peers;

/* The table's row of @service: "default" is the mesh's own table; else @source names a file with a
 * line for each service, "tokenizer: gateway consilium" ('#' begins a comment). INVALID_ARGUMENT
 * for a line that is none, FAILED_PRECONDITION where no line is of @service: who forgot it should
 * hear of it. At start. */
enum status peers_load(const char *source, const char *service, struct peers **peers,
                       struct error *err);
void peers_destroy(struct peers *peers);

/* Whether @peer is in the row: by its SPIFFE id as a whole or by the last part of that, or, of a
 * certificate without one, by its name as a whole or the first label of it. A row with "*" takes
 * everybody. Any thread. */
bool peers_take(const struct peers *peers, const struct peer *peer);

#endif
