/* What the tests of finders share: a finder over a text, and whether what has to be in a span is.
 * For one test each: its lexicon and arena are the file's own. */
#ifndef DEID_ROWS_H
#define DEID_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "deid_prose.h"
#include "deid_scan.h"

static struct deid_rules rows_rules;
static struct arena rows_arena;

/* Names and places alone, or, where @is_wide, everything of a wide policy. */
static void rows_scan(const char *text, bool is_wide, struct deid_spans *spans)
{
    struct deid_tokens tokens;

    assert_int_equal(
        deid_tokens_read(slice_from(text), &rows_rules.lexicon, &rows_arena, &tokens, NULL),
        STATUS_OK);
    deid_spans_init(spans, &rows_arena);
    rows_rules.classes = is_wide ? DEID_CLASSES_WIDE : DEID_CLASSES_EIGHTEEN;
    if (is_wide)
        assert_int_equal(deid_scan(&rows_rules, &tokens, spans, NULL), STATUS_OK);
    else
        deid_prose_scan(&tokens, spans);
    assert_false(spans->is_full);
}

static bool rows_is_gone(const char *text, const char *what, bool is_wide)
{
    struct deid_spans spans;
    const char *at, *last = NULL;

    rows_scan(text, is_wide, &spans);
    for (at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        last = at;
    assert_non_null(last);
    for (size_t i = (size_t)(last - text); i < (size_t)(last - text) + strlen(what); i++) {
        bool is_in = !deid_is_word(text[i]);

        for (unsigned s = 0; s < spans.count && !is_in; s++)
            is_in = spans.items[s].start <= i && i < spans.items[s].end;
        if (!is_in)
            return false;
    }
    return true;
}

/* A text, and what of it has to be found where it stands last. */
static void rows_check_gone(const char *const rows[][2], size_t count, bool is_wide)
{
    for (size_t i = 0; i < count; i++)
        if (!rows_is_gone(rows[i][0], rows[i][1], is_wide))
            fail_msg("not found: [%s] in [%s]", rows[i][1], rows[i][0]);
}

static void rows_check_kept(const char *const *rows, size_t count, bool is_wide)
{
    struct deid_spans spans;

    for (size_t i = 0; i < count; i++) {
        rows_scan(rows[i], is_wide, &spans);
        if (spans.count > 0)
            fail_msg("[%.*s] in [%s]", (int)(spans.items[0].end - spans.items[0].start),
                     rows[i] + spans.items[0].start, rows[i]);
    }
}

static int rows_open(void **state)
{
    (void)state;
    arena_init(&rows_arena, (size_t)64 << 20);
    return deid_rules_init(&rows_rules, NULL) != STATUS_OK;
}

static int rows_close(void **state)
{
    (void)state;
    deid_rules_close(&rows_rules);
    arena_close(&rows_arena);
    return 0;
}

#define ROWS_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#endif
