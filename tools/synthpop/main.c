/* synthpop: synthetic patients as FHIR bundles, with questions and answers about them. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/limits.h"
#include "bundle.h"
#include "population.h"
#include "question.h"
#include "truth.h"

#define PATIENTS_MAX 100000000u
#define RESOURCES_MAX 200000u
#define QUESTIONS_MAX 10000u
#define BUNDLE_BYTES_MAX (256 * MIB)

static const char help[] =
    "synthpop: synthetic patients as FHIR R4 bundles; the same seed gives the same bytes\n"
    "\n"
    "  synthpop --patients N --seed S --out DIR   a file for each patient, and questions.ndjson\n"
    "  synthpop --patients N --seed S --ndjson    bundles to standard output, one a line\n"
    "  synthpop --bundles DIR --out DIR           questions about bundles from elsewhere, and the bundles beside them\n"
    "\n"
    "  --patients N            how many (10; of --bundles all)\n"
    "  --first I               index of the first (0); a patient depends on seed and index alone\n"
    "  --seed S                (1)\n"
    "  --resources-target M    resources in each record, about; default: differs from patient to patient\n"
    "  --questions Q           for each patient (16)\n"
    "  --age-min Y --age-max Y years of age (18 to 92)\n"
    "  --heldout               people with the conditions, drugs and tests that no other population has\n";

struct options {
    struct population population;
    unsigned patients, first, questions;
    const char *out, *bundles;
    bool is_ndjson, has_patients;
};

static enum status parse_number(const char *name, const char *text, uint64_t least, uint64_t most,
                                uint64_t *number, struct error *err)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || *number < least
        || *number > most)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--%s wants a number from %llu to %llu",
                         name, (unsigned long long)least, (unsigned long long)most);
    return STATUS_OK;
}

enum choice {
    OPTION_PATIENTS = 1,
    OPTION_FIRST,
    OPTION_SEED,
    OPTION_TARGET,
    OPTION_QUESTIONS,
    OPTION_AGE_MIN,
    OPTION_AGE_MAX,
    OPTION_OUT,
    OPTION_BUNDLES,
    OPTION_NDJSON,
    OPTION_HELDOUT,
    OPTION_HELP
};

static const struct option long_options[] = {
    { "patients", required_argument, NULL, OPTION_PATIENTS },
    { "first", required_argument, NULL, OPTION_FIRST },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "resources-target", required_argument, NULL, OPTION_TARGET },
    { "questions", required_argument, NULL, OPTION_QUESTIONS },
    { "age-min", required_argument, NULL, OPTION_AGE_MIN },
    { "age-max", required_argument, NULL, OPTION_AGE_MAX },
    { "out", required_argument, NULL, OPTION_OUT },
    { "bundles", required_argument, NULL, OPTION_BUNDLES },
    { "heldout", no_argument, NULL, OPTION_HELDOUT },
    { "ndjson", no_argument, NULL, OPTION_NDJSON },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

/* One option with a number. */
static enum status set_number(struct options *options, int option, const char *name,
                              const char *text, struct error *err)
{
    uint64_t least = option == OPTION_PATIENTS || option == OPTION_TARGET, most = UINT64_MAX,
             number;

    if (option == OPTION_PATIENTS || option == OPTION_FIRST)
        most = PATIENTS_MAX;
    else if (option == OPTION_TARGET)
        most = RESOURCES_MAX;
    else if (option == OPTION_QUESTIONS)
        most = QUESTIONS_MAX;
    else if (option != OPTION_SEED)
        most = 105;
    if (parse_number(name, text, least, most, &number, err) != STATUS_OK)
        return err->status;
    switch (option) {
    case OPTION_PATIENTS:
        options->patients = (unsigned)number;
        options->has_patients = true;
        break;
    case OPTION_FIRST:
        options->first = (unsigned)number;
        break;
    case OPTION_SEED:
        options->population.seed = number;
        break;
    case OPTION_TARGET:
        options->population.resources_target = (unsigned)number;
        break;
    case OPTION_QUESTIONS:
        options->questions = (unsigned)number;
        break;
    case OPTION_AGE_MIN:
        options->population.age_min = (int)number;
        break;
    default:
        options->population.age_max = (int)number;
        break;
    }
    return STATUS_OK;
}

static enum status parse_options(int argc, char **argv, struct options *options, struct error *err)
{
    int option, index;

    while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        if (option == OPTION_HELP) {
            fputs(help, stdout);
            exit(0);
        }
        if (option == '?')
            return error_set(err, STATUS_INVALID_ARGUMENT, "see synthpop --help");
        if (option == OPTION_OUT)
            options->out = optarg;
        else if (option == OPTION_BUNDLES)
            options->bundles = optarg;
        else if (option == OPTION_NDJSON)
            options->is_ndjson = true;
        else if (option == OPTION_HELDOUT)
            options->population.is_heldout = true;
        else if (set_number(options, option, long_options[index].name, optarg, err) != STATUS_OK)
            return err->status;
    }
    if (options->bundles != NULL && options->out == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--bundles wants --out DIR");
    if (optind < argc || options->is_ndjson == (options->out != NULL))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "give either --out DIR or --ndjson; see synthpop --help");
    if (options->population.age_min > options->population.age_max)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--age-min is above --age-max");
    return STATUS_OK;
}

static enum status write_bytes(FILE *file, struct slice bytes, const char *name, struct error *err)
{
    if (fwrite(bytes.data, 1, bytes.size, file) != bytes.size)
        return error_set_errno(err, errno, "writing %s", name);
    return STATUS_OK;
}

