#include "deid_fhir_element.h"

#include <sodium.h>

#include "base/buffer.h"

struct slice deid_fhir_element_type(const struct json *resource)
{
    return json_get_string(resource, "resourceType");
}

char deid_fhir_element_letter(struct slice type)
{
    char c = type.size > 0 ? (char)(type.data[0] | 32) : DEID_FHIR_ELEMENT_LETTER_UNKNOWN;

    return c >= 'a' && c <= 'z' ? c : DEID_FHIR_ELEMENT_LETTER_UNKNOWN;
}

bool deid_fhir_element_whole_name(const struct json *name, struct arena *arena, struct slice *whole)
{
    const struct json *given = json_first(json_get(name, "given"));
    struct buffer out;

    buffer_init(&out, arena);
    for (; given != NULL; given = given->next) {
        buffer_put(&out, given->text);
        buffer_put_byte(&out, ' ');
    }
    buffer_put(&out, json_get_string(name, "family"));
    *whole = slice_trim(buffer_slice(&out));
    return !out.is_full;
}

enum deid_class deid_fhir_element_telecom_class(const struct json *telecom)
{
    struct slice system = json_get_string(telecom, "system");

    if (slice_is(system, "email"))
        return DEID_CLASS_EMAIL;
    if (slice_is(system, "fax"))
        return DEID_CLASS_FAX;
    if (slice_is(system, "url"))
        return DEID_CLASS_URL;
    return DEID_CLASS_PHONE;
}

enum deid_class deid_fhir_element_identifier_class(const struct json *identifier)
{
    static const struct {
        const char *code;
        enum deid_class class;
    } codes[] = {
        { "MR", DEID_CLASS_MRN },         { "MRT", DEID_CLASS_MRN },
        { "SS", DEID_CLASS_SSN },         { "SB", DEID_CLASS_SSN },
        { "DL", DEID_CLASS_LICENSE },     { "PPN", DEID_CLASS_LICENSE },
        { "NPI", DEID_CLASS_LICENSE },    { "MD", DEID_CLASS_LICENSE },
        { "AN", DEID_CLASS_ACCOUNT },     { "MB", DEID_CLASS_HEALTH_PLAN },
        { "MC", DEID_CLASS_HEALTH_PLAN }, { "MA", DEID_CLASS_HEALTH_PLAN },
        { "SN", DEID_CLASS_HEALTH_PLAN }, { "SNO", DEID_CLASS_DEVICE },
        { "UDI", DEID_CLASS_DEVICE },
    };
    const struct json *type = json_get(identifier, "type");
    struct slice code = json_get_string(json_first(json_get(type, "coding")), "code");
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (slice_is(code, codes[i].code))
            return codes[i].class;
    return slice_ends_with(json_get_string(identifier, "system"), SLICE("us-ssn"))
               ? DEID_CLASS_SSN
               : DEID_CLASS_OTHER;
}

bool deid_fhir_element_is_text(struct slice type)
{
    return slice_starts_with(type, SLICE("text/"))
           || slice_starts_with(type, SLICE("application/json"))
           || slice_starts_with(type, SLICE("application/fhir"))
           || slice_starts_with(type, SLICE("application/xml"))
           || slice_starts_with(type, SLICE("application/xhtml"));
}

/* Not fhir_base64_decode: that takes text without its padding, and does not tell bad text from a
 * full arena. */
enum status deid_fhir_element_decode(struct slice text, struct arena *arena, struct slice *bytes)
{
    size_t size = 0;
    unsigned char *out = arena_alloc(arena, text.size + 1);

    if (out == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    if (sodium_base642bin(out, text.size + 1, text.data, text.size, " \r\n\t", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL)
        != 0)
        return STATUS_INVALID_ARGUMENT;
    *bytes = slice_of(out, size);
    return STATUS_OK;
}

enum status deid_fhir_element_encode(struct slice bytes, struct arena *arena, struct slice *text)
{
    struct buffer out;

    buffer_init(&out, arena);
    buffer_reserve(&out, (bytes.size + 2) / 3 * 4); /* at once, not by doubling */
    buffer_put_base64(&out, bytes);
    *text = buffer_slice(&out);
    return out.is_full ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
}
