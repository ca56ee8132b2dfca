#include "consilium_deid_known.h"

#include "consilium_deid_meaning.h"
#include "deid_date.h"

/* A patient and family, with every number that a hospital ever gave them, are a few hundred. */
#define KNOWN_MEMBERS_MAX 4096

struct builder {
    struct arena *arena;
    struct error *err;
    struct json *names, *contacts, *telecoms, *addresses, *identifiers, *resources;
    struct json *birth_date;
    struct json *patient;
    unsigned depth, members; /* members: seen so far, for errors */
    bool is_full;
};

/* The person whose parts are being read. */
struct person {
    struct json *name; /* HumanName, made when the first part comes; NULL: none yet */
    bool is_other;
};

/* ---- trees ---- */

static struct json *node(struct builder *builder, enum json_kind kind, const char *key)
{
    struct json *made = ARENA_NEW(builder->arena, struct json);

    if (made == NULL) {
        builder->is_full = true;
        return NULL;
    }
    made->kind = kind;
    made->key = slice_from(key);
    return made;
}

static void attach(struct json *parent, struct json *child)
{
    struct json **link;

    if (parent == NULL || child == NULL)
        return;
    for (link = &parent->first; *link != NULL;)
        link = &(*link)->next;
    *link = child;
    parent->count++;
}

static void put_string(struct builder *builder, struct json *parent, const char *key,
                       struct slice text)
{
    struct json *made = node(builder, JSON_KIND_STRING, key);

    if (made != NULL)
        made->text = text;
    attach(parent, made);
}

/* An object in the list @key of the patient; the list is made when it is first needed. */
static struct json *item(struct builder *builder, struct json **list, const char *key)
{
    struct json *made = node(builder, JSON_KIND_OBJECT, NULL);

    if (*list == NULL) {
        *list = node(builder, JSON_KIND_ARRAY, key);
        attach(builder->patient, *list);
    }
    attach(*list, made);
    return made;
}

/* ---- values ---- */

static struct json *name_of(struct builder *builder, struct person *person)
{
    if (person->name != NULL)
        return person->name;
    if (person->is_other) {
        struct json *contact = item(builder, &builder->contacts, "contact");

        person->name = node(builder, JSON_KIND_OBJECT, "name");
        attach(contact, person->name);
    } else {
        person->name = item(builder, &builder->names, "name");
    }
    return person->name;
}

static void put_given(struct builder *builder, struct person *person, struct slice text)
{
    struct json *name = name_of(builder, person), *given = NULL;

    if (name == NULL)
        return;
    for (given = name->first; given != NULL && !slice_is(given->key, "given"); given = given->next)
        ;
    if (given == NULL) {
        given = node(builder, JSON_KIND_ARRAY, "given");
        attach(name, given);
    }
    put_string(builder, given, NULL, text);
}

static void put_family(struct builder *builder, struct person *person, struct slice text)
{
    struct json *name = name_of(builder, person);

    if (json_get(name, "family") != NULL) {
        person->name = NULL; /* a second family name is another name */
        name = name_of(builder, person);
    }
    put_string(builder, name, "family", text);
}

static void put_whole_name(struct builder *builder, bool is_other, struct slice text)
{
    struct person person = { NULL, is_other };

    put_string(builder, name_of(builder, &person), "text", text);
}

static void put_telecom(struct builder *builder, const char *system, struct slice text)
{
    struct json *telecom = item(builder, &builder->telecoms, "telecom");

    put_string(builder, telecom, "system", slice_from(system));
    put_string(builder, telecom, "value", text);
}

static void put_address(struct builder *builder, const char *key, struct slice text)
{
    struct json *address = item(builder, &builder->addresses, "address"), *line;

    if (strcmp(key, "line") != 0) {
        put_string(builder, address, key, text);
        return;
    }
    line = node(builder, JSON_KIND_ARRAY, "line");
    attach(address, line);
    put_string(builder, line, NULL, text);
}

