#include "catalogue.h"

/* A row of a table is a line. */
/* clang-format off */

#define NEVER { LAB_NONE, 0, 0 }
#define ONE_EFFECT(a) { a, NEVER, NEVER, NEVER }
#define NO_RISK { { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } }
#define NO_EFFECTS { NEVER, NEVER, NEVER, NEVER }
#define NO_PANELS { PANEL_NONE, PANEL_NONE, PANEL_NONE }

/* A stage that only starts drugs. */
#define STEP(days_min, days_max, p, drug, other, stops, severity) \
    { NULL, NULL, NULL, days_min, days_max, p, { drug, DRUG_NONE }, other, stops, PROCEDURE_NONE, severity }

const struct disease_kind disease_kinds[DISEASE_COUNT] = {
    [DISEASE_HYPERTENSION] = {
        "Hypertension", "38341003", "Hypertensive disorder, systemic arterial (disorder)", "high blood pressure", 0, 0.55, 32, 68,
        { { DISEASE_OBESITY, 1.5 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_BLOOD_PRESSURE, 27, 0.35 }, { LAB_ACR, 3, 0.4 }, NEVER, NEVER },
        { PANEL_METABOLIC, PANEL_NONE, PANEL_NONE }, 1.0,
        { STEP(0, 0, 1, DRUG_LISINOPRIL_10, DRUG_LOSARTAN_50, DRUG_NONE, 1),
          STEP(200, 1500, 0.5, DRUG_AMLODIPINE_5, DRUG_HYDROCHLOROTHIAZIDE_25, DRUG_NONE, 1.1),
          STEP(400, 2500, 0.35, DRUG_LISINOPRIL_20, DRUG_NONE, DRUG_LISINOPRIL_10, 1.15) }, 3, 0, false },
    [DISEASE_HYPERLIPIDEMIA] = {
        "Hyperlipidemia", "55822004", "Hyperlipidemia (disorder)", "high cholesterol", 0, 0.45, 32, 66,
        { { DISEASE_OBESITY, 1.4 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_LDL, 58, 0.4 }, { LAB_TRIGLYCERIDES, 55, 0.5 }, { LAB_HDL, -5, 0 }, NEVER },
        { PANEL_LIPID, PANEL_LIVER, PANEL_NONE }, 0.7,
        { STEP(0, 0, 1, DRUG_SIMVASTATIN_20, DRUG_ATORVASTATIN_40, DRUG_NONE, 1),
          STEP(400, 2500, 0.4, DRUG_ATORVASTATIN_40, DRUG_NONE, DRUG_SIMVASTATIN_20, 1.05) }, 2, 0, false },
    [DISEASE_PREDIABETES] = {
        "Prediabetes", "15777000", "Prediabetes (finding)", NULL, 0, 0.12, 34, 62,
        { { DISEASE_OBESITY, 2.0 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_A1C, 0.7, 0.01 }, { LAB_GLUCOSE, 16, 0.3 }, NEVER, NEVER },
        { PANEL_A1C, PANEL_METABOLIC, PANEL_NONE }, 0.8,
        { STEP(0, 0, 1, DRUG_NONE, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_DIABETES] = {
        "Type 2 diabetes mellitus", "44054006", "Diabetes mellitus type 2 (disorder)", "diabetes", 0, 0.2, 36, 66,
        { { DISEASE_OBESITY, 2.4 }, { DISEASE_HYPERTENSION, 1.4 }, { DISEASE_PREDIABETES, 0 }, { DISEASE_NONE, 1 } },
        { { LAB_A1C, 2.7, 0.11 }, { LAB_GLUCOSE, 72, 3 }, { LAB_ACR, 18, 3 }, { LAB_TRIGLYCERIDES, 35, 0 } },
        { PANEL_A1C, PANEL_METABOLIC, PANEL_URINE }, 2.0,
        { STEP(0, 0, 1, DRUG_METFORMIN_500, DRUG_GLIPIZIDE_5, DRUG_NONE, 1),
          { NULL, NULL, NULL, 300, 1500, 0.6, { DRUG_METFORMIN_1000, DRUG_NONE }, DRUG_NONE, DRUG_METFORMIN_500, PROCEDURE_EYE_EXAM, 1.05 },
          { NULL, NULL, NULL, 600, 2600, 0.45, { DRUG_EMPAGLIFLOZIN_10, DRUG_NONE }, DRUG_GLIPIZIDE_5, DRUG_NONE, PROCEDURE_FOOT_EXAM, 1.1 },
          STEP(900, 3200, 0.4, DRUG_INSULIN_GLARGINE, DRUG_NONE, DRUG_NONE, 1.25) }, 4, 0, false },
    [DISEASE_CKD] = {
        "Chronic kidney disease stage 2", "431856006", "Chronic kidney disease stage 2 (disorder)", "kidney disease", 0, 0.1, 52, 76,
        { { DISEASE_DIABETES, 2.6 }, { DISEASE_HYPERTENSION, 1.8 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_CREATININE, 0.13, 0.015 }, { LAB_POTASSIUM, 0.03, 0.005 }, { LAB_HEMOGLOBIN, -0.11, -0.02 }, { LAB_ACR, 35, 6 } },
        { PANEL_METABOLIC, PANEL_BLOOD_COUNT, PANEL_URINE }, 1.6,
        { STEP(0, 0, 1, DRUG_NONE, DRUG_NONE, DRUG_NONE, 1),
          { "Chronic kidney disease stage 3", "433144002", "Chronic kidney disease stage 3 (disorder)", 500, 2200, 0.75, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_NONE, 4.9 },
          { "Chronic kidney disease stage 4", "431857002", "Chronic kidney disease stage 4 (disorder)", 700, 3000, 0.4, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_METFORMIN_1000, PROCEDURE_NONE, 12 },
          { "Chronic kidney disease stage 5", "433146000", "Chronic kidney disease stage 5 (disorder)", 700, 2400, 0.3, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_DIALYSIS_ACCESS, 29 } }, 4, 0, false },
    [DISEASE_OBESITY] = {
        "Obesity", "414916001", "Obesity (disorder)", NULL, 0, 0.28, 20, 50, NO_RISK,
        { { LAB_WEIGHT, 25, 0.15 }, { LAB_BLOOD_PRESSURE, 4, 0 }, NEVER, NEVER }, NO_PANELS, 0.2,
        { STEP(0, 0, 1, DRUG_NONE, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_ASTHMA] = {
        "Asthma", "195967001", "Asthma (disorder)", NULL, 0, 0.12, 4, 40, NO_RISK,
        { { LAB_FEV1_FVC, -10, -0.05 }, NEVER, NEVER, NEVER }, { PANEL_SPIROMETRY, PANEL_NONE, PANEL_NONE }, 0.6,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_ALBUTEROL, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_SPIROMETRY, 1 },
          STEP(200, 2500, 0.6, DRUG_FLUTICASONE, DRUG_MONTELUKAST_10, DRUG_NONE, 1.1),
          STEP(500, 3500, 0.3, DRUG_FLUTICASONE_SALMETEROL, DRUG_NONE, DRUG_FLUTICASONE, 1.2) }, 3, 0, false },
    [DISEASE_COPD] = {
        "Chronic obstructive pulmonary disease", "13645005", "Chronic obstructive lung disease (disorder)", "COPD", 0, 0.09, 50, 72,
        { { DISEASE_ASTHMA, 0.3 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_FEV1_FVC, -20, -0.7 }, { LAB_OXYGEN, -2.5, -0.15 }, { LAB_RESPIRATORY_RATE, 2, 0.05 }, NEVER },
        { PANEL_SPIROMETRY, PANEL_BLOOD_COUNT, PANEL_NONE }, 1.2,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_TIOTROPIUM, DRUG_NONE }, DRUG_ALBUTEROL, DRUG_NONE, PROCEDURE_SPIROMETRY, 1 },
          STEP(300, 2000, 0.5, DRUG_FLUTICASONE_SALMETEROL, DRUG_NONE, DRUG_NONE, 1.1),
          { NULL, NULL, NULL, 500, 2500, 0.35, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_PULMONARY_REHABILITATION, 1.25 } }, 3, 0, false },
    [DISEASE_CORONARY] = {
        "Coronary artery disease", "53741008", "Coronary arteriosclerosis (disorder)", "CAD", 0, 0.1, 48, 74,
        { { DISEASE_HYPERLIPIDEMIA, 1.9 }, { DISEASE_DIABETES, 1.7 }, { DISEASE_HYPERTENSION, 1.4 }, { DISEASE_NONE, 1 } },
        NO_EFFECTS, { PANEL_LIPID, PANEL_METABOLIC, PANEL_NONE }, 1.2,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_ASPIRIN_81, DRUG_METOPROLOL_50 }, DRUG_CLOPIDOGREL_75, DRUG_NONE, PROCEDURE_NONE, 1 },
          { NULL, NULL, NULL, 200, 2500, 0.4, { DRUG_CLOPIDOGREL_75, DRUG_ATORVASTATIN_80 }, DRUG_NONE, DRUG_SIMVASTATIN_20, PROCEDURE_STENT, 1 } }, 2, 0, false },
    [DISEASE_HEART_FAILURE] = {
        "Heart failure", "84114007", "Heart failure (disorder)", NULL, 0, 0.05, 56, 80,
        { { DISEASE_CORONARY, 3.2 }, { DISEASE_HYPERTENSION, 1.8 }, { DISEASE_ATRIAL_FIBRILLATION, 1.6 }, { DISEASE_NONE, 1 } },
        { { LAB_EJECTION_FRACTION, -20, -0.6 }, { LAB_BNP, 900, 120 }, { LAB_HEART_RATE, 7, 0 }, { LAB_SODIUM, -2, -0.1 } },
        { PANEL_METABOLIC, PANEL_BNP, PANEL_ECHO }, 2.4,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_CARVEDILOL_12, DRUG_FUROSEMIDE_40 }, DRUG_METOPROLOL_50, DRUG_NONE, PROCEDURE_ECHOCARDIOGRAM, 1 },
          STEP(150, 1400, 0.5, DRUG_SPIRONOLACTONE_25, DRUG_NONE, DRUG_NONE, 1.2) }, 2, 0, false },
    [DISEASE_ATRIAL_FIBRILLATION] = {
        "Atrial fibrillation", "49436004", "Atrial fibrillation (disorder)", "irregular heartbeat", 0, 0.09, 52, 80,
        { { DISEASE_HYPERTENSION, 1.6 }, { DISEASE_CORONARY, 1.5 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_HEART_RATE, 16, 0 }, { LAB_BNP, 160, 6 }, NEVER, NEVER }, { PANEL_METABOLIC, PANEL_INR, PANEL_NONE }, 1.8,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_WARFARIN_5, DRUG_METOPROLOL_50 }, DRUG_APIXABAN_5, DRUG_NONE, PROCEDURE_CARDIOVERSION, 1 },
          { NULL, NULL, NULL, 300, 2500, 0.35, { DRUG_AMIODARONE_200, DRUG_NONE }, DRUG_DIGOXIN, DRUG_NONE, PROCEDURE_NONE, 0.8 },
          { NULL, NULL, NULL, 300, 2500, 0.4, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_AMIODARONE_200, PROCEDURE_ABLATION, 0.4 } }, 3, 0, false },
    [DISEASE_HYPOTHYROIDISM] = {
        "Hypothyroidism", "40930008", "Hypothyroidism (disorder)", "underactive thyroid", 0, 0.12, 28, 66, NO_RISK,
        { { LAB_TSH, 7.5, 0.1 }, { LAB_LDL, 12, 0 }, { LAB_WEIGHT, 3, 0 }, { LAB_FREE_T4, -0.6, 0 } }, { PANEL_THYROID, PANEL_NONE, PANEL_NONE }, 1.0,
        { STEP(0, 0, 1, DRUG_LEVOTHYROXINE_50, DRUG_NONE, DRUG_NONE, 1),
          STEP(100, 900, 0.5, DRUG_LEVOTHYROXINE_75, DRUG_NONE, DRUG_LEVOTHYROXINE_50, 1.05) }, 2, 0, false },
    [DISEASE_DEPRESSION] = {
        "Major depressive disorder", "370143000", "Major depressive disorder (disorder)", "depression", 0, 0.15, 18, 60, NO_RISK,
        { { LAB_PHQ9, 13, 0.05 }, NEVER, NEVER, NEVER }, { PANEL_PHQ9, PANEL_NONE, PANEL_NONE }, 1.5,
        { STEP(0, 0, 1, DRUG_SERTRALINE_50, DRUG_FLUOXETINE_20, DRUG_NONE, 1),
          STEP(60, 500, 0.4, DRUG_SERTRALINE_100, DRUG_NONE, DRUG_SERTRALINE_50, 1) }, 2, 0, false },
    [DISEASE_OSTEOARTHRITIS_KNEE] = {
        "Osteoarthritis of knee", "239873007", "Osteoarthritis of knee (disorder)", "knee arthritis", 0, 0.18, 48, 74,
        { { DISEASE_OBESITY, 2 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } }, NO_EFFECTS, NO_PANELS, 0.6,
        { STEP(0, 0, 1, DRUG_ACETAMINOPHEN_500, DRUG_NAPROXEN_500, DRUG_NONE, 1),
          STEP(300, 2000, 0.3, DRUG_IBUPROFEN_400, DRUG_ACETAMINOPHEN_500, DRUG_NAPROXEN_500, 1),
          { NULL, NULL, NULL, 900, 3500, 0.3, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_IBUPROFEN_400, PROCEDURE_KNEE_REPLACEMENT, 1 } }, 3, 0, false },
    [DISEASE_OSTEOARTHRITIS_HIP] = {
        "Osteoarthritis of hip", "239872002", "Osteoarthritis of hip (disorder)", "hip arthritis", 0, 0.09, 50, 76, NO_RISK,
        NO_EFFECTS, NO_PANELS, 0.6,
        { STEP(0, 0, 1, DRUG_NAPROXEN_500, DRUG_ACETAMINOPHEN_500, DRUG_NONE, 1),
          { NULL, NULL, NULL, 900, 3000, 0.4, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_NAPROXEN_500, PROCEDURE_HIP_REPLACEMENT, 1 } }, 2, 0, false },
    [DISEASE_ANEMIA_IRON] = {
        "Iron deficiency anemia", "87522002", "Iron deficiency anemia (disorder)", "low iron", 0, 0.12, 20, 76,
        { { DISEASE_CKD, 1.8 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_HEMOGLOBIN, -3.2, 0 }, { LAB_FERRITIN, -84, 0 }, { LAB_MCV, -12, 0 }, { LAB_PLATELETS, 40, 0 } },
        { PANEL_BLOOD_COUNT, PANEL_IRON, PANEL_NONE }, 1.4,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_FERROUS_SULFATE, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_COLONOSCOPY, 1 } }, 1, 0, false },
    [DISEASE_ANEMIA_B12] = {
        "Vitamin B12 deficiency anemia", "49472006", "Vitamin B12 deficiency anaemia (disorder)", "low B12", 0, 0.05, 45, 80, NO_RISK,
        { { LAB_HEMOGLOBIN, -2.4, 0 }, { LAB_B12, -320, 0 }, { LAB_MCV, 13, 0 }, NEVER },
        { PANEL_BLOOD_COUNT, PANEL_VITAMINS, PANEL_NONE }, 1.2,
        { STEP(0, 0, 1, DRUG_CYANOCOBALAMIN, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_GOUT] = {
        "Gout", "90560007", "Gout (disorder)", NULL, 'm', 0.12, 38, 70,
        { { DISEASE_CKD, 1.8 }, { DISEASE_OBESITY, 1.5 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } },
        { { LAB_URATE, 3.4, 0.02 }, NEVER, NEVER, NEVER }, { PANEL_URATE, PANEL_METABOLIC, PANEL_NONE }, 0.8,
        { STEP(0, 0, 1, DRUG_ALLOPURINOL_100, DRUG_COLCHICINE, DRUG_NONE, 1),
          STEP(100, 1200, 0.5, DRUG_ALLOPURINOL_300, DRUG_NONE, DRUG_ALLOPURINOL_100, 1) }, 2, 0, false },
    [DISEASE_MIGRAINE] = {
        "Migraine", "37796009", "Migraine (disorder)", "bad headaches", 0, 0.12, 14, 45, NO_RISK, NO_EFFECTS, NO_PANELS, 0.5,
        { STEP(0, 0, 1, DRUG_SUMATRIPTAN_50, DRUG_NONE, DRUG_NONE, 1),
          STEP(300, 3000, 0.4, DRUG_TOPIRAMATE_50, DRUG_NONE, DRUG_NONE, 1) }, 2, 0, false },
    [DISEASE_REFLUX] = {
        "Gastroesophageal reflux disease", "235595009", "Gastroesophageal reflux disease (disorder)", "acid reflux", 0, 0.2, 25, 65,
        { { DISEASE_OBESITY, 1.5 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } }, NO_EFFECTS, NO_PANELS, 0.4,
        { STEP(0, 0, 1, DRUG_OMEPRAZOLE_20, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_OSTEOPOROSIS] = {
        "Osteoporosis", "64859006", "Osteoporosis (disorder)", "weak bones", 'f', 0.2, 56, 78, NO_RISK,
        { { LAB_VITAMIN_D, -9, 0 }, NEVER, NEVER, NEVER }, { PANEL_VITAMINS, PANEL_NONE, PANEL_NONE }, 0.6,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_ALENDRONATE_70, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_DXA, 1 } }, 1, 0, false },
    [DISEASE_PROSTATE] = {
        "Benign prostatic hyperplasia", "266569009", "Benign prostatic hyperplasia (disorder)", "enlarged prostate", 'm', 0.3, 52, 76, NO_RISK,
        { { LAB_PSA, 1.6, 0.12 }, NEVER, NEVER, NEVER }, { PANEL_PSA, PANEL_NONE, PANEL_NONE }, 0.6,
        { STEP(0, 0, 1, DRUG_TAMSULOSIN, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_NEUROPATHY] = {
        "Neuropathy due to type 2 diabetes mellitus", "368581000119106", "Neuropathy due to type 2 diabetes mellitus (disorder)", "nerve damage", 0, 0.02, 52, 76,
        { { DISEASE_DIABETES, 14 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 }, { DISEASE_NONE, 1 } }, NO_EFFECTS, NO_PANELS, 0.6,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_GABAPENTIN_300, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_FOOT_EXAM, 1 } }, 1, 0, false },
    [DISEASE_RHINITIS] = {
        "Seasonal allergic rhinitis", "367498001", "Seasonal allergic rhinitis (disorder)", "hay fever", 0, 0.15, 6, 40, NO_RISK, NO_EFFECTS, NO_PANELS, 0.3,
        { STEP(0, 0, 1, DRUG_CETIRIZINE_10, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_GLAUCOMA] = {
        "Glaucoma", "23986001", "Glaucoma (disorder)", NULL, 0, 0.06, 50, 78, NO_RISK, NO_EFFECTS, NO_PANELS, 0.6,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_LATANOPROST, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_EYE_EXAM, 1 } }, 1, 0, false },
    [DISEASE_RHEUMATOID] = {
        "Rheumatoid arthritis", "69896004", "Rheumatoid arthritis (disorder)", NULL, 0, 0.04, 30, 62, NO_RISK,
        { { LAB_CRP, 16, 0.1 }, { LAB_HEMOGLOBIN, -0.8, 0 }, NEVER, NEVER }, { PANEL_CRP, PANEL_BLOOD_COUNT, PANEL_LIVER }, 2.0,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_METHOTREXATE, DRUG_FOLIC_ACID }, DRUG_NONE, DRUG_NONE, PROCEDURE_NONE, 1 } }, 1, 0, false },

