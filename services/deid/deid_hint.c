#include "deid_hint.h"

#include <pthread.h>

#include "base/check.h"

#define SLOTS_COUNT 4096
#define WORD_BYTES_MAX 24

/* clang-format off */
static const struct {
    uint32_t flag;
    const char *words;
} rows[] = {
    { DEID_HINT_DEED,
      "reports reported states stated denies denied presents presented complains complained notes "
      "endorses endorsed admits admitted says said describes described tolerated tolerates "
      "underwent undergoes requests requested verbalized verbalizes agreed agrees declined declines "
      "refuses refused lived lives worked works smokes smoked drinks drank takes took was is has had "
      "came comes arrived called calls wants wanted asked asks received receives returned returns "
      "continues continued appears appeared feels felt believes believed thinks thought recalls "
      "remembers explained understands understood remains remained visited visits drove drives walks "
      "walked wakes woke sleeps slept eats ate stopped started discharged readmitted resides moved "
      "expressed expresses shouted began who whose will would does did can could uses used suffers "
      "suffered developed sustained fell wishes plans planned prefers inquired signed confirmed "
      "verified provided reviewed evaluated examined performed recommended recommends ordered orders "
      "ambulates ambulated testified applied wrote writes knows knew loves likes enjoys stayed stays "
      "went goes gave gives got gets met meets needs needed seems seemed looks looked mentioned "
      "mentions relates related acknowledges acknowledged attended brought brings helps helped spoke "
      "speaks talked talks told tells tried tries turned weighs weighed dictated c presenting" },
    { DEID_HINT_AT, "at in from to near outside around via toward towards through within of" },
    { DEID_HINT_CARE,
      "seen treated admitted evaluated diagnosed hospitalized hospitalised followed referred "
      "transferred presented visited visit visits visiting appointment appt checkup care "
      "managed reviewed discharged operated delivered observed consulted consult rehab surgery "
      "inpatient outpatient practicing practices works worked working employed staff presents "
      "records notes provider physician treatment therapy scheduled examined assessed enrolled "
      "cared registered follow tested screened done performed facility hospital located stays stay "
      "up appointments been" },
    { DEID_HINT_WITH,
      "with by per told called informed notified asked contacted paged thanked reached updated "
      "advised counseled counselled instructed met spoke discussed consulted accompanied meet "
      "meeting contact call contacting calling page ask tell inform notify reach thank thanks hi "
      "hello dear hey from and for to see seeing saw visited including like know knows" },
    { DEID_HINT_NAMED,
      "named name called nicknamed goes known alias aka maiden surname names" },
    { DEID_HINT_WARD,
      "ed er icu nicu picu micu sicu ccu cvicu pacu or osh pcp snf ltac ltach irf ir pt ot st us uk "
      "usa ct mri ent gi gu ob gyn obgyn va md rn np pa ems tcu csu psych peds ortho neuro cards onc "
      "heme id gp nh alf rehab cath echo ekg ecg nursing home school work baseline bedside night "
      "bedtime ld cxr pet dexa eeg emg iv po ama dc" },
    { DEID_HINT_TRADE,
      "cardiology oncology neurology dermatology urology gastroenterology endocrinology nephrology "
      "pulmonology pulmonary rheumatology hematology radiology pathology psychiatry psychology "
      "surgery surgical orthopedics orthopedic orthopaedics orthopaedic ophthalmology pediatrics "
      "pediatric gynecology obstetrics anesthesia anesthesiology podiatry geriatrics geriatric "
      "infectious diseases disease internal medicine family emergency urgent care primary pain hand "
      "wound sleep heart cancer eye ear breast spine foot ankle hip knee diabetes anticoagulation "
      "coumadin warfarin infusion dialysis transplant travel vein vascular outpatient "
      "inpatient ambulatory walk-in preop preoperative postoperative medical dental physical therapy "
      "occupational rehabilitation behavioral mental health women womens men mens veterans maternity "
      "prenatal fertility allergy asthma headache memory movement stroke trauma burn burns critical "
      "intensive acute long-term skilled nursing home hospice specialty specialist multispecialty "
      "retail hospital clinic office lab laboratory imaging the our this an a my your his her their "
      "same local follow weight lipid hypertension thoracic colorectal bariatric plastic oral "
      "maxillofacial neurosurgery interventional nuclear cardiac renal liver hepatology ent gi gu "
      "hiv std smoking cessation tobacco methadone resident teaching private group day night new "
      "other outside another any each every national patient provider public academic tertiary "
      "nearest nearby previous prior current standards standard of in at and for to with from on as or" },
    { DEID_HINT_FIRM,
      "inc llc llp ltd corp corporation company co group industries partners insurance bank "
      "foundation systems labs technologies technology enterprises holdings solutions consulting "
      "associates ventures gmbh ag plc pllc bros brothers software networks motors airlines "
      "pharmaceuticals worldwide" },
    { DEID_HINT_HOUSE,
      "hospital hospitals hosp clinic clinics center centre ctr infirmary sanatorium hospice "
      "pharmacy medicine institute university univ school schools college church orthopedics "
      "laboratories laboratory campus rehabilitation rehab office offices practice associates health "
      "healthcare med medical pavilion pediatrics physicians specialists oncology cardiology "
      "dermatology surgicenter dialysis motel hotel inn shelter building tower annex" },
    { DEID_HINT_ROLE,
      "surgeon resident fellow intern attending nurse physician doctor cardiologist oncologist "
      "neurologist urologist dermatologist therapist counselor counsellor psychologist psychiatrist "
      "pharmacist technician tech radiologist pathologist anesthesiologist nephrologist "
      "pulmonologist gastroenterologist endocrinologist rheumatologist hematologist pediatrician "
      "internist hospitalist intensivist dentist midwife podiatrist ophthalmologist optometrist "
      "chiropractor dietitian nutritionist caseworker manager worker coordinator interpreter "
      "translator chaplain pastor rabbi lawyer attorney agent employee customer client member user "
      "applicant witness plaintiff defendant teacher coach pcp pmd gp provider scribe secretary "
      "receptionist supervisor director patient" },
    { DEID_HINT_UNIT,
      "apt apartment suite ste unit room rm floor fl bldg building box lot trailer psc pmb" },
    { DEID_HINT_ROAD,
      "rue via viale calle avenida avda rua ulica ul strada platz allee weg corso piazza paseo "
      "camino carrera carretera chemin route quai impasse jalan rruga ulitsa prospekt utca gate gata "
      "gatan \xc3\xbat vej vei tie katu straat laan terrasse gasse kuja kapu trg avenue" },
    { DEID_HINT_PARTICLE,
      "des dei degli delle de la del van von der den da di bin bint ibn al el le las los dos das do du ter ten abu ben "
      "san y" },
    { DEID_HINT_SUFFIX, "jr sr ii iii iv esq" },
    { DEID_HINT_DOSE,
      "mg mcg g ml iu units unit tablet tablets tab tabs capsule capsules cap caps daily bid tid "
      "qid prn qhs qam qpm po iv im sq inhaler patch cream ointment gel drops spray injection "
      "injections dose doses dosing pill pills solution suspension puffs nebulizer weekly nightly "
      "therapy treatment regimen infusion samples rx refill oral er xr sr cr hcl birth" },
    { DEID_HINT_INTAKE,
      "taking takes take took started start starting prescribed prescribe continue continued "
      "continues continuing discontinued discontinue stopped stop stopping use uses using used "
      "initiated initiate initiating tolerating increase increased decrease decreased titrate "
      "switched switch on dose given give giving administered received receiving refilled refill "
      "tried holding hold resume resumed restart restarted wean medication medications meds drug "
      "drugs adding add added" },
    { DEID_HINT_LIVES,
      "lives lived living resides residing resided moved moving born works worked working grew "
      "relocated emigrated immigrated traveled travelled traveling travelling flew drove drive "
      "trip vacation vacationing native raised based located retired visiting headed staying "
      "stationed address home house residence hails coming serving conference" },
    { DEID_HINT_ARTICLE, "a an the this that these those our my your his her their its some any" },
    { DEID_HINT_OUR, "the our your a their my his her this" },
    { DEID_HINT_HEAD, "clinic hospital office campus branch center location practice facility" },
    { DEID_HINT_POSTAL, "zip zipcode postal postcode" },
    { DEID_HINT_CORNER, "corner" },
    { DEID_HINT_SELF, "he she who whom whose him her they" },
    { DEID_HINT_THING,
      "disease diseases syndrome syndromes sign signs test tests maneuver manoeuvre phenomenon palsy "
      "lymphoma sarcoma tumor catheter catheters drain tube line lines scale score scores criteria "
      "classification stage staging grade fracture esophagus thyroiditis dementia contracture cyst "
      "duct node nodes nodule procedure repair position reflex chorea anemia neuroma monitor stain "
      "smear exam ulcer deformity dislocation index formula equation law rule stent graft valve pump "
      "device implant prosthesis screw screws plate nail rod brand protocol technique approach "
      "incision retractor clamp forceps trocar needle suture sutures mesh filter balloon guideline "
      "guidelines trial study studies survey questionnaire inventory assessment method ratio unit "
      "units angle triangle canal ligament muscle nerve plexus space pouch fossa gland glands "
      "follicle follicles cells cell bodies body virus bacteria bacillus vaccine antigen antibody "
      "antibodies toxin protein factor operation osteotomy hernia herniation fistula phenotype "
      "mutation gene splint brace boot collar bandage dressing bag mask cannula airway shoes shoe "
      "lotion soap shampoo app portal vs sarcoidosis aphasia ataxia encephalopathy cardiomyopathy "
      "nephropathy purpura granulomatosis metaplasia adenoma carcinoma movie film series game games "
      "band cup diet beats bar harness casting strap orthosis stockings vest sensor lens prism "
      "cuff bougie dilator speculum hook elevator rongeur curette drill burr reamer stem liner "
      "spacer loop snare basket stapler sheath introducer wire guidewire coil clip ring rings "
      "shunt reservoir laryngoscope blade stylet circuit sphincter papilla islets crypts "
      "corpuscles granules crystals spots striae triad tetrad pentad paradox spirals nevus plaque "
      "plaques pads pad splints wedge wedges traction halo pins wires rods malformation anomaly "
      "dystrophy myopathy myelitis vasculitis arteritis nephritis glomerulonephritis diverticulum "
      "granuloma pox contractures nonunion malunion arthropathy tenosynovitis reconstruction flap "
      "fixation arthrodesis tear tears spaces variant variants culture cultures rebound sheath medium "
      "form forms nails rumble picture habitus view views cord pattern pads mosaic block "
      "repair repairs pouches conduit rules nomogram agar assay staining reflexes maneuvers" },
};
/* clang-format on */

