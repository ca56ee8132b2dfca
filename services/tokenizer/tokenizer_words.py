#!/usr/bin/env python3
"""Makes tokenizer_words.txt: words that clinical prose and FHIR JSON are likely to hold, which compiled vocabularies encode ahead.
    npm install @types/fhir@0.0.41
    ./tokenizer_words.py node_modules/@types/fhir/r4.d.ts > tokenizer_words.txt
Names of FHIR's types and elements are read from the type definitions; medical words are made here of Greek and Latin stems and endings,
as anatomy, pathology and pharmacology make theirs; the rest is a list of our own."""
import re
import sys

STEMS = '''aden arteri arthr bronch bronchi cardi carcin cerebr cholecyst chondr col colp cost crani cyst cyt dacry derm dermat
duoden encephal endocrin enter epididym esophag fibr gastr gingiv gloss glyc gynec hemat hepat hyster ile kerat kyph lapar laryng
leuk lip lith lymph mast mening metr my myel nephr neur ocul onc oophor ophthalm orch oste ot pancreat periton pharyng phleb pleur
pneum pneumon proct prostat psych pulmon pyel radicul retin rhin salping scler sinus splen spondyl steat stomat tendin thorac thromb
thyroid tonsil trache ur ureter urethr vagin valvul vas vascul ventricul vertebr vesic'''.split()
ENDINGS = '''itis osis oma ology ologist opathy ectomy otomy ostomy oplasty oscopy oscopic ogram ography ographic algia emia uria
oid ocele odynia ogenic olysis omalacia omegaly orrhagia orrhaphy orrhea osclerosis ospasm ostasis otoxic otoxicity otrophy opathic itic
otic al ic ary'''.split()
PREFIXES = 'hyper hypo tachy brady poly oligo dys a anti peri endo epi intra extra sub supra trans post pre pan hemi'.split()
CORES = '''cardia cardial glycemia glycemic kalemia natremia calcemia thyroid thyroidism tension tensive tensives volemia volemic trophy
plasia plastic pnea phagia phasia uria emia lipidemia tonic esthesia kinesia renal hepatic cranial venous arterial cutaneous muscular
operative partum natal menopausal coagulant coagulation biotic biotics platelet platelets inflammatory emetic hypertensive'''.split()
WORDS = '''abdomen abdominal abscess acetaminophen acidosis acute adjuvant admission admitted adverse aerobic albumin albuterol aldosterone
alkalosis allergen allergies allergy allopurinol alprazolam amiodarone amlodipine amoxicillin ampicillin anaphylaxis anemia anesthesia
aneurysm angina angioplasty ankle antibiotic antibody antigen apixaban apnea appendix arrhythmia arteriovenous ascites aspirate
aspiration aspirin asthma asymptomatic ataxia atelectasis atenolol atherosclerosis atorvastatin atrial attenuation auscultation
autoimmune axillary azithromycin bacteremia baclofen basal benign bicarbonate bilateral bilirubin biopsy bipolar bisoprolol bladder
bleeding blurred bowel bradycardia breath bruising budesonide bumetanide buprenorphine bupropion calcification calcium cannula
carbamazepine carcinoma cardiac cardiomegaly cardiomyopathy cardiovascular carotid carvedilol cataract catheter cefazolin ceftriaxone
cellulitis cephalexin cervical cetirizine chemotherapy chest chills chloride cholesterol chronic ciprofloxacin cirrhosis citalopram
claudication clavicle clindamycin clonazepam clonidine clopidogrel coagulopathy colchicine colon comorbidities complaint complications
congestive consciousness constipation contraindicated contralateral contusion convulsion coronary corticosteroid cough creatinine
crackles culture cyanosis cyclobenzaprine cytology deficiency deformity dehydration delirium dementia denies depression dermatitis
dexamethasone dextrose diabetes diabetic diagnosis diagnostic dialysis diaphoresis diarrhea diazepam diclofenac differential digoxin
diltiazem diphenhydramine discharge discharged disorder distal distended distension distress diuresis diuretic diverticulitis dizziness
docusate donepezil dopamine dorsal dosage doxycycline drainage duloxetine dysfunction dyslipidemia dyspepsia dysphagia dyspnea dysuria
echocardiogram eczema edema effusion ejection electrocardiogram electrolyte electrolytes embolism emergency emesis emphysema enalapril
endocarditis endoscopy endotracheal enoxaparin enzyme eosinophils epigastric epilepsy epinephrine episodes epistaxis erythema erythematous
erythrocyte escitalopram esomeprazole estradiol etiology evaluation exacerbation examination excision exertional extremities extremity
exudate famotidine fatigue febrile femoral fentanyl ferritin ferrous fever fibrillation fibrinogen fibrosis finasteride fistula flank
fluconazole fluoxetine fluticasone focal folate follow-up fracture furosemide gabapentin gallbladder gangrene gastroesophageal
gastrointestinal glargine glaucoma glimepiride glipizide globulin glomerular glucose gout granuloma guarding haemoglobin haloperidol
headache hematemesis hematochezia hematocrit hematoma hematuria hemiparesis hemodialysis hemodynamically hemoglobin hemoptysis hemorrhage
hemorrhoids heparin hepatitis hernia herpes hip histology hospitalization hospitalized humerus hydralazine hydrochlorothiazide hydrocodone
hydrocortisone hydronephrosis hydroxychloroquine hydroxyzine hyperlipidemia hypoxemia hypoxia hysterectomy ibuprofen idiopathic iliac
imaging immunization immunosuppression impaired impairment incision incontinence indwelling infarct infarction infection infiltrate
inflammation inguinal inhaler inpatient insomnia insufficiency insulin intact intermittent intervention intracranial intramuscular
intravenous intubated intubation ipratropium ischemia ischemic isosorbide jaundice jugular ketorolac kidney knee laboratory laceration
lactate lactulose lamotrigine latanoprost lateral laxative lesion lesions lethargy leukocyte leukocytosis levetiracetam levofloxacin
levothyroxine lidocaine lisinopril lithium lobe localized loratadine lorazepam losartan lumbar lymphadenopathy lymphocyte lymphocytes
lymphoma magnesium malaise malignancy malignant mammogram mandible medial mediastinal medication medications melena meloxicam meningitis
metabolic metastasis metastatic metformin methadone methotrexate methylprednisolone metoclopramide metoprolol metronidazole midline
migraine mirtazapine mitral moderate montelukast morphine mucosa murmur musculoskeletal myalgia myocardial naloxone naproxen nasal nausea
necrosis neonatal neoplasm nephrolithiasis nephropathy neuropathy neutropenia neutrophils nifedipine nitrofurantoin nitroglycerin nodule
nodules nonsteroidal norepinephrine nystagmus obese obesity obstruction obstructive occipital occlusion olanzapine omeprazole ondansetron
opacity opioid oral orthopedic orthopnea orthostatic osteoarthritis osteomyelitis osteopenia osteoporosis outpatient ovarian overdose
oxycodone oxygen pacemaker pallor palpable palpation palpitations pantoprazole paracetamol paralysis parenteral paresthesia parietal
paroxetine patella pathology patient pedal pediatric pelvic pelvis penicillin percutaneous perforation perfusion pericardial pericarditis
peripheral peritoneal peritonitis pharyngitis phenytoin phosphate phosphorus pioglitazone placebo platelet platelets pleural pneumonia
pneumothorax polyp polyps posterior postoperative potassium pravastatin prednisolone prednisone pregabalin pregnancy preoperative
prescribed presented prognosis progressive promethazine prophylactic prophylaxis propranolol prostate prosthesis protein proteinuria
proximal pruritus psoriasis psychiatric pulmonary pulse purulent quadrant quetiapine quinapril radial radiating radiation radiograph
radiology ramipril ranitidine rash rectal recurrence recurrent reflux regimen regurgitation rehabilitation remission renal resection
resolved respiration respiratory resuscitation reticulocyte retinopathy rheumatoid rhythm rifampin risperidone rivaroxaban rosuvastatin
sacral saline saturation sclera scoliosis secondary sedation seizure seizures sensation sepsis septic serology sertraline serum severe
shortness shoulder sigmoid sildenafil simvastatin sinusitis sitagliptin sodium spasm spinal spironolactone splenomegaly sputum stable
staphylococcus stenosis stent sternal steroid stroke subacute subarachnoid subcutaneous subdural sulfamethoxazole sumatriptan
supraventricular surgery surgical swelling symptom symptomatic symptoms syncope syndrome systemic systolic diastolic tachycardia tachypnea
tamsulosin temporal tenderness terazosin testosterone therapy thoracic thrombocytopenia thrombosis thyroid tibia tinnitus tizanidine
tobacco topiramate toxicity tracheostomy tramadol transaminase transfusion transplant trauma trazodone tremor triamcinolone tricuspid
triglycerides trimethoprim troponin tuberculosis tumor ulcer ulceration ulcerative ultrasound unremarkable uremia ureteral urgency urinalysis
urinary urine urticaria uterine vaccination vaccine valacyclovir valproate valsartan valve vancomycin varices vascular vasculitis
vasopressor venlafaxine venous ventilation ventilator ventricle ventricular verapamil vertigo vesicular viral virus visceral vital vitamin
vitals vomiting warfarin weakness weight wheezes wheezing wound zoledronic zolpidem'''.split()

words = set(WORDS)
words.update(stem + ending for stem in STEMS for ending in ENDINGS)
words.update(prefix + core for prefix in PREFIXES for core in CORES)
source = open(sys.argv[1]).read()
words.update(re.findall(r'^\s+([a-z]\w{2,45})\??:', source, re.M))
words.update(re.findall(r'interface (\w{3,45})', source))

for word in sorted(words):
    print(word)
