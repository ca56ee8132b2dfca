#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/config.h"

struct sample {
    const char *listen, *authority, *password, *name;
    int64_t workers;
    double ratio;
    uint64_t cache_bytes, grace_ms;
    bool is_fast;
};

#define ROW(word, kind, field, value, min, max, required, secret)                                  \
    {                                                                                              \
        word, SETTING_KIND_##kind, offsetof(struct sample, field), value, "X", "help", min, max,   \
            required, secret                                                                       \
    }

static const struct setting settings[] = {
    ROW("listen", STRING, listen, "127.0.0.1:1", 0, 0, true, false),
    ROW("tls-authority", STRING, authority, NULL, 0, 0, false, false),
    ROW("password", STRING, password, NULL, 0, 0, false, true),
    ROW("workers", NUMBER, workers, "2", 1, 256, false, false),
    ROW("ratio", DECIMAL, ratio, "0.5", 0, 1, false, false),
    ROW("cache", SIZE, cache_bytes, "64M", 1024, 1 << 30, false, false),
    ROW("grace", DURATION, grace_ms, "10s", 0, 3600000, false, false),
    ROW("fast", SWITCH, is_fast, "false", 0, 0, false, false),
    { .name = NULL },
};

static const struct config_program program = { "sample-one", "a sample", "FILE...", settings };

struct load {
    struct arena arena;
    struct sample config;
    struct error err;
    char *words[16], **argv;
    int argc;
    bool is_done;
};

/* Words end with NULL. */
static enum status load_with(struct load *load, const struct config_program *of,
                             const char *const *words)
{
    arena_init(&load->arena, 1 << 20);
    memset(&load->config, 0, sizeof(load->config));
    load->words[0] = (char *)"sample-one";
    for (load->argc = 1; words[load->argc - 1] != NULL; load->argc++)
        load->words[load->argc] = (char *)words[load->argc - 1];
    load->words[load->argc] = NULL;
    load->argv = load->words;
    return config_load(of, &load->argc, &load->argv, &load->config, &load->arena, &load->is_done,
                       &load->err);
}

