#include "deid_like.h"

#include "deid_place.h"
#include "deid_scanner.h"

#include "deid_date.h"

#define ODDS_NAME 8     /* quarters of a bit: four to one for a name */
#define ODDS_RARE 3     /* where the word is no word at all, so little is enough */
#define ODDS_WORD (-24) /* sixty to one against: a name in theory */
#define UNKNOWN_BYTES_MIN 2
#define LIST_NAMES_MAX 5
#define WORD_RARE 6   /* how common "sepsis", "dementia" and "prostate" are as words */
#define FAMILY_RARE 3 /* steps of how common it is as a name: Krukenberg, and not Murphy */
#define GIVEN_RARE 1
#define FAMILY_MANY 10 /* whom a note may as well be about */
#define PLAIN_SHARE 20 /* one word of medicine in so many is no medicine yet: hand, card, heart */

/* What no name is made of. */
#define FLAGS_NEVER                                                                                \
    (DEID_WORD_WEEKDAY | DEID_WORD_ID_LABEL | DEID_WORD_TITLE | DEID_WORD_KIN | DEID_WORD_NATION)

/* A word with bytes that are not ASCII. */
static enum deid_shape shape_of_other(struct slice word)
{
    unsigned upper = 0, lower = 0, digits = 0, high = 0;
    unsigned char first = (unsigned char)word.data[0],
                  second = word.size > 1 ? (unsigned char)word.data[1] : 0;
    size_t i;

    for (i = 0; i < word.size; i++) {
        char c = word.data[i];

        upper += c >= 'A' && c <= 'Z';
        lower += c >= 'a' && c <= 'z';
        digits += deid_is_digit(c);
        high += (unsigned char)c >= 0x80;
    }
    if (high == 0 || digits > 0 || first == 0xc2 || first == 0xe2 || first >= 0xef)
        return DEID_SHAPE_OTHER; /* signs and pictures */
    if (first >= 'a' && first <= 'z')
        return DEID_SHAPE_LOWER;
    if (first == 0xc3 && second >= 0x9f) /* ß to ÿ */
        return DEID_SHAPE_LOWER;
    if ((first == 0xc4 || first == 0xc5) && (second & 1) == (first == 0xc5 && second >= 0xb9))
        return lower > 0 || upper < 2 ? DEID_SHAPE_CAPITAL : DEID_SHAPE_UPPER;
    if (first == 0xc4 || first == 0xc5)
        return DEID_SHAPE_LOWER;
    return lower > 0 || upper < 2 ? DEID_SHAPE_CAPITAL : DEID_SHAPE_UPPER;
}

enum deid_shape deid_like_shape(const struct deid_tokens *tokens, unsigned index)
{
    enum deid_shape shape = tokens->items[index].shape;

    return shape == DEID_SHAPE_OTHER ? shape_of_other(deid_token_text(tokens, index)) : shape;
}

/* "CEOs", "SpOx", "MyChart": capitals inside of a word, but for those of "McDonald" and "DeLuca".
 */
static bool is_coined(struct slice word)
{
    size_t i, upper = 0, last = 0;

    for (i = 1; i < word.size; i++)
        if (word.data[i] >= 'A' && word.data[i] <= 'Z') {
            upper++;
            last = i;
        }
    if (upper == 0 || upper + 1 == word.size)
        return false;
    if (upper > 1 || word.size - last < 3)
        return true;
    return !((last == 2 || last == 3) && word.size > 4
             && (slice_starts_with(word, SLICE("Mc")) || slice_starts_with(word, SLICE("Mac"))
                 || slice_starts_with(word, SLICE("De")) || slice_starts_with(word, SLICE("La"))
                 || slice_starts_with(word, SLICE("Le")) || slice_starts_with(word, SLICE("Van"))
                 || slice_starts_with(word, SLICE("Du")) || slice_starts_with(word, SLICE("Di"))
                 || slice_starts_with(word, SLICE("Fitz"))))
           && slice_find_byte(word, '\'') == word.size;
}

