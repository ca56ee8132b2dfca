#include "consilium_eval_score.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"

#define CLAIMS_MAX 128
#define CLAIM_IDS_MAX 32

const char *const eval_measure_names[EVAL_MEASURES] = {
    "exact",
    "exact_or_equivalent",
    "words",
    "numeric",
    "citation_precision",
    "citation_recall",
    "abstention_precision",
    "abstention_recall",
    "declined_wrongly",
};

const char *const eval_measure_titles[EVAL_MEASURES] = {
    "exact",
    "exact or equivalent",
    "words, citations apart",
    "numbers and dates",
    "citation precision",
    "citation recall",
    "abstention precision",
    "abstention recall",
    "answerable, declined",
};

/* ---- an answer as claims ---- */

struct claim {
    struct slice words;
    uint32_t ids[CLAIM_IDS_MAX];
    size_t ids_count;
    bool is_taken;
};

struct claims {
    struct claim items[CLAIMS_MAX];
    size_t count;
};

/* "[12]" at the front of @text: its number and size, or 0. */
static uint32_t citation_at(struct slice text, size_t *size)
{
    uint32_t id = 0;
    size_t i = 1;

    if (text.size < 3 || text.data[0] != '[')
        return 0;
    for (; i < text.size && i < 8 && isdigit((unsigned char)text.data[i]); i++)
        id = 10 * id + (uint32_t)(text.data[i] - '0');
    *size = i + 1;
    return i > 1 && i < text.size && text.data[i] == ']' ? id : 0;
}

static bool is_edge(char c)
{
    return isspace((unsigned char)c) || c == '.' || c == ',' || c == ';' || c == '-' || c == '*';
}

/* Without blanks and marks at its ends. */
static struct slice trim(struct slice text)
{
    while (text.size > 0 && is_edge(text.data[0]))
        text = slice_cut(text, 1, text.size);
    while (text.size > 0 && is_edge(text.data[text.size - 1]))
        text.size--;
    return text;
}

static void end_claim(struct claims *claims, struct slice words, struct claim *claim)
{
    claim->words = trim(words);
    if ((claim->words.size > 0 || claim->ids_count > 0) && claims->count < CLAIMS_MAX)
        claims->items[claims->count++] = *claim;
    *claim = (struct claim){ 0 };
}

static void read_claims(struct slice text, struct claims *claims)
{
    struct claim claim = { 0 };
    size_t begin = 0, words_end = 0, size;

    claims->count = 0;
    for (size_t at = 0; at < text.size; at += size) {
        uint32_t id = citation_at(slice_cut(text, at, text.size), &size);

        if (id != 0) {
            words_end = claim.ids_count == 0 ? at : words_end;
            if (claim.ids_count < CLAIM_IDS_MAX)
                claim.ids[claim.ids_count++] = id;
            continue;
        }
        size = 1;
        if (claim.ids_count > 0 && !is_edge(text.data[at])) {
            end_claim(claims, slice_cut(text, begin, words_end), &claim);
            begin = at;
        }
    }
    end_claim(claims, slice_cut(text, begin, claim.ids_count > 0 ? words_end : text.size), &claim);
}

/* ---- words ---- */

/* The next word: a run without blanks, less the marks at its ends. */
static bool next_word(struct slice *text, struct slice *word)
{
    do {
        size_t begin = 0, end;

        while (begin < text->size && isspace((unsigned char)text->data[begin]))
            begin++;
        for (end = begin; end < text->size && !isspace((unsigned char)text->data[end]); end++)
            ;
        *word = trim(slice_cut(*text, begin, end));
        *text = slice_cut(*text, end, text->size);
    } while (word->size == 0 && text->size > 0);
    return word->size > 0;
}

static bool same_words(struct slice a, struct slice b)
{
    struct slice x, y;

    for (;;) {
        bool has_a = next_word(&a, &x), has_b = next_word(&b, &y);

        if (!has_a || !has_b)
            return has_a == has_b;
        if (!slice_equal_fold(x, y))
            return false;
    }
}

/* Whether the words of @part come in @whole, in their order, others between them. */
static bool says_all_of(struct slice whole, struct slice part)
{
    struct slice wanted, word;

    while (next_word(&part, &wanted)) {
        bool is_found = false;

        while (!is_found && next_word(&whole, &word))
            is_found = slice_equal_fold(word, wanted);
        if (!is_found)
            return false;
    }
    return true;
}

/* ---- numbers ---- */

#define NUMBERS_MAX 256

static bool is_number_byte(char c)
{
    return isdigit((unsigned char)c) || c == '.' || c == '-' || c == '/';
}

