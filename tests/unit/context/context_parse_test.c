#include "context_fixture.h"

/* The line of the only fact of a bundle. */
static void assert_line(const char *resource, const char *expected)
{
    struct record record;
    struct parsed parsed;
    struct slice line;
    uint32_t as_facts;

    read_record(resource, &record, &parsed, &as_facts);
    assert_int_equal(as_facts, 1);
    line = render_in(&record.facts[0], &arena);
    if (!slice_is(line, expected))
        fail_msg("'%.*s' is not '%s'", SLICE_FORMAT(line), expected);
}

static void what_changes_a_resources_meaning_is_in_its_fact(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'Condition','id':'c','code':{'text':'Asthma'},'onsetAge':{'value':7,"
        "'unit':'a'},'evidence':[{'code':[{'text':'Wheezing'}]}],'note':[{'text':'Worse in "
        "spring.'},{'text':'Uses a spacer.'}]}",
        "condition: Asthma, onset at 7 a, evidence Wheezing, note: Worse in spring., note: "
        "Uses a spacer.");
    assert_line("{'resourceType':'ServiceRequest','id':'s','status':'active','intent':'order',"
                "'doNotPerform':true,'code':{'text':'Resuscitation'}}",
                "order: Resuscitation, active, not to be done");
    assert_line("{'resourceType':'AllergyIntolerance','id':'a','type':'intolerance','code':{'text':"
                "'Codeine'},'reaction':[{'manifestation':[{'text':'Nausea'}],'severity':'mild'}]}",
                "allergy: Codeine (Nausea), intolerance, severity mild");
    assert_line("{'resourceType':'Encounter','id':'e','status':'finished','type':[{'text':'Stay'}],"
                "'hospitalization':{'dischargeDisposition':{'text':'Hospice'}}}",
                "encounter: Stay, discharged to Hospice");
    /* Types without a reader of their own. */
    assert_line("{'resourceType':'VisionPrescription','id':'v','patient':{'reference':'Patient/p'},"
                "'lensSpecification':[{'eye':'right','sphere':-2.5,'prism':[{'amount':0.5,'base':"
                "'up'}]},{'eye':'left'}]}",
                "vision prescription: vision prescription, lensSpecification eye right, sphere "
                "-2.5, prism amount 0.5, base up and eye left");
    assert_line("{'resourceType':'Task','id':'t','for':{'reference':'Patient/p'},'code':{'text':"
                "'Call back'},'note':[{'text':'Prefers mornings.'}]}",
                "task: Call back, note: Prefers mornings.");
}

