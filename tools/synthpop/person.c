#include "person.h"

#include <ctype.h>
#include <stdio.h>

#include "calendar.h"

static const char *const female_names[] = {
    "Mary",      "Patricia", "Linda",    "Elizabeth", "Susan",   "Jessica",   "Karen",   "Nancy",
    "Margaret",  "Lisa",     "Sandra",   "Ashley",    "Dorothy", "Kimberly",  "Emily",   "Donna",
    "Michelle",  "Carol",    "Amanda",   "Melissa",   "Deborah", "Stephanie", "Rebecca", "Laura",
    "Sharon",    "Cynthia",  "Kathleen", "Amy",       "Angela",  "Ruth",      "Maria",   "Sofia",
    "Guadalupe", "Ana",      "Carmen",   "Rosa",      "Inés",    "Lucía",     "Fatima",  "Aisha",
    "Priya",     "Lakshmi",  "Mei",      "Xiu",       "Yuki",    "Hana",      "Ngoc",    "Thuy",
    "Olga",      "Natalia",  "Zofia",    "Ingrid",    "Astrid",  "Noor",      "Leila",   "Chidinma",
    "Amara",     "Adaeze",   "Keisha",   "Latoya",    "Siobhan", "Maeve",     "Chloe",   "Hazel",
    "April",     "May",      "Grace",    "Hope",
};
static const char *const male_names[] = {
    "James",  "Robert",  "John",        "Michael", "David",   "William", "Richard", "Joseph",
    "Thomas", "Charles", "Christopher", "Daniel",  "Matthew", "Anthony", "Mark",    "Donald",
    "Steven", "Paul",    "Andrew",      "Joshua",  "Kenneth", "Kevin",   "Brian",   "George",
    "Edward", "Ronald",  "Timothy",     "Jason",   "Jeffrey", "Ryan",    "José",    "Luis",
    "Carlos", "Miguel",  "Jesús",       "Ángel",   "Diego",   "Omar",    "Ahmed",   "Hassan",
    "Raj",    "Arjun",   "Wei",         "Jun",     "Hiroshi", "Kenji",   "Minh",    "Duc",
    "Ivan",   "Dmitri",  "Jan",         "Lars",    "Sven",    "Kwame",   "Chinedu", "Emeka",
    "Tyrone", "Darnell", "Patrick",     "Sean",    "Frank",   "Grant",   "Will",    "Art",
    "Max",    "Ray",
};
static const char *const family_names[] = {
    "Smith",     "Johnson",   "Williams", "Brown",     "Jones",        "Garcia",     "Miller",
    "Davis",     "Rodriguez", "Martinez", "Hernandez", "Lopez",        "Gonzalez",   "Wilson",
    "Anderson",  "Thomas",    "Taylor",   "Moore",     "Jackson",      "Martin",     "Lee",
    "Perez",     "Thompson",  "White",    "Harris",    "Sanchez",      "Clark",      "Ramirez",
    "Lewis",     "Robinson",  "Walker",   "Young",     "Allen",        "King",       "Wright",
    "Scott",     "Torres",    "Nguyen",   "Hill",      "Flores",       "Green",      "Adams",
    "Nelson",    "Baker",     "Hall",     "Rivera",    "Campbell",     "Mitchell",   "Carter",
    "Roberts",   "Okafor",    "Mensah",   "Adeyemi",   "Patel",        "Sharma",     "Reddy",
    "Kim",       "Park",      "Choi",     "Tanaka",    "Suzuki",       "Chen",       "Wang",
    "Zhang",     "Tran",      "Pham",     "Ivanova",   "Kowalski",     "Nowak",      "Müller",
    "Schmidt",   "O'Brien",   "O'Connor", "McCarthy",  "van der Berg", "de la Cruz", "Núñez",
    "Peña",      "Haddad",    "Khan",     "Ali",       "Rahman",       "Cohen",      "Levy",
    "Rossi",     "Ferrari",   "Silva",    "Santos",    "Johansson",    "Larsen",     "Virtanen",
    "Parkinson", "Graves",    "Crohn",    "Wells",     "Bell",         "Day",        "Rose",
    "Long",      "Short",     "Bishop",   "Banks",     "Underwood",    "Fairchild",  "Whitmore",
};
static const char *const streets[] = {
    "Maple Street",
    "Oak Avenue",
    "Cedar Lane",
    "Elm Street",
    "Washington Boulevard",
    "Lakeview Drive",
    "Hillcrest Road",
    "Park Avenue",
    "Church Street",
    "Sunset Drive",
    "River Road",
    "Meadow Lane",
    "Chestnut Street",
    "Highland Avenue",
    "Franklin Street",
    "Jefferson Court",
    "Birch Way",
    "Willow Terrace",
    "Prospect Street",
    "Mill Road",
    "Orchard Lane",
    "Spring Street",
    "Pine Ridge Road",
    "Harbor View",
    "Stonegate Circle",
    "Magnolia Place",
};
struct place {
    const char *city, *state, *zip_prefix;
};
static const struct place places[] = {
    { "Springfield", "MA", "011" }, { "Worcester", "MA", "016" },  { "Fairview", "OH", "441" },
    { "Riverton", "UT", "840" },    { "Greenville", "SC", "296" }, { "Madison", "WI", "537" },
    { "Georgetown", "TX", "786" },  { "Salem", "OR", "973" },      { "Clinton", "IA", "527" },
    { "Franklin", "TN", "370" },    { "Bristol", "CT", "060" },    { "Ashland", "KY", "411" },
    { "Burlington", "VT", "054" },  { "Manchester", "NH", "031" }, { "Oakland", "CA", "946" },
    { "Milton", "WV", "255" },      { "Newport", "RI", "028" },    { "Auburn", "AL", "368" },
    { "Dayton", "OH", "454" },      { "Lexington", "NC", "272" },  { "Cambridge", "MD", "216" },
    { "Troy", "MI", "480" },        { "Aurora", "CO", "800" },
};
static const char *const hospitals[] = {
    "Lakeside Medical Center",       "St. Brigid Hospital",
    "Riverbend Community Hospital",  "Northgate General Hospital",
    "Hawthorne Memorial Hospital",   "Pinecrest Regional Medical Center",
    "Harborview Clinic of Medicine", "Cedar Valley Health",
    "Mount Carmine Hospital",        "Bayfield University Hospital",
};
static const char *const clinics[] = {
    "Maple Grove Family Practice", "Eastside Primary Care",       "Willow Creek Internal Medicine",
    "Oakmont Family Health",       "Sunrise Medical Associates",  "Brookside Clinic",
    "Summit Physicians Group",     "Stonebridge Family Medicine", "Old Mill Health Center",
    "Garden Street Clinic",
};
static const char *const specialties[PRACTITIONERS] = { "Family medicine", "Internal medicine",
                                                        "Cardiology", "Emergency medicine" };

