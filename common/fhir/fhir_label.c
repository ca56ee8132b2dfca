/* Labels of terminologies, without what only a terminologist needs. */
#include "fhir/fhir_code.h"

/* SNOMED CT's semantic tags, as they stand in brackets at the end of a fully specified name. */
static const char *const snomed_tags[] = {
    "disorder",
    "finding",
    "procedure",
    "situation",
    "substance",
    "physical object",
    "regime/therapy",
    "event",
    "observable entity",
    "morphologic abnormality",
    "body structure",
    "organism",
    "qualifier value",
    "occupation",
    "person",
    "medicinal product",
    "product",
    "clinical drug",
    "record artifact",
    "environment",
    "social concept",
    "specimen",
    "attribute",
    "context-dependent category",
    "administrative concept",
    "assessment scale",
    "tumor staging",
    "staging scale",
    "cell",
    "navigational concept",
    "body system",
};

/* Ends that LOINC's long names carry: where nothing else could be meant, they say nothing. */
static const char *const loinc_ends[] = {
    " in Blood",
    " in Serum or Plasma",
    " in Serum",
    " in Plasma",
    " in Serum, Plasma or Blood",
    " in Capillary blood",
    "/Hemoglobin.total",
    " panel - Blood",
    " - Serum or Plasma",
    " - Reported",
};

static struct slice without_tag(struct slice text)
{
    for (size_t i = 0; i < sizeof(snomed_tags) / sizeof(snomed_tags[0]); i++) {
        size_t size = strlen(snomed_tags[i]);

        if (text.size > size + 3 && text.data[text.size - 1] == ')'
            && text.data[text.size - size - 2] == '('
            && memcmp(text.data + text.size - size - 1, snomed_tags[i], size) == 0)
            return slice_trim(slice_cut(text, 0, text.size - size - 2));
    }
    return text;
}

static bool is_loinc_name(struct slice text)
{
    return text.size > 0
           && (memmem(text.data, text.size, " by ", 4) != NULL
               || memmem(text.data, text.size, "/volume]", 8) != NULL
               || memmem(text.data, text.size, " in Blood", 9) != NULL
               || memmem(text.data, text.size, " in Serum", 9) != NULL
               || memmem(text.data, text.size, "Hemoglobin.total", 16) != NULL
               || memmem(text.data, text.size, " in Urine", 9) != NULL
               || slice_ends_with(text, SLICE("- Reported")));
}

static struct slice without_method(struct slice text)
{
    static const char *const methods[] = { " by Automated",      " by Manual",
                                           " by calculation",    " by Calculation",
                                           " by Test strip",     " by Creatinine-based",
                                           " by Direct assay",   " by Glucometer",
                                           " by Electrophoresis" };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        const char *at = memmem(text.data, text.size, methods[i], strlen(methods[i]));

        if (at != NULL)
            return slice_cut(text, 0, (size_t)(at - text.data));
    }
    return text;
}

static struct slice without_loinc_ends(struct slice text)
{
    bool is_cut = true;

    text = without_method(text);
    while (is_cut) {
        is_cut = false;
        for (size_t i = 0; i < sizeof(loinc_ends) / sizeof(loinc_ends[0]); i++) {
            struct slice end = slice_from(loinc_ends[i]);

            if (text.size > end.size && slice_ends_with(text, end)) {
                text = slice_trim(slice_cut(text, 0, text.size - end.size));
                is_cut = true;
            }
        }
    }
    return text;
}

/* RxNorm shouts its units. */
static struct slice unit_in_case(struct slice word)
{
    if (slice_is(word, "MG"))
        return SLICE("mg");
    if (slice_is(word, "ML"))
        return SLICE("mL");
    if (slice_is(word, "MCG"))
        return SLICE("mcg");
    if (slice_is(word, "MG/ML"))
        return SLICE("mg/mL");
    if (slice_is(word, "MG/HR"))
        return SLICE("mg/h");
    if (slice_is(word, "UNT/ML"))
        return SLICE("units/mL");
    if (slice_is(word, "UNT"))
        return SLICE("units");
    if (slice_is(word, "MEQ"))
        return SLICE("mEq");
    return word;
}

static void put_word(struct buffer *buffer, struct slice word)
{
    word = unit_in_case(word);
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];

        if ((unsigned char)c >= 0x20 && c != 0x7f)
            buffer_put_byte(buffer, c == '[' ? '(' : c == ']' ? ')' : c);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The end of the bracket that opens at @at, or @at when it never closes. */
static size_t skip_bracket(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size && text.data[end] != ']')
        end++;
    return end < text.size ? end + 1 : at;
}

void fhir_label_put(struct buffer *buffer, struct slice text)
{
    bool is_loinc;
    size_t i = 0, start = buffer->size;

    text = without_tag(slice_trim(text));
    is_loinc = is_loinc_name(text);
    if (is_loinc)
        text = without_loinc_ends(text);
    while (i < text.size) {
        size_t end = i;

        if (is_space(text.data[i])) {
            i++;
            continue;
        }
        if (is_loinc && text.data[i] == '[' && skip_bracket(text, i) > i) {
            i = skip_bracket(text, i);
            continue;
        }
        while (end < text.size && !is_space(text.data[end]))
            end++;
        if (buffer->size > start)
            buffer_put_byte(buffer, ' ');
        put_word(buffer, slice_cut(text, i, end));
        i = end;
    }
}
