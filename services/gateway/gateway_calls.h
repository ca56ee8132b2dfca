/* The handlers of the gateway's methods, a file each. Loop thread. */
#ifndef GATEWAY_CALLS_H
#define GATEWAY_CALLS_H

#include "rpc/call.h"

void put_start(struct call *call);       /* gateway_put.c */
void many_start(struct call *call);      /* gateway_many.c */
void timeline_start(struct call *call);  /* gateway_timeline.c */
void resources_start(struct call *call); /* gateway_resources.c */
void embed_start(struct call *call);     /* gateway_embed.c */
void forget_start(struct call *call);    /* gateway_forget.c */

#endif
