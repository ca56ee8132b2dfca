/* put: a bundle goes up in chunks, one in flight; the reply says what became of it. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "consilium_door.h"
#include "consilium_file.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "fhir/json.h"

struct put {
    struct slice bundle;
    size_t sent;
    const char *patient;
    const char *pull; /* id at the hospital's FHIR server, in place of the bundle; NULL: none */
    Consilium__V1__Profile profile;
    bool is_told; /* who the patient is */
};

static void print_timings(const Consilium__V1__PutRecordReply *reply)
{
    uint32_t total_us = 0;
    size_t i;

    for (i = 0; i < reply->n_timings; i++)
        if (reply->timings[i]->start_us + reply->timings[i]->duration_us > total_us)
            total_us = reply->timings[i]->start_us + reply->timings[i]->duration_us;
    paint_timings(reply->timings, reply->n_timings, total_us);
}

static void print_reply(const struct put *put, const Consilium__V1__PutRecordReply *reply)
{
    size_t i;

    printf("%s%s%s  %u resources, %u of them as facts; %u facts in the record%s\n",
           paint(PAINT_BOLD), put->patient, paint(PAINT_PLAIN), reply->resources,
           reply->resources_as_facts, reply->facts,
           reply->durable ? "" : "; NOT durable: Redis is away, this process alone holds it");
    if (reply->n_redacted > 0)
        printf("  redacted (%s profile):",
               reply->profile == CONSILIUM__V1__PROFILE__PROFILE_SAFE_HARBOR ? "safe-harbor"
                                                                             : "limited");
    for (i = 0; i < reply->n_redacted; i++)
        printf("%s %s%s%s %u", i > 0 ? "," : "", paint(PAINT_SURROGATE),
               paint_class(reply->redacted[i]->class_), paint(PAINT_PLAIN),
               reply->redacted[i]->count);
    if (reply->n_redacted > 0)
        printf("\n");
    for (i = 0; i < reply->n_not_facts; i++)
        printf("%s%s %u", i > 0 ? ", " : "  not facts: ", reply->not_facts[i]->reason,
               reply->not_facts[i]->count);
    if (reply->n_not_facts > 0)
        printf("\n");
}

static void on_reply(void *arg, const void *message, const struct error *err)
{
    struct consilium *consilium = arg;

    if (message == NULL) {
        consilium_fail(consilium, err);
        return;
    }
    if (consilium->config.json)
        json_print(message);
    else
        print_reply(consilium->state, message);
    if (!consilium->config.json && consilium->config.timings)
        print_timings(message);
    consilium_end(consilium, CONSILIUM_EXIT_OK);
}

static void send_next(void *arg)
{
    struct consilium *consilium = arg;
    struct put *put = consilium->state;
    Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;
    struct slice chunk = slice_cut(put->bundle, put->sent, put->sent + RECORD_CHUNK_BYTES);

    if (!door_is_open(consilium))
        return;
    if (put->is_told && chunk.size == 0) {
        door_close_send(consilium);
        return;
    }
    if (!put->is_told) {
        request.pull = (char *)(put->pull == NULL ? "" : put->pull);
        request.tenant = (char *)consilium->config.tenant;
        request.patient = (char *)put->patient;
        request.profile = put->profile;
    }
    request.chunk = (ProtobufCBinaryData){ chunk.size, (uint8_t *)chunk.data };
    put->sent += chunk.size;
    put->is_told = true;
    door_send(consilium, &request, send_next);
}

/* The id of the bundle's Patient resource; NULL when there is none. */
static const char *find_patient(struct consilium *consilium, struct slice bundle, struct error *err)
{
    const struct json *entry, *resource;
    struct json *root;
    struct arena tree;
    const char *id = NULL;

    arena_init(&tree, 1024 * MIB);
    if (json_parse(bundle, &tree, &root, err) == STATUS_OK) {
        error_set(err, STATUS_INVALID_ARGUMENT,
                  "no Patient resource with an id in the bundle: name one with --patient");
        for (entry = json_first(json_get(root, "entry")); entry != NULL && id == NULL;
             entry = entry->next) {
            resource = json_get(entry, "resource");
            if (slice_is(json_get_string(resource, "resourceType"), "Patient")
                && json_get_string(resource, "id").size > 0)
                id = arena_string(&consilium->arena, json_get_string(resource, "id"));
        }
    }
    arena_close(&tree);
    return id;
}

static bool parse_profile(const char *word, Consilium__V1__Profile *profile)
{
    if (word == NULL)
        *profile = CONSILIUM__V1__PROFILE__PROFILE_UNSPECIFIED;
    else if (strcmp(word, "limited") == 0)
        *profile = CONSILIUM__V1__PROFILE__PROFILE_LIMITED;
    else if (strcmp(word, "safe-harbor") == 0)
        *profile = CONSILIUM__V1__PROFILE__PROFILE_SAFE_HARBOR;
    else
        return false;
    return true;
}

void put_verb(struct consilium *consilium)
{
    struct put *put = ARENA_NEW(&consilium->arena, struct put);
    struct error err = { 0 };

    consilium->state = put;
    if (consilium->operands_count != 1) {
        consilium_misuse(consilium, "put takes one file, or with --from-fhir one id");
        return;
    }
    if (!parse_profile(consilium->config.profile, &put->profile)) {
        consilium_misuse(consilium, "--profile takes limited or safe-harbor");
        return;
    }
    put->patient = consilium->config.patient;
    if (consilium->config.from_fhir) {
        put->pull = consilium->operands[0];
        if (put->patient == NULL)
            put->patient = put->pull;
    } else if (file_read(consilium->operands[0], RECORD_BYTES_MAX, &consilium->arena, &put->bundle,
                         &err)
                   != STATUS_OK
               || (put->patient == NULL
                   && (put->patient = find_patient(consilium, put->bundle, &err)) == NULL)) {
        consilium_fail(consilium, &err);
        return;
    }
    if (!door_reach(consilium))
        return;
    if (door_open(consilium, &method_gateway_put_record, on_reply, consilium, &err) != STATUS_OK)
        consilium_fail(consilium, &err);
    else
        send_next(consilium);
}
