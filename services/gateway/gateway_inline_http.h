/* A FHIR Bundle that comes along with a question: put under an id of its own, asked about, and
 * forgotten when the question has been answered. Loop thread. */
#ifndef GATEWAY_INLINE_HTTP_H
#define GATEWAY_INLINE_HTTP_H

#include "gateway_http.h"

struct inline_record;

/* @on_put comes later, once: with the id to ask about, or why it could not be put. @bundle lasts as
 * long as @exchange. NULL and @api when nothing was begun. */
struct inline_record *inline_record_put(struct http_exchange *exchange, struct slice bundle,
                                        void (*on_put)(void *arg, const char *patient,
                                                       const struct error *err),
                                        void *arg, struct api_error *api);

/* The client has gone; on_put still comes, if it had not. */
void inline_record_cancel(struct inline_record *record);

/* @on_forgotten may be called at once. The record is gone then. */
void inline_record_forget(struct inline_record *record, void (*on_forgotten)(void *arg), void *arg);

#endif
