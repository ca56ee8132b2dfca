/* What ask and ask --many share. */
#ifndef CONSILIUM_ASK_H
#define CONSILIUM_ASK_H

#include "consilium.h"

/* The sampling that the flags say. */
void ask_fill_sampling(const struct consilium_config *config, Consilium__V1__Sampling *sampling);

#endif
