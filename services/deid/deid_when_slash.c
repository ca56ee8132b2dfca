/* What decides, in this order: a unit or something counted after it, or a test, a drug or a part of
 * the body's strength before it, says no; a word of time before it, an hour after it or another
 * date beside it says yes; of what is left the second number does: scores end in 10 or less, days
 * mostly do not, and no score is above its own end. */
#include "deid_when_slash.h"

#include "deid_check.h"
#include "deid_date.h"

#define SCORE_MAX 10 /* "4/5", "8/10": a second number that scores have */

static bool is_word_at(const struct deid_scanner *scanner, unsigned index, const char *const *words)
{
    return deid_scanner_is_one_of(deid_scanner_word(scanner, index), words);
}

/* "strength 4/5", "MMSE 11/30", "Percocet 5/25", "BiPAP 12/5". */
static bool is_score_before(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const words[] = { "strength",  "motor",       "power",
                                         "muscle",    "pain",        "score",
                                         "scored",    "scores",      "apgar",
                                         "apgars",    "grade",       "graded",
                                         "murmur",    "reflexes",    "dtrs",
                                         "pulses",    "rated",       "scale",
                                         "gcs",       "mrc",         "mmse",
                                         "moca",      "phq",         "gad",
                                         "nihss",     "slums",       "bims",
                                         "bipap",     "cpap",        "peep",
                                         "ps",        "ipap",        "settings",
                                         "ratio",     "sensitivity", "bp",
                                         "acuity",    "va",          "od",
                                         "os",        "ou",          "vision",
                                         "nodes",     "cores",       "positive",
                                         "quality",   "intensity",   "severity",
                                         "flexion",   "extension",   "grip",
                                         "abduction", "adduction",   "dorsiflexion",
                                         "ecog",      "kps",         "delts",
                                         "biceps",    "triceps",     "fi",
                                         "ip",        "quads",       "hams",
                                         "eversion",  "inversion",   "results",
                                         "result",    "battery",     "tested",
                                         "total",     "keratin",     "cytokeratin",
                                         "ck",        "about",       "approximately",
                                         "took",      "take",        "takes",
                                         NULL };
    unsigned at = index, seen;

    for (seen = 0; at > 0 && seen < 3; seen++, at--) {
        struct slice gap = deid_tokens_gap(scanner->tokens, at - 1);

        if (gap.size > 3 || slice_find_byte(gap, '.') < gap.size
            || slice_find_byte(gap, '\n') < gap.size)
            return false;
        if (is_word_at(scanner, at - 1, words)
            || (seen == 0 && scanner->tokens->items[at - 1].flags & DEID_WORD_DRUG))
            return true;
    }
    return false;
}

static bool is_counted_after(const struct deid_scanner *scanner, size_t end)
{
    static const char *const words[] = {
        "strength",    "murmur",       "systolic", "diastolic",   "pain",
        "positive",    "negative",     "lymph",    "cores",       "cultures",
        "sirs",        "criteria",     "of",       "reflexes",    "pulses",
        "bilaterally", "throughout",   "power",    "motor",       "cup",
        "ppd",         "ns",           "normal",   "grip",        "intensity",
        "upper",       "lower",        "weakness", "extremities", "proximal",
        "distal",      "ratio",        "lobes",    "joints",      "teaspoon",
        "tsp",         "holosystolic", "sem",      "crescendo",   "correct",
        "recall",      "objects",      "pill",     "diluted",     "dilution",
        "strengths",   "saline",       "scale",    NULL
    };

    return deid_scanner_is_measured(scanner, end)
           || deid_scanner_is_one_of(deid_scanner_word_after(scanner, end), words);
}

/* "53% (10/19)", "7/30 (23%)": of so many. */
static bool is_share(const struct deid_scanner *scanner, size_t start, size_t end)
{
    struct slice text = scanner->tokens->text,
                 before = slice_cut(text, start > 3 ? start - 3 : 0, start),
                 after = slice_cut(text, end, end + 2);
    size_t at = end + 2;

    if (slice_find_byte(before, '%') < before.size)
        return true;
    if (!slice_is(after, " (") && !slice_is(after, " [") && !slice_is(after, ") "))
        return false;
    while (at < text.size && at < end + 10
           && (deid_is_digit(text.data[at]) || strchr("(.[", text.data[at]) != NULL))
        at++;
    return deid_scanner_byte(scanner, at) == '%';
}

