#include "context_render.h"

#include "base/utf8.h"
#include "context_words.h"

/* Words that say nothing about something that happened: it did. */
static bool is_plain_status(struct slice status)
{
    static const char *const plain[] = { "completed", "final",      "finished", "available",
                                         "current",   "superseded", "amended",  "corrected" };

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (slice_is(status, plain[i]))
            return true;
    return status.size == 0;
}

void render_day(const struct fhir_date *date, struct buffer *buffer)
{
    char text[FHIR_DATE_TEXT_BYTES];

    buffer_put(buffer, slice_of(text, fhir_date_format(date, text)));
}

static bool is_same_day(const struct fhir_date *a, const struct fhir_date *b)
{
    char x[FHIR_DATE_TEXT_BYTES], y[FHIR_DATE_TEXT_BYTES];
    size_t x_size = fhir_date_format(a, x), y_size = fhir_date_format(b, y);

    return slice_equal(slice_of(x, x_size), slice_of(y, y_size));
}

/* "in-progress" is FHIR's spelling, "in progress" ours. */
static void put_status_word(struct buffer *buffer, struct slice status)
{
    for (size_t i = 0; i < status.size; i++)
        buffer_put_byte(buffer, status.data[i] == '-' ? ' ' : status.data[i]);
}

/* "active since 2012-05-01"; "resolved, 2011-01-03 to 2011-01-20"; "stopped, from 2015-04-23". */
static void put_lasting_status(struct buffer *buffer, const struct fact *fact)
{
    bool has_start = fact->date.precision != FHIR_PRECISION_NONE;
    bool has_end = fact->end.precision != FHIR_PRECISION_NONE;

    if (fact->status.size > 0) {
        buffer_put_string(buffer, ", ");
        put_status_word(buffer, fact->status);
    }
    if (fact->is_active && has_start) {
        buffer_put_string(buffer, fact->status.size > 0 ? " since " : ", since ");
        render_day(&fact->date, buffer);
    } else if (has_start && has_end) {
        buffer_put_string(buffer, ", ");
        render_day(&fact->date, buffer);
        buffer_put_string(buffer, " to ");
        render_day(&fact->end, buffer);
    } else if (has_start || has_end) {
        buffer_put_string(buffer, has_start ? ", from " : ", until ");
        render_day(has_start ? &fact->date : &fact->end, buffer);
    }
}

static void put_point_status(struct buffer *buffer, const struct fact *fact)
{
    if (fact->end.precision >= FHIR_PRECISION_DAY && !is_same_day(&fact->date, &fact->end)) {
        buffer_put_string(buffer, ", until ");
        render_day(&fact->end, buffer);
    }
    if (!is_plain_status(fact->status)) {
        buffer_put_string(buffer, ", ");
        put_status_word(buffer, fact->status);
    }
}

static void put_value(struct buffer *buffer, const struct fact *fact)
{
    static const char *const flags[] = { "", " (low)", " (high)", " (abnormal)" };
    bool in_brackets = fact->kind == FACT_ALLERGY || fact->kind == FACT_ENCOUNTER;

    if (fact->value.size > 0) {
        buffer_put_string(buffer, in_brackets ? " (" : fact->kind == FACT_OBSERVATION ? " " : ", ");
        buffer_put(buffer, fact->value);
        if (in_brackets)
            buffer_put_byte(buffer, ')');
    }
    buffer_put_string(buffer, flags[fact->flag]);
}

void render_line(const struct fact *fact, struct buffer *buffer)
{
    bool lasts = fact_lasts(fact);

    if (!lasts && fact->date.precision != FHIR_PRECISION_NONE) {
        render_day(&fact->date, buffer);
        buffer_put_byte(buffer, ' ');
    }
    buffer_put(buffer, fact->noun);
    buffer_put_string(buffer, ": ");
    buffer_put(buffer, fact->label);
    if (fact->kind != FACT_MEDICATION)
        put_value(buffer, fact);
    if (lasts && fact->kind != FACT_DEMOGRAPHICS)
        put_lasting_status(buffer, fact);
    else if (!lasts)
        put_point_status(buffer, fact);
    if (fact->kind == FACT_MEDICATION)
        put_value(buffer, fact);
    if (fact->detail.size > 0) {
        buffer_put_string(buffer, ", ");
        buffer_put(buffer, fact->detail);
    }
}

