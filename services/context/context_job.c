/* words → what is wanted → which of the sorts, the first that fits → its lines, by date. */
#include "context_job_parts.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

#include "context_phrase.h"
#include "context_words.h"

/* A name of less is a word like another. */
#define NAME_BYTES_MIN 4

static struct phrases *phrases;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* clang-format off */
static const struct {
    unsigned want;
    const char *text;
} words[] = {
    { JOB_WANT_HAPPENED,
      "happen|happened|happening|happens|went on|going on|take place|took place|taken place|occur|occurred|event|timeline|time line|chronology|chronological|chronologically|"
      "milestone|unfold|unfolded|was new|what's new|go through|went through|walk through|walk me through|take me through|development|come to pass|course of events|sequence of events|step by step|what came|"
      "date by date|year in review|how did the year go|what was going" },
    { JOB_WANT_WHEN,
      "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|year|month|week|day" },
    { JOB_WANT_COURSE,
      "timeline|time line|chronology|chronological|chronologically|milestone|sequence of|unfold|unfolded|step by step|when did what|what came when|what happened when|"
      "one after another|one after the other|in the order|in order of|in the course of|over the course of|course of events|date by date|in what order|dates of everything|what came first|play out|played out|event|course of" },
    { JOB_WANT_WHY,
      "why|reason|because|what made|how come|led to|lead to|leading to|cause|caused|brought about|bring about|prompted|prompt|grounds|on account of|behind|trigger|triggered|"
      "what for|brought her|brought him|brought the patient|bring her|bring him|bring the patient|required|necessitated|occasioned|explain|explains|motive|rationale" },
    { JOB_WANT_STOPPED,
      "stop|stopped|stopping|discontinue|discontinued|discontinuing|discontinuation|withdraw|withdrawn|withdrew|withdrawal|taken off|took off|take off|come off|came off|coming off|"
      "quit|halt|halted|cease|ceased|end|ended|ending|given up|gave up|drop|dropped|cancelled|canceled|abandoned|break off|broke off|broken off|suspended|not continued|no longer" },
    { JOB_WANT_VISIT, "visit|encounter|come in|came in|seen|appointment|emergency|admission|admit|admitted|hospital*|consultation" },
    { JOB_WANT_EFFECT,
      "followed|follow|follows|follow from|consequence|side effect|adverse effect|resulted|result from|result of|aftermath|outcome of|come of|came of|bring about|brought about|lead to|"
      "sequel|sequela*|upshot|cause|caused|do to|did to|entail|entailed|repercussion|effect of|effects of" },
    { JOB_WANT_AFTER, "after|once|since|when|following|upon" },
    { JOB_WANT_BEGUN, "begun|began|begin|beginning|start|started|starting|initiated|introduced|introduction|introducing|initiation|put on|commenced|taken up|prescribed|given" },
    { JOB_WANT_DONE_FOR,
      "because of|on account of|done about|done for|undertaken for|undertaken because|as a result of|in consequence|consequence|followed from|follow from|come of|came of|lead to|"
      "in response to|response to|prompt|prompted|trigger|triggered|entail|entailed|bring about|set in motion|result in|resulted from|owing to|action" },
    { JOB_WANT_EXPLAIN,
      "explain|explains|explained|explaining|explanation|differential|point to|points to|pointing to|point towards|fit|fits|fitting|suggest|suggests|suggestive|consistent with|compatible with|"
      "account for|accounts for|indicate|indicates|indicative|could cause|may cause|might cause|what causes|cause of|causing|behind|speak for|speaks for|hint at|hints at|add up to|underlying|"
      "underlie|underlies|responsible for|possible cause|reason for|match|matches|reveal|reveals|stand for|stands for|make sense of" },
    { JOB_WANT_FINDINGS,
      "finding|lab|labs|laboratory|value|blood work|bloodwork|blood test|test|result|number|blood count|low|high|abnormal|raised|elevated|reduced|decreased|increased|panel|chemistry" },
};
/* clang-format on */

static void build(void)
{
    phrases = phrases_create();
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        phrases_add(phrases, words[i].text, words[i].want);
}

/* ---- names ---- */

static bool stands_in(struct slice text, struct slice name)
{
    for (size_t at = 0; at + name.size <= text.size; at++)
        if ((at == 0 || !isalnum((unsigned char)text.data[at - 1]))
            && (at + name.size == text.size || !isalnum((unsigned char)text.data[at + name.size]))
            && slice_equal_fold(slice_cut(text, at, at + name.size), name))
            return true;
    return false;
}

static void add_condition(struct job_reading *reading, struct slice name)
{
    if (reading->conditions_count < JOB_CONDITIONS_MAX)
        reading->conditions[reading->conditions_count++] = name;
}

/* The longest name of a condition of the record that the question says in full, else those that
 * bear on it. */
