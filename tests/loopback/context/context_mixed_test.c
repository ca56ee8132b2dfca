/* Many patients, many questions at once, records coming and going between memory and Redis: no
 * reply has a word of another patient. Every text of a patient's record carries its number.
 *
 *     CONTEXT_MIXED_QUERIES=1000000 build/release/tests/context_mixed_test      (default 4,000) */
#include "context_service_fixture.h"

#include "base/buffer.h"

#define PATIENTS 150
#define IN_FLIGHT 64
#define QUERIES_DEFAULT 4000

struct mixed;

struct slot {
    struct mixed *mixed;
    unsigned patient;
    bool is_out;
};

struct mixed {
    struct bench *bench;
    struct slot slots[IN_FLIGHT];
    uint64_t random;
    uint64_t queries, replies, facts, sources,
        puts;      /* queries: those that were answered, or are out */
    uint64_t away; /* that Redis was too slow for: asked again, and not counted */
    unsigned generation[PATIENTS];
};

static unsigned below(struct mixed *mixed, unsigned limit)
{
    mixed->random = mixed->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((mixed->random >> 33) % limit);
}

/* ---- records ---- */

static const char *const names[] = { "Asthma",       "Type 2 diabetes mellitus",
                                     "Gout",         "Migraine",
                                     "Hypertension", "Glucose",
                                     "Creatinine",   "Metformin",
                                     "Lisinopril" };

#define NAMES (sizeof(names) / sizeof(names[0]))

static void put_resource(struct buffer *buffer, unsigned patient, unsigned n, unsigned generation)
{
    const char *name = names[n % NAMES];

    if (n > 0)
        buffer_put_byte(buffer, ',');
    if (n % NAMES < 5)
        buffer_format(buffer,
                      "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c%u-zq%uzq\","
                      "\"clinicalStatus\":{\"coding\":[{\"code\":\"active\"}]},\"onsetDateTime\":"
                      "\"20%02u\",\"code\":{\"text\":\"%s zq%uzq\"}}}",
                      n, patient, n % 20, name, patient);
    else if (n % NAMES < 7)
        buffer_format(buffer,
                      "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o%u-zq%uzq\","
                      "\"status\":\"final\",\"effectiveDateTime\":\"20%02u-0%u-01\",\"code\":{"
                      "\"text\":\"%s zq%uzq\"},\"valueString\":\"%u zq%uzq\"}}",
                      n, patient, n % 20, 1 + n % 9, name, patient, n + generation, patient);
    else
        buffer_format(
            buffer,
            "{\"resource\":{\"resourceType\":\"MedicationRequest\",\"id\":\"m%u-zq%uzq\","
            "\"status\":\"active\",\"authoredOn\":\"2019-01-01\",\"medicationCodeableConcept\":{"
            "\"text\":\"%s zq%uzq\"}}}",
            n, patient, name, patient);
}

static ProtobufCBinaryData bundle_of(unsigned patient, unsigned generation, struct buffer *buffer)
{
    buffer_put_string(buffer, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (unsigned n = 0; n < 40 + patient % 60; n++)
        put_resource(buffer, patient, n, generation);
    buffer_put_string(buffer, "]}");
    assert_false(buffer->is_full);
    return (ProtobufCBinaryData){ buffer->size, (uint8_t *)buffer->data };
}

/* ---- what comes back ---- */

/* Every zq…zq of @text is @patient's. */
static unsigned check_text(const char *text, unsigned patient)
{
    unsigned found = 0, number;
    int end;

    for (const char *at = text; (at = strstr(at, "zq")) != NULL; at += end) {
        end = 0;
        if (sscanf(at, "zq%uzq%n", &number, &end) != 1 || end == 0) {
            end = 2; /* cut off by an excerpt's end */
            continue;
        }
        assert_int_equal(number, patient);
        found++;
    }
    return found;
}

static void check_facts(struct slot *slot, Consilium__V1__Fact *const *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Consilium__V1__Fact *fact = facts[i];

        assert_true(check_text(fact->reference, slot->patient) == 1);
        assert_true(check_text(fact->label, slot->patient) == 1);
        assert_true(check_text(fact->text, slot->patient) > 0);
        check_text(fact->value, slot->patient);
        for (size_t j = 0; j < fact->n_sources; j++)
            assert_true(check_text(fact->sources[j]->reference, slot->patient) == 1);
        slot->mixed->sources += fact->n_sources;
    }
    slot->mixed->facts += count;
}

