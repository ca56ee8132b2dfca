/* The sections of the lists in services/deid/lists and the flag that each one gives its words. */
#ifndef WORDS_SECTION_H
#define WORDS_SECTION_H

#include <stdint.h>

#include "base/slice.h"

/* 0 for a section that there is not. */
uint32_t words_section_flag(struct slice name);

#endif
