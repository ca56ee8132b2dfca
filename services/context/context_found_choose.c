/* Of all that bears on a question, what answers it. */
#include "context_found_parts.h"

#include "context_intent.h"

static bool is_kind(const struct finding *finding, const struct found *found, enum fact_kind kind)
{
    return finding->courses->items[found->course].kind == kind;
}

static bool has_kind(const struct finding *finding, enum fact_kind kind)
{
    for (size_t i = 0; i < finding->count; i++)
        if (is_kind(finding, &finding->items[i], kind))
            return true;
    return false;
}

static void withdraw_kind(struct finding *finding, enum fact_kind kind)
{
    for (size_t i = 0; i < finding->count; i++)
        if (is_kind(finding, &finding->items[i], kind))
            finding->items[i].answers = false;
}

/* Asked about a disease, what is given for it was found too. A summary is of both. */
static void choose_disease_or_treatment(struct finding *finding)
{
    bool asks_treatment =
        (finding->intents & INTENT_TREATMENT) || (finding->asked->kinds >> FACT_MEDICATION & 1);

    if (!finding->asked->has_things || !has_kind(finding, FACT_CONDITION)
        || (finding->intents & INTENT_SUMMARY))
        return;
    if (asks_treatment) {
        withdraw_kind(finding, FACT_CONDITION);
        return;
    }
    for (size_t i = 0; i < finding->count; i++)
        finding->items[i].answers &= !finding->items[i].is_given_for;
}

static struct slice label_of(const struct finding *finding, const struct found *found)
{
    return found_fact(finding, found->fact)->label;
}

/* Asked about a drug, an allergy to its like was found too: whether the drug may be given is
 * answered by the one, whether it is by the other. An allergy that is called as the question says
 * answers where no such drug was found. */
static void choose_drug_or_allergy(struct finding *finding, struct slice question)
{
    bool asks_allergy = finding->asked->kinds >> FACT_ALLERGY & 1,
         has_drug = has_kind(finding, FACT_MEDICATION);

    if (!finding->asked->has_things || asks_allergy || !has_kind(finding, FACT_ALLERGY))
        return;
    if (finding->intents & INTENT_PERMISSION) {
        withdraw_kind(finding, FACT_MEDICATION);
        return;
    }
    for (size_t i = 0; i < finding->count; i++) {
        struct found *found = &finding->items[i];

        if (is_kind(finding, found, FACT_ALLERGY)
            && (has_drug
                || found_name_at(finding, question, label_of(finding, found)) == question.size))
            found->answers = false;
    }
}

/* The item with the longest name that stands in @text, of those that have not been named yet. */
static size_t find_longest(const struct finding *finding, struct slice text, const bool *is_literal)
{
    size_t longest = finding->count, most = 0;

    for (size_t i = 0; i < finding->count; i++) {
        struct slice label = label_of(finding, &finding->items[i]);

        if (!is_literal[i] && label.size > most
            && found_name_at(finding, text, label) < text.size) {
            longest = i;
            most = label.size;
        }
    }
    return longest;
}

/* @question without the names in it of what was found, longer names first; is_literal[i]: item i is
 * so named. */
static struct slice without_names(const struct finding *finding, struct slice question,
                                  bool is_literal[FOUND_MAX])
{
    char *text = arena_alloc(finding->arena, question.size + 1);
    struct slice left = slice_of(text, question.size);
    size_t next;

    memset(is_literal, 0, FOUND_MAX * sizeof(*is_literal));
    if (text == NULL)
        return question;
    memcpy(text, question.data, question.size);
    while ((next = find_longest(finding, left, is_literal)) < finding->count) {
        struct slice label = label_of(finding, &finding->items[next]);
        size_t at = found_name_at(finding, left, label);

        for (size_t i = 0; i < finding->count; i++)
            is_literal[i] |= slice_equal_fold(label_of(finding, &finding->items[i]), label);
        memset(text + at, ' ', label.size);
    }
    return left;
}

/* What a drug is given for may be named, and the drug not. */
static bool is_for_named(const struct finding *finding, const struct found *found,
                         const bool *is_literal)
{
    if (!is_kind(finding, found, FACT_MEDICATION))
        return false;
    for (size_t i = 0; i < finding->count; i++)
        if (is_literal[i] && is_kind(finding, &finding->items[i], FACT_CONDITION))
            return true;
    return false;
}

/* What is called just as the question says is meant; what bears on it only as kin of that (a
 * spirometry's ratio, another vaccine against the same) is not, unless the rest of the question
 * names it. */
static void choose_by_name(struct finding *finding, struct slice question)
{
    struct ask_question *rest = ARENA_NEW(finding->arena, struct ask_question);
    bool is_literal[FOUND_MAX], has_literal = false;
    struct slice left = without_names(finding, question, is_literal);

    for (size_t i = 0; i < finding->count; i++)
        has_literal |= is_literal[i];
    if (!has_literal || rest == NULL)
        return;
    ask_read(left, rest);
    for (size_t i = 0; i < finding->count; i++) {
        struct found *found = &finding->items[i];

        if (!is_literal[i] && !is_for_named(finding, found, is_literal)
            && !(rest->has_things
                 && ask_bears(rest, finding->prompt->record,
                              &finding->courses->items[found->course], &finding->period)))
            found->answers = false;
    }
}

static bool has_answer_in(const struct finding *finding, enum found_group group)
{
    for (size_t i = 0; i < finding->count; i++)
        if (finding->items[i].answers && finding->items[i].group == group)
            return true;
    return false;
}

/* Of what is over the newest of each course answers, where nothing that is so now does; a visit, a
 * report or a note where nothing else does. */
static void choose_by_time(struct finding *finding)
{
    bool has_now = has_answer_in(finding, FOUND_NOW),
         has_event = has_answer_in(finding, FOUND_EVENT),
         has_past = has_answer_in(finding, FOUND_PAST);

    for (size_t i = 0; i < finding->count; i++) {
        struct found *found = &finding->items[i];

        if (found->group == FOUND_PAST) {
            found->answers &= !has_now;
            for (size_t j = 0; j < i; j++)
                found->answers &= finding->items[j].group != FOUND_PAST
                                  || finding->items[j].course != found->course;
        } else if (found->group == FOUND_FRAME)
            found->answers &= !has_now && !has_event && !has_past;
    }
}

void found_choose(struct finding *finding, struct slice question)
{
    choose_drug_or_allergy(finding, question);
    choose_disease_or_treatment(finding);
    choose_by_name(finding, question);
    choose_by_time(finding);
}