static void find_conditions(struct job_reading *reading)
{
    const struct period always = { 0 };
    struct slice called = { NULL, 0 };

    for (size_t i = 0; i < reading->courses->count; i++) {
        const struct course *course = &reading->courses->items[i];

        if (course->kind != FACT_CONDITION)
            continue;
        if (course->label.size >= NAME_BYTES_MIN && course->label.size > called.size
            && stands_in(reading->question, course->label))
            called = course->label;
        if (reading->asked.has_things
            && ask_bears(&reading->asked, reading->record, course, &always))
            add_condition(reading, course->label);
    }
    reading->is_called = called.size > 0;
    if (!reading->is_called)
        return;
    reading->conditions_count = 0;
    add_condition(reading, called);
}

static bool has_condition(const struct job_reading *reading, struct slice name)
{
    for (uint32_t i = 0; i < reading->conditions_count; i++)
        if (slice_equal_fold(reading->conditions[i], name))
            return true;
    return false;
}

/* The name of a drug in front of its strength. */
static struct slice name_of_drug(struct slice label)
{
    size_t size = 0;

    while (size < label.size && !isdigit((unsigned char)label.data[size]))
        size++;
    return slice_trim(slice_cut(label, 0, size));
}

bool job_names_drug(const struct job_reading *reading, struct slice text)
{
    struct slice name = name_of_drug(text);

    return job_names(reading, text, THING_ANY_DRUG)
           || (name.size >= NAME_BYTES_MIN && stands_in(reading->question, name));
}

static bool has_drug_called(const struct job_reading *reading)
{
    for (size_t i = 0; i < reading->courses->count; i++) {
        const struct course *course = &reading->courses->items[i];
        struct slice name = name_of_drug(course->label);

        if (course->kind == FACT_MEDICATION && name.size >= NAME_BYTES_MIN
            && stands_in(reading->question, name))
            return true;
    }
    return false;
}

bool job_names(const struct job_reading *reading, struct slice text, uint32_t kinds)
{
    struct thing_found found[THINGS_FOUND_MAX];
    uint32_t count = things_find(text, kinds, found, THINGS_FOUND_MAX), list_count;

    for (uint32_t i = 0; i < count; i++) {
        const uint16_t *list = thing_is(found[i].thing, &list_count);

        for (uint32_t j = 0; j < list_count; j++)
            if (things_has(&reading->asked.things, list[j])
                && (kinds >> thing_kind_of(list[j]) & 1))
                return true;
    }
    return false;
}

struct slice job_detail(const struct fact *fact, const char *word)
{
    struct slice detail = fact->detail, mark = slice_from(word);

    for (size_t at = 0; at + mark.size <= detail.size; at++)
        if ((at == 0 || (at > 1 && detail.data[at - 2] == ','))
            && memcmp(detail.data + at, mark.data, mark.size) == 0)
            return slice_cut(detail, at + mark.size, detail.size);
    return (struct slice){ NULL, 0 };
}

/* Of "Gout, because Nausea" the reason. */
static struct slice reason_of(const struct fact *fact)
{
    static const char *const ends[] = { ", because ", ", in place of ", ", note: ", ", intent " };
    struct slice reason = job_detail(fact, "for ");

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *at =
            reason.size == 0 ? NULL : memmem(reason.data, reason.size, ends[i], strlen(ends[i]));

        if (at != NULL)
            reason.size = (size_t)(at - reason.data);
    }
    return reason;
}

/* A reason that is none of the record's conditions may name what is asked about by itself. */
bool job_is_for(const struct job_reading *reading, const struct fact *fact)
{
    struct slice reason = reason_of(fact);

    if (reason.size == 0)
        return false;
    return has_condition(reading, reason)
           || (reading->conditions_count == 0 && !reading->asked.has_places
               && !reading->asked.needs_words
               && job_names(reading, reason, THING_BIT(THING_CONDITION)));
}

bool job_is_condition(const struct job_reading *reading, const struct fact *fact)
{
    return fact->kind == FACT_CONDITION && has_condition(reading, fact->label);
}

/* ---- what is wanted ---- */

struct wanting {
    unsigned wants;
    bool is_taken[PHRASE_WINDOW_WORDS];
};

static void take_want(void *arg, const struct phrase_match *match)
{
    struct wanting *wanting = arg;

    wanting->wants |= match->row;
    if (match->row == JOB_WANT_HAPPENED || match->row == JOB_WANT_WHEN)
        for (uint32_t i = match->first; i < match->first + match->count; i++)
            if (i < PHRASE_WINDOW_WORDS)
                wanting->is_taken[i] = true;
}

/* Whether the question says more than that something happened, and when. */
static bool says_more(const struct job_reading *reading, const struct wanting *wanting)
{
    struct slice rest = reading->question, word;

    for (uint32_t at = 0; at < PHRASE_WINDOW_WORDS && words_next(&rest, &word); at++) {
        uint32_t hash = word_hash(word);

        if (wanting->is_taken[at] || hash == 0)
            continue;
        for (uint32_t i = 0; i < reading->asked.words_count; i++)
            if (reading->asked.words[i] == hash)
                return true;
    }
    return false;
}

