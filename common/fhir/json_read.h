/* The reader underneath json_parse: tokens (json_scan.h) become our tree. Only json.c includes
 * this. */
#ifndef FHIR_JSON_READ_H
#define FHIR_JSON_READ_H

#include "fhir/json.h"

/* Told of each element of the array that is member @key of the root object, as soon as it has been
 * read: @element, and its bytes. The tree has no such elements; they are gone when this returns. */
struct json_each {
    struct slice key;
    json_on_element on_element;
    void *arg;
};

/* Read @data, which lives as long as @arena: strings without escapes, keys and numbers become views
 * into it. @key_seed is for the tables that find duplicate keys in large objects. @each may be
 * NULL. Any thread. */
enum status json_read(struct slice data, uint64_t key_seed, const struct json_each *each,
                      struct arena *arena, struct json **root, struct error *err);

#endif
