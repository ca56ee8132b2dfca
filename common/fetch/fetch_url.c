#include <curl/curl.h>
#include <string.h>

#include "fetch/fetch.h"

#define URL_BYTES_MAX 4096

struct parts {
    char *scheme, *host, *port;
};

static void free_parts(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
}

/* False: it is no URL with scheme and host, or names a user. */
static bool split(const char *url, struct parts *parts)
{
    CURLU *parsed = curl_url();
    char *user = NULL;
    bool is_good;

    *parts = (struct parts){ NULL, NULL, NULL };
    is_good = parsed != NULL && strlen(url) <= URL_BYTES_MAX
              && curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
              && curl_url_get(parsed, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK
              && curl_url_get(parsed, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK
              && curl_url_get(parsed, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) == CURLUE_OK
              && curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    curl_free(user);
    curl_url_cleanup(parsed);
    if (!is_good)
        free_parts(parts);
    return is_good;
}

static bool is_here(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0
           || strcasecmp(host, "localhost") == 0;
}

bool fetch_takes(const char *url)
{
    struct parts parts;
    bool is_taken;

    if (!split(url, &parts))
        return false;
    is_taken = strcmp(parts.scheme, "https") == 0
               || (strcmp(parts.scheme, "http") == 0 && is_here(parts.host));
    free_parts(&parts);
    return is_taken;
}

bool fetch_is_same_origin(const char *url, const char *other)
{
    struct parts one, two;
    bool is_same = false;

    if (!split(url, &one))
        return false;
    if (split(other, &two)) {
        is_same = strcmp(one.scheme, two.scheme) == 0 && strcasecmp(one.host, two.host) == 0
                  && strcmp(one.port, two.port) == 0;
        free_parts(&two);
    }
    free_parts(&one);
    return is_same;
}

const char *fetch_resolve(const char *base, struct slice url, struct arena *arena)
{
    const char *relative = arena_string(arena, url), *resolved = NULL;
    CURLU *parsed = curl_url();
    char *text = NULL;

    if (relative != NULL && parsed != NULL && url.size <= URL_BYTES_MAX
        && curl_url_set(parsed, CURLUPART_URL, base, 0) == CURLUE_OK
        && curl_url_set(parsed, CURLUPART_URL, relative, 0) == CURLUE_OK
        && curl_url_get(parsed, CURLUPART_URL, &text, 0) == CURLUE_OK)
        resolved = arena_string(arena, slice_from(text));
    curl_free(text);
    curl_url_cleanup(parsed);
    return resolved;
}
