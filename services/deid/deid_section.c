#include "deid_section.h"

#include "deid_like.h"
#include "deid_name.h"

#define COLUMNS_MAX 32
#define ABBREVIATION_BYTES_MAX 4
#define LINE_WORDS_MAX 5

/* A colon or an equals sign, with the blanks, quotes and brackets that stand around one. */
static bool is_label_gap(struct slice gap)
{
    unsigned signs = 0;
    size_t i;

    for (i = 0; i < gap.size; i++) {
        char c = gap.data[i];

        if (c == ':' || c == '=')
            signs++;
        else if (c != ' ' && c != '\t' && c != '"' && c != '\'' && c != '*' && c != ')' && c != '('
                 && c != '{' && c != '[')
            return false;
    }
    return signs > 0 && signs <= 2 && gap.size <= 32;
}

static bool is_label(const struct deid_tokens *tokens, unsigned index)
{
    return tokens->items[index].flags & (DEID_WORD_LABEL | DEID_WORD_KIN | DEID_WORD_TITLE)
           || deid_hint_at(tokens, index) & DEID_HINT_ROLE;
}

/* "Wren Ash": words of English that nobody would write with capitals behind a label of a person. */
static bool is_plain_words(const struct deid_tokens *tokens, unsigned first)
{
    uint32_t others = DEID_WORD_STOP | DEID_WORD_MEDICAL | DEID_WORD_FACILITY | DEID_WORD_LABEL
                      | DEID_WORD_ID_LABEL | DEID_WORD_MONTH | DEID_WORD_KIN | DEID_WORD_TITLE
                      | DEID_WORD_CREDENTIAL | DEID_WORD_NATION | DEID_WORD_STATE
                      | DEID_WORD_ORGANISATION;
    unsigned end = first;

    while (end < tokens->count && end < first + 3
           && (end == first || deid_like_gap(tokens, end - 1, " "))
           && deid_like_shape(tokens, end) == DEID_SHAPE_CAPITAL
           && deid_like_at(tokens, end) != DEID_LIKE_NEVER && !(tokens->items[end].flags & others)
           && deid_hint_at(tokens, end) == 0)
        end++;
    return end - first == 2;
}

/* Whether the word behind a label can begin a name: not "None", not "ED". */
static bool is_value(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    enum deid_like like = deid_like_at(tokens, index);

    if (token->flags & DEID_WORD_TITLE)
        return false; /* a title says so itself */
    if (like == DEID_LIKE_UNKNOWN && deid_like_shape(tokens, index) == DEID_SHAPE_UPPER)
        return token->end - token->start > ABBREVIATION_BYTES_MAX;
    return token->shape == DEID_SHAPE_INITIAL || like >= DEID_LIKE_EITHER
           || is_plain_words(tokens, index) || deid_name_end(tokens, index, false) > index + 1;
}

/* "SMITH, JOHN Q": the given names behind the comma. */
static unsigned turned_end(const struct deid_tokens *tokens, unsigned end)
{
    unsigned last;

    if (end >= tokens->count || !deid_like_capital(tokens, end)
        || !(deid_like_gap(tokens, end - 1, ", ") || deid_like_gap(tokens, end - 1, ","))
        || tokens->items[end].flags & (DEID_WORD_CREDENTIAL | DEID_WORD_STATE)
        || (deid_like_at(tokens, end) < DEID_LIKE_EITHER
            && tokens->items[end].shape != DEID_SHAPE_INITIAL))
        return end;
    last = deid_name_end(tokens, end, false);
    return last > end ? last : end;
}

static void value_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first)
{
    unsigned end, i;
    bool has_word = false;

    if (first >= tokens->count || !deid_like_capital(tokens, first) || !is_value(tokens, first))
        return;
    end = deid_name_end(tokens, first, false);
    if (end < first + 2 && is_plain_words(tokens, first))
        end = first + 2;
    if (end > first && end - first <= 2)
        end = turned_end(tokens, end);
    for (i = first; i < end; i++)
        has_word |= tokens->items[i].shape != DEID_SHAPE_INITIAL;
    if (has_word)
        deid_name_add(tokens, spans, first, end, DEID_SCORE_LABEL);
}