/* @code is of HL7's table 0203. */
static void put_identifier(struct builder *builder, const char *code, struct slice text)
{
    struct json *identifier = item(builder, &builder->identifiers, "identifier"), *type, *codings,
                *coding;

    if (code != NULL) {
        type = node(builder, JSON_KIND_OBJECT, "type");
        codings = node(builder, JSON_KIND_ARRAY, "coding");
        coding = node(builder, JSON_KIND_OBJECT, NULL);
        attach(identifier, type);
        attach(type, codings);
        attach(codings, coding);
        put_string(builder, coding, "code", slice_from(code));
    }
    put_string(builder, identifier, "value", text);
}

/* The first date is the birth date as FHIR has it; another is a value like any. */
static void put_date(struct builder *builder, struct slice text)
{
    struct deid_date date;
    bool is_date = deid_date_read(text, 0, &date) && date.end == text.size;

    if (builder->birth_date != NULL) {
        put_identifier(builder, NULL, text);
        return;
    }
    if (is_date && date.year != 0 && date.month != 0 && date.day != 0) {
        char *iso = arena_format(builder->arena, "%04d-%02d-%02d", date.year, date.month, date.day);

        builder->is_full = builder->is_full || iso == NULL;
        text = slice_from(iso);
    }
    builder->birth_date = node(builder, JSON_KIND_STRING, "birthDate");
    if (builder->birth_date != NULL)
        builder->birth_date->text = text;
    attach(builder->patient, builder->birth_date);
}

/* ---- the walk ---- */

static void take_text(struct builder *builder, struct person *person, enum deid_meaning meaning,
                      struct slice text)
{
    text = slice_trim(text);
    if (text.size == 0)
        return;
    if (meaning == DEID_MEANING_ANY)
        meaning = deid_meaning_by_looks(text);
    /* A mail address under "telecom", a number under "contact": its looks say more than the name.
     */
    if (meaning == DEID_MEANING_PHONE && !deid_meaning_has_digit(text))
        meaning = DEID_MEANING_EMAIL;
    if (meaning == DEID_MEANING_OTHER_NAME && deid_meaning_has_digit(text))
        meaning = deid_meaning_by_looks(text);
    switch (meaning) {
    case DEID_MEANING_NAME:
        put_whole_name(builder, person->is_other, text);
        break;
    case DEID_MEANING_OTHER_NAME:
        put_whole_name(builder, true, text);
        break;
    case DEID_MEANING_GIVEN:
        put_given(builder, person, text);
        break;
    case DEID_MEANING_FAMILY:
        put_family(builder, person, text);
        break;
    case DEID_MEANING_DATE:
        put_date(builder, text);
        break;
    case DEID_MEANING_PHONE:
        put_telecom(builder, "phone", text);
        break;
    case DEID_MEANING_FAX:
        put_telecom(builder, "fax", text);
        break;
    case DEID_MEANING_EMAIL:
        put_telecom(builder, "email", text);
        break;
    case DEID_MEANING_URL:
        put_telecom(builder, "url", text);
        break;
    case DEID_MEANING_ADDRESS:
        put_address(builder, "line", text);
        break;
    case DEID_MEANING_CITY:
        put_address(builder, "city", text);
        break;
    case DEID_MEANING_POSTAL:
        put_address(builder, "postalCode", text);
        break;
    case DEID_MEANING_MRN:
        put_identifier(builder, "MR", text);
        break;
    case DEID_MEANING_SSN:
        put_identifier(builder, "SS", text);
        break;
    case DEID_MEANING_PLAN:
        put_identifier(builder, "MB", text);
        break;
    case DEID_MEANING_LICENSE:
        put_identifier(builder, "DL", text);
        break;
    default:
        put_identifier(builder, NULL, text);
    }
}

static enum status take(struct builder *builder, struct person *person, enum deid_meaning meaning,
                        const struct json *value);

static enum status too_many(struct builder *builder)
{
    return error_set(builder->err, STATUS_RESOURCE_EXHAUSTED, "more than %u members",
                     KNOWN_MEMBERS_MAX);
}

