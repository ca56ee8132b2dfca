#include "deid_code.h"

#include "deid_check.h"
#include "deid_token.h"

#define DENSE_BYTES_MAX 24
#define SECRET_BYTES_MAX 90

static unsigned letters_of(struct slice text)
{
    unsigned count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += (text.data[i] | 32) >= 'a' && (text.data[i] | 32) <= 'z';
    return count;
}

static bool is_one_of(struct slice word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (slice_equal_fold(word, slice_from(*words)))
            return true;
    return false;
}

bool deid_code_is_published(struct slice word)
{
    static const char *const words[] = { "icd",     "icd9",
                                         "icd10",   "icdo",
                                         "cpt",     "hcpcs",
                                         "drg",     "loinc",
                                         "snomed",  "ndc",
                                         "atc",     "rxcui",
                                         "rxnorm",  "cvx",
                                         "umls",    "omim",
                                         "hgnc",    "pmid",
                                         "pmc",     "pmcid",
                                         "doi",     "nct",
                                         "isrctn",  "eudract",
                                         "isbn",    "issn",
                                         "dsm",     "hla",
                                         "covid",   "sars",
                                         "meddra",  "mondo",
                                         "orpha",   "ensg",
                                         "enst",    "cosmic",
                                         "clinvar", "clinicaltrials",
                                         NULL };

    return is_one_of(word, words);
}

static bool is_unit(struct slice word)
{
    static const char *const words[] = { "iu",  "u",   "mg", "ml",   "mcg", "g",  "kg", "mm",
                                         "cm",  "l",   "dl", "hr",   "h",   "hz", "cc", "k",
                                         "meq", "cfu", "pt", "kcal", "min", "pg", "ng", NULL };

    return is_one_of(word, words);
}

/* The run of letters at the end; its first byte. */
static struct slice letters_last(struct slice text)
{
    size_t at = text.size;

    while (at > 0 && (text.data[at - 1] | 32) >= 'a' && (text.data[at - 1] | 32) <= 'z')
        at--;
    return slice_cut(text, at, text.size);
}

static struct slice letters_first(struct slice text)
{
    size_t end = 0;

    while (end < text.size && (text.data[end] | 32) >= 'a' && (text.data[end] | 32) <= 'z')
        end++;
    return slice_cut(text, 0, end);
}

bool deid_code_is_sequence(struct slice text)
{
    static const char *const words[] = {
        "nm", "np", "nc", "ng", "nr", "xm", "xp", "xr", "rs", NULL
    };
    struct slice first = letters_first(text);

    return slice_starts_with(text, SLICE("ENS"))
           || (is_one_of(first, words) && first.size < text.size && text.data[first.size] == '_');
}

/* "G3P2012": pregnancies and births. */
static bool is_births(struct slice text)
{
    return text.size >= 4 && text.data[0] == 'G' && deid_is_digit(text.data[1])
           && (text.data[2] == 'P' || (deid_is_digit(text.data[2]) && text.data[3] == 'P'));
}

/* "A/California/7/2009": a word between slashes is of no number. */
static bool is_strain(struct slice text)
{
    bool is_lower = false;

    for (size_t i = 0; i < text.size; i++)
        is_lower |= text.data[i] >= 'a' && text.data[i] <= 'z';
    return is_lower && slice_find_byte(text, '/') < text.size;
}

/* Whether its only digits are a year: "FY-2019". */
static bool is_year_only(struct slice text)
{
    size_t at = 0;

    if (deid_check_digits(text) != 4)
        return false;
    while (!deid_is_digit(text.data[at]))
        at++;
    return at + 4 <= text.size
           && (slice_starts_with(slice_cut(text, at, text.size), SLICE("19"))
               || slice_starts_with(slice_cut(text, at, text.size), SLICE("20")))
           && deid_check_digits(slice_cut(text, at, at + 4)) == 4;
}

bool deid_code_is_lettered(struct slice text)
{
    unsigned digits = deid_check_digits(text);
    bool is_slashed = slice_find_byte(text, '/') < text.size;

    return digits >= (is_slashed ? 5 : 4) && text.size >= 6 && !is_year_only(text)
           && !deid_code_is_published(letters_first(text)) && !is_unit(letters_last(text))
           && !deid_code_is_sequence(text) && !is_births(text) && !is_strain(text);
}

bool deid_code_is_dense(struct slice text)
{
    struct slice last = letters_last(text);

    return text.size <= DENSE_BYTES_MAX && deid_check_digits(text) >= 5 && letters_of(text) >= 1
           && !(last.size == letters_of(text) && is_unit(last))
           && !deid_code_is_published(letters_first(text)) && !deid_code_is_sequence(text)
           && !is_births(text);
}

static unsigned number_at(struct slice text, size_t at)
{
    unsigned number = 0;

    for (; at < text.size && deid_is_digit(text.data[at]) && number < 100000000; at++)
        number = number * 10 + (unsigned)(text.data[at] - '0');
    return number;
}

/* Two round numbers, the first the smaller: "10000-15000". */
static bool is_range(struct slice text)
{
    size_t dash = slice_find_byte(text, '-');
    unsigned first = number_at(text, 0), second = number_at(text, dash + 1);

    return letters_of(text) == 0 && dash < text.size
           && slice_find_byte(slice_cut(text, dash + 1, text.size), '-') == text.size - dash - 1
           && first % 10 == 0 && second % 100 == 0 && first < second;
}

bool deid_code_is_grouped(struct slice text)
{
    unsigned digits = deid_check_digits(text), letters = letters_of(text);

    if (digits < (letters > 0 ? 5 : 7) || is_range(text))
        return false;
    return !is_unit(letters_last(text));
}

bool deid_code_is_plain(struct slice text)
{
    return text.size <= DENSE_BYTES_MAX && !slice_ends_with(text, SLICE("0000"));
}

bool deid_code_is_secret(struct slice text)
{
    unsigned digits = deid_check_digits(text);

    return digits >= 3 && letters_of(text) >= 4 && text.size <= SECRET_BYTES_MAX;
}
