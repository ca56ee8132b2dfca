#include "context_words.h"

#include <ctype.h>

#include "base/hash.h"

#define QUESTION_WORDS_MAX 512

static const char *const stop_words[] = {
    "a",      "about", "all",   "an",      "and",      "any",      "are",    "as",      "at",
    "be",     "been",  "being", "but",     "by",       "can",      "could",  "current", "currently",
    "did",    "do",    "does",  "doe",     "ever",     "evidence", "find",   "for",     "from",
    "give",   "given", "had",   "ha",      "have",     "he",       "her",    "him",     "his",
    "hi",     "how",   "i",     "if",      "in",       "is",       "it",     "last",    "latest",
    "list",   "many",  "me",    "most",    "much",     "no",       "not",    "now",     "of",
    "on",     "or",    "out",   "patient", "recent",   "recorded", "record", "result",  "she",
    "show",   "since", "tell",  "than",    "that",     "the",      "their",  "them",    "there",
    "these",  "they",  "this",  "thi",     "to",       "up",       "value",  "wa",      "was",
    "were",   "what",  "when",  "where",   "which",    "who",      "why",    "will",    "with",
    "within", "would", "year",  "month",   "date",     "other",    "type",   "use",     "taking",
    "take",   "taken", "level", "measure", "measured",
};

struct kind_words {
    const char *words;
    uint32_t kinds;
};

#define KIND(n) (1u << (n))

static const struct kind_words kind_words[] = {
    { "medication|medications|medicine|medicines|meds|drug|drugs|prescription|prescriptions|prescribed|pill|pills|dose|treatment|therapy",
      KIND(3) },
    { "allergy|allergies|allergic|intolerance|intolerances|reaction", KIND(4) },
    { "problem|problems|condition|conditions|diagnosis|diagnoses|disease|diseases|diagnosed|illness|illnesses|history|comorbidities",
      KIND(2) },
    { "lab|labs|laboratory|test|tests|vital|vitals|vital signs|observation|observations|measurement|measurements",
      KIND(5) },
    { "procedure|procedures|surgery|surgeries|operation|operations|surgical|operated", KIND(6) },
    { "vaccine|vaccines|vaccination|vaccinations|vaccinated|immunization|immunizations|immunisation|immunized|shot|shots",
      KIND(7) },
    { "visit|visits|encounter|encounters|appointment|appointments|seen|admission|admissions|admitted|hospitalized|hospitalization|emergency",
      KIND(8) },
    { "report|reports|panel", KIND(9) },
    { "note|notes|document|documents|documented|wrote|narrative", KIND(10) },
    { "plan|plans|care plan|goal|goals|follow-up", KIND(11) },
    { "device|devices|implant|implants|implanted", KIND(12) },
    { "imaging|scan|scans|x-ray|xray|ct|mri|ultrasound|radiology", KIND(13) },
    { "age|old|sex|gender|born|demographics|alive|deceased", KIND(1) },
    { "order|orders|ordered|referral|referred|family history|adverse", KIND(14) },
};

struct time_words {
    const char *words;
    unsigned times;
};

static const struct time_words time_words[] = {
    { "last|latest|most recent|recent|recently|current|currently|now|today|newest",
      WORDS_TIME_LATEST },
    { "first|earliest|initial|initially|oldest|original", WORDS_TIME_EARLIEST },
    { "trend|trends|over time|change|changed|changes|all|every|each|history of|progress|progression|compare|how many",
      WORDS_TIME_TREND },
};

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

bool words_next(struct slice *text, struct slice *word)
{
    size_t start = 0, end;

    while (start < text->size && !is_word_byte(text->data[start]))
        start++;
    end = start;
    while (end < text->size && is_word_byte(text->data[end]))
        end++;
    *word = slice_cut(*text, start, end);
    *text = slice_cut(*text, end, text->size);
    return end > start;
}

void word_lower(struct slice word, char out[WORD_BYTES_MAX])
{
    for (size_t i = 0; i < word.size && i < WORD_BYTES_MAX; i++)
        out[i] = (char)tolower((unsigned char)word.data[i]);
}

size_t word_fold(struct slice word, char out[WORD_BYTES_MAX])
{
    size_t size = 0;

    if (word.size == 0 || word.size > WORD_BYTES_MAX)
        return 0;
    for (; size < word.size; size++)
        out[size] = (char)tolower((unsigned char)word.data[size]);
    if (size > 4 && out[size - 1] == 's' && out[size - 2] == 'e' && out[size - 3] == 'i')
        out[(size -= 2) - 1] = 'y';
    else if (size > 3 && out[size - 1] == 's' && strchr("sui", out[size - 2]) == NULL)
        size--;
    return size;
}

/* Asked for every word of a record and of what is rendered: the first letter rules out nearly all.
 */
static bool is_stop_word(struct slice word)
{
    for (size_t i = 0; i < sizeof(stop_words) / sizeof(stop_words[0]); i++)
        if (stop_words[i][0] == word.data[0] && slice_is(word, stop_words[i]))
            return true;
    return false;
}

uint32_t word_hash(struct slice word)
{
    char folded[WORD_BYTES_MAX];
    size_t size = word_fold(word, folded);
    uint32_t hash;

    if (size == 0 || (size == 1 && !isdigit((unsigned char)folded[0]))
        || is_stop_word(slice_of(folded, size)))
        return 0;
    hash = (uint32_t)hash_bytes(slice_of(folded, size), 0x776f7264);
    return hash == 0 ? 1 : hash;
}

void words_each(struct slice text, void (*on_word)(void *arg, uint32_t word), void *arg)
{
    size_t i = 0;

    while (i < text.size) {
        size_t end = i;
        uint32_t hash;

        while (end < text.size && is_word_byte(text.data[end]))
            end++;
        hash = end > i ? word_hash(slice_cut(text, i, end)) : 0;
        if (hash != 0)
            on_word(arg, hash);
        i = end + 1;
    }
}

/* Whether @phrase stands in @text as whole words, without case. */
static bool has_phrase(struct slice text, struct slice phrase)
{
    for (size_t i = 0; i + phrase.size <= text.size; i++) {
        size_t end = i + phrase.size;

        if (i > 0 && is_word_byte(text.data[i - 1]))
            continue;
        if (end < text.size && is_word_byte(text.data[end]))
            continue;
        if (slice_equal_fold(slice_cut(text, i, end), phrase))
            return true;
    }
    return false;
}

static bool has_any(struct slice text, const char *words)
{
    struct slice left = slice_from(words);

    while (left.size > 0) {
        size_t bar = slice_find_byte(left, '|');

        if (has_phrase(text, slice_cut(left, 0, bar)))
            return true;
        left = slice_cut(left, bar + 1, left.size);
    }
    return false;
}

uint32_t words_kinds(struct slice question)
{
    uint32_t kinds = 0;

    for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
        if (has_any(question, kind_words[i].words))
            kinds |= kind_words[i].kinds;
    return kinds;
}

unsigned words_times(struct slice question)
{
    unsigned times = 0;

    for (size_t i = 0; i < sizeof(time_words) / sizeof(time_words[0]); i++)
        if (has_any(question, time_words[i].words))
            times |= time_words[i].times;
    return times;
}
