#include "rpc/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 65536
#define ARENA_BYTES (16 * FILE_BYTES_MAX)
#define NAMES_MAX 256

/* The mesh is a star: the gateway calls, the leaves answer. "consilium" is the command, which asks
 * some of them itself. Who may call the gateway is the access file's to say. */
static const char own_table[] = "gateway: *\n"
                                "deid: gateway consilium\n"
                                "context: gateway\n"
                                "tokenizer: gateway consilium\n"
                                "inference: gateway consilium\n";

struct peers {
    struct arena arena;
    const char *names[NAMES_MAX];
    size_t count;
};

static enum status take_names(struct peers *peers, struct slice rest, struct error *err)
{
    while (rest.size > 0) {
        size_t end = slice_find_byte(rest, ' ');
        struct slice name = slice_trim(slice_cut(rest, 0, end));

        rest = slice_cut(rest, end + 1, rest.size);
        if (name.size == 0)
            continue;
        if (peers->count == NAMES_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "more than %d callers of one service",
                             NAMES_MAX);
        peers->names[peers->count] = arena_string(&peers->arena, name);
        if (peers->names[peers->count++] == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the table of peers");
    }
    return STATUS_OK;
}

static enum status take_line(struct peers *peers, struct slice line, const char *service,
                             bool *has_row, struct error *err)
{
    size_t colon;

    line = slice_trim(slice_cut(line, 0, slice_find_byte(line, '#')));
    if (line.size == 0)
        return STATUS_OK;
    colon = slice_find_byte(line, ':');
    if (colon == 0 || colon == line.size)
        return error_set(err, STATUS_INVALID_ARGUMENT, "is not 'SERVICE: CALLER ...'");
    if (!slice_is(slice_trim(slice_cut(line, 0, colon)), service))
        return STATUS_OK;
    *has_row = true;
    return take_names(peers, slice_cut(line, colon + 1, line.size), err);
}

static enum status take_table(struct peers *peers, struct slice text, const char *service,
                              struct error *err)
{
    bool has_row = false;

    for (unsigned number = 1; text.size > 0; number++) {
        size_t end = slice_find_byte(text, '\n');

        if (take_line(peers, slice_cut(text, 0, end), service, &has_row, err) != STATUS_OK)
            return error_wrap(err, "line %u", number);
        text = slice_cut(text, end + 1, text.size);
    }
    return has_row ? STATUS_OK
                   : error_set(err, STATUS_FAILED_PRECONDITION,
                               "no line says who may call %s: an empty one says nobody", service);
}

static enum status read_table(struct peers *peers, const char *path, struct slice *text,
                              struct error *err)
{
    char *bytes = arena_alloc(&peers->arena, FILE_BYTES_MAX);
    FILE *file = fopen(path, "re");
    size_t size;

    if (file == NULL)
        return error_set_errno(err, errno, "the table cannot be opened");
    size = bytes == NULL ? 0 : fread(bytes, 1, FILE_BYTES_MAX, file);
    fclose(file);
    if (bytes == NULL || size == FILE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the table has more than %d bytes",
                         FILE_BYTES_MAX);
    *text = slice_of(bytes, size);
    return STATUS_OK;
}

enum status peers_load(const char *source, const char *service, struct peers **loaded,
                       struct error *err)
{
    struct peers *peers = calloc(1, sizeof(*peers));
    struct slice text = slice_from(own_table);

    if (peers == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the table of peers");
    arena_init(&peers->arena, ARENA_BYTES);
    if ((strcmp(source, "default") == 0 || read_table(peers, source, &text, err) == STATUS_OK)
        && take_table(peers, text, service, err) == STATUS_OK) {
        *loaded = peers;
        return STATUS_OK;
    }
    peers_destroy(peers);
    return error_wrap(err, "--peers %s", source);
}

void peers_destroy(struct peers *peers)
{
    arena_close(&peers->arena);
    free(peers);
}

static bool has_name(const struct peers *peers, struct slice name)
{
    for (size_t i = 0; i < peers->count; i++)
        if (slice_is(name, peers->names[i]))
            return true;
    return false;
}

/* "gateway" of "spiffe://hospital/ns/mesh/sa/gateway". */
static struct slice last_part(struct slice id)
{
    size_t at = id.size;

    while (at > 0 && id.data[at - 1] != '/')
        at--;
    return slice_cut(id, at, id.size);
}

bool peers_take(const struct peers *peers, const struct peer *peer)
{
    struct slice name;

    if (has_name(peers, SLICE("*")))
        return true;
    if (peer->spiffe_id != NULL) {
        name = slice_from(peer->spiffe_id);
        return has_name(peers, name) || has_name(peers, last_part(name));
    }
    if (peer->name == NULL)
        return false;
    name = slice_from(peer->name);
    return has_name(peers, name) || has_name(peers, slice_cut(name, 0, slice_find_byte(name, '.')));
}
