#include "deid_wide.h"

#include "deid_age.h"
#include "deid_code.h"
#include "deid_like.h"
#include "deid_place.h"
#include "deid_scanner.h"

#define YEAR_MIN 1850
#define YEAR_MAX 2099
#define JOB_WORDS_MAX 5

static void add(struct deid_scanner *scanner, unsigned first, unsigned end, enum deid_class class)
{
    const struct deid_token *items = scanner->tokens->items;

    deid_scanner_add(scanner, items[first].start, items[end - 1].end, class, DEID_FORM_VALUE,
                     DEID_SCORE_WEAK);
}

static bool is_year(const struct deid_scanner *scanner, unsigned index)
{
    struct slice word = deid_scanner_word(scanner, index);
    unsigned number = 0;

    if (index >= scanner->tokens->count || word.size < 4)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        if (!deid_is_digit(word.data[i]))
            return false;
        number = number * 10 + (unsigned)(word.data[i] - '0');
    }
    return number >= YEAR_MIN && number <= YEAR_MAX
           && (word.size == 4 || slice_is(slice_cut(word, 4, word.size), "s"));
}

/* Whether the sign between token @index and the next makes one number of both: "2019/44-1". A range
 * of years does not. */
static bool is_joined(const struct deid_scanner *scanner, unsigned index)
{
    struct slice gap = deid_tokens_gap(scanner->tokens, index);

    return gap.size == 1 && strchr("-/.,:_#", gap.data[0]) != NULL
           && deid_is_digit(deid_scanner_byte(scanner, scanner->tokens->items[index + 1].start))
           && !(is_year(scanner, index) && is_year(scanner, index + 1));
}

/* "in 2014", "1996-2000", "the 1970s". */
static unsigned wide_year(struct deid_scanner *scanner, unsigned index)
{
    size_t start = scanner->tokens->items[index].start;

    if (!is_year(scanner, index)
        || (start > 0 && strchr("$#_", scanner->tokens->text.data[start - 1]))
        || deid_scanner_is_measured(scanner, scanner->tokens->items[index].end)
        || (index > 0
            && (is_joined(scanner, index - 1)
                || deid_code_is_published(deid_scanner_word(scanner, index - 1))))
        || is_joined(scanner, index))
        return index;
    add(scanner, index, index + 1, DEID_CLASS_DATE);
    return index + 1;
}

static unsigned wide_age(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_cue *cue;
    size_t end;

    if (deid_is_digit(scanner->tokens->text.data[scanner->tokens->items[index].start])) {
        end = deid_age_scan(scanner, index);
    } else {
        cue = deid_scanner_cue(scanner, index);
        end = cue == NULL || cue->kind != DEID_CUE_NUMBER ? 0
                                                          : deid_age_scan_word(scanner, index, cue);
    }
    return end == 0 ? index : deid_scanner_token_at(scanner, index + 1, end);
}

/* The flags of a nationality, also of several of it: "Germans". */
static bool is_nation(const struct deid_scanner *scanner, unsigned index)
{
    struct slice word = deid_scanner_word(scanner, index);

    if (scanner->tokens->items[index].flags & DEID_WORD_NATION)
        return true;
    return word.size > 4 && slice_ends_with(word, SLICE("s"))
           && deid_like_capital(scanner->tokens, index)
           && deid_lexicon_find(scanner->tokens->lexicon, slice_cut(word, 0, word.size - 1))
                  & DEID_WORD_NATION;
}

/* "studying English": what is spoken, not who speaks it. */
static bool is_language(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const verbs[] = { "studying", "studied", "speak",  "speaks",   "speaking",
                                         "spoke",    "learn",   "learns", "learned",  "learning",
                                         "teach",    "teaches", "taught", "teaching", NULL };

    return index > 0 && deid_like_gap(scanner->tokens, index - 1, " ")
           && deid_scanner_is_one_of(deid_scanner_word(scanner, index - 1), verbs);
}

/* "the European Union": what states have founded. */
static bool is_union(const struct deid_scanner *scanner, unsigned index)
{
    static const char *const unions[] = { "Union",     "Parliament", "Commission", "Council",
                                          "Community", "Court",      "Convention", NULL };

    return deid_like_gap(scanner->tokens, index, " ")
           && deid_like_capital(scanner->tokens, index + 1)
           && deid_scanner_is_one_of(deid_scanner_word(scanner, index + 1), unions);
}

