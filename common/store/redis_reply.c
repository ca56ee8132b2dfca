#include "store/redis_reply.h"

/* "WRONGTYPE", "NOAUTH", "ERR": what is longer or looks different may be somebody's text. */
#define WORD_BYTES_MAX 32

static struct slice first_word(struct slice text)
{
    struct slice word = slice_cut(text, 0, slice_find_byte(text, ' '));
    size_t i;

    for (i = 0; i < word.size; i++)
        if (word.data[i] < 'A' || word.data[i] > 'Z')
            return SLICE("error");
    return word.size == 0 || word.size > WORD_BYTES_MAX ? SLICE("error") : word;
}

/* What Redis will answer otherwise in a while, or elsewhere. */
static bool is_passing(struct slice word)
{
    static const char *const words[] = { "LOADING",     "READONLY", "MASTERDOWN", "NOREPLICAS",
                                         "CLUSTERDOWN", "TRYAGAIN", "MISCONF" };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i]))
            return true;
    return false;
}

static enum status refuse_error(const redisReply *from, struct error *err)
{
    struct slice word = first_word(slice_of(from->str, from->len));

    return error_set(err, is_passing(word) ? STATUS_UNAVAILABLE : STATUS_FAILED_PRECONDITION,
                     "redis answers %.*s", SLICE_FORMAT(word));
}

static enum status convert(const redisReply *from, struct arena *arena, struct redis_reply *to,
                           struct error *err);

/* An error inside an array (of EXEC, say) fails the whole: no caller would look for it. */
static enum status convert_items(const redisReply *from, struct arena *arena,
                                 struct redis_reply *to, struct error *err)
{
    struct redis_reply *items = ARENA_ARRAY(arena, struct redis_reply, from->elements);
    size_t i;

    if (items == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "a reply of %zu items has no room",
                         from->elements);
    to->items = items;
    to->count = from->elements;
    for (i = 0; i < from->elements; i++)
        if (convert(from->element[i], arena, &items[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

/* As deep as hiredis lets a reply nest: seven levels. */
static enum status convert(const redisReply *from, struct arena *arena, struct redis_reply *to,
                           struct error *err)
{
    switch (from->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        to->kind = REDIS_REPLY_KIND_STRING;
        to->string = slice_of(from->str, from->len);
        return STATUS_OK;
    case REDIS_REPLY_INTEGER:
        to->kind = REDIS_REPLY_KIND_INTEGER;
        to->integer = from->integer;
        return STATUS_OK;
    case REDIS_REPLY_NIL:
        to->kind = REDIS_REPLY_KIND_NIL;
        return STATUS_OK;
    case REDIS_REPLY_ARRAY:
        to->kind = REDIS_REPLY_KIND_ARRAY;
        return convert_items(from, arena, to, err);
    case REDIS_REPLY_ERROR:
        return refuse_error(from, err);
    default:
        return error_set(err, STATUS_INTERNAL, "redis reply of unknown type %d", from->type);
    }
}

const struct redis_reply *redis_reply_convert(const redisReply *from, struct arena *arena,
                                              struct error *err)
{
    struct redis_reply *to;

    if (from == NULL) {
        error_set(err, STATUS_UNAVAILABLE, "the connection to redis was lost");
        return NULL;
    }
    to = ARENA_NEW(arena, struct redis_reply);
    if (to == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a reply of redis");
        return NULL;
    }
    return convert(from, arena, to, err) == STATUS_OK ? to : NULL;
}

struct slice redis_reply_refusal(const redisReply *from)
{
    if (from == NULL || from->type != REDIS_REPLY_ERROR)
        return slice_of(NULL, 0);
    return slice_of(from->str, from->len);
}
