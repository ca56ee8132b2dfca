/* The texts of facts that hold surrogates: out to deid's Restore, and back in. */
#ifndef GATEWAY_FACTS_H
#define GATEWAY_FACTS_H

#include "base/arena.h"
#include "base/error.h"
#include "contract/methods.h"

/* The texts of @count facts that say anything, in an order that facts_restore knows; views into the
 * facts. @texts is in @arena. RESOURCE_EXHAUSTED. */
enum status facts_texts(Consilium__V1__Fact *const *facts, size_t count, struct arena *arena,
                        ProtobufCBinaryData **texts, size_t *texts_count, struct error *err);

/* Put what @reply restored back into the facts, as copies in @arena. INTERNAL when it is not as
 * many texts as were sent. */
enum status facts_restore(Consilium__V1__Fact *const *facts, size_t count,
                          const Consilium__V1__RestoreReply *reply, struct arena *arena,
                          struct error *err);

#endif