/* "Hypogonadism", "Zyvastatin": words of medicine end like words of medicine, listed or not. */
static bool is_medical_form(struct slice word)
{
    static const char *const ends[] = {
        "itis",   "osis",    "ism",     "emia",      "aemia",   "pathy",   "ectomy", "plasty",
        "algia",  "uria",    "penia",   "scopy",     "otomy",   "ostomy",  "ology",  "graphy",
        "gram",   "mycin",   "cillin",  "azole",     "sartan",  "statin",  "umab",   "ximab",
        "zumab",  "tinib",   "gliptin", "gliflozin", "dipine",  "cycline", "oxacin", "parin",
        "xaban",  "lukast",  "setron",  "triptan",   "caine",   "dronate", "profen", "thiazide",
        "semide", "zepam",   "zolam",   "tidine",    "prazole", "glutide", "azine",  "aminide",
        "platin", "rubicin", "trexate", "phobia",    "plegia",  "paresis", "iasis",  "rrhea",
        "rrhage", "trophy",  "genic",   "cytic",     "ations",  "ation",
    };
    size_t i, j;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct slice end = slice_from(ends[i]);

        if (word.size < end.size + 3)
            continue;
        for (j = 0; j < end.size; j++)
            if ((word.data[word.size - end.size + j] | 32) != end.data[j])
                break;
        if (j == end.size)
            return true;
    }
    return false;
}

/* "Mgmt", "Rx": what cannot be spoken is an abbreviation. Other scripts are not judged. */
static bool has_vowel(struct slice word)
{
    size_t i;

    for (i = 0; i < word.size; i++)
        if ((unsigned char)word.data[i] >= 0x80 || strchr("aeiouyAEIOUY", word.data[i]) != NULL)
            return true;
    return false;
}

enum deid_like deid_like_of(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    enum deid_shape shape = deid_like_shape(tokens, index);
    const struct deid_facts *facts;
    int odds;

    if (shape == DEID_SHAPE_NUMBER || shape == DEID_SHAPE_OTHER || shape == DEID_SHAPE_INITIAL
        || token->flags & FLAGS_NEVER)
        return DEID_LIKE_NEVER;
    facts = deid_like_facts(tokens, index);
    odds = facts->odds;
    if (facts->flags & DEID_WORD_NAME && !(facts->flags & (DEID_WORD_DRUG | DEID_WORD_STOP))) {
        if (odds >= ODDS_NAME || (odds >= ODDS_RARE && facts->word == 0))
            return DEID_LIKE_NAME;
        return odds > ODDS_WORD ? DEID_LIKE_EITHER : DEID_LIKE_WORD;
    }
    if (facts->flags & DEID_WORD_NAME)
        return odds > 0 ? DEID_LIKE_EITHER : DEID_LIKE_WORD;
    if (token->flags & (DEID_WORD_STOP | DEID_WORD_LABEL | DEID_WORD_MONTH))
        return DEID_LIKE_NEVER;
    if (facts->word > 0
        || facts->flags
               & (DEID_WORD_ENGLISH | DEID_WORD_MEDICAL | DEID_WORD_DRUG | DEID_WORD_COUNTRY
                  | DEID_WORD_STATE | DEID_WORD_CREDENTIAL | DEID_WORD_EPONYM))
        return DEID_LIKE_WORD;
    if (facts->family + facts->given > 0 && odds > 0)
        return DEID_LIKE_EITHER;
    if (is_coined(deid_token_text(tokens, index))
        || is_medical_form(deid_token_text(tokens, index)))
        return DEID_LIKE_WORD;
    return token->end - token->start >= UNKNOWN_BYTES_MIN
                   && has_vowel(deid_token_text(tokens, index))
               ? DEID_LIKE_UNKNOWN
               : DEID_LIKE_NEVER;
}

/* A word of medicine; "I'm" is no "IM". */
static bool is_medical(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    return token->flags & DEID_WORD_MEDICAL
           && memchr(tokens->text.data + token->start, '\'', token->end - token->start) == NULL;
}

