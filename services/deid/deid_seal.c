#include "deid_seal.h"

#include <sodium.h>
#include <string.h>

#include "base/buffer.h"

#define SEAL_VERSION 2     /* what is written */
#define SEAL_VERSION_OLD 1 /* also read: without secret, generation and made-up values */
#define ENTRY_KNOWN 0x80
#define ENTRY_PSEUDONYM 0x40
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

/* How an original is packed. */
enum packing {
    PACKING_BYTES,
    PACKING_UUID, /* lower case, with its dashes */
};

static void put_varint(struct buffer *out, uint64_t value)
{
    while (value >= 0x80) {
        buffer_put_byte(out, (char)(value | 0x80));
        value >>= 7;
    }
    buffer_put_byte(out, (char)value);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool uuid_pack(struct slice text, uint8_t out[16])
{
    size_t i, nibble = 0;

    if (text.size != 36)
        return false;
    for (i = 0; i < 36; i++) {
        int value = hex_value(text.data[i]);

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.data[i] != '-')
                return false;
            continue;
        }
        if (value < 0)
            return false;
        out[nibble / 2] = (uint8_t)(nibble % 2 == 0 ? value << 4 : out[nibble / 2] | value);
        nibble++;
    }
    return true;
}

static void uuid_unpack(const uint8_t bytes[16], char out[36])
{
    static const char digits[] = "0123456789abcdef";
    size_t i, nibble = 0;

    for (i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            out[i] = '-';
            continue;
        }
        out[i] = digits[nibble % 2 == 0 ? bytes[nibble / 2] >> 4 : bytes[nibble / 2] & 15];
        nibble++;
    }
}

static void put_original(struct buffer *out, struct slice original)
{
    uint8_t uuid[16];

    if (uuid_pack(original, uuid)) {
        buffer_put_byte(out, PACKING_UUID);
        buffer_put(out, slice_of(uuid, sizeof(uuid)));
        return;
    }
    buffer_put_byte(out, PACKING_BYTES);
    put_varint(out, original.size);
    buffer_put(out, original);
}

static void put_map(struct buffer *out, const struct deid_map *map)
{
    uint32_t i;

    buffer_put_byte(out, (char)map->profile);
    put_varint(out, (uint64_t)(map->shift_days + DEID_SHIFT_DAYS_MAX));
    buffer_put(out, slice_of(map->patient_code, sizeof(map->patient_code)));
    for (i = 0; i < DEID_MAP_CLASSES; i++)
        put_varint(out, map->counters[i]);
    for (i = 0; i < 26; i++)
        put_varint(out, map->id_counters[i]);
    put_varint(out, map->entries_count);
    for (i = 0; i < map->entries_count; i++) {
        const struct deid_entry *entry = &map->entries[i];

        buffer_put_byte(out, (char)(entry->class | (entry->is_known ? ENTRY_KNOWN : 0)
                                    | (entry->pseudonym.data != NULL ? ENTRY_PSEUDONYM : 0)));
        put_varint(out, entry->number);
        put_varint(out, entry->variant);
        put_original(out, entry->original);
        if (entry->pseudonym.data != NULL)
            put_original(out, entry->pseudonym);
    }
    put_varint(out, map->ids_count);
    for (i = 0; i < map->ids_count; i++) {
        buffer_put_byte(out, map->ids[i].letter);
        put_varint(out, map->ids[i].number);
        put_original(out, map->ids[i].original);
    }
    buffer_put(out, slice_of(map->secret, sizeof(map->secret)));
    put_varint(out, map->generation + 1);
}

/* What is authenticated beside the map: what it is, and for whom. */
static enum status put_scope(struct buffer *out, struct slice scope, struct error *err)
{
    if (scope.size > DEID_SCOPE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a scope of %zu bytes, at most %d",
                         scope.size, DEID_SCOPE_BYTES_MAX);
    buffer_put_string(out, "consilium deid map 1 ");
    buffer_put(out, scope);
    if (out->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a scope");
    return STATUS_OK;
}

enum status deid_seal(const struct deid_map *map, const struct deid_key *key, struct slice scope,
                      struct arena *arena, struct slice *sealed, struct error *err)
{
    struct buffer plain, bound, out;
    unsigned long long size;
    char *cipher;
    enum status status;

    buffer_init(&plain, arena);
    buffer_init(&bound, arena);
    buffer_init(&out, arena);
    status = put_scope(&bound, scope, err);
    if (status != STATUS_OK)
        return status;
    put_map(&plain, map);
    buffer_put_byte(&out, SEAL_VERSION);
    randombytes_buf(buffer_reserve(&out, NONCE_BYTES) == NULL ? (char[NONCE_BYTES]){ 0 }
                                                              : out.data + 1,
                    NONCE_BYTES);
    out.size += out.is_full ? 0 : NONCE_BYTES;
    cipher = buffer_reserve(&out, plain.size + TAG_BYTES);
    if (plain.is_full || cipher == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to seal a map of %u entries",
                         map->entries_count);
    crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)cipher, &size,
                                               (const unsigned char *)plain.data, plain.size,
                                               (const unsigned char *)bound.data, bound.size, NULL,
                                               (const unsigned char *)out.data + 1, key->bytes);
    out.size += size;
    *sealed = buffer_slice(&out);
    return STATUS_OK;
}

struct reader {
    struct slice rest;
    bool is_bad;
};

static uint8_t get_byte(struct reader *reader)
{
    uint8_t byte;

    if (reader->rest.size == 0) {
        reader->is_bad = true;
        return 0;
    }
    byte = (uint8_t)reader->rest.data[0];
    reader->rest = slice_cut(reader->rest, 1, reader->rest.size);
    return byte;
}

