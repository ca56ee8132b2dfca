#include "deid_rule_method.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "deid_date.h"
#include "deid_fhir_element.h"
#include "fhir/fhir_date.h"

#define AGE_MAX 89
#define SHIFT_SEED 131 /* of Microsoft's tool: who changes over finds the same dates */
#define SHIFT_RANGE_DAYS 50
#define HASH_BYTES 32
#define BLOCK_BYTES 16

static enum status no_room(struct deid_rule_work *work)
{
    return error_set(work->err, STATUS_RESOURCE_EXHAUSTED, "no room to apply a rule");
}

static struct slice type_name(const struct deid_rule_work *work, const struct deid_node *node)
{
    return work->set->types->types[node->type].name;
}

static bool type_is(const struct deid_rule_work *work, const struct deid_node *node,
                    const char *name)
{
    return node != NULL && slice_is(type_name(work, node), name);
}

static bool is_date(const struct deid_rule_work *work, const struct deid_node *node)
{
    return type_is(work, node, "date") || type_is(work, node, "dateTime")
           || type_is(work, node, "instant");
}

static bool has_value(const struct deid_node *node)
{
    return node->kind != JSON_KIND_NULL && (node->kind != JSON_KIND_STRING || node->text.size > 0);
}

static void clear(struct deid_node *node)
{
    node->kind = JSON_KIND_NULL;
    node->text = SLICE("");
}

static void set_text(struct deid_node *node, struct slice text)
{
    node->kind = JSON_KIND_STRING;
    node->text = text;
}

/* Whether who was born then is over 89 today. */
static bool is_over_age(const struct deid_rule_work *work, const struct fhir_date *date)
{
    int year, month, day, age;
    int born_month = date->precision >= FHIR_PRECISION_MONTH ? date->month : 1;
    int born_day = date->precision >= FHIR_PRECISION_DAY ? date->day : 1;

    deid_date_civil(work->context->today, &year, &month, &day);
    age = year - date->year - (month < born_month || (month == born_month && day < born_day));
    return age > AGE_MAX;
}

/* A date with something behind it that does not belong there ("2001-01-01Z") is that date. */
static bool date_read(struct slice text, struct fhir_date *date)
{
    return fhir_date_parse(text, date) || fhir_date_parse(slice_cut(text, 0, 10), date);
}

/* A date becomes its year, or nothing. */
static enum status redact_date(struct deid_rule_work *work, struct deid_node *node)
{
    struct fhir_date date;

    work->done |= DEID_RULE_DONE_REDACTED;
    if (!work->set->partial_dates || !date_read(node->text, &date) || is_over_age(work, &date))
        clear(node);
    else
        set_text(node, slice_cut(node->text, 0, 4));
    return STATUS_OK;
}

static enum status redact_age(struct deid_rule_work *work, struct deid_node *node)
{
    char digits[32] = { 0 };

    work->done |= DEID_RULE_DONE_REDACTED;
    memcpy(digits, node->text.data,
           node->text.size < sizeof(digits) - 1 ? node->text.size : sizeof(digits) - 1);
    if (!work->set->partial_ages || strtod(digits, NULL) > AGE_MAX)
        clear(node);
    return STATUS_OK;
}

/* Three digits stay unless the area is a small one; the other digits become zeros. */
static enum status redact_postal(struct deid_rule_work *work, struct deid_node *node)
{
    struct slice copy;
    size_t kept = 3;

    if (!work->set->partial_postal) {
        clear(node);
        work->done |= DEID_RULE_DONE_REDACTED;
        return STATUS_OK;
    }
    for (unsigned i = 0; i < work->set->restricted_count; i++)
        if (slice_starts_with(node->text, work->set->restricted_postal[i]))
            kept = 0;
    copy = arena_copy(work->arena, node->text);
    if (copy.data == NULL)
        return no_room(work);
    for (size_t i = kept; i < copy.size; i++)
        if (copy.data[i] >= '0' && copy.data[i] <= '9')
            ((char *)copy.data)[i] = '0';
    set_text(node, copy);
    work->done |= DEID_RULE_DONE_ABSTRACTED;
    return STATUS_OK;
}

