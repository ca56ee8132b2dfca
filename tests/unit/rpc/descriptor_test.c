/* The mesh's own descriptors, as reflection finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rpc/descriptor.h"

static bool has_text(struct slice bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static bool is_known(const char *symbol)
{
    return descriptor_find_symbol(slice_from(symbol)).data != NULL;
}

static void finds_files_by_name(void **state)
{
    struct slice file = descriptor_find_file(SLICE("consilium/v1/gateway.proto"));

    (void)state;
    assert_true(has_text(file, "PutRecordRequest"));
    assert_null(descriptor_find_file(SLICE("consilium/v1/gateway")).data);
    assert_null(descriptor_find_file(SLICE("")).data);
}

static void finds_the_file_of_a_symbol(void **state)
{
    struct slice file = descriptor_find_file(SLICE("consilium/v1/tokenizer.proto"));

    (void)state;
    assert_ptr_equal(descriptor_find_symbol(SLICE("consilium.v1.Tokenizer")).data, file.data);
    assert_ptr_equal(descriptor_find_symbol(SLICE("consilium.v1.Tokenizer.Count")).data, file.data);
    assert_ptr_equal(descriptor_find_symbol(SLICE("consilium.v1.CountRequest")).data, file.data);
    assert_ptr_equal(descriptor_find_symbol(SLICE("consilium.v1.CountRequest.texts")).data,
                     file.data);
    assert_true(is_known("grpc.health.v1.HealthCheckResponse.ServingStatus"));
    assert_true(is_known("consilium.v1.FinishReason"));
}

static void knows_no_symbol_that_is_only_nearly_one(void **state)
{
    (void)state;
    assert_false(is_known(""));
    assert_false(is_known("."));
    assert_false(is_known("consilium.v1"));
    assert_false(is_known("consilium.v1."));
    assert_false(is_known("consilium.v1.Tokenizer."));
    assert_false(is_known("consilium.v1.Tokenize"));
    assert_false(is_known("consilium.v1.Tokenizer.Nothing"));
    assert_false(is_known("consilium.v1.Tokenizer.Count.more"));
    assert_false(is_known("Tokenizer"));
}

static void brings_every_import_along_once(void **state)
{
    struct slice files[DESCRIPTOR_FILES_MAX];
    struct slice file = descriptor_find_file(SLICE("consilium/v1/gateway.proto"));
    unsigned count = descriptor_closure(file, files), i, j;

    (void)state;
    assert_ptr_equal(files[0].data, file.data);
    assert_true(count >= 5);
    for (i = 0; i < count; i++)
        for (j = 0; j < i; j++)
            assert_ptr_not_equal(files[i].data, files[j].data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_files_by_name),
        cmocka_unit_test(finds_the_file_of_a_symbol),
        cmocka_unit_test(knows_no_symbol_that_is_only_nearly_one),
        cmocka_unit_test(brings_every_import_along_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