static void each_kind_has_its_line(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957-04-03','name':[{'family':'Secret'}]}",
        "patient: female, born 1957-04-03");
    assert_line(
        "{'resourceType':'Patient','id':'p','gender':'male','birthDate':'1940','deceasedDateTime':'2019-04-03T10:00:00Z'}",
        "patient: male, born 1940, died 2019-04-03");
    assert_line(
        "{'resourceType':'Condition','id':'c','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Diabetes mellitus "
        "type 2 (disorder)'},'onsetDateTime':'2012-05-01'}",
        "condition: Diabetes mellitus type 2, active since 2012-05-01");
    assert_line(
        "{'resourceType':'Condition','id':'c','clinicalStatus':{'coding':[{'code':'resolved'}]},'code':{'text':'Acute "
        "bronchitis'},'onsetDateTime':'2011-01-03','abatementDateTime':'2011-01-20'}",
        "condition: Acute bronchitis, resolved, 2011-01-03 to 2011-01-20");
    assert_line(
        "{'resourceType':'Condition','id':'c','verificationStatus':{'coding':[{'code':'provisional'}]},'code':{'text':'Lupus'}}",
        "condition: Lupus, provisional");
    assert_line(
        "{'resourceType':'MedicationRequest','id':'m','status':'active','authoredOn':'2012-05-01','medicationCodeableConcept':{"
        "'text':'Metformin 500 MG Oral Tablet'},'dosageInstruction':[{'timing':{'repeat':{'frequency':2,'period':1,'periodUnit':"
        "'d'}},'doseAndRate':[{'doseQuantity':{'value':1,'unit':'tablet'}}]}]}",
        "medication: Metformin 500 mg Oral Tablet, active since 2012-05-01, 1 tablet twice daily");
    assert_line(
        "{'resourceType':'MedicationRequest','id':'m','status':'stopped','authoredOn':'2015-04-23','medicationCodeableConcept':{"
        "'text':'Levora'}}",
        "medication: Levora, stopped, from 2015-04-23");
    assert_line(
        "{'resourceType':'AllergyIntolerance','id':'a','clinicalStatus':{'coding':[{'code':'active'}]},'criticality':'high',"
        "'code':{'text':'Penicillin'},'reaction':[{'manifestation':[{'text':'rash'}]}]}",
        "allergy: Penicillin (rash), active, high criticality");
    assert_line(
        "{'resourceType':'Observation','id':'o','status':'final','code':{'text':'Hemoglobin A1c/Hemoglobin.total in Blood'},"
        "'effectiveDateTime':'2019-03-04T09:00:00Z','valueQuantity':{'value':7.2345678,'unit':'%'},'referenceRange':[{'high':{"
        "'value':6.5}}]}",
        "2019-03-04 observation: Hemoglobin A1c 7.2 % (high)");
    assert_line(
        "{'resourceType':'Observation','id':'o','code':{'coding':[{'code':'85354-9','display':'Blood pressure panel with all "
        "children optional'}]},'effectiveDateTime':'2019-03-04','component':[{'code':{'coding':[{'code':'8462-4'}]},"
        "'valueQuantity':{'value':79.6,'unit':'mm[Hg]'}},{'code':{'coding':[{'code':'8480-6'}]},'valueQuantity':{'value':120,"
        "'unit':'mm[Hg]'}}]}",
        "2019-03-04 observation: Blood pressure 120/80 mmHg");
    assert_line(
        "{'resourceType':'Observation','id':'o','status':'preliminary','code':{'text':'Potassium'},'effectiveDateTime':'2019',"
        "'valueQuantity':{'value':3.1},'interpretation':[{'coding':[{'code':'LL'}]}]}",
        "2019 observation: Potassium 3.1 (low), preliminary");
    assert_line(
        "{'resourceType':'Procedure','id':'r','status':'completed','code':{'text':'Appendectomy (procedure)'},'performedPeriod':{"
        "'start':'2011-11-14T03:00:00Z','end':'2011-11-14T04:00:00Z'},'reasonCode':[{'text':'Appendicitis'}]}",
        "2011-11-14 procedure: Appendectomy, for Appendicitis");
    assert_line(
        "{'resourceType':'Immunization','id':'i','status':'not-done','vaccineCode':{'text':'Influenza'},'occurrenceDateTime':"
        "'2011-11-21'}",
        "2011-11-21 immunization: Influenza, not done");
    assert_line(
        "{'resourceType':'Encounter','id':'e','status':'finished','class':{'code':'IMP'},'type':[{'text':'Admission'}],'period':{"
        "'start':'2011-11-14','end':'2011-11-17'}}",
        "2011-11-14 encounter: Admission (inpatient), until 2011-11-17");
    assert_line(
        "{'resourceType':'DiagnosticReport','id':'d','status':'final','code':{'text':'Lipid panel'},'effectiveDateTime':"
        "'2011-11-21','result':[{},{}]}",
        "2011-11-21 report: Lipid panel, 2 results");
    assert_line(
        "{'resourceType':'CarePlan','id':'cp','status':'active','category':[{'text':'Diabetes plan'}],'period':{'start':"
        "'2012-05-01'},'activity':[{'detail':{'code':{'text':'Diet'}}},{'detail':{'code':{'text':'Exercise'}}}]}",
        "care plan: Diabetes plan, active since 2012-05-01, Diet; Exercise");
    assert_line(
        "{'resourceType':'Goal','id':'g','lifecycleStatus':'in-progress','description':{'text':'A1c < 7'}}",
        "goal: A1c < 7, in progress");
    assert_line(
        "{'resourceType':'Device','id':'v','status':'active','type':{'text':'Pacemaker (physical object)'}}",
        "device: Pacemaker, active");
    assert_line(
        "{'resourceType':'ImagingStudy','id':'s','status':'available','started':'1994-06-30','procedureCode':[{'text':'X-ray of "
        "wrist'}],'series':[{'modality':{'display':'Digital Radiography'},'bodySite':{'display':'Wrist'}}]}",
        "1994-06-30 imaging: X-ray of wrist, Digital Radiography, Wrist");
    assert_line(
        "{'resourceType':'ServiceRequest','id':'q','status':'active','code':{'text':'Colonoscopy'},'authoredOn':'2019-05-02'}",
        "2019-05-02 order: Colonoscopy, active");
}