/* A word that only medicine has; "St." is a street's or a saint's before it is speech therapy. */
static bool is_special(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    return token->flags & DEID_WORD_DRUG
           || (is_medical(tokens, index)
               && !(token->flags & (DEID_WORD_ENGLISH | DEID_WORD_NAME | DEID_WORD_STREET)));
}

/* What is said where somebody is treated. "History" and "positive" are said of others too. */
bool deid_like_is_clinical(struct slice word)
{
    static const char *const words[] = {
        "patient",     "patients",     "pt",           "pts",
        "diagnosis",   "diagnoses",    "diagnosed",    "diagnosing",
        "diagnostic",  "prognosis",    "treatment",    "treatments",
        "treated",     "treating",     "therapy",      "disease",
        "disorder",    "syndrome",     "symptom",      "symptoms",
        "surgery",     "surgical",     "clinical",     "clinic",
        "medication",  "medications",  "dose",         "dosage",
        "prescribe",   "prescribed",   "prescribing",  "admitted",
        "discharged",  "hospitalized", "chronic",      "acute",
        "presenting",  "male",         "female",       "yo",
        "guideline",   "guidelines",   "vaccine",      "vaccines",
        "vaccination", "infant",       "infants",      "newborn",
        "pregnancy",   "pregnant",     "prevalence",   "incidence",
        "mortality",   "morbidity",    "steroids",     "corticosteroids",
        "preterm",     "palsy",        "efficacy",     "contraindicated",
        "cancer",      "diabetes",     "hypertension", "asthma",
        "dementia",    "sepsis",       "stroke",       "pneumonia",
        "hepatitis",   "arthritis",    "obesity",      "epilepsy",
        "migraine",    "tuberculosis", "influenza",    "malaria",
        "prostate",    "colorectal",   "renal",        "cardiovascular",
        NULL
    };

    return deid_scanner_is_one_of(word, words);
}

bool deid_like_is_plain(const struct deid_tokens *tokens)
{
    unsigned medical = 0, i;

    for (i = 0; i < tokens->count; i++) {
        if (is_special(tokens, i))
            return false;
        medical += is_medical(tokens, i);
    }
    return medical * PLAIN_SHARE <= tokens->count + PLAIN_SHARE;
}

static bool is_clinical(const struct deid_tokens *tokens)
{
    for (unsigned i = 0; i < tokens->count; i++)
        if (deid_like_is_clinical(deid_token_text(tokens, i)))
            return true;
    return false;
}

static bool is_small(const struct deid_tokens *tokens)
{
    unsigned i;

    for (i = 0; i < tokens->count; i++)
        if (tokens->items[i].shape == DEID_SHAPE_CAPITAL)
            return false;
    return true;
}

bool deid_like_read(struct deid_tokens *tokens, struct arena *arena)
{
    uint32_t *hints = arena_alloc(arena, tokens->count * sizeof(*hints));
    uint8_t *likes = arena_alloc(arena, tokens->count);
    unsigned i;

    if (hints == NULL || likes == NULL)
        return false;
    deid_hint_read(tokens, hints);
    for (i = 0; i < tokens->count; i++)
        likes[i] = (uint8_t)deid_like_of(tokens, i);
    tokens->hints = hints;
    tokens->likes = likes;
    tokens->is_plain = deid_like_is_plain(tokens) && !is_clinical(tokens);
    tokens->is_small = is_small(tokens);
    return true;
}

bool deid_like_starts(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap;
    size_t i;

    if (index == 0)
        return true;
    if (tokens->items[index - 1].flags & DEID_WORD_TITLE
        || tokens->items[index - 1].shape == DEID_SHAPE_INITIAL)
        return false;
    gap = deid_tokens_gap(tokens, index - 1);
    for (i = 0; i < gap.size; i++)
        if (gap.data[i] == '.' || gap.data[i] == '\n' || gap.data[i] == ':' || gap.data[i] == '?'
            || gap.data[i] == '!' || gap.data[i] == '"' || gap.data[i] == '*')
            return true;
    return false;
}

