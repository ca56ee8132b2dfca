#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit_chain.h"

static char folder[] = "/tmp/audit-chain-XXXXXX";
static struct audit_key key;
static struct arena arena;
static struct buffer lines;
static struct error err;

static int reset(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    buffer_init(&lines, &arena);
    error_clear(&err);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* The line at @index, without its newline. */
static struct slice line_at(unsigned index)
{
    struct slice rest = buffer_slice(&lines);

    while (index-- > 0)
        rest = slice_cut(rest, slice_find_byte(rest, '\n') + 1, rest.size);
    return slice_cut(rest, 0, slice_find_byte(rest, '\n'));
}

static void seal_three(void)
{
    struct audit_link link = { 0 };

    audit_seal(&key, &link, SLICE("\"action\":\"ask\""), &lines);
    audit_seal(&key, &link, SLICE("\"action\":\"answer\",\"count\":7"), &lines);
    audit_seal(&key, &link, SLICE("\"action\":\"stop\""), &lines);
    assert_false(lines.is_full);
    assert_int_equal(link.seq, 3);
}

static void a_chain_is_followed_to_its_end(void **state)
{
    struct audit_link link = { 0 };

    (void)state;
    seal_three();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(audit_unseal(key.public_key, line_at(i), &link, &err), STATUS_OK);
    assert_int_equal(link.seq, 3);
}

static void every_changed_byte_is_found(void **state)
{
    struct audit_link first = { 0 };
    struct slice line;

    (void)state;
    seal_three();
    assert_int_equal(audit_unseal(key.public_key, line_at(0), &first, &err), STATUS_OK);
    line = line_at(1);
    for (size_t i = 0; i < line.size; i++) {
        struct audit_link link = first;
        char *byte = (char *)line.data + i, old = *byte;

        *byte = (char)(old ^ 1);
        assert_int_equal(audit_unseal(key.public_key, line, &link, &err), STATUS_DATA_LOSS);
        assert_int_equal(link.seq, 1);
        *byte = old;
    }
    assert_int_equal(audit_unseal(key.public_key, line, &first, &err), STATUS_OK);
}

static void a_record_at_another_place_is_found(void **state)
{
    struct audit_link link = { 0 };

    (void)state;
    seal_three();
    assert_int_equal(audit_unseal(key.public_key, line_at(1), &link, &err), STATUS_DATA_LOSS);
    assert_int_equal(audit_unseal(key.public_key, line_at(0), &link, &err), STATUS_OK);
    assert_int_equal(audit_unseal(key.public_key, line_at(0), &link, &err), STATUS_DATA_LOSS);
    assert_int_equal(audit_unseal(key.public_key, line_at(2), &link, &err), STATUS_DATA_LOSS);
    assert_string_equal(err.text, "has number 3 where 2 is due");
}

static void a_record_of_another_chain_of_the_same_key_is_found(void **state)
{
    struct audit_link link = { 0 }, other = { 0 };

    (void)state;
    seal_three();
    audit_seal(&key, &other, SLICE("\"action\":\"put\""), &lines);
    audit_seal(&key, &other, SLICE("\"action\":\"put\""), &lines);
    assert_int_equal(audit_unseal(key.public_key, line_at(0), &link, &err), STATUS_OK);
    assert_int_equal(audit_unseal(key.public_key, line_at(4), &link, &err), STATUS_DATA_LOSS);
    assert_string_equal(err.text, "does not follow the record before it");
}

static void a_strangers_signature_is_found(void **state)
{
    struct audit_key stranger;
    struct audit_link link = { 0 }, read = { 0 };
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "%s/stranger", folder);
    assert_int_equal(audit_key_load(path, &stranger, &err), STATUS_OK);
    audit_seal(&stranger, &link, SLICE("\"action\":\"ask\""), &lines);
    assert_int_equal(audit_unseal(key.public_key, line_at(0), &read, &err), STATUS_DATA_LOSS);
    assert_string_equal(err.text, "is not signed with this key");
    unlink(path);
}

static void short_and_odd_lines_are_no_records(void **state)
{
    static const char *const odd[] = {
        "", "{", "{}", "{\"seq\":1", "{\"seq\":,", "not json at all"
    };
    struct slice line;

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct audit_link link = { 0 };

        assert_int_equal(audit_unseal(key.public_key, slice_from(odd[i]), &link, &err),
                         STATUS_DATA_LOSS);
    }
    seal_three();
    line = line_at(0);
    for (size_t size = 0; size < line.size; size++) {
        struct audit_link link = { 0 };
        char *copy = malloc(size + 1); /* so that a byte read too far is seen */

        memcpy(copy, line.data, size);
        assert_int_equal(audit_unseal(key.public_key, slice_of(copy, size), &link, &err),
                         STATUS_DATA_LOSS);
        free(copy);
    }
}

static void a_head_names_a_record_and_cannot_be_made_without_the_key(void **state)
{
    struct audit_link link = { .seq = 1234567, .hash = { 1, 2, 3 } }, read;
    char text[AUDIT_HEAD_BYTES + 1];

    (void)state;
    audit_head_format(&key, &link, text);
    assert_int_equal(
        audit_head_parse(key.public_key, slice_of(text, AUDIT_HEAD_BYTES), &read, &err), STATUS_OK);
    assert_int_equal(read.seq, link.seq);
    assert_memory_equal(read.hash, link.hash, sizeof(read.hash));
    for (unsigned i = 7; i < 7 + 20 + 9 + 64 + 9 + 128; i++) {
        bool is_part = i < 27 || (i >= 36 && i < 100) || i >= 109; /* the rest is punctuation */
        char old = text[i];

        if (!is_part)
            continue;
        text[i] = old == '5' ? '6' : '5';
        assert_int_equal(
            audit_head_parse(key.public_key, slice_of(text, AUDIT_HEAD_BYTES), &read, &err),
            STATUS_DATA_LOSS);
        text[i] = old;
    }
    assert_int_equal(audit_head_parse(key.public_key, slice_of(text, 100), &read, &err),
                     STATUS_DATA_LOSS);
}

static void a_digest_needs_the_key(void **state)
{
    char digest[AUDIT_DIGEST_TEXT_BYTES], again[AUDIT_DIGEST_TEXT_BYTES];
    struct audit_key other = key;

    (void)state;
    audit_digest(&key, SLICE("What was the last weight?"), digest);
    audit_digest(&key, SLICE("What was the last weight?"), again);
    assert_string_equal(digest, again);
    other.digest_key[0] ^= 1;
    audit_digest(&other, SLICE("What was the last weight?"), again);
    assert_string_not_equal(digest, again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_chain_is_followed_to_its_end, reset, close_all),
        cmocka_unit_test_setup_teardown(every_changed_byte_is_found, reset, close_all),
        cmocka_unit_test_setup_teardown(a_record_at_another_place_is_found, reset, close_all),
        cmocka_unit_test_setup_teardown(a_record_of_another_chain_of_the_same_key_is_found, reset,
                                        close_all),
        cmocka_unit_test_setup_teardown(a_strangers_signature_is_found, reset, close_all),
        cmocka_unit_test_setup_teardown(short_and_odd_lines_are_no_records, reset, close_all),
        cmocka_unit_test_setup_teardown(a_head_names_a_record_and_cannot_be_made_without_the_key,
                                        reset, close_all),
        cmocka_unit_test_setup_teardown(a_digest_needs_the_key, reset, close_all),
    };
    char path[64];
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof(path), "%s/key", folder);
    if (audit_key_load(path, &key, &err) != STATUS_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
