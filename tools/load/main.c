/* consilium-load --rate=50,100 --mix=ask=8,put=1,redact=4 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "load_report.h"
#include "run/config.h"

#define EXIT_USAGE 2
#define AT(field) offsetof(struct load_config, field)

/* clang-format off */
static const struct setting settings[] = {
    { "gateway", SETTING_KIND_STRING, AT(targets[LOAD_SERVICE_GATEWAY]), "127.0.0.1:7100", "TARGET", "where the gateway is (ask, put, timeline)", 0, 0, false, false },
    { "deid", SETTING_KIND_STRING, AT(targets[LOAD_SERVICE_DEID]), "127.0.0.1:7101", "TARGET", "where deid is (redact, redact-fhir)", 0, 0, false, false },
    { "context", SETTING_KIND_STRING, AT(targets[LOAD_SERVICE_CONTEXT]), "127.0.0.1:7102", "TARGET", "where context is (assemble, recall)", 0, 0, false, false },
    { "tokenizer", SETTING_KIND_STRING, AT(targets[LOAD_SERVICE_TOKENIZER]), "127.0.0.1:7103", "TARGET", "where tokenizer is (count, encode)", 0, 0, false, false },
    { "inference", SETTING_KIND_STRING, AT(targets[LOAD_SERVICE_INFERENCE]), "127.0.0.1:7104", "TARGET", "where inference is (generate)", 0, 0, false, false },
    { "tls-authority", SETTING_KIND_STRING, AT(tls_authority), NULL, "FILE", "PEM of the CAs that servers must come from", 0, 0, false, false },
    { "tls-certificate", SETTING_KIND_STRING, AT(tls_certificate), NULL, "FILE", "PEM chain to show to servers", 0, 0, false, false },
    { "tls-key", SETTING_KIND_STRING, AT(tls_key), NULL, "FILE", "PEM key of the chain", 0, 0, false, false },
    { "token-file", SETTING_KIND_STRING, AT(token_file), NULL, "FILE", "an API key or a token to show to the gateway", 0, 0, false, false },
    { "mix", SETTING_KIND_STRING, AT(mix), "ask", "KIND=N,...", "kinds of calls by weight: ask, put, timeline, redact, redact-fhir, assemble, recall, count, encode, generate", 0, 0, false, false },
    { "rate", SETTING_KIND_STRING, AT(rate), NULL, "N,...", "open loop: calls a second, in as many steps", 0, 0, false, false },
    { "clients", SETTING_KIND_STRING, AT(clients), NULL, "N,...", "closed loop: clients, each with one call at a time", 0, 0, false, false },
    { "time", SETTING_KIND_DURATION, AT(time_ms), "30s", "TIME", "how long each step is measured", 100, 86400000, false, false },
    { "warmup", SETTING_KIND_DURATION, AT(warmup_ms), "2s", "TIME", "how long each step runs before", 0, 3600000, false, false },
    { "deadline", SETTING_KIND_DURATION, AT(deadline_ms), "60s", "TIME", "how long a call may take", 1, 3600000, false, false },
    { "attempts", SETTING_KIND_NUMBER, AT(attempts), "1", "N", "how often a call is begun that ends with UNAVAILABLE and has not answered a word", 1, 10, false, false },
    { "patients", SETTING_KIND_NUMBER, AT(patients), "20", "N", "synthetic patients to put and ask about", 1, LOAD_PATIENTS_MAX, false, false },
    { "resources", SETTING_KIND_NUMBER, AT(resources), "300", "N", "resources of each; 0: from thirty to two thousand", 0, 10000, false, false },
    { "tokens", SETTING_KIND_NUMBER, AT(tokens_max), "0", "N", "the most tokens of an answer (ask, generate); 0: the server's default", 0, 1 << 20, false, false },
    { "seed", SETTING_KIND_NUMBER, AT(seed), "1", "N", "of patients, arrivals and choices", 0, 1ll << 52, false, false },
    { "json", SETTING_KIND_STRING, AT(json_file), NULL, "FILE", "where to write what was found as JSON; - is the standard output", 0, 0, false, false },
    { "html", SETTING_KIND_STRING, AT(html_file), NULL, "FILE", "where to write it as a page with plots", 0, 0, false, false },
    { "quiet", SETTING_KIND_SWITCH, AT(quiet), "false", NULL, "show nothing while it runs", 0, 0, false, false },
    { .name = NULL },
};
/* clang-format on */

static bool write_file(const char *path, struct buffer *text)
{
    bool is_output = path[0] == '-' && path[1] == '\0', is_written;
    FILE *file = is_output ? stdout : fopen(path, "we");

    is_written =
        file != NULL && !text->is_full && fwrite(text->data, 1, text->size, file) == text->size;
    if (file != NULL && !is_output)
        is_written = fclose(file) == 0 && is_written;
    if (!is_written)
        fprintf(stderr, "consilium-load: %s cannot be written\n", path);
    return is_written;
}

static bool write_report(const struct load_run *run, const char *path,
                         void (*report)(const struct load_run *run, struct buffer *out))
{
    struct buffer text;
    struct arena arena;
    bool is_written;

    if (path == NULL)
        return true;
    arena_init(&arena, 256 * MIB);
    buffer_init(&text, &arena);
    report(run, &text);
    is_written = write_file(path, &text);
    arena_close(&arena);
    return is_written;
}

/* 0: calls were answered and none failed; 1: a call failed, or the run could not be made. */
static int tell(const struct load_run *run)
{
    bool is_written = write_report(run, run->config->json_file, load_report_json);

    is_written = write_report(run, run->config->html_file, load_report_html) && is_written;
    if (run->call_failures > 0)
        fprintf(stderr, "consilium-load: %llu calls failed, the last with %s: %s\n",
                (unsigned long long)run->call_failures, status_name(run->failure.status),
                run->failure.text);
    return is_written && run->call_failures == 0 ? 0 : 1;
}

static int run_load(const struct load_config *config)
{
    struct load_run *run = malloc(sizeof(*run));
    struct error err = { 0 };
    int exit_status = 1;

    if (run == NULL)
        return 1;
    if (load_run_init(run, config, &err) != STATUS_OK) {
        fprintf(stderr, "consilium-load: %s\n", err.text);
        exit_status = err.status == STATUS_INVALID_ARGUMENT ? EXIT_USAGE : 1;
    } else if (!load_run_go(run)) {
        fprintf(stderr, "consilium-load: %s\n", run->failure.text);
    } else {
        exit_status = tell(run);
    }
    load_run_close(run);
    free(run);
    return exit_status;
}

int main(int argc, char **argv)
{
    static const struct config_program program = {
        .name = "consilium-load",
        .summary = "loads the mesh, or one service of it, and measures",
        .settings = settings,
    };
    struct load_config config = { 0 };
    struct error err = { 0 };
    struct arena arena;
    bool is_done = false;
    int exit_status;

    arena_init(&arena, MIB);
    log_init("consilium-load", LOG_LEVEL_ERROR);
    if (config_load(&program, &argc, &argv, &config, &arena, &is_done, &err) != STATUS_OK) {
        fprintf(stderr, "consilium-load: %s\n", err.text);
        exit_status = EXIT_USAGE;
    } else {
        exit_status = is_done ? 0 : run_load(&config);
    }
    arena_close(&arena);
    return exit_status;
}
