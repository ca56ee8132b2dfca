#include "deid_pattern.h"

#include "deid_check.h"
#include "deid_code.h"
#include "deid_token.h"

#define MATCH_BYTES_MAX 160 /* no shape is longer: the cost of a start is bounded */

/* What may follow. */
enum bound {
    BOUND_WORD,   /* no letter or digit */
    BOUND_NUMBER, /* nor what goes on with a number: "-1", ".5", "/2", ",000", "%" */
    BOUND_CODE,   /* nor a dash and a letter or digit */
};

struct pattern {
    enum deid_class class;
    enum deid_form form;
    enum bound bound;
    float score;
    const char *expression;
    bool (*is_valid)(struct slice text); /* NULL: by its shape alone */
};

#define EXTENSION "(,? ?(ext\\.?:?|extension|x) ?#?\\d{1,6})?"
#define HEX "[0-9A-Fa-f]"
#define SURE DEID_SCORE_SHAPE
#define FAIR DEID_SCORE_LIST
#define WEAK DEID_SCORE_WEAK

/* In the order of strength: the first that fits wins, and of it the longest reading. */
/* clang-format off */
static const struct pattern patterns[] = {
    /* networks and machines */
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, SURE, HEX "{8}-" HEX "{4}-" HEX "{4}-" HEX "{4}-" HEX "{12}", NULL },
    { DEID_CLASS_DEVICE, DEID_FORM_VALUE, BOUND_CODE, SURE, HEX "{2}([:-]" HEX "{2}){5}", deid_check_separators },
    { DEID_CLASS_DEVICE, DEID_FORM_VALUE, BOUND_CODE, SURE, HEX "{4}\\." HEX "{4}\\." HEX "{4}", deid_check_mixed },
    { DEID_CLASS_IP, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\d{1,3}(\\.\\d{1,3}){3}(/\\d{1,2}|:\\d{2,5})?", deid_check_ip },
    { DEID_CLASS_IP, DEID_FORM_VALUE, BOUND_WORD, SURE, HEX "{1,4}(::?" HEX "{1,4})+(::)?(/\\d{1,3})?", deid_check_ip6 },
    /* numbers that are given out, with a check or a plan */
    { DEID_CLASS_SSN, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\d{3}[- .]\\d{2}[- .]\\d{4}", deid_check_ssn },
    { DEID_CLASS_SSN, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\d{3} - \\d{2} - \\d{4}", deid_check_ssn },
    { DEID_CLASS_SSN, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "[Xx]{3}[- .]?[Xx]{2}[- .]?\\d{4}", NULL },
    { DEID_CLASS_HEALTH_PLAN, DEID_FORM_VALUE, BOUND_CODE, SURE, "\\d{3}-\\d{2}-\\d{4}-?[A-Z]\\d?", deid_check_ssn },
    { DEID_CLASS_HEALTH_PLAN, DEID_FORM_VALUE, BOUND_CODE, SURE, "[1-9][A-Za-z][A-Za-z0-9]\\d-?[A-Za-z][A-Za-z0-9]\\d-?[A-Za-z]{2}\\d{2}", deid_check_mbi },
    { DEID_CLASS_ACCOUNT, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\d{4}[- ]\\d{4}[- ]\\d{4}[- ]\\d{1,7}", deid_check_separators },
    { DEID_CLASS_ACCOUNT, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\d{13,19}|\\d{4}[- ]\\d{6}[- ]\\d{4,5}", deid_check_card },
    { DEID_CLASS_ACCOUNT, DEID_FORM_VALUE, BOUND_WORD, SURE, "[A-Z]{2}\\d{2}( ?[A-Z0-9]{4})+( ?[A-Z0-9]{1,3})?", deid_check_iban },
    { DEID_CLASS_VEHICLE, DEID_FORM_VALUE, BOUND_CODE, SURE, "[A-HJ-NPR-Za-hj-npr-z0-9]{17}", deid_check_vin },
    { DEID_CLASS_LICENSE, DEID_FORM_VALUE, BOUND_CODE, SURE, "[A-Za-z][A-Za-z9]\\d{7}", deid_check_dea },
    { DEID_CLASS_LICENSE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "[12]\\d{9}", deid_check_npi },
    { DEID_CLASS_DEVICE, DEID_FORM_VALUE, BOUND_WORD, SURE, "\\(01\\)\\d{14}(\\(\\d{2,4}\\)[A-Za-z0-9./-]+)*", NULL },
    { DEID_CLASS_DEVICE, DEID_FORM_VALUE, BOUND_WORD, SURE, "\\+[A-Z]\\d{3}[A-Z0-9]{5,18}/[A-Z0-9$/]{4,40}", NULL },
    { DEID_CLASS_LICENSE, DEID_FORM_VALUE, BOUND_CODE, FAIR, "[A-Z]\\d{3}[- ]\\d{4}[- ]\\d{4}|[A-Z]\\d{3}-\\d{3}-\\d{2}-\\d{3}(-\\d)?|[A-Z]\\d{4}-\\d{5}-\\d{5}", NULL },
    /* dates with blanks about their signs: those without are read before */
    { DEID_CLASS_DATE, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\d{1,2} ?[-/.] ?\\d{1,2} ?[-/.] ?(19|20)\\d{2}|(19|20)\\d{2} ?[-/.] ?\\d{1,2} ?[-/.] ?\\d{1,2}", deid_check_date },
    { DEID_CLASS_DATE, DEID_FORM_VALUE, BOUND_NUMBER, WEAK, "[01]\\d [0-3]\\d (19|20)\\d{2}", deid_check_date },
    /* where on earth */
    { DEID_CLASS_GEOGRAPHY, DEID_FORM_VALUE, BOUND_WORD, SURE, "\\d{1,3}\\.\\d{3,} ?(\xc2\xb0)? ?[NS]? ?[,;/]? ?[-+]?\\d{1,3}\\.\\d{3,} ?(\xc2\xb0)? ?[EWew]?", deid_check_coordinates },
    { DEID_CLASS_GEOGRAPHY, DEID_FORM_VALUE, BOUND_WORD, SURE, "\\d{1,3} ?\xc2\xb0 ?\\d{1,2} ?(['m]|\xe2\x80\xb2) ?(\\d{1,2}(\\.\\d+)? ?([\"s]|''|\xe2\x80\xb3))? ?[NSEWnsew]( ?[,;]? ?\\d{1,3} ?\xc2\xb0 ?\\d{1,2} ?(['m]|\xe2\x80\xb2) ?(\\d{1,2}(\\.\\d+)? ?([\"s]|''|\xe2\x80\xb3))? ?[EWew])?", NULL },
    { DEID_CLASS_GEOGRAPHY, DEID_FORM_POSTAL, BOUND_NUMBER, WEAK, "\\d{5}-\\d{4}", NULL },
    { DEID_CLASS_GEOGRAPHY, DEID_FORM_VALUE, BOUND_CODE, WEAK, "[A-Z]{1,2}\\d[A-Z0-9]? \\d[A-Z]{2}|[A-Z]\\d[A-Z] \\d[A-Z]\\d", deid_check_postcode },
    /* telephones */
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "(\\+?1 ?[-./]? ?)?(\\(\\d{3}\\) ?[-./]? ?|\\d{3} ?[-./] ?|\\d{3} )\\d{3}( ?[-./] ?| )\\d{4}" EXTENSION, deid_check_phone_us },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\(\\d{3}\\) ?\\d{7}" EXTENSION, deid_check_phone },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\+\\d([-. /()]{0,3}\\d)+" EXTENSION, deid_check_phone },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, SURE, "\\+\\d{8,15}", deid_check_phone },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "(00|011)[-. ]?\\d{1,3}([-. ]\\(?\\d{1,5}\\)?){2,5}", deid_check_phone },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "\\(?0\\d{1,4}\\)?([- ./]\\d{2,4}){2,4}", deid_check_phone_trunk },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "\\(?0\\d{2,4}\\)?[- ]\\d{5,7}", deid_check_phone_trunk },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "[2-9]\\d{2} ?- ?\\d{4}" EXTENSION, deid_check_phone },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "[2-9]\\d{2}[. ]\\d{4}(,? ?(ext\\.?:?|extension|x) ?#?\\d{1,6})", deid_check_phone },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "1[-.]8\\d{2}[-.][A-Za-z0-9](-?[A-Za-z0-9]){6,9}", NULL },
    { DEID_CLASS_PHONE, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "(\\(8\\d{2}\\) ?|8\\d{2}[-.])\\d{3}[-.][A-Z]{4}", NULL },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "\\(?\\d( \\d){2}\\)?( ?[-.] ?| )\\d( \\d){1,2}( ?[-.] ?| )\\d( \\d){3}", deid_check_spaced },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_NUMBER, FAIR, "\\d( \\d){2} ?[-.] ?\\d( \\d){3}", deid_check_spaced },
    /* keys and coins */
    { DEID_CLASS_ACCOUNT, DEID_FORM_VALUE, BOUND_CODE, FAIR, "[13][1-9A-HJ-NP-Za-km-z]{25,}|0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{11,}|[LM][1-9A-HJ-NP-Za-km-z]{26,}", deid_code_is_secret },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_WORD, FAIR, "(sk|pk|rk|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{8,}|AKIA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}", deid_code_is_secret },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_WORD, FAIR, "eyJ[A-Za-z0-9_-]{4,}(\\.[A-Za-z0-9_.-]*)?", NULL },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, WEAK, "[0-9a-f]{16,}|[0-9A-F]{16,}", deid_check_mixed },
    /* files of pictures */
    { DEID_CLASS_PHOTO, DEID_FORM_VALUE, BOUND_WORD, FAIR, "([A-Za-z]{2,10}[-_ ]?|[A-Za-z]{2,16}[-_][A-Za-z]{2,16}[-_])[0-9_-]{3,20}\\.(jpe?g|png|tiff?|bmp|heic|dcm|gif|mp4|mov|JPE?G|PNG|TIFF?|BMP|HEIC|DCM|GIF|MP4|MOV)", NULL },
    { DEID_CLASS_PHOTO, DEID_FORM_VALUE, BOUND_CODE, FAIR, "(IMG|DSC|DSCN|DICOM|PXL|DCIM|MVI)[-_]?\\d{3,14}([-_][A-Za-z0-9]{1,12}){0,3}(\\.[A-Za-z]{3,4})?", NULL },
    /* codes that an institution gives out: letters, then digits in groups */
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, FAIR, "[A-Z]{1,8}\\d{0,6}([-_/][A-Za-z0-9]+)+", deid_code_is_lettered },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, FAIR, "[A-Z]{1,6}#? ?#\\d{4,12}", NULL },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, WEAK, "[A-Z]{1,5}\\d{6,14}[A-Z]{0,2}", deid_code_is_lettered },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, WEAK, "[A-Z0-9]{8,}", deid_code_is_dense },
    { DEID_CLASS_ACCOUNT, DEID_FORM_VALUE, BOUND_CODE, WEAK, "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", deid_check_bic },
    /* digits in groups, with or without letters after */
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, FAIR, "\\d{2,10}-\\d{2,10}(-\\d{1,10}){0,2}-[A-Z0-9]{1,6}", deid_code_is_grouped },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, WEAK, "\\d{2}-\\d{7}|\\d{2,4}-\\d{5,12}|\\d{5,12}-\\d{2,12}", deid_code_is_grouped },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_CODE, WEAK, "\\d{4,10}-[A-Z]{1,4}|\\d{6,12}[A-Z]{1,3}|\\d{1,3}[A-Z]{1,3}\\d{5,12}|\\d{2,3}-?[A-Z]{1,3}-\\d{3,10}", deid_code_is_grouped },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_NUMBER, WEAK, "\\d{4} \\d{4} \\d{4}", NULL },
    { DEID_CLASS_OTHER, DEID_FORM_VALUE, BOUND_NUMBER, WEAK, "\\d{7,}", deid_code_is_plain },
};
/* clang-format on */

