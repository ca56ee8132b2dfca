/* Maps in files: what one run seals the next one opens; what is not theirs is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "consilium_deid_vault.h"
#include "deid_surrogate.h"

static char folder[] = "/tmp/consilium-vault-XXXXXX";
static char map[64], key[64], other_key[64];

static void put_name(struct deid_vault *vault, const char *name)
{
    struct deid_entry *entry;

    assert_int_equal(
        deid_surrogate_person(&vault->map, slice_from(name), false, false, &entry, NULL),
        STATUS_OK);
}

static void begin(void)
{
    struct deid_vault vault;
    struct error err = { 0 };

    unlink(map);
    assert_int_equal(deid_vault_open(&vault, map, key, DEID_PROFILE_LIMITED, &err), STATUS_OK);
    assert_true(vault.is_new);
    put_name(&vault, "Ann Ode");
    assert_int_equal(deid_vault_save(&vault, &err), STATUS_OK);
    deid_vault_close(&vault);
}

static void a_map_is_there_again_in_the_next_run(void **state)
{
    struct deid_vault vault;
    struct error err = { 0 };

    (void)state;
    begin();
    assert_int_equal(deid_vault_open(&vault, map, key, (enum deid_profile)0, &err), STATUS_OK);
    assert_false(vault.is_new);
    assert_non_null(deid_map_find(&vault.map, SLICE("Ann Ode")));
    deid_vault_close(&vault);
}

static void only_its_owner_can_read_it(void **state)
{
    struct stat about;

    (void)state;
    begin();
    assert_int_equal(stat(map, &about), 0);
    assert_int_equal(about.st_mode & 077, 0);
    assert_int_equal(stat(key, &about), 0);
    assert_int_equal(about.st_mode & 077, 0);
}

static void another_key_opens_nothing(void **state)
{
    struct deid_vault vault;
    struct error err = { 0 };

    (void)state;
    begin();
    assert_int_equal(deid_vault_open(&vault, map, other_key, (enum deid_profile)0, &err),
                     STATUS_PERMISSION_DENIED);
    deid_vault_close(&vault);
}

static void a_changed_byte_is_noticed(void **state)
{
    struct deid_vault vault;
    struct error err = { 0 };
    char byte;
    int fd;

    (void)state;
    begin();
    fd = open(map, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, 40), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 40), 1);
    close(fd);
    assert_int_equal(deid_vault_open(&vault, map, key, (enum deid_profile)0, &err),
                     STATUS_PERMISSION_DENIED);
    deid_vault_close(&vault);
}

static void the_profile_of_a_map_stays(void **state)
{
    struct deid_vault vault;
    struct error err = { 0 };

    (void)state;
    begin();
    assert_int_equal(deid_vault_open(&vault, map, key, DEID_PROFILE_SAFE_HARBOR, &err),
                     STATUS_FAILED_PRECONDITION);
    deid_vault_close(&vault);
}

static void a_map_needs_a_key(void **state)
{
    struct deid_vault vault;
    struct error err = { 0 };

    (void)state;
    assert_int_equal(deid_vault_open(&vault, map, NULL, (enum deid_profile)0, &err),
                     STATUS_INVALID_ARGUMENT);
    deid_vault_close(&vault);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(map, sizeof(map), "%s/map", folder);
    snprintf(key, sizeof(key), "%s/key", folder);
    snprintf(other_key, sizeof(other_key), "%s/other", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(map);
    unlink(key);
    unlink(other_key);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_there_again_in_the_next_run),
        cmocka_unit_test(only_its_owner_can_read_it),
        cmocka_unit_test(another_key_opens_nothing),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(the_profile_of_a_map_stays),
        cmocka_unit_test(a_map_needs_a_key),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