static void draw_phone(struct chance *chance, char *text, size_t size)
{
    int area = chance_between(chance, 201, 989), line = chance_between(chance, 100, 199);

    switch (chance_below(chance, 3)) {
    case 0:
        snprintf(text, size, "(%d) 555-0%d", area, line);
        break;
    case 1:
        snprintf(text, size, "%d-555-0%d", area, line);
        break;
    default:
        snprintf(text, size, "+1 %d 555 0%d", area, line);
        break;
    }
}

static struct name draw_name(struct chance *chance, bool is_female)
{
    struct name name;

    name.given = is_female ? CHANCE_PICK(chance, female_names) : CHANCE_PICK(chance, male_names);
    name.middle = is_female ? CHANCE_PICK(chance, female_names) : CHANCE_PICK(chance, male_names);
    name.family = CHANCE_PICK(chance, family_names);
    return name;
}

/* Lower-case ASCII letters of @name; at least one. */
static void put_mail_word(const char *name, char *text, size_t size)
{
    size_t used = 0;

    for (; *name != '\0' && used + 1 < size; name++)
        if (isascii((unsigned char)*name) && isalpha((unsigned char)*name))
            text[used++] = (char)tolower((unsigned char)*name);
    if (used == 0)
        text[used++] = 'x';
    text[used] = '\0';
}