#define LOAD(load, ...)                                                                            \
    load_with((load), &program, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define DONE(load) arena_close(&(load)->arena)

#define REFUSES(error_text, ...)                                                                   \
    do {                                                                                           \
        struct load refused;                                                                       \
        assert_int_equal(LOAD(&refused, __VA_ARGS__), STATUS_INVALID_ARGUMENT);                    \
        assert_string_equal(refused.err.text, error_text);                                         \
        DONE(&refused);                                                                            \
    } while (0)

static void fills_in_the_defaults(void **state)
{
    struct load load;

    (void)state;
    assert_int_equal(LOAD(&load), STATUS_OK);
    assert_string_equal(load.config.listen, "127.0.0.1:1");
    assert_null(load.config.authority);
    assert_int_equal(load.config.workers, 2);
    assert_true(load.config.ratio == 0.5);
    assert_int_equal(load.config.cache_bytes, 64u << 20);
    assert_int_equal(load.config.grace_ms, 10000);
    assert_false(load.config.is_fast);
    assert_int_equal(load.argc, 0);
    assert_null(load.argv[0]);
    DONE(&load);
}

static void reads_flags_and_leaves_the_operands(void **state)
{
    struct load load;

    (void)state;
    assert_int_equal(LOAD(&load, "a.json", "--listen", "-odd", "--workers=7", "-", "--fast",
                          "--cache=2K", "--grace", "3m", "--", "--ratio"),
                     STATUS_OK);
    assert_string_equal(load.config.listen, "-odd");
    assert_int_equal(load.config.workers, 7);
    assert_true(load.config.is_fast);
    assert_int_equal(load.config.cache_bytes, 2048);
    assert_int_equal(load.config.grace_ms, 180000);
    assert_int_equal(load.argc, 3);
    assert_string_equal(load.argv[0], "a.json");
    assert_string_equal(load.argv[1], "-");
    assert_string_equal(load.argv[2], "--ratio");
    assert_null(load.argv[3]);
    DONE(&load);
    assert_int_equal(LOAD(&load, "--fast", "--no-fast"), STATUS_OK);
    assert_false(load.config.is_fast);
    DONE(&load);
}

static void write_file(char path[32], const char *text)
{
    int fd;

    strcpy(path, "/tmp/config_test_XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void prefers_flags_to_the_environment_to_the_file_to_defaults(void **state)
{
    struct load load;
    char path[32];

    (void)state;
    write_file(path,
               "# a comment\n\nworkers = 3\n ratio=0.25 \r\ncache = 4K\nlisten = f:1\nfast = yes");
    setenv("SAMPLE_ONE_WORKERS", "4", 1);
    setenv("SAMPLE_ONE_CACHE", "8K", 1);
    setenv("SAMPLE_ONE_PORT", "tcp://10.0.0.1:80", 1);
    assert_int_equal(LOAD(&load, "--config", path, "--cache=16K"), STATUS_OK);
    assert_int_equal(load.config.cache_bytes, 16384);
    assert_int_equal(load.config.workers, 4);
    assert_true(load.config.ratio == 0.25);
    assert_string_equal(load.config.listen, "f:1");
    assert_true(load.config.is_fast);
    assert_int_equal(load.config.grace_ms, 10000);
    DONE(&load);
    setenv("SAMPLE_ONE_CONFIG", path, 1);
    assert_int_equal(LOAD(&load), STATUS_OK);
    assert_true(load.config.ratio == 0.25);
    DONE(&load);
    unsetenv("SAMPLE_ONE_CONFIG");
    unsetenv("SAMPLE_ONE_WORKERS");
    unsetenv("SAMPLE_ONE_CACHE");
    unlink(path);
}

static void names_the_nearest_setting(void **state)
{
    (void)state;
    REFUSES("no setting is called \"lisen\"; did you mean \"listen\"?", "--lisen=x");
    REFUSES("no setting is called \"wrokers\"; did you mean \"workers\"?", "--wrokers", "2");
    REFUSES("no setting is called \"hlep\"; did you mean \"help\"?", "--hlep");
    REFUSES("no setting is called \"xyzzyplugh\"; see --help", "--xyzzyplugh");
    REFUSES("no setting has such a name; see --help", "--Jane Doe");
    REFUSES("settings begin with two dashes; see --help", "-l");
}

static void refuses_values_that_do_not_fit(void **state)
{
    (void)state;
    REFUSES("workers is 0, not from 1 to 256", "--workers=0");
    REFUSES("workers takes a whole number, not \"2x\"", "--workers=2x");
    REFUSES("workers takes a whole number, not \"99999999999999999999\"",
            "--workers=99999999999999999999");
    REFUSES("workers takes a whole number, not \"\"", "--workers=");
    REFUSES("ratio is 1.5, not from 0 to 1", "--ratio=1.5");
    REFUSES("ratio takes a number, not \"nan\"", "--ratio=nan");
    REFUSES("cache is 1, not from 1K to 1G", "--cache=1");
    REFUSES("cache takes a size in bytes, or in K, M or G, not \"1T\"", "--cache=1T");
    REFUSES("cache takes a size in bytes, or in K, M or G, not \"99999999999G\"",
            "--cache=99999999999G");
    REFUSES("cache takes a size in bytes, or in K, M or G, not \"-1\"", "--cache=-1");
    REFUSES("grace takes a time in ms, s, m, h or d, not \"10\"", "--grace=10");
    REFUSES("grace is 2d, not from 0ms to 1h", "--grace=2d");
    REFUSES("fast takes true or false, not \"maybe\"", "--fast=maybe");
    REFUSES("listen must not be empty", "--listen=");
    REFUSES("--listen needs a value: --listen=VALUE", "--listen");
    REFUSES("--listen needs a value: --listen=VALUE", "--listen", "--fast");
}

static void never_shows_a_secret(void **state)
{
    static const struct setting secret[] = {
        ROW("pin", NUMBER, workers, NULL, 1, 9, true, true),
        { .name = NULL },
    };
    static const struct config_program of = { "sample-one", "a sample", NULL, secret };
    struct load load;

    (void)state;
    assert_int_equal(load_with(&load, &of, (const char *const[]){ "--pin=4711x", NULL }),
                     STATUS_INVALID_ARGUMENT);
    assert_null(strstr(load.err.text, "4711"));
    DONE(&load);
    assert_int_equal(load_with(&load, &of, (const char *const[]){ "--pin=4711", NULL }),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(load.err.text, "pin is not from 1 to 9");
    DONE(&load);
    assert_int_equal(load_with(&load, &of, (const char *const[]){ NULL }), STATUS_INVALID_ARGUMENT);
    assert_string_equal(load.err.text, "--pin must be given; see --help");
    DONE(&load);
    assert_int_equal(load_with(&load, &of, (const char *const[]){ "--pin=4", "word", NULL }),
                     STATUS_INVALID_ARGUMENT);
    DONE(&load);
}

static void says_which_line_of_the_file_is_wrong(void **state)
{
    struct load load;
    char path[32];

    (void)state;
    write_file(path, "workers = 2\nwrokers = 3\n");
    assert_int_equal(LOAD(&load, "--config", path), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(load.err.text,
                           "line 2: no setting is called \"wrokers\"; did you mean \"workers\"?"));
    DONE(&load);
    unlink(path);
    write_file(path, "workers\n");
    assert_int_equal(LOAD(&load, "--config", path), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(load.err.text, "line 1: a line is \"setting = value\""));
    DONE(&load);
    unlink(path);
    assert_int_equal(LOAD(&load, "--config", "/nonexistent/file"), STATUS_NOT_FOUND);
    DONE(&load);
    assert_int_equal(LOAD(&load, "--config", "/dev/zero"), STATUS_INVALID_ARGUMENT);
    DONE(&load);
}

static void helps_with_every_setting_its_default_and_its_variable(void **state)
{
    struct arena arena;
    struct buffer help;

    (void)state;
    arena_init(&arena, 1 << 16);
    buffer_init(&help, &arena);
    config_format_help(&program, &help);
    buffer_put_byte(&help, '\0');
    assert_false(help.is_full);
    assert_non_null(strstr(help.data, "usage: sample-one [SETTING...] FILE...\n"));
    assert_non_null(strstr(help.data, "  --tls-authority X   help\n"));
    assert_non_null(
        strstr(help.data, "                      default none; SAMPLE_ONE_TLS_AUTHORITY\n"));
    assert_non_null(strstr(help.data, "default 64M, from 1K to 1G; SAMPLE_ONE_CACHE\n"));
    assert_non_null(strstr(help.data, "default false; --no-fast; SAMPLE_ONE_FAST\n"));
    arena_close(&arena);
}

static void is_done_when_help_was_asked_for(void **state)
{
    struct load load;
    int out = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);

    (void)state;
    fflush(stdout);
    dup2(nowhere, STDOUT_FILENO);
    assert_int_equal(LOAD(&load, "--help", "--nonsense"), STATUS_OK);
    assert_true(load.is_done);
    DONE(&load);
    assert_int_equal(LOAD(&load, "--version"), STATUS_OK);
    assert_true(load.is_done);
    DONE(&load);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    close(nowhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_the_defaults),
        cmocka_unit_test(reads_flags_and_leaves_the_operands),
        cmocka_unit_test(prefers_flags_to_the_environment_to_the_file_to_defaults),
        cmocka_unit_test(names_the_nearest_setting),
        cmocka_unit_test(refuses_values_that_do_not_fit),
        cmocka_unit_test(never_shows_a_secret),
        cmocka_unit_test(says_which_line_of_the_file_is_wrong),
        cmocka_unit_test(helps_with_every_setting_its_default_and_its_variable),
        cmocka_unit_test(is_done_when_help_was_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
