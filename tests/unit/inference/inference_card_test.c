#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "inference_card.h"

static const char right[] = "aa21947f3732943ad2a1105e7b44a6d93545fa9a9e749a80aacaa01c447dcae8";
static const char wrong[] = "ba21947f3732943ad2a1105e7b44a6d93545fa9a9e749a80aacaa01c447dcae8";

static char folder[64], model[96], card[96];

static void write_card(const char *ending, const char *format, const char *digest)
{
    FILE *file;

    snprintf(card, sizeof(card), "%s/a.b%s", folder, ending);
    file = fopen(card, "w");
    assert_non_null(file);
    fprintf(file, format, digest);
    fclose(file);
}

static int open_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/inference_card_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(model, sizeof(model), "%s/a.b.gguf", folder);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    unlink(card);
    return rmdir(folder);
}

static void believes_a_file_that_is_on_its_card(void **state)
{
    (void)state;
    assert_int_equal(inference_card_check(NULL, model, right, NULL), STATUS_OK); /* no card */
    write_card(".sha256", "%s  a.b.gguf\n", right);
    assert_int_equal(inference_card_check(NULL, model, right, NULL), STATUS_OK);
    assert_int_equal(inference_card_check(NULL, model, wrong, NULL), STATUS_DATA_LOSS);
    assert_int_equal(inference_card_check(card, model, right, NULL), STATUS_OK);
    unlink(card);
    write_card(".md", "| file | Q8_0, SHA-256 `%s` |", right);
    assert_int_equal(inference_card_check(NULL, model, right, NULL), STATUS_OK);
    assert_int_equal(inference_card_check(NULL, model, wrong, NULL), STATUS_DATA_LOSS);
    unlink(card);
    write_card(".json", "{\"sha256\":\"%s\"}", right);
    assert_int_equal(inference_card_check(card, model, right, NULL), STATUS_OK);
}

/* A longer run of digits is no SHA-256. */
static void wants_a_digest_where_a_card_was_given(void **state)
{
    (void)state;
    write_card(".md", "no digest: %s0", right);
    assert_int_equal(inference_card_check(card, model, right, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(inference_card_check(NULL, model, right, NULL), STATUS_OK);
    assert_int_equal(inference_card_check("/nowhere", model, right, NULL), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(believes_a_file_that_is_on_its_card, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(wants_a_digest_where_a_card_was_given, open_folder,
                                        close_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