/* "a Norwegian ship"; "German measles", "14 French" and a "polish" that is none stay. */
static unsigned wide_nation(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_tokens *tokens = scanner->tokens;
    bool is_capital = deid_like_capital(tokens, index);

    if (!is_nation(scanner, index) || deid_like_before_thing(tokens, index)
        || is_language(scanner, index) || is_union(scanner, index)
        || (!is_capital && (!tokens->is_small || tokens->items[index].flags & DEID_WORD_ENGLISH))
        || (index > 0 && deid_place_is_number(tokens, index - 1, 1, 2)
            && slice_equal_fold(deid_token_text(tokens, index), SLICE("french")))
        || (index + 1 < tokens->count && tokens->items[index + 1].flags & DEID_WORD_MEDICAL))
        return index;
    add(scanner, index, index + 1, DEID_CLASS_OTHER);
    return index + 1;
}

static unsigned wide_country(struct deid_scanner *scanner, unsigned index)
{
    unsigned end = deid_place_listed(scanner->tokens, index, DEID_WORD_COUNTRY | DEID_WORD_STATE);

    if (end == index || deid_like_before_thing(scanner->tokens, end - 1))
        return index;
    add(scanner, index, end, DEID_CLASS_GEOGRAPHY);
    return end;
}

/* Words that end what somebody's work is called; with the endings of such words, most of them. */
static bool is_job(struct slice word)
{
    static const char *const jobs[] = { "accountant",
                                        "actor",
                                        "actress",
                                        "actuary",
                                        "administrator",
                                        "advisor",
                                        "adviser",
                                        "agent",
                                        "analyst",
                                        "architect",
                                        "artist",
                                        "assembler",
                                        "assessor",
                                        "assistant",
                                        "associate",
                                        "attendant",
                                        "attorney",
                                        "auditor",
                                        "baker",
                                        "banker",
                                        "barber",
                                        "bartender",
                                        "biologist",
                                        "bricklayer",
                                        "broker",
                                        "builder",
                                        "butcher",
                                        "buyer",
                                        "captain",
                                        "carpenter",
                                        "cashier",
                                        "chef",
                                        "chemist",
                                        "chief",
                                        "cleaner",
                                        "clerk",
                                        "coach",
                                        "conductor",
                                        "consultant",
                                        "contractor",
                                        "controller",
                                        "cook",
                                        "coordinator",
                                        "counselor",
                                        "courier",
                                        "custodian",
                                        "dancer",
                                        "dealer",
                                        "designer",
                                        "developer",
                                        "director",
                                        "dispatcher",
                                        "doctor",
                                        "driver",
                                        "economist",
                                        "editor",
                                        "electrician",
                                        "engineer",
                                        "estimator",
                                        "examiner",
                                        "executive",
                                        "expert",
                                        "farmer",
                                        "firefighter",
                                        "fisherman",
                                        "florist",
                                        "foreman",
                                        "gardener",
                                        "geologist",
                                        "guard",
                                        "guide",
                                        "hairdresser",
                                        "handler",
                                        "head",
                                        "helper",
                                        "inspector",
                                        "installer",
                                        "instructor",
                                        "interpreter",
                                        "investigator",
                                        "janitor",
                                        "journalist",
                                        "judge",
                                        "laborer",
                                        "labourer",
                                        "lawyer",
                                        "lecturer",
                                        "librarian",
                                        "lifeguard",
                                        "machinist",
                                        "maid",
                                        "manager",
                                        "marketer",
                                        "mason",
                                        "mechanic",
                                        "merchandiser",
                                        "miner",
                                        "model",
                                        "musician",
                                        "nurse",
                                        "officer",
                                        "operator",
                                        "painter",
                                        "paralegal",
                                        "paramedic",
                                        "pharmacist",
                                        "photographer",
                                        "physicist",
                                        "pilot",
                                        "planner",
                                        "plumber",
                                        "porter",
                                        "postman",
                                        "president",
                                        "principal",
                                        "producer",
                                        "professor",
                                        "programmer",
                                        "psychologist",
                                        "receptionist",
                                        "recruiter",
                                        "reporter",
                                        "representative",
                                        "researcher",
                                        "roofer",
                                        "sailor",
                                        "salesman",
                                        "salesperson",
                                        "scientist",
                                        "seamstress",
                                        "secretary",
                                        "server",
                                        "singer",
                                        "soldier",
                                        "specialist",
                                        "statistician",
                                        "strategist",
                                        "superintendent",
                                        "supervisor",
                                        "surveyor",
                                        "tailor",
                                        "teacher",
                                        "technician",
                                        "technologist",
                                        "teller",
                                        "therapist",
                                        "trader",
                                        "trainer",
                                        "translator",
                                        "treasurer",
                                        "trucker",
                                        "tutor",
                                        "underwriter",
                                        "usher",
                                        "veterinarian",
                                        "waiter",
                                        "waitress",
                                        "welder",
                                        "worker",
                                        "writer",
                                        NULL };
    static const char *const endings[] = { "ologist", "ographer", "ician",  "keeper", "maker",
                                           "smith",   "woman",    "worker", NULL };

    if (deid_scanner_is_one_of(word, jobs))
        return true;
    for (unsigned i = 0; endings[i] != NULL; i++) {
        size_t size = strlen(endings[i]);

        if (word.size > size + 1
            && slice_equal_fold(slice_cut(word, word.size - size, word.size),
                                slice_from(endings[i])))
            return true;
    }
    return false;
}