static bool is_possessive(const struct deid_tokens *tokens, unsigned index)
{
    return slice_starts_with(slice_cut(tokens->text, tokens->items[index].end, tokens->text.size),
                             SLICE("'s"));
}

/* Nothing but a blank, a hyphen or an apostrophe. */
static bool is_phrase_gap(struct slice gap)
{
    size_t i;

    for (i = 0; i < gap.size; i++)
        if (gap.data[i] != ' ' && gap.data[i] != '-' && gap.data[i] != '\'' && gap.data[i] != 's')
            return false;
    return gap.size <= 3;
}

static bool is_thing(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    /* "Bruton agammaglobulinemia": a word of medicine that is no word of English. */
    if (token->shape == DEID_SHAPE_LOWER && token->flags & DEID_WORD_MEDICAL
        && !(token->flags & DEID_WORD_ENGLISH) && token->end - token->start > 4)
        return true;
    if (token->flags & DEID_WORD_EPONYM_AFTER)
        return true;
    return deid_hint_at(tokens, index) & DEID_HINT_THING
           && !(token->shape == DEID_SHAPE_CAPITAL && token->flags & DEID_WORD_FAMILY); /* Walker */
}

/* "Moro, Galant and Babinski reflexes": where one of such a list is the name of a thing, all are.
 * The last of the list that begins at token @index. */
static unsigned list_last(const struct deid_tokens *tokens, unsigned index)
{
    for (unsigned names = 0; names < LIST_NAMES_MAX && index + 1 < tokens->count; names++) {
        struct slice gap = deid_tokens_gap(tokens, index),
                     word = deid_token_text(tokens, index + 1);
        bool is_and = slice_is(word, "and") || slice_is(word, "or");
        unsigned next = is_and ? index + 2 : index + 1;

        if (!(slice_is(gap, ", ") || slice_is(gap, "/") || (is_and && slice_is(gap, " ")))
            || (is_and && !deid_like_gap(tokens, index + 1, " ")) || next >= tokens->count
            || !deid_like_capital(tokens, next))
            break;
        index = next;
    }
    return index;
}

/* "Plummer nails": a name that things have and not too many people, before a word of medicine. */
static bool is_before_finding(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].flags & DEID_WORD_EPONYM
           && deid_like_facts(tokens, index)->family <= FAMILY_MANY
           && deid_like_gap(tokens, index, " ")
           && tokens->items[index + 1].shape == DEID_SHAPE_LOWER
           && tokens->items[index + 1].flags & DEID_WORD_MEDICAL;
}

/* "Framingham risk score", "Hawkins-Kennedy test": a thing within two words. */
static bool is_before_thing(const struct deid_tokens *tokens, unsigned index)
{
    unsigned at;

    if (is_before_finding(tokens, index))
        return true;
    for (at = index + 1; at < tokens->count && at <= index + 2; at++) {
        if (!is_phrase_gap(deid_tokens_gap(tokens, at - 1)))
            return false;
        if (is_thing(tokens, at))
            return tokens->items[index].flags & DEID_WORD_EPONYM
                   || (at == index + 1
                       && (!is_possessive(tokens, index)
                           || tokens->items[at].flags & DEID_WORD_EPONYM_AFTER));
        if (tokens->items[at].shape == DEID_SHAPE_NUMBER)
            return false;
    }
    return false;
}

/* The same of the last of a list that token @index begins, if that one is known for a thing. */
static bool is_listed_thing(const struct deid_tokens *tokens, unsigned index)
{
    unsigned last = list_last(tokens, index);

    return last > index && tokens->items[last].flags & DEID_WORD_EPONYM
           && is_before_thing(tokens, last);
}

