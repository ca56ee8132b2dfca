/* deid-tagger: make the texts, learn the weights, measure them.
 *
 *   deid-tagger learn OUT [options]   learn from made texts (and --data), write the weights, print
 * the scores on texts that were not learnt from deid-tagger score WEIGHTS [options] deid-tagger
 * show [options]        print made texts, what is marked between « »
 *
 * --grammar DIR   its *.txt are the rules            --sources FILE  KIND=PATH lines of the word
 * lists
 * --texts N       made texts to learn from           --rounds N      over all of them
 * --seed N        of everything that is drawn        --bits N        log2 of the features
 * --data FILE     labelled lines; one part is learnt from, the other measured (may be repeated)
 * --test FILE     the same, measured whole and not learnt from (may be repeated)
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tagger_data.h"
#include "tagger_grammar.h"
#include "tagger_learn.h"
#include "tagger_score.h"
#include "words_source.h"

#define FILES_MAX 16
#define HELD_OUT 4000 /* made texts to measure on */

struct options {
    const char *verb, *weights, *grammar, *sources;
    const char *data[FILES_MAX], *tests[FILES_MAX];
    unsigned data_count, tests_count, texts;
    float data_weight;
    struct tagger_settings settings;
};

struct tool {
    struct options options;
    struct arena arena;
    struct deid_lexicon lexicon;
    struct words_table table;
    struct tagger_leaves leaves;
    struct tagger_grammar grammar;
};

static bool options_read(struct options *options, int argc, char **argv)
{
    int i = 1;

    *options = (struct options){
        .grammar = "tools/deid/grammar",
        .texts = 200000,
        .data_weight = 2,
        .settings = { .bits = 19,
                      .rounds = 4,
                      .seed = 1,
                      .rate = 0.15f,
                      .decay = 1e-4f,
                      .forget = 0.25f,
                      .miss = 0.5f },
    };
    options->verb = argc > 1 ? argv[i++] : "";
    if (strcmp(options->verb, "show") != 0 && i < argc)
        options->weights = argv[i++];
    for (; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];

        if (strcmp(name, "--grammar") == 0)
            options->grammar = value;
        else if (strcmp(name, "--sources") == 0)
            options->sources = value;
        else if (strcmp(name, "--texts") == 0)
            options->texts = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--rounds") == 0)
            options->settings.rounds = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--seed") == 0)
            options->settings.seed = strtoul(value, NULL, 10);
        else if (strcmp(name, "--bits") == 0)
            options->settings.bits = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--rate") == 0)
            options->settings.rate = strtof(value, NULL);
        else if (strcmp(name, "--decay") == 0)
            options->settings.decay = strtof(value, NULL);
        else if (strcmp(name, "--forget") == 0)
            options->settings.forget = strtof(value, NULL);
        else if (strcmp(name, "--miss") == 0)
            options->settings.miss = strtof(value, NULL);
        else if (strcmp(name, "--data-weight") == 0)
            options->data_weight = strtof(value, NULL);
        else if (strcmp(name, "--data") == 0 && options->data_count < FILES_MAX)
            options->data[options->data_count++] = value;
        else if (strcmp(name, "--test") == 0 && options->tests_count < FILES_MAX)
            options->tests[options->tests_count++] = value;
        else
            return false;
    }
    return i == argc && options->sources != NULL && options->settings.bits >= 8
           && options->settings.bits <= 24;
}

static int name_compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The files of a folder in the order of their names, whatever order the system has them in. */
static enum status grammar_open(struct tool *tool, struct error *err)
{
    DIR *folder = opendir(tool->options.grammar);
    char *paths[64];
    unsigned count = 0, i;
    struct dirent *entry;
    enum status status;

    if (folder == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no folder %s", tool->options.grammar);
    while ((entry = readdir(folder)) != NULL && count < 64)
        if (slice_ends_with(slice_from(entry->d_name), SLICE(".txt")))
            paths[count++] =
                arena_format(&tool->arena, "%s/%s", tool->options.grammar, entry->d_name);
    closedir(folder);
    qsort(paths, count, sizeof(paths[0]), name_compare);
    status = tagger_grammar_init(&tool->grammar, err);
    for (i = 0; i < count && status == STATUS_OK; i++) {
        struct slice file;

        status = words_file_read(&tool->arena, paths[i], &file, err);
        if (status == STATUS_OK && tagger_grammar_read(&tool->grammar, file, err) != STATUS_OK)
            status = error_wrap(err, "%s", paths[i]);
    }
    return status == STATUS_OK ? tagger_grammar_check(&tool->grammar, err) : status;
}

/* The prose of all of WordNet, beside the file of its nouns. */
static enum status glosses_open(struct tool *tool, const char *nouns, struct error *err)
{
    static const char *const parts[] = { "noun", "verb", "adj", "adv" };
    size_t stem = nouns == NULL ? 0 : strlen(nouns) - strlen("noun"), i;
    enum status status = STATUS_OK;

