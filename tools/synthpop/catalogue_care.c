#include "catalogue.h"

/* A row of a table is a line. */
/* clang-format off */

#define SNOMED "http://snomed.info/sct"
#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"

const struct procedure_kind procedure_kinds[PROCEDURE_COUNT] = {
    [PROCEDURE_COLONOSCOPY] = { "Colonoscopy", "73761001", "Colonoscopy (procedure)" },
    [PROCEDURE_ECHOCARDIOGRAM] = { "Echocardiography", "40701008", "Echocardiography (procedure)" },
    [PROCEDURE_SPIROMETRY] = { "Spirometry", "127783003", "Spirometry (procedure)" },
    [PROCEDURE_CHEST_XRAY] = { "Chest X-ray", "399208008", "Plain chest X-ray (procedure)" },
    [PROCEDURE_DXA] = { "Bone density scan", "312681000", "Bone density scan (procedure)" },
    [PROCEDURE_CARDIOVERSION] = { "Electrical cardioversion", "180325003", "Electrical cardioversion (procedure)" },
    [PROCEDURE_ABLATION] = { "Catheter ablation of heart tissue", "18286008", "Catheter ablation of tissue of heart (procedure)" },
    [PROCEDURE_KNEE_REPLACEMENT] = { "Total knee replacement", "609588000", "Total knee replacement (procedure)" },
    [PROCEDURE_HIP_REPLACEMENT] = { "Total hip replacement", "52734007", "Total replacement of hip (procedure)" },
    [PROCEDURE_APPENDECTOMY] = { "Appendectomy", "80146002", "Appendectomy (procedure)" },
    [PROCEDURE_CHOLECYSTECTOMY] = { "Cholecystectomy", "38102005", "Cholecystectomy (procedure)" },
    [PROCEDURE_CATARACT] = { "Cataract surgery", "110473004", "Cataract surgery (procedure)" },
    [PROCEDURE_IMMOBILIZATION] = { "Bone immobilization", "274474001", "Bone immobilization (procedure)" },
    [PROCEDURE_SUTURE] = { "Suture of open wound", "288086009", "Suture open wound (procedure)" },
    [PROCEDURE_EYE_EXAM] = { "Dilated eye examination", NULL, NULL },
    [PROCEDURE_FOOT_EXAM] = { "Diabetic foot examination", "401191002", "Diabetic foot examination (procedure)" },
    [PROCEDURE_MAMMOGRAPHY] = { "Mammography", "71651007", "Mammography (procedure)" },
    [PROCEDURE_PULMONARY_REHABILITATION] = { "Pulmonary rehabilitation", "15081005", "Pulmonary rehabilitation (regime/therapy)" },
    [PROCEDURE_STENT] = { "Percutaneous coronary intervention", "415070008", "Percutaneous coronary intervention (procedure)" },
    [PROCEDURE_DIALYSIS_ACCESS] = { "Arteriovenous fistula creation", NULL, NULL },

    /* ---- held out ---- */
    [PROCEDURE_ELECTROENCEPHALOGRAPHY] = { "Electroencephalography", "54550000", "Electroencephalogram (procedure)" },
    [PROCEDURE_PARATHYROIDECTOMY] = { "Parathyroidectomy", NULL, NULL },
    [PROCEDURE_SIGMOIDOSCOPY] = { "Sigmoidoscopy", "24420007", "Sigmoidoscopy (procedure)" },
    [PROCEDURE_BRAIN_MRI] = { "MRI of brain", NULL, NULL },
    [PROCEDURE_LITHOTRIPSY] = { "Lithotripsy", NULL, NULL },
    [PROCEDURE_THYROID_SCAN] = { "Thyroid scan", NULL, NULL },
};

