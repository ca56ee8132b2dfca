/* The corpus of a fuzz target as an ordinary test: every file of the folder named on the command
 * line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz_target.h"

#define FILE_BYTES_MAX (1 << 20)

static const char *folder;

/* The bytes are in memory of exactly their size, so that AddressSanitizer sees one byte too far. */
static void replay(const char *name)
{
    char path[4096];
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    FILE *file;
    size_t size;

    assert_true(snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
    file = fopen(path, "rb");
    assert_non_null(file);
    size = fread(bytes, 1, FILE_BYTES_MAX, file);
    fclose(file);
    bytes = realloc(bytes, size > 0 ? size : 1);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

static void holds_for_every_file_of_its_corpus(void **state)
{
    DIR *open_folder = opendir(folder);
    struct dirent *entry;
    unsigned files = 0;

    (void)state;
    assert_non_null(open_folder);
    while ((entry = readdir(open_folder)) != NULL)
        if (entry->d_name[0] != '.') {
            replay(entry->d_name);
            files++;
        }
    closedir(open_folder);
    assert_true(files > 0);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(holds_for_every_file_of_its_corpus) };

    if (count != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