static uint64_t get_varint(struct reader *reader)
{
    uint64_t value = 0;
    unsigned shift;

    for (shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_byte(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    reader->is_bad = true;
    return 0;
}

static struct slice get_bytes(struct reader *reader, size_t size)
{
    struct slice bytes = slice_cut(reader->rest, 0, size);

    if (bytes.size < size)
        reader->is_bad = true;
    reader->rest = slice_cut(reader->rest, bytes.size, reader->rest.size);
    return bytes;
}

/* A view into the plain map where it can be one. */
static struct slice get_original(struct reader *reader, struct arena *arena)
{
    struct slice bytes;
    char uuid[36];

    if (get_byte(reader) != PACKING_UUID)
        return get_bytes(reader, get_varint(reader));
    bytes = get_bytes(reader, 16);
    if (reader->is_bad)
        return bytes;
    uuid_unpack((const uint8_t *)bytes.data, uuid);
    bytes = arena_copy(arena, slice_of(uuid, sizeof(uuid)));
    reader->is_bad |= bytes.data == NULL;
    return bytes;
}

static void get_entries(struct reader *reader, struct deid_map *map)
{
    uint64_t count = get_varint(reader), i;

    for (i = 0; i < count && !reader->is_bad; i++) {
        struct deid_entry entry = { 0 }, *added;
        struct slice pseudonym = { NULL, 0 };
        uint8_t class = get_byte(reader);

        entry.class = class & ~(ENTRY_KNOWN | ENTRY_PSEUDONYM);
        entry.is_known = (class & ENTRY_KNOWN) != 0;
        entry.number = (uint32_t)get_varint(reader);
        entry.variant = (uint32_t)get_varint(reader);
        entry.original = get_original(reader, map->arena);
        if (class & ENTRY_PSEUDONYM)
            pseudonym = get_original(reader, map->arena);
        if (entry.class >= DEID_MAP_CLASSES || reader->is_bad) {
            reader->is_bad = true;
            return;
        }
        added = deid_map_add(map, entry);
        if (added == NULL
            || (pseudonym.data != NULL && !deid_map_set_pseudonym(map, added, pseudonym)))
            reader->is_bad = true;
    }
}

static void get_ids(struct reader *reader, struct deid_map *map)
{
    uint64_t count = get_varint(reader), i;

    for (i = 0; i < count && !reader->is_bad; i++) {
        struct deid_id id;

        id.letter = (char)get_byte(reader);
        id.number = (uint32_t)get_varint(reader);
        id.original = get_original(reader, map->arena);
        if (id.letter < 'a' || id.letter > 'z' || reader->is_bad || !deid_map_put_id(map, id))
            reader->is_bad = true;
    }
}

/* What version 2 has besides. A map of version 1 gets a secret of its own. */
static void get_secret(struct reader *reader, unsigned version, struct deid_map *map)
{
    struct slice secret;

    randombytes_buf(map->secret, sizeof(map->secret));
    if (version == SEAL_VERSION_OLD)
        return;
    secret = get_bytes(reader, sizeof(map->secret));
    if (!reader->is_bad)
        memcpy(map->secret, secret.data, sizeof(map->secret));
    map->generation = get_varint(reader);
}

static void get_map(struct reader *reader, unsigned version, struct deid_map *map)
{
    uint32_t i;

    map->profile = get_byte(reader);
    map->shift_days = (int)get_varint(reader) - DEID_SHIFT_DAYS_MAX;
    memcpy(map->patient_code, "0000", DEID_PATIENT_CODE_SIZE);
    if (reader->rest.size >= DEID_PATIENT_CODE_SIZE)
        memcpy(map->patient_code, reader->rest.data, DEID_PATIENT_CODE_SIZE);
    get_bytes(reader, DEID_PATIENT_CODE_SIZE);
    for (i = 0; i < DEID_MAP_CLASSES; i++)
        map->counters[i] = (uint32_t)get_varint(reader);
    for (i = 0; i < 26; i++)
        map->id_counters[i] = (uint32_t)get_varint(reader);
    get_entries(reader, map);
    get_ids(reader, map);
    get_secret(reader, version, map);
    map->is_changed = false;
}

enum status deid_unseal(struct slice sealed, const struct deid_key *key, struct slice scope,
                        struct arena *arena, struct deid_map *map, struct error *err)
{
    struct buffer bound;
    struct reader reader;
    unsigned long long size;
    unsigned char *plain;

    *map = (struct deid_map){ .arena = arena };
    buffer_init(&bound, arena);
    if (put_scope(&bound, scope, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    if (sealed.size > DEID_SEALED_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a sealed map of %zu bytes, at most %u",
                         sealed.size, DEID_SEALED_BYTES_MAX);
    if (sealed.size < 1 + NONCE_BYTES + TAG_BYTES
        || (sealed.data[0] != SEAL_VERSION && sealed.data[0] != SEAL_VERSION_OLD))
        return error_set(err, STATUS_PERMISSION_DENIED,
                         "the sealed map is not one of this service");
    plain = arena_alloc(arena, sealed.size);
    if (plain == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a sealed map of %zu bytes",
                         sealed.size);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &size, NULL, (const unsigned char *)sealed.data + 1 + NONCE_BYTES,
            sealed.size - 1 - NONCE_BYTES, (const unsigned char *)bound.data, bound.size,
            (const unsigned char *)sealed.data + 1, key->bytes)
        != 0)
        return error_set(err, STATUS_PERMISSION_DENIED,
                         "the sealed map is not one of this service, or of another scope");
    reader = (struct reader){ slice_of(plain, size), false };
    get_map(&reader, (unsigned char)sealed.data[0], map);
    if (reader.is_bad || reader.rest.size > 0)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "a sealed map of %zu bytes does not fit",
                         sealed.size);
    return STATUS_OK;
}
