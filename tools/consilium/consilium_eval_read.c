#include "consilium_eval_read.h"

#include <string.h>

#include "fhir/json.h"

static const char *string_of(const struct json *json, const char *key, struct arena *arena)
{
    struct slice text = json_get_string(json, key);

    return text.size == 0 ? "" : arena_string(arena, text);
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the questions");
}

static enum status read_claim(const struct json *json, struct arena *arena,
                              struct eval_claim *claim, struct error *err)
{
    const struct json *evidence = json_get(json, "evidence");
    size_t count = evidence == NULL ? 0 : evidence->count;
    struct slice *list = ARENA_ARRAY(arena, struct slice, count + 1);

    *claim = (struct eval_claim){ json_get_string(json, "text"), list, 0 };
    if (list == NULL)
        return no_room(err);
    if (claim->text.size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a claim without text");
    for (const struct json *item = json_first(evidence); item != NULL; item = item->next)
        list[claim->evidence_count++] = item->text;
    return STATUS_OK;
}

static enum status read_question(const struct json *json, struct arena *arena,
                                 struct eval_question *question, struct error *err)
{
    const struct json *answer = json_get(json, "answer");
    size_t count = answer == NULL ? 0 : answer->count;
    struct eval_claim *claims = ARENA_ARRAY(arena, struct eval_claim, count + 1);

    *question = (struct eval_question){ string_of(json, "bundle", arena),
                                        string_of(json, "patient", arena),
                                        string_of(json, "question", arena),
                                        string_of(json, "kind", arena),
                                        string_of(json, "split", arena),
                                        claims,
                                        0,
                                        slice_is(json_get_string(json, "conditions"), "heldout") };
    if (claims == NULL || question->bundle == NULL || question->patient == NULL
        || question->text == NULL || question->kind == NULL || question->split == NULL)
        return no_room(err);
    if (question->bundle[0] == '\0' || question->patient[0] == '\0' || question->text[0] == '\0'
        || question->kind[0] == '\0' || count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "bundle, patient, question, kind and answer are needed");
    if (strchr(question->bundle, '/') != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a bundle's name has a folder in it");
    for (const struct json *item = json_first(answer); item != NULL; item = item->next)
        if (read_claim(item, arena, &claims[question->claims_count++], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static size_t count_lines(struct slice bytes)
{
    size_t lines = 1;

    for (size_t i = 0; i < bytes.size; i++)
        lines += bytes.data[i] == '\n';
    return lines;
}

enum status eval_read(struct slice bytes, const char *split, size_t count_max, struct arena *arena,
                      struct eval_questions *questions, struct error *err)
{
    size_t number = 0, end;

    *questions = (struct eval_questions){ .items = ARENA_ARRAY(arena, struct eval_question,
                                                               count_lines(bytes)) };
    if (questions->items == NULL)
        return no_room(err);
    for (; bytes.size > 0 && questions->count < count_max;
         bytes = slice_cut(bytes, end + 1, bytes.size)) {
        struct eval_question *question = &questions->items[questions->count];
        struct json *json;
        struct slice line;

        end = slice_find_byte(bytes, '\n');
        line = slice_trim(slice_cut(bytes, 0, end));
        number++;
        if (line.size == 0)
            continue;
        if (json_parse_view(line, arena, &json, err) != STATUS_OK
            || read_question(json, arena, question, err) != STATUS_OK)
            return error_wrap(err, "line %zu", number);
        questions->count += split == NULL || strcmp(split, question->split) == 0;
    }
    return STATUS_OK;
}
