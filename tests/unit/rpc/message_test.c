/* What a stranger may send as a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/limits.h"
#include "consilium/v1/deid.pb-c.h"
#include "consilium/v1/gateway.pb-c.h"
#include "consilium/v1/tokenizer.pb-c.h"
#include "rpc/message.h"

#define ARENA_LIMIT_BYTES (1 * MIB)

/* message Nest { Nest nest = 1; string text = 2; }: no message of the mesh contains itself, so this
 * one is written by hand. */
struct nest {
    ProtobufCMessage base;
    struct nest *nest;
    char *text;
};

extern const ProtobufCMessageDescriptor nest_descriptor;

static const ProtobufCFieldDescriptor nest_fields[] = {
    { .name = "nest",
      .id = 1,
      .label = PROTOBUF_C_LABEL_NONE,
      .type = PROTOBUF_C_TYPE_MESSAGE,
      .offset = offsetof(struct nest, nest),
      .descriptor = &nest_descriptor },
    { .name = "text",
      .id = 2,
      .label = PROTOBUF_C_LABEL_NONE,
      .type = PROTOBUF_C_TYPE_STRING,
      .offset = offsetof(struct nest, text),
      .default_value = protobuf_c_empty_string },
};
static const unsigned nest_by_name[] = { 0, 1 };
static const ProtobufCIntRange nest_ranges[] = { { 1, 0 }, { 0, 2 } };

static void nest_init(ProtobufCMessage *message)
{
    *(struct nest *)message = (struct nest){ .base = PROTOBUF_C_MESSAGE_INIT(&nest_descriptor),
                                             .text = (char *)protobuf_c_empty_string };
}

const ProtobufCMessageDescriptor nest_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Nest",
    .short_name = "Nest",
    .c_name = "Nest",
    .package_name = "",
    .sizeof_message = sizeof(struct nest),
    .n_fields = 2,
    .fields = nest_fields,
    .fields_sorted_by_name = nest_by_name,
    .n_field_ranges = 1,
    .field_ranges = nest_ranges,
    .message_init = nest_init,
};

static size_t put_varint(uint8_t *at, size_t value)
{
    size_t size = 0;

    while (value >= 0x80) {
        at[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    at[size++] = (uint8_t)value;
    return size;
}

/* @levels messages inside one another, from the innermost outwards. Freed by the caller. */
static struct slice make_nest(unsigned levels, uint8_t **memory)
{
    size_t room = levels * 6 + 1;
    uint8_t *at = (*memory = malloc(room)) + room;
    size_t size = 0, length;
    uint8_t head[8];

    for (; levels > 1; levels--) {
        head[0] = 1 << 3 | 2;
        length = 1 + put_varint(head + 1, size);
        at -= length;
        memcpy(at, head, length);
        size += length;
    }
    return slice_of(at, size);
}

static enum status unpack_nest(unsigned levels)
{
    struct arena arena;
    struct error err;
    uint8_t *memory;
    struct slice bytes = make_nest(levels, &memory);
    enum status status;

    arena_init(&arena, ARENA_LIMIT_BYTES);
    status = message_unpack(&nest_descriptor, bytes, &arena, &err) == NULL ? err.status : STATUS_OK;
    arena_close(&arena);
    free(memory);
    return status;
}

static void unpacks_what_is_nested_to_the_limit_and_not_one_level_more(void **state)
{
    (void)state;
    assert_int_equal(unpack_nest(1), STATUS_OK);
    assert_int_equal(unpack_nest(MESSAGE_DEPTH_MAX), STATUS_OK);
    assert_int_equal(unpack_nest(MESSAGE_DEPTH_MAX + 1), STATUS_INVALID_ARGUMENT);
}

static void refuses_ten_thousand_levels(void **state)
{
    (void)state;
    assert_int_equal(unpack_nest(10000), STATUS_INVALID_ARGUMENT);
    assert_int_equal(unpack_nest(1000000), STATUS_INVALID_ARGUMENT);
}

static enum status check(const ProtobufCMessageDescriptor *descriptor, const char *bytes,
                         size_t size)
{
    struct error err;
    /* A copy of its own, so that a byte read too far is seen. */
    char *copy = malloc(size + (size == 0));
    enum status status;

    memcpy(copy, bytes, size);
    status = message_check(descriptor, slice_of(copy, size), &err);
    free(copy);
    return status;
}

#define CHECK_TEXT(literal)                                                                        \
    check(&consilium__v1__encode_request__descriptor, literal, sizeof(literal) - 1)

static void refuses_text_that_is_not_utf8(void **state)
{
    (void)state;
    assert_int_equal(CHECK_TEXT("\x0a\x03"
                                "abc"),
                     STATUS_OK);
    assert_int_equal(CHECK_TEXT("\x0a\x02"
                                "\xc3\xa4"),
                     STATUS_OK);
    assert_int_equal(CHECK_TEXT("\x0a\x01"
                                "\xc3"),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0a\x02"
                                "\xc0\xaf"),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0a\x03"
                                "\xed\xa0\x80"),
                     STATUS_INVALID_ARGUMENT);
}

