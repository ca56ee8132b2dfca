/* Questions about drugs that harm together: of all that is taken, of one with the rest, of two. The
 * pairs are those that labels name (see services/context/context_interaction.h for the sources). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "question_view.h"

#define PAIR_TRIES 40

struct pair {
    const char *a, *b, *effect;
};

/* The first that applies is told. */
/* clang-format off */
static const struct pair pairs[] = {
    { "amiodarone", "azithromycin", "QT prolongation" }, { "amiodarone", "levofloxacin", "QT prolongation" }, { "amiodarone", "ciprofloxacin", "QT prolongation" },
    { "azithromycin", "ciprofloxacin", "QT prolongation" }, { "azithromycin", "levofloxacin", "QT prolongation" }, { "ciprofloxacin", "levofloxacin", "QT prolongation" },
    { "warfarin", "amiodarone", "raised INR" },
    { "warfarin", "ibuprofen", "bleeding" }, { "warfarin", "naproxen", "bleeding" }, { "warfarin", "aspirin", "bleeding" }, { "warfarin", "clopidogrel", "bleeding" },
    { "warfarin", "sertraline", "bleeding" }, { "warfarin", "fluoxetine", "bleeding" }, { "warfarin", "prasugrel", "bleeding" }, { "warfarin", "celecoxib", "bleeding" },
    { "apixaban", "ibuprofen", "bleeding" }, { "apixaban", "naproxen", "bleeding" }, { "apixaban", "aspirin", "bleeding" }, { "apixaban", "clopidogrel", "bleeding" },
    { "apixaban", "sertraline", "bleeding" }, { "apixaban", "fluoxetine", "bleeding" }, { "enoxaparin", "aspirin", "bleeding" }, { "enoxaparin", "clopidogrel", "bleeding" },
    { "enoxaparin", "ibuprofen", "bleeding" }, { "enoxaparin", "naproxen", "bleeding" }, { "heparin", "aspirin", "bleeding" }, { "heparin", "clopidogrel", "bleeding" },
    { "heparin", "ibuprofen", "bleeding" }, { "heparin", "naproxen", "bleeding" }, { "heparin", "prasugrel", "bleeding" },
    { "clopidogrel", "omeprazole", "less antiplatelet effect" },
    { "aspirin", "ibuprofen", "less antiplatelet effect" }, { "aspirin", "naproxen", "bleeding" }, { "aspirin", "clopidogrel", "bleeding" }, { "aspirin", "prasugrel", "bleeding" },
    { "aspirin", "sertraline", "bleeding" }, { "aspirin", "fluoxetine", "bleeding" }, { "clopidogrel", "sertraline", "bleeding" }, { "clopidogrel", "fluoxetine", "bleeding" },
    { "clopidogrel", "ibuprofen", "bleeding" }, { "clopidogrel", "naproxen", "bleeding" }, { "clopidogrel", "prasugrel", "bleeding" },
    { "sertraline", "ibuprofen", "bleeding" }, { "sertraline", "naproxen", "bleeding" }, { "fluoxetine", "ibuprofen", "bleeding" }, { "fluoxetine", "naproxen", "bleeding" },
    { "sertraline", "sumatriptan", "serotonin syndrome" }, { "fluoxetine", "sumatriptan", "serotonin syndrome" },
    { "simvastatin", "amlodipine", "muscle injury" }, { "simvastatin", "amiodarone", "muscle injury" }, { "simvastatin", "verapamil", "muscle injury" },
    { "colchicine", "simvastatin", "muscle injury" }, { "colchicine", "atorvastatin", "muscle injury" },
    { "digoxin", "amiodarone", "raised digoxin level" }, { "digoxin", "verapamil", "raised digoxin level" },
    { "digoxin", "furosemide", "digoxin toxicity with low potassium" }, { "digoxin", "hydrochlorothiazide", "digoxin toxicity with low potassium" },
    { "lisinopril", "spironolactone", "high potassium" }, { "losartan", "spironolactone", "high potassium" }, { "lisinopril", "losartan", "high potassium and kidney injury" },
    { "lisinopril", "ibuprofen", "kidney injury" }, { "lisinopril", "naproxen", "kidney injury" }, { "losartan", "ibuprofen", "kidney injury" }, { "losartan", "naproxen", "kidney injury" },
    { "furosemide", "ibuprofen", "less diuretic effect" }, { "furosemide", "naproxen", "less diuretic effect" },
    { "hydrochlorothiazide", "ibuprofen", "less diuretic effect" }, { "hydrochlorothiazide", "naproxen", "less diuretic effect" },
    { "methotrexate", "ibuprofen", "methotrexate toxicity" }, { "methotrexate", "naproxen", "methotrexate toxicity" },
    { "amiodarone", "metoprolol", "slow heart rate" }, { "amiodarone", "carvedilol", "slow heart rate" }, { "verapamil", "metoprolol", "slow heart rate" },
    { "metoprolol", "fluoxetine", "raised metoprolol level" },
    { "oxycodone", "gabapentin", "slowed breathing" }, { "oxycodone", "diazepam", "slowed breathing" }, { "oxycodone", "lorazepam", "slowed breathing" },
    { "oxycodone", "midazolam", "slowed breathing" }, { "oxycodone", "alprazolam", "slowed breathing" }, { "hydrocodone", "diazepam", "slowed breathing" },
    { "levothyroxine", "ferrous sulfate", "less levothyroxine absorbed" }, { "doxycycline", "ferrous sulfate", "less antibiotic absorbed" },
    { "ciprofloxacin", "ferrous sulfate", "less antibiotic absorbed" }, { "levofloxacin", "ferrous sulfate", "less antibiotic absorbed" },
    { "celecoxib", "apixaban", "bleeding" }, { "celecoxib", "aspirin", "bleeding" }, { "celecoxib", "clopidogrel", "bleeding" }, { "celecoxib", "prasugrel", "bleeding" },
    { "celecoxib", "sertraline", "bleeding" }, { "celecoxib", "fluoxetine", "bleeding" }, { "celecoxib", "enoxaparin", "bleeding" }, { "celecoxib", "heparin", "bleeding" },
    { "celecoxib", "lisinopril", "kidney injury" }, { "celecoxib", "losartan", "kidney injury" }, { "celecoxib", "furosemide", "less diuretic effect" },
    { "celecoxib", "hydrochlorothiazide", "less diuretic effect" }, { "celecoxib", "methotrexate", "methotrexate toxicity" },
    { "prasugrel", "ibuprofen", "bleeding" }, { "prasugrel", "naproxen", "bleeding" }, { "prasugrel", "sertraline", "bleeding" }, { "prasugrel", "fluoxetine", "bleeding" },
};
/* clang-format on */

