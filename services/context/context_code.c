#include "context_code.h"

static const struct {
    const char *mark; /* stands in the URI */
    enum code_system system;
    const char *name;
} systems[] = {
    { "snomed", CODE_SYSTEM_SNOMED, "SNOMED CT" },
    { "loinc", CODE_SYSTEM_LOINC, "LOINC" },
    { "rxnorm", CODE_SYSTEM_RXNORM, "RxNorm" },
    { "icd-10-pcs", CODE_SYSTEM_ICD10PCS, "ICD-10-PCS" },
    { "Coding/ICD10", CODE_SYSTEM_ICD10PCS, "ICD-10-PCS" },
    { "icd-10", CODE_SYSTEM_ICD10, "ICD-10" },
    { "icd-9", CODE_SYSTEM_ICD9, "ICD-9" },
    { "/cpt", CODE_SYSTEM_CPT, "CPT" },
    { "HCPCS", CODE_SYSTEM_HCPCS, "HCPCS" },
    { "hcpcs", CODE_SYSTEM_HCPCS, "HCPCS" },
    { "ada.org/cdt", CODE_SYSTEM_CDT, "CDT" },
    { "/cdt", CODE_SYSTEM_CDT, "CDT" },
    { "sid/cvx", CODE_SYSTEM_CVX, "CVX" },
    { "2.16.840.1.113883.6.96", CODE_SYSTEM_SNOMED, "SNOMED CT" },
    { "2.16.840.1.113883.6.1", CODE_SYSTEM_LOINC, "LOINC" },
    { "2.16.840.1.113883.6.90", CODE_SYSTEM_ICD10, "ICD-10" },
};

#define SYSTEMS (sizeof(systems) / sizeof(systems[0]))

enum code_system code_system_of(struct slice uri)
{
    for (size_t i = 0; uri.size > 0 && i < SYSTEMS; i++)
        if (memmem(uri.data, uri.size, systems[i].mark, strlen(systems[i].mark)) != NULL)
            return systems[i].system;
    return CODE_SYSTEM_OTHER;
}

const char *code_system_name(enum code_system system)
{
    for (size_t i = 0; i < SYSTEMS; i++)
        if (systems[i].system == system)
            return systems[i].name;
    return "code";
}

/* By bytes, over the length of @bound. */
static int compare_to(struct slice code, const char *bound)
{
    size_t size = strlen(bound);
    int order = memcmp(code.data, bound, size < code.size ? size : code.size);

    if (order == 0 && code.size < size)
        return -1;
    return order;
}

/* "1123F" and "0042T" lie in no range of codes that are all digits. */
static bool ends_in_letter(struct slice code)
{
    return code.data[code.size - 1] >= 'A';
}

struct slice code_name(enum code_system system, struct slice code)
{
    size_t best_size = 0;
    struct slice best = { NULL, 0 };

    if (code.size == 0 || system == CODE_SYSTEM_OTHER)
        return best;
    for (size_t i = 0; i < code_rows_count; i++) {
        const struct code_row *row = &code_rows[i];
        bool is_exact = row->last == NULL;
        size_t size;

        /* Nearly all rows end here. */
        if (row->system != system || (is_exact && row->first[0] != code.data[0]))
            continue;
        if (is_exact ? !slice_is(code, row->first)
                     : compare_to(code, row->first) < 0 || compare_to(code, row->last) > 0)
            continue;
        if (system == CODE_SYSTEM_CPT
            && ends_in_letter(code) != ends_in_letter(slice_from(row->first)))
            continue;
        size = strlen(row->first) + is_exact;
        if (size < best_size)
            continue;
        best = slice_from(row->name);
        best_size = size;
    }
    return best;
}
