/* grpc.reflection v1 and v1alpha, which differ in nothing but the package's name: the messages of
 * v1 serve both. One answer for each question; a question is read when the answer before it is on
 * its way. */
#include "base/limits.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/descriptor.h"
#include "rpc/server_call.h"

#define REFLECTION_ARENA_BYTES (256 * KIB)
#define REFLECTION_STREAMS_MAX 32
#define SERVICES_MAX 64

#define REFLECTION_METHOD(version)                                                                 \
    {                                                                                              \
        .path = "/grpc.reflection." version ".ServerReflection/ServerReflectionInfo",              \
        .name = "ServerReflection.ServerReflectionInfo", .kind = METHOD_KIND_BIDI_STREAM,          \
        .request = &grpc__reflection__v1__server_reflection_request__descriptor,                   \
        .reply = &grpc__reflection__v1__server_reflection_response__descriptor,                    \
    }

static const struct method method_reflection_v1 = REFLECTION_METHOD("v1");
static const struct method method_reflection_v1alpha = REFLECTION_METHOD("v1alpha");

#define CASE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name
#define ASKS(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name

static void on_request(struct call *call, const void *message);

/* What an answer is made of; on the stack while it is packed. */
struct answer {
    Grpc__Reflection__V1__ServerReflectionResponse reply;
    Grpc__Reflection__V1__FileDescriptorResponse files;
    Grpc__Reflection__V1__ListServiceResponse list;
    Grpc__Reflection__V1__ExtensionNumberResponse extensions;
    Grpc__Reflection__V1__ErrorResponse error;
    struct slice file[DESCRIPTOR_FILES_MAX];
    ProtobufCBinaryData file_data[DESCRIPTOR_FILES_MAX];
    Grpc__Reflection__V1__ServiceResponse service[SERVICES_MAX];
    Grpc__Reflection__V1__ServiceResponse *services[SERVICES_MAX];
};

static void answer_error(struct answer *answer, enum status status, char *text)
{
    grpc__reflection__v1__error_response__init(&answer->error);
    answer->error.error_code = (int32_t)status;
    answer->error.error_message = text;
    answer->reply.message_response_case = CASE(ERROR_RESPONSE);
    answer->reply.error_response = &answer->error;
}

static void answer_file(struct answer *answer, struct slice file)
{
    unsigned i, count;

    if (file.data == NULL) {
        answer_error(answer, STATUS_NOT_FOUND, "no file of this server has that");
        return;
    }
    count = descriptor_closure(file, answer->file);
    for (i = 0; i < count; i++)
        answer->file_data[i] =
            (ProtobufCBinaryData){ answer->file[i].size, (uint8_t *)answer->file[i].data };
    grpc__reflection__v1__file_descriptor_response__init(&answer->files);
    answer->files.n_file_descriptor_proto = count;
    answer->files.file_descriptor_proto = answer->file_data;
    answer->reply.message_response_case = CASE(FILE_DESCRIPTOR_RESPONSE);
    answer->reply.file_descriptor_response = &answer->files;
}

/* The service of @method, if it is not listed yet. False without memory. */
static bool list_service(struct answer *answer, const struct method *method, struct arena *arena)
{
    struct slice path = slice_from(method->path), name;
    unsigned i, count = (unsigned)answer->list.n_service;

    if (path.size == 0)
        return true;
    name = slice_cut(path, 1, path.size);
    name = slice_cut(name, 0, slice_find_byte(name, '/'));
    for (i = 0; i < count; i++)
        if (slice_is(name, answer->service[i].name))
            return true;
    if (count == SERVICES_MAX)
        return true;
    grpc__reflection__v1__service_response__init(&answer->service[count]);
    answer->service[count].name = arena_string(arena, name);
    answer->services[count] = &answer->service[count];
    answer->list.n_service++;
    return answer->service[count].name != NULL;
}

