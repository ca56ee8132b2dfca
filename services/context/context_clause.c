/* words and the marks between them → where a clause ends → what kind of clause it is. */
#include "context_clause.h"

#include <ctype.h>

#include "context_words.h"

#define HEADING_WORDS_MAX 3

struct spoken {
    struct slice text;
    struct slice words[CLAUSE_WORDS_MAX];
    char marks[CLAUSE_WORDS_MAX]; /* the mark behind each word: one of ".?!;:,", or a blank */
    uint32_t count;
};

static bool is_one_of(struct slice word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (slice_equal_fold(word, slice_from(*words)))
            return true;
    return false;
}

static bool is_word(const struct spoken *spoken, uint32_t at, const char *word)
{
    return at < spoken->count && slice_equal_fold(spoken->words[at], slice_from(word));
}

/* What begins a question. */
static bool is_opener(const struct spoken *spoken, uint32_t at)
{
    static const char *const openers[] = { "is",     "are",   "was",  "were", "does",  "do",
                                           "did",    "has",   "have", "had",  "can",   "could",
                                           "should", "would", "will", "may",  "might", "what",
                                           "when",   "which", "who",  "whom", "whose", "how",
                                           "why",    "where", "any",  NULL };

    return at < spoken->count && is_one_of(spoken->words[at], openers);
}

/* What joins a clause to the one before, or greets. */
static uint32_t skip_joints(const struct spoken *spoken, uint32_t at, uint32_t end)
{
    static const char *const joints[] = { "so", "and",   "but", "then",   "or",   "also",  "now",
                                          "hi", "hello", "ok",  "please", "well", "quick", NULL };

    while (at < end && is_one_of(spoken->words[at], joints))
        at++;
    return at;
}

/* "Dr. Smith": the point ends no clause. */
static bool is_shortened(struct slice word)
{
    static const char *const short_forms[] = { "dr", "mr", "mrs", "ms", "st", "no", "vs", NULL };

    return is_one_of(word, short_forms);
}

/* The strongest mark in @between, which stands behind @word. A point within a number, and a hyphen
 * within a word, are none. */
static char mark_in(struct slice word, struct slice between)
{
    static const char strongest_first[] = "?!.;:,";
    bool is_spaced = between.size > 0 && isspace((unsigned char)between.data[between.size - 1]);

    for (const char *mark = strongest_first; *mark != '\0'; mark++) {
        if (memchr(between.data, *mark, between.size) == NULL)
            continue;
        if (*mark == '.' && (!is_spaced || is_shortened(word)))
            continue;
        if (*mark == ':' && !is_spaced)
            continue;
        return *mark;
    }
    if (memchr(between.data, '\n', between.size) != NULL)
        return '.';
    /* " - ", and the long dashes of UTF-8 */
    if (between.size > 2
        && (memmem(between.data, between.size, " - ", 3) != NULL
            || memmem(between.data, between.size, "\xe2\x80", 2) != NULL))
        return is_spaced ? ';' : ' ';
    return ' ';
}

static void read_spoken(struct slice text, struct spoken *spoken)
{
    struct slice left = text, word;

    spoken->text = text;
    spoken->count = 0;
    while (spoken->count < CLAUSE_WORDS_MAX && words_next(&left, &word))
        spoken->words[spoken->count++] = word;
    for (uint32_t i = 0; i < spoken->count; i++) {
        const char *end = spoken->words[i].data + spoken->words[i].size;
        const char *next =
            i + 1 < spoken->count ? spoken->words[i + 1].data : text.data + text.size;

        spoken->marks[i] = mark_in(spoken->words[i], slice_of(end, (size_t)(next - end)));
    }
}

/* ---- circumstances ---- */

/* "because of", "prior to", "given": how many words, 0 for none. */
static uint32_t beside_at(const struct spoken *spoken, uint32_t at)
{
    static const char *const alone[] = { "because",     "given",     "despite", "although",
                                         "considering", "regarding", NULL };
    static const char *const pairs[][2] = {
        { "due", "to" },   { "in", "view" },  { "prior", "to" },
        { "ahead", "of" }, { "now", "that" }, { "owing", "to" }
    };

    for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (is_word(spoken, at, pairs[i][0]) && is_word(spoken, at + 1, pairs[i][1]))
            return 2;
    if (is_one_of(spoken->words[at], alone) || is_word(spoken, at, "before"))
        return 1;
    return 0;
}

/* "Before the operation tomorrow", "before I order", "before starting": what is still to come. A
 * scan before the operation is another matter. */
