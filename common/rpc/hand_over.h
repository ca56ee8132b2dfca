/* gRPC core is not instrumented, so ThreadSanitizer does not see that it hands a pointer of ours
 * from one thread to another, or that it has let go of it. These say so; in other builds they are
 * nothing. Only for files of common/rpc. */
#ifndef RPC_HAND_OVER_H
#define RPC_HAND_OVER_H

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define HAND_OVER(thing) __tsan_release(thing)
#define TAKE_OVER(thing) __tsan_acquire(thing)
#else
#define HAND_OVER(thing) ((void)(thing))
#define TAKE_OVER(thing) ((void)(thing))
#endif

#endif
