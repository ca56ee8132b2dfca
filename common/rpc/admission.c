#include "rpc/admission.h"

#include "base/check.h"

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

enum gate_answer gate_enter(struct gate *gate, struct list *node)
{
    enum gate_answer answer = GATE_ANSWER_FULL;

    pthread_mutex_lock(&gate->lock);
    if (gate->inside < gate->inside_max) {
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

struct list *gate_leave(struct gate *gate)
{
    struct list *node;

    pthread_mutex_lock(&gate->lock);
    CHECK(gate->inside > 0);
    node = list_take_front(&gate->queue);
    if (node == NULL)
        gate->inside--;
    else
        gate->waiting--;
    pthread_mutex_unlock(&gate->lock);
    return node;
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