static bool is_thing_asked(const struct job_reading *reading, uint32_t kinds)
{
    for (uint32_t i = 0; i < THING_WORDS; i++)
        for (uint64_t left = reading->asked.things.bits[i]; left != 0; left &= left - 1)
            if (kinds >> thing_kind_of(i * 64 + (uint32_t)__builtin_ctzll(left)) & 1)
                return true;
    return false;
}

static bool wants(const struct job_reading *reading, unsigned all)
{
    return (reading->wants & all) == all;
}

/* "What followed …" says it; "what happened after it was begun" says it in three words. */
static bool wants_effects(const struct job_reading *reading)
{
    return wants(reading, JOB_WANT_EFFECT)
           || wants(reading, JOB_WANT_AFTER | JOB_WANT_BEGUN | JOB_WANT_HAPPENED);
}

static void (*find_sort(const struct job_reading *reading, bool more))(struct job_reading *)
{
    bool has_drug = is_thing_asked(reading, THING_ANY_DRUG) || has_drug_called(reading),
         has_condition = reading->is_called || is_thing_asked(reading, THING_BIT(THING_CONDITION)),
         has_visit =
             is_thing_asked(reading, THING_BIT(THING_VISIT)) || wants(reading, JOB_WANT_VISIT);

    if ((reading->asked.kinds >> FACT_ALLERGY & 1) || reading->asked.is_family)
        return NULL;
    if (wants(reading, JOB_WANT_EXPLAIN) && !wants(reading, JOB_WANT_STOPPED)
        && (job_names_finding(reading)
            || (wants(reading, JOB_WANT_FINDINGS)
                && !is_thing_asked(reading, ~THING_BIT(THING_ORGAN)))))
        return job_tell_patterns;
    if (has_drug && !has_condition) {
        if (wants(reading, JOB_WANT_WHY | JOB_WANT_STOPPED))
            return job_tell_stopped;
        return wants_effects(reading) ? job_tell_effects : NULL;
    }
    if (is_thing_asked(reading, THING_BIT(THING_PROCEDURE)) || (has_drug && !reading->is_called))
        return NULL;
    if (has_condition && wants(reading, JOB_WANT_COURSE))
        return job_tell_course;
    if (has_condition && wants(reading, JOB_WANT_DONE_FOR))
        return job_tell_done_for;
    if (has_visit && !has_condition && wants(reading, JOB_WANT_WHY))
        return job_tell_visit;
    if (reading->period->is_asked && wants(reading, JOB_WANT_HAPPENED) && !reading->asked.has_things
        && !more)
        return job_tell_period;
    return NULL;
}

/* ---- lines ---- */

const struct fact *job_fact(const struct job_reading *reading, uint32_t index)
{
    static const struct fact none;
    const struct fact *fact = record_whole(reading->record, index, reading->arena);

    return fact == NULL ? &none : fact;
}

struct job_line *job_add_line(struct job_reading *reading)
{
    struct job *job = &reading->job;

    if (job->count == JOB_LINES_MAX) {
        job->is_cut = true;
        return NULL;
    }
    job->lines[job->count] = (struct job_line){ .seconds = INT64_MIN };
    return &job->lines[job->count++];
}

void job_add(struct job_reading *reading, enum job_form form, uint32_t fact,
             const struct fhir_date *date)
{
    struct job_line *line = job_add_line(reading);

    if (line == NULL)
        return;
    line->form = form;
    line->facts[line->facts_count++] = fact;
    if (date->precision != FHIR_PRECISION_NONE)
        line->seconds = fhir_date_days(date);
}

/* By day; of one day what begins before what ends, then as the record has them. */
static int compare_lines(const void *a, const void *b)
{
    const struct job_line *x = a, *y = b;

    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return x->facts[0] != y->facts[0] ? (x->facts[0] < y->facts[0] ? -1 : 1)
                                      : (int)x->form - (int)y->form;
}

const struct job *context_job(const struct record *record, const struct courses *courses,
                              struct slice question, const struct period *period,
                              struct arena *arena)
{
    struct job_reading *reading = ARENA_NEW(arena, struct job_reading);
    struct wanting wanting = { 0 };
    void (*tell)(struct job_reading *);

    if (reading == NULL)
        return NULL;
    pthread_once(&once, build);
    reading->record = record;
    reading->courses = courses;
    reading->question = question;
    reading->period = period;
    reading->arena = arena;
    phrases_find(phrases, question, take_want, &wanting);
    reading->wants = wanting.wants;
    if ((reading->wants & ~(unsigned)JOB_WANT_WHEN) == 0)
        return &reading->job;
    ask_read(question, &reading->asked);
    find_conditions(reading);
    tell = find_sort(reading, says_more(reading, &wanting));
    if (tell == NULL)
        return &reading->job;
    reading->job.is_asked = true;
    tell(reading);
    qsort(reading->job.lines, reading->job.count, sizeof(reading->job.lines[0]), compare_lines);
    return &reading->job;
}
