#include "run/trace.h"

#include <string.h>
#include <sys/random.h>

#include "base/check.h"

/* "00-" + 32 + "-" + 16 + "-" + 2 */
#define TRACE_ID_AT 3
#define SPAN_ID_AT 36
#define FLAGS_AT 53
#define TRACEPARENT_BYTES (TRACEPARENT_TEXT_BYTES - 1)
#define FLAG_SAMPLED 0x01

/* xoshiro256**, one a thread: ids need not be secret, only different. Not for a process that forks
 * and goes on in both. */
static _Thread_local uint64_t state[4];
static _Thread_local bool is_seeded;

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void seed(void)
{
    /* 32 bytes are never cut short; it waits only in the first moments of a machine's life. */
    ssize_t got = getrandom(state, sizeof(state), 0);

    CHECK(got == (ssize_t)sizeof(state));
    state[0] |= 1; /* all zeros would stay zeros */
    is_seeded = true;
}

static uint64_t next_random(void)
{
    uint64_t result, shifted;

    if (!is_seeded)
        seed();
    result = rotate(state[1] * 5, 7) * 9;
    shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

/* An id of zeros is what the specification calls invalid. */
static void make_id(uint8_t id[8])
{
    uint64_t random;

    do
        random = next_random();
    while (random == 0);
    memcpy(id, &random, sizeof(random));
}

void trace_start(struct trace *trace)
{
    *trace = (struct trace){ .is_sampled = true };
    make_id(trace->trace_id);
    make_id(trace->trace_id + 8);
    make_id(trace->span_id);
}

void trace_child(struct trace *child, const struct trace *parent)
{
    struct trace made = *parent;

    memcpy(made.parent_id, parent->span_id, sizeof(made.parent_id));
    make_id(made.span_id);
    *child = made;
}

/* Lower case only, as the specification has it; -1 for anything else. A table: every call that
 * arrives asks 52 times. */
static int hex_value(char c)
{
    static const int8_t one_more[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    };

    return one_more[(uint8_t)c] - 1;
}

static bool parse_hex(const char *text, uint8_t *bytes, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* A version later than ours may append fields after one more dash; ours may not. */
static bool length_is_valid(struct slice text, uint8_t version)
{
    if (version == 0 || text.size == TRACEPARENT_BYTES)
        return text.size == TRACEPARENT_BYTES;
    return text.data[TRACEPARENT_BYTES] == '-';
}

static bool parse(struct trace *trace, struct slice text)
{
    const char *at = text.data;
    uint8_t version, flags;

    if (text.size < TRACEPARENT_BYTES || !parse_hex(at, &version, 1) || version == 0xff
        || !length_is_valid(text, version))
        return false;
    if (at[TRACE_ID_AT - 1] != '-' || at[SPAN_ID_AT - 1] != '-' || at[FLAGS_AT - 1] != '-')
        return false;
    if (!parse_hex(at + TRACE_ID_AT, trace->trace_id, sizeof(trace->trace_id))
        || !parse_hex(at + SPAN_ID_AT, trace->span_id, sizeof(trace->span_id))
        || !parse_hex(at + FLAGS_AT, &flags, 1))
        return false;
    trace->is_sampled = (flags & FLAG_SAMPLED) != 0;
    return !is_zero(trace->trace_id, sizeof(trace->trace_id))
           && !is_zero(trace->span_id, sizeof(trace->span_id));
}

bool trace_continue(struct trace *trace, struct slice traceparent)
{
    struct trace caller = { 0 };

    if (!parse(&caller, traceparent))
        return false;
    trace_child(trace, &caller);
    return true;
}

static char *put_hex(char *at, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < count; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
    return at;
}

void trace_format(const struct trace *trace, char text[TRACEPARENT_TEXT_BYTES])
{
    const uint8_t version = 0, flags = trace->is_sampled ? FLAG_SAMPLED : 0;

    text = put_hex(text, &version, 1);
    *text++ = '-';
    text = put_hex(text, trace->trace_id, sizeof(trace->trace_id));
    *text++ = '-';
    text = put_hex(text, trace->span_id, sizeof(trace->span_id));
    *text++ = '-';
    put_hex(text, &flags, 1);
}

void trace_format_id(const struct trace *trace, char text[TRACE_ID_TEXT_BYTES])
{
    put_hex(text, trace->trace_id, sizeof(trace->trace_id));
}
