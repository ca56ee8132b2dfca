/* consilium VERB [flags] operands */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "consilium.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "run/config.h"

#define AT(field) offsetof(struct consilium_config, field)

static const struct setting settings[] = {
    { "gateway", SETTING_KIND_STRING, AT(gateway), "127.0.0.1:7100", "TARGET",
      "where the gateway is: host:port of gRPC, or https://host:port, its door of HTTP", 0, 0,
      false, false },
    { "deid", SETTING_KIND_STRING, AT(deid), "127.0.0.1:7101", "TARGET",
      "where deid is (deid, status)", 0, 0, false, false },
    { "context", SETTING_KIND_STRING, AT(context), "127.0.0.1:7102", "TARGET",
      "where context is (status)", 0, 0, false, false },
    { "tokenizer", SETTING_KIND_STRING, AT(tokenizer), "127.0.0.1:7103", "TARGET",
      "where tokenizer is (tokens, status)", 0, 0, false, false },
    { "inference", SETTING_KIND_STRING, AT(inference), "127.0.0.1:7104", "TARGET",
      "where inference is (status)", 0, 0, false, false },
    { "tls-authority", SETTING_KIND_STRING, AT(tls_authority), NULL, "FILE",
      "PEM of the CAs that servers must come from", 0, 0, false, false },
    { "tls-certificate", SETTING_KIND_STRING, AT(tls_certificate), NULL, "FILE",
      "PEM chain to show to servers", 0, 0, false, false },
    { "tls-key", SETTING_KIND_STRING, AT(tls_key), NULL, "FILE", "PEM key of the chain", 0, 0,
      false, false },
    { "token-file", SETTING_KIND_STRING, AT(token_file), NULL, "FILE",
      "an API key or a token to show to the gateway; else the one that login kept", 0, 0, false,
      false },
    { "tenant", SETTING_KIND_STRING, AT(tenant), "", "NAME", "whose patients", 0, 0, false, false },
    { "timeout", SETTING_KIND_DURATION, AT(timeout_ms), "60s", "TIME",
      "how long to wait for an answer", 1, 86400000, false, false },
    { "json", SETTING_KIND_SWITCH, AT(json), "false", NULL, "print JSON, one object a line", 0, 0,
      false, false },
    { "colour", SETTING_KIND_STRING, AT(colour), "auto", "WHEN", "auto, always or never", 0, 0,
      false, false },
    { "timings", SETTING_KIND_SWITCH, AT(timings), "true", NULL,
      "show where the time went (ask, put)", 0, 0, false, false },
    { "patient", SETTING_KIND_STRING, AT(patient), NULL, "ID",
      "the patient's id; else the Patient resource's own (put)", 0, 0, false, false },
    { "profile", SETTING_KIND_STRING, AT(profile), NULL, "PROFILE",
      "limited or safe-harbor; else the server's default (put, deid)", 0, 0, false, false },
    { "from-fhir", SETTING_KIND_SWITCH, AT(from_fhir), "false", NULL,
      "the operand is a patient's id at the hospital's FHIR server, which the gateway asks (put)",
      0, 0, false, false },
    { "fhir", SETTING_KIND_SWITCH, AT(fhir), "false", NULL,
      "the input is FHIR JSON, not text (deid)", 0, 0, false, false },
    { "text", SETTING_KIND_SWITCH, AT(text), "false", NULL,
      "the input is one plain text, not JSON lines (deid)", 0, 0, false, false },
    { "known", SETTING_KIND_STRING, AT(known_file), NULL, "FILE",
      "what the patient of every text is known by: a FHIR Patient, or a list of identifiers (deid)",
      0, 0, false, false },
    { "line-max", SETTING_KIND_SIZE, AT(line_bytes_max), "64M", "BYTES",
      "the longest line that is read (deid)", 1024, 1u << 30, false, false },
    DEID_CONFIG_SETTINGS,
    { "labels", SETTING_KIND_STRING, AT(labels_file), NULL, "FILE",
      "JSON that says what labels mean: {\"LABEL\": \"NAME\" | ... | \"open\" | \"stay\"} (deid score)",
      0, 0, false, false },
    { "blind", SETTING_KIND_SWITCH, AT(blind), "false", NULL,
      "pay no heed to what the labelled texts know of their patients (deid score)", 0, 0, false,
      false },
    { "recall-only", SETTING_KIND_SWITCH, AT(recall_only), "false", NULL,
      "not everything is labelled: say nothing of precision (deid score)", 0, 0, false, false },
    { "share", SETTING_KIND_DECIMAL, AT(share), "0.7", "SHARE",
      "of letters that a labelled and a found span have to share at level share (deid score)", 0, 1,
      false, false },
    { "show", SETTING_KIND_STRING, AT(show), NULL, "WHAT",
      "missed, false or both: print them with the text around (deid score)", 0, 0, false, false },
    { "mesh", SETTING_KIND_SWITCH, AT(mesh), "false", NULL,
      "have the service at --deid do it: one text, or --fhir (deid)", 0, 0, false, false },
    { "folder", SETTING_KIND_STRING, AT(folder), NULL, "FOLDER",
      "where bundles that are named without one lie (context)", 0, 0, false, false },
    { "model", SETTING_KIND_STRING, AT(model), NULL, "FILE",
      "GGUF file whose tokens count (context, with tokens: model)", 0, 0, false, false },
    { "without", SETTING_KIND_STRING, AT(without), "", "SIGNALS",
      "signals of the ranking to leave out, to measure what they add (context)", 0, 0, false,
      false },
    { "words-file", SETTING_KIND_STRING, AT(words_file), NULL, "FILE",
      "a site's own words for things, docs/context.md (context)", 0, 0, false, false },
    { "threads", SETTING_KIND_NUMBER, AT(threads), "1", "N",
      "of the arithmetic (bench, logits, generate, score, embed, quantize)", 1, 256, false, false },
    { "cache-bits", SETTING_KIND_NUMBER, AT(cache_bits), "32", "BITS",
      "of a key or value that is kept, 32 or 8 (bench, logits, generate, score)", 8, 32, false,
      false },
    { "mapped", SETTING_KIND_SWITCH, AT(mapped), "false", NULL,
      "compute from the file as it lies, without a copy made for speed (bench, logits, generate, "
      "score)",
      0, 0, false, false },
    { "adapter", SETTING_KIND_STRING, AT(adapter), NULL, "FILE",
      "LoRA adapter in GGUF (bench, logits, generate, score); the name of one that inference has (ask)",
      0, 0, false, false },
    { "grammar", SETTING_KIND_STRING, AT(grammar), NULL, "FILE",
      "the answer is of this grammar, docs/constrained-output.md (generate)", 0, 0, false, false },
    { "schema", SETTING_KIND_STRING, AT(schema), NULL, "FILE",
      "the answer is JSON of this schema (generate)", 0, 0, false, false },
    { "ids", SETTING_KIND_SWITCH, AT(ids), "false", NULL,
      "the input is ids, not text (generate, embed)", 0, 0, false, false },
    { "raw", SETTING_KIND_SWITCH, AT(raw), "false", NULL, "not scaled to the length 1 (embed)", 0,
      0, false, false },
    { "prompt-ids", SETTING_KIND_NUMBER, AT(prompt_ids), "512", "N", "ids of the prompt (bench)", 1,
      65536, false, false },
    { "answer-ids", SETTING_KIND_NUMBER, AT(answer_ids), "64", "N", "ids of an answer (bench)", 1,
      65536, false, false },
    { "sequences", SETTING_KIND_NUMBER, AT(sequences), "1", "N", "answers at a time (bench)", 1, 64,
      false, false },
    { "limits", SETTING_KIND_SWITCH, AT(limits), "false", NULL,
      "what the machine can do at best, and the share of it that the model reaches (bench)", 0, 0,
      false, false },
    { "many", SETTING_KIND_SWITCH, AT(many), "false", NULL, "ask about every patient named (ask)",
      0, 0, false, false },
    { "patients-file", SETTING_KIND_STRING, AT(patients_file), NULL, "FILE",
      "patients' ids, one a line (ask --many)", 0, 0, false, false },
    { "answers-min", SETTING_KIND_NUMBER, AT(answers_min), "0", "N",
      "enough answers; 0: all (ask --many)", 0, 256, false, false },
    { "tokens", SETTING_KIND_NUMBER, AT(tokens_max), "0", "N",
      "tokens of the answer; 0: the server's default, or as many as fit (ask, generate)", 0,
      1 << 20, false, false },
    { "budget", SETTING_KIND_NUMBER, AT(budget_tokens), "0", "N",
      "tokens for facts; 0: the server's default (ask)", 0, 1 << 20, false, false },
    { "temperature", SETTING_KIND_DECIMAL, AT(temperature), "0", "T", "0 is greedy (ask, generate)",
      0, 10, false, false },
    { "top-k", SETTING_KIND_NUMBER, AT(top_k), "0", "K", "0: off (ask, generate)", 0, 1 << 20,
      false, false },
    { "top-p", SETTING_KIND_DECIMAL, AT(top_p), "0", "P", "0: off (ask, generate)", 0, 1, false,
      false },
    { "seed", SETTING_KIND_NUMBER, AT(seed), "0", "N", "of the sampling (ask, generate)", 0, 0,
      false, false },
    { "keep-surrogates", SETTING_KIND_SWITCH, AT(keep_surrogates), "false", NULL,
      "do not put dates and names back (ask, timeline)", 0, 0, false, false },
    { "from", SETTING_KIND_STRING, AT(from), "", "DATE", "first day (timeline)", 0, 0, false,
      false },
    { "to", SETTING_KIND_STRING, AT(to), "", "DATE", "day after the last (timeline)", 0, 0, false,
      false },
    { "ask", SETTING_KIND_STRING, AT(ask), "", "QUESTIONS",
      "questions with ';' between them, or - for lines of stdin (timeline)", 0, 0, false, false },
    { "public-key", SETTING_KIND_STRING, AT(public_key_file), NULL, "FILE",
      "the key that the log is signed with, kept elsewhere; else the one in its folder (audit)", 0,
      0, false, false },
    { "first", SETTING_KIND_NUMBER, AT(first), "1", "N",
      "the record that the log begins with, where older segments were moved away (audit)", 1, 1e15,
      false, false },
    { "expect", SETTING_KIND_STRING, AT(expect), NULL, "RECORD:DIGEST",
      "a record that has to be there, as an earlier verify printed it (audit verify)", 0, 0, false,
      false },
    { "vocabulary", SETTING_KIND_STRING, AT(vocabulary), NULL, "FILE",
      "GGUF, tokenizer.json, or the folder of one (tokens)", 0, 0, false, false },
    { "count", SETTING_KIND_SWITCH, AT(count), "false", NULL, "the number alone (tokens)", 0, 0,
      false, false },
    { "decode", SETTING_KIND_SWITCH, AT(decode), "false", NULL, "the input is ids (tokens)", 0, 0,
      false, false },
    { "lines", SETTING_KIND_SWITCH, AT(lines), "false", NULL,
      "each line of the input is a text (tokens, embed)", 0, 0, false, false },
    { "special", SETTING_KIND_SWITCH, AT(special), "false", NULL,
      "control pieces in the text are control, not text (tokens)", 0, 0, false, false },
    { "chat", SETTING_KIND_SWITCH, AT(chat), "false", NULL,
      "the input is {\"messages\",\"tools\"?,\"variables\"?,\"add_generation_prompt\"?} for the chat "
      "template (tokens); generate: the prompt is what a user says",
      0, 0, false, false },
    { "report", SETTING_KIND_STRING, AT(report), NULL, "FILE",
      "write the figures as one HTML file (eval)", 0, 0, false, false },
    { "split", SETTING_KIND_STRING, AT(split), NULL, "NAME",
      "only questions of this split, as \"heldout\" (eval)", 0, 0, false, false },
    { "questions", SETTING_KIND_NUMBER, AT(questions), "0", "N",
      "ask the first so many; 0: all (eval)", 0, 1e9, false, false },
    { "examples", SETTING_KIND_NUMBER, AT(examples), "0", "N",
      "print so many answers that are wrong, with text of the record (eval)", 0, 1e9, false,
      false },
    { "page-size", SETTING_KIND_NUMBER, AT(page_size), "500", "N", "facts a request (timeline)", 1,
      5000, false, false },
    { 0 },
};

