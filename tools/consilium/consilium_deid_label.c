#include "consilium_deid_label.h"

#include <stdlib.h>

#include "consilium_deid_engine.h"

#define LABEL_BYTES_MAX 48

/* clang-format off */
static const struct row {
    const char *labels; /* capitals alone, a blank after each */
    enum deid_class class;
    enum deid_need need;
} rows[] = {
    { "NAME PERSON PERSONNAME NAMEPATIENT NAMEPROVIDER PATIENT DOCTOR PER HCW STAFF FIRSTNAME LASTNAME RELATIVE ",
      DEID_CLASS_NAME, DEID_NEED_YES },
    { "GEOGRAPHY GEOGRAPHICLOCATION LOCATION LOC LOCATIONCITY LOCATIONNAME LOCATIONROOM LOCATIONOTHER ADDRESS STREET "
      "STREETADDRESS CITY ZIP ZIPCODE POSTALCODE HOSPITAL FACILITY ORGFACILITY LATITUDELONGITUDE GPE ROOM DEPARTMENT ",
      DEID_CLASS_GEOGRAPHY, DEID_NEED_YES },
    { "DATE DATETIME DATEOFBIRTH DOB BIRTHDATE TIMESTAMP DATEHOLIDAY AGE AGEOVER AGEOVEREIGHTYNINE ", DEID_CLASS_DATE,
      DEID_NEED_YES },
    { "PHONE PHONENUMBER TELEPHONE CONTACT ", DEID_CLASS_PHONE, DEID_NEED_YES },
    { "FAX FAXNUMBER ", DEID_CLASS_FAX, DEID_NEED_YES },
    { "EMAIL EMAILADDRESS ", DEID_CLASS_EMAIL, DEID_NEED_YES },
    { "SSN SOCIALSECURITYNUMBER USSSN TAXID USITIN ", DEID_CLASS_SSN, DEID_NEED_YES },
    { "MRN MEDICALRECORD MEDICALRECORDNUMBER ", DEID_CLASS_MRN, DEID_NEED_YES },
    { "HEALTHPLAN HEALTHPLANBENEFICIARYNUMBER HEALTHINSURANCEID INSURANCEPOLICYNUMBER ", DEID_CLASS_HEALTH_PLAN,
      DEID_NEED_YES },
    { "ACCOUNT ACCOUNTNUMBER CREDITCARD CREDITCARDNUMBER BANKACCOUNTNUMBER USBANKNUMBER IBAN IBANCODE "
      "CRYPTOCURRENCYADDRESS CRYPTO ",
      DEID_CLASS_ACCOUNT, DEID_NEED_YES },
    { "LICENSE LICENCE NPINUMBER NPI DEANUMBER DEA DRIVERLICENSENUMBER USDRIVERLICENSE PASSPORTNUMBER USPASSPORT "
      "VISANUMBER MEDICALLICENSE CERTIFICATE ",
      DEID_CLASS_LICENSE, DEID_NEED_YES },
    { "VEHICLE VEHICLEIDENTIFICATIONNUMBER LICENSEPLATE VIN ", DEID_CLASS_VEHICLE, DEID_NEED_YES },
    { "DEVICE DEVICEIDENTIFIER MACADDRESS ", DEID_CLASS_DEVICE, DEID_NEED_YES },
    { "URL DOMAINNAME DOMAIN WEB ", DEID_CLASS_URL, DEID_NEED_YES },
    { "IP IPADDRESS IPADDR ", DEID_CLASS_IP, DEID_NEED_YES },
    { "BIOMETRIC BIOMETRICID BIOID ", DEID_CLASS_BIOMETRIC, DEID_NEED_YES },
    { "PHOTO ", DEID_CLASS_PHOTO, DEID_NEED_YES },
    { "OTHER ID IDNUM UNIQUEIDENTIFIER NATIONALIDNUMBER EMPLOYEEID USERNAME PRESCRIPTIONNUMBER APIKEY AUTHENTICATIONTOKEN "
      "SOCIALMEDIAHANDLE ",
      DEID_CLASS_OTHER, DEID_NEED_YES },
    { "ORGANIZATION ORGANIZATIONNAME ORG PATORG VENDOR STATE COUNTRY ", DEID_CLASS_GEOGRAPHY, DEID_NEED_OPEN },
    { "DATEDOW TIME ", DEID_CLASS_DATE, DEID_NEED_OPEN },
    { "TITLE PREFIX NRP NORP NATIONALITY PROFESSION JOBTITLE ETHNICITY RELIGIOUSBELIEF POLITICALOPINION GENDER MARITALSTATUS "
      "SALARY EDUCATIONLEVEL HOUSEHOLDSIZE VEHICLEMODEL SWIFTBICCODE BANKROUTINGNUMBER ",
      DEID_CLASS_NONE, DEID_NEED_OPEN },
    { "HEALTHCONDITION MEDICATIONNAME PROCEDURENAME STATENOTPHI ", DEID_CLASS_NONE, DEID_NEED_NO },
};
/* clang-format on */

