#include "gateway_hospital.h"

#include <stdlib.h>
#include <string.h>

#include "fetch/fetch.h"
#include "run/clock.h"

#define SPARE_S 20
#define LIFE_S_MAX 3600

static enum status check(const struct gateway_config *config, struct error *err)
{
    if (!fetch_takes(config->fhir_server))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--fhir-server is not https, nor http on this machine");
    if ((config->fhir_client_id == NULL) != (config->fhir_key_file == NULL))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "to sign in takes both fhir-client-id and fhir-key-file");
    return STATUS_OK;
}

enum status gateway_hospital_open(struct gateway *gateway, struct error *err)
{
    const struct gateway_config *config = gateway->config;
    struct hospital *hospital;
    size_t size;
    char *base;

    if (config->fhir_server == NULL)
        return STATUS_OK;
    if (check(config, err) != STATUS_OK)
        return err->status;
    hospital = calloc(1, sizeof(*hospital));
    base = strdup(config->fhir_server);
    if (hospital == NULL || base == NULL) {
        free(hospital);
        free(base);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    }
    size = strlen(base);
    while (size > 0 && base[size - 1] == '/')
        base[--size] = '\0';
    *hospital = (struct hospital){ .base = base,
                                   .client_id = config->fhir_client_id,
                                   .tenant = config->fhir_tenant };
    gateway->hospital = hospital;
    return config->fhir_key_file == NULL
               ? STATUS_OK
               : smart_key_load(config->fhir_key_file, &hospital->key, err);
}

static void free_secret(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void gateway_hospital_close(struct gateway *gateway)
{
    struct hospital *hospital = gateway->hospital;

    if (hospital == NULL)
        return;
    smart_key_destroy(hospital->key);
    free_secret(hospital->token);
    free(hospital->endpoint);
    free((char *)hospital->base);
    free(hospital);
    gateway->hospital = NULL;
}

const char *hospital_token(const struct hospital *hospital)
{
    return hospital->token != NULL && clock_now() < hospital->token_ends_ns ? hospital->token
                                                                            : NULL;
}

void hospital_keep(struct hospital *hospital, struct slice token, double life_s)
{
    double life = life_s < LIFE_S_MAX ? life_s - SPARE_S : LIFE_S_MAX - SPARE_S;

    free_secret(hospital->token);
    hospital->token = strndup(token.data, token.size);
    hospital->token_ends_ns = clock_now() + (life > 0 ? (uint64_t)(life * 1e9) : 0);
}

void hospital_forget(struct hospital *hospital)
{
    free_secret(hospital->token);
    hospital->token = NULL;
}
