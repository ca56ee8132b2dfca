/* Says when the loop has something to do, for a thread of it that waits elsewhere (loop_driver): a
 * small thread of its own waits for the loop's descriptors. Timers and letters are not its
 * business. */
#ifndef RUN_LOOP_WATCH_H
#define RUN_LOOP_WATCH_H

#include "run/loop.h"

struct loop_watch;

/* @wake is called on the watch's thread, and then no more until loop_watch_again. */
struct loop_watch *loop_watch_start(struct loop *loop, void (*wake)(void *arg), void *arg,
                                    struct error *err);

/* The loop has had its turn. Once for each wake. */
void loop_watch_again(struct loop_watch *watch);

/* Joins: @wake is not called any more. */
void loop_watch_stop(struct loop_watch *watch);

#endif
