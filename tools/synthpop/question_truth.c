/* The same questions, in the same words, about a record that was not made here. A function draws
 * what it asks about from the truth, or from the catalogue where the right answer is that the
 * record does not say; false when there is nothing of the sort to ask. */
#include "truth.h"

#include <ctype.h>
#include <stdio.h>

#include "question_parts.h"
#include "question_view.h"

#define TRIES_PER_QUESTION 8
#define DRAWS 20
#define SERIES_MAX 6
#define WORD_BYTES_MIN 4 /* of a name: shorter ones say little */

struct asking {
    const struct truth *truth;
    struct question question;
};

/* ---- claims ---- */

static void prove(struct asking *asking, const struct truth_item *item)
{
    question_claim_prove_by(&asking->question, item->reference);
}

static void claim_measured(struct asking *asking, const struct truth_item *item)
{
    char judgement[QUESTION_JUDGEMENT_BYTES] = "";

    if (item->lab != LAB_NONE && item->lab != LAB_BLOOD_PRESSURE) {
        const struct measurement measurement = { .lab = item->lab, .value = item->number };

        question_lab_judge(&measurement, judgement, sizeof(judgement));
    }
    question_claim_open(&asking->question, "%.*s was %.*s on %s%s", SLICE_FORMAT(item->label),
                        SLICE_FORMAT(item->value), item->date, judgement);
    prove(asking, item);
    question_claim_close(&asking->question);
}

static void claim_lasting(struct asking *asking, const struct truth_item *item)
{
    if (item->is_active)
        question_claim_open(&asking->question, "%.*s, active since %s", SLICE_FORMAT(item->label),
                            item->date);
    else if (item->kind == TRUTH_CONDITION)
        question_claim_open(&asking->question, "%.*s, resolved, %s to %s",
                            SLICE_FORMAT(item->label), item->date, item->end);
    else
        question_claim_open(&asking->question, "%.*s, %.*s, from %s", SLICE_FORMAT(item->label),
                            SLICE_FORMAT(item->status), item->date);
    prove(asking, item);
    question_claim_close(&asking->question);
}

/* @item with why: a drug's or a procedure's reason. */
static void claim_reason(struct asking *asking, const struct truth_item *item)
{
    const char *when = item->kind == TRUTH_PROCEDURE ? " on "
                       : item->is_active             ? ", active since "
                                                     : ", stopped, from ";

    question_claim_open(&asking->question, "%.*s%s%s, for %.*s", SLICE_FORMAT(item->label), when,
                        item->date, SLICE_FORMAT(item->reason));
    prove(asking, item);
    question_claim_close(&asking->question);
}

static void claim_event(struct asking *asking, const struct truth_item *item)
{
    question_claim_open(&asking->question, "%.*s on %s", SLICE_FORMAT(item->label), item->date);
    prove(asking, item);
    question_claim_close(&asking->question);
}

/* ---- what the record holds ---- */

static bool is_same(const struct truth_item *a, const struct truth_item *b)
{
    return a->kind == b->kind && slice_equal_fold(a->label, b->label);
}

static unsigned count_same(const struct truth *truth, const struct truth_item *item)
{
    unsigned i, count = 0;

    for (i = 0; i < truth->count; i++)
        count += is_same(&truth->items[i], item);
    return count;
}

/* One of @kind with a date, drawn at random; NULL: none this time. */
static const struct truth_item *draw(struct asking *asking, enum truth_kind kind)
{
    const struct truth *truth = asking->truth;
    unsigned i;

    for (i = 0; i < DRAWS && truth->count > 0; i++) {
        const struct truth_item *item =
            &truth->items[chance_below(asking->question.chance, truth->count)];

        if (item->kind == kind && item->date[0] != '\0' && item->label.size < SUBJECT_BYTES)
            return item;
    }
    return NULL;
}

/* The last of what @item is one of, before date @before; NULL: none, or two on one day. */
static const struct truth_item *last_of(const struct truth *truth, const struct truth_item *item,
                                        const char *before)
{
    const struct truth_item *last = NULL;
    bool is_tie = false;
    unsigned i;

    for (i = 0; i < truth->count; i++) {
        const struct truth_item *other = &truth->items[i];
        int order;

        if (!is_same(other, item) || (before != NULL && strcmp(other->date, before) >= 0))
            continue;
        order = last == NULL ? 1 : strcmp(other->date, last->date);
        if (order > 0)
            last = other;
        is_tie = order == 0 || (order < 0 && is_tie);
    }
    return is_tie ? NULL : last;
}

static bool has_word_of(struct slice text, const char *name)
{
    while (*name != '\0') {
        size_t size = strcspn(name, " ,/()-"), at;

        for (at = 0; size >= WORD_BYTES_MIN && at + size <= text.size; at++)
            if (slice_equal_fold(slice_cut(text, at, at + size), slice_of(name, size)))
                return true;
        name += size + (name[size] != '\0');
    }
    return false;
}

