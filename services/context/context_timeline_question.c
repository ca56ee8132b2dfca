/* The text of a question: a verb, then words, of which some say what follows them. */
#include "context_timeline_ask.h"

const char *const timeline_verb_names[] = { "latest", "first",   "trend", "active",
                                            "count",  "between", NULL };

static const struct {
    const char *word;
    enum fact_kind kind;
} kind_words[] = {
    { "conditions", FACT_CONDITION },
    { "condition", FACT_CONDITION },
    { "problems", FACT_CONDITION },
    { "medications", FACT_MEDICATION },
    { "medication", FACT_MEDICATION },
    { "allergies", FACT_ALLERGY },
    { "allergy", FACT_ALLERGY },
    { "observations", FACT_OBSERVATION },
    { "observation", FACT_OBSERVATION },
    { "procedures", FACT_PROCEDURE },
    { "procedure", FACT_PROCEDURE },
    { "immunizations", FACT_IMMUNIZATION },
    { "immunization", FACT_IMMUNIZATION },
    { "encounters", FACT_ENCOUNTER },
    { "encounter", FACT_ENCOUNTER },
    { "reports", FACT_REPORT },
    { "report", FACT_REPORT },
    { "notes", FACT_NOTE },
    { "note", FACT_NOTE },
    { "care-plans", FACT_CARE_PLAN },
    { "devices", FACT_DEVICE },
    { "device", FACT_DEVICE },
    { "imaging", FACT_IMAGING },
    { "other", FACT_OTHER },
};

static bool take_word(struct slice *text, struct slice *word)
{
    size_t end;

    *text = slice_trim(*text);
    end = slice_find_byte(*text, ' ');
    *word = slice_cut(*text, 0, end);
    *text = slice_cut(*text, end, text->size);
    return word->size > 0;
}

static enum status take_date(struct slice *text, const char *before, struct fhir_date *date,
                             struct error *err)
{
    struct slice word;

    if (!take_word(text, &word) || !fhir_date_parse(word, date))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%s: no ISO date follows (2019, 2019-03 or 2019-03-04)", before);
    return STATUS_OK;
}

static enum status take_verb(struct slice *text, struct timeline_question *question,
                             struct error *err)
{
    struct slice word;

    take_word(text, &word);
    for (int i = 0; timeline_verb_names[i] != NULL; i++)
        if (slice_is(word, timeline_verb_names[i])) {
            question->verb = (enum timeline_verb)i;
            return STATUS_OK;
        }
    return error_set(err, STATUS_INVALID_ARGUMENT,
                     "a question begins with latest, first, trend, active, count or between");
}

/* A word that says what follows; false: it is none, or not with this verb. */
static bool take_option(struct slice word, struct slice *text, struct timeline_question *question,
                        struct error *err)
{
    static const struct {
        const char *word;
        unsigned verbs; /* with which it goes */
        bool sets_from, sets_to;
    } options[] = {
        { "as-of", 1u << TIMELINE_LATEST, false, true },
        { "since", 1u << TIMELINE_FIRST, true, false },
        { "at", 1u << TIMELINE_ACTIVE, true, true },
        { "from", 1u << TIMELINE_TREND | 1u << TIMELINE_COUNT, true, false },
        { "to", 1u << TIMELINE_TREND | 1u << TIMELINE_COUNT, false, true },
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct fhir_date date;

        if (!slice_is(word, options[i].word) || (options[i].verbs >> question->verb & 1) == 0)
            continue;
        if (take_date(text, options[i].word, &date, err) != STATUS_OK)
            return true;
        if (options[i].sets_from)
            question->from = date;
        if (options[i].sets_to)
            question->to = date;
        return true;
    }
    if (!slice_is(word, "in") || question->verb == TIMELINE_ACTIVE)
        return false;
    if (!take_word(text, &question->unit))
        error_set(err, STATUS_INVALID_ARGUMENT, "in: no unit follows");
    return true;
}

static bool has_digit(struct slice word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] >= '0' && word.data[i] <= '9')
            return true;
    return false;
}

/* A kind, a code, or words of a name. */
static void read_what(struct slice what, struct timeline_question *question)
{
    size_t bar = slice_find_byte(what, '|');

    if (what.size == 0 || slice_is(what, "all"))
        return;
    for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
        if (slice_is(what, kind_words[i].word)) {
            question->kinds = 1u << kind_words[i].kind;
            return;
        }
    if (slice_find_byte(what, ' ') < what.size || (bar == what.size && !has_digit(what))) {
        question->words = what;
        return;
    }
    if (bar < what.size)
        question->system = slice_cut(what, 0, bar);
    question->code = bar < what.size ? slice_cut(what, bar + 1, what.size) : what;
}

static bool is_after(const struct fhir_date *a, const struct fhir_date *b)
{
    return a->precision != FHIR_PRECISION_NONE && b->precision != FHIR_PRECISION_NONE
           && a->seconds > b->seconds;
}

enum status timeline_question_parse(struct slice text, struct timeline_question *question,
                                    struct error *err)
{
    struct slice word, what = { NULL, 0 };

    *question = (struct timeline_question){ 0 };
    error_clear(err);
    if (take_verb(&text, question, err) != STATUS_OK)
        return err->status;
    if (question->verb == TIMELINE_BETWEEN
        && (take_date(&text, "between", &question->from, err) != STATUS_OK
            || take_date(&text, "between", &question->to, err) != STATUS_OK))
        return err->status;
    while (err->status == STATUS_OK && take_word(&text, &word))
        if (!take_option(word, &text, question, err))
            what = what.size == 0
                       ? word
                       : slice_of(what.data, (size_t)(word.data + word.size - what.data));
    if (err->status != STATUS_OK)
        return err->status;
    if (is_after(&question->from, &question->to))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the first date is after the second");
    if (what.size == 0 && question->verb != TIMELINE_ACTIVE && question->verb != TIMELINE_BETWEEN)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s of what? A code, a kind, words, or all",
                         timeline_verb_names[question->verb]);
    read_what(what, question);
    return STATUS_OK;
}
