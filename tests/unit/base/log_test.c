#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"

static int saved, ends[2];

/* What is logged between the two, at most one pipe full. */
static void catch_begin(void)
{
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
}

static const char *catch_end(void)
{
    static char text[4096];
    ssize_t got;

    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    got = read(ends[0], text, sizeof(text) - 1);
    text[got < 0 ? 0 : got] = '\0';
    close(ends[0]);
    return text;
}

static void writes_one_line_in_logfmt(void **state)
{
    struct error err;
    const char *line;

    (void)state;
    log_init("deid", LOG_LEVEL_INFO);
    error_set(&err, STATUS_NOT_FOUND, "a \"b\"\nc\\");
    catch_begin();
    log_info("call", LOG_NUMBER("bytes", -5), LOG_NAME("method", "Redact"),
             LOG_ID("id", "a-1/Zé \n\"x"), LOG_ERROR(&err));
    line = catch_end();
    assert_memory_equal(line, "ts=20", 5);
    assert_non_null(
        strstr(line, "Z level=info service=deid event=call bytes=-5 method=Redact id=a-1/Z?????x "
                     "status=NOT_FOUND error=\"a ?b??c?\"\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void cuts_ids_and_lines(void **state)
{
    char id[2000];
    const char *line;

    (void)state;
    memset(id, 'i', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    catch_begin();
    log_info("x", LOG_ID("id", id));
    line = catch_end();
    assert_int_equal(strspn(strstr(line, "id=") + 3, "i"), LOG_ID_BYTES_MAX);
    catch_begin();
    log_info("x", LOG_NAME("name", id));
    line = catch_end();
    assert_int_equal(strlen(line), LOG_LINE_BYTES_MAX);
    assert_int_equal(line[LOG_LINE_BYTES_MAX - 1], '\n');
}

static void keeps_quiet_below_its_level(void **state)
{
    enum log_level level;

    (void)state;
    assert_true(log_level_parse("warn", &level));
    assert_false(log_level_parse("Warn", &level));
    log_init("deid", level);
    catch_begin();
    log_debug("x");
    log_info("x");
    assert_string_equal(catch_end(), "");
    catch_begin();
    log_error("y");
    assert_non_null(strstr(catch_end(), "level=error service=deid event=y\n"));
}

static void an_audit_line_is_written_at_every_level(void **state)
{
    enum log_level level;

    (void)state;
    assert_false(log_level_parse("audit", &level));
    log_init("deid", LOG_LEVEL_ERROR);
    catch_begin();
    log_warn("x");
    log_event(LOG_LEVEL_AUDIT, "opened");
    assert_non_null(strstr(catch_end(), "level=audit service=deid event=opened\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_line_in_logfmt),
        cmocka_unit_test(cuts_ids_and_lines),
        cmocka_unit_test(keeps_quiet_below_its_level),
        cmocka_unit_test(an_audit_line_is_written_at_every_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
