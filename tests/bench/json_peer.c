/* Whether our JSON reader and jansson say the same of what is JSON, and simdjson reads the same
 * tree:
 *
 *     json_peer ROUNDS FILE...
 *
 * Each file as it is, and ROUNDS times a piece of it with a few bytes changed, cut out or doubled.
 * Ours and jansson both read it or both refuse it; what we read, simdjson reads as the same tree
 * (it also reads some that is no JSON: on demand it looks at no more than it must). Exits with 1 at
 * the first text where they differ. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "fhir/json.h"
#include "json_bench_simdjson.h"

/* A window of the file is enough to be broken, and quick to read. */
#define WINDOW_BYTES 3000

static uint64_t state = 0x2545f4914f6cdd1d;

static uint64_t chance(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static size_t change(char *text, size_t size)
{
    static const char marks[] =
        "{}[]\",:\\ \n\t0123456789.-+eEtrufalsn\x01\x7f\x80\xc3\xe2\xed\xf4\xff/b";
    size_t at = chance(size), count = 1 + chance(4);

    switch (chance(4)) {
    case 0: /* cut out */
        if (at + count < size)
            memmove(text + at, text + at + count, size - at - count);
        return at + count < size ? size - count : size;
    case 1: /* doubled */
        memmove(text + at + 1, text + at, size - at);
        return size + 1;
    default:
        text[at] = marks[chance(sizeof(marks) - 1)];
        return size;
    }
}

static struct json *read_peer(struct slice text, struct arena *arena)
{
    char *copy = arena_alloc(arena, text.size + JSON_SIMDJSON_PADDING);
    struct json *root;
    struct error err;

    memcpy(copy, text.data, text.size);
    memset(copy + text.size, ' ', JSON_SIMDJSON_PADDING);
    return json_simdjson_read(copy, text.size, 1, arena, &root, &err) == STATUS_OK ? root : NULL;
}

/* jansson keeps no numbers as written: one that is too large for it says nothing. */
static bool peer_reads(struct slice text, bool *is_verdict)
{
    json_error_t error;
    json_t *root = json_loadb(text.data, text.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL
                                  | JSON_ALLOW_NUL,
                              &error);

    *is_verdict = root != NULL || json_error_code(&error) != json_error_numeric_overflow;
    json_decref(root);
    return root != NULL;
}

static bool is_same_tree(struct json *ours, struct slice text, struct arena *arena)
{
    struct json *theirs = read_peer(text, arena);
    struct buffer a, b;

    if (theirs == NULL)
        return false;
    buffer_init(&a, arena);
    buffer_init(&b, arena);
    json_write(ours, &a);
    json_write(theirs, &b);
    return slice_equal(buffer_slice(&a), buffer_slice(&b));
}

static size_t reads;

static bool is_same(struct slice text)
{
    struct json *ours = NULL;
    struct arena arena;
    struct error err;
    bool is_verdict, is_read = peer_reads(text, &is_verdict), is_same;

    arena_init(&arena, 4096 * MIB);
    if (json_parse(text, &arena, &ours, &err) != STATUS_OK)
        ours = NULL;
    is_verdict &= ours != NULL || strstr(err.text, "nested deeper") == NULL; /* our own limit */
    is_same = (!is_verdict || (ours != NULL) == is_read)
              && (ours == NULL || ours->first == NULL || is_same_tree(ours, text, &arena));
    reads += ours != NULL;
    if (!is_same)
        fprintf(stderr, "ours %s (%s), jansson %s, %zu bytes\n", ours == NULL ? "refuses" : "reads",
                ours == NULL ? err.text : "", is_read ? "reads" : "refuses", text.size);
    arena_close(&arena);
    return is_same;
}

/* The size of the object at the front of @text, or all of it. */
static size_t piece_of(struct slice text)
{
    int depth = 0;

    for (size_t i = 0; i < text.size; i++) {
        depth += (text.data[i] == '{') - (text.data[i] == '}');
        if (depth == 0)
            return i + 1;
    }
    return text.size;
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data = malloc(256 * MIB);
    size_t size = file == NULL ? 0 : fread(data, 1, 256 * MIB, file);

    if (file != NULL)
        fclose(file);
    return slice_of(data, size);
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, texts = 0;

    for (int i = 2; i < argc; i++) {
        struct slice file = read_file(argv[i]);
        char *text = malloc(WINDOW_BYTES + 64);

        if (!is_same(file))
            return 1;
        texts++;
        for (size_t round = 0; round < rounds && file.size > 0; round++) {
            size_t size = file.size < WINDOW_BYTES ? file.size : 16 + chance(WINDOW_BYTES - 16);
            size_t at = file.size > size ? chance(file.size - size) : 0;

            /* From one object's begin to where it ends, if that is near: a piece that is JSON. */
            while (at < file.size && file.data[at] != '{')
                at++;
            if (at + size > file.size)
                at = file.size - size;
            size = piece_of(slice_of(file.data + at, size));
            text[0] = '[';
            memcpy(text + 1, file.data + at, size);
            text[size + 1] = ']';
            size += 2;
            for (size_t changes = chance(4); changes-- > 0;)
                size = change(text, size);
            if (!is_same(slice_of(text, size))) {
                fwrite(text, 1, size, stdout);
                return 1;
            }
            texts++;
        }
        free(text);
        free((void *)file.data);
    }
    printf("%zu texts, %zu of them JSON, one verdict on each\n", texts, reads);
    return 0;
}