bool deid_like_eponym(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const before[] = { "a", "an", "the", "positive", "negative", "no", NULL };
    const struct deid_token *token = &tokens->items[index];
    bool is_person =
        index > 0 && tokens->items[index - 1].flags & (DEID_WORD_TITLE | DEID_WORD_GIVEN)
        && deid_tokens_gap(tokens, index - 1).size <= 2 && deid_like_capital(tokens, index - 1);
    unsigned i;

    if (token->flags & DEID_WORD_TITLE || (is_person && !(token->flags & DEID_WORD_EPONYM)))
        return false;
    if (is_before_thing(tokens, index) || is_listed_thing(tokens, index))
        return !(index > 0 && tokens->items[index - 1].flags & DEID_WORD_TITLE);
    if (!(token->flags & DEID_WORD_EPONYM) || is_person)
        return false;
    if (is_possessive(tokens, index))
        return true;
    for (i = 0; index > 0 && before[i] != NULL; i++)
        if (slice_equal_fold(deid_token_text(tokens, index - 1), slice_from(before[i])))
            return true;
    return false;
}

/* Whether words [@first, @end) are what a thing is called by themselves. */
static bool is_all_eponym(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        if (!(tokens->items[i].flags & DEID_WORD_EPONYM))
            return false;
    return true;
}

bool deid_like_is_eponymous(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    const struct deid_facts *facts = deid_like_facts(tokens, first);

    if (end == first + 1)
        return facts->flags & DEID_WORD_EPONYM && facts->family <= FAMILY_RARE
               && facts->given <= GIVEN_RARE;
    if (deid_place_listed(tokens, first, DEID_WORD_EPONYM) == end)
        return true;
    return end == first + 2 && deid_like_gap(tokens, first, "-")
           && is_all_eponym(tokens, first, end);
}

/* A verb of taking, back over "on", "to", "with" and an article. */
static bool is_taken(const struct deid_tokens *tokens, unsigned index)
{
    unsigned back;

    for (back = 1; back <= 3 && back <= index; back++) {
        uint32_t hints = deid_hint_at(tokens, index - back);

        if (deid_tokens_gap(tokens, index - back).size > 2)
            return false;
        if (hints & DEID_HINT_INTAKE || tokens->items[index - back].flags & DEID_WORD_DRUG)
            return true;
        if (!(hints & (DEID_HINT_AT | DEID_HINT_WITH | DEID_HINT_ARTICLE)))
            return false;
    }
    return false;
}

bool deid_like_product(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *next = index + 1 < tokens->count ? &tokens->items[index + 1] : NULL;
    struct deid_date date;

    if (next != NULL && !deid_date_read(tokens->text, next->start, &date)
        && deid_tokens_gap(tokens, index).size <= 2 && next->shape != DEID_SHAPE_INITIAL
        && (next->shape == DEID_SHAPE_NUMBER || deid_hint_at(tokens, index + 1) & DEID_HINT_DOSE
            || deid_is_digit(tokens->text.data[next->start])))
        return true;
    return is_taken(tokens, index);
}

bool deid_like_before_thing(const struct deid_tokens *tokens, unsigned index)
{
    return is_before_thing(tokens, index) || is_listed_thing(tokens, index);
}

bool deid_like_is_articled(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    static const char *const articles[] = { "a", "an", "the", NULL };
    static const char *const people[] = {
        "family",  "household", "residence", "home",     "house",  "twins",   "brothers",
        "sisters", "couple",    "siblings",  "children", "child",  "girls",   "girl",
        "boys",    "boy",       "kids",      "baby",     "infant", "patient", "case",
        "lady",    "gentleman", "man",       "woman",    "party",  NULL
    };

    if (first == 0 || tokens->items[first].flags & DEID_WORD_TITLE
        || !deid_like_gap(tokens, first - 1, " ")
        || !deid_scanner_is_one_of(deid_token_text(tokens, first - 1), articles)
        || is_possessive(tokens, end - 1))
        return false;
    for (unsigned i = first; i + 1 < end; i++)
        if (!deid_like_gap(tokens, i, "-"))
            return false;
    return !(deid_like_gap(tokens, end - 1, " ")
             && deid_scanner_is_one_of(deid_token_text(tokens, end), people));
}
