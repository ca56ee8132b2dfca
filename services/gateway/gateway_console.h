/* The console's files (web/): read once, at the start, and served to whoever asks; what they then
 * ask of the API is asked with the caller's own key. Loop thread. */
#ifndef GATEWAY_CONSOLE_H
#define GATEWAY_CONSOLE_H

#include "gateway_http.h"

struct console;

/* The files of @folder whose names are lower-case letters, digits, '-' and '.', and whose kind is
 * known: html, css, js, svg, png. FAILED_PRECONDITION where there is no index.html. */
enum status console_load(const char *folder, struct console **console, struct error *err);

void console_destroy(struct console *console);

/* Answer with the file @name; empty: index.html. 404 where there is none, or no console. */
void console_http_get(struct http_exchange *exchange, struct slice name);

/* Send "/" on to it. */
void console_http_root(struct http_exchange *exchange, struct slice rest);

#endif
