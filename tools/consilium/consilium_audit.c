/* audit: prove, show and hand on the log that the gateway writes (audit/audit_log.h). No mesh.
 *
 *     consilium audit verify FOLDER            is every record there, unchanged, and in its place?
 *     consilium audit show FOLDER              what happened, a line an event
 *     consilium audit export FOLDER --fhir     the same as FHIR R4 AuditEvent resources, a line
 * each
 *
 * Show and export read no further than the log stands. */
#include <stdio.h>
#include <string.h>

#include "audit/audit_verify.h"
#include "base/limits.h"
#include "consilium.h"
#include "consilium_audit_event.h"
#include "consilium_file.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "fhir/json.h"

#define RECORD_ARENA_BYTES (8 * MIB)

struct audit_reading {
    const struct consilium_config *config;
    void (*print)(const struct json *record, struct slice line);
    uint64_t printed;
};

static enum status read_key(struct consilium *consilium, const char *folder,
                            unsigned char public_key[AUDIT_PUBLIC_BYTES], struct error *err)
{
    const char *path = consilium->config.public_key_file;
    struct slice text;

    if (path == NULL)
        path = arena_format(&consilium->arena, "%s/public-key", folder);
    if (path == NULL || file_read(path, 4 * KIB, &consilium->arena, &text, err) != STATUS_OK
        || audit_public_parse(text, public_key, err) != STATUS_OK)
        return error_wrap(err, "the public key");
    return STATUS_OK;
}

/* ISO dates of any precision are compared as text. */
static bool is_wanted(const struct consilium_config *config, const struct json *record)
{
    struct slice time = json_get_string(record, "time");

    if (config->patient != NULL && !slice_is(json_get_string(record, "patient"), config->patient))
        return false;
    if (config->from[0] != '\0' && slice_compare(time, slice_from(config->from)) < 0)
        return false;
    return config->to[0] == '\0' || slice_compare(time, slice_from(config->to)) < 0;
}

static enum status on_record(void *arg, uint64_t seq, struct slice line, struct error *err)
{
    struct audit_reading *reading = arg;
    struct json *record;
    struct arena arena;

    arena_init(&arena, RECORD_ARENA_BYTES);
    if (json_parse_view(line, &arena, &record, err) != STATUS_OK)
        error_wrap(err, "record %llu", (unsigned long long)seq);
    else if (is_wanted(reading->config, record)) {
        reading->print(record, line);
        reading->printed++;
    }
    arena_close(&arena);
    return err->status;
}

static void print_json(const struct json *record, struct slice line)
{
    (void)record;
    printf("%.*s\n", SLICE_FORMAT(line));
}

static void print_fhir(const struct json *record, struct slice line)
{
    struct arena arena;
    struct buffer out;

    (void)line;
    arena_init(&arena, RECORD_ARENA_BYTES);
    buffer_init(&out, &arena);
    audit_event_put(record, &out);
    if (!out.is_full)
        printf("%.*s\n", SLICE_FORMAT(buffer_slice(&out)));
    arena_close(&arena);
}

static void print_member(const struct json *record, const char *key, unsigned size_max)
{
    struct slice text = json_get_string(record, key);

    if (text.size > 0)
        printf(" %s=%.*s", key, SLICE_FORMAT(slice_cut(text, 0, size_max)));
}

static void print_line(const struct json *record, struct slice line)
{
    const struct json *seq = json_get(record, "seq"), *facts = json_get(record, "facts");
    struct slice outcome = json_get_string(record, "outcome");

    (void)line;
    printf("%s%8.*s%s %.*s %-9.*s %s%.*s%s", paint(PAINT_DIM), SLICE_FORMAT(seq->text),
           paint(PAINT_PLAIN), SLICE_FORMAT(json_get_string(record, "time")),
           SLICE_FORMAT(json_get_string(record, "action")),
           paint(slice_is(outcome, "OK") ? PAINT_GOOD : PAINT_BAD), SLICE_FORMAT(outcome),
           paint(PAINT_PLAIN));
    print_member(record, "caller", 60);
    print_member(record, "tenant", 64);
    print_member(record, "patient", 32);
    if (facts != NULL)
        printf(" facts=%u", facts->count);
    print_member(record, "model", 12);
    print_member(record, "adapter", 12);
    if (json_get(record, "count") != NULL)
        printf(" count=%.*s", SLICE_FORMAT(json_get(record, "count")->text));
    if (json_get(record, "restored") != NULL)
        printf(" restored");
    print_member(record, "detail", 64);
    putchar('\n');
}