static bool is_time_before(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const words[] = {
        "on",         "since",     "date",      "dated",      "visit",       "until",
        "till",       "from",      "admitted",  "discharged", "after",       "before",
        "by",         "dos",       "seen",      "through",    "thru",        "due",
        "last",       "starting",  "started",   "between",    "completed",   "done",
        "performed",  "collected", "drawn",     "resulted",   "received",    "placed",
        "removed",    "surgery",   "admission", "discharge",  "appointment", "appt",
        "scheduled",  "returned",  "presented", "labs",       "cxr",         "mri",
        "echo",       "switched",  "extubated", "intubated",  "transferred", "born",
        "dob",        "birthday",  "lmp",       "edd",        "edc",         "week",
        "stopped",    "began",     "beginning", "ending",     "effective",   "updated",
        "reviewed",   "signed",    "onset",     "expires",    "next",        "called",
        "dc",         "fu",        "xray",      "ekg",        "ecg",         "biopsy",
        "procedure",  "death",     "dod",       "tues",       "wed",         "thurs",
        "fri",        "mon",       "tue",       "thu",        "sat",         "sun",
        "monday",     "tuesday",   "wednesday", "thursday",   "friday",      "saturday",
        "sunday",     "today",     "tomorrow",  "yesterday",  "tonight",     "w",
        "commencing", "attended",  "reported",  "issued",     "printed",     NULL
    };
    struct slice gap;

    if (index == 0)
        return false;
    gap = deid_tokens_gap(scanner->tokens, index - 1);
    return gap.size > 0 && gap.size <= 3 && slice_find_byte(gap, '\n') == gap.size
           && is_word_at(scanner, index - 1, words);
}

/* "4/29 AM", "4/29 at 10:30", "4/3: WBC 9" at the start of a line. */
static bool is_time_after(const struct deid_scanner *scanner, size_t start, size_t end)
{
    static const char *const words[] = { "am", "pm", NULL };
    struct slice text = scanner->tokens->text;
    bool is_line = start == 0 || text.data[start - 1] == '\n';

    if (deid_scanner_is_one_of(deid_scanner_word_after(scanner, end), words)
        || (slice_starts_with(slice_cut(text, end, text.size), SLICE(" at "))
            && deid_is_digit(deid_scanner_byte(scanner, end + 4))))
        return true;
    return is_line && strchr(":-", deid_scanner_byte(scanner, end)) != NULL
           && deid_scanner_byte(scanner, end) != 0;
}

/* "4/27, 4/29 and 5/3": the date before it was one. */
static bool is_date_beside(const struct deid_scanner *scanner, size_t start)
{
    static const char *const joints[] = { ", ", " and ",     " & ",    "-",    " - ", " to ", ",",
                                          "; ", " through ", ", and ", " or ", "/",   NULL };
    const struct deid_spans *spans = scanner->spans;
    struct deid_span last;

    if (spans->count == 0)
        return false;
    last = spans->items[spans->count - 1];
    return last.class == DEID_CLASS_DATE && last.form != DEID_FORM_AGE && last.end < start
           && deid_scanner_is_one_of(slice_cut(scanner->tokens->text, last.end, start), joints);
}

/* "4/3-4/10", "4/3 to 4/10": another month and day follows, and a later one. */
static bool is_range(const struct deid_scanner *scanner, const struct deid_date *first)
{
    static const char *const joints[] = { "-", " - ", " to ", " through ", " thru ", NULL };
    struct slice text = scanner->tokens->text;
    struct deid_date second;

    for (size_t i = 0; joints[i] != NULL; i++) {
        struct slice rest = slice_cut(text, first->end, text.size);

        if (slice_starts_with(rest, slice_from(joints[i]))
            && deid_date_read_month_day(text, first->end + strlen(joints[i]), &second))
            return second.day != first->day
                   && second.month * 32 + second.day > first->month * 32 + first->day;
    }
    return false;
}

static bool is_date(const struct deid_scanner *scanner, unsigned index,
                    const struct deid_date *date)
{
    bool is_timed = is_time_before(scanner, index) || is_time_after(scanner, date->start, date->end)
                    || is_date_beside(scanner, date->start) || is_range(scanner, date);

    if (is_counted_after(scanner, date->end) && !is_date_beside(scanner, date->start))
        return false;
    if (is_score_before(scanner, index) || is_share(scanner, date->start, date->end))
        return false;
    return is_timed || date->day > SCORE_MAX || date->month > date->day;
}

/* "28/05", the day in front as most countries write it: where a word says that it is a time, or the
 * month has its 0; acuities ("20/05") are none. */