#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* ---- claims ---- */

static void prove_drug(struct question *question, const struct view_drug *drug)
{
    if (drug != NULL)
        question_claim_prove_by(question, drug->reference);
}

/* The name that stands first in the alphabet begins the sentence. */
static void claim_pair(struct question *question, const struct view *view, const struct pair *pair)
{
    bool is_turned = strcmp(pair->a, pair->b) > 0;
    const char *first = is_turned ? pair->b : pair->a, *second = is_turned ? pair->a : pair->b;

    question_claim_open(question, "%c%s and %s interact: %s", toupper((unsigned char)first[0]),
                        first + 1, second, pair->effect);
    prove_drug(question, view_find_drug(view, first));
    prove_drug(question, view_find_drug(view, second));
    question_claim_close(question);
}

/* The place of the pair of what @a and @b are; PAIRS: none. */
static size_t find_pair(struct slice a, struct slice b)
{
    size_t i;

    for (i = 0; i < PAIRS; i++)
        if ((view_is_drug(a, pairs[i].a) && view_is_drug(b, pairs[i].b))
            || (view_is_drug(a, pairs[i].b) && view_is_drug(b, pairs[i].a)))
            break;
    return i;
}

/* Whether two names have a word in common, as two strengths of one drug have: which of them is the
 * newest is not asked. */
static bool share_a_word(struct slice a, struct slice b)
{
    for (size_t at = 0; at < a.size;) {
        size_t end = at;
        char word[32];

        while (end < a.size && isalpha((unsigned char)a.data[end]))
            end++;
        if (end - at >= 5 && end - at < sizeof(word)) {
            memcpy(word, a.data + at, end - at);
            word[end - at] = '\0';
            if (strcmp(word, "Tablet") != 0 && strcmp(word, "Capsule") != 0
                && strcmp(word, "Release") != 0 && strcmp(word, "Hydrochloride") != 0
                && view_is_drug(b, word))
                return true;
        }
        at = end + 1;
    }
    return false;
}

static bool has_twins(const struct view *view)
{
    for (unsigned i = 0; i < view->drug_count; i++)
        for (unsigned j = 0; j < i; j++)
            if (view->drugs[i].is_active && view->drugs[j].is_active
                && share_a_word(view->drugs[i].name, view->drugs[j].name))
                return true;
    return view->is_crowded;
}

static unsigned count_active(const struct view *view)
{
    unsigned count = 0;

    for (unsigned i = 0; i < view->drug_count; i++)
        count += view->drugs[i].is_active;
    return count;
}

