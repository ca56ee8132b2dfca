/* The text of a question: a verb, then words, of which some say what follows them. Its parts may
 * also come by themselves, over the mesh. */
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

static enum status take_date(struct slice *text, const char *before, struct slice *date,
                             struct error *err)
{
    struct fhir_date ignored;

    if (!take_word(text, date) || !fhir_date_parse(*date, &ignored))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%s: no ISO date follows (2019, 2019-03 or 2019-03-04)", before);
    return STATUS_OK;
}

static enum status take_verb(struct slice *text, struct timeline_parts *parts, struct error *err)
{
    struct slice word;

    take_word(text, &word);
    for (int i = 0; timeline_verb_names[i] != NULL; i++)
        if (slice_is(word, timeline_verb_names[i])) {
            parts->verb = (enum timeline_verb)i;
            return STATUS_OK;
        }
    return error_set(err, STATUS_INVALID_ARGUMENT,
                     "a question begins with latest, first, trend, active, count or between");
}

/* A word that says what follows; false: it is none, or not with this verb. */
static bool take_option(struct slice word, struct slice *text, struct timeline_parts *parts,
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
        struct slice date;

        if (!slice_is(word, options[i].word) || (options[i].verbs >> parts->verb & 1) == 0)
            continue;
        if (take_date(text, options[i].word, &date, err) != STATUS_OK)
            return true;
        if (options[i].sets_from)
            parts->from = date;
        if (options[i].sets_to)
            parts->to = date;
        return true;
    }
    if (!slice_is(word, "in") || parts->verb == TIMELINE_ACTIVE)
        return false;
    if (!take_word(text, &parts->unit))
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

static enum status read_date(struct slice text, const char *name, struct fhir_date *date,
                             struct error *err)
{
    *date = (struct fhir_date){ 0 };
    if (text.size > 0 && !fhir_date_parse(text, date))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%s: not an ISO date (2019, 2019-03 or 2019-03-04)", name);
    return STATUS_OK;
}

static bool is_given(const struct fhir_date *date)
{
    return date->precision != FHIR_PRECISION_NONE;
}

static enum status check_dates(const struct timeline_question *question, struct error *err)
{
    bool has_from = is_given(&question->from), has_to = is_given(&question->to);

    if (question->verb == TIMELINE_BETWEEN && !(has_from && has_to))
        return error_set(err, STATUS_INVALID_ARGUMENT, "between needs two dates");
    if (question->verb == TIMELINE_ACTIVE && has_from != has_to)
        return error_set(err, STATUS_INVALID_ARGUMENT, "active needs two dates, or none");
    if (is_after(&question->from, &question->to))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the first date is after the second");
    return STATUS_OK;
}

enum status timeline_parts_parse(struct slice text, struct timeline_parts *parts, struct error *err)
{
    struct slice word;

    *parts = (struct timeline_parts){ 0 };
    error_clear(err);
    if (take_verb(&text, parts, err) != STATUS_OK)
        return err->status;
    if (parts->verb == TIMELINE_BETWEEN
        && (take_date(&text, "between", &parts->from, err) != STATUS_OK
            || take_date(&text, "between", &parts->to, err) != STATUS_OK))
        return err->status;
    while (err->status == STATUS_OK && take_word(&text, &word))
        if (!take_option(word, &text, parts, err))
            parts->what = parts->what.size == 0
                              ? word
                              : slice_of(parts->what.data,
                                         (size_t)(word.data + word.size - parts->what.data));
    return err->status;
}

enum status timeline_question_make(const struct timeline_parts *parts,
                                   struct timeline_question *question, struct error *err)
{
    *question = (struct timeline_question){ .verb = parts->verb, .unit = parts->unit };
    if (read_date(parts->from, "from", &question->from, err) != STATUS_OK
        || read_date(parts->to, "to", &question->to, err) != STATUS_OK
        || check_dates(question, err) != STATUS_OK)
        return err->status;
    if (parts->what.size == 0 && question->verb != TIMELINE_ACTIVE
        && question->verb != TIMELINE_BETWEEN)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s of what? A code, a kind, words, or all",
                         timeline_verb_names[question->verb]);
    read_what(slice_trim(parts->what), question);
    return STATUS_OK;
}

enum status timeline_question_parse(struct slice text, struct timeline_question *question,
                                    struct error *err)
{
    struct timeline_parts parts;
    enum status status = timeline_parts_parse(text, &parts, err);

    return status == STATUS_OK ? timeline_question_make(&parts, question, err) : status;
}
