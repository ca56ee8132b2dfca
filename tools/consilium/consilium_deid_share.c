#include "consilium_deid_share.h"

#include "base/utf8.h"

/* A word of the text, or a mark of punctuation. */
struct word {
    uint32_t start, end; /* code points */
    bool is_empty;       /* carries nothing */
    bool is_gold, is_found;
};

struct words {
    struct word *items;
    unsigned count;
};

/* A run of words that are marked, from its first to its last word that carries something. */
struct stretch {
    uint32_t start, end;
    unsigned first, last; /* words, last exclusive */
};

struct stretches {
    struct stretch *items;
    unsigned count;
};

/* clang-format off */
/* Words that tell nobody from anybody: of function, of addresses, of address to people, of spans of time. */
static const char empty_words[] =
    /* articles and pronouns */
    " a an the this that these those i me my we us our you your he him his she her hers it its they them "
    "their theirs myself himself herself itself themselves who whom whose which what "
    /* prepositions */
    " about above across after against along among around as at before behind below beside between beyond "
    "by down during for from in inside into near of off on onto out over past per since through "
    "throughout to toward towards under until up upon via with within without "
    /* conjunctions and adverbs */
    " and or nor but so if then than because while when where why how although though also again ago "
    "already always never now here there only just too very not no yes still yet however once "
    /* auxiliaries */
    " am are is was were be been being do does did done has have had can could may might must shall "
    "should will would "
    /* quantities */
    " all any both each either every few many more most much neither none other others several some such "
    "same own one two first last next "
    /* addresses */
    " street st road rd rue de address city state country zip po p.o box apt suite unit corner "
    /* people and firms */
    " mr mrs ms miss sir inc ltd s t "
    /* times */
    " day days week weeks weekend month months year years old age morning noon afternoon evening night "
    "y/o ";
/* clang-format on */