/* {"type": "MRN", "value": "X12"}: what an item says of itself, else @meaning. */
static enum deid_meaning meaning_of_item(const struct json *object, enum deid_meaning meaning)
{
    static const char *const keys[] = { "type", "label", "class", "kind", "category", "system" };
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        enum deid_meaning own = deid_meaning_of(json_get_string(object, keys[i]));

        if (own != DEID_MEANING_NONE && own != DEID_MEANING_SKIP)
            return own;
    }
    return meaning;
}

static enum status take_member(struct builder *builder, struct person *person,
                               enum deid_meaning outer, bool has_value, const struct json *member)
{
    enum deid_meaning meaning = deid_meaning_of(member->key);

    if (++builder->members > KNOWN_MEMBERS_MAX)
        return too_many(builder);
    if (slice_is(member->key, "value") || (slice_is(member->key, "text") && !has_value))
        meaning = outer;
    if (meaning == DEID_MEANING_NONE)
        return error_set(builder->err, STATUS_INVALID_ARGUMENT,
                         "member %u is not known to be an identifier or to be none",
                         builder->members);
    return meaning == DEID_MEANING_SKIP ? STATUS_OK : take(builder, person, meaning, member);
}

static enum status take_object(struct builder *builder, enum deid_meaning meaning, bool is_other,
                               const struct json *object)
{
    struct person person = { NULL, is_other || meaning == DEID_MEANING_OTHER_NAME };
    enum deid_meaning outer = meaning_of_item(object, meaning);
    bool has_value = json_get(object, "value") != NULL;
    const struct json *member;
    enum status status = STATUS_OK;

    for (member = json_first(object); status == STATUS_OK && member != NULL; member = member->next)
        status = take_member(builder, &person, outer, has_value, member);
    return status;
}

static enum status take(struct builder *builder, struct person *person, enum deid_meaning meaning,
                        const struct json *value)
{
    const struct json *each;
    enum status status = STATUS_OK;

    switch (value->kind) {
    case JSON_KIND_STRING:
    case JSON_KIND_NUMBER:
        if (++builder->members > KNOWN_MEMBERS_MAX)
            return too_many(builder);
        take_text(builder, person, meaning, value->text);
        return STATUS_OK;
    case JSON_KIND_OBJECT:
        return take_object(builder, meaning, person->is_other, value);
    case JSON_KIND_ARRAY:
        for (each = value->first; status == STATUS_OK && each != NULL; each = each->next)
            status = take(builder, person, meaning, each);
        return status;
    default:
        return STATUS_OK;
    }
}

/* A resource goes as it is; an item of a list may be one. The siblings of @value stay away. */
static enum status take_root(struct builder *builder, const struct json *value)
{
    struct person person = { NULL, false };
    struct json *copy;
    const struct json *each;
    enum status status = STATUS_OK;

    if (value->kind == JSON_KIND_ARRAY) {
        for (each = value->first; status == STATUS_OK && each != NULL; each = each->next)
            status = take_root(builder, each);
        return status;
    }
    if (json_get(value, "resourceType") == NULL)
        return take(builder, &person, DEID_MEANING_ANY, value);
    copy = node(builder, JSON_KIND_OBJECT, NULL);
    if (copy != NULL) {
        *copy = *value;
        copy->next = NULL;
        attach(builder->resources, copy);
    }
    return STATUS_OK;
}

enum status deid_known_read(const struct json *patient, struct arena *arena, struct json **known,
                            struct error *err)
{
    struct builder builder = { .arena = arena, .err = err };

    if (patient->kind == JSON_KIND_TRUE || patient->kind == JSON_KIND_FALSE)
        return error_set(err, STATUS_INVALID_ARGUMENT, "neither an object, a list nor a string");
    builder.resources = node(&builder, JSON_KIND_ARRAY, NULL);
    builder.patient = node(&builder, JSON_KIND_OBJECT, NULL);
    put_string(&builder, builder.patient, "resourceType", SLICE("Patient"));
    if (!builder.is_full && take_root(&builder, patient) != STATUS_OK)
        return err->status;
    if (!builder.is_full && builder.patient->count > 1)
        attach(builder.resources, builder.patient);
    if (builder.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for what is known");
    *known = builder.resources;
    return STATUS_OK;
}
