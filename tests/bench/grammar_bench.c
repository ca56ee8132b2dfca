/* What a mask costs: answers are walked at random through a grammar for JSON, or through a JSON
 * Schema, over the vocabulary of a GGUF file.
 *
 *     grammar_bench VOCABULARY.gguf IDS [SCHEMA.json] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "inference_grammar.h"

#define ANSWERS 40
#define STEPS 200

static const char json[] =
    "root ::= object\n"
    "value ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
    "object ::= \"{\" (string \":\" \" \"? value (\",\" \" \"? string \":\" \" \"? value)*)? \"}\"\n"
    "array ::= \"[\" (value (\",\" \" \"? value)*)? \"]\"\n"
    "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" [\\\\n\"])* \"\\\"\"\n"
    "number ::= \"-\"? (\"0\" | [1-9] [0-9]{0,15}) (\".\" [0-9]{1,15})?\n";

static double now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static uint32_t choose(const uint32_t *bits, uint32_t size)
{
    uint32_t id = (uint32_t)rand() % size;

    for (uint32_t i = 0; i < size; i++, id = (id + 1) % size) {
        if ((bits[id / 32] >> id % 32 & 1) != 0)
            return id;
    }
    return size;
}

/* Terminated; the program's end frees it. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *bytes = NULL;
    size_t capacity = 0;

    if (file == NULL || getdelim(&bytes, &capacity, '\0', file) < 0)
        bytes = NULL;
    if (file != NULL)
        fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    static double times[ANSWERS * STEPS];
    struct error err = { 0 };
    struct gguf *gguf = argc < 3 ? NULL : gguf_open(argv[1], &err);
    uint32_t size = argc < 3 ? 0 : (uint32_t)atoi(argv[2]), *bits, count = 0;
    double start = now_us();
    struct inference_text *text = gguf == NULL ? NULL : inference_text_create(gguf, size, &err);
    struct grammar_vocab *vocab = text == NULL ? NULL : grammar_vocab_create(text, &err);
    const char *source = argc > 3 ? read_file(argv[3]) : json;
    struct inference_grammar *grammar;
    double sum = 0;

    if (vocab == NULL || source == NULL) {
        fprintf(stderr, "usage: grammar_bench VOCABULARY.gguf IDS [SCHEMA.json] %s\n", err.text);
        return 2;
    }
    printf("%u pieces, %u nodes in %.1f ms\n", vocab->count, vocab->nodes_count,
           (now_us() - start) / 1e3);
    start = now_us();
    grammar = inference_grammar_create(argc > 3, slice_from(source), vocab, &err);
    if (grammar == NULL)
        fprintf(stderr, "%s\n", err.text);
    CHECK(grammar != NULL);
    printf("compiled and warm in %.1f ms\n", (now_us() - start) / 1e3);
    bits = calloc(INFERENCE_MASK_WORDS(size), sizeof(*bits));
    for (unsigned i = 0; i < ANSWERS; i++) {
        struct inference_mask mask;
        uint32_t id = 0;

        CHECK(inference_grammar_mask(grammar, &mask, &err) == STATUS_OK);
        for (unsigned j = 0; j < STEPS && id < size; j++) {
            memset(bits, 0, INFERENCE_MASK_WORDS(size) * sizeof(*bits));
            start = now_us();
            CHECK(mask.fill(mask.state, bits, &err) == STATUS_OK);
            times[count] = now_us() - start;
            sum += times[count++];
            id = choose(bits, size);
            if (id < size)
                mask.accept(mask.state, id);
        }
        mask.release(mask.state);
    }
    qsort(times, count, sizeof(*times), compare);
    printf("%u masks: mean %.1f us, median %.1f, p99 %.1f, most %.1f\n", count, sum / count,
           times[count / 2], times[count * 99 / 100], times[count - 1]);
    inference_grammar_drop(grammar);
    grammar_vocab_destroy(vocab);
    inference_text_destroy(text);
    gguf_close(gguf);
    free(bits);
    return 0;
}