static void what_lasts_says_where_why_and_who_said_so(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'Condition','id':'c','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Osteoarthritis'},"
        "'bodySite':[{'text':'Left knee'}],'stage':[{'summary':{'text':'III'}}],'asserter':{'reference':'Patient/p'}}",
        "condition: Osteoarthritis, active, Left knee, stage III, says the patient");
    assert_line(
        "{'resourceType':'AllergyIntolerance','id':'a','code':{'text':'Latex'},'criticality':'high','verificationStatus':{'coding':["
        "{'code':'unconfirmed'}]},'asserter':{'reference':'RelatedPerson/r'}}",
        "allergy: Latex, high criticality, unconfirmed, says a relative");
    assert_line(
        "{'resourceType':'MedicationStatement','id':'m','status':'stopped','effectiveDateTime':'2015-04-23',"
        "'medicationCodeableConcept':{'text':'Sumatriptan'},'statusReason':[{'text':'Chest tightness'}],'reasonCode':[{'text':"
        "'Migraine'}],'informationSource':{'reference':'Patient/p'}}",
        "medication: Sumatriptan, stopped, from 2015-04-23, for Migraine, because Chest tightness, says the patient");
    assert_line(
        "{'resourceType':'Goal','id':'g','lifecycleStatus':'active','description':{'text':'Better sugar'},'target':[{'detailQuantity':"
        "{'value':7,'comparator':'<','unit':'%'},'dueDate':'2020-06-01'}]}",
        "goal: Better sugar, active, target < 7 %, until 2020-06-01");
    assert_line(
        "{'resourceType':'DeviceUseStatement','id':'u','status':'active','timingPeriod':{'start':'2018-02-03'},'device':{'display':"
        "'Knee prosthesis'},'bodySite':{'text':'Right knee'}}",
        "device: Knee prosthesis, active since 2018-02-03, Right knee");
}

static void what_happened_says_how_it_went(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'Procedure','id':'r','status':'completed','code':{'text':'Arthroscopy'},'performedDateTime':'2011-11-14',"
        "'bodySite':[{'text':'Left knee'}],'outcome':{'text':'Successful'},'complication':[{'text':'Bleeding'}]}",
        "2011-11-14 procedure: Arthroscopy, Left knee, outcome Successful, complicated by Bleeding");
    assert_line(
        "{'resourceType':'Procedure','id':'r','status':'not-done','code':{'text':'Colonoscopy'},'performedDateTime':'2011-11-14',"
        "'statusReason':{'text':'Patient declined'}}",
        "2011-11-14 procedure: Colonoscopy, not done, because Patient declined");
    assert_line(
        "{'resourceType':'Immunization','id':'i','status':'completed','vaccineCode':{'text':'Hepatitis B'},'occurrenceDateTime':"
        "'2011-11-21','protocolApplied':[{'doseNumberPositiveInt':2}]}",
        "2011-11-21 immunization: Hepatitis B, dose 2");
    assert_line(
        "{'resourceType':'ImagingStudy','id':'s','status':'available','started':'1994-06-30','description':'Chest PA and lateral',"
        "'modality':[{'display':'Digital Radiography'}],'reasonCode':[{'text':'Cough'}]}",
        "1994-06-30 imaging: Chest PA and lateral, Digital Radiography, for Cough");
    assert_line(
        "{'resourceType':'AdverseEvent','id':'e','event':{'text':'Fall'},'date':'2012-01-02','seriousness':{'text':'Serious'},"
        "'suspectEntity':[{'instance':{'display':'Zolpidem'}}]}",
        "2012-01-02 adverse event: Fall, Serious, suspected Zolpidem");
}

