/* Numbers, dates and addresses in the many forms that people write them in, and what looks like
 * them and is none. Names and places have their own tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "deid_redact.h"
#include "deid_setup.h"

/* The classes found in @text, and whether [@from, @to) is wholly covered. */
struct seen {
    unsigned count[DEID_CLASS_COUNT];
    bool is_covered;
};

static struct seen look(const char *text, const char *part)
{
    struct arena arena;
    struct deid_map map;
    struct deid_redactor redactor;
    struct deid_spans spans;
    struct seen seen = { .is_covered = true };
    const char *at = strstr(text, part);

    arena_init(&arena, (size_t)64 << 20);
    deid_map_init(&map, DEID_PROFILE_SAFE_HARBOR, &arena);
    assert_int_equal(deid_redactor_init(&redactor, &rules, &map, &arena, NULL), STATUS_OK);
    assert_int_equal(deid_inspect_text(&redactor, slice_from(text), &spans, NULL), STATUS_OK);
    for (unsigned i = 0; i < spans.count; i++)
        seen.count[spans.items[i].class]++;
    for (size_t i = 0; at != NULL && i < strlen(part); i++) {
        size_t byte = (size_t)(at - text) + i;
        bool is_in = !deid_is_word(text[byte]);

        for (unsigned j = 0; j < spans.count && !is_in; j++)
            is_in = spans.items[j].start <= byte && byte < spans.items[j].end;
        seen.is_covered &= is_in;
    }
    deid_redactor_close(&redactor);
    arena_close(&arena);
    return seen;
}

struct row {
    const char *text, *part;
    enum deid_class class;
};

