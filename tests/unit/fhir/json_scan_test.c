/* The places that are found 64 bytes at a time, beside a reading byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fhir/json_scan.h"

#define TEXTS_COUNT 20000
#define TEXT_BYTES 500

static struct json_scan scan;
static uint64_t escapes[TEXT_BYTES / 64 + 2];

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where tokens begin, the text's size last; or the fault. *@is_odd: a backslash is in no string,
 * or a string touches a number or a word, which the reader refuses whatever is found there. */
static enum json_fault by_bytes(const char *text, size_t size, uint32_t *tokens, size_t *count,
                                bool *is_odd)
{
    bool in_string = false, in_scalar = false;

    *is_odd = false;
    *count = 0;
    for (size_t at = 0; at < size; at++) {
        char c = text[at];

        if (in_string) {
            if ((unsigned char)c < ' ')
                return JSON_FAULT_CONTROL;
            if (c == '\\' && at + 1 < size) {
                if ((unsigned char)text[at + 1] < ' ')
                    return JSON_FAULT_CONTROL;
                at++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            *is_odd |= in_scalar || (at > 0 && text[at - 1] == '"');
            tokens[(*count)++] = (uint32_t)at;
            in_string = true;
            in_scalar = false;
        } else if (c != '\0' && strchr("{}[]:,", c) != NULL) {
            tokens[(*count)++] = (uint32_t)at;
            in_scalar = false;
        } else if (is_blank(c)) {
            in_scalar = false;
        } else {
            *is_odd |= c == '\\' || (!in_scalar && at > 0 && text[at - 1] == '"');
            if (!in_scalar)
                tokens[(*count)++] = (uint32_t)at;
            in_scalar = true;
        }
    }
    tokens[(*count)++] = (uint32_t)size;
    return in_string ? JSON_FAULT_UNFINISHED : JSON_FAULT_NONE;
}

static enum json_fault by_blocks(struct slice text, uint32_t *tokens, size_t *count)
{
    memset(escapes, 0, sizeof(escapes));
    json_scan_init(&scan, text, escapes);
    *count = 0;
    do {
        if (!json_scan_more(&scan))
            return scan.fault;
        for (; scan.next < scan.count && (*count == 0 || tokens[*count - 1] != text.size);
             scan.next++)
            tokens[(*count)++] = scan.tokens[scan.next];
    } while (tokens[*count - 1] != text.size);
    return JSON_FAULT_NONE;
}

static void finds_the_tokens_that_a_reading_byte_by_byte_finds(void **state)
{
    static const char bytes[] = "{}[]:,\"\"\"ab1.-e \\\n\t";
    uint32_t wanted[TEXT_BYTES + 1], found[TEXT_BYTES + 1];
    size_t wanted_count, found_count;
    unsigned whole = 0;
    char text[TEXT_BYTES];
    bool is_odd;

    (void)state;
    srand(11);
    for (unsigned i = 0; i < TEXTS_COUNT; i++) {
        size_t size = 1 + (size_t)rand() % (TEXT_BYTES - 1);
        enum json_fault fault;

        for (size_t at = 0; at < size; at++)
            text[at] = bytes[(size_t)rand() % (sizeof(bytes) - 1 - i % 4)];
        fault = by_bytes(text, size, wanted, &wanted_count, &is_odd);
        if (is_odd)
            continue;
        assert_int_equal(by_blocks(slice_of(text, size), found, &found_count) == JSON_FAULT_NONE,
                         fault == JSON_FAULT_NONE);
        if (fault != JSON_FAULT_NONE)
            continue;
        whole++;
        assert_int_equal(found_count, wanted_count);
        assert_memory_equal(found, wanted, wanted_count * sizeof(*wanted));
    }
    assert_true(whole > TEXTS_COUNT / 100);
}

/* In a string of @size bytes, at @at. */
static enum json_fault with_bytes(const char *bytes, size_t count, size_t at, size_t size)
{
    uint32_t tokens[TEXT_BYTES + 1];
    char text[TEXT_BYTES];
    size_t found;

    memset(text, 'a', size);
    text[0] = text[size - 1] = '"';
    memcpy(text + at, bytes, count);
    return by_blocks(slice_of(text, size), tokens, &found);
}

/* Wherever it lies in its block, or over the edge of two. */
static void bytes_that_no_string_may_hold_are_found_wherever_they_are(void **state)
{
    static const struct {
        const char *bytes;
        enum json_fault fault;
    } texts[] = {
        { "\x01", JSON_FAULT_CONTROL },
        { "\n", JSON_FAULT_CONTROL },
        { "\x1f", JSON_FAULT_CONTROL },
        { "\x80", JSON_FAULT_UTF8 },
        { "\xc0\xaf", JSON_FAULT_UTF8 }, /* "/" in two bytes */
        { "\xe0\x80\xaf", JSON_FAULT_UTF8 },
        { "\xed\xa0\x80", JSON_FAULT_UTF8 }, /* half a pair */
        { "\xf4\x90\x80\x80", JSON_FAULT_UTF8 },
        { "\xf8\x88\x80\x80\x80", JSON_FAULT_UTF8 },
        { "\xc3"
          "a",
          JSON_FAULT_UTF8 },
        { "\xff", JSON_FAULT_UTF8 },
        { "\xc3\xa4", JSON_FAULT_NONE },
        { "\xe2\x82\xac", JSON_FAULT_NONE },
        { "\xf0\x9f\x98\x80", JSON_FAULT_NONE },
        { "\x7f", JSON_FAULT_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t count = strlen(texts[i].bytes);

        for (size_t size = 130; size < 200; size += 23)
            for (size_t at = 1; at + count < size; at++)
                assert_int_equal(with_bytes(texts[i].bytes, count, at, size), texts[i].fault);
    }
}

static void a_string_without_an_end_is_found(void **state)
{
    uint32_t tokens[TEXT_BYTES + 1];
    char text[TEXT_BYTES];
    size_t count;

    (void)state;
    for (size_t size = 1; size < 300; size++) {
        memset(text, '\\', size);
        text[0] = '"';
        assert_int_equal(by_blocks(slice_of(text, size), tokens, &count), JSON_FAULT_UNFINISHED);
        text[size] = '"'; /* escaped where the backslashes before it are odd */
        assert_int_equal(by_blocks(slice_of(text, size + 1), tokens, &count),
                         size % 2 == 0 ? JSON_FAULT_UNFINISHED : JSON_FAULT_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_tokens_that_a_reading_byte_by_byte_finds),
        cmocka_unit_test(bytes_that_no_string_may_hold_are_found_wherever_they_are),
        cmocka_unit_test(a_string_without_an_end_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
