/* forget: a record is gone everywhere. */
#include <stdio.h>

#include "consilium_door.h"
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
    Consilium__V1__ForgetRequest request = CONSILIUM__V1__FORGET_REQUEST__INIT;
    struct error err = { 0 };

    if (consilium->operands_count != 1) {
        consilium_misuse(consilium, "forget takes a patient");
        return;
    }
    request.tenant = (char *)consilium->config.tenant;
    request.patient = consilium->operands[0];
    if (!door_reach(consilium))
        return;
    if (door_call(consilium, &method_gateway_forget, &request, on_reply, consilium, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}
