/* A fan-out: many unary calls, one deadline, one cancellation, one completion. On the loop: the
 * channels are those of a client of CLIENT_PLACE_LOOP. */
#ifndef RPC_GROUP_H
#define RPC_GROUP_H

#include "rpc/client.h"

enum group_policy {
    GROUP_POLICY_ALL,     /* the first failure cancels the rest and is the group's */
    GROUP_POLICY_PARTIAL, /* wait for all, keep what succeeded; fails only when none did */
    GROUP_POLICY_QUORUM, /* @quorum successes cancel the rest; fails when they cannot be reached any
                            more */
};

struct group;

/* @err is OK or why the policy could not be met. */
typedef void (*group_done_cb)(void *arg, const struct error *err);

/* From the parent's arena or @arena; gone after @on_done has returned. @options.deadline_ns, trace,
 * parent are shared by all. */
struct group *group_create(struct arena *arena, enum group_policy policy, unsigned quorum,
                           const struct rpc_options *options, group_done_cb on_done, void *arg);

/* Add a call; each has its own @on_reply, which comes before the group's. A call that cannot be
 * started counts as failed and its
 * @on_reply comes too. */
void group_call(struct group *group, struct channel *channel, const struct method *method,
                const void *request, rpc_reply_cb on_reply, void *arg);

/* No more will be added (there is at least one). @on_done comes when the policy is met or cannot
 * be; never before this has returned, and after the last @on_reply. */
void group_start(struct group *group);

/* Cancel what is still running; @on_done comes with CANCELLED. */
void group_cancel(struct group *group);

#endif