static void relatives_risks_and_judgements_are_facts_of_their_own(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'FamilyMemberHistory','id':'f','status':'completed','relationship':{'text':'mother'},'condition':[{'code':{"
        "'text':'Breast cancer'},'onsetAge':{'value':52,'unit':'a'},'contributedToDeath':true},{'code':{'text':'Gout'}}],"
        "'deceasedAge':{'value':60,'unit':'a'}}",
        "family history: mother, Breast cancer at 52 (died of it); Gout; died at 60");
    assert_line(
        "{'resourceType':'RiskAssessment','id':'k','status':'final','occurrenceDateTime':'2019-01-01','code':{'text':'Framingham'},"
        "'prediction':[{'outcome':{'text':'Heart attack'},'probabilityDecimal':0.12}]}",
        "2019-01-01 risk assessment: Framingham, Heart attack probability 0.12");
    assert_line(
        "{'resourceType':'ClinicalImpression','id':'k','status':'completed','effectiveDateTime':'2019-01-01','summary':'Likely viral',"
        "'finding':[{'itemCodeableConcept':{'text':'Bronchitis'}}]}",
        "2019-01-01 clinical impression: clinical impression, Likely viral, Bronchitis");
    assert_line(
        "{'resourceType':'NutritionOrder','id':'n','status':'active','dateTime':'2019-01-01','oralDiet':{'type':[{'text':'Low sodium'}],"
        "'instruction':'No salt at table'}}",
        "2019-01-01 diet order: Low sodium, active, No salt at table");
    assert_line(
        "{'resourceType':'Communication','id':'n','status':'completed','sent':'2019-01-01','subject':{'reference':'Patient/p'},"
        "'payload':[{'contentString':'Result was told by phone'}]}",
        "2019-01-01 communication: communication, payload Result was told by phone");
}

static void answers_and_sections_are_notes(void **state)
{
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;

    (void)state;
    read_record(
        "{'resourceType':'QuestionnaireResponse','id':'q','status':'completed','authored':'2019-01-01','questionnaire':'http://x/phq-9|1',"
        "'item':[{'text':'Little interest','answer':[{'valueCoding':{'display':'Several days'}}]},{'text':'Group','item':[{'text':'Score',"
        "'answer':[{'valueInteger':7}]}]}]}",
        &record, &parsed, &as_facts);
    assert_true(slice_is(record.facts[0].label, "phq-9"));
    assert_true(slice_is(record.facts[0].text, "Little interest: Several days.\nScore: 7.\n"));
    read_record(
        "{'resourceType':'Composition','id':'k','status':'final','date':'2019-01-01','type':{'text':'Discharge summary'},'section':[{"
        "'title':'Plan','text':{'div':'<div>Rest.</div>'}}]}",
        &record, &parsed, &as_facts);
    assert_true(slice_is(record.facts[0].label, "Discharge summary"));
    assert_true(slice_starts_with(record.facts[0].text, SLICE("Plan.\n")));
    assert_int_equal(record.facts[0].kind, FACT_NOTE);
}

static void every_resource_is_a_fact_or_has_a_reason(void **state)
{
    (void)state;
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;

    read_record(
        "{'resourceType':'Patient','id':'p'},"
        "{'resourceType':'Claim'},{'resourceType':'Claim'},{'resourceType':'Evil <script>'},{},"
        "{'resourceType':'Condition','id':'c1','code':{'text':'A'}},"
        "{'resourceType':'Condition','id':'c2','code':{'text':'B'},'verificationStatus':{'coding':[{'code':'refuted'}]}},"
        "{'resourceType':'Observation','id':'o1','status':'entered-in-error','code':{'text':'C'}},"
        "{'resourceType':'Observation','id':'o2'},"
        "{'resourceType':'Observation','id':'o3','code':{'text':'C'},'subject':{'reference':'Patient/other'}}",
        &record, &parsed, &as_facts);
    assert_int_equal(parsed.resources, 10);
    assert_int_equal(as_facts, 2);
    assert_int_equal(record.live, 2);
    assert_int_equal(reason(&parsed, "type:Claim"), 2);
    assert_int_equal(reason(&parsed, "type:unknown"), 1);
    assert_int_equal(reason(&parsed, "no-resource"), 1);
    assert_int_equal(reason(&parsed, "refuted"), 1);
    assert_int_equal(reason(&parsed, "entered-in-error"), 1);
    assert_int_equal(reason(&parsed, "no-content"), 1);
    assert_int_equal(reason(&parsed, "other-subject"), 1);
    assert_int_equal(as_facts + reasons_total(&parsed.reasons), parsed.resources);
}

static void a_reference_that_dangles_costs_only_what_it_named(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'MedicationRequest','id':'m','status':'active','medicationReference':{'reference':'Medication/gone',"
        "'display':'Aspirin'},'reasonReference':[{'reference':'urn:uuid:gone'}]}",
        "medication: Aspirin, active");
}

static void a_contained_medication_is_found(void **state)
{
    (void)state;
    assert_line(
        "{'resourceType':'MedicationRequest','id':'m','status':'active','contained':[{'resourceType':'Medication','id':'x','code':"
        "{'text':'Warfarin'}}],'medicationReference':{'reference':'#x'}}",
        "medication: Warfarin, active");
}

static void notes_are_decoded_and_the_same_note_twice_is_one(void **state)
{
    (void)state;
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;

    read_record(
        "{'resourceType':'DocumentReference','id':'n','status':'current','date':'2019-01-02T03:04:05Z','type':{'text':'Visit note'},"
        "'content':[{'attachment':{'contentType':'text/plain','data':'U21va2VzIGRhaWx5Lgo='}}]},"
        "{'resourceType':'DiagnosticReport','id':'r','status':'final','effectiveDateTime':'2019-01-02T03:00:00Z','code':{'text':'Visit "
        "note'},'presentedForm':[{'contentType':'text/plain','data':'U21va2VzIGRhaWx5Lgo='}]}",
        &record, &parsed, &as_facts);
    assert_int_equal(as_facts, 1);
    assert_int_equal(reason(&parsed, "duplicate"), 1);
    assert_true(record.facts[0].is_copy);
    assert_true(slice_is(record.facts[1].text, "Smokes daily.\n"));
    assert_true(slice_is(record.facts[1].path, "DocumentReference.content.attachment"));
    assert_true(slice_is(record.facts[1].also, "DiagnosticReport/r\n"));
}

static const struct fact *only_fact(const char *resource)
{
    struct record *record = ARENA_NEW(&arena, struct record);

    read_record(resource, record, NULL, NULL);
    assert_int_equal(record->live, 1);
    return &record->facts[0];
}

static void numbers_are_kept_as_they_were_written(void **state)
{
    (void)state;
    const struct fact *fact = only_fact(
        "{'resourceType':'Observation','id':'o','code':{'coding':[{'system':'http://loinc.org','code':'2345-7'}]},"
        "'valueQuantity':{'value':7.2345678901,'unit':'mg/dl','comparator':'<','system':'http://unitsofmeasure.org','code':"
        "'mg/dL'}}");
    char text[DECIMAL_TEXT_BYTES];

    assert_int_equal(fact->measures_count, 1);
    assert_true(
        slice_is(slice_of(text, decimal_format(&fact->measures[0].value, text)), "7.2345678901"));
    assert_true(slice_is(fact->measures[0].unit, "mg/dL"));
    assert_int_equal(fact->measures[0].bound, MEASURE_LESS);
}

static void each_component_is_a_measure_with_its_codes(void **state)
{
    (void)state;
    const struct fact *fact = only_fact(
        "{'resourceType':'Observation','id':'o','code':{'text':'BP'},'component':["
        "{'code':{'coding':[{'system':'http://loinc.org','code':'8480-6'}],'text':'Systolic'},'valueQuantity':{'value':120,"
        "'unit':'mmHg'}},{'code':{'text':'Posture'},'valueString':'sitting'},"
        "{'code':{'coding':[{'system':'http://loinc.org','code':'8462-4'}]},'valueQuantity':{'value':80.5}}]}");

    assert_int_equal(fact->measures_count, 2);
    assert_true(slice_is(fact->measures[0].label, "Systolic"));
    assert_true(slice_is(fact->measures[1].codes, "c8462-4"));
    assert_true(decimal_value(&fact->measures[1].value) == 80.5);
}

/* The flag that follows from @parts of an Observation of 5 mmol/L. */
static enum fact_flag flag_with(const char *parts)
{
    return only_fact(
               arena_format(
                   &arena,
                   "{'resourceType':'Observation','id':'o','code':{'coding':[{'system':'http://loinc.org','code':'2345-7'}]},"
                   "'valueQuantity':{'value':5,'unit':'mmol/L'},%s}",
                   parts))
        ->flag;
}

static void a_flag_follows_from_the_range_of_the_record(void **state)
{
    (void)state;
    assert_int_equal(flag_with("'referenceRange':[{'high':{'value':4.9}}]"), FACT_FLAG_HIGH);
    assert_int_equal(flag_with("'referenceRange':[{'low':{'value':5.1,'unit':'mmol/L'}}]"),
                     FACT_FLAG_LOW);
    assert_int_equal(flag_with("'referenceRange':[{'low':{'value':5},'high':{'value':5}}]"),
                     FACT_FLAG_NONE);
    /* 5 mmol/L of glucose are 90 mg/dL. */
    assert_int_equal(flag_with("'referenceRange':[{'low':{'value':70,'unit':'mg/dL'},"
                               "'high':{'value':89,'unit':'mg/dL'}}]"),
                     FACT_FLAG_HIGH);
    assert_int_equal(flag_with("'referenceRange':[{'high':{'value':4,'unit':'furlongs'}}]"),
                     FACT_FLAG_NONE);
    /* What a treatment aims at is no normal range; two that are each for some say nothing. */
    assert_int_equal(
        flag_with(
            "'referenceRange':[{'type':{'coding':[{'code':'therapeutic'}]},'high':{'value':4}}]"),
        FACT_FLAG_NONE);
    assert_int_equal(flag_with("'referenceRange':[{'appliesTo':[{}],'high':{'value':4}},"
                               "{'appliesTo':[{}],'high':{'value':6}}]"),
                     FACT_FLAG_NONE);
    /* What the record says itself comes first. */
    assert_int_equal(flag_with("'interpretation':[{'coding':[{'code':'LL'}]}],'referenceRange':[{"
                               "'high':{'value':4}}]"),
                     FACT_FLAG_LOW);
}

static void who_said_it_is_kept_as_a_reference(void **state)
{
    (void)state;
    assert_true(slice_is(
        only_fact(
            "{'resourceType':'Condition','id':'c','code':{'text':'A'},'asserter':{'reference':"
            "'Practitioner/7','display':'Dr Secret'}}")
            ->who,
        "asserter Practitioner/7"));
    assert_true(slice_is(
        only_fact(
            "{'resourceType':'Immunization','id':'c','vaccineCode':{'text':'A'},'performer':[{'actor':{"
            "'reference':'Organization/o'}}]}")
            ->who,
        "performer Organization/o"));
}

static void refuses_bundles_that_are_wrong_as_a_whole(void **state)
{
    (void)state;
    struct parsed parsed;

    assert_int_equal(context_parse(SLICE("{"), &arena, &parsed, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(context_parse(SLICE("{\"resourceType\":\"Patient\"}"), &arena, &parsed, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        context_parse(
            bundle_of("{'resourceType':'Patient','id':'p1'},{'resourceType':'Patient','id':'p2'}"),
            &arena, &parsed, &err),
        STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "two patients"));
}

static void survives_every_type_in_every_field(void **state)
{
    (void)state;
    /* Members of the wrong kind are as good as absent. */
    static const char *const wrong[] = { "1", "'x'", "[]", "{}", "null", "[1]", "[{}]", "[[]]" };
    static const char *const types[] = {
        "Patient",          "Condition",         "MedicationRequest",  "AllergyIntolerance",
        "Observation",      "Procedure",         "Immunization",       "Encounter",
        "DiagnosticReport", "DocumentReference", "CarePlan",           "Goal",
        "Device",           "ImagingStudy",      "FamilyMemberHistory"
    };
    static const char *const members[] = { "id",
                                           "meta",
                                           "status",
                                           "code",
                                           "subject",
                                           "valueQuantity",
                                           "component",
                                           "referenceRange",
                                           "text",
                                           "medicationReference",
                                           "dosageInstruction",
                                           "reaction",
                                           "type",
                                           "class",
                                           "period",
                                           "content",
                                           "presentedForm",
                                           "result",
                                           "activity",
                                           "category",
                                           "series",
                                           "reasonCode",
                                           "contained",
                                           "verificationStatus",
                                           "valueString",
                                           "valueInteger",
                                           "valueDateTime",
                                           "interpretation" };

    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
        for (size_t w = 0; w < sizeof(wrong) / sizeof(wrong[0]); w++) {
            struct buffer buffer;
            struct record record;
            struct parsed parsed;
            uint32_t as_facts;
            struct arena_mark mark = arena_mark(&arena);

            buffer_init(&buffer, &arena);
            buffer_format(&buffer, "{'resourceType':'%s'", types[t]);
            for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
                buffer_format(&buffer, ",'%s':%s", members[m], wrong[w]);
            buffer_put(&buffer, slice_of("}", 2));
            read_record(buffer.data, &record, &parsed, &as_facts);
            assert_int_equal(as_facts + reasons_total(&parsed.reasons), 1);
            arena_rewind(&arena, mark);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_has_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_lasts_says_where_why_and_who_said_so, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_happened_says_how_it_went, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relatives_risks_and_judgements_are_facts_of_their_own,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_and_sections_are_notes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_resource_is_a_fact_or_has_a_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reference_that_dangles_costs_only_what_it_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_contained_medication_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notes_are_decoded_and_the_same_note_twice_is_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_kept_as_they_were_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_component_is_a_measure_with_its_codes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flag_follows_from_the_range_of_the_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_said_it_is_kept_as_a_reference, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bundles_that_are_wrong_as_a_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_changes_a_resources_meaning_is_in_its_fact, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(survives_every_type_in_every_field, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
