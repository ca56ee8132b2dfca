#include "model_prompt.h"

#include "base/buffer.h"

enum status prompt_writer_open(struct prompt_writer *writer, const char *vocabulary_path,
                               struct error *err)
{
    struct gguf *gguf = gguf_open(vocabulary_path, err);

    *writer = (struct prompt_writer){ 0 };
    if (gguf == NULL)
        return err == NULL ? STATUS_NOT_FOUND : err->status;
    writer->vocab = tokenizer_vocab_create(gguf, err);
    gguf_close(gguf);
    if (writer->vocab == NULL)
        return err == NULL ? STATUS_DATA_LOSS : err->status;
    tokenizer_template_init(&writer->template, writer->vocab);
    if (writer->template.root == NULL || writer->template.stops_count == 0) {
        prompt_writer_close(writer);
        return error_set(err, STATUS_FAILED_PRECONDITION, "%s has no chat template that is known",
                         vocabulary_path);
    }
    return STATUS_OK;
}

void prompt_writer_close(struct prompt_writer *writer)
{
    tokenizer_template_close(&writer->template);
    if (writer->vocab != NULL)
        tokenizer_vocab_destroy(writer->vocab);
    writer->vocab = NULL;
}

uint32_t prompt_find(const struct prompt *prompt, struct slice reference)
{
    for (size_t i = 0; i < prompt->count; i++)
        for (uint32_t j = 0; j < prompt->lines[i].told; j++)
            if (slice_equal(prompt->record->facts[prompt->lines[i].facts[j]].reference, reference))
                return prompt->lines[i].id;
    return 0;
}

/* The ids that prove @claim, in their order; false when one of them is in no line. */
static bool find_all(const struct prompt *prompt, const struct question_claim *claim, uint32_t *ids)
{
    for (size_t i = 0; i < claim->evidence_count; i++) {
        uint32_t id = prompt_find(prompt, claim->evidence[i]);
        size_t at = i;

        if (id == 0)
            return false;
        for (; at > 0 && ids[at - 1] > id; at--)
            ids[at] = ids[at - 1];
        ids[at] = id;
    }
    return true;
}

static bool is_before(const uint32_t *ids, const uint32_t *other)
{
    size_t i = 0;

    while (i < QUESTIONS_EVIDENCE_MAX - 1 && ids[i] == other[i])
        i++;
    return ids[i] < other[i];
}

/* "The record does not say." is a sentence already; a claim becomes one behind its citations. */
static void put_claim(const struct question_claim *claim, const uint32_t *ids, struct buffer *out)
{
    struct slice text = claim->text;

    if (out->size > 0)
        buffer_put_byte(out, '\n');
    if (claim->evidence_count > 0 && slice_ends_with(text, SLICE(".")))
        text.size--;
    buffer_put(out, text);
    if (claim->evidence_count == 0)
        return;
    buffer_put_byte(out, ' ');
    for (size_t i = 0; i < claim->evidence_count; i++)
        buffer_format(out, "[%u]", ids[i]);
    buffer_put_byte(out, '.');
}

struct slice prompt_answer(const struct prompt *prompt, const struct question *question,
                           struct arena *arena)
{
    uint32_t ids[QUESTIONS_CLAIMS_MAX][QUESTIONS_EVIDENCE_MAX] = { 0 };
    struct buffer out;

    buffer_init(&out, arena);
    for (size_t i = 0; i < question->claims_count; i++)
        if (!find_all(prompt, &question->claims[i], ids[i]))
            return (struct slice){ NULL, 0 };
    /* Claims stand in the order of the lines that they cite: one right answer, not a dozen. */
    for (size_t done = 0; done < question->claims_count; done++) {
        size_t next = question->claims_count;

        for (size_t i = 0; i < question->claims_count; i++)
            if (ids[i][0] != UINT32_MAX
                && (next == question->claims_count || is_before(ids[i], ids[next])))
                next = i;
        put_claim(&question->claims[next], ids[next], &out);
        ids[next][0] = UINT32_MAX;
    }
    return buffer_slice(&out);
}

/* The first line of @text, without its end; @text goes on behind it. */
static struct slice take_line(struct slice *text)
{
    size_t end = slice_find_byte(*text, '\n');
    struct slice line = slice_cut(*text, 0, end);

    *text = slice_cut(*text, end + 1, text->size);
    return line;
}

static bool has_line(struct slice text, struct slice wanted)
{
    while (text.size > 0)
        if (slice_equal(take_line(&text), wanted))
            return true;
    return false;
}

static size_t count_lines(struct slice text)
{
    size_t count = 0;

    for (; text.size > 0; count++)
        take_line(&text);
    return count;
}

/* The lines between "Found:" and "More:", the last one's end cut off; false: there are none. */
static bool find_found(struct slice user, struct slice *found)
{
    struct slice rest = user, line;
    const char *begin = NULL;

    while (rest.size > 0) {
        const char *at = rest.data;

        line = take_line(&rest);
        if (slice_is(line, "Found:"))
            begin = rest.data;
        else if (begin != NULL && slice_is(line, "More:")) {
            *found = slice_trim(slice_of(begin, (size_t)(at - begin)));
            return true;
        }
    }
    if (begin != NULL)
        *found = slice_trim(slice_of(begin, user.size - (size_t)(begin - user.data)));
    return begin != NULL;
}

bool prompt_is_found(struct slice user, struct slice answer, struct slice *as_found)
{
    struct slice found, rest = answer;

    *as_found = answer;
    if (!find_found(user, &found))
        return true;
    if (slice_is(found, "nothing"))
        return slice_find_byte(answer, '[') == answer.size;
    if (count_lines(found) != count_lines(answer))
        return false;
    while (rest.size > 0)
        if (!has_line(found, take_line(&rest)))
            return false;
    *as_found = found;
    return true;
}

enum status prompt_encode(const struct prompt_writer *writer, const struct prompt *prompt,
                          struct slice user, struct arena *arena, struct tokenizer_ids *ids,
                          struct error *err)
{
    const struct tokenizer_turn turns[2] = {
        { .role = SLICE("system"), .content = slice_from(prompt->system) },
        { .role = SLICE("user"), .content = user },
    };
    const struct tokenizer_chat chat = { .turns = turns,
                                         .turns_count = 2,
                                         .has_generation_prompt = true };

    return tokenizer_template_apply(&writer->template, writer->vocab, &chat, arena, ids, err);
}

enum status prompt_encode_answer(const struct prompt_writer *writer, struct slice answer,
                                 struct arena *arena, struct tokenizer_ids *ids, struct error *err)
{
    struct tokenizer_ids text;
    enum status status = tokenizer_encode(writer->vocab, answer, false, false, arena, &text, err);

    if (status != STATUS_OK)
        return status;
    ids->count = text.count + 1;
    ids->ids = ARENA_ARRAY(arena, uint32_t, ids->count);
    if (ids->ids == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for an answer");
    memcpy(ids->ids, text.ids, text.count * sizeof(text.ids[0]));
    ids->ids[text.count] = writer->template.stop_ids[0];
    return STATUS_OK;
}
