/* The rules of de-identification for the tests of one program: opened once before them all. */
#ifndef DEID_SETUP_H
#define DEID_SETUP_H

#include <sodium.h>

#include "deid_scan.h"

static struct deid_rules rules;

static int deid_setup(void **state)
{
    (void)state;
    return sodium_init() < 0 || deid_rules_init(&rules, NULL) != STATUS_OK;
}

static int deid_teardown(void **state)
{
    (void)state;
    deid_rules_close(&rules);
    return 0;
}

#endif