enum status deid_rule_redact(struct deid_rule_work *work, struct deid_node *node)
{
    if (!has_value(node))
        return STATUS_OK;
    if (is_date(work, node))
        return redact_date(work, node);
    if (type_is(work, node->parent, "Age") && type_is(work, node, "decimal"))
        return redact_age(work, node);
    if (slice_is(node->name, "postalCode"))
        return redact_postal(work, node);
    clear(node);
    work->done |= DEID_RULE_DONE_REDACTED;
    return STATUS_OK;
}

/* By the key, and by the id of the document or the name of its file or folder. */
static int shift_days(const struct deid_rule_work *work, const struct deid_node *node)
{
    const struct deid_rule_set *set = work->set;
    struct slice parts[2] = { work->context->scope_name, set->date_shift_key };
    int days = 0;

    if (set->has_fixed_shift)
        return set->fixed_shift_days;
    if (set->date_shift_scope == DEID_RULE_SCOPE_PATIENT
        && work->context->patient_shift_days != NULL)
        return *work->context->patient_shift_days;
    if (set->date_shift_scope == DEID_RULE_SCOPE_RESOURCE || parts[0].size == 0) {
        const struct deid_node *child;

        while (node->parent != NULL)
            node = node->parent;
        parts[0] = SLICE("");
        for (child = node->first; child != NULL; child = child->next)
            if (slice_is(child->name, "id"))
                parts[0] = child->text;
    }
    for (unsigned part = 0; part < 2; part++)
        for (size_t i = 0; i < parts[part].size; i++)
            days = (days * SHIFT_SEED + (unsigned char)parts[part].data[i])
                   % (2 * SHIFT_RANGE_DAYS + 1);
    return days - SHIFT_RANGE_DAYS;
}

enum status deid_rule_date_shift(struct deid_rule_work *work, struct deid_node *node)
{
    struct fhir_date date;
    int year, month, day;
    char *text, *c;

    if (!has_value(node) || !is_date(work, node))
        return STATUS_OK;
    if (!date_read(node->text, &date) || date.precision < FHIR_PRECISION_DAY
        || is_over_age(work, &date))
        return redact_date(work, node);
    deid_date_civil(deid_date_days(date.year, date.month, date.day) + shift_days(work, node), &year,
                    &month, &day);
    text = arena_format(work->arena, "%04d-%02d-%02d%.*s", year, month, day,
                        SLICE_FORMAT(date.precision == FHIR_PRECISION_TIME
                                         ? slice_cut(node->text, 10, node->text.size)
                                         : SLICE("")));
    if (text == NULL)
        return no_room(work);
    /* The time of day goes, the zone stays. */
    for (c = text + 10; *c != 0 && *c != 'Z' && *c != '+' && *c != '-'; c++)
        if (*c >= '0' && *c <= '9')
            *c = '0';
    set_text(node, slice_from(text));
    work->done |= DEID_RULE_DONE_PERTURBED;
    return STATUS_OK;
}

static enum status put_hash(struct deid_rule_work *work, struct slice text, struct buffer *out)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    char hex[2 * HASH_BYTES + 1];
    unsigned size = 0;

    if (HMAC(EVP_sha256(), work->set->crypto_hash_key.data, (int)work->set->crypto_hash_key.size,
             (const unsigned char *)text.data, text.size, hash, &size)
            == NULL
        || size != HASH_BYTES)
        return error_set(work->err, STATUS_INTERNAL, "a hash could not be made");
    sodium_bin2hex(hex, sizeof(hex), hash, HASH_BYTES);
    buffer_put_string(out, hex);
    return out->is_full ? no_room(work) : STATUS_OK;
}

static bool is_id_text(struct slice text)
{
    if (text.size == 0 || text.size > 64)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= '0' && text.data[i] <= '9')
              || ((text.data[i] | 32) >= 'a' && (text.data[i] | 32) <= 'z') || text.data[i] == '-'
              || text.data[i] == '.'))
            return false;
    return true;
}

static size_t last_slash(struct slice text)
{
    size_t at = text.size;

    while (at > 0 && text.data[at - 1] != '/')
        at--;
    return at; /* past it; 0: none */
}