/* "Patient: Marcus Hollingsworth", "name=Mark White", "Dictated by Jo Bergqvist". */
static void section_label(const struct deid_tokens *tokens, struct deid_spans *spans,
                          unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);
    unsigned first = index + 1;

    if (first >= tokens->count || !is_label(tokens, index))
        return;
    if (slice_is(gap, " ") && slice_equal_fold(deid_token_text(tokens, first), SLICE("by"))) {
        gap = deid_tokens_gap(tokens, first++);
        if (slice_is(gap, " ") && tokens->items[index].flags & DEID_WORD_LABEL)
            value_add(tokens, spans, first);
    }
    if (is_label_gap(gap))
        value_add(tokens, spans, first);
}

/* "Pettibone 403A: NPO": who lies in a bed, in a list of a ward. */
static void section_bed(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index)
{
    struct slice bed = index + 1 < tokens->count ? deid_token_text(tokens, index + 1) : SLICE("");
    char after = index + 1 < tokens->count && tokens->items[index + 1].end < tokens->text.size
                     ? tokens->text.data[tokens->items[index + 1].end]
                     : 0;

    if (bed.size < 3 || bed.size > 5 || after != ':' || !deid_is_digit(bed.data[0])
        || deid_is_digit(bed.data[bed.size - 1]) || !deid_like_gap(tokens, index, " ")
        || !deid_like_capital(tokens, index) || !deid_like_starts(tokens, index)
        || deid_like_at(tokens, index) < DEID_LIKE_EITHER)
        return;
    deid_name_add(tokens, spans, index, index + 1, DEID_SCORE_WEAK);
}

/* A line: its tokens [first, end). */
static unsigned line_end(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end = first + 1;

    while (!deid_token_ends_line(tokens, end - 1))
        end++;
    return end;
}

/* What ends the first cell of a line: its end, a tab, a bar, a run of blanks. */
static bool is_cell_gap(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap = deid_tokens_gap(tokens, index);

    return deid_token_ends_line(tokens, index) || slice_find_byte(gap, '\t') < gap.size
           || slice_find_byte(gap, '|') < gap.size || slice_starts_with(gap, SLICE("  "));
}

/* "OKAFOR, NGOZI M     DOB": who a record is of, at the top of it, in capitals: names, or words
 * that nobody knows. */
static unsigned shouted_end(const struct deid_tokens *tokens, unsigned first)
{
    unsigned end = first, words = 0, commas = 0;

    for (;; end++) {
        const struct deid_token *token = &tokens->items[end];

        if (token->shape != DEID_SHAPE_INITIAL) {
            if (token->shape != DEID_SHAPE_UPPER || deid_like_at(tokens, end) < DEID_LIKE_EITHER
                || token->end - token->start < 3 || deid_hint_at(tokens, end) != 0)
                return first;
            words++;
        }
        if (is_cell_gap(tokens, end))
            break;
        if (deid_like_gap(tokens, end, ", ") || deid_like_gap(tokens, end, ","))
            commas++;
        else if (!deid_like_gap(tokens, end, " ") && !deid_like_gap(tokens, end, "-"))
            return first;
        if (commas > 1 || end - first >= LINE_WORDS_MAX)
            return first;
    }
    return words >= 2 && commas == 1 ? end + 1 : first;
}

/* A line that is nothing but a name: "Maeve Kowalski-Antonelli" over an address, "— A. Okafor". */
static bool is_name_line(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    unsigned i, words = 0, names = 0;

    if (end - first < 2 || end - first > LINE_WORDS_MAX)
        return false;
    for (i = first; i < end; i++) {
        enum deid_like like = deid_like_at(tokens, i);
        struct slice gap = deid_tokens_gap(tokens, i);

        if (i + 1 < end && !slice_is(gap, " ") && !slice_is(gap, "-") && !slice_is(gap, ". ")
            && !slice_is(gap, "'"))
            return false;
        if (tokens->items[i].shape == DEID_SHAPE_INITIAL)
            continue;
        if (deid_hint_at(tokens, i) & (DEID_HINT_PARTICLE | DEID_HINT_SUFFIX))
            continue;
        if (deid_like_shape(tokens, i) != DEID_SHAPE_CAPITAL || like < DEID_LIKE_EITHER
            || deid_hint_at(tokens, i) & (DEID_HINT_HOUSE | DEID_HINT_FIRM)
            || tokens->items[i].flags & (DEID_WORD_FACILITY | DEID_WORD_STREET))
            return false;
        words++;
        names += like != DEID_LIKE_EITHER;
    }
    return words > 0 && names > 0;
}