    for (i = 0; nouns != NULL && i < 4 && status == STATUS_OK; i++) {
        const char *path = arena_format(&tool->arena, "%.*s%s", (int)stem, nouns, parts[i]);
        struct slice file;

        status = path == NULL ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a path")
                              : words_file_read(&tool->arena, path, &file, err);
        if (status == STATUS_OK)
            status = tagger_leaves_glosses(&tool->leaves, file, err);
    }
    return status;
}

static enum status sources_open(struct tool *tool, struct error *err)
{
    const char *wordnet = NULL;
    struct slice file;
    enum status status = words_file_read(&tool->arena, tool->options.sources, &file, err);

    if (status == STATUS_OK)
        status = words_table_init(&tool->table, err);
    while (status == STATUS_OK && file.size > 0) {
        size_t end = slice_find_byte(file, '\n');
        char *source = arena_string(&tool->arena, slice_trim(slice_cut(file, 0, end)));

        file = slice_cut(file, end + 1, file.size);
        if (source != NULL && slice_starts_with(slice_from(source), SLICE("wordnet=")))
            wordnet = source + strlen("wordnet=");
        if (source != NULL && source[0] != '\0')
            status = words_source_read(&tool->table, source, err);
    }
    if (status == STATUS_OK)
        status = tagger_leaves_init(&tool->leaves, &tool->table, err);
    return status == STATUS_OK ? glosses_open(tool, wordnet, err) : status;
}

static enum status tool_open(struct tool *tool, struct error *err)
{
    enum status status;

    arena_init(&tool->arena, (size_t)1 << 30);
    status = deid_lexicon_init(&tool->lexicon, &tool->arena, err);
    if (status == STATUS_OK)
        status = sources_open(tool, err);
    return status == STATUS_OK ? grammar_open(tool, err) : status;
}

static void tool_close(struct tool *tool)
{
    tagger_grammar_close(&tool->grammar);
    tagger_leaves_close(&tool->leaves);
    words_table_close(&tool->table);
    arena_close(&tool->arena);
}

/* Text @index of @seed. */
static enum status text_make(struct tool *tool, uint64_t seed, unsigned index, struct arena *arena,
                             struct tagger_text *text, struct error *err)
{
    struct tagger_chance chance;

    tagger_chance_init(&chance, seed * 1000003 + index);
    return tagger_grammar_make(&tool->grammar, &tool->leaves, "text", &chance, arena, text, err);
}

static enum status texts_make(struct tool *tool, uint64_t seed, unsigned count,
                              struct tagger_examples *examples, struct error *err)
{
    struct arena arena = { 0 };
    enum status status = STATUS_OK;
    unsigned i;

    for (i = 0; i < count && status == STATUS_OK; i++) {
        struct tagger_text text;

        arena_reuse(&arena, (size_t)16 << 20);
        status = text_make(tool, seed, i, &arena, &text, err);
        if (status == STATUS_OK)
            status = tagger_examples_add(examples, &tool->lexicon, &text, 1, err);
    }
    arena_close(&arena);
    return status;
}

static enum status show(struct tool *tool, struct error *err)
{
    struct arena arena = { 0 };
    enum status status = STATUS_OK;
    unsigned i, m;

    for (i = 0; i < tool->options.texts && status == STATUS_OK; i++) {
        struct tagger_text text;
        uint32_t at = 0;

        arena_reuse(&arena, (size_t)16 << 20);
        status = text_make(tool, tool->options.settings.seed, i, &arena, &text, err);
        for (m = 0; status == STATUS_OK && m < text.marks_count; m++) {
            printf("%.*s«%c:%.*s»", (int)(text.marks[m].start - at), text.text.data + at,
                   "NPH"[text.marks[m].tag / 2], (int)(text.marks[m].end - text.marks[m].start),
                   text.text.data + text.marks[m].start);
            at = text.marks[m].end;
        }
        if (status == STATUS_OK)
            printf("%.*s\n--\n", (int)(text.text.size - at), text.text.data + at);
    }
    arena_close(&arena);
    return status;
}

static enum status data_read(struct tool *tool, const char *path, struct tagger_examples *learn,
                             struct tagger_examples *test, struct error *err)
{
    struct arena arena = { 0 };
    struct slice file;
    enum status status;

