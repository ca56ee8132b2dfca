/* A question as it was meant: a word that nothing knows, and that is one slip away from a word that
 * names something in medicine, is read as that word. */
#ifndef CONTEXT_SPELL_H
#define CONTEXT_SPELL_H

#include "context_course.h"

/* @question itself, or a copy of it in @arena with such words put right. Words of the record's own
 * names (@courses) are left alone, as are common ones, short ones, and those in capitals. */
struct slice context_spell(struct slice question, const struct courses *courses,
                           struct arena *arena);

#endif
