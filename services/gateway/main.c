/* The gateway's process. */
#include "gateway.h"
#include "gateway_rpc.h"

#define AT(field) offsetof(struct gateway_config, field)

static const struct setting settings[] = {
    HOST_SETTINGS(struct gateway_config, "127.0.0.1:7100"),
    { "deid", SETTING_KIND_STRING, AT(deid), "127.0.0.1:7101", "TARGET",
      "where deid is; several with commas, or dns:///name:port", 0, 0, false, false },
    { "context", SETTING_KIND_STRING, AT(context), "127.0.0.1:7102", "TARGET", "where context is",
      0, 0, false, false },
    { "tokenizer", SETTING_KIND_STRING, AT(tokenizer), "127.0.0.1:7103", "TARGET",
      "where tokenizer is", 0, 0, false, false },
    { "inference", SETTING_KIND_STRING, AT(inference), "127.0.0.1:7104", "TARGET",
      "where inference is", 0, 0, false, false },
    { "embed-inference", SETTING_KIND_STRING, AT(embed_inference), NULL, "TARGET",
      "where an inference is whose model embeds; without it the model that answers is asked to", 0,
      0, false, false },
    { "embed-tokenizer", SETTING_KIND_STRING, AT(embed_tokenizer), NULL, "TARGET",
      "where the tokenizer of that model is", 0, 0, false, false },
    { "pseudonym-key-file", SETTING_KIND_STRING, AT(pseudonym_key_file), NULL, "FILE",
      "key of the patients' pseudonyms, 64 hex digits; made when it is not there", 0, 0, true,
      false },
    { "web-folder", SETTING_KIND_STRING, AT(web_folder), NULL, "FOLDER",
      "the console's files (web/), served at /console/ to whoever asks", 0, 0, false, false },
    { "access-file", SETTING_KIND_STRING, AT(access_file), NULL, "FILE",
      "who may do what: API keys, token issuers, certificates; watched. Without it everybody may",
      0, 0, false, false },
    { "audit-folder", SETTING_KIND_STRING, AT(audit_folder), NULL, "FOLDER",
      "where the audit log is written; made when it is not there", 0, 0, true, false },
    { "audit-key-file", SETTING_KIND_STRING, AT(audit_key_file), NULL, "FILE",
      "key that signs the audit log, 64 hex digits; made when it is not there", 0, 0, true, false },
    { "audit-segment", SETTING_KIND_SIZE, AT(audit_segment_bytes), "64M", "BYTES",
      "a new file of the audit log begins after so much", 4096, 1ull << 32, false, false },
    { "profile", SETTING_KIND_STRING, AT(profile), "limited", "PROFILE",
      "limited or safe-harbor, for records put without one", 0, 0, false, false },
    { "leaf-timeout", SETTING_KIND_DURATION, AT(leaf_timeout_ms), "10s", "TIME",
      "how long one request to a leaf may take", 1, 600000, false, false },
    { "hedge-after", SETTING_KIND_DURATION, AT(hedge_after_ms), "0s", "TIME",
      "ask another replica when a leaf has not answered after this; 0: never", 0, 600000, false,
      false },
    { "answer-tokens", SETTING_KIND_NUMBER, AT(answer_tokens), "256", "N",
      "tokens of an answer where the caller names no limit", 1, 1 << 20, false, false },
    { "slice", SETTING_KIND_STRING, AT(slice), "facts", "FORM",
      "how the record is told to the model: facts, a line each, as the shipped model knows it; or courses, a line for all "
      "that is said of one thing, for models with room",
      0, 0, false, false },
    { "facts-tokens", SETTING_KIND_NUMBER, AT(facts_tokens), "4096", "N",
      "tokens for facts where the caller names no budget; the model's context bounds it", 32,
      1 << 20, false, false },
    { "maps-bytes", SETTING_KIND_SIZE, AT(maps_bytes), "64M", "BYTES",
      "how much of sealed maps to remember between questions", 0, 0, false, false },
    { "asks-at-once", SETTING_KIND_NUMBER, AT(asks_at_once), "8", "N",
      "patients that one AskMany asks about at a time", 1, 256, false, false },
    { "http-listen", SETTING_KIND_STRING, AT(http_listen), NULL, "ADDRESS,...",
      "where to serve HTTP: the OpenAI and FHIR faces", 0, 0, false, false },
    { "http-tls-certificate", SETTING_KIND_STRING, AT(http_tls_certificate), NULL, "FILE",
      "PEM chain that HTTP clients are shown; watched", 0, 0, false, false },
    { "http-tls-key", SETTING_KIND_STRING, AT(http_tls_key), NULL, "FILE",
      "PEM key of that chain; watched", 0, 0, false, false },
    { "http-models", SETTING_KIND_STRING, AT(http_models), NULL, "NAME,...",
      "further names by which HTTP clients may call the model, as Azure deployments", 0, 0, false,
      false },
    { "http-origins", SETTING_KIND_STRING, AT(http_origins), NULL, "ORIGIN,...",
      "web pages that browsers may let ask (CORS), as https://ehr.example; *: all", 0, 0, false,
      false },
    { "http-beat", SETTING_KIND_DURATION, AT(http_beat_ms), "15s", "TIME",
      "a stream that has nothing to say sends a comment this often", 1, 3600000, false, false },
    { "http-calls", SETTING_KIND_NUMBER, AT(http_calls), "1024", "N",
      "questions that came by HTTP and are answered at once; beyond, 429", 1, 65536, false, false },
    { 0 },
};

static const struct host_program program = {
    .config = { .name = "gateway", .summary = "the door of the mesh", .settings = settings },
    .config_bytes = sizeof(struct gateway_config),
    .methods = gateway_methods,
    .start = gateway_start,
    .drain = gateway_drain,
    .stop = gateway_stop,
    .destroy = gateway_destroy,
};

int main(int argc, char **argv)
{
    return host_main(&program, argc, argv);
}
