/* AssembleMany: a slice of each of many patients. Loop thread. */
#ifndef CONTEXT_MANY_H
#define CONTEXT_MANY_H

#include "rpc/call.h"

/* Start @call: its handler. */
void context_many(struct call *call);

#endif
