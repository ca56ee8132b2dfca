/* forget: a record is gone everywhere. */
#include <stdio.h>

#include "consilium.h"
#include "consilium_json.h"
#include "consilium_verbs.h"

static void on_reply(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__ForgetReply *reply = message;
    struct consilium *consilium = arg;

    if (reply == NULL) {
        consilium_fail(consilium, err);
        return;
    }
    if (consilium->config.json)
        json_print(reply);
    else
        printf(reply->existed ? "forgotten\n" : "there was nothing to forget\n");
    consilium_end(consilium, CONSILIUM_EXIT_OK);
}

void forget_verb(struct consilium *consilium)
{
    struct rpc_options options = consilium_options(consilium);
    Consilium__V1__ForgetRequest request = CONSILIUM__V1__FORGET_REQUEST__INIT;
    struct error err = { 0 };

    if (consilium->operands_count != 1) {
        consilium_misuse(consilium, "forget takes a patient");
        return;
    }
    request.tenant = (char *)consilium->config.tenant;
    request.patient = consilium->operands[0];
    if (consilium_connect(consilium, "gateway", consilium->config.gateway) == NULL)
        return;
    if (rpc_call(consilium->channel, &method_gateway_forget, &request, &options, on_reply,
                 consilium, &consilium->rpc, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}