static void check_found(const struct row *rows, size_t count)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < count; i++) {
        struct seen seen = look(rows[i].text, rows[i].part);

        assert_non_null(strstr(rows[i].text, rows[i].part));
        if (!seen.is_covered || seen.count[rows[i].class] == 0) {
            print_message("%s: \"%s\" in \"%s\"\n", seen.is_covered ? "of another class" : "missed",
                          rows[i].part, rows[i].text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* None of the classes that these finders know. */
static void check_kept(const char *const *rows, size_t count)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < count; i++) {
        struct seen seen = look(rows[i], "");

        for (unsigned class = DEID_CLASS_DATE; class < DEID_CLASS_COUNT; class ++)
            if (seen.count[class] > 0) {
                print_message("class %u in \"%s\"\n", class, rows[i]);
                wrong++;
            }
    }
    assert_int_equal(wrong, 0);
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void finds_dates_in_numbers(void **state)
{
    static const struct row rows[] = {
        { "on 03/14/1958 he", "03/14/1958", DEID_CLASS_DATE },
        { "away until 28/05. Back then", "28/05", DEID_CLASS_DATE },
        { "due tomorrow 8/9 at the clinic", "8/9", DEID_CLASS_DATE },
        { "WOUND CLINIC 7 / 19 / 22: better", "7 / 19 / 22", DEID_CLASS_DATE },
        { "treated 12.-15.10.2021 as an inpatient", "12.-15.10.2021", DEID_CLASS_DATE },
        { "seen 3.4.22 by the nurse", "3.4.22", DEID_CLASS_DATE },
        { "sutures out 5.27.24. Wound dry", "5.27.24", DEID_CLASS_DATE },
        { "clinic on Thu 19th. No weight", "Thu 19th", DEID_CLASS_DATE },
        { "born on 4 mai 1970 there", "4 mai 1970", DEID_CLASS_DATE },
        { "el 12 de octubre de 2019 he", "12 de octubre de 2019", DEID_CLASS_DATE },
        { "on 3/4/58 he", "3/4/58", DEID_CLASS_DATE },
        { "on 3-4-2019 he", "3-4-2019", DEID_CLASS_DATE },
        { "on 14.03.1958 he", "14.03.1958", DEID_CLASS_DATE },
        { "on 1958-03-14 he", "1958-03-14", DEID_CLASS_DATE },
        { "on 1958/03/14 he", "1958/03/14", DEID_CLASS_DATE },
        { "at 2019-03-04T10:11:12Z.", "2019-03-04T10:11:12Z", DEID_CLASS_DATE },
        { "at 2019-03-04 10:11:12 he", "2019-03-04 10:11:12", DEID_CLASS_DATE },
        { "file of 20190403 was", "20190403", DEID_CLASS_DATE },
        { "since 03/2019 he", "03/2019", DEID_CLASS_DATE },
        { "since 2019-03 he", "2019-03", DEID_CLASS_DATE },
        { "from 4/11/2026-4/22/2026 in house", "4/11/2026-4/22/2026", DEID_CLASS_DATE },
        { "from 2019-03-04/2019-03-10 in house", "2019-03-04/2019-03-10", DEID_CLASS_DATE },
        { "seen 4/19 in clinic", "4/19", DEID_CLASS_DATE },
        { "Labs (4/29 AM): WBC 9", "4/29 AM", DEID_CLASS_DATE },
        { "switched 4/27.", "4/27", DEID_CLASS_DATE },
        { "CXR from 3/4-3/10 clear", "3/4-3/10", DEID_CLASS_DATE },
        { "drawn on 1/2, 1/5 and 1/9 were", "1/9", DEID_CLASS_DATE },
        { "4/3: WBC 9.1", "4/3", DEID_CLASS_DATE },
        { "DOB 030458 male", "030458", DEID_CLASS_DATE },
        { "DOB: 03.04.58", "03.04.58", DEID_CLASS_DATE },
        { "D.O.B. 3/14/58", "3/14/58", DEID_CLASS_DATE },
    };

    (void)state;
    check_found(rows, COUNT(rows));
}

static void finds_dates_in_words(void **state)
{
    static const struct row rows[] = {
        { "on March 4th, 2019 she", "March 4th, 2019", DEID_CLASS_DATE },
        { "on Mar. 4 she", "Mar. 4", DEID_CLASS_DATE },
        { "on march 4, 2019 she", "march 4, 2019", DEID_CLASS_DATE },
        { "the 3rd of May was", "3rd of May", DEID_CLASS_DATE },
        { "the 3rd day of May, 2019 was", "3rd day of May, 2019", DEID_CLASS_DATE },
        { "on 4 March 2019 she", "4 March 2019", DEID_CLASS_DATE },
        { "on 04-Mar-2019 she", "04-Mar-2019", DEID_CLASS_DATE },
        { "on 04MAR2019 she", "04MAR2019", DEID_CLASS_DATE },
        { "on 04MAR19 she", "04MAR19", DEID_CLASS_DATE },
        { "on Mar-04-2019 she", "Mar-04-2019", DEID_CLASS_DATE },
        { "on Mar/04/2019 she", "Mar/04/2019", DEID_CLASS_DATE },
        { "in March 2019 she", "March 2019", DEID_CLASS_DATE },
        { "in Mar '19 she", "Mar '19", DEID_CLASS_DATE },
        { "in Mar-19 she", "Mar-19", DEID_CLASS_DATE },
        { "on Nov 11th '23 she", "Nov 11th '23", DEID_CLASS_DATE },
        { "on Jan 22, '24 she", "Jan 22, '24", DEID_CLASS_DATE },
        { "on March third she", "March third", DEID_CLASS_DATE },
        { "on March the 3rd she", "March the 3rd", DEID_CLASS_DATE },
        { "on March twenty-first she", "March twenty-first", DEID_CLASS_DATE },
        { "the third of March, nineteen ninety-nine, she", "third of March, nineteen ninety-nine",
          DEID_CLASS_DATE },
        { "the twenty-first of June she", "twenty-first of June", DEID_CLASS_DATE },
        { "July third, two thousand and nine was", "July third, two thousand and nine",
          DEID_CLASS_DATE },
        { "from March 3-5, 2019 she", "March 3-5, 2019", DEID_CLASS_DATE },
        { "from Jan-Mar 2019 she", "Jan-Mar 2019", DEID_CLASS_DATE },
        { "in early June she", "June", DEID_CLASS_DATE },
        { "last December after", "December", DEID_CLASS_DATE },
        { "since May he", "May", DEID_CLASS_DATE },
        { "on Monday she", "Monday", DEID_CLASS_DATE },
        { "seen last Thursday", "last Thursday", DEID_CLASS_DATE },
        { "on Tues she", "Tues", DEID_CLASS_DATE },
        { "Mon, 3/4/2019", "Mon, 3/4/2019", DEID_CLASS_DATE },
        { "fell on Christmas Eve and", "Christmas Eve", DEID_CLASS_DATE },
        { "since Memorial Day he", "Memorial Day", DEID_CLASS_DATE },
        { "on New Year's Day he", "New Year's Day", DEID_CLASS_DATE },
        { "on the 4th of July he", "4th of July", DEID_CLASS_DATE },
        { "Surgery on the 14th, then home", "14th", DEID_CLASS_DATE },
    };

    (void)state;
    check_found(rows, COUNT(rows));
}

static void finds_ages_over_89(void **state)
{
    static const struct row rows[] = {
        { "a 93-year-old woman", "93", DEID_CLASS_DATE },
        { "By then he was 103. He farmed", "103", DEID_CLASS_DATE },
        { "a 93 year old woman", "93", DEID_CLASS_DATE },
        { "a 93 y/o woman", "93", DEID_CLASS_DATE },
        { "a 93yo woman", "93", DEID_CLASS_DATE },
        { "93F with cough", "93", DEID_CLASS_DATE },
        { "94 M presents with cough", "94", DEID_CLASS_DATE },
        { "Age: 101", "101", DEID_CLASS_DATE },
        { "mother died at 96 of cancer", "96", DEID_CLASS_DATE },
        { "he turned 90 and", "90", DEID_CLASS_DATE },
        { "her 95th birthday", "95", DEID_CLASS_DATE },
        { "a ninety-two-year-old man", "ninety-two", DEID_CLASS_DATE },
        { "aged one hundred and three", "one hundred and three", DEID_CLASS_DATE },
        { "this nonagenarian lives", "nonagenarian", DEID_CLASS_DATE },
        { "in her late nineties", "nineties", DEID_CLASS_DATE },
        { "in his mid 90s", "90s", DEID_CLASS_DATE },
    };

    (void)state;
    check_found(rows, COUNT(rows));
}

static void finds_telephones_and_addresses(void **state)
{
    static const struct row rows[] = {
        { "call (919) 555-7821 now", "(919) 555-7821", DEID_CLASS_PHONE },
        { "ring 07700 900123 now", "07700 900123", DEID_CLASS_PHONE },
        { "write to SW1A 2AA, please", "SW1A 2AA", DEID_CLASS_GEOGRAPHY },
        { "call 919-555-7821 x12 now", "919-555-7821 x12", DEID_CLASS_PHONE },
        { "call 919.555.7821 ext. 4421 now", "919.555.7821 ext. 4421", DEID_CLASS_PHONE },
        { "call +1 919 555 7821 now", "1 919 555 7821", DEID_CLASS_PHONE },
        { "call 1-919-555-7821 now", "1-919-555-7821", DEID_CLASS_PHONE },
        { "call 919 - 555 - 7821 now", "919 - 555 - 7821", DEID_CLASS_PHONE },
        { "call 919/555-7821 now", "919/555-7821", DEID_CLASS_PHONE },
        { "call (919)555-7821 now", "(919)555-7821", DEID_CLASS_PHONE },
        { "reach +44 20 7952 7952 now", "44 20 7952 7952", DEID_CLASS_PHONE },
        { "reach +49 (0)30 901820 now", "49 (0)30 901820", DEID_CLASS_PHONE },
        { "reach 0044 20 7952 7952 now", "0044 20 7952 7952", DEID_CLASS_PHONE },
        { "reach 0494 92 82 32 now", "0494 92 82 32", DEID_CLASS_PHONE },
        { "home 555-7821, work", "555-7821", DEID_CLASS_PHONE },
        { "phone 5557821", "5557821", DEID_CLASS_PHONE },
        { "tel: 919 5557821", "919 5557821", DEID_CLASS_PHONE },
        { "call 1-800-FLOWERS now", "1-800-FLOWERS", DEID_CLASS_PHONE },
        { "the nurse line is 1-888-55-NURSE", "1-888-55-NURSE", DEID_CLASS_PHONE },
        { "or (877) 555-CARE by day", "(877) 555-CARE", DEID_CLASS_PHONE },
        { "pager 4421", "4421", DEID_CLASS_PHONE },
        { "beeper #12-345", "12-345", DEID_CLASS_PHONE },
        { "(Lila, ext 4421)", "ext 4421", DEID_CLASS_PHONE },
        { "Fax: 615-555-3382", "615-555-3382", DEID_CLASS_FAX },
        { "fax number 6155553382", "6155553382", DEID_CLASS_FAX },
        { "write to m.holl@example.org.", "m.holl@example.org", DEID_CLASS_EMAIL },
        { "write to m.holl+x@mail.example.co.uk", "m.holl+x@mail.example.co.uk", DEID_CLASS_EMAIL },
        { "write to m dot holl at example dot org", "m dot holl at example dot org",
          DEID_CLASS_EMAIL },
        { "write to holl [at] example [dot] com", "holl [at] example [dot] com", DEID_CLASS_EMAIL },
        { "write to holl(at)example.com", "holl(at)example.com", DEID_CLASS_EMAIL },
        { "see https://example.org/u?id=7.", "https://example.org/u?id=7", DEID_CLASS_URL },
        { "see www.example.org/a/b", "www.example.org/a/b", DEID_CLASS_URL },
        { "see portal.example.org/u/7", "portal.example.org/u/7", DEID_CLASS_URL },
        { "see mychart.example.health now", "mychart.example.health", DEID_CLASS_URL },
        { "from 192.168.17.4 today", "192.168.17.4", DEID_CLASS_IP },
        { "from 192.168.17.4:8080 today", "192.168.17.4:8080", DEID_CLASS_IP },
        { "from 2001:db8::ff00:42:8329 today", "2001:db8::ff00:42:8329", DEID_CLASS_IP },
        { "mac 00:1B:44:11:3A:B7 seen", "00:1B:44:11:3A:B7", DEID_CLASS_DEVICE },
        { "posted as @sleepy_phoenix93 there", "@sleepy_phoenix93", DEID_CLASS_OTHER },
        { "seen by mthompson42 today", "mthompson42", DEID_CLASS_OTHER },
        { "username: jsmith", "jsmith", DEID_CLASS_OTHER },
        { "at 40.7128, -74.0060 he", "40.7128, -74.0060", DEID_CLASS_GEOGRAPHY },
        { "ZIP 27514-1234 here", "27514-1234", DEID_CLASS_GEOGRAPHY },
        { "now living in 27514.", "27514", DEID_CLASS_GEOGRAPHY },
        { "in Room 412 today", "412", DEID_CLASS_GEOGRAPHY },
        { "Bed: 3B", "3B", DEID_CLASS_GEOGRAPHY },
    };

    (void)state;
    check_found(rows, COUNT(rows));
}

static void finds_numbers_that_were_given_out(void **state)
{
    static const struct row rows[] = {
        { "SSN last4 9917, checked", "9917", DEID_CLASS_SSN },
        { "by the last four of her social (4471)", "4471", DEID_CLASS_SSN },
        { "lives in census tract 0412.03, near lead", "0412.03", DEID_CLASS_GEOGRAPHY },
        { "image IMG_20230911_face.jpg is there", "IMG_20230911_face.jpg", DEID_CLASS_PHOTO },
        { "SSN 512-44-9876", "512-44-9876", DEID_CLASS_SSN },
        { "SSN: 512 44 9876", "512 44 9876", DEID_CLASS_SSN },
        { "ssn 512449876", "512449876", DEID_CLASS_SSN },
        { "Social Security number is 512449876", "512449876", DEID_CLASS_SSN },
        { "SSN ending in 9876", "9876", DEID_CLASS_SSN },
        { "last four of SSN: 9876", "9876", DEID_CLASS_SSN },
        { "SSN xxx-xx-9876", "xxx-xx-9876", DEID_CLASS_SSN },
        { "MRN: #SF-998877", "SF-998877", DEID_CLASS_MRN },
        { "MRN 123 456 789", "123 456 789", DEID_CLASS_MRN },
        { "medical record number 4029-887-A", "4029-887-A", DEID_CLASS_MRN },
        { "MRN 8765-4321 seen", "8765-4321", DEID_CLASS_MRN },
        { "insurance ID 9875-4321", "9875-4321", DEID_CLASS_HEALTH_PLAN },
        { "MRN\t00341129", "00341129", DEID_CLASS_MRN },
        { "Policy number HX778812", "HX778812", DEID_CLASS_HEALTH_PLAN },
        { "Member ID: 8837221", "8837221", DEID_CLASS_HEALTH_PLAN },
        { "Medicare 1EG4-TE5-MK73", "1EG4-TE5-MK73", DEID_CLASS_HEALTH_PLAN },
        { "account no. 00341129", "00341129", DEID_CLASS_ACCOUNT },
        { "policy K 118 882 093, paid", "K 118 882 093", DEID_CLASS_HEALTH_PLAN },
        { "member ID W2847 19930, active", "W2847 19930", DEID_CLASS_HEALTH_PLAN },
        { "plate no. KA 01 AB 1234, towed", "KA 01 AB 1234", DEID_CLASS_VEHICLE },
        { "cert # 99812 on file", "99812", DEID_CLASS_OTHER },
        { "Kim | 8812-33 | F", "8812-33", DEID_CLASS_OTHER },
        { "car reg T 482 DKL, towed", "T 482 DKL", DEID_CLASS_VEHICLE },
        { "group 00871, effective", "00871", DEID_CLASS_HEALTH_PLAN },
        { "Message ID 99812 was read", "99812", DEID_CLASS_OTHER },
        { "badge 4471 of the guard", "4471", DEID_CLASS_LICENSE },
        { "card 4111 1111 1111 1111", "4111 1111 1111 1111", DEID_CLASS_ACCOUNT },
        { "IBAN DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", DEID_CLASS_ACCOUNT },
        { "pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa for the visit",
          "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", DEID_CLASS_ACCOUNT },
        { "License number D99-1234-55", "D99-1234-55", DEID_CLASS_LICENSE },
        { "DL: D1234567", "D1234567", DEID_CLASS_LICENSE },
        { "NPI 1234567893", "1234567893", DEID_CLASS_LICENSE },
        { "DEA# AB1234563", "AB1234563", DEID_CLASS_LICENSE },
        { "passport 488837221", "488837221", DEID_CLASS_LICENSE },
        { "VIN 1HGBH41JXMN109186", "1HGBH41JXMN109186", DEID_CLASS_VEHICLE },
        { "license plate ABC-1234", "ABC-1234", DEID_CLASS_VEHICLE },
        { "hit by a car, XKV 4821, today", "XKV 4821", DEID_CLASS_VEHICLE },
        { "serial number ABX-77120", "ABX-77120", DEID_CLASS_DEVICE },
        { "S/N: 77120-44", "77120-44", DEID_CLASS_OTHER },
        { "UDI (01)00643169007222(17)270101(21)A55", "(01)00643169007222(17)270101(21)A55",
          DEID_CLASS_DEVICE },
        { "lot # 88372A", "88372A", DEID_CLASS_DEVICE },
        { "voiceprint ID VP-99817", "VP-99817", DEID_CLASS_BIOMETRIC },
        { "see IMG_20190403.jpg there", "IMG_20190403.jpg", DEID_CLASS_PHOTO },
        { "image foot_mwamba_0312.png there", "foot_mwamba_0312.png", DEID_CLASS_PHOTO },
        { "retina template RT9981", "RT9981", DEID_CLASS_BIOMETRIC },
        { "claim 2291-882 is open", "2291-882", DEID_CLASS_OTHER },
        { "phone 9 1 9 5 5 5 0 1 3 4 today", "9 1 9 5 5 5 0 1 3 4", DEID_CLASS_PHONE },
        { "Accession S24-71016", "S24-71016", DEID_CLASS_OTHER },
        { "order LB-26-44819 sent", "LB-26-44819", DEID_CLASS_OTHER },
        { "encounter 88372211", "88372211", DEID_CLASS_OTHER },
        { "notes on case #JN-99812 today", "case #JN-99812", DEID_CLASS_OTHER },
        { "seen there (Patient ID: AQ99812)", "Patient ID: AQ99812", DEID_CLASS_OTHER },
        { "claim #: CLM-2026-586563", "CLM-2026-586563", DEID_CLASS_OTHER },
        { "passport P7P125677", "P7P125677", DEID_CLASS_LICENSE },
        { "specimen 12-3456789", "12-3456789", DEID_CLASS_OTHER },
        { "id AEBE52E7-03EE-455A-B3C4-E57283966239", "AEBE52E7-03EE-455A-B3C4-E57283966239",
          DEID_CLASS_OTHER },
    };

    (void)state;
    check_found(rows, COUNT(rows));
}

static void sees_through_disguises(void **state)
{
    static const struct row rows[] = {
        { "call 5 5 5 - 1 2 3 4 now", "5 5 5 - 1 2 3 4", DEID_CLASS_OTHER },
        { "call \xef\xbc\x99\xef\xbc\x91\xef\xbc\x99-555-7821 now",
          "\xef\xbc\x99\xef\xbc\x91\xef\xbc\x99-555-7821", DEID_CLASS_PHONE },
        { "call 919\xe2\x80\x8b-555\xe2\x80\x8b-7821 now", "919\xe2\x80\x8b-555\xe2\x80\x8b-7821",
          DEID_CLASS_PHONE },
        { "call 919\xe2\x80\x93"
          "555\xe2\x80\x93"
          "7821 now",
          "919\xe2\x80\x93"
          "555\xe2\x80\x93"
          "7821",
          DEID_CLASS_PHONE },
        { "SSN 512&#45;44&#45;9876 here", "512&#45;44&#45;9876", DEID_CLASS_SSN },
        { "write h\xd0\xbell@example.org now", "h\xd0\xbell@example.org", DEID_CLASS_EMAIL },
        { "SSN \xf0\x9d\x9f\x93\xf0\x9d\x9f\x8f\xf0\x9d\x9f\x90-44-9876",
          "\xf0\x9d\x9f\x93\xf0\x9d\x9f\x8f\xf0\x9d\x9f\x90-44-9876", DEID_CLASS_SSN },
        { "call 9l9-555-78Z1 now", "9l9-555-78Z1", DEID_CLASS_PHONE },
        { "SSN 5I2-44-98O6", "5I2-44-98O6", DEID_CLASS_SSN },
        { "DOB O3/l4/1958", "O3/l4/1958", DEID_CLASS_DATE },
        { "born 03 / 14 / 1958 in", "03 / 14 / 1958", DEID_CLASS_DATE },
    };

    (void)state;
    check_found(rows, COUNT(rows));
}

static void leaves_measures_alone(void **state)
{
    static const char *const rows[] = {
        "pump firmware 2.4.10, section 3.1.12, the last 4 readings were 1400 ml, a urinary tract 10 cm",
        "BP 120/80, HR 72, RR 16, T 98.6 F, SpO2 96% RA.",
        "K | 4.1 | 3-5 |\nplatelets | 250000 | 150000",
        "VA 20/05, #3 metoprolol, Qty # 1000 tabs, NDC 0002-8215-01, T 1.4.22.",
        "HR was 103. She was 98 kg, then 97 kg. L4 5ML, S1 2ND.",
        "strength 4/5 in both legs, 5/5 elsewhere; 2/6 systolic murmur.",
        "53% (10/19) of them, 7/30 (23%) of the others.",
        "Pain 8/10, now 3/10. GCS 3/15, MMSE 11/30.",
        "EF 45-50%, PEEP 5, BiPAP 12/5, FiO2 40%.",
        "metoprolol 25 mg bid, Percocet 5/325, 1/2 tablet, insulin 12 units.",
        "Na 135-145, K 3.5-5.0, platelets 150-400, WBC 4.5-11.0, CK 1200.",
        "25.11.2 of the manual, version 2.4.1.0, chapter 3.2.",
        "glucose 110 mg/dL (60-250), pH of 7.25 (7.35-7.45).",
        "A1c 7.2 %, creatinine 1.84, LOINC 4548-4, ICD E11.9, CPT 99213.",
        "SNOMED 44054006, RxNorm 860975, PMID 12345678, NDC 0591-3740-01.",
        "PCI in 2019, a 67-year-old man, stage 3 CKD, 40 pack-years.",
        "in the 1990s, HR in the 90s, temp 99 F, sat 98%.",
        "L4-L5, C5-C6, T12-L1 levels; 12-lead ECG; 24-48 h.",
        "He may return if needed; they march on; second opinion; first visit.",
        "one or two tablets every four to six hours for ten days.",
        "ratio 3:1, 1:1000 epinephrine, 0.9 % saline, 22-gauge needle.",
        "10,000-100,000 CFU/mL, 50,000 IU of vitamin D3, 1,250,000 copies.",
        "the 5th toe, the 2nd rib, on the 3rd floor, 90th percentile.",
        "COVID-19, SARS-CoV-2, H1N1, CYP2D6, HLA-B27, BRCA1, IL-17, CD4 count 350.",
        "NM_005461.4:c.197C>G; ENSG00000014701; A/California/7/2009.",
        "Christmas disease, Mother's milk, new years of life, easter seals.",
        "5 5 4 4 5 5 in all groups; 0 1 2 3 4 5 6 7 scale.",
        "head of bed 30 degrees; room air; emergency room; OR 3.",
        "He had 1000 mL out, 2500 in; 3250 g at birth, 39 weeks.",
        "G3P2012, 4.5 x 3.2 x 2.1 cm, 64x64 matrix, 5'10\".",
        "Follow up in 3-4 weeks, 2-3 times a day, 7-10 days.",
        "CPK 1234, LDH 1181, BNP 2217, PSA 1234; cost USD 7681, platelets 15234.",
        "call if fever > 101.5 or BP over 180/110.",
        "st.dev 0.019, e.g. this, i.e. that, pain.It is, a.m. and p.m. doses",
    };

    (void)state;
    check_kept(rows, COUNT(rows));
}

static void counts_code_points(void **state)
{
    struct slice text = SLICE("S\xc3\xa9"
                              "an \xf0\x9f\x98\x80 x");

    (void)state;
    assert_int_equal(deid_normal_points(text, 0, 0, (uint32_t)text.size), 8);
    assert_int_equal(deid_normal_points(text, 0, 0, 3), 2);
    assert_int_equal(deid_normal_points(text, 3, 2, 6), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_dates_in_numbers),
        cmocka_unit_test(finds_dates_in_words),
        cmocka_unit_test(finds_ages_over_89),
        cmocka_unit_test(finds_telephones_and_addresses),
        cmocka_unit_test(finds_numbers_that_were_given_out),
        cmocka_unit_test(sees_through_disguises),
        cmocka_unit_test(leaves_measures_alone),
        cmocka_unit_test(counts_code_points),
    };

    return cmocka_run_group_tests(tests, deid_setup, deid_teardown);
}