static void refuses_a_nul_inside_text(void **state)
{
    (void)state;
    assert_int_equal(CHECK_TEXT("\x0a\x03"
                                "a\0b"),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0a\x00"), STATUS_OK);
}

static void lets_bytes_fields_and_unknown_fields_hold_anything(void **state)
{
    (void)state;
    /* DecodeRequest.state is bytes; field 900 is nobody's. */
    assert_int_equal(check(&consilium__v1__decode_request__descriptor, "\x12\x02\xff\x00", 4),
                     STATUS_OK);
    assert_int_equal(CHECK_TEXT("\xa2\x38\x02\xff\x00"), STATUS_OK);
}

static void refuses_lengths_that_pass_the_end(void **state)
{
    (void)state;
    assert_int_equal(CHECK_TEXT("\x0a\x04"
                                "abc"),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                "abc"),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0a"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0a\x80"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x10"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x09\x00\x00"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0d\x00\x00"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
                     STATUS_INVALID_ARGUMENT);
}

static void refuses_groups_and_field_zero(void **state)
{
    (void)state;
    assert_int_equal(CHECK_TEXT("\x0b\x0c"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x0f"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\x02\x00"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(CHECK_TEXT("\xfa\xff\xff\xff\xff\x01\x00"), STATUS_INVALID_ARGUMENT);
}

static void checks_text_inside_inner_messages(void **state)
{
    static const char bad[] = "\x0a\x04\x0a\x02\xff\xfe"; /* turns { role: bad } */

    (void)state;
    assert_int_equal(
        check(&consilium__v1__apply_template_request__descriptor, bad, sizeof(bad) - 1),
        STATUS_INVALID_ARGUMENT);
}

/* A message with a bit of everything, packed. */
static size_t pack_sample(uint8_t *bytes)
{
    Consilium__V1__AskRequest request = CONSILIUM__V1__ASK_REQUEST__INIT;
    Consilium__V1__Sampling sampling = CONSILIUM__V1__SAMPLING__INIT;

    request.tenant = "st-anna";
    request.patient = "4711";
    request.question = "Is there a contraindication to \xc3\xa4 beta blocker?";
    request.tokens_max = 300;
    request.sampling = &sampling;
    request.keep_surrogates = 1;
    return consilium__v1__ask_request__pack(&request, bytes);
}

static void every_cut_of_a_message_parses_or_is_refused(void **state)
{
    uint8_t bytes[256];
    size_t size = pack_sample(bytes), cut;
    struct arena arena;
    struct error err;

    (void)state;
    for (cut = 0; cut <= size; cut++) {
        uint8_t *copy = malloc(cut + (cut == 0));

        memcpy(copy, bytes, cut);
        arena_init(&arena, ARENA_LIMIT_BYTES);
        error_clear(&err);
        if (message_unpack(&consilium__v1__ask_request__descriptor, slice_of(copy, cut), &arena,
                           &err)
            == NULL)
            assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
        arena_close(&arena);
        free(copy);
    }
}

/* Every byte in turn set to every value: what the check lets through must not harm the parser (the
 * sanitizers look on). */
static void what_passes_the_check_does_no_harm(void **state)
{
    uint8_t bytes[256], copy[256];
    size_t size = pack_sample(bytes), at;
    unsigned value, passed = 0;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_LIMIT_BYTES);
    for (at = 0; at < size; at++) {
        for (value = 0; value < 256; value++) {
            struct arena_mark mark = arena_mark(&arena);

            memcpy(copy, bytes, size);
            copy[at] = (uint8_t)value;
            passed += message_unpack(&consilium__v1__ask_request__descriptor, slice_of(copy, size),
                                     &arena, NULL)
                      != NULL;
            arena_rewind(&arena, mark);
        }
    }
    arena_close(&arena);
    assert_true(passed > 256);
}

static void keeps_what_was_sent(void **state)
{
    uint8_t bytes[256];
    size_t size = pack_sample(bytes);
    Consilium__V1__AskRequest *request;
    struct arena arena;
    struct error err;

    (void)state;
    arena_init(&arena, ARENA_LIMIT_BYTES);
    request = message_unpack(&consilium__v1__ask_request__descriptor, slice_of(bytes, size), &arena,
                             &err);
    memset(bytes, 0xee, sizeof(bytes)); /* nothing points into them */
    assert_non_null(request);
    assert_string_equal(request->patient, "4711");
    assert_int_equal(request->tokens_max, 300);
    assert_non_null(request->sampling);
    arena_close(&arena);
}

static void a_message_too_large_for_the_arena_is_refused_as_such(void **state)
{
    enum { SIZE = 64 * 1024 };
    static uint8_t bytes[SIZE + 4] = { 1 << 3 | 2, 0x80, 0x80, 0x04 };
    struct arena arena;
    struct error err;

    (void)state;
    memset(bytes + 4, 'a', SIZE);
    arena_init(&arena, 32 * KIB);
    assert_null(message_unpack(&consilium__v1__encode_request__descriptor,
                               slice_of(bytes, sizeof(bytes)), &arena, &err));
    assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
    arena_close(&arena);
}

#ifdef CONSILIUM_FAULTS
static void no_memory_at_any_point_is_refused_as_such(void **state)
{
    uint8_t bytes[256];
    size_t size = pack_sample(bytes);
    struct arena arena;
    struct error err;
    int i, total;

    (void)state;
    fault_after(-1);
    arena_init(&arena, ARENA_LIMIT_BYTES);
    assert_non_null(message_unpack(&consilium__v1__ask_request__descriptor, slice_of(bytes, size),
                                   &arena, &err));
    arena_close(&arena);
    total = fault_count();
    assert_true(total > 0);
    for (i = 0; i < total; i++) {
        fault_after(i);
        assert_null(message_unpack(&consilium__v1__ask_request__descriptor, slice_of(bytes, size),
                                   &arena, &err));
        assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
        arena_close(&arena);
    }
    fault_after(-1);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_what_is_nested_to_the_limit_and_not_one_level_more),
        cmocka_unit_test(refuses_ten_thousand_levels),
        cmocka_unit_test(refuses_text_that_is_not_utf8),
        cmocka_unit_test(refuses_a_nul_inside_text),
        cmocka_unit_test(lets_bytes_fields_and_unknown_fields_hold_anything),
        cmocka_unit_test(refuses_lengths_that_pass_the_end),
        cmocka_unit_test(refuses_groups_and_field_zero),
        cmocka_unit_test(checks_text_inside_inner_messages),
        cmocka_unit_test(every_cut_of_a_message_parses_or_is_refused),
        cmocka_unit_test(what_passes_the_check_does_no_harm),
        cmocka_unit_test(keeps_what_was_sent),
        cmocka_unit_test(a_message_too_large_for_the_arena_is_refused_as_such),
#ifdef CONSILIUM_FAULTS
        cmocka_unit_test(no_memory_at_any_point_is_refused_as_such),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
