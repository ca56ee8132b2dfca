#include "model_questions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fhir/json.h"

#define BUNDLE_BYTES_MAX ((size_t)256 << 20)

struct questions {
    FILE *file;
    const char *folder;
    char *line; /* getline's; the line read ahead when has_line */
    size_t capacity, size;
    bool has_line;
    uint64_t lines;
};

struct questions *questions_open(const char *folder, struct arena *arena, struct error *err)
{
    struct questions *questions = ARENA_NEW(arena, struct questions);
    char *path = arena_format(arena, "%s/questions.ndjson", folder);

    if (questions == NULL || path == NULL
        || (questions->folder = arena_string(arena, slice_from(folder))) == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to read questions");
        return NULL;
    }
    questions->file = fopen(path, "r");
    if (questions->file == NULL) {
        error_set_errno(err, errno, "%s", path);
        return NULL;
    }
    return questions;
}

void questions_close(struct questions *questions)
{
    free(questions->line);
    fclose(questions->file);
}

static bool read_line(struct questions *questions)
{
    ssize_t size;

    if (questions->has_line)
        return true;
    size = getline(&questions->line, &questions->capacity, questions->file);
    questions->size = size > 0 ? (size_t)size : 0;
    questions->has_line = size > 0;
    questions->lines += questions->has_line;
    return questions->has_line;
}

static enum status read_claim(const struct json *json, struct question *question, struct error *err)
{
    struct question_claim *claim = &question->claims[question->claims_count];

    if (question->claims_count == QUESTIONS_CLAIMS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "over %d claims", QUESTIONS_CLAIMS_MAX);
    *claim = (struct question_claim){ .text = json_get_string(json, "text") };
    for (const struct json *item = json_first(json_get(json, "evidence")); item != NULL;
         item = item->next) {
        if (claim->evidence_count == QUESTIONS_EVIDENCE_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "over %d references",
                             QUESTIONS_EVIDENCE_MAX);
        claim->evidence[claim->evidence_count++] = item->text;
    }
    if (claim->text.size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a claim without text");
    question->claims_count++;
    return STATUS_OK;
}

static enum status read_question(const struct json *json, struct question *question,
                                 struct error *err)
{
    *question = (struct question){ .text = json_get_string(json, "question"),
                                   .kind = json_get_string(json, "kind"),
                                   .split = json_get_string(json, "split") };
    for (const struct json *item = json_first(json_get(json, "answer")); item != NULL;
         item = item->next)
        if (read_claim(item, question, err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
    if (question->text.size == 0 || question->claims_count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "no question or no answer");
    return STATUS_OK;
}

static enum status read_bundle(const struct questions *questions, struct slice name,
                               struct arena *arena, struct slice *bundle, struct error *err)
{
    char *path, *bytes = NULL;
    FILE *file;
    long size;

    if (name.size == 0 || slice_find_byte(name, '/') < name.size)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a bundle's name of %zu bytes", name.size);
    path = arena_format(arena, "%s/%s", questions->folder, arena_string(arena, name));
    file = path == NULL ? NULL : fopen(path, "rb");
    if (file == NULL)
        return error_set_errno(err, errno, "%s", path == NULL ? "a bundle" : path);
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 && (size_t)size < BUNDLE_BYTES_MAX
        && fseek(file, 0, SEEK_SET) == 0 && (bytes = arena_alloc(arena, (size_t)size)) != NULL
        && fread(bytes, 1, (size_t)size, file) == (size_t)size)
        *bundle = slice_of(bytes, (size_t)size);
    else
        error_set(err, STATUS_DATA_LOSS, "%s cannot be read", path);
    fclose(file);
    return bytes == NULL || bundle->data == NULL ? STATUS_DATA_LOSS : STATUS_OK;
}

/* The line read ahead begins a patient; it and those that follow with the same bundle are taken. */
static enum status read_patient(struct questions *questions, struct arena *arena,
                                struct patient_questions *patient, struct error *err)
{
    struct slice name = { NULL, 0 };

    *patient = (struct patient_questions){ .questions = ARENA_ARRAY(arena, struct question,
                                                                    QUESTIONS_OF_PATIENT_MAX) };
    if (patient->questions == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for questions");
    while (patient->count < QUESTIONS_OF_PATIENT_MAX && read_line(questions)) {
        struct json *json;

        if (json_parse(slice_of(questions->line, questions->size), arena, &json, err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
        if (name.data == NULL)
            name = json_get_string(json, "bundle");
        else if (!slice_equal(name, json_get_string(json, "bundle")))
            break;
        if (read_question(json, &patient->questions[patient->count++], err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
        questions->has_line = false;
    }
    return read_bundle(questions, name, arena, &patient->bundle, err);
}

bool questions_next(struct questions *questions, struct arena *arena,
                    struct patient_questions *patient, enum status *status, struct error *err)
{
    *status = STATUS_OK;
    if (!read_line(questions))
        return false;
    *status = read_patient(questions, arena, patient, err);
    if (*status != STATUS_OK)
        error_wrap(err, "%s/questions.ndjson, line %llu", questions->folder,
                   (unsigned long long)questions->lines);
    return *status == STATUS_OK;
}