static void section_lines(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    unsigned first, end;

    for (first = 0; first < tokens->count; first = end) {
        struct slice gap;

        end = line_end(tokens, first);
        gap = deid_tokens_gap(tokens, end - 1);
        if (tokens->items[first].shape == DEID_SHAPE_UPPER)
            deid_name_add(tokens, spans, first, shouted_end(tokens, first), DEID_SCORE_LABEL);
        if (end - first <= LINE_WORDS_MAX && is_name_line(tokens, first, end)
            && (gap.size == 0 || gap.data[0] == '\n' || gap.data[0] == ',' || gap.data[0] == ' '
                || gap.data[0] == '\r'))
            deid_name_add(tokens, spans, first, end, DEID_SCORE_LIST);
    }
}

/* Where cells end in a table. */
static bool is_cell_end(char c)
{
    return c == '|' || c == '\t';
}

static unsigned count_cells(struct slice gap)
{
    unsigned cells = 0;
    size_t i;

    for (i = 0; i < gap.size; i++)
        cells += is_cell_end(gap.data[i]);
    return cells;
}

/* The head of a table at [@first, @end): which columns hold names, as bits; 0 when it is none. */
static uint32_t table_head(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    uint32_t columns = 0;
    unsigned i, column = 0, labels = 0;

    for (i = first; i < end && column < COLUMNS_MAX; i++) {
        bool is_last = i + 1 == end || count_cells(deid_tokens_gap(tokens, i)) > 0;

        if (is_last && tokens->items[i].flags & DEID_WORD_LABEL)
            columns |= 1u << column;
        labels += is_last && tokens->items[i].flags & (DEID_WORD_LABEL | DEID_WORD_ID_LABEL);
        if (deid_like_at(tokens, i) == DEID_LIKE_NAME)
            return 0;
        if (i + 1 < end)
            column += count_cells(deid_tokens_gap(tokens, i)) > 0;
    }
    return column > 0 && labels > 0 ? columns : 0;
}

static void table_row(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                      unsigned end, uint32_t columns)
{
    unsigned i, column = 0;

    for (i = first; i < end && column < COLUMNS_MAX; i++) {
        bool is_first = i == first || count_cells(deid_tokens_gap(tokens, i - 1)) > 0;

        if (is_first && i > first)
            column++;
        if (is_first && column < COLUMNS_MAX && columns >> column & 1)
            value_add(tokens, spans, i);
    }
}

static bool has_cells(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    for (; first + 1 < end; first++)
        if (count_cells(deid_tokens_gap(tokens, first)) > 0)
            return true;
    return false;
}

/* "Name | DOB | MRN" and the rows below. */
static void section_tables(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    uint32_t columns = 0;
    unsigned first, end;

    if (memchr(tokens->text.data, '|', tokens->text.size) == NULL
        && memchr(tokens->text.data, '\t', tokens->text.size) == NULL)
        return;
    for (first = 0; first < tokens->count; first = end) {
        end = line_end(tokens, first);
        if (!has_cells(tokens, first, end)) {
            columns = 0;
            continue;
        }
        if (columns != 0)
            table_row(tokens, spans, first, end, columns);
        else
            columns = table_head(tokens, first, end);
    }
}

