/* What deid takes beside what it shares with other verbs, and its rows in the table of settings. */
#ifndef CONSILIUM_DEID_CONFIG_H
#define CONSILIUM_DEID_CONFIG_H

struct deid_config {
    const char *map, *key_file, *output, *patterns, *style, *classes, *rules;
};

#define DEID_CONFIG_AT(field) offsetof(struct consilium_config, own.field)

/* clang-format off */
#define DEID_CONFIG_SETTINGS                                                                                           \
    { "patterns", SETTING_KIND_STRING, DEID_CONFIG_AT(patterns), NULL, "FILE",                                         \
      "JSON of the site's own id patterns and of its deny and allow lists (deid)", 0, 0, false, false },               \
    { "style", SETTING_KIND_STRING, DEID_CONFIG_AT(style), NULL, "STYLE",                                              \
      "codes, surrogates, tags or masks: what stands in place of an identifier (deid)", 0, 0, false, false },          \
    { "classes", SETTING_KIND_STRING, DEID_CONFIG_AT(classes), NULL, "WHICH",                                          \
      "eighteen, of Safe Harbor; wide: ages, years, countries, nationalities and occupations too; else, or auto: "     \
      "wide where a text of no known patient has no medicine in it (deid)", 0, 0,                                      \
      false, false },                                                                                                  \
    { "rules", SETTING_KIND_STRING, DEID_CONFIG_AT(rules), NULL, "FILE",                                               \
      "rules for FHIR elements in the format of Microsoft's anonymizer (deid --fhir)", 0, 0, false, false },           \
    { "map", SETTING_KIND_STRING, DEID_CONFIG_AT(map), NULL, "FILE",                                                   \
      "one sealed map for every text, kept for restore; made where there is none (deid)", 0, 0, false, false },        \
    { "key-file", SETTING_KIND_STRING, DEID_CONFIG_AT(key_file), NULL, "FILE",                                         \
      "the key of --map, 64 hex digits; made where there is none (deid)", 0, 0, false, false },                        \
    { "output", SETTING_KIND_STRING, DEID_CONFIG_AT(output), NULL, "FILE",                                             \
      "write there, whole or not at all, not to stdout (deid --text, --fhir, restore)", 0, 0, false, false }
/* clang-format on */

#endif