/* Whether the line above token @first holds a name. */
static bool is_name_above(const struct deid_scanner *scanner, unsigned first)
{
    struct slice text = scanner->tokens->text;
    size_t end = scanner->tokens->items[first].start, start;

    while (end > 0 && text.data[end - 1] != '\n')
        end--;
    if (end == 0)
        return false;
    for (start = --end; start > 0 && text.data[start - 1] != '\n';)
        start--;
    for (unsigned i = 0; i < scanner->spans->count; i++) {
        const struct deid_span *span = &scanner->spans->items[i];

        if (span->class == DEID_CLASS_NAME && span->start < end && span->end > start)
            return true;
    }
    return false;
}

static bool is_line_start(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap;

    if (index == 0)
        return false;
    gap = deid_tokens_gap(tokens, index - 1);
    return slice_find_byte(gap, '\n') < gap.size;
}

/* Whether nothing but a mark stands between token @index and the end of its line. */
static bool is_line_end(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);

    return index + 1 == tokens->count || slice_find_byte(gap, '\n') < gap.size;
}

/* A line that says what somebody does, under the line with the name. */
static unsigned wide_signature(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_tokens *tokens = scanner->tokens;
    unsigned last = index;

    if (!is_line_start(tokens, index))
        return index;
    while (last + 1 < tokens->count && last - index < JOB_WORDS_MAX && !is_line_end(tokens, last))
        last++;
    if (last - index >= JOB_WORDS_MAX || !is_line_end(tokens, last))
        return index;
    if (!is_job(deid_token_text(tokens, last)) && !is_job(deid_token_text(tokens, index)))
        return index;
    if (!is_name_above(scanner, index))
        return index;
    add(scanner, index, last + 1, DEID_CLASS_OTHER);
    return last + 1;
}

/* "works as a cable installer", "a retired school teacher", "Occupation: welder". */
static unsigned wide_job(struct deid_scanner *scanner, unsigned index)
{
    static const char *const before[] = { "retired", "former", "occupation", "profession", NULL };
    static const char *const works[] = { "works", "worked", "working", "employed", "job", NULL };
    const struct deid_tokens *tokens = scanner->tokens;
    unsigned first = index + 1, last;

    if (deid_scanner_is_one_of(deid_token_text(tokens, index), works)
        && slice_equal_fold(deid_scanner_word(scanner, first), SLICE("as")))
        first++;
    else if (!deid_scanner_is_one_of(deid_token_text(tokens, index), before))
        return index;
    if (deid_hint_at(tokens, first) & DEID_HINT_ARTICLE)
        first++;
    for (last = first; last < tokens->count && last < first + JOB_WORDS_MAX; last++) {
        if (is_job(deid_token_text(tokens, last))
            && !(last + 1 < tokens->count && deid_like_gap(tokens, last, " ")
                 && is_job(deid_token_text(tokens, last + 1)))) {
            add(scanner, first, last + 1, DEID_CLASS_OTHER);
            return last + 1;
        }
        if (deid_tokens_gap(tokens, last).size != 1)
            break;
    }
    return index;
}

bool deid_wide_is_fit(const struct deid_tokens *tokens)
{
    for (unsigned i = 0; i < tokens->count; i++)
        if (deid_like_is_clinical(deid_token_text(tokens, i)))
            return false;
    return deid_like_is_plain(tokens);
}

void deid_wide_scan(const struct deid_rules *rules, const struct deid_tokens *tokens,
                    struct deid_spans *spans)
{
    static unsigned (*const finders[])(struct deid_scanner *, unsigned) = {
        wide_year, wide_age, wide_nation, wide_country, wide_signature, wide_job,
    };
    struct deid_scanner scanner = { rules, tokens, spans, 1 };
    unsigned index = 0;

    while (index < tokens->count) {
        unsigned end = index;

        for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]) && end == index; i++)
            end = finders[i](&scanner, index);
        index = end > index ? end : index + 1;
    }
}