/* Two or three letters in one case that are no word of the lists. */
static bool is_initials(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    size_t size = token->end - token->start;

    return (size == 2 || size == 3)
           && (token->shape == DEID_SHAPE_LOWER || token->shape == DEID_SHAPE_UPPER)
           && !(token->flags
                & (DEID_WORD_MEDICAL | DEID_WORD_ENGLISH | DEID_WORD_STOP | DEID_WORD_CREDENTIAL
                   | DEID_WORD_STATE_ABBR | DEID_WORD_DRUG))
           && deid_hint_at(tokens, index) == 0;
}

/* Whether a sentence has ended before the sign that @gap ends with: ". -", ").--", " /". */
static bool is_signing_gap(struct slice gap)
{
    size_t end = gap.size;

    while (end > 0 && gap.data[end - 1] == ' ')
        end--;
    if (end == 0 || (gap.data[end - 1] != '-' && gap.data[end - 1] != '/'))
        return false;
    while (end > 0 && strchr("-/ ", gap.data[end - 1]) != NULL)
        end--;
    return end > 0 && strchr(".!?);", gap.data[end - 1]) != NULL;
}

/* "Recheck Monday. -mkr": who wrote it, behind the last sentence of a line. */
static void section_initials(const struct deid_tokens *tokens, struct deid_spans *spans,
                             unsigned index)
{
    struct slice after = deid_tokens_gap(tokens, index);

    if (index == 0 || (index + 1 < tokens->count && slice_find_byte(after, '\n') == after.size)
        || !is_signing_gap(deid_tokens_gap(tokens, index - 1)) || !is_initials(tokens, index))
        return;
    deid_spans_add(spans, (struct deid_span){ tokens->items[index].start, tokens->items[index].end,
                                              DEID_CLASS_NAME, DEID_FORM_VALUE, DEID_SCORE_LABEL });
}

/* "Wound dry. N.O.": two initials behind the last sentence of a line, and no abbreviation that
 * anybody else would write so. */
static void section_signed(const struct deid_tokens *tokens, struct deid_spans *spans,
                           unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    uint32_t others = DEID_WORD_MEDICAL | DEID_WORD_CREDENTIAL | DEID_WORD_STATE_ABBR
                      | DEID_WORD_COUNTRY | DEID_WORD_DRUG;
    char pair[2];

    if (index == 0 || index + 1 >= tokens->count || token[1].shape != DEID_SHAPE_INITIAL
        || !deid_like_gap(tokens, index, ".") || !deid_token_ends_line(tokens, index + 1)
        || slice_find_byte(slice_cut(tokens->text, token[1].end, tokens->text.size), '.') != 0
        || !slice_is(deid_tokens_gap(tokens, index - 1), ". ")
        || tokens->items[index - 1].shape != DEID_SHAPE_LOWER)
        return;
    pair[0] = tokens->text.data[token->start];
    pair[1] = tokens->text.data[token[1].start];
    if (deid_lexicon_find(tokens->lexicon, slice_of(pair, 2)) & others)
        return;
    deid_spans_add(spans, (struct deid_span){ token->start, token[1].end + 1, DEID_CLASS_NAME,
                                              DEID_FORM_VALUE, DEID_SCORE_LABEL });
}

void deid_section_scan(const struct deid_tokens *tokens, struct deid_spans *spans)
{
    unsigned i;

    if (tokens->text.size == 0)
        return;
    for (i = 0; i < tokens->count; i++) {
        struct slice gap = deid_tokens_gap(tokens, i);

        if (tokens->items[i].shape == DEID_SHAPE_CAPITAL)
            section_bed(tokens, spans, i);
        if (tokens->items[i].shape == DEID_SHAPE_INITIAL)
            section_signed(tokens, spans, i);
        if (tokens->items[i].end - tokens->items[i].start <= 3)
            section_initials(tokens, spans, i);
        if (gap.size > 0
            && (gap.data[0] != ' ' || (gap.size > 1 && is_label_gap(gap))
                || (i + 1 < tokens->count
                    && tokens->items[i + 1].end - tokens->items[i + 1].start == 2
                    && tokens->items[i].flags & DEID_WORD_LABEL)))
            section_label(tokens, spans, i);
    }
    section_lines(tokens, spans);
    section_tables(tokens, spans);
}
