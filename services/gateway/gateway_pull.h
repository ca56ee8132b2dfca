/* A patient's record from the hospital's FHIR server. Loop thread. */
#ifndef GATEWAY_PULL_H
#define GATEWAY_PULL_H

#include "gateway.h"

/* @bundle is one FHIR Bundle of all pages, in the call's arena; on failure @err says why, without
 * the server's words. Once, and where nothing can be begun before pull_start has returned. */
typedef void (*pull_cb)(void *arg, struct slice bundle, const struct error *err);

/* Fetch Patient/{@id}/$everything for @call, whose caller is of @tenant. FAILED_PRECONDITION: no
 * server is configured; PERMISSION_DENIED: its patients are another tenant's; INVALID_ARGUMENT: no
 * FHIR id. When the call is cancelled the pull ends soon. */
enum status pull_start(struct call *call, const char *tenant, const char *id, pull_cb done,
                       void *arg, struct error *err);

#endif
