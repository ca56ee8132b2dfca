/* The catalogue: what can happen to a synthetic patient, as tables of data. Laboratory values and
 * vital signs, drugs, diseases with their stages, allergens, procedures, vaccines. Adding a disease
 * is adding rows here.
 *
 * Codes are given only where they are certain; what has none is written as text alone. Everything
 * is constant; any thread. */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

/* A row of a table is a line. */
/* clang-format off */

enum lab {
    LAB_A1C, LAB_GLUCOSE, LAB_CREATININE, LAB_EGFR, LAB_UREA, LAB_SODIUM, LAB_POTASSIUM, LAB_CHLORIDE, LAB_CO2, LAB_CALCIUM,
    LAB_CHOLESTEROL, LAB_LDL, LAB_HDL, LAB_TRIGLYCERIDES, LAB_HEMOGLOBIN, LAB_HEMATOCRIT, LAB_MCV, LAB_LEUKOCYTES, LAB_PLATELETS,
    LAB_FERRITIN, LAB_TSH, LAB_URATE, LAB_ALT, LAB_AST, LAB_ALBUMIN, LAB_BNP, LAB_INR, LAB_CRP, LAB_B12, LAB_VITAMIN_D,
    LAB_ACR, LAB_PSA, LAB_EJECTION_FRACTION, LAB_FEV1_FVC, LAB_PHQ9,
    LAB_BLOOD_PRESSURE, LAB_HEART_RATE, LAB_RESPIRATORY_RATE, LAB_TEMPERATURE, LAB_OXYGEN, LAB_WEIGHT, LAB_HEIGHT, LAB_BMI,
    LAB_FREE_T4,
    LAB_TRAINED_COUNT,
    LAB_PTH = LAB_TRAINED_COUNT, LAB_FOLATE, LAB_CALPROTECTIN, LAB_ESR, LAB_LITHIUM, LAB_ALKALINE_PHOSPHATASE,
    LAB_COUNT,
    LAB_NONE = -1,
};

/* A quantity that is measured. @decimals is also what is written in the record. */
struct lab_kind {
    const char *label;   /* Observation.code.text */
    const char *loinc, *display;
    const char *unit, *ucum; /* NULL: a bare number */
    const char *category; /* of HL7's observation-category: "laboratory", "vital-signs", "exam", "survey" */
    int decimals;
    double mean, person_sd;   /* among people: a person's own level */
    double visit_sd;          /* around it, between visits */
    double low, high;         /* reference range; a bound of 0 is none */
    double least, most;       /* what physiology allows */
};

enum panel {
    PANEL_METABOLIC, PANEL_LIPID, PANEL_BLOOD_COUNT, PANEL_A1C, PANEL_THYROID, PANEL_IRON, PANEL_LIVER, PANEL_URATE, PANEL_BNP, PANEL_INR,
    PANEL_CRP, PANEL_VITAMINS, PANEL_URINE, PANEL_PSA, PANEL_ECHO, PANEL_SPIROMETRY, PANEL_PHQ9, PANEL_VITALS,
    PANEL_PARATHYROID, PANEL_FOLATE, PANEL_STOOL, PANEL_ESR, PANEL_LITHIUM, PANEL_BONE,
    PANEL_COUNT,
    PANEL_NONE = -1,
};

#define PANEL_LABS_MAX 10

/* Quantities that are measured together. With a @report, a DiagnosticReport refers to them. */
struct panel_kind {
    const char *report, *loinc, *display; /* NULL: no report */
    enum lab labs[PANEL_LABS_MAX];
    unsigned count;
};

struct effect {
    enum lab lab;
    double shift;    /* once in full force */
    double per_year; /* on top, for each year since */
};

