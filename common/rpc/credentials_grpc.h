/* Credentials as gRPC wants them. Only for files of common/rpc. */
#ifndef RPC_CREDENTIALS_GRPC_H
#define RPC_CREDENTIALS_GRPC_H

#include <grpc/grpc_security.h>

#include "rpc/credentials.h"

/* For a server: every new handshake uses the newest good certificates. The caller releases them;
 * @credentials outlives the server. NULL when there is no certificate to serve with, or no memory.
 * Any thread. */
grpc_server_credentials *credentials_server(struct credentials *credentials);

/* For a channel: the certificates as they are now, and in *@generation (may be NULL) their number.
 * The caller releases them. NULL when there is no memory. Any thread. */
grpc_channel_credentials *credentials_channel(struct credentials *credentials,
                                              unsigned *generation);

/* Grows by one each time the files have been replaced by good ones. Any thread. */
unsigned credentials_generation(const struct credentials *credentials);

#endif
