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

/* Of what lasts, one state of affairs may be told twice without a date. */
static bool may_have_twin(const struct fact *fact)
{
    return fact->date.precision >= FHIR_PRECISION_DAY || fact->text.size > 0
           || fact->kind == FACT_CONDITION || fact->kind == FACT_MEDICATION
           || fact->kind == FACT_ALLERGY;
}

/* "Observation" of "Observation/o17". */
static struct slice type_of(const struct fact *fact)
{
    return slice_cut(fact->reference, 0, slice_find_byte(fact->reference, '/'));
}

static uint64_t hash_measures(const struct fact *fact, uint64_t hash)
{
    for (uint32_t i = 0; i < fact->measures_count; i++)
        hash = hash_bytes(slice_of(&fact->measures[i].value.digits, sizeof(int64_t)), hash);
    return hash;
}

uint64_t fact_content_hash(const struct fact *fact)
{
    uint64_t hash = (uint64_t)fact->kind;

    if (fact->is_void || fact->kind == FACT_DEMOGRAPHICS || !may_have_twin(fact))
        return 0;
    if (fact->text.size > 0) {
        char day[FHIR_DATE_TEXT_BYTES];

        hash = hash_bytes(slice_of(day, fhir_date_format(&fact->date, day)), hash);
        return hash_bytes(fact->text, hash) | 1;
    }
    hash = hash_bytes(slice_of(&fact->date.seconds, sizeof(fact->date.seconds)), hash);
    hash = hash_bytes(slice_of(&fact->end.seconds, sizeof(fact->end.seconds)), hash);
    hash = hash_bytes(fact->label, hash);
    hash = hash_bytes(fact->value, hash);
    hash = hash_bytes(fact->status, hash);
    return hash_measures(fact, hash) | 1;
}

static bool is_same_date(const struct fhir_date *a, const struct fhir_date *b)
{
    return a->precision == b->precision && a->seconds == b->seconds;
}

static bool is_same_number(const struct decimal *a, const struct decimal *b)
{
    return a->is_given == b->is_given && a->digits == b->digits && a->scale == b->scale;
}

static bool has_same_measures(const struct fact *a, const struct fact *b)
{
    if (a->measures_count != b->measures_count)
        return false;
    for (uint32_t i = 0; i < a->measures_count; i++) {
        const struct measure *x = &a->measures[i], *y = &b->measures[i];

        if (!is_same_number(&x->value, &y->value) || x->bound != y->bound
            || !slice_equal(x->unit, y->unit) || !slice_equal(x->codes, y->codes))
            return false;
    }
    return true;
}

bool fact_says_the_same(const struct fact *a, const struct fact *b)
{
    char x[FHIR_DATE_TEXT_BYTES], y[FHIR_DATE_TEXT_BYTES];

    if (a->kind != b->kind || !slice_equal(a->text, b->text))
        return false;
    if (a->text.size > 0)
        return slice_equal(slice_of(x, fhir_date_format(&a->date, x)),
                           slice_of(y, fhir_date_format(&b->date, y)));
    return is_same_date(&a->date, &b->date) && is_same_date(&a->end, &b->end)
           && slice_equal(type_of(a), type_of(b)) && slice_equal(a->label, b->label)
           && slice_equal(a->codes, b->codes) && slice_equal(a->value, b->value)
           && slice_equal(a->status, b->status) && slice_equal(a->detail, b->detail)
           && has_same_measures(a, b);
}

bool fact_happened(const struct fact *fact)
{
    static const char *const words[] = { "not-done", "not-taken", "cancelled", "draft",
                                         "proposed", "planned",   "rejected",  "not to be given",
                                         "revoked",  "declined",  NULL };

    for (size_t i = 0; words[i] != NULL; i++)
        if (slice_is(fact->status, words[i]))
            return false;
    return true;
}

struct slice fact_next_code(struct slice *codes)
{
    size_t end = slice_find_byte(*codes, ' ');
    struct slice code = slice_cut(*codes, 0, end);

    *codes = slice_cut(*codes, end + 1, codes->size);
    return code;
}
