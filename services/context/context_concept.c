#include "context_concept.h"

#include <pthread.h>

#include "base/check.h"
#include "context_phrase.h"
#include "context_words.h"

static struct phrases *phrases;
static struct concepts needs[CONCEPTS_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

uint32_t concept_named(const char *name)
{
    uint32_t i = 0;

    while (i < concept_rows_count && strcmp(concept_rows[i].name, name) != 0)
        i++;
    return i < concept_rows_count ? i : CONCEPTS_MAX;
}

static void read_needs(uint32_t concept)
{
    struct slice left = slice_from(concept_rows[concept].needs);

    while (left.size > 0) {
        size_t end = slice_find_byte(left, ' ');
        char name[WORD_BYTES_MAX];
        uint32_t needed;

        CHECK(end > 0 && end < sizeof(name));
        memcpy(name, left.data, end);
        name[end] = '\0';
        needed = concept_named(name);
        if (needed < CONCEPTS_MAX)
            concepts_add(&needs[concept], needed);
        left = slice_cut(left, end + 1, left.size);
    }
}

static void build(void)
{
    CHECK(concept_rows_count <= CONCEPTS_MAX);
    phrases = phrases_create();
    for (uint32_t i = 0; i < concept_rows_count; i++) {
        phrases_add(phrases, concept_rows[i].phrases, i);
        read_needs(i);
    }
}

const struct concepts *concept_needs(uint32_t concept)
{
    pthread_once(&once, build);
    return &needs[concept];
}

static void add_match(void *arg, const struct phrase_match *match)
{
    concepts_add(arg, match->row);
}

void concepts_find(struct slice text, struct concepts *set)
{
    pthread_once(&once, build);
    phrases_find(phrases, text, add_match, set);
}
