/* The formats of strings as regular expressions. Where one has more forms than are in use (quoted
 * mailboxes, zones in IPv6), those in use are taken: what is said is of the format, not everything
 * of the format can be said. */
#include "grammar_schema_state.h"

#define MONTH_DAYS                                                                                 \
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"                \
    "02-(0[1-9]|1[0-9]|2[0-8]))"
#define LEAP_DAY                                                                                   \
    "([0-9][0-9](0[48]|[2468][048]|[13579][26])|(0[048]|[2468][048]|[13579][26])00)-02-29"
#define DATE "([0-9]{4}-" MONTH_DAYS "|" LEAP_DAY ")"
#define CLOCK "([01][0-9]|2[0-3]):[0-5][0-9]"
#define ZONE "(Z|[+-]" CLOCK ")"
#define TIME CLOCK ":[0-5][0-9](\\.[0-9]{1,9})?" ZONE
/* Two hyphens in a row begin names in other scripts, which have rules of their own. */
#define LABEL "[a-zA-Z0-9]{1,20}(-[a-zA-Z0-9]{1,20}){0,2}"
#define BYTE "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define GROUP "[0-9a-f]{1,4}"

static const struct {
    const char *name, *pattern;
} formats[] = {
    { "date", DATE },
    { "time", TIME },
    { "date-time", DATE "T" TIME },
    { "duration",
      "P([0-9]{1,4}W|([0-9]{1,4}Y([0-9]{1,3}M([0-9]{1,3}D)?)?|[0-9]{1,3}M([0-9]{1,3}D)?|[0-9]{1,3}D)"
      "(T([0-9]{1,3}H([0-9]{1,3}M([0-9]{1,3}S)?)?|[0-9]{1,3}M([0-9]{1,3}S)?|[0-9]{1,3}S))?|"
      "T([0-9]{1,3}H([0-9]{1,3}M([0-9]{1,3}S)?)?|[0-9]{1,3}M([0-9]{1,3}S)?|[0-9]{1,3}S))" },
    { "email", "[a-zA-Z0-9_+-]{1,20}(\\.[a-zA-Z0-9_+-]{1,20}){0,2}@" LABEL "(\\." LABEL "){1,2}" },
    { "hostname", LABEL "(\\." LABEL "){0,2}" },
    { "ipv4", BYTE "(\\." BYTE "){3}" },
    { "ipv6", GROUP "(:" GROUP "){7}|::|" GROUP "(:" GROUP "){0,2}::(" GROUP "(:" GROUP
                    "){0,2})?|::" GROUP "(:" GROUP "){0,5}" },
    { "uuid", "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}" },
    { "uri",
      "(https?://" LABEL "(\\." LABEL "){0,3}(:[1-9][0-9]{0,3})?(/[a-zA-Z0-9._~-]{0,30}){0,8}"
      "(\\?[a-zA-Z0-9._~=&-]{0,60})?(#[a-zA-Z0-9._~-]{0,30})?|"
      "urn:[a-zA-Z0-9]{2,20}:[a-zA-Z0-9:._-]{1,60})" },
    { "json-pointer", "(/([^~/\\x00-\\x1f]|~[01])*)*" },
};

const char *schema_format_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (slice_is(name, formats[i].name))
            return formats[i].pattern;
    }
    return NULL;
}
