#include "inference_key.h"

#include <math.h>
#include <stdio.h>

struct inference_key inference_key_of(const struct inference_keys *keys, const char *part)
{
    struct inference_key key;

    snprintf(key.text, sizeof(key.text), "%s.%s", keys->architecture, part);
    return key;
}

enum status inference_key_count(const struct inference_keys *keys, const char *part, uint64_t max,
                                uint32_t *value, struct error *err)
{
    struct inference_key key = inference_key_of(keys, part);
    uint64_t number;

    if (!gguf_get_u64(keys->gguf, key.text, &number))
        return error_set(err, STATUS_DATA_LOSS, "the file lacks %s, or it is no number", key.text);
    if (number == 0 || number > max)
        return error_set(err, STATUS_DATA_LOSS, "%s is %llu: 1 to %llu can be", key.text,
                         (unsigned long long)number, (unsigned long long)max);
    *value = (uint32_t)number;
    return STATUS_OK;
}

enum status inference_key_count_if(const struct inference_keys *keys, const char *part,
                                   uint64_t max, uint32_t *value, struct error *err)
{
    uint64_t number;

    return gguf_get_u64(keys->gguf, inference_key_of(keys, part).text, &number)
               ? inference_key_count(keys, part, max, value, err)
               : STATUS_OK;
}

enum status inference_key_positive_if(const struct inference_keys *keys, const char *part,
                                      double *value, struct error *err)
{
    struct inference_key key = inference_key_of(keys, part);
    double number;

    if (!gguf_get_f64(keys->gguf, key.text, &number))
        return STATUS_OK;
    if (!(number > 0) || !isfinite(number))
        return error_set(err, STATUS_DATA_LOSS, "%s is out of range", key.text);
    *value = number;
    return STATUS_OK;
}

enum status inference_key_epsilon(const struct inference_keys *keys, const char *part, float *value,
                                  struct error *err)
{
    struct inference_key key = inference_key_of(keys, part);
    double number;

    if (!gguf_get_f64(keys->gguf, key.text, &number) || !(number >= 0) || !(number < 1))
        return error_set(err, STATUS_DATA_LOSS, "%s is missing or out of range", key.text);
    *value = (float)number;
    return STATUS_OK;
}