#define ACUTE(name, snomed, display, lay, rate, age_min, age_max, effects, panels, drug, other, procedure, days, emergency) \
    { name, snomed, display, lay, 0, rate, age_min, age_max, NO_RISK, effects, panels, 0, \
      { { NULL, NULL, NULL, 0, 0, 1, { drug, DRUG_NONE }, other, DRUG_NONE, procedure, 1 } }, 1, days, emergency }
#define FEVER { { LAB_TEMPERATURE, 1.5, 0 }, { LAB_HEART_RATE, 14, 0 }, { LAB_LEUKOCYTES, 5, 0 }, { LAB_CRP, 40, 0 } }
#define COUNT_AND_CRP { PANEL_BLOOD_COUNT, PANEL_CRP, PANEL_NONE }
    [DISEASE_SINUSITIS] = ACUTE("Acute viral sinusitis", "444814009", "Viral sinusitis (disorder)", NULL, 0.5, 6, 90, NO_EFFECTS, NO_PANELS, DRUG_NONE, DRUG_NONE, PROCEDURE_NONE, 14, false),
    [DISEASE_BRONCHITIS] = ACUTE("Acute bronchitis", "10509002", "Acute bronchitis (disorder)", NULL, 0.5, 6, 90, NO_EFFECTS, NO_PANELS, DRUG_ACETAMINOPHEN_500, DRUG_NONE, PROCEDURE_NONE, 14, false),
    [DISEASE_PHARYNGITIS] = ACUTE("Streptococcal pharyngitis", "43878008", "Streptococcal sore throat (disorder)", "strep throat", 0.3, 4, 55, FEVER, NO_PANELS, DRUG_AMOXICILLIN_500, DRUG_AZITHROMYCIN_250, PROCEDURE_NONE, 10, false),
    [DISEASE_PNEUMONIA] = ACUTE("Pneumonia", "233604007", "Pneumonia (disorder)", NULL, 0.2, 3, 95, FEVER, COUNT_AND_CRP, DRUG_AMOXICILLIN_CLAVULANATE, DRUG_DOXYCYCLINE_100, PROCEDURE_CHEST_XRAY, 21, true),
    [DISEASE_CYSTITIS] = ACUTE("Acute cystitis", "68226007", "Acute cystitis (disorder)", "bladder infection", 0.35, 16, 95, NO_EFFECTS, NO_PANELS, DRUG_NITROFURANTOIN_100, DRUG_NONE, PROCEDURE_NONE, 7, false),
    [DISEASE_OTITIS] = ACUTE("Otitis media", "65363002", "Otitis media (disorder)", "ear infection", 0.4, 2, 30, FEVER, NO_PANELS, DRUG_AMOXICILLIN_500, DRUG_AZITHROMYCIN_250, PROCEDURE_NONE, 10, false),
    [DISEASE_CELLULITIS] = ACUTE("Cellulitis", "128045006", "Cellulitis (disorder)", "skin infection", 0.15, 16, 95, FEVER, COUNT_AND_CRP, DRUG_CEPHALEXIN_500, DRUG_DOXYCYCLINE_100, PROCEDURE_NONE, 12, false),
    [DISEASE_FOREARM] = ACUTE("Fracture of forearm", "65966004", "Fracture of forearm (disorder)", "broken arm", 0.12, 5, 92, NO_EFFECTS, NO_PANELS, DRUG_ACETAMINOPHEN_500, DRUG_IBUPROFEN_400, PROCEDURE_IMMOBILIZATION, 70, true),
    [DISEASE_ANKLE] = ACUTE("Fracture of ankle", "16114001", "Fracture of ankle (disorder)", "broken ankle", 0.08, 14, 90, NO_EFFECTS, NO_PANELS, DRUG_OXYCODONE_5, DRUG_ACETAMINOPHEN_500, PROCEDURE_IMMOBILIZATION, 84, true),
    [DISEASE_RIB] = ACUTE("Fracture of rib", "33737001", "Fracture of rib (disorder)", "broken rib", 0.05, 18, 92, NO_EFFECTS, NO_PANELS, DRUG_IBUPROFEN_400, DRUG_ACETAMINOPHEN_500, PROCEDURE_CHEST_XRAY, 56, true),
    [DISEASE_SPRAIN] = ACUTE("Sprain of ankle", "44465007", "Sprain of ankle (disorder)", NULL, 0.25, 8, 70, NO_EFFECTS, NO_PANELS, DRUG_NONE, DRUG_NONE, PROCEDURE_NONE, 21, false),
    [DISEASE_LACERATION] = ACUTE("Laceration of hand", "284549007", "Laceration of hand (disorder)", NULL, 0.12, 5, 85, NO_EFFECTS, NO_PANELS, DRUG_NONE, DRUG_NONE, PROCEDURE_SUTURE, 18, true),
    [DISEASE_APPENDICITIS] = ACUTE("Appendicitis", "74400008", "Appendicitis (disorder)", NULL, 0.03, 8, 60, FEVER, COUNT_AND_CRP, DRUG_ACETAMINOPHEN_500, DRUG_NONE, PROCEDURE_APPENDECTOMY, 24, true),
    [DISEASE_GALLSTONES] = ACUTE("Cholelithiasis", "266474003", "Calculus in biliary tract (disorder)", "gallstones", 0.05, 30, 80, NO_EFFECTS, NO_PANELS, DRUG_ACETAMINOPHEN_500, DRUG_NONE, PROCEDURE_CHOLECYSTECTOMY, 40, true),
    [DISEASE_CATARACT] = ACUTE("Cataract", "193570009", "Cataract (disorder)", NULL, 0.12, 62, 90, NO_EFFECTS, NO_PANELS, DRUG_NONE, DRUG_NONE, PROCEDURE_CATARACT, 120, false),
    /* ---- held out ---- */
    [DISEASE_HYPERTHYROIDISM] = {
        "Hyperthyroidism", "34486009", "Hyperthyroidism (disorder)", "overactive thyroid", 0, 0.16, 22, 62, NO_RISK,
        { { LAB_TSH, -1.85, 0 }, { LAB_FREE_T4, 1.6, 0.02 }, { LAB_HEART_RATE, 9, 0 }, { LAB_WEIGHT, -3, 0 } }, { PANEL_THYROID, PANEL_NONE, PANEL_NONE }, 1.6,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_METHIMAZOLE_10, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_THYROID_SCAN, 1 } }, 1, 0, false },
    [DISEASE_HYPERPARATHYROIDISM] = {
        "Primary hyperparathyroidism", "36348003", "Primary hyperparathyroidism (disorder)", "overactive parathyroid", 0, 0.16, 40, 70, NO_RISK,
        { { LAB_CALCIUM, 1.5, 0.01 }, { LAB_PTH, 70, 1 }, NEVER, NEVER }, { PANEL_PARATHYROID, PANEL_NONE, PANEL_NONE }, 1.4,
        { STEP(0, 0, 1, DRUG_CINACALCET_30, DRUG_NONE, DRUG_NONE, 1),
          { NULL, NULL, NULL, 500, 2200, 0.4, { DRUG_NONE, DRUG_NONE }, DRUG_NONE, DRUG_CINACALCET_30, PROCEDURE_PARATHYROIDECTOMY, 0.1 } }, 2, 0, false },
    [DISEASE_ANEMIA_FOLATE] = {
        "Folate deficiency anemia", "85649008", "Folate-deficiency anemia (disorder)", "low folate", 0, 0.16, 25, 76, NO_RISK,
        { { LAB_HEMOGLOBIN, -2.8, 0 }, { LAB_FOLATE, -9.3, 0 }, { LAB_MCV, 14, 0 }, NEVER }, { PANEL_BLOOD_COUNT, PANEL_FOLATE, PANEL_NONE }, 1.4,
        { STEP(0, 0, 1, DRUG_NONE, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_EPILEPSY] = {
        "Epilepsy", "84757009", "Epilepsy (disorder)", "seizures", 0, 0.16, 6, 60, NO_RISK, NO_EFFECTS, NO_PANELS, 0.9,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_LEVETIRACETAM_500, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_ELECTROENCEPHALOGRAPHY, 1 },
          STEP(200, 2200, 0.5, DRUG_LAMOTRIGINE_100, DRUG_NONE, DRUG_LEVETIRACETAM_500, 1) }, 2, 0, false },
    [DISEASE_PARKINSON] = {
        "Parkinson's disease", "49049000", "Parkinson's disease (disorder)", NULL, 0, 0.16, 52, 78, NO_RISK, NO_EFFECTS, NO_PANELS, 1.4,
        { STEP(0, 0, 1, DRUG_PRAMIPEXOLE, DRUG_NONE, DRUG_NONE, 1),
          STEP(300, 2000, 0.6, DRUG_CARBIDOPA_LEVODOPA, DRUG_NONE, DRUG_NONE, 1) }, 2, 0, false },
    [DISEASE_COLITIS] = {
        "Ulcerative colitis", "64766004", "Ulcerative colitis (disorder)", NULL, 0, 0.16, 18, 60, NO_RISK,
        { { LAB_CALPROTECTIN, 420, 0 }, { LAB_CRP, 7, 0 }, NEVER, NEVER }, { PANEL_STOOL, PANEL_CRP, PANEL_NONE }, 1.6,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_MESALAMINE, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_SIGMOIDOSCOPY, 1 },
          STEP(300, 2200, 0.5, DRUG_AZATHIOPRINE_50, DRUG_NONE, DRUG_NONE, 1.1) }, 2, 0, false },
    [DISEASE_PSORIASIS] = {
        "Psoriasis", "9014002", "Psoriasis (disorder)", NULL, 0, 0.16, 18, 66, NO_RISK, NO_EFFECTS, NO_PANELS, 0.7,
        { STEP(0, 0, 1, DRUG_CALCIPOTRIENE, DRUG_NONE, DRUG_NONE, 1),
          STEP(400, 2600, 0.4, DRUG_ADALIMUMAB, DRUG_NONE, DRUG_CALCIPOTRIENE, 1) }, 2, 0, false },
    [DISEASE_BIPOLAR] = {
        "Bipolar disorder", "13746004", "Bipolar disorder (disorder)", NULL, 0, 0.16, 18, 50, NO_RISK, NO_EFFECTS, { PANEL_LITHIUM, PANEL_THYROID, PANEL_NONE }, 1.8,
        { STEP(0, 0, 1, DRUG_LITHIUM_300, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_LUPUS] = {
        "Systemic lupus erythematosus", "55464009", "Systemic lupus erythematosus (disorder)", "lupus", 0, 0.16, 18, 56, NO_RISK,
        { { LAB_ESR, 34, 0.2 }, { LAB_LEUKOCYTES, -1.6, 0 }, NEVER, NEVER }, { PANEL_ESR, PANEL_BLOOD_COUNT, PANEL_NONE }, 1.8,
        { STEP(0, 0, 1, DRUG_HYDROXYCHLOROQUINE_200, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_SCLEROSIS] = {
        "Multiple sclerosis", "24700007", "Multiple sclerosis (disorder)", NULL, 0, 0.16, 20, 55, NO_RISK, NO_EFFECTS, NO_PANELS, 1.2,
        { { NULL, NULL, NULL, 0, 0, 1, { DRUG_GLATIRAMER, DRUG_NONE }, DRUG_NONE, DRUG_NONE, PROCEDURE_BRAIN_MRI, 1 } }, 1, 0, false },
    [DISEASE_PAGET] = {
        "Paget's disease of bone", "2089002", "Osteitis deformans (disorder)", NULL, 0, 0.16, 50, 78, NO_RISK,
        { { LAB_ALKALINE_PHOSPHATASE, 330, 2 }, NEVER, NEVER, NEVER }, { PANEL_BONE, PANEL_NONE, PANEL_NONE }, 0.9,
        { STEP(0, 0, 1, DRUG_RISEDRONATE_30, DRUG_NONE, DRUG_NONE, 1) }, 1, 0, false },
    [DISEASE_ZOSTER] = ACUTE("Herpes zoster", "4740000", "Herpes zoster (disorder)", "shingles", 0.5, 30, 95, NO_EFFECTS, NO_PANELS, DRUG_VALACYCLOVIR, DRUG_NONE, PROCEDURE_NONE, 28, false),
    [DISEASE_KIDNEY_STONE] = ACUTE("Kidney stone", "95570007", "Kidney stone (disorder)", NULL, 0.5, 20, 80, NO_EFFECTS, NO_PANELS, DRUG_KETOROLAC_10, DRUG_NONE, PROCEDURE_LITHOTRIPSY, 20, true),
    [DISEASE_LYME] = ACUTE("Lyme disease", "23502006", "Lyme disease (disorder)", NULL, 0.3, 8, 80, NO_EFFECTS, NO_PANELS, DRUG_CEFUROXIME_500, DRUG_NONE, PROCEDURE_NONE, 30, false),
    [DISEASE_DIVERTICULITIS] = ACUTE("Diverticulitis", "307496006", "Diverticulitis (disorder)", NULL, 0.5, 40, 92, FEVER, COUNT_AND_CRP, DRUG_CIPROFLOXACIN_500, DRUG_NONE, PROCEDURE_NONE, 18, true),

    [DISEASE_CONCUSSION] = ACUTE("Concussion", "110030002", "Concussion injury of brain (disorder)", NULL, 0.06, 8, 80, NO_EFFECTS, NO_PANELS, DRUG_ACETAMINOPHEN_500, DRUG_NONE, PROCEDURE_NONE, 30, true),
};