struct slice render_in(const struct fact *fact, struct arena *arena)
{
    struct buffer buffer;

    buffer_init(&buffer, arena);
    if (buffer_reserve(&buffer, 128) == NULL)
        return (struct slice){ NULL, 0 };
    render_line(fact, &buffer);
    return buffer.is_full ? (struct slice){ NULL, 0 } : buffer_slice(&buffer);
}

/* The sentence that begins at @at: to a full stop, a line's end, or the text's. */
static struct slice sentence_at(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.size && text.data[end] != '\n') {
        char c = text.data[end++];

        if ((c == '.' || c == '?' || c == '!') && (end == text.size || text.data[end] == ' '))
            break;
    }
    return slice_cut(text, at, end);
}

struct weighing {
    float (*weigh)(const void *arg, uint32_t word);
    const void *arg;
    float sum;
};

static void weigh_word(void *arg, uint32_t word)
{
    struct weighing *weighing = arg;

    weighing->sum += weighing->weigh(weighing->arg, word);
}

static float weigh_sentence(struct weighing *weighing, struct slice sentence)
{
    weighing->sum = 0;
    words_each(sentence, weigh_word, weighing);
    return weighing->sum;
}

/* The whole words that fit into @room bytes; where even the first does not, as much of it as fits.
 */
static struct slice cut_at_word(struct slice text, size_t room)
{
    size_t end = utf8_whole_prefix(slice_cut(text, 0, room));
    size_t at = end;

    while (at > 0 && text.data[at] != ' ')
        at--;
    return slice_cut(text, 0, at > 0 ? at : end);
}

/* One line: white space folded, square brackets and quotes replaced, cut to @room bytes at a
 * character's border. */
static size_t put_sentence(struct buffer *buffer, struct slice sentence, size_t room)
{
    size_t start = buffer->size;

    sentence = slice_trim(sentence);
    if (sentence.size > room)
        sentence = cut_at_word(sentence, room);
    for (size_t i = 0; i < sentence.size; i++) {
        char c = sentence.data[i];

        if (c == '[' || c == ']')
            c = c == '[' ? '(' : ')';
        else if (c == '"')
            c = '\'';
        else if ((unsigned char)c < 0x20)
            c = ' ';
        buffer_put_byte(buffer, c);
    }
    return buffer->size - start;
}

/* Lines of markdown headings and dates carry no statement. */
static bool is_statement(struct slice sentence)
{
    sentence = slice_trim(sentence);
    return sentence.size > 10 && sentence.data[0] != '#';
}

void render_excerpt(struct slice text, float (*weigh)(const void *arg, uint32_t word),
                    const void *arg, struct buffer *buffer)
{
    struct weighing weighing = { weigh, arg, 0 };
    float best = 0;
    size_t at = 0, room = RENDER_EXCERPT_BYTES_MAX;
    bool is_first = true;
    struct slice sentence;

    for (at = 0; at < text.size; at += sentence.size + 1) {
        float weight;

        sentence = sentence_at(text, at);
        weight = is_statement(sentence) ? weigh_sentence(&weighing, sentence) : 0;
        best = weight > best ? weight : best;
    }
    buffer_put_string(buffer, ": \"");
    for (at = 0; at < text.size && room > 20; at += sentence.size + 1) {
        sentence = sentence_at(text, at);
        if (!is_statement(sentence)
            || (best > 0 && weigh_sentence(&weighing, sentence) < best * 0.6f))
            continue;
        if (!is_first)
            buffer_put_byte(buffer, ' ');
        is_first = false;
        room -= put_sentence(buffer, sentence, room - 1) + 1;
    }
    buffer_put_byte(buffer, '"');
}
