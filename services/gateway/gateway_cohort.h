/* The assembling of a cohort: slices of many patients by few calls of context's AssembleMany. What
 * is asked for while such calls are out goes together with the next. A patient's failure is its
 * own; where a whole call is lost, those that it left unanswered are asked for one by one. Loop
 * thread. */
#ifndef GATEWAY_COHORT_H
#define GATEWAY_COHORT_H

#include "gateway.h"

struct cohort;

/* In the arena of @parent, whose deadline, trace and cancellation hold. At most @patients_max are
 * asked for at a time. @on_idle(arg) comes when no call is out any more. NULL: no memory. */
struct cohort *cohort_create(struct gateway *gateway, const struct call *parent,
                             unsigned patients_max, void (*on_idle)(void *arg), void *arg);

/* Whether a call is out: as long as one is, @parent must last. */
bool cohort_is_out(const struct cohort *cohort);

/* Ask for a slice; of one cohort all but patient and question are the same. @on_reply(@arg) gets a
 * Consilium__V1__AssembleReply, as from rpc_call, and never before this has returned. What @request
 * points at must last until then. */
enum status cohort_assemble(struct cohort *cohort, const Consilium__V1__AssembleRequest *request,
                            rpc_reply_cb on_reply, void *arg, struct error *err);

/* End what is out soon; all that was asked for is told CANCELLED, or its answer. */
void cohort_cancel(struct cohort *cohort);

#endif
