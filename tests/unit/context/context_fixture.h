/* Small records for the tests of the context core. */
#ifndef CONTEXT_FIXTURE_H
#define CONTEXT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/limits.h"
#include "context_prompt.h"
#include "context_render.h"
#include "context_timeline.h"

static struct arena arena;
static struct error err;

__attribute__((unused)) static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MIB);
    error_clear(&err);
    return 0;
}

__attribute__((unused)) static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* A Bundle of resources, written with ' for " and separated by commas. */
__attribute__((unused)) static struct slice bundle_of(const char *resources)
{
    struct buffer buffer;
    int depth = 0;

    buffer_init(&buffer, &arena);
    buffer_put_string(&buffer, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (; *resources != '\0'; resources++) {
        if (*resources == '{' && depth++ == 0)
            buffer_put_string(&buffer, "{\"resource\":");
        buffer_put_byte(&buffer, *resources == '\'' ? '"' : *resources);
        if (*resources == '}' && --depth == 0)
            buffer_put_byte(&buffer, '}');
    }
    buffer_put_string(&buffer, "]}");
    return buffer_slice(&buffer);
}

__attribute__((unused)) static void read_record(const char *resources, struct record *record,
                                                struct parsed *parsed, uint32_t *as_facts)
{
    if (context_read_bundle(bundle_of(resources), &arena, record, parsed, as_facts, &err)
        != STATUS_OK)
        fail_msg("%s", err.text);
}

__attribute__((unused)) static uint32_t reason(const struct parsed *parsed, const char *name)
{
    for (size_t i = 0; i < parsed->reasons.count; i++)
        if (strcmp(parsed->reasons.items[i].reason, name) == 0)
            return parsed->reasons.items[i].count;
    return 0;
}

/* What is told behind @question about @resources, from the line after it on. */
__attribute__((unused)) static const char *found_for(const char *resources, const char *question,
                                                     uint32_t budget)
{
    const struct prompt_request request = {
        slice_from(question), budget, 0, PROMPT_FORM_FOUND, { NULL, 0 }
    };
    struct record record;
    struct courses courses;
    struct prompt prompt;
    const char *found;

    read_record(resources, &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    assert_int_equal(context_assemble(&record, &courses, &request, &arena, &prompt, &err),
                     STATUS_OK);
    found = strstr(prompt.user, question);
    assert_non_null(found);
    return found + strlen(question) + 1;
}

#endif
