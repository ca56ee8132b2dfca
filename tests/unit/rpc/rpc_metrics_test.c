#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "rpc/rpc_metrics.h"
#include "run/metrics.h"

static bool is_exported(const char *line)
{
    struct arena arena;
    struct buffer buffer;
    bool is_there;

    arena_init(&arena, 4 * MIB);
    buffer_init(&buffer, &arena);
    metrics_format(&buffer, METRICS_FORM_PROMETHEUS);
    buffer_put_byte(&buffer, '\0');
    assert_false(buffer.is_full);
    is_there = strstr(buffer.data, line) != NULL;
    arena_close(&arena);
    return is_there;
}

static void counts_calls_by_service_method_and_status(void **state)
{
    struct rpc_metrics *metrics = rpc_metrics_find("deid", &method_deid_redact);

    (void)state;
    rpc_metrics_count(metrics, STATUS_OK, 10);
    rpc_metrics_count(metrics, STATUS_OK, 20);
    rpc_metrics_count(metrics, STATUS_UNAVAILABLE, 30);
    assert_true(is_exported(
        "rpc_client_calls_total{service=\"deid\",method=\"Deid.Redact\",status=\"OK\"} 2\n"));
    assert_true(is_exported(
        "rpc_client_calls_total{service=\"deid\",method=\"Deid.Redact\",status=\"UNAVAILABLE\"} 1\n"));
    assert_true(
        is_exported("rpc_client_seconds_count{service=\"deid\",method=\"Deid.Redact\"} 3\n"));
}

static void one_method_of_one_service_is_one_row(void **state)
{
    char name[] = "tokenizer";

    (void)state;
    assert_ptr_equal(rpc_metrics_find(name, &method_tokenizer_encode),
                     rpc_metrics_find("tokenizer", &method_tokenizer_encode));
    assert_ptr_not_equal(rpc_metrics_find("tokenizer", &method_tokenizer_decode),
                         rpc_metrics_find("tokenizer", &method_tokenizer_encode));
    assert_ptr_not_equal(rpc_metrics_find("other", &method_tokenizer_encode),
                         rpc_metrics_find("tokenizer", &method_tokenizer_encode));
}

static void counting_nowhere_is_harmless(void **state)
{
    (void)state;
    rpc_metrics_count(NULL, STATUS_OK, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_calls_by_service_method_and_status),
        cmocka_unit_test(one_method_of_one_service_is_one_row),
        cmocka_unit_test(counting_nowhere_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
