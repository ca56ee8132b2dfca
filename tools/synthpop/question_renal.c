/* Questions about drugs and kidneys: of one drug, of all that is taken. Limits are those of labels
 * and of KDIGO (see services/context/context_renal.h for the sources). */
#include <ctype.h>

#include "question_view.h"

#include "calendar.h"

struct limit {
    const char *drug;
    double below, more_below; /* the second is milder; 0: there is none */
    const char *text, *more_text;
};

#define KDIGO(drug)                                                                                \
    {                                                                                              \
        drug, 30, 60, "avoided below 30 (KDIGO)", "prolonged use avoided below 60 (KDIGO)"         \
    }
#define LESS(drug, below)                                                                          \
    {                                                                                              \
        drug, below, 0, "dose reduced below " #below " (FDA)", NULL                                \
    }

/* A limit that is reached at a number, too, is one below the next: rates are whole numbers. */
/* clang-format off */
static const struct limit limits[] = {
    { "metformin", 30, 45, "contraindicated below 30 (FDA)", "start not recommended below 45 (FDA)" },
    { "empagliflozin", 30, 0, "not recommended for glucose control below 30 (FDA)", NULL },
    KDIGO("ibuprofen"), KDIGO("naproxen"), KDIGO("celecoxib"), KDIGO("meloxicam"),
    LESS("gabapentin", 60), LESS("topiramate", 70), LESS("allopurinol", 20), LESS("colchicine", 30),
    LESS("amoxicillin", 30), LESS("cephalexin", 30), LESS("cetirizine", 31), LESS("enoxaparin", 30), LESS("levofloxacin", 50), LESS("ciprofloxacin", 30),
    { "nitrofurantoin", 60, 0, "contraindicated below 60 (FDA)", NULL },
    { "spironolactone", 51, 0, "lower starting dose at 50 or below (FDA)", NULL },
    { "lisinopril", 31, 0, "starting dose halved at 30 or below (FDA)", NULL },
    { "alendronate", 35, 0, "not recommended below 35 (FDA)", NULL },
};

/* Of what it does matter, but for which no label draws such a line: not to be answered. */
static const char *const unlisted[] = {
    "warfarin", "apixaban", "levothyroxine", "atorvastatin", "amlodipine", "omeprazole", "sertraline", "albuterol", "metoprolol", "clopidogrel",
};
/* clang-format on */

#define LIMITS (sizeof(limits) / sizeof(limits[0]))

static const char *reached(const struct limit *limit, double rate)
{
    return rate < limit->below ? limit->text : rate < limit->more_below ? limit->more_text : NULL;
}

/* A rate between two whole numbers may be above a limit that is reached at the lower one. */
static bool is_clear(double rate)
{
    return rate - (double)(int)rate == 0;
}

static void claim_drug(struct question *question, const struct view *view,
                       const struct limit *limit)
{
    const char *text = reached(limit, view->rate);
    const struct view_drug *drug = view_find_drug(view, limit->drug);
    char date[CALENDAR_TEXT_BYTES];

    question_claim_open(question, "%c%s, with eGFR %.*s on %s: %s",
                        toupper((unsigned char)limit->drug[0]), limit->drug + 1,
                        SLICE_FORMAT(view->rate_text), calendar_format(view->rate_day, date),
                        text == NULL ? "no listed renal limit reached" : text);
    if (drug != NULL)
        question_claim_prove_by(question, drug->reference);
    question_claim_prove_by(question, view->rate_reference);
    question_claim_close(question);
}

static bool ask_one(struct question *question, const struct view *view, bool is_answerable)
{
    const struct limit *limit = &limits[chance_below(question->chance, LIMITS)];
    bool is_listed = is_answerable || (!view->has_rate && view->rate_text.size == 0);
    const char *drug = is_listed ? limit->drug : CHANCE_PICK(question->chance, unlisted);

    if (is_answerable && (!view->has_rate || !is_clear(view->rate)))
        return false;
    /* Mostly of what is on record. */
    if (view_find_drug(view, drug) == NULL && !chance_happens(question->chance, 0.1))
        return false;
    question_subject(question, drug);
    if (!is_answerable)
        return question_decline(question);
    claim_drug(question, view, limit);
    return true;
}

static bool ask_all(struct question *question, const struct view *view, bool is_answerable)
{
    unsigned listed = 0;
    char date[CALENDAR_TEXT_BYTES];

    if (!is_answerable)
        return view->rate_text.size == 0 ? question_decline(question) : false;
    if (!view->has_rate || !is_clear(view->rate) || view->is_crowded)
        return false;
    for (size_t i = 0; i < LIMITS; i++) {
        const struct view_drug *drug = view_find_drug(view, limits[i].drug);

        if (drug == NULL || !drug->is_active)
            continue;
        listed++;
        if (reached(&limits[i], view->rate) != NULL)
            claim_drug(question, view, &limits[i]);
    }
    if (listed == 0 || question->claim_count > 0)
        return listed > 0 && question->claim_count <= QUESTION_CLAIMS_MAX;
    question_claim_open(question, "No listed renal limit is reached, with eGFR %.*s on %s",
                        SLICE_FORMAT(view->rate_text), calendar_format(view->rate_day, date));
    for (size_t i = 0; i < LIMITS; i++) {
        const struct view_drug *drug = view_find_drug(view, limits[i].drug);

        if (drug != NULL && drug->is_active)
            question_claim_prove_by(question, drug->reference);
    }
    question_claim_prove_by(question, view->rate_reference);
    question_claim_close(question);
    return true;
}

bool question_renal(struct question *question, const struct view *view, bool is_answerable)
{
    return question->kind == QUESTION_RENAL ? ask_one(question, view, is_answerable)
                                            : ask_all(question, view, is_answerable);
}