enum drug {
    DRUG_NONE,
    DRUG_LISINOPRIL_10, DRUG_LISINOPRIL_20, DRUG_AMLODIPINE_5, DRUG_HYDROCHLOROTHIAZIDE_25, DRUG_LOSARTAN_50, DRUG_METOPROLOL_50,
    DRUG_CARVEDILOL_12, DRUG_FUROSEMIDE_40, DRUG_SPIRONOLACTONE_25, DRUG_METFORMIN_500, DRUG_METFORMIN_1000, DRUG_GLIPIZIDE_5,
    DRUG_EMPAGLIFLOZIN_10, DRUG_INSULIN_GLARGINE, DRUG_SIMVASTATIN_20, DRUG_ATORVASTATIN_40, DRUG_ATORVASTATIN_80, DRUG_ASPIRIN_81,
    DRUG_CLOPIDOGREL_75, DRUG_WARFARIN_5, DRUG_APIXABAN_5, DRUG_DIGOXIN, DRUG_AMIODARONE_200, DRUG_ALBUTEROL, DRUG_FLUTICASONE,
    DRUG_FLUTICASONE_SALMETEROL, DRUG_TIOTROPIUM, DRUG_MONTELUKAST_10, DRUG_PREDNISONE_20, DRUG_LEVOTHYROXINE_50, DRUG_LEVOTHYROXINE_75,
    DRUG_SERTRALINE_50, DRUG_SERTRALINE_100, DRUG_FLUOXETINE_20, DRUG_IBUPROFEN_400, DRUG_NAPROXEN_500, DRUG_ACETAMINOPHEN_500,
    DRUG_ALLOPURINOL_100, DRUG_ALLOPURINOL_300, DRUG_COLCHICINE, DRUG_FERROUS_SULFATE, DRUG_CYANOCOBALAMIN, DRUG_SUMATRIPTAN_50,
    DRUG_TOPIRAMATE_50, DRUG_OMEPRAZOLE_20, DRUG_ALENDRONATE_70, DRUG_TAMSULOSIN, DRUG_GABAPENTIN_300, DRUG_AMOXICILLIN_500,
    DRUG_AMOXICILLIN_CLAVULANATE, DRUG_AZITHROMYCIN_250, DRUG_NITROFURANTOIN_100, DRUG_DOXYCYCLINE_100, DRUG_CEPHALEXIN_500,
    DRUG_OXYCODONE_5, DRUG_CETIRIZINE_10, DRUG_LATANOPROST, DRUG_METHOTREXATE, DRUG_FOLIC_ACID,
    DRUG_TRAINED_COUNT,
    DRUG_METHIMAZOLE_10 = DRUG_TRAINED_COUNT, DRUG_CINACALCET_30, DRUG_LEVETIRACETAM_500, DRUG_LAMOTRIGINE_100, DRUG_CARBIDOPA_LEVODOPA,
    DRUG_PRAMIPEXOLE, DRUG_MESALAMINE, DRUG_AZATHIOPRINE_50, DRUG_CALCIPOTRIENE, DRUG_ADALIMUMAB, DRUG_LITHIUM_300,
    DRUG_HYDROXYCHLOROQUINE_200, DRUG_GLATIRAMER, DRUG_RISEDRONATE_30, DRUG_VALACYCLOVIR, DRUG_KETOROLAC_10, DRUG_CEFUROXIME_500,
    DRUG_CIPROFLOXACIN_500,
    DRUG_COUNT,
};

#define DRUG_EFFECTS_MAX 3

struct drug_kind {
    const char *text;    /* MedicationRequest.medicationCodeableConcept.text */
    const char *generic; /* how people call it */
    const char *dose;    /* dosageInstruction.text */
    const char *rxnorm, *display;
    const char *family;  /* an allergy to this rules it out; NULL: none */
    struct effect effects[DRUG_EFFECTS_MAX];
    const char *group;   /* of which nobody takes two at once; NULL: none */
    int since_year;      /* nobody had it before */
};

enum procedure {
    PROCEDURE_NONE,
    PROCEDURE_COLONOSCOPY, PROCEDURE_ECHOCARDIOGRAM, PROCEDURE_SPIROMETRY, PROCEDURE_CHEST_XRAY, PROCEDURE_DXA, PROCEDURE_CARDIOVERSION,
    PROCEDURE_ABLATION, PROCEDURE_KNEE_REPLACEMENT, PROCEDURE_HIP_REPLACEMENT, PROCEDURE_APPENDECTOMY, PROCEDURE_CHOLECYSTECTOMY,
    PROCEDURE_CATARACT, PROCEDURE_IMMOBILIZATION, PROCEDURE_SUTURE, PROCEDURE_EYE_EXAM, PROCEDURE_FOOT_EXAM, PROCEDURE_MAMMOGRAPHY,
    PROCEDURE_PULMONARY_REHABILITATION, PROCEDURE_STENT, PROCEDURE_DIALYSIS_ACCESS,
    PROCEDURE_TRAINED_COUNT,
    PROCEDURE_ELECTROENCEPHALOGRAPHY = PROCEDURE_TRAINED_COUNT, PROCEDURE_PARATHYROIDECTOMY, PROCEDURE_SIGMOIDOSCOPY, PROCEDURE_BRAIN_MRI,
    PROCEDURE_LITHOTRIPSY, PROCEDURE_THYROID_SCAN,
    PROCEDURE_COUNT,
};

struct procedure_kind {
    const char *label;
    const char *snomed, *display;
};

/* What raises the risk of another disease comes before it. What stands behind a TRAINED_COUNT is held out: no record and no
 * question has it but those of a population of held-out conditions. */