const struct consilium_verb consilium_verbs[] = {
    { "put", "FILE|-|--from-fhir ID", "put a FHIR R4 bundle: de-identify, turn into facts, keep",
      put_verb, NULL },
    { "ask", "PATIENT QUESTION, or --many QUESTION PATIENT...",
      "ask a question; the answer streams with its citations", ask_verb, NULL },
    { "eval", "FOLDER",
      "ask the questions of FOLDER/questions.ndjson about its bundles, and compare the answers with the right ones",
      eval_verb, NULL },
    { "timeline", "PATIENT, or BUNDLE...",
      "every fact of a record, oldest first; of bundles in files a picture, or with --ask answers: "
      "\"latest 4548-4\", \"trend 2160-0 from 2019\", \"active medications at 2020\"; needs no mesh then",
      timeline_verb, timeline_local },
    { "context", "[FILE|-]",
      "the facts that bear on a question, for JSON lines "
      "{\"id\",\"bundles\":[FILE...],\"question\",\"budget\",\"tokens\":\"chars4\"|\"model\"}; "
      "needs no mesh",
      NULL, context_verb },
    { "forget", "PATIENT", "forget a record", forget_verb, NULL },
    { "deid", "[FILE|-], or restore [FILE|-], or score GOLD [PREDICTED]",
      "de-identify JSON lines {\"id\",\"text\",\"patient\"?}, or --text, or --fhir; needs no mesh",
      deid_mesh_start, deid_verb },
    { "tokens", "[TEXT|-]",
      "how the model in use splits a text; with --vocabulary needs no mesh, and counts and decodes too",
      tokens_mesh_start, tokens_verb },
    { "bench", "[FILE]", "how fast this machine runs a model; needs no mesh", NULL, bench_verb },
    { "generate", "FILE [PROMPT|-]",
      "what a model goes on with: after a text, with --chat a user's turn, with --ids ids; needs no mesh",
      NULL, generate_verb },
    { "score", "FILE [LINES|-]",
      "how likely a model finds continuations, for JSON lines {\"prompt\",\"continuations\":[...]}; needs no mesh",
      NULL, score_verb },
    { "embed", "FILE [TEXT|-]",
      "the vector that an encoder makes of a text, with --lines of each line; needs no mesh", NULL,
      embed_verb },
    { "logits", "FILE ID...", "what a model makes of ids; needs no mesh", NULL, logits_verb },
    { "quantize", "IN OUT TYPE",
      "a model's weights in fewer bits: Q8_0, Q4_0, Q4_K, Q4_K_M, Q5_K, Q5_K_M or Q6_K; needs no mesh",
      NULL, quantize_verb },
    { "login", "[FILE|-]",
      "keep an API key or a token for the calls to come; without one: forget it", NULL,
      login_verb },
    { "access", "key NAME TENANT SCOPE,...",
      "a new API key, and the line of the gateway's access file that lets it in", NULL,
      access_verb },
    { "audit", "verify|show|export FOLDER",
      "prove, show or hand on (--fhir: as AuditEvent) the gateway's audit log; needs no mesh", NULL,
      audit_verb },
    { "status", "", "health of every service, and the model in use", status_verb, NULL },
    { 0 },
};

