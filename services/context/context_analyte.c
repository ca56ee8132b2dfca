#include "context_analyte.h"

#include "context_code.h"
#include "context_fact.h"

/* clang-format off */
/* Molar masses of what the laboratory reports: nitrogen for "urea nitrogen" (two in a molecule of
 * urea), the element for phosphate, one chain with its haem for haemoglobin. */
const struct analyte analytes[] = {
    { "hemoglobin A1c", { 0, 0, true }, "4548-4 17856-6 4549-2 59261-8 62388-4" },
    { "glucose", { 180.156, 0, false }, "2345-7 14749-6 2339-0 15074-8 1558-6 14771-0 2340-8 14743-9 41653-7 32016-8 74774-1" },
    { "creatinine", { 113.12, 0, false }, "2160-0 14682-9 38483-4 59826-8" },
    { "cholesterol", { 386.65, 0, false }, "2093-3 14647-2 2085-9 14646-4 13457-7 39469-2 2089-1 22748-8 18262-6 69419-0 43396-1" },
    { "triglycerides", { 885.43, 0, false }, "2571-8 14927-8 3043-7" },
    { "urea nitrogen", { 28.0134, 0, false }, "3094-0 14937-7 6299-2" },
    { "urea", { 60.055, 0, false }, "3091-6 22664-7" },
    { "bilirubin", { 584.66, 0, false }, "1975-2 14631-6 1968-7 14629-0 1971-1" },
    { "calcium", { 40.078, 2, false }, "17861-6 2000-8 1994-3 1995-0" },
    { "magnesium", { 24.305, 2, false }, "19123-9 2601-3" },
    { "phosphate", { 30.974, 0, false }, "2777-1 14879-1" },
    { "sodium", { 22.990, 1, false }, "2951-2 2947-0" },
    { "potassium", { 39.098, 1, false }, "2823-3 6298-4" },
    { "chloride", { 35.453, 1, false }, "2075-0 2069-3" },
    { "bicarbonate", { 61.017, 1, false }, "1963-8 1959-6 1960-4" },
    { "uric acid", { 168.11, 0, false }, "3084-1 14933-6" },
    { "iron", { 55.845, 0, false }, "2498-4 14798-3" },
    { "hemoglobin", { 16114, 0, false }, "718-7 59260-0 30313-1" },
    { "albumin", { 66438, 0, false }, "1751-7 54347-0" },
    { "25-hydroxyvitamin D", { 400.64, 0, false }, "1989-3 14635-7 62292-8" },
    { "vitamin B12", { 1355.37, 0, false }, "2132-9 14685-2" },
    { "folate", { 441.40, 0, false }, "2284-8 14732-2" },
    { "cortisol", { 362.46, 0, false }, "2143-6 14675-3" },
    { "testosterone", { 288.42, 0, false }, "2986-8 14913-8" },
    { "estradiol", { 272.38, 0, false }, "2243-4 14715-7" },
    { "thyroxine", { 776.87, 0, false }, "3026-2 14921-1 3024-7 14920-3" },
    { "triiodothyronine", { 650.97, 0, false }, "3053-6 14930-2 3051-0 14928-6" },
    { "lactate", { 90.078, 0, false }, "2524-7 14118-4 32693-4" },
    { "digoxin", { 780.94, 0, false }, "10535-3 14698-5" },
    { "lithium", { 6.94, 1, false }, "14334-7 3719-2" },
};
/* clang-format on */

const uint32_t analytes_count = sizeof(analytes) / sizeof(analytes[0]);

static bool has_code(const char *codes, struct slice code)
{
    struct slice left = slice_from(codes);

    while (left.size > 0)
        if (slice_equal(fact_next_code(&left), code))
            return true;
    return false;
}

const struct substance *analyte_find(struct slice codes)
{
    while (codes.size > 0) {
        struct slice code = fact_next_code(&codes);

        if (code.size < 2 || code.data[0] != 'a' + CODE_SYSTEM_LOINC)
            continue;
        for (uint32_t i = 0; i < analytes_count; i++)
            if (has_code(analytes[i].codes, slice_cut(code, 1, code.size)))
                return &analytes[i].substance;
    }
    return NULL;
}