enum disease {
    DISEASE_OBESITY, DISEASE_HYPERTENSION, DISEASE_HYPERLIPIDEMIA, DISEASE_PREDIABETES, DISEASE_DIABETES, DISEASE_CKD, DISEASE_ASTHMA,
    DISEASE_COPD, DISEASE_CORONARY, DISEASE_ATRIAL_FIBRILLATION, DISEASE_HEART_FAILURE, DISEASE_HYPOTHYROIDISM, DISEASE_DEPRESSION,
    DISEASE_OSTEOARTHRITIS_KNEE, DISEASE_OSTEOARTHRITIS_HIP, DISEASE_ANEMIA_IRON, DISEASE_ANEMIA_B12, DISEASE_GOUT, DISEASE_MIGRAINE,
    DISEASE_REFLUX, DISEASE_OSTEOPOROSIS, DISEASE_PROSTATE, DISEASE_NEUROPATHY, DISEASE_RHINITIS, DISEASE_GLAUCOMA,
    DISEASE_RHEUMATOID,
    DISEASE_CHRONIC_COUNT,
    DISEASE_SINUSITIS = DISEASE_CHRONIC_COUNT, DISEASE_BRONCHITIS, DISEASE_PHARYNGITIS, DISEASE_PNEUMONIA, DISEASE_CYSTITIS,
    DISEASE_OTITIS, DISEASE_CELLULITIS, DISEASE_FOREARM, DISEASE_ANKLE, DISEASE_RIB, DISEASE_SPRAIN, DISEASE_LACERATION,
    DISEASE_APPENDICITIS, DISEASE_GALLSTONES, DISEASE_CATARACT, DISEASE_CONCUSSION,
    DISEASE_TRAINED_COUNT,
    DISEASE_HYPERTHYROIDISM = DISEASE_TRAINED_COUNT, DISEASE_HYPERPARATHYROIDISM, DISEASE_ANEMIA_FOLATE, DISEASE_EPILEPSY, DISEASE_PARKINSON,
    DISEASE_COLITIS, DISEASE_PSORIASIS, DISEASE_BIPOLAR, DISEASE_LUPUS, DISEASE_SCLEROSIS, DISEASE_PAGET,
    DISEASE_HELDOUT_ACUTE,
    DISEASE_ZOSTER = DISEASE_HELDOUT_ACUTE, DISEASE_KIDNEY_STONE, DISEASE_LYME, DISEASE_DIVERTICULITIS,
    DISEASE_COUNT,
    DISEASE_NONE = -1,
};

#define STAGES_MAX 4
#define STAGE_DRUGS_MAX 2
#define RISKS_MAX 4

/* One state of a disease. The next is reached with @probability after @after_days_min to @after_days_max in this one. */
struct stage {
    const char *name, *snomed, *display; /* NULL: the disease keeps the name it had */
    int after_days_min, after_days_max;  /* in the stage before; 0 for the first */
    double probability;
    enum drug starts[STAGE_DRUGS_MAX];
    enum drug alternative;               /* instead of starts[0] for some, and where an allergy forbids it */
    enum drug stops;
    enum procedure procedure;
    double severity;                     /* scales the effects: 1 at the first stage by convention */
};

struct risk {
    enum disease from;
    double factor;
};

/* A disease: who gets it and when, what it moves, how it goes on. */
struct disease_kind {
    const char *name; /* Condition.code.text of the first stage */
    const char *snomed, *display;
    const char *lay;  /* how a layman says it; NULL: the same */
    char sex;         /* 'f', 'm', or 0 */
    double probability;      /* that an old person has had it; for an acute one, episodes in a decade */
    int onset_min, onset_max; /* years of age */
    struct risk risks[RISKS_MAX];
    struct effect effects[4];
    enum panel panels[3];    /* controls; PANEL_NONE fills */
    double visits_per_year;
    struct stage stages[STAGES_MAX];
    unsigned stage_count;
    int duration_days;       /* of an acute one; 0: chronic */
    bool is_emergency;
};

enum allergen {
    ALLERGEN_PENICILLIN, ALLERGEN_SULFA, ALLERGEN_ASPIRIN, ALLERGEN_NSAID, ALLERGEN_ACE, ALLERGEN_CODEINE, ALLERGEN_LATEX, ALLERGEN_PEANUT,
    ALLERGEN_SHELLFISH, ALLERGEN_EGG, ALLERGEN_BEE, ALLERGEN_STATIN, ALLERGEN_CEPHALOSPORIN, ALLERGEN_CONTRAST, ALLERGEN_GRASS, ALLERGEN_DUST,
    ALLERGEN_COUNT,
};

struct allergen_kind {
    const char *label;
    const char *system, *code, *display; /* NULL: text only */
    const char *category;                /* "medication", "food", "environment" */
    const char *family;                  /* of drugs that it rules out */
    double weight;
};

struct reaction_kind {
    const char *label;
    const char *snomed, *display;
};

enum vaccine {
    VACCINE_INFLUENZA, VACCINE_TETANUS, VACCINE_TDAP, VACCINE_PCV13, VACCINE_PPSV23, VACCINE_ZOSTER, VACCINE_HEPATITIS_B, VACCINE_COVID,
    VACCINE_MMR, VACCINE_COUNT,
};

struct vaccine_kind {
    const char *label;
    const char *cvx, *display;
};

extern const struct lab_kind lab_kinds[LAB_COUNT];
extern const struct panel_kind panel_kinds[PANEL_COUNT];
extern const struct drug_kind drug_kinds[DRUG_COUNT];
extern const struct procedure_kind procedure_kinds[PROCEDURE_COUNT];
extern const struct disease_kind disease_kinds[DISEASE_COUNT];
extern const struct allergen_kind allergen_kinds[ALLERGEN_COUNT];
extern const struct vaccine_kind vaccine_kinds[VACCINE_COUNT];

#define REACTION_COUNT 7
extern const struct reaction_kind reaction_kinds[REACTION_COUNT];

#endif