static void answer_services(struct answer *answer, const struct server *server, struct arena *arena)
{
    const struct front *front = &server->fronts[0];
    unsigned i;

    grpc__reflection__v1__list_service_response__init(&answer->list);
    answer->list.service = answer->services;
    for (i = 0; i < front->served_count; i++) {
        if (!list_service(answer, front->served[i].row.method, arena)) {
            answer_error(answer, STATUS_RESOURCE_EXHAUSTED, "no memory for the list");
            return;
        }
    }
    answer->reply.message_response_case = CASE(LIST_SERVICES_RESPONSE);
    answer->reply.list_services_response = &answer->list;
}

/* proto3 has no extensions. */
static void answer_extensions(struct answer *answer, char *type)
{
    if (descriptor_find_symbol(slice_from(type)).data == NULL) {
        answer_error(answer, STATUS_NOT_FOUND, "no file of this server has that type");
        return;
    }
    grpc__reflection__v1__extension_number_response__init(&answer->extensions);
    answer->extensions.base_type_name = type;
    answer->reply.message_response_case = CASE(ALL_EXTENSION_NUMBERS_RESPONSE);
    answer->reply.all_extension_numbers_response = &answer->extensions;
}

static void fill(struct answer *answer, Grpc__Reflection__V1__ServerReflectionRequest *request,
                 struct call *call)
{
    grpc__reflection__v1__server_reflection_response__init(&answer->reply);
    answer->reply.valid_host = request->host;
    answer->reply.original_request = request;
    switch (request->message_request_case) {
    case ASKS(FILE_BY_FILENAME):
        answer_file(answer, descriptor_find_file(slice_from(request->file_by_filename)));
        break;
    case ASKS(FILE_CONTAINING_SYMBOL):
        answer_file(answer, descriptor_find_symbol(slice_from(request->file_containing_symbol)));
        break;
    case ASKS(ALL_EXTENSION_NUMBERS_OF_TYPE):
        answer_extensions(answer, request->all_extension_numbers_of_type);
        break;
    case ASKS(LIST_SERVICES):
        answer_services(answer, call->service, &call->arena);
        break;
    case ASKS(FILE_CONTAINING_EXTENSION):
        answer_error(answer, STATUS_NOT_FOUND, "there are no extensions here");
        break;
    default:
        answer_error(answer, STATUS_INVALID_ARGUMENT, "the request asks for nothing");
        break;
    }
}

static void on_writable(struct call *call)
{
    call_read(call, on_request);
}

/* The caller has gone, or the server drains. */
static void on_cancel(struct call *call)
{
    struct error err;

    error_set(&err, STATUS_UNAVAILABLE, "the server is shutting down");
    call_fail(call, &err);
}

static void on_request(struct call *call, const void *message)
{
    struct arena_mark mark = arena_mark(&call->arena);
    struct answer answer;
    bool has_room;

    if (message == NULL) {
        call_finish(call);
        return;
    }
    fill(&answer, (Grpc__Reflection__V1__ServerReflectionRequest *)message, call);
    has_room = call_send(call, &answer.reply);
    arena_rewind(&call->arena, mark);
    if (has_room)
        call_read(call, on_request);
}

static void start(struct call *call)
{
    struct server *server = call->service;

    if (atomic_load(&server->is_draining)) {
        on_cancel(call);
        return;
    }
    call_on_cancel(call, on_cancel);
    call_on_writable(call, on_writable);
    call_read(call, on_request);
}

const struct server_method reflection_methods[] = {
    { .method = &method_reflection_v1,
      .place = METHOD_PLACE_INLINE,
      .start = start,
      .calls_max = REFLECTION_STREAMS_MAX,
      .arena_bytes_max = REFLECTION_ARENA_BYTES },
    { .method = &method_reflection_v1alpha,
      .place = METHOD_PLACE_INLINE,
      .start = start,
      .calls_max = REFLECTION_STREAMS_MAX,
      .arena_bytes_max = REFLECTION_ARENA_BYTES },
    { .method = NULL },
};
