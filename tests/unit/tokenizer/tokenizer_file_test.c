#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tokenizer_encode.h"
#include "tokenizer_file.h"
#include "tokenizer_state.h"
#include "vocab_sample.h"

struct folder {
    char path[64], source[96], kept[96];
};

static int open_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    struct gguf_write *write;

    strcpy(folder->path, "/tmp/tokenizer_file_test.XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->source, sizeof(folder->source), "%s/sample.gguf", folder->path);
    snprintf(folder->kept, sizeof(folder->kept), "%s/kept", folder->path);
    write = gguf_write_start(folder->source, NULL);
    vocab_sample_write(write, "llama-bpe", NULL);
    assert_int_equal(gguf_write_finish(write, NULL), STATUS_OK);
    *state = folder;
    return 0;
}

static int close_folder(void **state)
{
    struct folder *folder = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s", folder->path);
    assert_int_equal(system(command), 0);
    free(folder);
    return 0;
}

/* The sample's vocabulary, saved at folder->kept. */
static void save(const struct folder *folder, struct tokenizer_source *source)
{
    struct tokenizer_vocab *vocab = vocab_sample_bpe("llama-bpe");

    assert_int_equal(tokenizer_file_source(folder->source, source, NULL), STATUS_OK);
    assert_int_equal(tokenizer_file_save(vocab->state->image, source, folder->kept, NULL),
                     STATUS_OK);
    tokenizer_vocab_destroy(vocab);
}

static void assert_encodes(const struct tokenizer_vocab *vocab)
{
    struct tokenizer_ids ids;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    assert_int_equal(tokenizer_encode(vocab, SLICE("abc bc ab"), false, false, &arena, &ids, NULL),
                     STATUS_OK);
    assert_int_equal(ids.count, 5);
    assert_int_equal(ids.ids[0], VOCAB_SAMPLE_ABC);
    assert_int_equal(ids.ids[2], VOCAB_SAMPLE_BC);
    assert_int_equal(ids.ids[4], VOCAB_SAMPLE_AB);
    arena_close(&arena);
}

static void encodes_the_same_from_a_mapped_file(void **state)
{
    struct tokenizer_source source;
    struct tokenizer_vocab *vocab;

    save(*state, &source);
    vocab = tokenizer_file_map(((struct folder *)*state)->kept, &source, NULL);
    assert_non_null(vocab);
    assert_encodes(vocab);
    tokenizer_vocab_destroy(vocab);
}

static void keeps_what_it_compiled_and_makes_it_anew_for_a_new_source(void **state)
{
    struct folder *folder = *state;
    struct tokenizer_source first, second;
    struct tokenizer_vocab *vocab;
    struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

    vocab = tokenizer_file_open(folder->source, folder->path, NULL);
    assert_non_null(vocab);
    assert_int_equal(vocab->state->mapped_bytes, 0);
    first = vocab->state->image->source;
    tokenizer_vocab_destroy(vocab);
    vocab = tokenizer_file_open(folder->source, folder->path, NULL);
    assert_non_null(vocab);
    assert_true(vocab->state->mapped_bytes > 0);
    assert_encodes(vocab);
    tokenizer_vocab_destroy(vocab);
    utimensat(0, folder->source, times, 0);
    vocab = tokenizer_file_open(folder->source, folder->path, NULL);
    assert_non_null(vocab);
    assert_int_equal(vocab->state->mapped_bytes, 0);
    tokenizer_vocab_destroy(vocab);
    assert_int_equal(tokenizer_file_source(folder->source, &second, NULL), STATUS_OK);
    assert_memory_not_equal(&first, &second, sizeof(first));
}

static enum status try_map(const struct folder *folder, const struct tokenizer_source *source)
{
    struct error err = { 0 };

    assert_null(tokenizer_file_map(folder->kept, source, &err));
    return err.status;
}

static void refuses_files_that_are_damaged_cut_or_of_something_else(void **state)
{
    struct folder *folder = *state;
    struct tokenizer_source source, other = { 1, 2, 3, 4 };
    struct stat info;
    FILE *file;
    long step;

    save(folder, &source);
    assert_int_equal(try_map(folder, &other), STATUS_FAILED_PRECONDITION);
    assert_int_equal(stat(folder->kept, &info), 0);
    step = (long)info.st_size / 101;
    for (long at = 0; at < info.st_size; at += step) {
        int byte;

        file = fopen(folder->kept, "r+b");
        fseek(file, at, SEEK_SET);
        byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x10, file);
        fclose(file);
        assert_int_equal(try_map(folder, NULL), STATUS_DATA_LOSS);
        file = fopen(folder->kept, "r+b");
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
        fclose(file);
    }
    for (long size = (long)info.st_size - 1; size >= 0; size -= step) {
        assert_int_equal(truncate(folder->kept, size), 0);
        assert_int_equal(try_map(folder, NULL), STATUS_DATA_LOSS);
    }
    assert_int_equal(unlink(folder->kept), 0);
    assert_int_equal(try_map(folder, NULL), STATUS_NOT_FOUND);
}

static void goes_on_where_nothing_can_be_kept(void **state)
{
    struct folder *folder = *state;
    struct tokenizer_vocab *vocab = tokenizer_file_open(folder->source, "/nowhere/at/all", NULL);

    assert_non_null(vocab);
    assert_encodes(vocab);
    tokenizer_vocab_destroy(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(encodes_the_same_from_a_mapped_file, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(keeps_what_it_compiled_and_makes_it_anew_for_a_new_source,
                                        open_folder, close_folder),
        cmocka_unit_test_setup_teardown(refuses_files_that_are_damaged_cut_or_of_something_else,
                                        open_folder, close_folder),
        cmocka_unit_test_setup_teardown(goes_on_where_nothing_can_be_kept, open_folder,
                                        close_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