/* NULL: no answer, because Redis did not answer in time on a busy machine. */
static struct slot *settle(void *arg, const void *reply, const struct error *err)
{
    struct slot *slot = arg;

    slot->is_out = false;
    if (reply == NULL && err->status == STATUS_UNAVAILABLE) {
        slot->mixed->queries--;
        slot->mixed->away++;
        return NULL;
    }
    if (reply == NULL)
        fail_msg("%s", err->text);
    slot->mixed->replies++;
    return slot;
}

static void on_assembled(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__AssembleReply *assembled = reply;
    struct slot *slot = settle(arg, reply, err);

    if (slot == NULL)
        return;
    assert_true(check_text(assembled->user, slot->patient) > 0);
    check_facts(slot, assembled->facts, assembled->n_facts);
}

static void on_page(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__TimelineReply *page = reply;
    struct slot *slot = settle(arg, reply, err);

    if (slot == NULL)
        return;
    assert_true(page->n_facts > 0);
    check_facts(slot, page->facts, page->n_facts);
}

static void on_recalled(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__RecallReply *recalled = reply;
    struct slot *slot = settle(arg, reply, err);
    char map[64];

    if (slot == NULL)
        return;
    snprintf(map, sizeof(map), "%.*s", (int)recalled->sealed_map.len,
             (const char *)recalled->sealed_map.data);
    assert_int_equal(check_text(map, slot->patient), 1);
}

static void on_put(void *arg, const void *reply, const struct error *err)
{
    settle(arg, reply, err);
}

/* ---- queries ---- */

static void call(struct slot *slot, const struct method *method, const void *request,
                 rpc_reply_cb on_reply)
{
    struct rpc_options options = { .deadline_ns = clock_now() + 50 * CLOCK_NS_PER_S };
    struct error err;

    slot->is_out = true;
    slot->mixed->queries++;
    assert_int_equal(rpc_call(slot->mixed->bench->channel, method, request, &options, on_reply,
                              slot, NULL, &err),
                     STATUS_OK);
}

static void start_put(struct slot *slot, bool is_first)
{
    Consilium__V1__PutRequest request = CONSILIUM__V1__PUT_REQUEST__INIT;
    char name[16], map[32];
    struct arena arena;
    struct buffer buffer;

    arena_init(&arena, MIB);
    buffer_init(&buffer, &arena);
    snprintf(name, sizeof(name), "p%u", slot->patient);
    snprintf(map, sizeof(map), "zq%uzq", slot->patient);
    request.tenant = "t1";
    request.patient = name;
    request.bundle = bundle_of(slot->patient, slot->mixed->generation[slot->patient]++, &buffer);
    if (is_first)
        request.sealed_map = (ProtobufCBinaryData){ strlen(map), (uint8_t *)map };
    call(slot, &method_context_put, &request, on_put);
    slot->mixed->puts++;
    arena_close(&arena);
}

static void start_assemble(struct slot *slot, char *name)
{
    static char *const questions[] = { "What is the latest glucose?",
                                       "Which medications is the patient taking?",
                                       "Any problems?",
                                       "Is the kidney function good enough for metformin?",
                                       "How did creatinine change since 2010?",
                                       "Xyzzy?" };
    Consilium__V1__AssembleRequest request = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;

    request.tenant = "t1";
    request.patient = name;
    request.question = questions[below(slot->mixed, sizeof(questions) / sizeof(questions[0]))];
    request.budget_tokens = 60 + below(slot->mixed, 1500);
    request.form = below(slot->mixed, 2) == 0 ? CONSILIUM__V1__FORM__FORM_FACTS
                                              : CONSILIUM__V1__FORM__FORM_COURSES;
    call(slot, &method_context_assemble, &request, on_assembled);
}

