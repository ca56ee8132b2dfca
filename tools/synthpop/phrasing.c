#include "phrasing.h"

/* A row of a table is a line. */
/* clang-format off */

#define HELDOUT 3          /* the last phrasings of every kind */
#define HELDOUT_SHARE 0.15 /* of the questions */
#define PATTERNS_MAX 24

struct phrasings {
    const char *name;
    const char *patterns[PATTERNS_MAX];
};

static const struct phrasings kinds[QUESTION_KIND_COUNT] = {
    [QUESTION_LATEST] = { "latest",
        { "What was the last #?", "What is $ latest #?", "Most recent #?", "What is the most recent #?", "Show me the latest #.", "latest #", "Last # result?",
          "How high was # at the last check?", "What did the last # show?", "Give me $ last #.", "What was $ # when it was last measured?", "Current #?",
          "Tell me the newest # value.", "Can you find the last # on record?", "What is the current value of #?", "# now?",
          "At the last visit with one, what was the #?", "I need the final # reading on file.", "Which value did # have most recently?" } },
    [QUESTION_TREND] = { "trend",
        { "How has # changed?", "Is # going up or down?", "What is the trend in #?", "How is $ # trending?", "Has # gone up?", "Has # come down?", "Is # rising or falling?",
          "Trend of #?", "How did # change since the time before?", "Is $ # getting better or worse?", "Compare the last two # values.", "Did # change at the last check?",
          "What happened to # lately?", "# trend",
          "In which direction has # moved?", "Between the last two measurements, how did # move?", "Did we see # climb or drop?" } },
    [QUESTION_RANGE] = { "range",
        { "Is the last # normal?", "Is $ # normal?", "Was the last # in range?", "Is # too high?", "Is # too low?", "Is $ latest # abnormal?", "Is # out of range?",
          "Was $ # high?", "Was $ # low?", "Is the most recent # within the reference range?", "Any problem with $ #?", "Is # okay?", "Is the # abnormal?",
          "Does the last # fall outside its reference interval?", "Should the last # be called normal?", "Would you flag $ latest #?" } },
    [QUESTION_PROBLEMS] = { "active_problems",
        { "What are the active problems?", "What conditions does @ have?", "List the active conditions.", "What is on $ problem list?", "Which diagnoses are active?", "Problem list?",
          "What medical problems does @ have?", "What is @ being followed for?", "Summarize $ active problems.", "Which diseases does @ have now?", "What are $ current diagnoses?",
          "active problems", "Give me the problem list.", "What chronic conditions does @ have?",
          "Which health problems are ongoing?", "From which illnesses does @ suffer at present?", "Name the open diagnoses." } },
    [QUESTION_MEDICATIONS] = { "medications",
        { "Which medications is @ taking?", "What medications is @ on?", "List the current medications.", "What is @ taking?", "Current meds?", "What drugs is @ on?",
          "Give me the medication list.", "What are $ active medications?", "Medication list?", "Which medicines does @ take?", "What is @ prescribed?", "active medications",
          "What pills does @ take?", "Which prescriptions are active?",
          "What does @ take every day?", "Name the drugs that are current.", "What treatment is @ receiving now?" } },
    [QUESTION_WHY_MEDICATION] = { "why_medication",
        { "Why is @ on #?", "Why is @ taking #?", "What is # for?", "What is the indication for #?", "Why was # prescribed?", "What does @ take # for?", "Reason for #?",
          "What condition is # treating?", "Why does @ need #?", "For which diagnosis is #?", "Indication of #?", "Why was # started?", "What is the reason @ takes #?",
          "Which problem does # treat here?", "On what grounds was # given?", "# is meant for what?" } },
    [QUESTION_DOSE] = { "dose",
        { "What dose of # is @ on?", "How does @ take #?", "What is the dose of #?", "How often does @ take #?", "How is # prescribed?", "# dose?", "What strength of # is @ taking?",
          "How much # does @ take?", "What are the instructions for #?", "What is $ current # dose?", "Dosing of #?", "Which dose of # was ordered?", "What is the sig for #?",
          "How many times a day is # taken?", "Tell me the regimen of #.", "In what amount is # given?" } },
    [QUESTION_MEDICATION_STATUS] = { "medication_status",
        { "Is @ still on #?", "Is @ still taking #?", "Is @ on #?", "Does @ take #?", "Is # still active?", "Was # stopped?", "Has @ stopped #?", "Is @ currently taking #?",
          "Is # a current medication?", "Did we stop #?", "Is @ using # at the moment?", "# active or stopped?", "Is # on the medication list?", "Has @ ever been on #?",
          "Would you check whether # is being continued?", "Did # come to an end?", "Is there a running order for #?" } },
    [QUESTION_ALLERGIES] = { "allergy",
        { "Is @ allergic to anything?", "What allergies does @ have?", "Any allergies?", "List the allergies.", "Does @ have any allergies?", "What is @ allergic to?", "Allergies?",
          "Are there any known allergies?", "Tell me about $ allergies.", "Which allergies are recorded?", "Any drug allergies or other allergies?", "allergy list", "What should we avoid because of allergies?",
          "To which substances does @ react?", "Has an allergy ever been recorded?", "Which allergens must be kept away?" } },
    [QUESTION_ALLERGY_TO] = { "allergy",
        { "Is @ allergic to #?", "Does @ have a # allergy?", "Any allergy to #?", "What reaction does @ have to #?", "What happens when @ gets #?", "Is there an allergy to # on record?",
          "Allergic to #?", "How does @ react to #?", "Is # a problem for @?", "Did @ ever react to #?", "What is $ reaction to #?", "# allergy?", "Can @ have #?",
          "Would # be safe with regard to allergies?", "Is an intolerance of # known?", "What do we know of # and allergy?" } },
    [QUESTION_PROCEDURE] = { "procedure",
        { "When was the last #?", "Has @ had a #?", "When did @ have a #?", "Did @ have a #?", "What was the date of the #?", "Date of #?", "Any # on record?", "When was the # done?",
          "When was $ most recent #?", "Was a # ever done?", "Is there a # in the record?", "# done?", "Has a # been performed?",
          "On which day did the # take place?", "How recently was a # carried out?", "Can you confirm that @ underwent #?" } },
    [QUESTION_IMMUNIZATION] = { "immunization",
        { "When was the last #?", "Has @ had the #?", "When did @ get the #?", "Did @ get the #?", "Is the # on record?", "Date of the last #?", "When was the # given?", "Any # given?",
          "Has the # been given?", "When was $ most recent #?", "Was @ given the #?", "# given?", "Last #?",
          "On which day was the # administered?", "Is @ covered by the #?", "How long ago was the #?" } },
    [QUESTION_WHEN_CONDITION] = { "when",
        { "When was # diagnosed?", "Since when does @ have #?", "When did # start?", "How long has @ had #?", "When did @ develop #?", "When was # first recorded?", "What is the onset date of #?",
          "Onset of #?", "Since when has # been known?", "When did $ # begin?", "Date of diagnosis of #?", "From when is the #?", "When was # found?",
          "In what year and on what day did # appear?", "At which date did # set in?", "How far back does # go?" } },
    [QUESTION_WHEN_MEDICATION] = { "when",
        { "When was # started?", "Since when is @ on #?", "When did @ start #?", "How long has @ been on #?", "When did @ begin taking #?", "Start date of #?", "When was # first prescribed?",
          "How long has @ taken #?", "Since when does @ take #?", "When was # ordered?", "Date # was started?", "From when is @ on #?", "When did treatment with # begin?",
          "On what day did # begin?", "At which date was # introduced?", "How far back does the use of # go?" } },
    [QUESTION_HAS_CONDITION] = { "condition",
        { "Does @ have #?", "Is there a diagnosis of #?", "Has @ been diagnosed with #?", "Any history of #?", "Does @ suffer from #?", "Is # on the problem list?", "Has @ ever had #?",
          "Any #?", "Is @ known to have #?", "Did @ ever have #?", "Is # recorded?", "history of #?", "Was # ever diagnosed?",
          "Would you say that # is among the diagnoses?", "Is # part of the history?", "Could @ have #?" } },
    [QUESTION_FIRST] = { "first",
        { "What was the first #?", "What is $ earliest #?", "First # on record?", "What was the initial #?", "When was # first measured?", "What did the first # show?",
          "first #", "Tell me the first # value.", "What was $ first recorded #?", "Show the earliest # result.", "What was the original #?", "How high was the first #?",
          "Where did # stand initially?", "What number did # first have?", "Give the oldest # in the record." } },
    [QUESTION_TARGET] = { "target",
        { "Is # at target?", "Is $ # at goal?", "Is # controlled?", "Is $ # well controlled?", "Does # meet the target?", "Is # above target?", "Is $ # below the target?",
          "Has @ reached the goal for #?", "# at goal?", "How is $ # control?", "Is the target for # met?", "Is $ # where it should be?",
          "Would you call # controlled?", "Does $ # satisfy the goal?", "Are we at target with #?" } },
    [QUESTION_STAGE] = { "stage",
        { "Which G stage does the # give?", "What is the kidney stage by #?", "What CKD stage is $ #?", "Which stage is the last #?", "What stage of kidney function does # show?", "Stage the kidneys by #.",
          "G stage from #?", "What G stage is @ in by #?", "By #, which CKD stage?", "Which KDIGO stage does # mean?", "What does the # say about the stage?", "# stage?",
          "Translate the # to a G category.", "How would KDIGO grade this #?", "Into which G category does the # fall?" } },
    [QUESTION_TREATMENT] = { "treatment",
        { "What is @ taking for #?", "What does @ take for #?", "Which medications are for #?", "How is # treated?", "What is the treatment of #?", "What drugs is @ on for #?", "Which medicines treat $ #?",
          "What was prescribed for #?", "Current treatment for #?", "What do we give for #?", "Is @ treated for #?", "meds for #",
          "With what is # being managed?", "By which drugs is # treated?", "Name the therapy for #." } },
    [QUESTION_CONFLICT] = { "conflict",
        { "Can @ take #?", "Is # safe given $ allergies?", "Is there an allergy that rules out #?", "May we give #?", "Would # conflict with an allergy?", "Any allergy against #?", "Can we prescribe #?",
          "Does an allergy speak against #?", "Is @ allergic to anything like #?", "Allergy conflict with #?", "Could # cause an allergic reaction?", "Should # be avoided because of an allergy?",
          "Does $ allergy list forbid #?", "Is # contraindicated by an allergy?", "Would an allergy stop us from giving #?" } },
    [QUESTION_SERIES] = { "series",
        { "List all # values.", "Show every # result.", "All # measurements?", "Every # on record?", "Give me all the values of #.", "all # results", "What were all of $ # values?",
          "Show me each # that was measured.", "History of #?", "Which # values do we have, all of them?", "How many times was # measured, and with what results?", "Every single #, please.",
          "Write down every # there is.", "Could I see each of $ # readings?", "How many # results are there, and what were they?" } },
    [QUESTION_SUMMARY] = { "summary",
        { "Summarize $ #.", "Tell me about $ #.", "Give me an overview of $ #.", "Overview of #?", "Summary of #?", "What should I know about $ #?", "Sum up $ #.", "# in brief?",
          "Everything about $ #?", "What is the story of $ #?", "A short summary of $ #?", "Give me a rundown of $ #.",
          "Brief me on $ #.", "Where do we stand with $ #?", "Recap $ # for me." } },
    [QUESTION_WHY_PROCEDURE] = { "why_procedure",
        { "Why was the # done?", "What was the # for?", "For what reason was the # done?", "Indication for the #?", "Why did @ have a #?", "What led to the #?", "Reason for the #?",
          "Because of what was the # performed?", "Which condition called for the #?", "Why the #?", "What was the reason for the #?", "For which diagnosis was the # done?",
          "What made a # necessary?", "On what grounds was the # carried out?", "To which problem did the # belong?" } },
    [QUESTION_INTERACTIONS] = { "interaction",
        { "Do any of $ medications interact?", "Any drug interactions?", "Are there interactions among $ medications?", "Check the medication list for interactions.", "Which of $ drugs interact?",
          "Is @ on drugs that interact?", "drug interactions", "Any drug-drug interactions?", "List the drug interactions.", "Do the current meds interact with each other?",
          "Does @ take medicines that interact?", "Are any current medications known to interact?", "Is there an interaction between $ pills?", "Interactions on the current med list?",
          "Are two of $ prescriptions a bad combination?", "Would a pharmacist see an interaction here?", "What on the medication list clashes?" } },
    [QUESTION_INTERACTION_WITH] = { "interaction",
        { "Does # interact with $ medications?", "Would # interact with anything @ takes?", "Any interactions with #?", "What interacts with #?", "Interactions of # with the current meds?",
          "Does anything @ takes interact with #?", "Which of $ drugs interact with #?", "Is there an interaction between # and $ medications?", "# interactions?", "Check # against the medication list for interactions.",
          "Which medications interact with #?", "Does # have an interaction with what @ is on?", "Interaction check for #.", "Could # interact with the active drugs?",
          "What would clash with #?", "Would adding # to $ medications cause an interaction?", "Does the med list hold anything that does not go together with #?" } },
    [QUESTION_INTERACTION_PAIR] = { "interaction",
        { "Do # interact?", "Is there an interaction between #?", "Is there a known interaction of #?", "Interaction between #?", "What is the interaction of #?", "Do # interact with each other?",
          "Are # known to interact?", "What happens if # interact?", "Any interaction between #?", "# interaction?", "How do # interact?", "Would # interact in this patient?",
          "Can # be taken together?", "Are # a bad combination?", "Do # clash?" } },
    [QUESTION_RENAL] = { "renal_dosing",
        { "Is # appropriate for $ kidney function?", "Is the # dose right for $ eGFR?", "Does # need a renal dose adjustment?", "Is # safe with $ kidney function?", "Can @ take # with this eGFR?",
          "Should # be adjusted for the kidney function?", "Is # contraindicated by $ renal function?", "Renal dosing of #?", "Is # okay with $ kidneys?", "Does $ eGFR limit #?",
          "Should the # dose be reduced for renal function?", "Is # allowed at the current eGFR?", "Should # be avoided with $ kidney function?", "# and kidney function: is the dose all right?",
          "Do the kidneys permit #?", "Would $ GFR be a problem for #?", "Considering renal function, can # stay as it is?" } },
    [QUESTION_RENALS] = { "renal_dosing",
        { "Which medications need a renal dose adjustment?", "Do any of $ medications need adjustment for kidney function?", "Which drugs should be avoided with $ kidney function?", "Are all medications appropriate for $ eGFR?",
          "Any medications to adjust for renal function?", "Check the medication doses against the eGFR.", "Which of $ drugs reach a renal limit?", "Is any medication contraindicated by $ kidney function?",
          "Do any drugs need renal dosing?", "renal dosing of the current medications", "Are any doses too high for $ kidneys?", "Are the medications safe for $ kidneys?",
          "Given the GFR, which prescriptions deserve caution?", "Is there a drug that does not suit $ kidneys?", "Would kidney function change any of the medications?" } },
    [QUESTION_SCREENING] = { "screening",
        { "Is @ overdue for a #?", "Is the # overdue?", "Is @ due for a #?", "Is $ # up to date?", "Is a # due?", "# overdue?", "Is @ up to date on the #?", "Is @ late for a #?", "When is the next # due?",
          "Is it time for a #?", "Has @ missed a #?", "Is the # out of date?", "Does @ need another #?", "Is @ behind on the #?",
          "Has the # lapsed?", "Would you say the # is past due?", "Is @ current on the #?" } },
    [QUESTION_SCREENINGS] = { "screening",
        { "Which screenings are overdue?", "What screening is @ due for?", "Is @ up to date on screening?", "Any overdue screening?", "Is any screening due?", "overdue screenings", "What preventive screening is overdue?",
          "Are $ screenings up to date?", "Which screening tests are due?", "Is @ behind on any screening?", "What health maintenance is due?", "Which routine screenings has @ missed?",
          "Where has screening lapsed?", "Name the preventive checks that are past due.", "Is all of $ screening current, or is something overdue?" } },
    [QUESTION_TIMELINE] = { "timeline",
        { "What happened #?", "Which events were there #?", "What took place #?", "Give me the timeline of what happened #.", "What went on #?", "Tell me what happened #.",
          "List the events #.", "What happened to the patient #, step by step?", "What occurred #?", "Show the chronology of events #.", "What did @ go through #?", "Events #?",
          "Walk me through what happened #.", "Which developments were there #?", "In chronological order, what occurred #?" } },
    [QUESTION_COURSE] = { "course",
        { "When did what come in the course of $ #?", "Give me a timeline of $ #.", "What is the timeline of the #?", "Timeline of #?", "In what order did things happen in $ #?",
          "Show me the chronology of $ #.", "What happened when in the course of the #?", "Tell me step by step how $ # unfolded.", "Chronology of #?", "Lay out the course of events in $ #.",
          "What came when in $ #?", "List the milestones of $ #.",
          "How did $ # play out, one thing after another?", "Over the course of the #, what was done and when?", "Take me through the # date by date." } },
    [QUESTION_WHY_STOPPED] = { "why_stopped",
        { "Why was # stopped?", "Why did @ stop #?", "What was the reason # was stopped?", "Why was # discontinued?", "For what reason was # discontinued?", "Why is @ no longer on #?",
          "Why did we stop #?", "Reason for stopping #?", "What made us stop #?", "Why was @ taken off #?", "Why did # have to be stopped?", "What led to stopping #?",
          "On what grounds was # withdrawn?", "How come # was given up?", "What caused the discontinuation of #?" } },
    [QUESTION_WHY_VISIT] = { "why_visit",
        { "What led to the emergency admission #?", "Why was @ admitted #?", "What led to the admission #?", "Why did @ go to the emergency room #?", "Reason for the emergency visit #?",
          "What was the reason for the admission #?", "Why was @ in the emergency room #?", "What brought @ to the emergency room #?", "For what reason was @ admitted #?",
          "What caused the emergency visit #?", "Why the emergency admission #?", "Because of what was @ admitted #?",
          "What was behind the hospital admission #?", "What prompted the emergency visit #?", "What made an emergency visit necessary #, and why?" } },
    [QUESTION_AFTER_DRUG] = { "after_drug",
        { "What followed after # was begun?", "What happened after # was started?", "What were the consequences of starting #?", "Did anything follow from #?", "What came of # being started?",
          "What resulted from starting #?", "Were there consequences after # was begun?", "What followed the start of #?", "What happened once @ was put on #?", "What did # lead to?",
          "Did @ have a side effect of #?", "What was the outcome of starting #?",
          "What did the introduction of # bring about?", "Tell me the aftermath of starting #.", "Which effects of # were recorded?" } },
    [QUESTION_DONE_FOR] = { "done_for",
        { "What was done because of $ #?", "What was done about the #?", "What did the # lead to?", "What followed from the #?", "What was done in response to the #?",
          "What were the consequences of $ #?", "Because of the #, what was done?", "What was undertaken because of the #?", "What action was taken because of the #?", "What came of the #?",
          "Which measures did the # prompt?", "What was done as a result of the #?",
          "What was set in motion by the #, as a result of it?", "On account of $ #, what was done?", "What did the # entail?" } },
    [QUESTION_FINDINGS] = { "findings",
        { "What could explain #?", "What does # point to?", "What would fit #?", "What could be behind #?", "Which diagnosis would explain #?", "What might account for #?",
          "What is the differential for #?", "What would be consistent with #?", "What does # suggest?", "Which condition would be compatible with #?", "What could cause #?",
          "What underlying condition could explain #?",
          "What might be responsible for #?", "What do you make of #, and what would fit?", "Which diagnosis does # speak for?" } },
};

