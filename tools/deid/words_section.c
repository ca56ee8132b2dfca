#include "words_section.h"

#include "deid_lexicon.h"

static const struct {
    const char *name;
    uint32_t flag;
} sections[] = {
    { "given", DEID_WORD_GIVEN },           { "family", DEID_WORD_FAMILY },
    { "places", DEID_WORD_PLACE },          { "title", DEID_WORD_TITLE },
    { "credential", DEID_WORD_CREDENTIAL }, { "kin", DEID_WORD_KIN },
    { "label", DEID_WORD_LABEL },           { "month", DEID_WORD_MONTH },
    { "weekday", DEID_WORD_WEEKDAY },       { "street", DEID_WORD_STREET },
    { "facility", DEID_WORD_FACILITY },     { "facilitypart", DEID_WORD_FACILITY_PART },
    { "state", DEID_WORD_STATE },           { "stateabbr", DEID_WORD_STATE_ABBR },
    { "eponym", DEID_WORD_EPONYM },         { "eponymafter", DEID_WORD_EPONYM_AFTER },
    { "ambiguous", DEID_WORD_AMBIGUOUS },   { "stop", DEID_WORD_STOP },
    { "salutation", DEID_WORD_SALUTATION }, { "idlabel", DEID_WORD_ID_LABEL },
    { "medical", DEID_WORD_MEDICAL },       { "drug", DEID_WORD_DRUG | DEID_WORD_MEDICAL },
    { "country", DEID_WORD_COUNTRY },       { "nation", DEID_WORD_NATION },
    { "hospital", DEID_WORD_HOSPITAL },     { "org", DEID_WORD_ORGANISATION },
};

uint32_t words_section_flag(struct slice name)
{
    size_t i;

    for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        if (slice_is(name, sections[i].name))
            return sections[i].flag;
    return 0;
}
