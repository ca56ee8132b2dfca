/* Constraints: a text that begins with a brace is a JSON Schema, any other a grammar; what comes
 * after a zero byte says which pieces an answer takes. What is not refused with a sentence can be
 * walked through: a mask allows the pieces that can be taken one by one and no others, what was
 * begun can be finished, and what a schema has finished is JSON. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "fhir/json.h"
#include "fuzz_target.h"
#include "inference_grammar.h"

#define STEPS_MAX 48
#define TRIED_STEPS 6 /* steps whose masks are compared piece by piece */

static const char *const pieces[] = {
    "{",    "}",    "[",  "]",    "\"",   ":", ",",   " ",    "\n",   "a",    "b",  "c",  "x",
    "0",    "1",    "2",  "5",    "9",    "-", ".",   "e",    "t",    "T",    "Z",  "r",  "u",
    "true", "null", "fa", "\\",   "/",    "@", "\":", "\",",  "{\"",  "},",   "]",  "n",  "l",
    "s",    "f",    "A",  "\xc3", "\xa9", "é", "日",  "\xf0", "\x9f", "\x01", "ab", "10", "-0",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static struct grammar_vocab *make_vocab(void)
{
    struct slice texts[PIECES];

    for (size_t i = 0; i < PIECES; i++)
        texts[i] = slice_from(pieces[i]);
    return grammar_vocab_build(texts, PIECES, NULL);
}

static bool has(const uint32_t *bits, uint32_t id)
{
    return (bits[id / 32] >> id % 32 & 1) != 0;
}

static void compare(const struct inference_mask *mask, const uint32_t *bits)
{
    for (uint32_t id = 0; id < PIECES; id++)
        CHECK((mask->follow(mask->state, &id, 1) == 1) == has(bits, id));
}

/* The allowed id that @byte names; PIECES: none is. */
static uint32_t choose(const uint32_t *bits, uint8_t byte)
{
    for (uint32_t i = 0; i < PIECES; i++) {
        if (has(bits, (byte + i) % PIECES))
            return (byte + i) % PIECES;
    }
    return PIECES;
}

/* Whether the answer is finished; its text is in @text [size]. */
static bool walk(const struct inference_mask *mask, struct slice bytes, char *text, size_t *size)
{
    *size = 0;
    for (size_t step = 0; step < STEPS_MAX; step++) {
        uint8_t byte = step < bytes.size ? (uint8_t)bytes.data[step] : (uint8_t)(step * 7);
        uint32_t bits[INFERENCE_MASK_WORDS(PIECES)] = { 0 }, id;
        struct error err = { 0 };

        if (mask->fill(mask->state, bits, &err) != STATUS_OK) {
            CHECK(err.status == STATUS_RESOURCE_EXHAUSTED && err.text[0] != '\0');
            return false;
        }
        if (step < TRIED_STEPS)
            compare(mask, bits);
        id = choose(bits, byte);
        if (mask->is_done(mask->state) && (id == PIECES || byte > 200))
            return true;
        if (id == PIECES) /* what comes is in no piece of this small vocabulary */
            return false;
        mask->accept(mask->state, id);
        memcpy(text + *size, pieces[id], strlen(pieces[id]));
        *size += strlen(pieces[id]);
    }
    return false;
}

static void use(struct inference_grammar *grammar, bool is_schema, struct slice bytes)
{
    char text[STEPS_MAX * 8];
    struct inference_mask mask;
    struct arena arena;
    struct json *root;
    size_t size;

    if (inference_grammar_mask(grammar, &mask, NULL) != STATUS_OK)
        return;
    arena_init(&arena, MIB);
    if (walk(&mask, bytes, text, &size) && is_schema)
        CHECK(json_parse(slice_of(text, size), &arena, &root, NULL) == STATUS_OK
              || memchr(text, '{', size) != NULL); /* a name may come twice */
    arena_close(&arena);
    mask.release(mask.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct grammar_vocab *vocab;
    struct slice input = slice_of(data, size), text = input, bytes = { NULL, 0 };
    const char *zero = size == 0 ? NULL : memchr(data, 0, size);
    bool is_schema = size > 0 && data[0] == '{';
    struct inference_grammar *grammar;
    struct error err = { 0 };

    if (vocab == NULL)
        vocab = make_vocab();
    if (zero != NULL) {
        text.size = (size_t)(zero - input.data);
        bytes = slice_cut(input, text.size + 1, size);
    }
    grammar = inference_grammar_create(is_schema, text, vocab, &err);
    if (grammar != NULL)
        use(grammar, is_schema, bytes);
    else
        CHECK((err.status == STATUS_INVALID_ARGUMENT || err.status == STATUS_RESOURCE_EXHAUSTED)
              && err.text[0] != '\0');
    inference_grammar_drop(grammar);
    return 0;
}
