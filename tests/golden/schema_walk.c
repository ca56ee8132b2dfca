/* What a JSON Schema becomes, for a comparison with a validator: each line of the input is a JSON
 * object, and so is each line of the output.
 *
 *     {"schema": …, "texts": ["…", …], "walks": 20, "seed": 1}
 *     {"status": "OK", "error": "", "accepted": [true, …], "walked": ["…", …]}
 *
 * "walked" are texts that were made of random pieces of a vocabulary, each allowed by the mask. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "fhir/json.h"
#include "grammar_compile.h"
#include "grammar_run.h"
#include "grammar_schema.h"
#include "inference_grammar.h"

#define PIECES_MAX 512
#define STEPS_MAX 1500
#define STEPS_FREE 60 /* from there on, what closes something is preferred */

/* Single bytes, and some pieces that go over the borders of values. */
static const char *const pieces[] = {
    "\":", "\": ", "\",", "\",\"", "\", \"", "{\"",      "}",    "},",   "},{", "]",      "],",
    "[[",  "[{",   "[\"", "\"]",   "\"}",    "\"}]",     "}}",   "true", "fal", "false,", "null",
    "nul", "l,",   "12",  "-1",    "0.",     ".5",       "e+",   "ab",   "foo", "bar",    "foo\"",
    "\\n", "\\u",  "u00", "\\\"",  "é",      "\xf0\x9f", "日本", "  ",   ",\n", "\n  ",   "2024-",
    "-02", "T1",   ":00", "Z\"",   "@",      ".com",     "10",   "00",   "aa",  "\xc3",
};

static struct grammar_vocab *make_vocab(void)
{
    static char bytes[256];
    struct slice texts[PIECES_MAX] = { 0 };
    uint32_t count = 0;

    for (unsigned byte = 0; byte < 256; byte++) {
        bytes[byte] = (char)byte;
        texts[count++] = slice_of(&bytes[byte], 1);
    }
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        texts[count++] = slice_from(pieces[i]);
    return grammar_vocab_build(texts, count, NULL);
}

static uint64_t state_of_random = 1;

static uint32_t draw(uint32_t bound)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_random >> 33) % bound;
}

static bool closes(struct slice piece)
{
    return piece.size == 1 && memchr("\"}]", piece.data[0], 3) != NULL;
}

/* One of the allowed ids: mostly printable ones. */
static uint32_t choose(const struct grammar_vocab *vocab, const uint32_t *bits, unsigned steps)
{
    uint32_t allowed[PIECES_MAX], closing[8], count = 0, closing_count = 0;

    for (uint32_t id = 0; id < vocab->size; id++) {
        struct slice piece = grammar_vocab_piece(vocab, id);
        bool is_plain = piece.size > 0 && piece.data[0] > ' ';

        if ((bits[id / 32] >> id % 32 & 1) == 0)
            continue;
        if (closes(piece))
            closing[closing_count++] = id;
        for (unsigned weight = is_plain ? 1 + draw(3) : draw(8) == 0;
             weight > 0 && count < PIECES_MAX; weight--)
            allowed[count++] = id;
    }
    if (closing_count > 0 && (steps > STEPS_FREE || draw(8) == 0))
        return closing[draw(closing_count)];
    if (count > 0)
        return allowed[draw(count)];
    for (uint32_t id = draw(vocab->size), i = 0; i < vocab->size;
         i++, id = (id + 1) % vocab->size) {
        if ((bits[id / 32] >> id % 32 & 1) != 0)
            return id;
    }
    return vocab->size;
}

/* False: it did not end in time. */
static bool walk(struct inference_grammar *grammar, const struct grammar_vocab *vocab,
                 struct buffer *text)
{
    struct inference_mask mask;
    unsigned steps = 0;
    bool is_done = false;

    CHECK(inference_grammar_mask(grammar, &mask, NULL) == STATUS_OK);
    for (; steps < STEPS_MAX && !is_done; steps++) {
        uint32_t bits[INFERENCE_MASK_WORDS(PIECES_MAX)] = { 0 }, id;

        CHECK(mask.fill(mask.state, bits, NULL) == STATUS_OK);
        id = choose(vocab, bits, steps);
        is_done =
            mask.is_done(mask.state) && (id == vocab->size || draw(2) == 0 || steps > STEPS_FREE);
        CHECK(is_done || id < vocab->size); /* what was begun can be finished */
        if (is_done)
            break;
        mask.accept(mask.state, id);
        buffer_put(text, grammar_vocab_piece(vocab, id));
    }
    mask.release(mask.state);
    return is_done;
}

