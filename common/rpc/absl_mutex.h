/* What gRPC core's library of mutexes needs to be told. Only for files of common/rpc. */
#ifndef RPC_ABSL_MUTEX_H
#define RPC_ABSL_MUTEX_H

#ifdef __cplusplus
extern "C" {
#endif

/* Debian builds Abseil with its search for deadlocks, which gRPC core pays for with every mutex
 * that it takes: about a tenth of the instructions of a call. It is there to find bugs of gRPC's;
 * turn it off. Before grpc_init; any number of times. */
void absl_mutex_set_quick(void);

#ifdef __cplusplus
}
#endif

#endif