/* Where the id of a literal reference stands: "#id", "urn:uuid:id", "[base/]Type/id[/_history/n]";
 * the whole of anything else. */
static void find_id(const struct deid_rule_work *work, struct slice text, size_t *start,
                    size_t *end)
{
    const char *history = memmem(text.data, text.size, "/_history/", 10);
    size_t id_end = history == NULL ? text.size : (size_t)(history - text.data), at, type_at;

    *start = 0;
    *end = text.size;
    if (slice_starts_with(text, SLICE("#"))) {
        *start = 1;
        return;
    }
    if (slice_starts_with(text, SLICE("urn:uuid:")) || slice_starts_with(text, SLICE("urn:oid:"))) {
        *start = slice_starts_with(text, SLICE("urn:oid:")) ? 8 : 9;
        return;
    }
    at = last_slash(slice_cut(text, 0, id_end));
    if (at == 0 || !is_id_text(slice_cut(text, at, id_end)))
        return;
    type_at = last_slash(slice_cut(text, 0, at - 1));
    if (!work->set->types
             ->types[deid_fhir_type_find(work->set->types, slice_cut(text, type_at, at - 1))]
             .is_resource
        || (type_at > 0 && !slice_starts_with(text, SLICE("http"))))
        return;
    *start = at;
    *end = id_end;
}

enum status deid_rule_crypto_hash(struct deid_rule_work *work, struct deid_node *node)
{
    size_t start = 0, end = node->text.size;
    struct slice text = node->text;
    struct buffer out;
    enum status status;

    if (!has_value(node))
        return STATUS_OK;
    if (node->kind == JSON_KIND_TRUE || node->kind == JSON_KIND_FALSE) {
        text = slice_from(node->kind == JSON_KIND_TRUE ? "True" : "False");
        end = text.size;
    }
    if (slice_is(node->name, "reference") && type_is(work, node->parent, "Reference"))
        find_id(work, text, &start, &end);
    buffer_init(&out, work->arena);
    buffer_put(&out, slice_cut(text, 0, start));
    status = put_hash(work, slice_cut(text, start, end), &out);
    buffer_put(&out, slice_cut(text, end, text.size));
    if (status == STATUS_OK && out.is_full)
        status = no_room(work);
    set_text(node, buffer_slice(&out));
    work->done |= DEID_RULE_DONE_HASHED;
    return status;
}

static const EVP_CIPHER *cipher_of(size_t key_bytes)
{
    return key_bytes == 16   ? EVP_aes_128_cbc()
           : key_bytes == 24 ? EVP_aes_192_cbc()
                             : EVP_aes_256_cbc();
}

/* AES-CBC with a random initialization vector before it, in base64: what Microsoft's tool decrypts.
 */
enum status deid_rule_encrypt(struct deid_rule_work *work, struct deid_node *node)
{
    struct slice key = work->set->encrypt_key;
    unsigned char *out;
    EVP_CIPHER_CTX *context;
    int size = 0, more = 0;
    bool is_done;

    if (!has_value(node))
        return STATUS_OK;
    if (node->kind == JSON_KIND_TRUE || node->kind == JSON_KIND_FALSE)
        node->text = slice_from(node->kind == JSON_KIND_TRUE ? "True" : "False");
    out = arena_alloc(work->arena, node->text.size + 2 * BLOCK_BYTES);
    context = EVP_CIPHER_CTX_new();
    if (out == NULL || context == NULL) {
        EVP_CIPHER_CTX_free(context);
        return no_room(work);
    }
    randombytes_buf(out, BLOCK_BYTES);
    is_done =
        EVP_EncryptInit_ex(context, cipher_of(key.size), NULL, (const unsigned char *)key.data, out)
        && EVP_EncryptUpdate(context, out + BLOCK_BYTES, &size,
                             (const unsigned char *)node->text.data, (int)node->text.size)
        && EVP_EncryptFinal_ex(context, out + BLOCK_BYTES + size, &more);
    EVP_CIPHER_CTX_free(context);
    if (!is_done)
        return error_set(work->err, STATUS_INTERNAL, "a value could not be encrypted");
    node->kind = JSON_KIND_STRING;
    work->done |= DEID_RULE_DONE_MASKED;
    return deid_fhir_element_encode(slice_of(out, (size_t)(BLOCK_BYTES + size + more)), work->arena,
                                    &node->text)
                   == STATUS_OK
               ? STATUS_OK
               : no_room(work);
}