/* Letters alone, as capitals: "DATE_OF_BIRTH" is "DATEOFBIRTH". */
static struct slice label_squeeze(struct slice label, char *out)
{
    size_t i, size = 0;

    for (i = 0; i < label.size && size < LABEL_BYTES_MAX; i++) {
        char c = label.data[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        if (c >= 'A' && c <= 'Z')
            out[size++] = c;
    }
    return slice_of(out, size);
}

static bool has_word(const char *words, struct slice word)
{
    while (*words != '\0') {
        size_t size = strcspn(words, " ");

        if (size == word.size && memcmp(words, word.data, size) == 0)
            return true;
        words += size + 1;
    }
    return false;
}

static unsigned long first_number(struct slice text)
{
    unsigned long number = 0;
    size_t i = 0;

    while (i < text.size && (text.data[i] < '0' || text.data[i] > '9'))
        i++;
    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && number < 100000; i++)
        number = number * 10 + (unsigned long)(text.data[i] - '0');
    return number;
}

static bool is_year(struct slice text)
{
    size_t i;

    text = slice_trim(text);
    for (i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size == 4 && (text.data[0] == '1' || text.data[0] == '2');
}

static struct deid_meant meant_of_word(struct slice word)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (has_word(rows[i].labels, word))
            return (struct deid_meant){ rows[i].class, rows[i].need, true };
    return (struct deid_meant){ DEID_CLASS_OTHER, DEID_NEED_YES, false };
}

static bool meant_by_user(struct slice said, struct deid_meant *meant)
{
    unsigned class;

    meant->is_known = true;
    if (slice_is(said, "open") || slice_is(said, "stay")) {
        meant->class = DEID_CLASS_NONE;
        meant->need = slice_is(said, "open") ? DEID_NEED_OPEN : DEID_NEED_NO;
        return true;
    }
    meant->need = DEID_NEED_YES;
    for (class = 1; class < DEID_CLASS_COUNT; class ++)
        if (slice_is(said, deid_engine_label((enum deid_class) class))) {
            meant->class = (enum deid_class) class;
            return true;
        }
    return false;
}

struct deid_meant deid_label_read(struct slice label, struct slice text, const struct json *mapping)
{
    char letters[LABEL_BYTES_MAX];
    struct slice word = label_squeeze(label, letters);
    struct deid_meant meant;
    const struct json *own;

    for (own = json_first(mapping); own != NULL; own = own->next)
        if (slice_equal(own->key, label) && meant_by_user(own->text, &meant))
            return meant;
    meant = meant_of_word(word);
    if (slice_is(word, "AGE") && first_number(text) < 90)
        meant.need = DEID_NEED_OPEN;
    if (meant.class == DEID_CLASS_DATE && is_year(text))
        meant.need = DEID_NEED_OPEN;
    return meant;
}

enum status deid_label_check(const struct json *mapping, struct error *err)
{
    const struct json *own;
    struct deid_meant meant;
    unsigned number = 0;

    if (mapping->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--labels: not a JSON object");
    for (own = mapping->first; own != NULL; own = own->next) {
        number++;
        if (own->kind != JSON_KIND_STRING || !meant_by_user(own->text, &meant))
            return error_set(
                err, STATUS_INVALID_ARGUMENT,
                "--labels: member %u is none of the eighteen classes, \"open\" or \"stay\"",
                number);
    }
    return STATUS_OK;
}
