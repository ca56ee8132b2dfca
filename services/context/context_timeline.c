#include "context_timeline.h"

#include <stdlib.h>

enum status page_token_read(struct slice token, size_t count, size_t *start, struct error *err)
{
    size_t value = 0;

    if (token.size > 9)
        return error_set(err, STATUS_INVALID_ARGUMENT, "page token of %zu bytes is not one of ours",
                         token.size);
    for (size_t i = 0; i < token.size; i++) {
        if (token.data[i] < '0' || token.data[i] > '9')
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "page token of %zu bytes is not one of ours", token.size);
        value = value * 10 + (size_t)(token.data[i] - '0');
    }
    *start = value > count ? count : value;
    return STATUS_OK;
}

static enum status read_date(struct slice text, const char *name, struct fhir_date *date,
                             struct error *err)
{
    *date = (struct fhir_date){ 0 };
    if (text.size > 0 && !fhir_date_parse(text, date))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%s: not an ISO date (2019, 2019-03 or 2019-03-04)", name);
    return STATUS_OK;
}

static bool is_wanted(const struct fact *fact, const struct fhir_date *from,
                      const struct fhir_date *to, uint32_t kinds)
{
    if (fact->is_void || (kinds != 0 && (kinds >> fact->kind & 1) == 0))
        return false;
    if (fact->date.precision == FHIR_PRECISION_NONE)
        return from->precision == FHIR_PRECISION_NONE;
    if (from->precision != FHIR_PRECISION_NONE && fact->date.seconds < from->seconds)
        return false;
    return to->precision == FHIR_PRECISION_NONE || fact->date.seconds < to->seconds;
}

enum status context_timeline(const struct record *record, const struct timeline_query *query,
                             struct arena *arena, struct timeline *timeline, struct error *err)
{
    size_t page = query->page_size == 0 ? TIMELINE_PAGE_DEFAULT : query->page_size, at = 0;
    struct fhir_date from, to;

    *timeline = (struct timeline){ .next_page_token = "" };
    if (page_token_read(query->page_token, record->count, &at, err) != STATUS_OK
        || read_date(query->from, "from", &from, err) != STATUS_OK
        || read_date(query->to, "to", &to, err) != STATUS_OK)
        return STATUS_INVALID_ARGUMENT;
    if (page > TIMELINE_PAGE_MAX)
        page = TIMELINE_PAGE_MAX;
    timeline->facts =
        ARENA_ARRAY(arena, const struct fact *, page < record->count ? page : record->count);
    if (timeline->facts == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a page of %zu facts", page);
    for (; at < record->count; at++) {
        struct fact room;

        if (!is_wanted(record_fact(record, (uint32_t)at, &room), &from, &to, query->kinds))
            continue;
        if (timeline->count == page)
            break;
        timeline->facts[timeline->count] = record_whole(record, (uint32_t)at, arena);
        if (timeline->facts[timeline->count++] == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a page of %zu facts",
                             page);
    }
    if (at < record->count)
        timeline->next_page_token = arena_format(arena, "%zu", at);
    if (timeline->next_page_token == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a page token");
    return STATUS_OK;
}