#define PATTERNS_COUNT (sizeof(patterns) / sizeof(patterns[0]))

static bool is_any_case(const struct pattern *pattern)
{
    return pattern->class == DEID_CLASS_PHONE;
}

enum status deid_patterns_init(struct deid_patterns *made, struct arena *arena, struct error *err)
{
    struct deid_expression expressions[PATTERNS_COUNT];
    size_t i;

    for (i = 0; i < PATTERNS_COUNT; i++)
        expressions[i] =
            (struct deid_expression){ patterns[i].expression, is_any_case(&patterns[i]) };
    if (deid_automaton_init(&made->automaton, expressions, PATTERNS_COUNT, arena, err) == STATUS_OK)
        return STATUS_OK;
    if (err != NULL)
        err->status = STATUS_INTERNAL;
    return STATUS_INTERNAL;
}

static bool is_bound(enum bound bound, struct slice text, size_t end)
{
    char after = end < text.size ? text.data[end] : 0;
    char then = end + 1 < text.size ? text.data[end + 1] : 0;

    if (deid_is_word(after))
        return false;
    if (bound == BOUND_NUMBER)
        return after != '%'
               && !(strchr("-.,/", after) != NULL && after != 0 && deid_is_digit(then));
    return bound == BOUND_WORD || !((after == '-' || after == '_') && deid_is_word(then));
}

bool deid_patterns_find(const struct deid_patterns *made, struct slice text, size_t at,
                        struct deid_span *span)
{
    struct deid_hit hits[DEID_HITS_MAX];
    unsigned count = deid_automaton_run(&made->automaton, text, at, MATCH_BYTES_MAX, hits);
    unsigned best = PATTERNS_COUNT;

    while (count-- > 0) {
        const uint16_t *id = made->automaton.ids + hits[count].set;

        for (; *id < best; id++) {
            const struct pattern *pattern = &patterns[*id];

            if (!is_bound(pattern->bound, text, hits[count].end)
                || (pattern->is_valid != NULL
                    && !pattern->is_valid(slice_cut(text, at, hits[count].end))))
                continue;
            best = *id;
            *span = (struct deid_span){ (uint32_t)at, hits[count].end, pattern->class,
                                        pattern->form, pattern->score };
            break;
        }
    }
    return best < PATTERNS_COUNT;
}

const char *deid_patterns_expression(unsigned index, bool *is_any_case_out)
{
    if (index >= PATTERNS_COUNT)
        return NULL;
    *is_any_case_out = is_any_case(&patterns[index]);
    return patterns[index].expression;
}
