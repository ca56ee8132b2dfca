/* Common English of change, treatment, permission and summary, word by word. */
#include "context_intent.h"

#include <pthread.h>

#include "context_phrase.h"

static struct phrases *phrases;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* clang-format off */
static const char change[] =
    "trend|trending|over time|change|changed|changing|go up|goes up|going up|gone up|went up|go down|goes down|going down|gone down|went down|"
    "come down|came down|coming down|come up|came up|coming up|up or down|rise|rising|risen|rose|raised since|falling|fallen|fell|climb|climbed|climbing|"
    "drop|dropped|dropping|increase|increased|increasing|decrease|decreased|decreasing|decline|declined|declining|grow|grew|growing|grown|"
    "improve|improved|improving|improvement|worsen|worsened|worsening|deteriorate|deteriorated|deteriorating|better|worse|"
    "move|moved|moving|movement|direction|shift|shifted|drift|drifted|compare|compared|comparison|progress|progressed|progression|"
    "than before|than last|happened to|happening to|fluctuate|fluctuated|stable|steady|evolve|evolved|evolution|course of";
static const char treatment[] =
    "treat|treated|treating|treatment|therapy|manage|managed|managing|management|give for|given for|take for|taken for|taking for|"
    "prescribed for|on for|used for|using for|medicated";
static const char permission[] =
    "can she|can he|can they|can the|can we|can i|may she|may he|may they|may the|may we|may i|could she|could he|could they|could we|could i|"
    "should she|should he|should they|should we|should i|safe|safely|unsafe|avoid|avoided|avoiding|contraindicated|contraindication|contraindicate|"
    "allowed|permitted|forbid|forbidden|tolerate|tolerated|tolerance|ok to|okay to|ok for|okay for|rule out|conflict|conflicted|harm|dangerous";
static const char summary[] =
    "summarize|summarise|summary|sum up|overview|tell me about|tell us about|know about|everything about|all about|brief|in brief|recap|rundown|run down|"
    "story of|picture of|stand with|catch me up|bring me up to speed|up to speed|synopsis|outline";
/* clang-format on */

static void build(void)
{
    phrases = phrases_create();
    phrases_add(phrases, change, INTENT_CHANGE);
    phrases_add(phrases, treatment, INTENT_TREATMENT);
    phrases_add(phrases, permission, INTENT_PERMISSION);
    phrases_add(phrases, summary, INTENT_SUMMARY);
}

static void note(void *arg, const struct phrase_match *match)
{
    *(unsigned *)arg |= match->row;
}

unsigned intent_of(struct slice question)
{
    unsigned intents = 0;

    pthread_once(&once, build);
    phrases_find(phrases, question, note, &intents);
    return intents;
}