/* Whether something of @kind has a name with a longer word of @name in it. */
static bool may_hold(const struct truth *truth, enum truth_kind kind, const char *name)
{
    unsigned i;

    for (i = 0; name != NULL && i < truth->count; i++)
        if (truth->items[i].kind == kind && has_word_of(truth->items[i].label, name))
            return true;
    return false;
}

/* ---- what is asked ---- */

static void name(struct asking *asking, struct slice label)
{
    char text[SUBJECT_BYTES];

    snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(label));
    question_subject_in_sentence(&asking->question, text);
}

/* The name of a drug in front of its strength; false where it has several parts, or none. */
static bool name_drug(struct asking *asking, const struct truth_item *item)
{
    size_t size = 0;

    while (size < item->label.size && !isdigit((unsigned char)item->label.data[size]))
        size++;
    if (size == 0 || slice_find_byte(item->label, '/') < item->label.size)
        return false;
    name(asking, slice_trim(slice_cut(item->label, 0, size)));
    return true;
}

static const struct truth_item *draw_measured(struct asking *asking)
{
    const struct truth_item *item = draw(asking, TRUTH_MEASURED);

    if (item == NULL)
        return NULL;
    name(asking, item->lab != LAB_NONE && chance_happens(asking->question.chance, 0.5)
                     ? slice_from(lab_kinds[item->lab].label)
                     : item->label);
    return item;
}

static bool ask_latest(struct asking *asking)
{
    const struct truth_item *item = draw_measured(asking), *last;

    if (item == NULL || (last = last_of(asking->truth, item, NULL)) == NULL)
        return false;
    claim_measured(asking, last);
    return true;
}

static bool ask_first(struct asking *asking)
{
    const struct truth_item *item = draw_measured(asking), *first = item;
    unsigned i, ties = 0;

    if (item == NULL)
        return false;
    for (i = 0; i < asking->truth->count; i++)
        if (is_same(&asking->truth->items[i], item)
            && strcmp(asking->truth->items[i].date, first->date) < 0)
            first = &asking->truth->items[i];
    for (i = 0; i < asking->truth->count; i++)
        ties += is_same(&asking->truth->items[i], item)
                && strcmp(asking->truth->items[i].date, first->date) == 0;
    if (ties != 1)
        return false;
    claim_measured(asking, first);
    return true;
}

static bool ask_trend(struct asking *asking)
{
    const struct truth_item *item = draw_measured(asking), *last, *before;

    if (item == NULL || (last = last_of(asking->truth, item, NULL)) == NULL
        || (before = last_of(asking->truth, item, last->date)) == NULL
        || slice_equal(before->value, last->value))
        return false;
    question_claim_open(&asking->question, "%.*s %s from %.*s on %s to %.*s on %s",
                        SLICE_FORMAT(item->label), last->number > before->number ? "rose" : "fell",
                        SLICE_FORMAT(before->value), before->date, SLICE_FORMAT(last->value),
                        last->date);
    prove(asking, before);
    prove(asking, last);
    question_claim_close(&asking->question);
    return true;
}

static bool ask_series(struct asking *asking)
{
    const struct truth_item *item = draw_measured(asking);
    unsigned i;

    if (item == NULL || count_same(asking->truth, item) > SERIES_MAX
        || last_of(asking->truth, item, NULL) == NULL)
        return false;
    for (i = 0; i < asking->truth->count; i++)
        if (is_same(&asking->truth->items[i], item))
            claim_measured(asking, &asking->truth->items[i]);
    return true;
}

/* Against a target, or as a stage: only what has one. */
static bool ask_judged(struct asking *asking)
{
    const struct truth_item *item = draw_measured(asking), *last;
    bool is_stage = asking->question.kind == QUESTION_STAGE;

    if (item == NULL
        || (is_stage ? item->lab != LAB_EGFR : item->lab != LAB_A1C && item->lab != LAB_LDL)
        || (last = last_of(asking->truth, item, NULL)) == NULL)
        return false;
    claim_measured(asking, last);
    return true;
}

/* All of @kind that are active, if there are some, not too many, and none twice. */
static bool ask_active(struct asking *asking, enum truth_kind kind)
{
    const struct truth *truth = asking->truth;
    unsigned i, count = 0;

    for (i = 0; i < truth->count; i++) {
        if (truth->items[i].kind != kind || !truth->items[i].is_active)
            continue;
        if (count_same(truth, &truth->items[i]) > 1 || truth->items[i].date[0] == '\0')
            return false;
        count++;
    }
    if (count == 0 || count > QUESTION_CLAIMS_MAX)
        return false;
    for (i = 0; i < truth->count; i++)
        if (truth->items[i].kind == kind && truth->items[i].is_active)
            claim_lasting(asking, &truth->items[i]);
    return true;
}