/* The node that holds the number: itself, or the value of a quantity. */
static struct deid_node *number_node(const struct deid_rule_work *work, struct deid_node *node)
{
    const struct deid_fhir_types *types = work->set->types;
    struct deid_node *child;

    if (type_is(work, node, "decimal")
        || deid_fhir_type_is(types, node->type, deid_fhir_type_find(types, SLICE("integer"))))
        return node;
    if (!deid_fhir_type_is(types, node->type, deid_fhir_type_find(types, SLICE("Quantity")))
        && !type_is(work, node, "Money"))
        return NULL;
    for (child = node->first; child != NULL; child = child->next)
        if (slice_is(child->name, "value"))
            return child;
    return NULL;
}

static double uniform(double span)
{
    return (randombytes_random() / 4294967296.0 - 0.5) * span;
}

static void mark_children(struct deid_node *node)
{
    struct deid_node *child;

    for (child = node->first; child != NULL; child = child->next) {
        child->is_visited = true;
        mark_children(child);
    }
}

enum status deid_rule_perturb(struct deid_rule_work *work, const struct deid_rule *rule,
                              struct deid_node *node)
{
    struct deid_node *value = number_node(work, node);
    unsigned round_to = rule->round_to;
    char digits[64] = { 0 }, *text;
    double number;

    if (value == NULL || !has_value(value) || (value != node && value->is_visited)
        || value->text.size >= sizeof(digits))
        return STATUS_OK;
    memcpy(digits, value->text.data, value->text.size);
    number = strtod(digits, NULL);
    if (!type_is(work, value, "decimal"))
        round_to = 0;
    number += uniform(rule->is_proportional ? number * rule->span : rule->span);
    if (type_is(work, value, "positiveInt") && number < 1)
        number = 1;
    if (type_is(work, value, "unsignedInt") && number < 0)
        number = 0;
    text = arena_format(work->arena, "%.*f", (int)round_to, number);
    if (text == NULL)
        return no_room(work);
    value->text = slice_from(text);
    mark_children(node);
    work->done |= DEID_RULE_DONE_PERTURBED;
    return STATUS_OK;
}

static enum status set_case(struct deid_rule_work *work, const struct deid_rule_case *one,
                            struct deid_node *node)
{
    struct deid_path_values values;
    enum status status =
        deid_path_evaluate(one->value, work->set->types, node, work->arena, &values, work->err);

    if (status != STATUS_OK)
        return status;
    if (values.count > 1)
        return error_set(work->err, STATUS_INVALID_ARGUMENT, "the value of a case is a list");
    if (values.count == 0) {
        clear(node);
    } else if (values.items[0].kind == DEID_PATH_BOOLEAN) {
        node->kind = values.items[0].boolean ? JSON_KIND_TRUE : JSON_KIND_FALSE;
    } else if (values.items[0].kind != DEID_PATH_NODE) {
        node->kind = values.items[0].kind == DEID_PATH_NUMBER ? JSON_KIND_NUMBER : JSON_KIND_STRING;
        node->text = values.items[0].text;
    }
    return STATUS_OK;
}

enum status deid_rule_generalize(struct deid_rule_work *work, const struct deid_rule *rule,
                                 struct deid_node *node)
{
    enum status status;
    bool holds;

    if (!work->set->types->types[node->type].is_primitive)
        return error_set(work->err, STATUS_INVALID_ARGUMENT,
                         "generalize reaches an element that has no value of its own");
    if (node->kind == JSON_KIND_NULL)
        return STATUS_OK;
    work->done |= DEID_RULE_DONE_GENERALIZED;
    for (unsigned i = 0; i < rule->cases_count; i++) {
        status = deid_path_holds(rule->cases[i].test, work->set->types, node, work->arena, &holds,
                                 work->err);
        if (status != STATUS_OK)
            return status;
        if (holds)
            return set_case(work, &rule->cases[i], node);
    }
    if (!rule->keeps_others)
        clear(node);
    return STATUS_OK;
}