static void draw_contact(struct chance *chance, const struct name *name, struct contact *contact)
{
    static const char *const domains[] = { "mail.example", "post.example", "inbox.example",
                                           "home.example" };
    const struct place *place = &CHANCE_PICK(chance, places);
    char given[24], family[24];

    put_mail_word(name->given, given, sizeof(given));
    put_mail_word(name->family, family, sizeof(family));
    draw_phone(chance, contact->phone, sizeof(contact->phone));
    snprintf(contact->email, sizeof(contact->email), "%s.%s%d@%s", given, family,
             chance_between(chance, 1, 99), CHANCE_PICK(chance, domains));
    snprintf(contact->street, sizeof(contact->street), "%d %s", chance_between(chance, 2, 4980),
             CHANCE_PICK(chance, streets));
    snprintf(contact->zip, sizeof(contact->zip), "%s%02d", place->zip_prefix,
             chance_between(chance, 1, 99));
    contact->city = place->city;
    contact->state = place->state;
}

static void draw_practitioner(struct chance *chance, const char *specialty,
                              struct practitioner *practitioner)
{
    practitioner->name = draw_name(chance, chance_happens(chance, 0.5));
    practitioner->specialty = specialty;
    snprintf(practitioner->npi, sizeof(practitioner->npi), "99999%05u",
             chance_below(chance, 100000));
    draw_phone(chance, practitioner->phone, sizeof(practitioner->phone));
}

static void draw_staff(struct record *record)
{
    struct chance *chance = &record->chance;
    struct name house = { "info", "", "desk" };
    unsigned i;

    for (i = 0; i < PRACTITIONERS; i++)
        draw_practitioner(chance, specialties[i], &record->practitioners[i]);
    for (i = 0; i < ORGANIZATIONS; i++)
        draw_contact(chance, &house, &record->organizations[i].contact);
    record->organizations[0].name = CHANCE_PICK(chance, clinics);
    record->organizations[1].name = CHANCE_PICK(chance, hospitals);
}

void person_create(struct record *record, uint64_t seed, int age)
{
    struct chance *chance = &record->chance;
    struct person *person = &record->person;
    struct chance id_chance;

    chance_init(&id_chance, seed ^ 0x1d, record->index);
    snprintf(person->id, sizeof(person->id), "p%013llx",
             (unsigned long long)(chance_bits(&id_chance) >> 12));
    person->is_female = chance_happens(chance, 0.52);
    person->is_married = chance_happens(chance, age > 25 ? 0.6 : 0.1);
    person->birth_day = record->today - (int)(age * DAYS_PER_YEAR) - chance_between(chance, 1, 360);
    person->name = draw_name(chance, person->is_female);
    draw_contact(chance, &person->name, &person->contact);
    snprintf(person->ssn, sizeof(person->ssn), "9%02d-%02d-%04d", chance_between(chance, 0, 99),
             chance_between(chance, 1, 49), chance_between(chance, 1, 9999));
    snprintf(person->mrn, sizeof(person->mrn), "%08d", chance_between(chance, 1000000, 99999999));
    do
        person->relative = draw_name(chance, chance_happens(chance, 0.5));
    while (strcmp(person->relative.given, person->name.given) == 0);
    if (chance_happens(chance, 0.6))
        person->relative.family = person->name.family;
    draw_phone(chance, person->relative_phone, sizeof(person->relative_phone));
    draw_staff(record);
    record->resource_count += 1 + PRACTITIONERS + ORGANIZATIONS;
}

const char *person_format_name(const struct name *name, char *text, size_t size)
{
    snprintf(text, size, "%s %s", name->given, name->family);
    return text;
}