static void print_verdict(const struct consilium_config *config,
                          const struct audit_verdict *verdict, const struct error *err)
{
    char head[AUDIT_DIGEST_TEXT_BYTES];

    audit_public_format(verdict->link.hash, head);
    if (config->json)
        printf("{\"stands\":%s,\"first\":%llu,\"last\":%llu,\"segments\":%llu,\"head\":\"%s\"",
               err->status == STATUS_OK ? "true" : "false", (unsigned long long)verdict->first,
               (unsigned long long)verdict->last, (unsigned long long)verdict->segments, head);
    if (config->json && verdict->bad != 0)
        printf(",\"firstBad\":%llu,\"segment\":\"%s\"", (unsigned long long)verdict->bad,
               verdict->segment);
    if (config->json)
        printf("}\n");
    else if (err->status == STATUS_OK)
        printf("%swhole%s: records %llu to %llu in %llu segments; the last is %s\n",
               paint(PAINT_GOOD), paint(PAINT_PLAIN), (unsigned long long)verdict->first,
               (unsigned long long)verdict->last, (unsigned long long)verdict->segments, head);
}

/* A log that was cut back together with its head stands by itself: what was noted elsewhere of its
 * end ("RECORD:DIGEST", as verify prints them) tells. */
struct expected {
    uint64_t seq;
    unsigned char hash[AUDIT_HASH_BYTES];
    const struct audit_verdict *verdict;
    bool is_met;
};

static enum status parse_expected(const char *text, struct expected *expected, struct error *err)
{
    struct slice all = slice_from(text);
    size_t colon = slice_find_byte(all, ':');
    unsigned long long seq;

    if (colon == all.size || sscanf(text, "%19llu", &seq) != 1
        || audit_public_parse(slice_cut(all, colon + 1, all.size), expected->hash, err)
               != STATUS_OK)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--expect takes RECORD:DIGEST, as verify prints them");
    expected->seq = seq;
    return STATUS_OK;
}

static enum status on_expected(void *arg, uint64_t seq, struct slice line, struct error *err)
{
    struct expected *expected = arg;

    (void)line;
    if (seq != expected->seq)
        return STATUS_OK;
    expected->is_met = memcmp(expected->verdict->link.hash, expected->hash, AUDIT_HASH_BYTES) == 0;
    return expected->is_met ? STATUS_OK
                            : error_set(err, STATUS_DATA_LOSS,
                                        "record %llu is another than the one that was expected",
                                        (unsigned long long)seq);
}

static enum status verify(struct consilium *consilium, const char *folder,
                          const unsigned char public_key[AUDIT_PUBLIC_BYTES], struct error *err)
{
    const struct consilium_config *config = &consilium->config;
    struct audit_verdict verdict;
    struct expected expected = { .verdict = &verdict };

    if (config->expect != NULL && parse_expected(config->expect, &expected, err) != STATUS_OK)
        return err->status;
    if (audit_verify(folder, public_key, (uint64_t)config->first, on_expected, &expected, &verdict,
                     err)
            == STATUS_OK
        && config->expect != NULL && !expected.is_met)
        error_set(err, STATUS_DATA_LOSS, "the log ends with record %llu, %llu was expected",
                  (unsigned long long)verdict.last, (unsigned long long)expected.seq);
    if (err->status == STATUS_OK || err->status == STATUS_DATA_LOSS)
        print_verdict(config, &verdict, err);
    return err->status;
}

static enum status print_records(struct consilium *consilium, const char *verb, const char *folder,
                                 const unsigned char public_key[AUDIT_PUBLIC_BYTES],
                                 struct error *err)
{
    const struct consilium_config *config = &consilium->config;
    struct audit_reading reading = { config, print_line, 0 };
    struct audit_verdict verdict;

    if (strcmp(verb, "export") == 0)
        reading.print = config->fhir ? print_fhir : print_json;
    else if (config->json)
        reading.print = print_json;
    return audit_verify(folder, public_key, (uint64_t)config->first, on_record, &reading, &verdict,
                        err);
}

int audit_verb(struct consilium *consilium)
{
    unsigned char public_key[AUDIT_PUBLIC_BYTES];
    struct error err = { 0 };
    const char *verb, *folder;

    if (consilium->operands_count != 2) {
        fprintf(stderr, "consilium: audit takes verify, show or export, and the log's folder\n");
        return CONSILIUM_EXIT_USAGE;
    }
    verb = consilium->operands[0];
    folder = consilium->operands[1];
    paint_init(consilium->config.colour);
    if (strcmp(verb, "verify") != 0 && strcmp(verb, "show") != 0 && strcmp(verb, "export") != 0) {
        fprintf(stderr, "consilium: audit takes verify, show or export, not '%s'\n", verb);
        return CONSILIUM_EXIT_USAGE;
    }
    if (read_key(consilium, folder, public_key, &err) == STATUS_OK) {
        if (strcmp(verb, "verify") == 0)
            verify(consilium, folder, public_key, &err);
        else
            print_records(consilium, verb, folder, public_key, &err);
    }
    if (err.status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fflush(stdout);
    fprintf(stderr, "consilium: %s: %s\n", folder, err.text);
    return (int)consilium_exit_of(err.status);
}
