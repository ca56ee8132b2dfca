/* A group runs on the loop: its calls' clients are CLIENT_PLACE_LOOP.
 *
 * The rpcs call back one by one; a decision (met, or cannot be met) cancels those that still run,
 * and the group is done when the last of them has come back. Rpcs never call back before group_call
 * has returned, and a call that could not be started is told of, like the rest, from a letter that
 * group_start posts. */
#include "rpc/group.h"

#include "base/check.h"
#include "base/list.h"
#include "rpc/channel.h"

struct member {
    struct list in_group; /* while it runs */
    struct group *group;
    struct rpc *rpc;
    rpc_reply_cb on_reply;
    void *arg;
    struct error not_started;
};

struct group {
    struct arena *arena;
    enum group_policy policy;
    unsigned quorum;
    struct rpc_options options;
    group_done_cb on_done;
    void *arg;
    struct loop *loop;
    struct letter letter;
    struct list running, failed_at_start;
    unsigned calls, succeeded, failed, active; /* active: running, and not told of yet */
    bool is_started, is_opened, is_decided;
    struct error first; /* failure */
    struct error result;
};

struct group *group_create(struct arena *arena, enum group_policy policy, unsigned quorum,
                           const struct rpc_options *options, group_done_cb on_done, void *arg)
{
    struct group *group = ARENA_NEW(arena, struct group);

    if (group == NULL)
        return NULL;
    group->arena = arena;
    group->policy = policy;
    group->quorum = quorum;
    group->options = *options;
    group->on_done = on_done;
    group->arg = arg;
    list_init(&group->running);
    list_init(&group->failed_at_start);
    return group;
}

static void cancel_running(struct group *group)
{
    struct list *node, *after;

    LIST_EACH(node, after, &group->running)
    rpc_cancel(LIST_ITEM(node, struct member, in_group)->rpc);
}

static void decide(struct group *group, const struct error *result)
{
    if (group->is_decided)
        return;
    group->is_decided = true;
    group->result = *result;
    cancel_running(group);
}

static bool is_met(const struct group *group)
{
    switch (group->policy) {
    case GROUP_POLICY_ALL:
        return group->succeeded == group->calls;
    case GROUP_POLICY_PARTIAL:
        return group->succeeded + group->failed == group->calls
               && (group->succeeded > 0 || group->calls == 0);
    case GROUP_POLICY_QUORUM:
        return group->succeeded >= group->quorum;
    }
    return false;
}

static bool is_lost(const struct group *group)
{
    switch (group->policy) {
    case GROUP_POLICY_ALL:
        return group->failed > 0;
    case GROUP_POLICY_PARTIAL:
        return group->failed > 0 && group->failed == group->calls;
    case GROUP_POLICY_QUORUM:
        return group->failed + group->quorum > group->calls;
    }
    return false;
}

static void tell_lost(struct group *group)
{
    struct error err = group->first;

    if (group->policy == GROUP_POLICY_QUORUM)
        error_set(&err, group->failed == 0 ? STATUS_FAILED_PRECONDITION : group->first.status,
                  "%u of %u calls failed, %u must succeed: %.120s", group->failed, group->calls,
                  group->quorum, group->first.text);
    decide(group, &err);
}

/* Called whenever something has changed; the last line may free the group's arena. */
static void step(struct group *group)
{
    static const struct error ok;

    if (!group->is_opened)
        return;
    if (is_met(group))
        decide(group, &ok);
    else if (is_lost(group))
        tell_lost(group);
    if (group->active == 0)
        group->on_done(group->arg, &group->result);
}

static void count(struct group *group, const struct error *err)
{
    group->active--;
    if (err->status == STATUS_OK) {
        group->succeeded++;
        return;
    }
    group->failed++;
    if (group->first.status == STATUS_OK)
        group->first = *err;
}

static void member_replied(void *arg, const void *reply, const struct error *err)
{
    struct member *member = arg;

    list_remove(&member->in_group);
    member->on_reply(member->arg, reply, err);
    count(member->group, err);
    step(member->group);
}

void group_call(struct group *group, struct channel *channel, const struct method *method,
                const void *request, rpc_reply_cb on_reply, void *arg)
{
    struct member *member = ARENA_NEW(group->arena, struct member);

    CHECK(!group->is_started && client_on_loop(channel->client));
    group->loop = channel->client->loop;
    group->calls++;
    group->active++;
    if (member == NULL) {
        /* No room to remember the call for later, so it is told of now. */
        struct error err = { 0 };

        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call of a group");
        on_reply(arg, NULL, &err);
        count(group, &err);
        return;
    }
    member->group = group;
    member->on_reply = on_reply;
    member->arg = arg;
    if (rpc_call(channel, method, request, &group->options, member_replied, member, &member->rpc,
                 &member->not_started)
        == STATUS_OK)
        list_push_back(&group->running, &member->in_group);
    else
        list_push_back(&group->failed_at_start, &member->in_group);
}

static void open_group(struct letter *letter)
{
    struct group *group = LIST_ITEM(letter, struct group, letter);
    struct list *node;

    while ((node = list_take_front(&group->failed_at_start)) != NULL) {
        struct member *member = LIST_ITEM(node, struct member, in_group);

        member->on_reply(member->arg, NULL, &member->not_started);
        count(group, &member->not_started);
    }
    group->is_opened = true;
    step(group);
}

void group_start(struct group *group)
{
    CHECK(!group->is_started && group->calls > 0);
    group->is_started = true;
    group->letter.open = open_group;
    mailbox_post(&group->loop->mailbox, &group->letter);
}

void group_cancel(struct group *group)
{
    struct error err = { 0 };

    error_set(&err, STATUS_CANCELLED, "the group was cancelled");
    decide(group, &err);
}
