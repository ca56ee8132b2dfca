#include "consilium_deid_meaning.h"

#include "deid_date.h"

#define KEY_BYTES_MAX 40

struct looks {
    unsigned digits, letters, blanks, marks;
};

static struct looks look(struct slice text)
{
    struct looks looks = { 0 };
    size_t i;

    for (i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c >= '0' && c <= '9')
            looks.digits++;
        else if (((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80)
            looks.letters++;
        else if (c == ' ')
            looks.blanks++;
        else
            looks.marks++;
    }
    return looks;
}

bool deid_meaning_has_digit(struct slice text)
{
    return look(text).digits > 0;
}

enum deid_meaning deid_meaning_by_looks(struct slice text)
{
    struct looks looks = look(text);
    struct deid_date date;

    if (slice_find_byte(text, '@') < text.size)
        return DEID_MEANING_EMAIL;
    if (looks.digits == 0)
        return slice_find_byte(text, '/') < text.size ? DEID_MEANING_URL : DEID_MEANING_NAME;
    if (deid_date_read(text, 0, &date) && date.end == text.size)
        return DEID_MEANING_DATE;
    if (looks.letters == 0 && looks.digits == 9 && looks.marks == 2)
        return DEID_MEANING_SSN;
    if (looks.letters == 0 && looks.digits >= 10 && looks.digits <= 13
        && looks.marks + looks.blanks > 0)
        return DEID_MEANING_PHONE;
    if (looks.letters > 0 && looks.blanks > 0)
        return DEID_MEANING_ADDRESS;
    return DEID_MEANING_IDENTIFIER;
}

/* Letters alone, in lower case: "Date-Of_Birth" is "dateofbirth". Too long: "". */
static struct slice key_squeeze(struct slice key, char *out)
{
    size_t i, size = 0;

    for (i = 0; i < key.size; i++) {
        char c = key.data[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c < 'a' || c > 'z')
            continue;
        if (size == KEY_BYTES_MAX)
            return SLICE("");
        out[size++] = c;
    }
    if (size > 2 && out[size - 1] == 's' && out[size - 2] != 's') /* phones, aliases */
        size -= size > 6 && out[size - 2] == 'e' && out[size - 3] == 's' ? 2 : 1;
    return slice_of(out, size);
}

/* clang-format off */
static const struct row {
    const char *keys; /* with a blank after each */
    enum deid_meaning meaning;
} rows[] = {
    { "gender sex age race ethnicity language maritalstatu birthsex active use type system rank resourcetype "
      "meta text deceased deceasedboolean multiplebirth state province country label class kind category "
      "relationship period assigner preferred communication extension ",
      DEID_MEANING_SKIP },
    { "value identifier other unknown known id key ", DEID_MEANING_ANY },
    { "name fullname patientname patient displayname display person nickname alias alia aka maidenname maiden "
      "preferredname formername legalname ",
      DEID_MEANING_NAME },
    { "given givenname first firstname middle middlename forename ", DEID_MEANING_GIVEN },
    { "family familyname last lastname surname secondname ", DEID_MEANING_FAMILY },
    { "relative relatedperson kin nextofkin mother father spouse wife husband partner sister brother son daughter "
      "child children parent guardian contact emergencycontact caregiver provider doctor physician clinician nurse "
      "practitioner generalpractitioner staff referrer attending pcp author surgeon familymember ",
      DEID_MEANING_OTHER_NAME },
    { "birthdate dob dateofbirth date birthday born deathdate dateofdeath deceaseddatetime admissiondate ", DEID_MEANING_DATE },
    { "phone telephone mobile cell cellphone phonenumber homephone workphone mobilephone tel pager telecom ",
      DEID_MEANING_PHONE },
    { "fax faxnumber ", DEID_MEANING_FAX },
    { "email emailaddress mail ", DEID_MEANING_EMAIL },
    { "url website web ip ipaddress photo ", DEID_MEANING_URL },
    { "addres street streetaddres line addressline geography location homeaddress employer organization school ",
      DEID_MEANING_ADDRESS },
    { "city town village county district ", DEID_MEANING_CITY },
    { "zip zipcode postalcode postcode ", DEID_MEANING_POSTAL },
    { "mrn medicalrecordnumber medicalrecord chartnumber patientid hospitalnumber ", DEID_MEANING_MRN },
    { "ssn socialsecuritynumber socialsecurity ", DEID_MEANING_SSN },
    { "healthplan memberid insurance insuranceid policy policynumber subscriberid beneficiaryid medicare medicaid "
      "healthplanbeneficiarynumber member plan mbi ",
      DEID_MEANING_PLAN },
    { "license licence driverslicense driverlicense licensenumber npi dea certificate ", DEID_MEANING_LICENSE },
    { "account accountnumber vehicle vin plate licenseplate device serial serialnumber biometric "
      "passport nationalid visit encounter encounterid visitnumber csn accession uniqueidentifier ",
      DEID_MEANING_IDENTIFIER },
};
/* clang-format on */

enum deid_meaning deid_meaning_of(struct slice key)
{
    char letters[KEY_BYTES_MAX];
    struct slice word = key_squeeze(key, letters);
    size_t i;

    if (word.size == 0)
        return DEID_MEANING_NONE;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = rows[i].keys;

        while (*at != '\0') {
            size_t size = strcspn(at, " ");

            if (size == word.size && memcmp(at, word.data, size) == 0)
                return rows[i].meaning;
            at += size + 1;
        }
    }
    return DEID_MEANING_NONE;
}
