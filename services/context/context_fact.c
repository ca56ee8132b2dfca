#include "context_fact.h"

#include "base/hash.h"

bool fact_lasts(const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_CONDITION:
    case FACT_MEDICATION:
    case FACT_ALLERGY:
    case FACT_CARE_PLAN:
    case FACT_DEVICE:
    case FACT_DEMOGRAPHICS:
        return true;
    default:
        return false;
    }
}

bool fact_is_standing(const struct fact *fact)
{
    if (fact->kind == FACT_DEMOGRAPHICS)
        return true;
    return fact->is_active
           && (fact->kind == FACT_CONDITION || fact->kind == FACT_MEDICATION
               || fact->kind == FACT_ALLERGY);
}

int fact_compare(const struct fact *a, const struct fact *b)
{
    int order = fhir_date_compare(&a->date, &b->date);

    return order != 0 ? order : slice_compare(a->reference, b->reference);
}

uint64_t fact_content_hash(const struct fact *fact)
{
    uint64_t hash = (uint64_t)fact->kind;

    if (fact->is_void || fact->kind == FACT_DEMOGRAPHICS)
        return 0;
    if (fact->date.precision < FHIR_PRECISION_DAY && fact->text.size == 0)
        return 0;
    if (fact->text.size > 0) {
        char day[FHIR_DATE_TEXT_BYTES];

        hash = hash_bytes(slice_of(day, fhir_date_format(&fact->date, day)), hash);
        return hash_bytes(fact->text, hash) | 1;
    }
    hash = hash_bytes(slice_of(&fact->date.seconds, sizeof(fact->date.seconds)), hash);
    hash = hash_bytes(slice_of(&fact->end.seconds, sizeof(fact->end.seconds)), hash);
    hash = hash_bytes(fact->noun, hash);
    hash = hash_bytes(fact->label, hash);
    hash = hash_bytes(fact->value, hash);
    hash = hash_bytes(fact->detail, hash);
    return hash_bytes(fact->status, hash) | 1;
}
