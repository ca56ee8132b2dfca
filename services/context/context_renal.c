#include "context_renal.h"

#include <pthread.h>
#include <stddef.h>

#include "base/check.h"
#include "context_thing.h"

/* Reached below @bound, or at it too. Of one drug the lowest bound comes first. */
struct renal_row {
    const char *drug;
    double bound;
    bool is_at_bound;
    const char *text;
};

#define NSAID(name)                                                                                \
    { name, 30, false, "avoided below 30 (KDIGO)" },                                               \
    {                                                                                              \
        name, 60, false, "prolonged use avoided below 60 (KDIGO)"                                  \
    }
#define REDUCED(name, bound)                                                                       \
    {                                                                                              \
        name, bound, false, "dose reduced below " #bound " (FDA)"                                  \
    }

/* clang-format off */
static const struct renal_row rows[] = {
    { "metformin", 30, false, "contraindicated below 30 (FDA)" },
    { "metformin", 45, false, "start not recommended below 45 (FDA)" },
    { "empagliflozin", 30, false, "not recommended for glucose control below 30 (FDA)" },
    { "dapagliflozin", 25, false, "start not recommended below 25 (FDA)" },
    { "dapagliflozin", 45, false, "not recommended for glucose control below 45 (FDA)" },
    REDUCED("sitagliptin", 45), REDUCED("saxagliptin", 45),
    { "exenatide", 45, false, "caution below 45 (FDA)" },
    NSAID("ibuprofen"), NSAID("naproxen"), NSAID("diclofenac"), NSAID("celecoxib"), NSAID("meloxicam"), NSAID("indomethacin"),
    NSAID("ketorolac"), NSAID("etodolac"), NSAID("nabumetone"), NSAID("piroxicam"), NSAID("ketoprofen"), NSAID("sulindac"), NSAID("oxaprozin"),
    REDUCED("gabapentin", 60), REDUCED("pregabalin", 60), REDUCED("topiramate", 70),
    { "dabigatran", 15, false, "no dose recommended below 15 (FDA)" },
    REDUCED("dabigatran", 30),
    { "rivaroxaban", 15, false, "avoided below 15 (FDA)" },
    { "rivaroxaban", 50, true, "dose reduced at 50 or below (FDA)" },
    REDUCED("enoxaparin", 30),
    { "spironolactone", 50, true, "lower starting dose at 50 or below (FDA)" },
    { "lisinopril", 30, true, "starting dose halved at 30 or below (FDA)" },
    REDUCED("rosuvastatin", 30),
    { "fenofibrate", 30, false, "contraindicated below 30 (FDA)" },
    REDUCED("allopurinol", 20), REDUCED("colchicine", 30),
    { "nitrofurantoin", 60, false, "contraindicated below 60 (FDA)" },
    REDUCED("amoxicillin", 30), REDUCED("cephalexin", 30), REDUCED("levofloxacin", 50), REDUCED("ciprofloxacin", 30),
    REDUCED("cetirizine", 31), REDUCED("famotidine", 60), REDUCED("tramadol", 30), REDUCED("memantine", 30),
    { "duloxetine", 30, false, "avoided below 30 (FDA)" },
    { "alendronate", 35, false, "not recommended below 35 (FDA)" },
    { "risedronate", 30, false, "not recommended below 30 (FDA)" },
    { "ibandronate", 30, false, "not recommended below 30 (FDA)" },
    { "zoledronic-acid", 35, false, "contraindicated below 35 (FDA)" },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint32_t drugs[ROWS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        drugs[i] = thing_named(rows[i].drug);
        CHECK(drugs[i] < THINGS_MAX);
    }
}

bool renal_is_listed(uint32_t drug)
{
    pthread_once(&once, build);
    for (size_t i = 0; i < ROWS; i++)
        if (drugs[i] == drug)
            return true;
    return false;
}

const char *renal_limit_of(uint32_t drug, double egfr)
{
    pthread_once(&once, build);
    for (size_t i = 0; i < ROWS; i++)
        if (drugs[i] == drug
            && (egfr < rows[i].bound || (rows[i].is_at_bound && egfr == rows[i].bound)))
            return rows[i].text;
    return NULL;
}
