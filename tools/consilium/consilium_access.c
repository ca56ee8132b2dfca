/* access key: a new API key. The key is shown once and kept nowhere; the gateway's access file gets
 * the line with its digest. */
#include <stdio.h>
#include <string.h>

#include "access/access.h"
#include "base/utf8.h"
#include "consilium.h"
#include "consilium_verbs.h"

static bool put_scopes(struct slice list, struct buffer *line)
{
    bool is_first = true;

    while (list.size > 0) {
        size_t end = slice_find_byte(list, ',');
        struct slice word = slice_trim(slice_cut(list, 0, end));

        if (access_scope_parse(word) == 0)
            return false;
        buffer_put_string(line, is_first ? "" : ",");
        buffer_put_json(line, word);
        is_first = false;
        list = slice_cut(list, end + 1, list.size);
    }
    return !is_first;
}

int access_verb(struct consilium *consilium)
{
    char key[ACCESS_KEY_TEXT_BYTES], hash[ACCESS_HASH_TEXT_BYTES];
    char **words = consilium->operands;
    struct buffer line;

    if (consilium->operands_count != 4 || strcmp(words[0], "key") != 0
        || !utf8_is_valid(slice_from(words[1])) || !utf8_is_valid(slice_from(words[2]))) {
        fprintf(stderr, "consilium: access takes: key NAME TENANT SCOPE,...\n");
        return CONSILIUM_EXIT_USAGE;
    }
    access_key_make(key, hash);
    buffer_init(&line, &consilium->arena);
    buffer_put_string(&line, "{\"name\":");
    buffer_put_json(&line, slice_from(words[1]));
    buffer_format(&line, ",\"hash\":\"%s\",\"tenant\":", hash);
    buffer_put_json(&line, slice_from(words[2]));
    buffer_put_string(&line, ",\"scopes\":[");
    if (!put_scopes(slice_from(words[3]), &line)) {
        fprintf(stderr, "consilium: scopes are ask, put, restore and admin, with commas\n");
        return CONSILIUM_EXIT_USAGE;
    }
    buffer_put_string(&line, "]}");
    if (consilium->config.json)
        printf("{\"key\":\"%s\",\"entry\":%.*s}\n", key, SLICE_FORMAT(buffer_slice(&line)));
    else
        printf("the key, shown this once:\n  %s\nfor \"keys\" of the access file:\n  %.*s\n", key,
               SLICE_FORMAT(buffer_slice(&line)));
    return CONSILIUM_EXIT_OK;
}
