/* A bundle joins a patient's record. Loop thread. */
#ifndef CONTEXT_PUT_H
#define CONTEXT_PUT_H

#include "context.h"

/* The handler of Context.Put; the request has been checked. */
void context_put(struct context *context, struct call *call);

/* Write a record that only memory holds. False when it could not be begun. */
bool context_put_unsaved(struct context *context, struct cache_entry *entry);

#endif
