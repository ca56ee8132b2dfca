/* Resources: a page of what was put, redacted. Loop thread; a page is made on a worker. */
#ifndef CONTEXT_RESOURCES_RPC_H
#define CONTEXT_RESOURCES_RPC_H

#include "context.h"

void context_resources_start(struct call *call);

#endif
