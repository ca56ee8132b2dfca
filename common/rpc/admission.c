#include "rpc/admission.h"

#include "base/check.h"

/* The mean follows spans of busy time, which are longer than a process with a share of a processor
 * stands still: within its slice it answers thirty calls in a millisecond, and then none in thirty.
 * A span that takes longer by the clock is brought to an end all the same. */
#define SPAN_NS (200 * (uint64_t)1000000)
#define SPAN_CLOCK_NS (500 * (uint64_t)1000000)
#define MEAN_OF 16
/* Times: half of its time a call may spend on the way, where no server sees it. */
#define MARGIN 2
#define OUTLIER 8
#define CROWD 8 /* fewer are not refused: the time between them says more of callers than of us */
#define INTERVAL_NS_MIN 1000 /* from less the mean could not grow again */

void gate_init(struct gate *gate, unsigned inside_max, unsigned waiting_max)
{
    *gate = (struct gate){ .inside_max = inside_max, .waiting_max = waiting_max };
    pthread_mutex_init(&gate->lock, NULL);
    list_init(&gate->queue);
}

void gate_close(struct gate *gate)
{
    CHECK(gate->inside == 0 && gate->waiting == 0);
    pthread_mutex_destroy(&gate->lock);
}

/* Under the lock. */
static uint64_t wait_ns(const struct gate *gate)
{
    return (gate->inside + gate->waiting + 1) * gate->interval_ns;
}

enum gate_answer gate_enter(struct gate *gate, struct list *node, uint64_t now_ns,
                            uint64_t deadline_ns)
{
    enum gate_answer answer = GATE_ANSWER_FULL;

    pthread_mutex_lock(&gate->lock);
    if (gate->inside == 0)
        gate->left_ns = now_ns;
    if (gate->inside + gate->waiting >= CROWD && deadline_ns != UINT64_MAX
        && now_ns + wait_ns(gate) * MARGIN >= deadline_ns) {
        answer = GATE_ANSWER_LATE;
    } else if (gate->inside < gate->inside_max) {
        gate->inside++;
        answer = GATE_ANSWER_ENTER;
    } else if (gate->waiting < gate->waiting_max) {
        gate->waiting++;
        list_push_back(&gate->queue, node);
        answer = GATE_ANSWER_WAIT;
    }
    pthread_mutex_unlock(&gate->lock);
    return answer;
}

/* Under the lock. */
static void set_interval(struct gate *gate, uint64_t interval_ns)
{
    gate->interval_ns = interval_ns < INTERVAL_NS_MIN ? INTERVAL_NS_MIN : interval_ns;
}

/* Under the lock. One long pause says little of the next call: it counts as a few intervals. */
static uint64_t cut_outlier(const struct gate *gate, uint64_t sample)
{
    uint64_t most = OUTLIER * gate->interval_ns;

    return gate->interval_ns != 0 && sample > most ? most : sample;
}

/* Under the lock. */
static void note_done(struct gate *gate, uint64_t now_ns, uint64_t passed_ns)
{
    bool is_first = gate->interval_ns == 0;

    if (gate->span_done++ == 0)
        gate->span_began_ns = now_ns - passed_ns;
    gate->span_ns += passed_ns;
    gate->left_ns = now_ns;
    if (!is_first && gate->span_ns < SPAN_NS && now_ns - gate->span_began_ns < SPAN_CLOCK_NS)
        return;
    passed_ns = cut_outlier(gate, gate->span_ns / gate->span_done);
    set_interval(gate, is_first ? passed_ns : (gate->interval_ns + passed_ns) / 2);
    gate->span_ns = 0;
    gate->span_done = 0;
}

/* Under the lock. */
static void note_leaving(struct gate *gate, uint64_t now_ns, bool is_done)
{
    uint64_t passed_ns = now_ns > gate->left_ns ? now_ns - gate->left_ns : 0;

    if (is_done)
        note_done(gate, now_ns, passed_ns);
    else if (passed_ns > gate->interval_ns)
        set_interval(gate, gate->interval_ns - gate->interval_ns / MEAN_OF
                               + cut_outlier(gate, passed_ns) / MEAN_OF);
}

struct list *gate_leave(struct gate *gate, uint64_t now_ns, bool is_done)
{
    struct list *node;

    pthread_mutex_lock(&gate->lock);
    CHECK(gate->inside > 0);
    note_leaving(gate, now_ns, is_done);
    node = list_take_front(&gate->queue);
    if (node == NULL)
        gate->inside--;
    else
        gate->waiting--;
    pthread_mutex_unlock(&gate->lock);
    return node;
}

uint64_t gate_wait_ns(struct gate *gate)
{
    uint64_t wait;

    pthread_mutex_lock(&gate->lock);
    wait = wait_ns(gate);
    pthread_mutex_unlock(&gate->lock);
    return wait;
}

unsigned gate_inside(struct gate *gate)
{
    unsigned inside;

    pthread_mutex_lock(&gate->lock);
    inside = gate->inside;
    pthread_mutex_unlock(&gate->lock);
    return inside;
}

bool gate_forget(struct gate *gate, struct list *node)
{
    bool is_waiting;

    pthread_mutex_lock(&gate->lock);
    is_waiting = !list_is_empty(node);
    if (is_waiting) {
        list_remove(node);
        gate->waiting--;
    }
    pthread_mutex_unlock(&gate->lock);
    return is_waiting;
}
