/* template source → tokenizer_template_init: the family, its stops → tokenizer_template_apply: turns → spans (the family's marks are
 * trusted, content is not) → tokenizer_encode_spans.
 *
 * Most families write each turn as before, content, after. Those that fold the system text into the
 * first user turn have render functions of their own. */
#include "tokenizer_template.h"

#include "base/check.h"

#define SPANS_PER_TURN 8

struct rendering {
    struct tokenizer_span *spans;
    size_t count;
    struct slice eos; /* its text */
    struct slice bos;
    const struct tokenizer_turn *turns;
    size_t turns_count;
};

struct tokenizer_family {
    const char *name;
    const char *marks[4];    /* all of them are in the template's source */
    const char *absent[4];   /* none of these */
    const char *controls[3]; /* must be special pieces of the vocabulary */
    const char *stops[3];    /* end a turn, besides the end-of-text piece */
    /* Around each turn; %r is the role, %e the end-of-text piece. NULL: render does it. */
    const char *before, *after, *generation;
    bool is_trimmed;
    enum status (*render)(struct rendering *rendering, struct error *err);
};

static void put(struct rendering *rendering, struct slice text, bool is_trusted)
{
    if (text.size > 0)
        rendering->spans[rendering->count++] = (struct tokenizer_span){ text, is_trusted };
}

static void put_mark(struct rendering *rendering, const char *mark)
{
    put(rendering, slice_from(mark), true);
}

/* A mark with %r and %e in it: at most one of them. */
static void put_pattern(struct rendering *rendering, const char *pattern, struct slice role)
{
    const char *hole = strchr(pattern, '%');

    if (hole == NULL)
        return put_mark(rendering, pattern);
    put(rendering, slice_of(pattern, (size_t)(hole - pattern)), true);
    put(rendering, hole[1] == 'r' ? role : rendering->eos, true);
    put_mark(rendering, hole + 2);
}

static bool is_role(const struct tokenizer_turn *turn, const char *role)
{
    return slice_is(turn->role, role);
}

/* User and assistant by turns, the user first, @first the index of the first of them. */
static enum status check_alternation(const struct rendering *rendering, size_t first,
                                     struct error *err)
{
    for (size_t i = first; i < rendering->turns_count; i++) {
        if (!is_role(&rendering->turns[i], (i - first) % 2 == 0 ? "user" : "assistant"))
            return error_set(
                err, STATUS_FAILED_PRECONDITION,
                "the model's template takes user and assistant turns alternately: turn %zu is not",
                i);
    }
    return STATUS_OK;
}

/* <s>[INST] <<SYS>>\nsystem\n<</SYS>>\n\nuser [/INST] assistant </s><s>[INST] … */
static enum status render_llama2(struct rendering *rendering, struct error *err)
{
    size_t first = is_role(&rendering->turns[0], "system") ? 1 : 0;

    if (check_alternation(rendering, first, err) != STATUS_OK)
        return STATUS_FAILED_PRECONDITION;
    for (size_t i = first; i < rendering->turns_count; i++) {
        const struct tokenizer_turn *turn = &rendering->turns[i];

        if (is_role(turn, "assistant")) {
            put_mark(rendering, " ");
            put(rendering, slice_trim(turn->content), false);
            put_mark(rendering, " ");
            put(rendering, rendering->eos, true);
            continue;
        }
        put(rendering, rendering->bos, true);
        put_mark(rendering, "[INST] ");
        if (i == 1 && first == 1) {
            put_mark(rendering, "<<SYS>>\n");
            put(rendering, rendering->turns[0].content, false);
            put_mark(rendering, "\n<</SYS>>\n\n");
        }
        put(rendering, slice_trim(turn->content), false);
        put_mark(rendering, " [/INST]");
    }
    return STATUS_OK;
}

/* <start_of_turn>user\nsystem\n\nuser<end_of_turn>\n<start_of_turn>model\nassistant<end_of_turn>\n
 */
static enum status render_gemma(struct rendering *rendering, struct error *err)
{
    size_t first = is_role(&rendering->turns[0], "system") ? 1 : 0;

    if (check_alternation(rendering, first, err) != STATUS_OK)
        return STATUS_FAILED_PRECONDITION;
    put(rendering, rendering->bos, true);
    for (size_t i = first; i < rendering->turns_count; i++) {
        const struct tokenizer_turn *turn = &rendering->turns[i];

        put_mark(rendering,
                 is_role(turn, "user") ? "<start_of_turn>user\n" : "<start_of_turn>model\n");
        if (i == 1 && first == 1) {
            put(rendering, rendering->turns[0].content, false);
            put_mark(rendering, "\n\n");
        }
        put(rendering, slice_trim(turn->content), false);
        put_mark(rendering, "<end_of_turn>\n");
    }
    return STATUS_OK;
}

