#include "load_schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

#define WEIGHT_MAX 1000000
#define RATE_MAX 1e6
#define CLIENTS_MAX 10000

/* The text before the next comma, taken off the front of @rest; false at the end. */
static bool take_word(struct slice *rest, struct slice *word)
{
    size_t end = slice_find_byte(*rest, ',');

    if (rest->size == 0)
        return false;
    *word = slice_trim(slice_cut(*rest, 0, end));
    *rest = slice_cut(*rest, end + 1, rest->size);
    return true;
}

static double number_of(struct slice text)
{
    char copy[32], *end;
    double number;

    if (text.size == 0 || text.size >= sizeof(copy))
        return -1;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    number = strtod(copy, &end);
    return *end == '\0' && isfinite(number) ? number : -1;
}

static enum status refuse_kind(struct error *err)
{
    return error_set(
        err, STATUS_INVALID_ARGUMENT,
        "--mix takes KIND=WEIGHT,... with kinds that --help lists, each once, and whole weights");
}

enum status load_schedule_mix(struct load_run *run, const char *text, struct error *err)
{
    struct slice rest = slice_from(text), word;
    unsigned i;

    while (take_word(&rest, &word)) {
        size_t equals = slice_find_byte(word, '=');
        int kind = load_kind_find(slice_trim(slice_cut(word, 0, equals)));
        double weight =
            equals == word.size ? 1 : number_of(slice_trim(slice_cut(word, equals + 1, word.size)));

        for (i = 0; i < run->mix_count; i++)
            if ((int)run->mix[i].kind == kind)
                return refuse_kind(err);
        if (kind < 0 || weight < 1 || weight > WEIGHT_MAX || weight != floor(weight))
            return refuse_kind(err);
        run->mix[run->mix_count++] =
            (struct load_share){ .kind = (unsigned)kind, .weight = (unsigned)weight };
        run->weights += (unsigned)weight;
    }
    return run->mix_count == 0 ? refuse_kind(err) : STATUS_OK;
}

enum status load_schedule_steps(struct load_run *run, const char *text, bool is_closed,
                                struct error *err)
{
    struct slice rest = slice_from(text), word;

    while (take_word(&rest, &word)) {
        double number = number_of(word);
        struct load_step *step = &run->steps[run->steps_count];

        if (run->steps_count == LOAD_STEPS_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "at most %d steps", LOAD_STEPS_MAX);
        if (is_closed && (number < 1 || number > CLIENTS_MAX || number != floor(number)))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "--clients takes whole numbers from 1 to %d", CLIENTS_MAX);
        if (!is_closed && (number <= 0 || number > RATE_MAX))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "--rate takes calls a second, up to %.0f", RATE_MAX);
        if (is_closed)
            step->clients = (unsigned)number;
        else
            step->rate = number;
        run->steps_count++;
    }
    if (run->steps_count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s names no step",
                         is_closed ? "--clients" : "--rate");
    return STATUS_OK;
}

uint64_t load_schedule_gap_ns(struct chance *chance, double rate)
{
    return (uint64_t)(-log1p(-chance_unit(chance)) / rate * 1e9);
}