static void print_verbs(FILE *out)
{
    const struct consilium_verb *verb;

    fputs("consilium VERB [flags] operands\n\nverbs:\n", out);
    for (verb = consilium_verbs; verb->name != NULL; verb++)
        fprintf(out, "  %-9s %s\n", verb->name, verb->help);
    fputs(
        "\nconsilium VERB --help shows the flags.\n"
        "exit: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 unavailable or too late, 5 refused, 130 interrupted\n",
        out);
}

static const struct consilium_verb *find_verb(const char *name)
{
    const struct consilium_verb *verb;

    for (verb = consilium_verbs; verb->name != NULL; verb++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

int main(int argc, char **argv)
{
    static struct consilium consilium;
    const struct consilium_verb *verb = argc < 2 ? NULL : find_verb(argv[1]);
    struct config_program program = { "consilium", NULL, NULL, settings };
    bool is_done = false;
    struct error err = { 0 };

    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        print_verbs(stdout);
        return CONSILIUM_EXIT_OK;
    }
    if (verb == NULL) {
        print_verbs(stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    log_init("consilium", LOG_LEVEL_ERROR);
    arena_init(&consilium.arena, 1024 * MIB);
    program.summary = verb->help;
    program.operands = verb->operands;
    argc--;
    argv++;
    if (config_load(&program, &argc, &argv, &consilium.config, &consilium.arena, &is_done, &err)
        != STATUS_OK) {
        fprintf(stderr, "consilium: %s\n", err.text);
        return CONSILIUM_EXIT_USAGE;
    }
    if (!is_done) {
        paint_init(consilium.config.colour);
        consilium.operands = argv;
        consilium.operands_count = argc;
        consilium.exit_status = consilium_run(verb, &consilium);
    }
    arena_close(&consilium.arena);
    return consilium.exit_status;
}
