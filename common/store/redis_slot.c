#include "store/redis_slot.h"

#define CRC16_POLYNOMIAL 0x1021u

static uint16_t crc16(struct slice text)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < text.size; i++) {
        crc ^= (uint32_t)(unsigned char)text.data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ CRC16_POLYNOMIAL : crc << 1;
    }
    return (uint16_t)crc;
}

uint16_t redis_slot(struct slice key)
{
    size_t open = slice_find_byte(key, '{');
    struct slice inside = slice_cut(key, open < key.size ? open + 1 : open, key.size);
    size_t close = slice_find_byte(inside, '}');

    if (close > 0 && close < inside.size)
        key = slice_cut(inside, 0, close);
    return crc16(key) % REDIS_SLOTS;
}

struct slice redis_slot_key(const struct slice *words, size_t words_count)
{
    bool is_script =
        slice_equal_fold(words[0], SLICE("EVAL")) || slice_equal_fold(words[0], SLICE("EVALSHA"));
    size_t index = is_script ? 3 : 1;

    if (words_count <= index || (is_script && slice_is(words[2], "0")))
        return slice_of(NULL, 0);
    return words[index];
}