static bool is_to_come(const struct spoken *spoken, uint32_t at, uint32_t end)
{
    static const char *const signs[] = { "i",         "we",     "tomorrow", "today",
                                         "tonight",   "next",   "upcoming", "planned",
                                         "scheduled", "monday", "tuesday",  "wednesday",
                                         "thursday",  "friday", "saturday", "sunday",
                                         NULL };

    if (at < end && slice_ends_with(spoken->words[at], SLICE("ing")))
        return true;
    for (uint32_t i = at; i < end; i++)
        if (is_one_of(spoken->words[i], signs))
            return true;
    return false;
}

static bool is_past(const struct spoken *spoken, uint32_t at)
{
    return is_word(spoken, at, "before") || is_word(spoken, at, "prior")
           || is_word(spoken, at, "ahead");
}

/* Where a circumstance that stands at the front ends: at the comma, or where "I" or "we" goes on;
 * but not at the subject of the circumstance itself ("because I …"). */
static uint32_t end_of_front(const struct spoken *spoken, uint32_t at, uint32_t end)
{
    for (uint32_t i = at + 1; i < end; i++) {
        if (spoken->marks[i - 1] == ',')
            return i;
        if (i > at + 1 && (is_word(spoken, i, "i") || is_word(spoken, i, "we")))
            return i;
    }
    return end;
}

/* ---- clauses ---- */

/* "She is here for a flu shot", in contrast to "Latest potassium". */
static bool is_told(const struct spoken *spoken, uint32_t first, uint32_t end)
{
    static const char *const signs[] = { "i",    "we",    "he",   "she",   "they",  "here",
                                         "is",   "are",   "was",  "has",   "had",   "have",
                                         "came", "comes", "seen", "wants", "needs", NULL };

    for (uint32_t i = first; i < end; i++)
        if (is_one_of(spoken->words[i], signs))
            return true;
    return false;
}

static void add_clause(struct clauses *clauses, const struct spoken *spoken, struct clause clause)
{
    if (clause.first >= clause.end)
        return;
    if (clauses->count == CLAUSES_MAX) {
        clauses->items[CLAUSES_MAX - 1].end = clause.end;
        return;
    }
    clause.is_told = is_told(spoken, clause.first, clause.end);
    clause.is_attached |=
        spoken->marks[clause.end - 1] == ':' && clause.end - clause.first <= HEADING_WORDS_MAX;
    clauses->items[clauses->count++] = clause;
}

/* @first to @end hold no circumstance at their front; one may follow. */
static void add_main(struct clauses *clauses, const struct spoken *spoken, uint32_t first,
                     uint32_t end, bool is_question)
{
    for (uint32_t i = first + 1; i < end; i++) {
        uint32_t count = beside_at(spoken, i);

        if (count == 0 || (is_past(spoken, i) && !is_to_come(spoken, i + count, end)))
            continue;
        add_clause(clauses, spoken,
                   (struct clause){ .first = first, .end = i, .is_question = is_question });
        add_clause(
            clauses, spoken,
            (struct clause){ .first = i, .end = end, .is_beside = true, .is_attached = true });
        return;
    }
    add_clause(clauses, spoken,
               (struct clause){ .first = first, .end = end, .is_question = is_question });
}

/* One sentence, or a part of one: a statement, then behind a comma a question. */
static void add_sentence(struct clauses *clauses, const struct spoken *spoken, uint32_t first,
                         uint32_t end, bool is_question)
{
    uint32_t start = skip_joints(spoken, first, end), front = first;

    if (start < end && beside_at(spoken, start) > 0) {
        front = end_of_front(spoken, start, end);
        add_clause(clauses, spoken,
                   (struct clause){ .first = first, .end = front, .is_beside = true });
    } else if (!is_opener(spoken, start)) {
        for (uint32_t i = first + 1; i < end && front == first; i++)
            if (spoken->marks[i - 1] == ',' && is_opener(spoken, skip_joints(spoken, i, end)))
                front = i;
        if (front > first)
            add_clause(clauses, spoken,
                       (struct clause){ .first = first, .end = front, .is_beside = true });
    }
    add_main(clauses, spoken, front, end,
             is_question || is_opener(spoken, skip_joints(spoken, front, end)));
}

void clauses_read(struct slice text, struct clauses *clauses)
{
    struct spoken spoken;
    uint32_t first = 0;

    clauses->count = 0;
    read_spoken(text, &spoken);
    for (uint32_t i = 0; i < spoken.count; i++) {
        if (i + 1 < spoken.count && strchr("?!.;:", spoken.marks[i]) == NULL)
            continue;
        add_sentence(clauses, &spoken, first, i + 1, spoken.marks[i] == '?');
        first = i + 1;
    }
}

uint32_t clause_of(const struct clauses *clauses, uint32_t word)
{
    uint32_t i = 0;

    while (i + 1 < clauses->count && word >= clauses->items[i].end)
        i++;
    return i;
}