/* "7.2", "2026-11-03", "142/88": each as it is written, less marks at the ends. */
static size_t read_numbers(struct slice text, struct slice *numbers, size_t count)
{
    size_t at = 0;

    while (at < text.size && count < NUMBERS_MAX) {
        size_t end = at;

        while (end < text.size && is_number_byte(text.data[end]))
            end++;
        if (end > at && memchr("0123456789", text.data[at], 10) != NULL) {
            struct slice number = slice_cut(text, at, end);

            while (number.size > 0 && !isdigit((unsigned char)number.data[number.size - 1]))
                number.size--;
            numbers[count++] = number;
        }
        at = end + 1;
    }
    return count;
}

static bool has_all(const struct slice *of, size_t of_count, const struct slice *in,
                    size_t in_count)
{
    for (size_t i = 0; i < of_count; i++) {
        bool is_found = false;

        for (size_t j = 0; j < in_count && !is_found; j++)
            is_found = slice_equal(of[i], in[j]);
        if (!is_found)
            return false;
    }
    return true;
}

/* ---- the verdict ---- */

struct scoring {
    const struct eval_question *question;
    const struct eval_answer *answer;
    struct claims given;
    struct slice numbers_given[NUMBERS_MAX], numbers_right[NUMBERS_MAX];
};

static const struct eval_cited *find_cited(const struct eval_answer *answer, uint32_t id)
{
    for (size_t i = 0; i < answer->cited_count; i++)
        if (answer->cited[i].id == id)
            return &answer->cited[i];
    return NULL;
}

static bool is_among(struct slice reference, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(reference, list[i]))
            return true;
    return false;
}

/* Whether the fact of @id is one of the resources. */
static bool proves(const struct eval_answer *answer, uint32_t id, const struct slice *evidence,
                   size_t count)
{
    const struct eval_cited *cited = find_cited(answer, id);

    for (size_t i = 0; cited != NULL && i < cited->references_count; i++)
        if (is_among(cited->references[i], evidence, count))
            return true;
    return false;
}

static bool is_cited_by(const struct eval_answer *answer, struct slice reference,
                        const uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (proves(answer, ids[i], &reference, 1))
            return true;
    return false;
}

static bool same_evidence(const struct scoring *s, const struct claim *given,
                          const struct eval_claim *right)
{
    for (size_t i = 0; i < given->ids_count; i++)
        if (!proves(s->answer, given->ids[i], right->evidence, right->evidence_count))
            return false;
    for (size_t i = 0; i < right->evidence_count; i++)
        if (!is_cited_by(s->answer, right->evidence[i], given->ids, given->ids_count))
            return false;
    return true;
}

enum strictness { EXACT, EQUIVALENT, WORDS };

static bool matches(const struct scoring *s, const struct claim *given,
                    const struct eval_claim *right, enum strictness strictness)
{
    if (strictness == EQUIVALENT)
        return says_all_of(given->words, right->text) && same_evidence(s, given, right);
    return same_words(given->words, right->text)
           && (strictness == WORDS || same_evidence(s, given, right));
}

/* Each claim of the one has a claim of its own of the other. */
static bool same_claims(struct scoring *s, enum strictness strictness)
{
    if (s->given.count != s->question->claims_count)
        return false;
    for (size_t i = 0; i < s->given.count; i++)
        s->given.items[i].is_taken = false;
    for (size_t i = 0; i < s->question->claims_count; i++) {
        size_t at = 0;

        while (at < s->given.count
               && (s->given.items[at].is_taken
                   || !matches(s, &s->given.items[at], &s->question->claims[i], strictness)))
            at++;
        if (at == s->given.count)
            return false;
        s->given.items[at].is_taken = true;
    }
    return true;
}

/* What models and people say instead of an answer. */
static bool is_declining(const struct claims *given)
{
    static const char *const ways[] = { "record does not say", "does not say", "not in the record",
                                        "not recorded",        "no record of", "not documented" };
    struct slice words;

    if (given->count != 1 || given->items[0].ids_count > 0)
        return false;
    words = given->items[0].words;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        for (size_t at = 0; at + strlen(ways[i]) <= words.size; at++)
            if (slice_equal_fold(slice_cut(words, at, at + strlen(ways[i])), slice_from(ways[i])))
                return true;
    return false;
}

static void score_numbers(struct scoring *s, struct eval_verdict *verdict)
{
    size_t right = 0, given = 0;

    for (size_t i = 0; i < s->question->claims_count; i++)
        right = read_numbers(s->question->claims[i].text, s->numbers_right, right);
    for (size_t i = 0; i < s->given.count; i++)
        given = read_numbers(s->given.items[i].words, s->numbers_given, given);
    verdict->has_numbers = right > 0;
    verdict->numbers_right = has_all(s->numbers_right, right, s->numbers_given, given)
                             && has_all(s->numbers_given, given, s->numbers_right, right);
}