    arena_init(&arena, (size_t)128 << 20);
    status = words_file_read(&arena, path, &file, err);
    if (status == STATUS_OK)
        status =
            tagger_data_read(file, &tool->lexicon, learn, test, tool->options.data_weight, err);
    arena_close(&arena);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", path);
}

/* One file's texts, the part that was not learnt from or all of them. */
static enum status file_score(struct tool *tool, const struct deid_tagger *tagger, const char *path,
                              bool is_whole, struct error *err)
{
    struct tagger_examples test;
    const char *name = strrchr(path, '/');
    enum status status;

    tagger_examples_init(&test);
    status = data_read(tool, path, is_whole ? &test : NULL, &test, err);
    if (status == STATUS_OK)
        tagger_score_print(name == NULL ? path : name + 1, tagger, &test);
    tagger_examples_close(&test);
    return status;
}

static enum status score(struct tool *tool, struct slice packed, struct error *err)
{
    struct deid_tagger tagger;
    struct tagger_examples made;
    enum status status = deid_tagger_open(&tagger, packed, err);
    unsigned i;

    tagger_examples_init(&made);
    if (status == STATUS_OK)
        status = texts_make(tool, tool->options.settings.seed + 1, HELD_OUT, &made, err);
    if (status == STATUS_OK) {
        tagger_score_print("made texts", &tagger, &made);
        printf("%.2f million tokens a second, the views made before\n",
               tagger_score_speed(&tagger, &made) / 1e6);
    }
    tagger_examples_close(&made);
    for (i = 0; i < tool->options.data_count && status == STATUS_OK; i++)
        status = file_score(tool, &tagger, tool->options.data[i], false, err);
    for (i = 0; i < tool->options.tests_count && status == STATUS_OK; i++)
        status = file_score(tool, &tagger, tool->options.tests[i], true, err);
    return status;
}

static enum status weights_write(const char *path, struct slice packed, struct error *err)
{
    FILE *stream = fopen(path, "wb");

    if (stream == NULL || fwrite(packed.data, 1, packed.size, stream) != packed.size
        || fclose(stream) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "%s cannot be written", path);
    return STATUS_OK;
}

static enum status learn(struct tool *tool, struct error *err)
{
    const struct options *options = &tool->options;
    struct tagger_examples examples;
    struct tagger_model model;
    struct slice packed = { NULL, 0 };
    enum status status;
    unsigned i;

    tagger_examples_init(&examples);
    status = texts_make(tool, options->settings.seed, options->texts, &examples, err);
    for (i = 0; i < options->data_count && status == STATUS_OK; i++)
        status = data_read(tool, options->data[i], &examples, NULL, err);
    if (status == STATUS_OK)
        status = tagger_model_init(&model, options->settings.bits, err);
    if (status != STATUS_OK) {
        tagger_examples_close(&examples);
        return status;
    }
    fprintf(stderr, "%u texts, %lu tokens\n", examples.count, (unsigned long)examples.tokens);
    tagger_learn(&model, &examples, &options->settings);
    status = tagger_model_pack(&model, &tool->arena, &packed, err);
    tagger_model_close(&model);
    tagger_examples_close(&examples);
    if (status == STATUS_OK)
        status = weights_write(options->weights, packed, err);
    return status == STATUS_OK ? score(tool, packed, err) : status;
}

static enum status run(struct tool *tool, struct error *err)
{
    struct slice packed;

    if (strcmp(tool->options.verb, "show") == 0)
        return show(tool, err);
    if (strcmp(tool->options.verb, "learn") == 0)
        return learn(tool, err);
    if (words_file_read(&tool->arena, tool->options.weights, &packed, err) != STATUS_OK)
        return err->status;
    return score(tool, packed, err);
}

int main(int argc, char **argv)
{
    struct tool *tool = calloc(1, sizeof(*tool));
    struct error err;
    enum status status;

    if (tool == NULL || !options_read(&tool->options, argc, argv)
        || (strcmp(tool->options.verb, "show") != 0 && tool->options.weights == NULL)) {
        fprintf(stderr,
                "usage: deid-tagger learn|score WEIGHTS | show  --sources FILE [options]\n");
        free(tool);
        return 2;
    }
    status = tool_open(tool, &err);
    if (status == STATUS_OK)
        status = run(tool, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "deid-tagger: %s\n", err.text);
    tool_close(tool);
    free(tool);
    return status == STATUS_OK ? 0 : 1;
}
