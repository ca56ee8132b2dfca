/* rows of names → rows of things, once → the first row whose sides the two are of. */
#include "context_interaction.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "context_thing.h"

#define SIDE_MAX 24

/* Names of things between blanks: one of @left with one of @right. */
struct interaction_row {
    const char *left, *right, *effect;
};

#define NSAIDS                                                                                      \
    "ibuprofen naproxen diclofenac celecoxib meloxicam indomethacin ketorolac etodolac nabumetone " \
    "piroxicam ketoprofen sulindac oxaprozin"
#define STRONG_3A4 "ketoconazole itraconazole voriconazole clarithromycin ritonavir"
#define SSRI_SNRI "_ssri _snri"
#define MAOI "phenelzine selegiline rasagiline"
#define TRIPTANS "sumatriptan rizatriptan zolmitriptan eletriptan"
#define QT                                                                                         \
    "amiodarone sotalol dofetilide dronedarone flecainide haloperidol methadone citalopram "       \
    "escitalopram azithromycin clarithromycin erythromycin levofloxacin moxifloxacin "             \
    "ciprofloxacin ondansetron fluconazole chloroquine"

/* The first that applies is told. */
/* clang-format off */
static const struct interaction_row rows[] = {
    /* ---- ONC ---- */
    { MAOI, SSRI_SNRI " _tricyclic meperidine tramadol methadone " TRIPTANS, "serotonin syndrome" },
    { MAOI, "_stimulant", "hypertensive crisis" },
    { "atazanavir", "_ppi", "less atazanavir absorbed" },
    { "febuxostat allopurinol", "azathioprine mercaptopurine", "bone marrow suppression" },
    { "simvastatin lovastatin", STRONG_3A4 " erythromycin", "muscle injury" },
    { "tizanidine", "ciprofloxacin fluvoxamine", "low blood pressure" },
    { "irinotecan", STRONG_3A4, "irinotecan toxicity" },
    { QT, QT, "QT prolongation" },
    /* ---- Coumadin label, 7.2 and 7.3; Lovenox label, 7; labels of Eliquis, Xarelto, Pradaxa and Savaysa, 7 ---- */
    { "warfarin", "amiodarone fluconazole metronidazole sulfamethoxazole voriconazole miconazole capecitabine fluvoxamine", "raised INR" },
    { "_anticoagulant", NSAIDS " _antiplatelet", "bleeding" },
    { "warfarin _doac", SSRI_SNRI, "bleeding" },
    { "_doac", "ketoconazole itraconazole ritonavir", "bleeding" },
    { "warfarin _doac", "rifampin carbamazepine phenytoin", "less anticoagulation" },
    /* ---- Plavix label, 7.1 to 7.5; FDA 2006, aspirin and ibuprofen; Zoloft label, 7.1 ---- */
    { "clopidogrel", "omeprazole esomeprazole", "less antiplatelet effect" },
    { "aspirin", "ibuprofen", "less antiplatelet effect" },
    { "_antiplatelet", NSAIDS " _antiplatelet " SSRI_SNRI, "bleeding" },
    { SSRI_SNRI, NSAIDS, "bleeding" },
    /* ---- FDA 2006, triptans; labels of Zyvox, 5.3, and Ultram, 5 ---- */
    { SSRI_SNRI, "linezolid tramadol meperidine " TRIPTANS, "serotonin syndrome" },
    /* ---- Zocor label, 4 and 7.1; Lipitor label, 7.1; Colcrys label, 7 ---- */
    { "simvastatin", "amlodipine diltiazem verapamil amiodarone gemfibrozil cyclosporine", "muscle injury" },
    { "atorvastatin", "clarithromycin cyclosporine gemfibrozil itraconazole", "muscle injury" },
    { "colchicine", "_statin", "muscle injury" },
    { "colchicine", "clarithromycin cyclosporine ketoconazole itraconazole ritonavir verapamil", "colchicine toxicity" },
    /* ---- Lanoxin label, 7 ---- */
    { "digoxin", "amiodarone verapamil clarithromycin dronedarone", "raised digoxin level" },
    { "digoxin", "_loop-diuretic _thiazide", "digoxin toxicity with low potassium" },
    /* ---- Aldactone label, 7.1; Zestril label, 7; Bactrim label, 7 ---- */
    { "_raas", "spironolactone eplerenone triamterene amiloride trimethoprim _potassium-supplement", "high potassium" },
    { "spironolactone eplerenone", "trimethoprim _potassium-supplement", "high potassium" },
    { "_ace-inhibitor", "_arb", "high potassium and kidney injury" },
    { "_raas", NSAIDS, "kidney injury" },
    { "_loop-diuretic _thiazide", NSAIDS, "less diuretic effect" },
    /* ---- Trexall label, 7 ---- */
    { "methotrexate", NSAIDS " trimethoprim", "methotrexate toxicity" },
    /* ---- Lithobid label, 7 ---- */
    { "lithium", "_raas _thiazide _loop-diuretic " NSAIDS, "lithium toxicity" },
    /* ---- Pacerone label, 7; Calan label, 7; Toprol-XL label, 7 ---- */
    { "amiodarone verapamil diltiazem", "_beta-blocker", "slow heart rate" },
    { "metoprolol", "fluoxetine paroxetine", "raised metoprolol level" },
    /* ---- Viagra label, 4.1 ---- */
    { "_ed-drug", "_nitrate", "low blood pressure" },
    /* ---- FDA 2016, opioids and benzodiazepines; FDA 2019, gabapentinoids ---- */
    { "_opioid", "_benzodiazepine gabapentin pregabalin", "slowed breathing" },
    /* ---- Synthroid label, 7.1; Vibramycin label, 7; Cipro label, 7 ---- */
    { "levothyroxine", "_iron-supplement _calcium-supplement", "less levothyroxine absorbed" },
    { "doxycycline minocycline", "_iron-supplement _calcium-supplement", "less antibiotic absorbed" },
    { "_quinolone", "_iron-supplement _calcium-supplement", "less antibiotic absorbed" },
    { "theophylline", "ciprofloxacin", "theophylline toxicity" },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct side {
    uint16_t things[SIDE_MAX];
    uint8_t count;
};

static struct side sides[ROWS][2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build_side(const char *names, struct side *side)
{
    char name[48];

    while (*names != '\0') {
        size_t size = strcspn(names, " ");
        uint32_t thing;

        CHECK(size < sizeof(name) && side->count < SIDE_MAX);
        memcpy(name, names, size);
        name[size] = '\0';
        thing = thing_named(name);
        CHECK(thing < THINGS_MAX);
        side->things[side->count++] = (uint16_t)thing;
        names += size + strspn(names + size, " ");
    }
}

static void build(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        build_side(rows[i].left, &sides[i][0]);
        build_side(rows[i].right, &sides[i][1]);
    }
}

static bool is_of(uint32_t drug, const struct side *side)
{
    uint32_t count;
    const uint16_t *list = thing_is(drug, &count);

    for (uint32_t i = 0; i < count; i++)
        for (uint8_t j = 0; j < side->count; j++)
            if (list[i] == side->things[j])
                return true;
    return false;
}

const char *interaction_of(uint32_t drug, uint32_t other)
{
    pthread_once(&once, build);
    for (size_t i = 0; drug != other && i < ROWS; i++)
        if ((is_of(drug, &sides[i][0]) && is_of(other, &sides[i][1]))
            || (is_of(other, &sides[i][0]) && is_of(drug, &sides[i][1])))
            return rows[i].effect;
    return NULL;
}