/* Distinct ids of the answer, and distinct evidence of the question. */
static void score_citations(const struct scoring *s, struct arena *arena,
                            struct eval_verdict *verdict)
{
    uint32_t ids[EVAL_CITED_MAX];
    struct slice *evidence;
    size_t most = 0, count = 0, known;

    for (size_t i = 0; i < s->question->claims_count; i++)
        most += s->question->claims[i].evidence_count;
    evidence = ARENA_ARRAY(arena, struct slice, most + 1);
    for (size_t i = 0; evidence != NULL && i < s->question->claims_count; i++)
        for (size_t j = 0; j < s->question->claims[i].evidence_count; j++)
            if (!is_among(s->question->claims[i].evidence[j], evidence, count))
                evidence[count++] = s->question->claims[i].evidence[j];
    for (size_t i = 0; i < s->given.count; i++)
        for (size_t j = 0; j < s->given.items[i].ids_count && verdict->cited < EVAL_CITED_MAX;
             j++) {
            uint32_t id = s->given.items[i].ids[j];

            for (known = 0; known < verdict->cited && ids[known] != id; known++)
                ;
            if (known < verdict->cited)
                continue;
            ids[verdict->cited++] = id;
            verdict->cited_right += proves(s->answer, id, evidence, count);
        }
    verdict->to_cite = count;
    for (size_t i = 0; i < count; i++)
        verdict->to_cite_found += is_cited_by(s->answer, evidence[i], ids, verdict->cited);
}

enum status eval_score(const struct eval_question *question, const struct eval_answer *answer,
                       struct arena *arena, struct eval_verdict *verdict, struct error *err)
{
    struct scoring *s = ARENA_NEW(arena, struct scoring);

    *verdict = (struct eval_verdict){ 0 };
    if (s == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to score an answer");
    s->question = question;
    s->answer = answer;
    read_claims(answer->text, &s->given);
    verdict->is_to_decline = question->claims_count > 0 && question->claims[0].evidence_count == 0;
    verdict->is_declined = is_declining(&s->given);
    verdict->is_exact = same_claims(s, EXACT);
    verdict->is_equivalent = verdict->is_exact || (verdict->is_declined && verdict->is_to_decline)
                             || same_claims(s, EQUIVALENT);
    verdict->has_words = same_claims(s, WORDS);
    score_numbers(s, verdict);
    score_citations(s, arena, verdict);
    return STATUS_OK;
}

/* ---- sums ---- */

static void add(struct eval_tally *tally, enum eval_measure measure, size_t part, size_t whole)
{
    tally->parts[measure] += part;
    tally->wholes[measure] += whole;
}

void eval_tally_add(struct eval_tally *tally, const struct eval_verdict *v)
{
    tally->answers++;
    add(tally, EVAL_EXACT, v->is_exact, 1);
    add(tally, EVAL_EQUIVALENT, v->is_equivalent, 1);
    add(tally, EVAL_WORDS, v->has_words, 1);
    add(tally, EVAL_NUMERIC, v->has_numbers && v->numbers_right, v->has_numbers);
    add(tally, EVAL_CITATION_PRECISION, v->cited_right, v->cited);
    add(tally, EVAL_CITATION_RECALL, v->to_cite_found, v->to_cite);
    add(tally, EVAL_ABSTENTION_PRECISION, v->is_declined && v->is_to_decline, v->is_declined);
    add(tally, EVAL_ABSTENTION_RECALL, v->is_declined && v->is_to_decline, v->is_to_decline);
    add(tally, EVAL_DECLINED_WRONGLY, v->is_declined && !v->is_to_decline, !v->is_to_decline);
}

struct eval_rate eval_rate_of(const struct eval_tally *tally, enum eval_measure measure)
{
    const double z = 1.959964, squared = z * z;
    struct eval_rate rate = { .part = tally->parts[measure], .whole = tally->wholes[measure] };
    double n = (double)rate.whole, centre, half;

    if (rate.whole == 0)
        return rate;
    rate.value = (double)rate.part / n;
    centre = rate.value + squared / (2 * n);
    half = z * sqrt(rate.value * (1 - rate.value) / n + squared / (4 * n * n));
    rate.low = fmax(0, (centre - half) / (1 + squared / n));
    rate.high = fmin(1, (centre + half) / (1 + squared / n));
    return rate;
}
