/* deid: JSON lines, a text or FHIR, de-identified by the engine in this program; with --mesh, by
 * the service of a running mesh (consilium_deid_mesh.c). */
#include <stdio.h>
#include <string.h>

#include "consilium.h"
#include "consilium_deid_back.h"
#include "consilium_deid_engine.h"
#include "consilium_deid_lines.h"
#include "consilium_deid_score.h"
#include "consilium_deid_whole.h"
#include "consilium_verbs.h"

static int misuse(const char *what)
{
    fprintf(stderr, "consilium: %s\nusage: consilium deid [flags] [FILE|-]\n", what);
    return CONSILIUM_EXIT_USAGE;
}

static int redact(const struct consilium *consilium, const char *path)
{
    struct deid_engine engine;
    struct error err = { 0 };
    int exit_status;

    if (deid_engine_init(&engine, &consilium->config, &err) != STATUS_OK) {
        fprintf(stderr, "consilium: %s: %s\n", status_name(err.status), err.text);
        return consilium_exit_of(err.status);
    }
    if (consilium->config.fhir)
        exit_status = deid_whole_fhir(&engine, consilium, path);
    else if (consilium->config.text)
        exit_status = deid_whole_text(&engine, consilium, path);
    else
        exit_status = deid_lines_run(&engine, consilium, path);
    if (exit_status == CONSILIUM_EXIT_OK && deid_engine_save(&engine, &err) != STATUS_OK) {
        fprintf(stderr, "consilium: %s: %s\n", status_name(err.status), err.text);
        exit_status = consilium_exit_of(err.status);
    }
    deid_engine_close(&engine);
    return exit_status;
}

int deid_verb(struct consilium *consilium)
{
    const char *path = consilium->operands_count == 0 ? "-" : consilium->operands[0];

    if (consilium->config.mesh)
        return CONSILIUM_EXIT_MESH;
    if (consilium->operands_count > 0 && strcmp(path, "score") == 0)
        return deid_score_run(consilium, consilium->operands + 1, consilium->operands_count - 1);
    if (consilium->operands_count > 0 && strcmp(path, "restore") == 0)
        return deid_back_run(consilium,
                             consilium->operands_count > 1 ? consilium->operands[1] : "-");
    if (consilium->operands_count > 1)
        return misuse("deid takes one file, or - for stdin");
    if (consilium->config.fhir && consilium->config.text)
        return misuse("--fhir and --text exclude each other");
    return redact(consilium, path);
}