/* clang-format on */

const char *phrasing_kind_name(enum question_kind kind)
{
    return kinds[kind].name;
}

unsigned phrasing_count(enum question_kind kind)
{
    unsigned count = 0;

    while (count < PATTERNS_MAX && kinds[kind].patterns[count] != NULL)
        count++;
    return count;
}

const char *phrasing_pattern(enum question_kind kind, unsigned index)
{
    return kinds[kind].patterns[index];
}

static const char *draw_who(bool is_female, struct chance *chance, const char **whose)
{
    switch (chance_below(chance, 2)) {
    case 0:
        *whose = is_female ? "her" : "his";
        return is_female ? "she" : "he";
    default:
        *whose = "the patient's";
        return "the patient";
    }
}

static void fill(const char *pattern, const char *subject, const char *who, const char *whose,
                 struct buffer *out)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '#')
            buffer_put_string(out, subject);
        else if (*pattern == '@')
            buffer_put_string(out, who);
        else if (*pattern == '$')
            buffer_put_string(out, whose);
        else
            buffer_put_byte(out, *pattern);
    }
}

bool phrasing_draw(enum question_kind kind, const char *subject, bool is_female,
                   struct chance *chance, struct buffer *out)
{
    unsigned count = phrasing_count(kind), index;
    bool is_heldout = chance_happens(chance, HELDOUT_SHARE);
    const char *who, *whose;

    index = is_heldout ? count - 1 - chance_below(chance, HELDOUT)
                       : chance_below(chance, count - HELDOUT);
    who = draw_who(is_female, chance, &whose);
    fill(kinds[kind].patterns[index], subject == NULL ? "" : subject, who, whose, out);
    return is_heldout;
}
