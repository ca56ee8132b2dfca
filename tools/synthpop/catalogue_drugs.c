#include "catalogue.h"

/* A row of a table is a line. */
/* clang-format off */

#define NO_EFFECT { { LAB_NONE, 0, 0 }, { LAB_NONE, 0, 0 }, { LAB_NONE, 0, 0 } }
#define ONE(lab, shift) { { lab, shift, 0 }, { LAB_NONE, 0, 0 }, { LAB_NONE, 0, 0 } }
#define TWO(lab, shift, lab2, shift2) { { lab, shift, 0 }, { lab2, shift2, 0 }, { LAB_NONE, 0, 0 } }
#define THREE(lab, shift, lab2, shift2, lab3, shift3) { { lab, shift, 0 }, { lab2, shift2, 0 }, { lab3, shift3, 0 } }

#define DAILY "1 tablet once daily"
#define TWICE "1 tablet twice daily"

const struct drug_kind drug_kinds[DRUG_COUNT] = {
    [DRUG_LISINOPRIL_10] = { "Lisinopril 10 mg tablet", "lisinopril", DAILY, "314076", "lisinopril 10 MG Oral Tablet", "ace", TWO(LAB_BLOOD_PRESSURE, -10, LAB_POTASSIUM, 0.1), "ras", 1988 },
    [DRUG_LISINOPRIL_20] = { "Lisinopril 20 mg tablet", "lisinopril", DAILY, NULL, NULL, "ace", THREE(LAB_BLOOD_PRESSURE, -15, LAB_POTASSIUM, 0.2, LAB_ACR, -20), "ras", 1988 },
    [DRUG_AMLODIPINE_5] = { "Amlodipine 5 mg tablet", "amlodipine", DAILY, "197361", "amlodipine 5 MG Oral Tablet", NULL, ONE(LAB_BLOOD_PRESSURE, -9), NULL, 1993 },
    [DRUG_HYDROCHLOROTHIAZIDE_25] = { "Hydrochlorothiazide 25 mg tablet", "hydrochlorothiazide", "1 tablet every morning", "310798", "hydrochlorothiazide 25 MG Oral Tablet", NULL, THREE(LAB_BLOOD_PRESSURE, -8, LAB_POTASSIUM, -0.3, LAB_URATE, 0.6), NULL, 0 },
    [DRUG_LOSARTAN_50] = { "Losartan 50 mg tablet", "losartan", DAILY, NULL, NULL, NULL, TWO(LAB_BLOOD_PRESSURE, -10, LAB_POTASSIUM, 0.1), "ras", 1996 },
    [DRUG_METOPROLOL_50] = { "Metoprolol succinate 50 mg tablet", "metoprolol", DAILY, NULL, NULL, NULL, TWO(LAB_BLOOD_PRESSURE, -6, LAB_HEART_RATE, -10), "beta", 1993 },
    [DRUG_CARVEDILOL_12] = { "Carvedilol 12.5 mg tablet", "carvedilol", TWICE, NULL, NULL, NULL, THREE(LAB_BLOOD_PRESSURE, -7, LAB_HEART_RATE, -9, LAB_EJECTION_FRACTION, 4), "beta", 1996 },
    [DRUG_FUROSEMIDE_40] = { "Furosemide 40 mg tablet", "furosemide", "1 tablet every morning", "313988", "furosemide 40 MG Oral Tablet", NULL, THREE(LAB_BLOOD_PRESSURE, -4, LAB_POTASSIUM, -0.3, LAB_WEIGHT, -2.5), NULL, 0 },
    [DRUG_SPIRONOLACTONE_25] = { "Spironolactone 25 mg tablet", "spironolactone", DAILY, NULL, NULL, NULL, TWO(LAB_POTASSIUM, 0.35, LAB_BLOOD_PRESSURE, -4), NULL, 0 },
    [DRUG_METFORMIN_500] = { "Metformin 500 mg tablet", "metformin", "1 tablet twice daily with meals", NULL, NULL, NULL, TWO(LAB_A1C, -0.8, LAB_GLUCOSE, -22), "metformin", 1996 },
    [DRUG_METFORMIN_1000] = { "Metformin 1000 mg tablet", "metformin", "1 tablet twice daily with meals", NULL, NULL, NULL, TWO(LAB_A1C, -1.2, LAB_GLUCOSE, -34), "metformin", 1996 },
    [DRUG_GLIPIZIDE_5] = { "Glipizide 5 mg tablet", "glipizide", "1 tablet once daily before breakfast", NULL, NULL, NULL, TWO(LAB_A1C, -0.7, LAB_GLUCOSE, -20), NULL, 1985 },
    [DRUG_EMPAGLIFLOZIN_10] = { "Empagliflozin 10 mg tablet", "empagliflozin", "1 tablet every morning", NULL, NULL, NULL, THREE(LAB_A1C, -0.7, LAB_WEIGHT, -2, LAB_BLOOD_PRESSURE, -3), NULL, 2015 },
    [DRUG_INSULIN_GLARGINE] = { "Insulin glargine 100 units/mL injection", "insulin glargine", "20 units at bedtime", NULL, NULL, NULL, TWO(LAB_A1C, -1.6, LAB_GLUCOSE, -45), NULL, 2001 },
    [DRUG_SIMVASTATIN_20] = { "Simvastatin 20 mg tablet", "simvastatin", "1 tablet at bedtime", "312961", "simvastatin 20 MG Oral Tablet", "statin", TWO(LAB_LDL, -45, LAB_TRIGLYCERIDES, -12), "statin", 1992 },
    [DRUG_ATORVASTATIN_40] = { "Atorvastatin 40 mg tablet", "atorvastatin", DAILY, NULL, NULL, "statin", TWO(LAB_LDL, -62, LAB_TRIGLYCERIDES, -25), "statin", 1998 },
    [DRUG_ATORVASTATIN_80] = { "Atorvastatin 80 mg tablet", "atorvastatin", DAILY, "259255", "atorvastatin 80 MG Oral Tablet", "statin", TWO(LAB_LDL, -70, LAB_TRIGLYCERIDES, -28), "statin", 1998 },
    [DRUG_ASPIRIN_81] = { "Aspirin 81 mg tablet", "aspirin", DAILY, "243670", "aspirin 81 MG Oral Tablet", "aspirin", NO_EFFECT, NULL, 0 },
    [DRUG_CLOPIDOGREL_75] = { "Clopidogrel 75 mg tablet", "clopidogrel", DAILY, "309362", "clopidogrel 75 MG Oral Tablet", NULL, NO_EFFECT, NULL, 1998 },
    [DRUG_WARFARIN_5] = { "Warfarin 5 mg tablet", "warfarin", "1 tablet every evening", "855332", "warfarin sodium 5 MG Oral Tablet", NULL, ONE(LAB_INR, 1.5), "anticoagulant", 0 },
    [DRUG_APIXABAN_5] = { "Apixaban 5 mg tablet", "apixaban", TWICE, NULL, NULL, NULL, NO_EFFECT, "anticoagulant", 2013 },
    [DRUG_DIGOXIN] = { "Digoxin 0.125 mg tablet", "digoxin", DAILY, "197604", "digoxin 0.125 MG Oral Tablet", NULL, ONE(LAB_HEART_RATE, -6), NULL, 0 },
    [DRUG_AMIODARONE_200] = { "Amiodarone 200 mg tablet", "amiodarone", DAILY, NULL, NULL, NULL, THREE(LAB_HEART_RATE, -8, LAB_TSH, 1.2, LAB_ALT, 12), NULL, 1986 },
    [DRUG_ALBUTEROL] = { "Albuterol 90 mcg inhaler", "albuterol", "2 puffs every 4 hours as needed", NULL, NULL, NULL, ONE(LAB_FEV1_FVC, 1), NULL, 1982 },
    [DRUG_FLUTICASONE] = { "Fluticasone 110 mcg inhaler", "fluticasone", "2 puffs twice daily", NULL, NULL, NULL, ONE(LAB_FEV1_FVC, 4), "inhaled steroid", 1997 },
    [DRUG_FLUTICASONE_SALMETEROL] = { "Fluticasone-salmeterol 250-50 mcg inhaler", "fluticasone-salmeterol", "1 puff twice daily", "896209", "60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler", NULL, ONE(LAB_FEV1_FVC, 4), "inhaled steroid", 2001 },
    [DRUG_TIOTROPIUM] = { "Tiotropium 18 mcg inhalation capsule", "tiotropium", "1 capsule inhaled once daily", NULL, NULL, NULL, ONE(LAB_FEV1_FVC, 3), NULL, 2004 },
    [DRUG_MONTELUKAST_10] = { "Montelukast 10 mg tablet", "montelukast", "1 tablet every evening", NULL, NULL, NULL, ONE(LAB_FEV1_FVC, 1), NULL, 1998 },
    [DRUG_PREDNISONE_20] = { "Prednisone 20 mg tablet", "prednisone", "2 tablets once daily for 5 days", NULL, NULL, NULL, ONE(LAB_GLUCOSE, 25), NULL, 0 },
    [DRUG_LEVOTHYROXINE_50] = { "Levothyroxine 50 mcg tablet", "levothyroxine", "1 tablet every morning on an empty stomach", NULL, NULL, NULL, ONE(LAB_TSH, -5), "levothyroxine", 0 },
    [DRUG_LEVOTHYROXINE_75] = { "Levothyroxine 75 mcg tablet", "levothyroxine", "1 tablet every morning on an empty stomach", "966222", "levothyroxine sodium 0.075 MG Oral Tablet", NULL, ONE(LAB_TSH, -7), "levothyroxine", 0 },
    [DRUG_SERTRALINE_50] = { "Sertraline 50 mg tablet", "sertraline", DAILY, NULL, NULL, NULL, TWO(LAB_PHQ9, -6, LAB_SODIUM, -1), "ssri", 1992 },
    [DRUG_SERTRALINE_100] = { "Sertraline 100 mg tablet", "sertraline", DAILY, NULL, NULL, NULL, TWO(LAB_PHQ9, -8, LAB_SODIUM, -1.5), "ssri", 1992 },
    [DRUG_FLUOXETINE_20] = { "Fluoxetine 20 mg capsule", "fluoxetine", "1 capsule every morning", NULL, NULL, NULL, TWO(LAB_PHQ9, -6, LAB_SODIUM, -1), "ssri", 1988 },
    [DRUG_IBUPROFEN_400] = { "Ibuprofen 400 mg tablet", "ibuprofen", "1 tablet three times daily with food", NULL, NULL, "nsaid", TWO(LAB_CREATININE, 0.06, LAB_BLOOD_PRESSURE, 2), "nsaid", 0 },
    [DRUG_NAPROXEN_500] = { "Naproxen 500 mg tablet", "naproxen", "1 tablet twice daily with food", "198014", "naproxen 500 MG Oral Tablet", "nsaid", TWO(LAB_CREATININE, 0.06, LAB_BLOOD_PRESSURE, 2), "nsaid", 0 },
    [DRUG_ACETAMINOPHEN_500] = { "Acetaminophen 500 mg tablet", "acetaminophen", "2 tablets every 8 hours as needed", "198440", "acetaminophen 500 MG Oral Tablet", NULL, NO_EFFECT, NULL, 0 },
    [DRUG_ALLOPURINOL_100] = { "Allopurinol 100 mg tablet", "allopurinol", DAILY, "197319", "allopurinol 100 MG Oral Tablet", NULL, ONE(LAB_URATE, -1.6), "allopurinol", 0 },
    [DRUG_ALLOPURINOL_300] = { "Allopurinol 300 mg tablet", "allopurinol", DAILY, NULL, NULL, NULL, ONE(LAB_URATE, -3.2), "allopurinol", 0 },
    [DRUG_COLCHICINE] = { "Colchicine 0.6 mg tablet", "colchicine", TWICE, NULL, NULL, NULL, ONE(LAB_CRP, -2), NULL, 0 },
    [DRUG_FERROUS_SULFATE] = { "Ferrous sulfate 325 mg tablet", "ferrous sulfate", DAILY, "310325", "ferrous sulfate 325 MG Oral Tablet", NULL, THREE(LAB_HEMOGLOBIN, 2.4, LAB_FERRITIN, 45, LAB_MCV, 9), NULL, 0 },
    [DRUG_CYANOCOBALAMIN] = { "Cyanocobalamin 1000 mcg tablet", "cyanocobalamin", DAILY, NULL, NULL, NULL, THREE(LAB_B12, 330, LAB_HEMOGLOBIN, 1.5, LAB_MCV, -9), NULL, 0 },
    [DRUG_SUMATRIPTAN_50] = { "Sumatriptan 50 mg tablet", "sumatriptan", "1 tablet at onset of migraine", NULL, NULL, NULL, NO_EFFECT, NULL, 1996 },
    [DRUG_TOPIRAMATE_50] = { "Topiramate 50 mg tablet", "topiramate", TWICE, NULL, NULL, NULL, TWO(LAB_CO2, -2, LAB_WEIGHT, -2), NULL, 2004 },
    [DRUG_OMEPRAZOLE_20] = { "Omeprazole 20 mg capsule", "omeprazole", "1 capsule once daily before breakfast", NULL, NULL, NULL, ONE(LAB_B12, -40), NULL, 1990 },
    [DRUG_ALENDRONATE_70] = { "Alendronate 70 mg tablet", "alendronate", "1 tablet once weekly", NULL, NULL, NULL, NO_EFFECT, NULL, 2001 },
    [DRUG_TAMSULOSIN] = { "Tamsulosin 0.4 mg capsule", "tamsulosin", "1 capsule at bedtime", NULL, NULL, NULL, ONE(LAB_BLOOD_PRESSURE, -2), NULL, 1998 },
    [DRUG_GABAPENTIN_300] = { "Gabapentin 300 mg capsule", "gabapentin", "1 capsule three times daily", NULL, NULL, NULL, NO_EFFECT, NULL, 1994 },
    [DRUG_AMOXICILLIN_500] = { "Amoxicillin 500 mg capsule", "amoxicillin", "1 capsule three times daily for 7 days", NULL, NULL, "penicillin", NO_EFFECT, NULL, 0 },
    [DRUG_AMOXICILLIN_CLAVULANATE] = { "Amoxicillin-clavulanate 875-125 mg tablet", "amoxicillin-clavulanate", "1 tablet twice daily for 7 days", NULL, NULL, "penicillin", NO_EFFECT, NULL, 1985 },
    [DRUG_AZITHROMYCIN_250] = { "Azithromycin 250 mg tablet", "azithromycin", "2 tablets on day 1, then 1 tablet daily for 4 days", NULL, NULL, NULL, NO_EFFECT, NULL, 1992 },
    [DRUG_NITROFURANTOIN_100] = { "Nitrofurantoin 100 mg capsule", "nitrofurantoin", "1 capsule twice daily for 5 days", NULL, NULL, NULL, NO_EFFECT, NULL, 0 },
    [DRUG_DOXYCYCLINE_100] = { "Doxycycline 100 mg capsule", "doxycycline", "1 capsule twice daily for 7 days", NULL, NULL, NULL, NO_EFFECT, NULL, 0 },
    [DRUG_CEPHALEXIN_500] = { "Cephalexin 500 mg capsule", "cephalexin", "1 capsule four times daily for 7 days", NULL, NULL, "cephalosporin", NO_EFFECT, NULL, 0 },
    [DRUG_OXYCODONE_5] = { "Oxycodone 5 mg tablet", "oxycodone", "1 tablet every 6 hours as needed", NULL, NULL, "opioid", NO_EFFECT, NULL, 0 },
    [DRUG_CETIRIZINE_10] = { "Cetirizine 10 mg tablet", "cetirizine", DAILY, NULL, NULL, NULL, NO_EFFECT, NULL, 1996 },
    [DRUG_LATANOPROST] = { "Latanoprost 0.005 % eye drops", "latanoprost", "1 drop in each eye at bedtime", NULL, NULL, NULL, NO_EFFECT, NULL, 1997 },
    [DRUG_METHOTREXATE] = { "Methotrexate 10 mg tablet", "methotrexate", "1 tablet once weekly", "105586", "methotrexate 10 MG Oral Tablet", NULL, THREE(LAB_CRP, -9, LAB_ALT, 9, LAB_LEUKOCYTES, -0.8), NULL, 0 },
    [DRUG_FOLIC_ACID] = { "Folic acid 1 mg tablet", "folic acid", DAILY, NULL, NULL, NULL, NO_EFFECT, NULL, 0 },
};