static size_t scan_day_first(struct deid_scanner *scanner, unsigned index)
{
    struct slice day = deid_scanner_word(scanner, index),
                 month = deid_scanner_word(scanner, index + 1);
    size_t end;

    if (index + 1 >= scanner->tokens->count
        || !slice_is(deid_tokens_gap(scanner->tokens, index), "/") || day.size != 2
        || month.size != 2 || deid_check_digits(day) != 2 || deid_check_digits(month) != 2
        || slice_is(day, "20"))
        return 0;
    end = scanner->tokens->items[index + 1].end;
    if (day.data[0] > '3' || (day.data[0] == '3' && day.data[1] > '1')
                || !(month.data[0] == '0' || (month.data[0] == '1' && month.data[1] <= '2'))
                || slice_is(month, "00") || strchr("/-.", deid_scanner_byte(scanner, end)) == NULL
            ? deid_is_word(deid_scanner_byte(scanner, end))
            : deid_is_digit(deid_scanner_byte(scanner, end + 1)))
        return 0;
    if (is_counted_after(scanner, end) || is_score_before(scanner, index)
        || is_share(scanner, scanner->tokens->items[index].start, end)
        || !is_time_before(scanner, index))
        return 0;
    deid_scanner_add(scanner, scanner->tokens->items[index].start, end, DEID_CLASS_DATE,
                     DEID_FORM_VALUE, DEID_SCORE_LIST);
    return end;
}

/* "out 5.27.24": not at the beginning of a line, where sections have such numbers, nor behind a
 * word that has them, nor with more of it behind. */
static bool is_unnumbered(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const numbered[] = { "version", "v",       "ver",   "release",  "build",
                                            "section", "chapter", "table", "figure",   "fig",
                                            "item",    "step",    "rule",  "firmware", "software",
                                            "article", "ec",      "grade", "stage",    NULL };
    const struct deid_tokens *tokens = scanner->tokens;
    size_t end = tokens->items[index + 2].end;

    return index > 0 && !deid_token_ends_line(tokens, index - 1)
           && slice_ends_with(deid_tokens_gap(tokens, index - 1), SLICE(" "))
           && tokens->items[index - 1].shape != DEID_SHAPE_INITIAL
           && !deid_scanner_is_one_of(deid_scanner_word(scanner, index - 1), numbered)
           && !(deid_scanner_byte(scanner, end) == '.'
                && deid_is_word(deid_scanner_byte(scanner, end + 1)));
}

/* "seen 3.4.22": behind a word of time, or where nothing has numbers of that form. */
static size_t scan_dotted(struct deid_scanner *scanner, unsigned index)
{
    unsigned parts[3];
    size_t end;

    if (index + 2 >= scanner->tokens->count
        || !(is_time_before(scanner, index) || is_unnumbered(scanner, index)))
        return 0;
    for (unsigned i = 0; i < 3; i++) {
        struct slice word = deid_scanner_word(scanner, index + i);

        if (word.size == 0 || word.size > 2 || deid_check_digits(word) != word.size
            || (i < 2 && !slice_is(deid_tokens_gap(scanner->tokens, index + i), ".")))
            return 0;
        parts[i] = (unsigned)(word.data[0] - '0');
        if (word.size == 2)
            parts[i] = parts[i] * 10 + (unsigned)(word.data[1] - '0');
        else if (i == 2)
            return 0;
    }
    end = scanner->tokens->items[index + 2].end;
    if (parts[0] == 0 || parts[1] == 0 || parts[0] > 31 || parts[1] > 31
        || (parts[0] > 12 && parts[1] > 12) || deid_scanner_is_measured(scanner, end))
        return 0;
    deid_scanner_add(scanner, scanner->tokens->items[index].start, end, DEID_CLASS_DATE,
                     DEID_FORM_VALUE, DEID_SCORE_LIST);
    return end;
}

size_t deid_when_slash(struct deid_scanner *scanner, unsigned index)
{
    struct slice text = scanner->tokens->text;
    size_t start = scanner->tokens->items[index].start, end;
    struct deid_date date;

    if (!deid_date_read_month_day(text, start, &date)) {
        end = scan_day_first(scanner, index);
        return end > 0 ? end : scan_dotted(scanner, index);
    }
    if (!is_date(scanner, index, &date))
        return 0;
    end = deid_date_time_end(text, date.end);
    deid_scanner_add(scanner, start, end, DEID_CLASS_DATE, DEID_FORM_MONTH_DAY, DEID_SCORE_SHAPE);
    return end;
}