static void start_timeline(struct slot *slot, char *name, bool is_question)
{
    Consilium__V1__TimelineRequest request = CONSILIUM__V1__TIMELINE_REQUEST__INIT;
    Consilium__V1__TimelineQuestion question = CONSILIUM__V1__TIMELINE_QUESTION__INIT;

    request.tenant = "t1";
    request.patient = name;
    request.page_size = 1 + below(slot->mixed, 30);
    question.verb = CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_COUNT;
    question.what = below(slot->mixed, 2) == 0 ? "all" : "glucose";
    if (is_question)
        request.question = &question;
    call(slot, &method_context_timeline, &request, on_page);
}

static void start_query(struct slot *slot)
{
    struct mixed *mixed = slot->mixed;
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;
    char name[16];

    slot->patient = below(mixed, PATIENTS);
    snprintf(name, sizeof(name), "p%u", slot->patient);
    switch (below(mixed, 20)) {
    case 0:
        start_put(slot, false);
        break;
    case 1:
    case 2:
        request.tenant = "t1";
        request.patient = name;
        call(slot, &method_context_recall, &request, on_recalled);
        break;
    case 3:
    case 4:
        start_timeline(slot, name, false);
        break;
    case 5:
    case 6:
        start_timeline(slot, name, true);
        break;
    default:
        start_assemble(slot, name);
    }
}

static void turn(struct mixed *mixed)
{
    timer_start(&mixed->bench->guard, GUARD_MS, 0);
    uv_run(&mixed->bench->host.loop.uv, UV_RUN_ONCE);
}

static void put_everybody(struct mixed *mixed)
{
    for (unsigned p = 0; p < PATIENTS; p++) {
        struct slot *slot = &mixed->slots[p % IN_FLIGHT];

        while (slot->is_out)
            turn(mixed);
        slot->patient = p;
        start_put(slot, true);
    }
    while (mixed->replies < mixed->queries)
        turn(mixed);
}

static void no_reply_has_a_word_of_another_patient(void **state)
{
    struct mixed *mixed = calloc(1, sizeof(*mixed));
    const char *wanted = getenv("CONTEXT_MIXED_QUERIES");
    uint64_t queries = wanted == NULL ? QUERIES_DEFAULT : strtoull(wanted, NULL, 10);

    mixed->bench = *state;
    mixed->random = 20261123;
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        mixed->slots[i].mixed = mixed;
    put_everybody(mixed);
    while (mixed->queries < queries) {
        for (unsigned i = 0; i < IN_FLIGHT; i++)
            if (!mixed->slots[i].is_out)
                start_query(&mixed->slots[i]);
        turn(mixed);
    }
    while (mixed->replies < mixed->queries)
        turn(mixed);
    print_message("%llu queries, %llu of them puts: %llu facts, %llu sources, none of another "
                  "patient; records read from memory %lld times, from Redis %lld, together with "
                  "another %lld; Redis too slow for %llu\n",
                  (unsigned long long)mixed->queries, (unsigned long long)mixed->puts,
                  (unsigned long long)mixed->facts, (unsigned long long)mixed->sources,
                  (long long)metric_value(mixed->bench->context->metrics.hits),
                  (long long)metric_value(mixed->bench->context->metrics.misses),
                  (long long)metric_value(mixed->bench->context->metrics.shared),
                  (unsigned long long)mixed->away);
    free(mixed);
}

/* Room for a few records only. */
static int set_up_narrow(void **state)
{
    return set_up_with(state, 1 * MIB, 3600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_reply_has_a_word_of_another_patient, set_up_narrow,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