/* ---- all that is taken ---- */

static bool ask_all(struct question *question, const struct view *view, bool is_answerable)
{
    if (!is_answerable)
        return count_active(view) < 2 ? question_decline(question) : false;
    if (count_active(view) < 2 || has_twins(view))
        return false;
    for (unsigned i = 0; i < view->drug_count; i++)
        for (unsigned j = 0; j < i; j++) {
            size_t at = view->drugs[i].is_active && view->drugs[j].is_active
                            ? find_pair(view->drugs[i].name, view->drugs[j].name)
                            : PAIRS;

            if (at < PAIRS && question->claim_count++ < QUESTION_CLAIMS_MAX) {
                question->claim_count--;
                claim_pair(question, view, &pairs[at]);
            }
        }
    if (question->claim_count > 0)
        return question->claim_count <= QUESTION_CLAIMS_MAX;
    question_claim_open(question, "No listed interaction is found among the active medications");
    for (unsigned i = 0; i < view->drug_count; i++)
        if (view->drugs[i].is_active)
            prove_drug(question, &view->drugs[i]);
    question_claim_close(question);
    return true;
}

/* ---- one with the rest, and two ---- */

/* One of the list, in half of the draws one that is of a pair with what is on record. */
static const char *draw_drug(struct question *question, const struct view *view)
{
    const struct pair *pair = &pairs[chance_below(question->chance, PAIRS)];
    bool is_turned = chance_happens(question->chance, 0.5), is_wanted;
    const char *drug = is_turned ? pair->b : pair->a;

    is_wanted = chance_happens(question->chance, 0.5);
    for (unsigned i = 0; is_wanted && i < PAIR_TRIES; i++) {
        pair = &pairs[chance_below(question->chance, PAIRS)];
        if (view_find_drug(view, is_turned ? pair->a : pair->b) != NULL)
            return is_turned ? pair->b : pair->a;
    }
    return drug;
}

static bool ask_one(struct question *question, const struct view *view, bool is_answerable)
{
    const char *drug = draw_drug(question, view);
    const struct view_drug *own = view_find_drug(view, drug);
    unsigned others = 0;

    if (has_twins(view))
        return false;
    question_subject(question, drug);
    for (unsigned i = 0; i < view->drug_count; i++)
        others += view->drugs[i].is_active && &view->drugs[i] != own;
    if ((others > 0) != is_answerable)
        return false;
    if (!is_answerable)
        return question_decline(question);
    for (unsigned i = 0; i < view->drug_count; i++) {
        size_t at = view->drugs[i].is_active && &view->drugs[i] != own
                        ? find_pair(view->drugs[i].name, slice_from(drug))
                        : PAIRS;

        if (at < PAIRS)
            claim_pair(question, view, &pairs[at]);
    }
    if (question->claim_count > 0)
        return question->claim_count <= QUESTION_CLAIMS_MAX;
    question_claim_open(question,
                        "No listed interaction of %s is found among the active medications", drug);
    prove_drug(question, own);
    for (unsigned i = 0; i < view->drug_count; i++)
        if (view->drugs[i].is_active && &view->drugs[i] != own)
            prove_drug(question, &view->drugs[i]);
    question_claim_close(question);
    return true;
}

static bool ask_two(struct question *question, const struct view *view, bool is_answerable)
{
    const char *a = draw_drug(question, view), *b = draw_drug(question, view);
    size_t at = find_pair(slice_from(a), slice_from(b));
    char both[SUBJECT_BYTES];
    bool is_turned = strcmp(a, b) > 0,
         is_held = view_find_drug(view, a) != NULL || view_find_drug(view, b) != NULL;

    if (strcmp(a, b) == 0 || is_held != is_answerable || has_twins(view))
        return false;
    snprintf(both, sizeof(both), "%s and %s", a, b);
    question_subject(question, both);
    if (!is_answerable)
        return question_decline(question);
    if (at < PAIRS) {
        claim_pair(question, view, &pairs[at]);
        return true;
    }
    question_claim_open(question, "No listed interaction of %s and %s is found", is_turned ? b : a,
                        is_turned ? a : b);
    prove_drug(question, view_find_drug(view, is_turned ? b : a));
    prove_drug(question, view_find_drug(view, is_turned ? a : b));
    question_claim_close(question);
    return true;
}

bool question_interaction(struct question *question, const struct view *view, bool is_answerable)
{
    switch (question->kind) {
    case QUESTION_INTERACTIONS:
        return ask_all(question, view, is_answerable);
    case QUESTION_INTERACTION_WITH:
        return ask_one(question, view, is_answerable);
    default:
        return ask_two(question, view, is_answerable);
    }
}