static struct {
    uint32_t mark; /* of the word (deid_words_mark); 0 in an empty slot */
    uint32_t flags;
} slots[SLOTS_COUNT];

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The mark of @word in any case; 0 of one that is too long to be here. */
static uint32_t mark_of(struct slice word)
{
    char lower[WORD_BYTES_MAX + 8] = { 0 };

    if (word.size > WORD_BYTES_MAX)
        return 0;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
    }
    return deid_words_mark(deid_words_hash(lower, (unsigned)word.size));
}

static unsigned slot_of(uint32_t mark)
{
    unsigned at = mark % SLOTS_COUNT;

    while (slots[at].mark != 0 && slots[at].mark != mark)
        at = (at + 1) % SLOTS_COUNT;
    return at;
}

static void slots_fill(void)
{
    unsigned count = 0, i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice rest = slice_from(rows[i].words);

        while (rest.size > 0) {
            size_t end = slice_find_byte(rest, ' ');
            uint32_t mark = mark_of(slice_cut(rest, 0, end));
            unsigned at = slot_of(mark);

            CHECK(mark != 0 && (slots[at].mark != 0 || ++count < SLOTS_COUNT / 2));
            slots[at].mark = mark;
            slots[at].flags |= rows[i].flag;
            rest = slice_cut(rest, end + 1, rest.size);
        }
    }
}

uint32_t deid_hint_find(struct slice word)
{
    uint32_t mark = mark_of(word);

    pthread_once(&once, slots_fill);
    return mark == 0 ? 0 : slots[slot_of(mark)].flags;
}

void deid_hint_read(const struct deid_tokens *tokens, uint32_t *hints)
{
    pthread_once(&once, slots_fill);
    for (unsigned i = 0; i < tokens->count; i++) {
        const struct deid_token *token = &tokens->items[i];

        if (token->shape == DEID_SHAPE_NUMBER)
            hints[i] = 0;
        else if (token->hash != 0)
            hints[i] = slots[slot_of(deid_words_mark(token->hash))].flags;
        else
            hints[i] = deid_hint_find(deid_token_text(tokens, i));
    }
}
