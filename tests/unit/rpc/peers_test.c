#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/peers.h"

static char path[] = "/tmp/peers-XXXXXX";

static struct peers *load(const char *table, const char *service, struct error *err)
{
    struct peers *peers = NULL;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(table, file);
    fclose(file);
    peers_load(path, service, &peers, err);
    return peers;
}

static bool takes(const struct peers *peers, const char *spiffe_id, const char *name)
{
    const struct peer peer = { .spiffe_id = spiffe_id, .name = name };

    return peers_take(peers, &peer);
}

static void the_own_table_is_a_star(void **state)
{
    static const char *const leaves[] = { "deid", "context", "tokenizer", "inference" };
    struct peers *peers;
    struct error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(peers_load("default", leaves[i], &peers, &err), STATUS_OK);
        assert_true(takes(peers, NULL, "gateway"));
        for (size_t j = 0; j < 4; j++)
            assert_false(takes(peers, NULL, leaves[j]));
        assert_int_equal(takes(peers, NULL, "consilium"), strcmp(leaves[i], "context") != 0);
        peers_destroy(peers);
    }
    assert_int_equal(peers_load("default", "gateway", &peers, &err), STATUS_OK);
    assert_true(takes(peers, NULL, NULL));
    peers_destroy(peers);
    assert_int_equal(peers_load("default", "other", &peers, &err), STATUS_FAILED_PRECONDITION);
}

static void a_peer_is_known_by_its_id_or_else_its_name(void **state)
{
    struct error err;
    struct peers *peers = load(
        "# who may\ntokenizer: gateway  spiffe://other/batch # two\ndeid: x\n", "tokenizer", &err);

    (void)state;
    assert_non_null(peers);
    assert_true(takes(peers, "spiffe://hospital/ns/mesh/sa/gateway", "anything"));
    assert_true(takes(peers, "spiffe://other/batch", NULL));
    assert_false(takes(peers, "spiffe://hospital/batch", NULL));
    assert_true(takes(peers, NULL, "gateway"));
    assert_true(takes(peers, NULL, "gateway.consilium.svc"));
    assert_false(takes(peers, NULL, "gateway-2"));
    assert_false(takes(peers, NULL, "evil.gateway"));
    assert_false(takes(peers, "spiffe://hospital/gateway/evil", "gateway"));
    assert_false(takes(peers, "spiffe://hospital/", NULL));
    assert_false(takes(peers, NULL, ""));
    assert_false(takes(peers, NULL, "x"));
    assert_false(takes(peers, NULL, NULL));
    peers_destroy(peers);
}

static void an_empty_line_is_nobody(void **state)
{
    struct error err;
    struct peers *peers = load("deid:\n", "deid", &err);

    (void)state;
    assert_non_null(peers);
    assert_false(takes(peers, NULL, "gateway"));
    assert_false(takes(peers, NULL, ""));
    peers_destroy(peers);
}

static void a_table_that_cannot_be_used_is_refused(void **state)
{
    struct error err;
    struct peers *peers;

    (void)state;
    assert_null(load("", "deid", &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    assert_null(load("deid gateway\n", "deid", &err));
    assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    assert_null(load("tokenizer: x\n: gateway\n", "tokenizer", &err));
    assert_non_null(strstr(err.text, "line 2"));
    assert_int_not_equal(peers_load("/nowhere/table", "deid", &peers, &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_table_is_a_star),
        cmocka_unit_test(a_peer_is_known_by_its_id_or_else_its_name),
        cmocka_unit_test(an_empty_line_is_nobody),
        cmocka_unit_test(a_table_that_cannot_be_used_is_refused),
    };
    int failed, file = mkstemp(path);

    close(file);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