const struct allergen_kind allergen_kinds[ALLERGEN_COUNT] = {
    [ALLERGEN_PENICILLIN] = { "Penicillin", SNOMED, "91936005", "Allergy to penicillin (finding)", "medication", "penicillin", 5 },
    [ALLERGEN_SULFA] = { "Sulfonamide", SNOMED, "91939003", "Allergy to sulfonamide (finding)", "medication", NULL, 3 },
    [ALLERGEN_ASPIRIN] = { "Aspirin", RXNORM, "1191", "aspirin", "medication", "aspirin", 1.5 },
    [ALLERGEN_NSAID] = { "Nonsteroidal anti-inflammatory drug", NULL, NULL, NULL, "medication", "nsaid", 1.5 },
    [ALLERGEN_ACE] = { "ACE inhibitor", NULL, NULL, NULL, "medication", "ace", 1.5 },
    [ALLERGEN_CODEINE] = { "Codeine", NULL, NULL, NULL, "medication", "opioid", 1.5 },
    [ALLERGEN_LATEX] = { "Latex", SNOMED, "300916003", "Latex allergy (finding)", "environment", NULL, 1.5 },
    [ALLERGEN_PEANUT] = { "Peanut", SNOMED, "91935009", "Allergy to peanut (finding)", "food", NULL, 1.5 },
    [ALLERGEN_SHELLFISH] = { "Shellfish", SNOMED, "300913006", "Shellfish allergy (finding)", "food", NULL, 2 },
    [ALLERGEN_EGG] = { "Egg", SNOMED, "91930004", "Allergy to egg (finding)", "food", NULL, 0.7 },
    [ALLERGEN_BEE] = { "Bee venom", SNOMED, "424213003", "Allergy to bee venom (finding)", "environment", NULL, 1.2 },
    [ALLERGEN_STATIN] = { "Statin", NULL, NULL, NULL, "medication", "statin", 1 },
    [ALLERGEN_CEPHALOSPORIN] = { "Cephalosporin", NULL, NULL, NULL, "medication", "cephalosporin", 0.8 },
    [ALLERGEN_CONTRAST] = { "Iodinated contrast", NULL, NULL, NULL, "medication", NULL, 1 },
    [ALLERGEN_GRASS] = { "Grass pollen", SNOMED, "418689008", "Allergy to grass pollen (finding)", "environment", NULL, 1.5 },
    [ALLERGEN_DUST] = { "House dust mite", SNOMED, "232350006", "House dust mite allergy (disorder)", "environment", NULL, 1.5 },
};

const struct reaction_kind reaction_kinds[REACTION_COUNT] = {
    { "rash", "271807003", "Eruption of skin (disorder)" },
    { "hives", "247472004", "Wheal (finding)" },
    { "itching", "418290006", "Itching (finding)" },
    { "anaphylaxis", "39579001", "Anaphylaxis (disorder)" },
    { "wheezing", "56018004", "Wheezing (finding)" },
    { "nausea", "422587007", "Nausea (finding)" },
    { "facial swelling", NULL, NULL },
};

const struct vaccine_kind vaccine_kinds[VACCINE_COUNT] = {
    [VACCINE_INFLUENZA] = { "Influenza vaccine", "140", "Influenza, seasonal, injectable, preservative free" },
    [VACCINE_TETANUS] = { "Tetanus and diphtheria vaccine", "113", "Td (adult) preservative free" },
    [VACCINE_TDAP] = { "Tdap vaccine", "115", "Tdap" },
    [VACCINE_PCV13] = { "Pneumococcal conjugate vaccine", "133", "Pneumococcal conjugate PCV 13" },
    [VACCINE_PPSV23] = { "Pneumococcal polysaccharide vaccine", "33", "pneumococcal polysaccharide vaccine, 23 valent" },
    [VACCINE_ZOSTER] = { "Zoster vaccine", "121", "zoster" },
    [VACCINE_HEPATITIS_B] = { "Hepatitis B vaccine", "43", "Hep B, adult" },
    [VACCINE_COVID] = { "COVID-19 vaccine", "208", "SARS-COV-2 (COVID-19) vaccine, mRNA, spike protein, LNP, preservative free, 30 mcg/0.3mL dose" },
    [VACCINE_MMR] = { "MMR vaccine", "03", "MMR" },
};