static bool is_empty_word(struct slice word)
{
    char needle[20];
    size_t i;

    while (word.size > 0 && word.data[word.size - 1] == '.') /* "mr.", "st." */
        word.size--;
    if (word.size == 0)
        return true;
    if (word.size + 2 >= sizeof(needle))
        return false;
    needle[0] = ' ';
    for (i = 0; i < word.size; i++) {
        char c = word.data[i];

        needle[i + 1] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    needle[word.size + 1] = ' ';
    return memmem(empty_words, sizeof(empty_words) - 1, needle, word.size + 2) != NULL;
}

static bool is_letter(uint32_t point)
{
    return (point >= '0' && point <= '9') || ((point | 32) >= 'a' && (point | 32) <= 'z')
           || (point >= 0x80 && point != 0xa0 && !(point >= 0x2000 && point <= 0x206f));
}

static bool is_blank(uint32_t point)
{
    return point == ' ' || (point >= 9 && point <= 13) || point == 0xa0
           || (point >= 0x2000 && point <= 0x200f);
}

/* What may stand inside a word: "o'neil", "3.5", "x@y.z", "1-2". A dash between letters parts. */
static bool is_inner(uint32_t before, uint32_t point, uint32_t after)
{
    bool is_digits = before <= '9' && after <= '9';

    if (!is_letter(before) || !is_letter(after))
        return false;
    return point == '.' || point == '@' || point == '_' || point == ':'
           || ((point == '-' || point == ',' || point == '/') && is_digits);
}

static bool is_marked(const struct word *word, const struct deid_gold_span *spans, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        if ((spans[i].start <= word->start && word->start < spans[i].end)
            || (word->start <= spans[i].start && spans[i].end <= word->end))
            return true;
    return false;
}

/* Parts of the text that lie between blanks become words and marks. @points and @at: each code
 * point and its byte. */
static bool words_read(struct words *words, struct slice text, struct arena *arena)
{
    uint32_t *points = ARENA_ARRAY(arena, uint32_t, text.size + 1);
    uint32_t *at = ARENA_ARRAY(arena, uint32_t, text.size + 1), count = 0, i = 0;
    size_t byte = 0, size;

    *words = (struct words){ ARENA_ARRAY(arena, struct word, text.size), 0 };
    if (points == NULL || at == NULL || words->items == NULL)
        return false;
    for (; byte < text.size; byte += size, count++) {
        points[count] = utf8_decode(slice_cut(text, byte, text.size), &size);
        at[count] = (uint32_t)byte;
    }
    at[count] = (uint32_t)text.size;
    while (i < count) {
        uint32_t start = i++;

        if (is_blank(points[start]))
            continue;
        while (is_letter(points[start]) && i < count
               && (is_letter(points[i])
                   || (i + 1 < count && is_inner(points[i - 1], points[i], points[i + 1]))))
            i++;
        words->items[words->count++] = (struct word){
            .start = start,
            .end = i,
            .is_empty =
                !is_letter(points[start]) || is_empty_word(slice_cut(text, at[start], at[i])),
        };
    }
    return true;
}

static bool words_between_are_empty(const struct words *words, unsigned from, unsigned to)
{
    for (; from < to; from++)
        if (!words->items[from].is_empty)
            return false;
    return true;
}

/* Add the run of marked words [@first, @last), or widen the stretch before it. */
static void stretch_add(struct stretches *stretches, const struct words *words, unsigned first,
                        unsigned last, bool is_joined)
{
    struct stretch *before = stretches->count > 0 ? &stretches->items[stretches->count - 1] : NULL;
    struct stretch stretch = { 0, 0, first, last };
    unsigned from = first, to = last;

    while (from < to && words->items[from].is_empty)
        from++;
    while (to > from && words->items[to - 1].is_empty)
        to--;
    if (from == to)
        return;
    stretch.start = words->items[from].start;
    stretch.end = words->items[to - 1].end;
    if (before != NULL && (is_joined || words_between_are_empty(words, before->last, first))) {
        before->end = stretch.end;
        before->last = last;
        return;
    }
    stretches->items[stretches->count++] = stretch;
}

static bool stretches_read(struct stretches *stretches, const struct words *words, bool is_gold,
                           bool is_joined, struct arena *arena)
{
    unsigned i = 0, first;

    *stretches = (struct stretches){ ARENA_ARRAY(arena, struct stretch, words->count), 0 };
    if (stretches->items == NULL)
        return false;
    while (i < words->count) {
        first = i;
        while (i < words->count && (is_gold ? words->items[i].is_gold : words->items[i].is_found))
            i++;
        if (i > first)
            stretch_add(stretches, words, first, i, is_joined);
        else
            i++;
    }
    return true;
}

static uint32_t common(const struct stretch *a, const struct stretch *b)
{
    uint32_t start = a->start > b->start ? a->start : b->start,
             end = a->end < b->end ? a->end : b->end;

    return end > start ? end - start : 0;
}

/* Shared letters of @gold and every one of @found that meets it, over all of theirs. */
static double share_of(const struct stretch *gold, const struct stretches *found, unsigned *met)
{
    uint32_t shared = 0, outside = 0;
    unsigned i;

    *met = 0;
    for (i = 0; i < found->count; i++) {
        uint32_t both = common(gold, &found->items[i]);

        if (both == 0)
            continue;
        (*met)++;
        shared += both;
        outside += found->items[i].end - found->items[i].start - both;
    }
    return (double)shared / (double)(gold->end - gold->start + outside);
}

static unsigned count_strays(const struct stretches *gold, const struct stretches *found)
{
    unsigned i, j, strays = 0;

    for (i = 0; i < found->count; i++) {
        for (j = 0; j < gold->count && common(&gold->items[j], &found->items[i]) == 0; j++)
            ;
        strays += j == gold->count;
    }
    return strays;
}

struct deid_interval_part deid_share_compare(const struct deid_gold *gold,
                                             const struct deid_gold_span *found,
                                             unsigned found_count, double share_min, bool is_joined,
                                             struct arena *scratch)
{
    struct deid_interval_part part = { 0 };
    struct stretches labelled, marked;
    struct words words;
    unsigned i, met;

    if (!words_read(&words, gold->text, scratch))
        return part;
    for (i = 0; i < words.count; i++) {
        words.items[i].is_gold = is_marked(&words.items[i], gold->spans, gold->spans_count);
        words.items[i].is_found = is_marked(&words.items[i], found, found_count);
    }
    if (!stretches_read(&labelled, &words, true, is_joined, scratch)
        || !stretches_read(&marked, &words, false, is_joined, scratch))
        return part;
    part.wanted = labelled.count;
    for (i = 0; i < labelled.count; i++) {
        bool is_match = share_of(&labelled.items[i], &marked, &met) >= share_min && met > 0;

        part.found += is_match;
        part.right += is_match;
        part.reported += met > 0; /* however many: they count as one */
    }
    part.reported += count_strays(&labelled, &marked);
    return part;
}