static enum status write_file(const char *folder, const char *name, struct slice bytes,
                              struct error *err)
{
    char path[4096];
    enum status status;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    if (file == NULL)
        return error_set_errno(err, errno, "opening %s", path);
    status = write_bytes(file, bytes, name, err);
    if (fclose(file) != 0 && status == STATUS_OK)
        return error_set_errno(err, errno, "closing %s", path);
    return status;
}

/* One patient, made and written; @questions is NULL with --ndjson. */
static enum status make_patient(const struct options *options, unsigned index, struct arena *arena,
                                FILE *questions, struct error *err)
{
    struct buffer bundle, lines;
    struct record record;
    char name[64];

    population_create(&options->population, index, arena, &record);
    buffer_init(&bundle, arena);
    bundle_write(&record, &bundle);
    buffer_put_byte(&bundle, '\n');
    if (bundle.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "patient %u does not fit in memory",
                         index);
    if (questions == NULL)
        return write_bytes(stdout, buffer_slice(&bundle), "standard output", err);
    population_file_name(&record, name, sizeof(name));
    buffer_init(&lines, arena);
    question_write(&record, name, options->questions, &lines);
    if (write_file(options->out, name, buffer_slice(&bundle), err) != STATUS_OK)
        return err->status;
    return write_bytes(questions, buffer_slice(&lines), "questions.ndjson", err);
}

static enum status make_patients(const struct options *options, FILE *questions, struct error *err)
{
    struct arena arena;
    enum status status = STATUS_OK;
    unsigned i;

    arena_init(&arena, RECORD_ARENA_BYTES);
    for (i = 0; i < options->patients && status == STATUS_OK; i++) {
        status = make_patient(options, options->first + i, &arena, questions, err);
        arena_close(&arena);
    }
    return status;
}

static int is_bundle(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > 5 && strcmp(entry->d_name + size - 5, ".json") == 0;
}

static enum status read_file(const char *folder, const char *name, struct arena *arena,
                             struct slice *bytes, struct error *err)
{
    const char *path = arena_format(arena, "%s/%s", folder, name);
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    char *data = arena_alloc(arena, BUNDLE_BYTES_MAX);
    size_t size;

    if (file == NULL)
        return error_set_errno(err, errno, "opening %s", name);
    size = data == NULL ? 0 : fread(data, 1, BUNDLE_BYTES_MAX, file);
    fclose(file);
    if (size == 0 || size == BUNDLE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s is empty, or of over %zu bytes", name,
                         BUNDLE_BYTES_MAX);
    *bytes = slice_of(data, size);
    return STATUS_OK;
}

/* Questions about one bundle from elsewhere, and the bundle as it is. */
static enum status ask_bundle(const struct options *options, const char *name, unsigned index,
                              struct arena *arena, FILE *questions, struct error *err)
{
    struct chance chance;
    struct truth truth;
    struct buffer lines;
    struct slice bundle;
    char copy[32];

    if (read_file(options->bundles, name, arena, &bundle, err) != STATUS_OK)
        return err->status;
    if (truth_read(bundle, arena, &truth, err) != STATUS_OK)
        return error_wrap(err, "bundle %u", index);
    chance_init(&chance, options->population.seed, index);
    snprintf(copy, sizeof(copy), "%05u.json", index);
    buffer_init(&lines, arena);
    truth_write_questions(&truth, &chance, copy, options->questions, &lines);
    if (write_file(options->out, copy, bundle, err) != STATUS_OK)
        return err->status;
    return write_bytes(questions, buffer_slice(&lines), "questions.ndjson", err);
}

/* The first bundles of the folder by name. */
static enum status ask_bundles(const struct options *options, FILE *questions, struct error *err)
{
    struct dirent **names;
    int count = scandir(options->bundles, &names, is_bundle, alphasort), i;
    enum status status = STATUS_OK;
    struct arena arena;

    if (count < 0)
        return error_set_errno(err, errno, "reading the folder %s", options->bundles);
    arena_init(&arena, RECORD_ARENA_BYTES);
    for (i = 0; i < count; i++) {
        if (status == STATUS_OK && (!options->has_patients || (unsigned)i < options->patients))
            status = ask_bundle(options, names[i]->d_name, (unsigned)i, &arena, questions, err);
        arena_close(&arena);
        free(names[i]);
    }
    free(names);
    return status;
}

static enum status open_questions(const char *folder, FILE **questions, struct error *err)
{
    char path[4096];

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return error_set_errno(err, errno, "making the folder %s", folder);
    snprintf(path, sizeof(path), "%s/questions.ndjson", folder);
    *questions = fopen(path, "w");
    if (*questions == NULL)
        return error_set_errno(err, errno, "opening %s", path);
    return STATUS_OK;
}

static enum status run(const struct options *options, struct error *err)
{
    FILE *questions = NULL;
    enum status status;

    if (options->out != NULL && open_questions(options->out, &questions, err) != STATUS_OK)
        return err->status;
    status = options->bundles != NULL ? ask_bundles(options, questions, err)
                                      : make_patients(options, questions, err);
    if (fclose(questions == NULL ? stdout : questions) != 0 && status == STATUS_OK)
        return error_set_errno(err, errno, "closing the output");
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {
        .population = { .seed = 1, .age_min = 18, .age_max = 92, .today = population_today() },
        .patients = 10,
        .questions = 16
    };
    struct error err;

    if (parse_options(argc, argv, &options, &err) != STATUS_OK
        || run(&options, &err) != STATUS_OK) {
        fprintf(stderr, "synthpop: %s\n", err.text);
        return err.status == STATUS_INVALID_ARGUMENT ? 2 : 1;
    }
    return 0;
}
