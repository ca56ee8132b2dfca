/* The API key or token that the command shows to the gateway. */
#ifndef CONSILIUM_TOKEN_H
#define CONSILIUM_TOKEN_H

#include "consilium.h"

/* "Bearer …" from --token-file, else from where login keeps it, in the command's arena; NULL where
 * there is neither. FAILED_PRECONDITION for a kept one that others can read. */
enum status token_read(struct consilium *consilium, const char **authorization, struct error *err);

/* Where login keeps it: $XDG_CONFIG_HOME/consilium/token, else ~/.config/consilium/token. NULL:
 * neither is set. */
const char *token_path(struct arena *arena);

/* A key or a token is one word of visible ASCII. */
bool token_is_one(struct slice text);

#endif