static bool accepts(const struct grammar_machine *machine, struct slice text)
{
    struct grammar_run run;
    bool is_accepted = true;

    CHECK(grammar_run_init(&run, machine, NULL) == STATUS_OK);
    for (size_t i = 0; i < text.size && is_accepted; i++) {
        is_accepted = grammar_run_try(&run, (uint8_t)text.data[i]);
        grammar_run_settle(&run);
    }
    is_accepted &= grammar_run_set(&run)->is_complete;
    grammar_run_close(&run);
    return is_accepted;
}

static enum status compile(struct slice text, struct arena *arena, struct grammar_machine *machine,
                           struct error *err)
{
    struct grammar grammar;
    uint32_t root;

    grammar_init(&grammar, arena);
    if (grammar_schema(text, &grammar, &root, err) != STATUS_OK)
        return err->status;
    return grammar_compile(&grammar, root, arena, arena, machine, err);
}

static void put_string(struct slice text)
{
    struct json json = { .kind = JSON_KIND_STRING, .text = text };
    struct arena arena;
    struct buffer buffer;

    arena_init(&arena, 16 * MIB);
    buffer_init(&buffer, &arena);
    json_write(&json, &buffer);
    printf("%.*s", SLICE_FORMAT(buffer_slice(&buffer)));
    arena_close(&arena);
}

static void put_walks(struct slice text, const struct grammar_vocab *vocab, unsigned walks,
                      struct arena *arena)
{
    struct inference_grammar *grammar = inference_grammar_create(true, text, vocab, NULL);
    const char *comma = "";

    for (unsigned i = 0; grammar != NULL && i < walks; i++) {
        struct buffer out;

        buffer_init(&out, arena);
        if (!walk(grammar, vocab, &out))
            continue;
        printf("%s", comma);
        put_string(buffer_slice(&out));
        comma = ",";
    }
    inference_grammar_drop(grammar);
}

static unsigned number_of(const struct json *line, const char *key)
{
    const struct json *node = json_get(line, key);

    return node == NULL ? 0 : (unsigned)strtoul(node->text.data, NULL, 10);
}

static void answer(const struct json *line, const struct grammar_vocab *vocab, struct arena *arena)
{
    struct grammar_machine machine;
    struct buffer schema;
    struct error err = { 0 };
    enum status status;
    const char *comma = "";

    buffer_init(&schema, arena);
    json_write(json_get(line, "schema"), &schema);
    status = compile(buffer_slice(&schema), arena, &machine, &err);
    printf("{\"status\":\"%s\",\"error\":", status_name(status));
    put_string(slice_from(err.text));
    printf(",\"accepted\":[");
    for (const struct json *at = json_first(json_get(line, "texts"));
         at != NULL && status == STATUS_OK; at = at->next) {
        printf("%s%s", comma, accepts(&machine, at->text) ? "true" : "false");
        comma = ",";
    }
    printf("],\"walked\":[");
    state_of_random = number_of(line, "seed") + 1;
    if (status == STATUS_OK)
        put_walks(buffer_slice(&schema), vocab, number_of(line, "walks"), arena);
    printf("]}\n");
    fflush(stdout);
}

int main(void)
{
    struct grammar_vocab *vocab = make_vocab();
    char *bytes = NULL;
    size_t capacity = 0;
    ssize_t size;

    while ((size = getline(&bytes, &capacity, stdin)) > 0) {
        struct arena arena;
        struct json *line;
        struct error err;

        arena_init(&arena, 512 * MIB);
        if (json_parse(slice_of(bytes, (size_t)size), &arena, &line, &err) == STATUS_OK)
            answer(line, vocab, &arena);
        else
            printf("{\"status\":\"UNREADABLE\",\"error\":\"\",\"accepted\":[],\"walked\":[]}\n");
        fflush(stdout);
        arena_close(&arena);
    }
    free(bytes);
    grammar_vocab_destroy(vocab);
    return 0;
}