static const struct tokenizer_family families[] = {
    { .name = "chatml",
      .marks = { "<|im_start|>", "<|im_end|>" },
      .absent = { "<|im_sep|>" },
      .controls = { "<|im_start|>", "<|im_end|>" },
      .stops = { "<|im_end|>" },
      .before = "<|im_start|>%r\n",
      .after = "<|im_end|>\n",
      .generation = "<|im_start|>assistant\n" },
    { .name = "llama3",
      .marks = { "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>" },
      .absent = { "strftime_now", "Cutting Knowledge Date", "date_string" },
      .controls = { "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>" },
      .stops = { "<|eot_id|>" },
      .before = "<|start_header_id|>%r<|end_header_id|>\n\n",
      .after = "<|eot_id|>",
      .generation = "<|start_header_id|>assistant<|end_header_id|>\n\n",
      .is_trimmed = true },
    { .name = "llama2",
      .marks = { "[INST]", "<<SYS>>\\n", "bos_token", "eos_token" },
      .render = render_llama2,
      .generation = "" },
    { .name = "phi3",
      .marks = { "<|assistant|>", "<|end|>", "<|user|>" },
      .controls = { "<|assistant|>", "<|end|>", "<|user|>" },
      .stops = { "<|end|>" },
      .before = "<|%r|>\n",
      .after = "<|end|>\n",
      .generation = "<|assistant|>\n" },
    { .name = "zephyr",
      .marks = { "<|user|>", "<|assistant|>", "eos_token" },
      .absent = { "<|end|>", "<|endofmsg|>", "[gMASK]" },
      .before = "<|%r|>\n",
      .after = "%e\n",
      .generation = "<|assistant|>\n" },
    { .name = "gemma",
      .marks = { "<start_of_turn>", "<end_of_turn>", "first_user_prefix" },
      .controls = { "<start_of_turn>", "<end_of_turn>" },
      .stops = { "<end_of_turn>" },
      .render = render_gemma,
      .generation = "<start_of_turn>model\n" },
};

/* Recognising
 * -------------------------------------------------------------------------------------- */

static bool has(struct slice source, const char *mark)
{
    return memmem(source.data, source.size, mark, strlen(mark)) != NULL;
}

static uint32_t special_id(const struct tokenizer_vocab *vocab, const char *text)
{
    const unsigned types = 1u << TOKENIZER_PIECE_CONTROL | 1u << TOKENIZER_PIECE_USER;
    size_t size;
    uint32_t id = tokenizer_vocab_find_special(vocab, slice_from(text), types, &size);

    return id != TOKENIZER_NO_ID && size == strlen(text) ? id : TOKENIZER_NO_ID;
}

/* NULL when @source is of @family, else what it has and the family has not; "" when it lacks a
 * mark. */
static const char *mismatch(const struct tokenizer_family *family, struct slice source)
{
    for (size_t i = 0; i < 4 && family->marks[i] != NULL; i++) {
        if (!has(source, family->marks[i]))
            return "";
    }
    for (size_t i = 0; i < 4 && family->absent[i] != NULL; i++) {
        if (has(source, family->absent[i]))
            return family->absent[i];
    }
    return NULL;
}

/* The first thing in @source that looks like a mark of a family: "<|…|>", "[…]" or "{%…%}". */
static struct slice first_construct(struct slice source)
{
    static const char *const pairs[][2] = {
        { "<|", "|>" }, { "[", "]" }, { "{%", "%}" }, { "{{", "}}" }
    };

    for (size_t i = 0; i < 4; i++) {
        const char *start = memmem(source.data, source.size, pairs[i][0], strlen(pairs[i][0]));
        size_t at = start == NULL ? 0 : (size_t)(start - source.data);
        struct slice rest = slice_cut(source, at, at + 60);
        const char *end =
            start == NULL ? NULL : memmem(rest.data, rest.size, pairs[i][1], strlen(pairs[i][1]));

        if (end != NULL)
            return slice_of(start, (size_t)(end - start) + strlen(pairs[i][1]));
    }
    return slice_cut(source, 0, 40);
}

static void add_stop(struct tokenizer_template *template, uint32_t id)
{
    if (id == TOKENIZER_NO_ID || template->stops_count == TOKENIZER_STOPS_MAX)
        return;
    for (unsigned i = 0; i < template->stops_count; i++) {
        if (template->stop_ids[i] == id)
            return;
    }
    template->stop_ids[template->stops_count++] = id;
}