static bool ask_problems(struct asking *asking)
{
    return ask_active(asking, TRUTH_CONDITION);
}

static bool ask_medications(struct asking *asking)
{
    return ask_active(asking, TRUTH_DRUG);
}

static bool ask_condition(struct asking *asking)
{
    const struct truth_item *item = draw(asking, TRUTH_CONDITION);

    if (item == NULL || count_same(asking->truth, item) != 1
        || (!item->is_active && item->end[0] == '\0'))
        return false;
    name(asking, item->label);
    claim_lasting(asking, item);
    return true;
}

/* A drug that was ordered once, under one name. */
static const struct truth_item *draw_drug(struct asking *asking)
{
    const struct truth_item *item = draw(asking, TRUTH_DRUG);
    unsigned i, kin = 0;

    if (item == NULL || !name_drug(asking, item))
        return NULL;
    for (i = 0; i < asking->truth->count; i++)
        kin += asking->truth->items[i].kind == TRUTH_DRUG
               && has_word_of(asking->truth->items[i].label, asking->question.subject);
    return kin == 1 ? item : NULL;
}

static bool ask_status(struct asking *asking)
{
    const struct truth_item *item = draw_drug(asking);

    if (item == NULL)
        return false;
    claim_lasting(asking, item);
    return true;
}

static bool ask_start(struct asking *asking)
{
    const struct truth_item *item = draw_drug(asking);

    if (item == NULL || !item->is_active)
        return false;
    claim_lasting(asking, item);
    return true;
}

static bool ask_why_drug(struct asking *asking)
{
    const struct truth_item *item = draw_drug(asking);

    if (item == NULL || item->reason.size == 0 || !item->is_active)
        return false;
    claim_reason(asking, item);
    return true;
}

static bool ask_event(struct asking *asking, enum truth_kind kind)
{
    const struct truth_item *item = draw(asking, kind), *last;

    if (item == NULL || (last = last_of(asking->truth, item, NULL)) == NULL)
        return false;
    name(asking, item->label);
    claim_event(asking, last);
    return true;
}

static bool ask_procedure(struct asking *asking)
{
    return ask_event(asking, TRUTH_PROCEDURE);
}

static bool ask_vaccine(struct asking *asking)
{
    return ask_event(asking, TRUTH_VACCINE);
}

static bool ask_why_procedure(struct asking *asking)
{
    const struct truth_item *item = draw(asking, TRUTH_PROCEDURE), *last;

    if (item == NULL || (last = last_of(asking->truth, item, NULL)) == NULL
        || last->reason.size == 0)
        return false;
    name(asking, item->label);
    claim_reason(asking, last);
    return true;
}

static bool ask_allergies(struct asking *asking)
{
    const struct truth *truth = asking->truth;
    unsigned i, count = 0;

    for (i = 0; i < truth->count; i++)
        count += truth->items[i].kind == TRUTH_ALLERGY;
    if (count == 0 || count > QUESTION_CLAIMS_MAX)
        return false;
    for (i = 0; i < truth->count; i++) {
        if (truth->items[i].kind != TRUTH_ALLERGY)
            continue;
        question_claim_open(&asking->question, "%.*s, active", SLICE_FORMAT(truth->items[i].label));
        prove(asking, &truth->items[i]);
        question_claim_close(&asking->question);
    }
    return true;
}

static bool ask_listed(struct asking *asking)
{
    struct view view;

    view_of_truth(asking->truth, &view);
    return question_listed(&asking->question, &view, true);
}

static bool (*const asks[QUESTION_KIND_COUNT])(struct asking *asking) = {
    [QUESTION_LATEST] = ask_latest,
    [QUESTION_TREND] = ask_trend,
    [QUESTION_PROBLEMS] = ask_problems,
    [QUESTION_MEDICATIONS] = ask_medications,
    [QUESTION_WHY_MEDICATION] = ask_why_drug,
    [QUESTION_MEDICATION_STATUS] = ask_status,
    [QUESTION_ALLERGIES] = ask_allergies,
    [QUESTION_PROCEDURE] = ask_procedure,
    [QUESTION_IMMUNIZATION] = ask_vaccine,
    [QUESTION_WHEN_CONDITION] = ask_condition,
    [QUESTION_WHEN_MEDICATION] = ask_start,
    [QUESTION_HAS_CONDITION] = ask_condition,
    [QUESTION_FIRST] = ask_first,
    [QUESTION_TARGET] = ask_judged,
    [QUESTION_STAGE] = ask_judged,
    [QUESTION_SERIES] = ask_series,
    [QUESTION_WHY_PROCEDURE] = ask_why_procedure,
    [QUESTION_INTERACTIONS] = ask_listed,
    [QUESTION_INTERACTION_WITH] = ask_listed,
    [QUESTION_INTERACTION_PAIR] = ask_listed,
    [QUESTION_RENAL] = ask_listed,
    [QUESTION_RENALS] = ask_listed,
    [QUESTION_SCREENING] = ask_listed,
    [QUESTION_SCREENINGS] = ask_listed,
};

