/* The watch over the model's file: when another one has been put in its place, whole, by renaming
 * it over the old one, it is loaded. Loop thread. */
#ifndef INFERENCE_WATCH_H
#define INFERENCE_WATCH_H

#include "inference.h"

struct inference_watch {
    struct inference *inference;
    struct timer timer;
    struct inference_stamp {
        uint64_t device, inode, size_bytes, mtime_ns;
    } served, seen; /* of the file that was last loaded; of the last look */
    bool is_watching;
};

/* Look at the file every @watch_ms; 0: never. */
void inference_watch_start(struct inference_watch *watch, struct inference *inference,
                           uint64_t watch_ms);
void inference_watch_stop(struct inference_watch *watch);

#endif