static void adopt(struct tokenizer_template *template, const struct tokenizer_family *family,
                  const struct tokenizer_vocab *vocab)
{
    for (size_t i = 0; i < 3 && family->controls[i] != NULL; i++) {
        if (special_id(vocab, family->controls[i]) == TOKENIZER_NO_ID) {
            error_set(&template->failure, STATUS_FAILED_PRECONDITION,
                      "the template's %s is no special piece of the vocabulary",
                      family->controls[i]);
            return;
        }
    }
    if (family->controls[0] == NULL && vocab->eos == TOKENIZER_NO_ID) {
        error_set(&template->failure, STATUS_FAILED_PRECONDITION,
                  "the template needs an end-of-text piece, which the vocabulary does not name");
        return;
    }
    template->family = family;
    template->name = family->name;
    for (size_t i = 0; i < 3 && family->stops[i] != NULL; i++)
        add_stop(template, special_id(vocab, family->stops[i]));
    add_stop(template, vocab->eos);
}

void tokenizer_template_init(struct tokenizer_template *template,
                             const struct tokenizer_vocab *vocab)
{
    struct slice source = vocab->chat_template;
    const char *odd = NULL;

    *template = (struct tokenizer_template){ .name = "" };
    if (source.size == 0) {
        error_set(&template->failure, STATUS_FAILED_PRECONDITION,
                  "the model has no chat template (tokenizer.chat_template)");
        return;
    }
    template->has_bos = has(source, "bos_token") || has(source, "<|begin_of_text|>");
    template->needs_system = has(source, "You are");
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const char *found = mismatch(&families[i], source);

        if (found == NULL)
            return adopt(template, &families[i], vocab);
        if (*found != '\0' && odd == NULL)
            odd = found;
    }
    if (odd != NULL)
        error_set(&template->failure, STATUS_UNIMPLEMENTED,
                  "the model's chat template uses \"%s\", which is not supported", odd);
    else
        error_set(&template->failure, STATUS_UNIMPLEMENTED,
                  "the model's chat template is of no family that is known: it begins with %.*s",
                  SLICE_FORMAT(first_construct(source)));
}

/* Rendering
 * ---------------------------------------------------------------------------------------- */

static enum status check_turns(const struct tokenizer_template *template,
                               const struct tokenizer_turn *turns, size_t count, struct error *err)
{
    if (count == 0 || count > TOKENIZER_TURNS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu turns: 1 to %d can be rendered", count,
                         TOKENIZER_TURNS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!is_role(&turns[i], "system") && !is_role(&turns[i], "user")
            && !is_role(&turns[i], "assistant"))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "turn %zu is neither system, user nor assistant", i);
        if (i > 0 && is_role(&turns[i], "system"))
            return error_set(err, STATUS_INVALID_ARGUMENT, "turn %zu: a system turn comes first",
                             i);
    }
    if (template->needs_system && !is_role(&turns[0], "system"))
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the model's template has a system text of its own: give a system turn");
    return STATUS_OK;
}

static enum status render(struct rendering *rendering, const struct tokenizer_template *template,
                          struct error *err)
{
    const struct tokenizer_family *family = template->family;

    if (family->render != NULL)
        return family->render(rendering, err);
    if (template->has_bos)
        put(rendering, rendering->bos, true);
    for (size_t i = 0; i < rendering->turns_count; i++) {
        const struct tokenizer_turn *turn = &rendering->turns[i];

        put_pattern(rendering, family->before, turn->role);
        put(rendering, family->is_trimmed ? slice_trim(turn->content) : turn->content, false);
        put_pattern(rendering, family->after, turn->role);
    }
    return STATUS_OK;
}

static struct slice text_of(const struct tokenizer_vocab *vocab, uint32_t id)
{
    return id == TOKENIZER_NO_ID ? (struct slice){ 0 } : tokenizer_vocab_piece(vocab, id);
}

enum status tokenizer_template_apply(const struct tokenizer_template *template,
                                     const struct tokenizer_vocab *vocab,
                                     const struct tokenizer_turn *turns, size_t turns_count,
                                     bool has_generation_prompt, struct arena *arena,
                                     struct tokenizer_ids *ids, struct error *err)
{
    struct rendering rendering = { .turns = turns, .turns_count = turns_count };
    enum status status;

    if (template->family == NULL)
        return error_set(err, template->failure.status, "%s", template->failure.text);
    status = check_turns(template, turns, turns_count, err);
    if (status != STATUS_OK)
        return status;
    rendering.bos = text_of(vocab, vocab->bos);
    rendering.eos = text_of(vocab, vocab->eos);
    rendering.spans = ARENA_ARRAY(arena, struct tokenizer_span, turns_count * SPANS_PER_TURN + 4);
    if (rendering.spans == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu turns", turns_count);
    status = render(&rendering, template, err);
    if (status != STATUS_OK)
        return status;
    if (has_generation_prompt)
        put_mark(&rendering, template->family->generation);
    CHECK(rendering.count <= turns_count * SPANS_PER_TURN + 4);
    return tokenizer_encode_spans(vocab, rendering.spans, rendering.count, false, arena, ids, err);
}