/* ---- what it does not hold ---- */

static bool ask_absent_lab(struct asking *asking)
{
    enum lab lab = chance_below(asking->question.chance, LAB_TRAINED_COUNT);
    unsigned i;

    for (i = 0; i < asking->truth->count; i++)
        if (asking->truth->items[i].lab == lab)
            return false;
    question_subject_in_sentence(&asking->question, lab_kinds[lab].label);
    return lab < LAB_EJECTION_FRACTION
           && !may_hold(asking->truth, TRUTH_MEASURED, lab_kinds[lab].label);
}

static bool ask_absent_drug(struct asking *asking)
{
    const char *drug =
        drug_kinds[1 + chance_below(asking->question.chance, DRUG_TRAINED_COUNT - 1)].generic;

    question_subject(&asking->question, drug);
    return !may_hold(asking->truth, TRUTH_DRUG, drug);
}

static bool ask_absent_condition(struct asking *asking)
{
    const struct disease_kind *kind =
        &disease_kinds[chance_below(asking->question.chance, DISEASE_TRAINED_COUNT)];

    question_subject_in_sentence(&asking->question, kind->name);
    return !may_hold(asking->truth, TRUTH_CONDITION, kind->name)
           && !may_hold(asking->truth, TRUTH_CONDITION, kind->display)
           && !may_hold(asking->truth, TRUTH_CONDITION, kind->lay);
}

static bool ask_absent_vaccine(struct asking *asking)
{
    const struct vaccine_kind *kind =
        &vaccine_kinds[chance_below(asking->question.chance, VACCINE_COUNT)];
    unsigned i;

    question_subject_in_sentence(&asking->question, kind->label);
    for (i = 0; i < asking->truth->count; i++)
        if (asking->truth->items[i].kind == TRUTH_VACCINE)
            return false;
    return true;
}

static bool ask_absent_listed(struct asking *asking)
{
    struct view view;

    view_of_truth(asking->truth, &view);
    return question_listed(&asking->question, &view, false);
}

static const struct {
    enum question_kind kind;
    bool (*ask)(struct asking *asking);
} absent[] = {
    { QUESTION_LATEST, ask_absent_lab },
    { QUESTION_TREND, ask_absent_lab },
    { QUESTION_FIRST, ask_absent_lab },
    { QUESTION_WHY_MEDICATION, ask_absent_drug },
    { QUESTION_MEDICATION_STATUS, ask_absent_drug },
    { QUESTION_WHEN_MEDICATION, ask_absent_drug },
    { QUESTION_HAS_CONDITION, ask_absent_condition },
    { QUESTION_WHEN_CONDITION, ask_absent_condition },
    { QUESTION_IMMUNIZATION, ask_absent_vaccine },
    { QUESTION_INTERACTION_PAIR, ask_absent_listed },
    { QUESTION_RENAL, ask_absent_listed },
    { QUESTION_SCREENING, ask_absent_listed },
};

/* ---- all ---- */

static bool ask_one(struct asking *asking, bool is_answerable)
{
    struct question *question = &asking->question;

    if (is_answerable) {
        question->kind = question_draw_kind(question->chance);
        return asks[question->kind] != NULL && asks[question->kind](asking);
    }
    for (unsigned i = 0; i < DRAWS; i++) {
        unsigned at = chance_below(question->chance, sizeof(absent) / sizeof(absent[0]));

        question->kind = absent[at].kind;
        if (absent[at].ask(asking))
            return question->claim_count > 0 || question_decline(question);
    }
    return false;
}

static void write_one(const struct truth *truth, struct chance *chance, const char *file,
                      struct buffer *out)
{
    const struct question_about about = { file, truth->patient, truth->is_female };
    bool is_answerable = !chance_happens(chance, QUESTION_UNANSWERABLE_SHARE);

    for (int i = 0; i < TRIES_PER_QUESTION * 4; i++) {
        struct asking asking = { .truth = truth, .question = { .chance = chance } };

        buffer_init(&asking.question.claims, truth->arena);
        if (!ask_one(&asking, is_answerable))
            continue;
        question_write_line(&asking.question, &about, is_answerable, truth->arena, out);
        return;
    }
}

void truth_write_questions(const struct truth *truth, struct chance *chance, const char *file,
                           unsigned count, struct buffer *out)
{
    while (count-- > 0)
        write_one(truth, chance, file, out);
}
