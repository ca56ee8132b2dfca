#include "deid_web.h"

#include "deid_check.h"

#define DOMAIN_BYTES_MAX 255
#define LOCAL_BYTES_MAX 64
#define URL_BYTES_MAX 2048

static bool is_mail_local(char c)
{
    return c != '\0' && (deid_is_word(c) || strchr("._%+-*", c) != NULL);
}

static bool is_domain(char c)
{
    return deid_is_word(c) || c == '.' || c == '-';
}

/* Around the '@' (or "%40") of @size bytes at @at: a mail address, or a handle. Returns where it
 * ends. */
static size_t mail_at(struct deid_scanner *scanner, size_t at, size_t size)
{
    struct slice text = scanner->tokens->text;
    size_t start = at, end = at + size;

    while (start > 0 && at - start < LOCAL_BYTES_MAX && is_mail_local(text.data[start - 1]))
        start--;
    while (end < text.size && end - at < DOMAIN_BYTES_MAX && is_mail_local(text.data[end]))
        end++;
    while (end > at && !deid_is_word(text.data[end - 1]))
        end--;
    while (start < at && !deid_is_word(text.data[start]) && text.data[start] != '*')
        start++;
    if (end - at > size + 2 && deid_is_letter(text.data[end - 1]))
        deid_scanner_add(scanner, start, end, start < at ? DEID_CLASS_EMAIL : DEID_CLASS_OTHER,
                         DEID_FORM_VALUE, DEID_SCORE_SHAPE);
    else if (end - at > size + 2)
        deid_scanner_add(scanner, start, end,
                         start < at && size == 1 ? DEID_CLASS_EMAIL : DEID_CLASS_OTHER,
                         DEID_FORM_VALUE, DEID_SCORE_LIST);
    return end > at ? end : at + size;
}

static bool is_url(char c)
{
    return (unsigned char)c > ' ' && strchr("<>\"'`{}|\\^", c) == NULL;
}

/* From a scheme or "www." at @start: as far as an address goes, without the sentence's own signs.
 */
static size_t url_add(struct deid_scanner *scanner, size_t start)
{
    struct slice text = scanner->tokens->text;
    size_t end = start, opened = 0, closed = 0;

    for (; end < text.size && end - start < URL_BYTES_MAX && is_url(text.data[end]); end++) {
        opened += text.data[end] == '(';
        closed += text.data[end] == ')';
        if (closed > opened)
            break;
    }
    while (end > start && strchr(".,;:!?)]", text.data[end - 1]) != NULL)
        end--;
    deid_scanner_add(scanner, start, end, DEID_CLASS_URL, DEID_FORM_VALUE, DEID_SCORE_SHAPE);
    return end;
}

/* Where the scheme that "://" at @at ends begins; @at when none does. */
static size_t scheme_start(struct slice text, size_t at)
{
    size_t start = at;

    while (start > 0 && at - start < 12
           && (deid_is_word(text.data[start - 1]) || text.data[start - 1] == '+'))
        start--;
    return start;
}

void deid_web_scan(struct deid_scanner *scanner)
{
    struct slice text = scanner->tokens->text;
    size_t at = 0;

    while ((at += slice_find_byte(slice_cut(text, at, text.size), '@')) < text.size)
        at = mail_at(scanner, at, 1);
    at = 0;
    while ((at += slice_find_byte(slice_cut(text, at, text.size), '%')) < text.size)
        at = slice_starts_with(slice_cut(text, at, text.size), SLICE("%40"))
                 ? mail_at(scanner, at, 3)
                 : at + 1;
    at = 0;
    while ((at += slice_find_byte(slice_cut(text, at, text.size), ':')) < text.size) {
        size_t start = scheme_start(text, at);

        if (start < at && slice_starts_with(slice_cut(text, at, text.size), SLICE("://"))
            && at + 3 < text.size && is_url(text.data[at + 3]))
            at = url_add(scanner, start);
        at++;
    }
}

static bool is_top_domain(struct slice word)
{
    static const char *const words[] = {
        "com",      "org",    "net",      "edu",    "gov",    "mil",  "info",    "biz",  "io",
        "co",       "us",     "uk",       "ca",     "au",     "de",   "fr",      "eu",   "health",
        "care",     "clinic", "app",      "dev",    "me",     "md",   "ai",      "ly",   "tv",
        "int",      "nhs",    "hospital", "doctor", "online", "site", "example", "test", "local",
        "internal", "in",     "ie",       "nl",     "ch",     "it",   "es",      "se",   "no",
        "nz",       "jp",     "cn",       "br",     "mx",     "ru",   NULL
    };

    return deid_scanner_is_one_of(word, words);
}

/* Top-level names that also are words or units: the sentence "pain.It is" is no address. */
static bool is_word_too(struct slice word)
{
    static const char *const words[] = { "in",    "me",      "it",     "no",   "us",   "co",
                                         "md",    "de",      "es",     "se",   "io",   "ai",
                                         "ca",    "au",      "ch",     "care", "test", "app",
                                         "dev",   "eu",      "ly",     "fr",   "info", "int",
                                         "local", "example", "online", "site", NULL };

    return deid_scanner_is_one_of(word, words);
}

static bool is_lower(struct slice word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] >= 'A' && word.data[i] <= 'Z')
            return false;
    return true;
}

size_t deid_web_scan_domain(struct deid_scanner *scanner, unsigned index)
{
    struct slice text = scanner->tokens->text, last;
    size_t start = scanner->tokens->items[index].start, end = start, dot = 0;
    unsigned labels = 1;

    if (start > 0 && (text.data[start - 1] == '@' || text.data[start - 1] == '.'))
        return 0;
    while (end < text.size && end - start < DOMAIN_BYTES_MAX && is_domain(text.data[end])) {
        if (text.data[end] == '.') {
            if (end + 1 >= text.size || !deid_is_word(text.data[end + 1]))
                break;
            dot = end;
            labels++;
        }
        end++;
    }
    last = slice_cut(text, dot + 1, end);
    if (dot == 0 || dot - start < 2 || !is_top_domain(last) || !is_lower(last)
        || deid_scanner_byte(scanner, end) == '@')
        return 0;
    if (is_word_too(last) && labels < 3 && deid_scanner_byte(scanner, end) != '/')
        return 0;
    if (deid_scanner_byte(scanner, end) == '/' || deid_scanner_byte(scanner, end) == ':')
        return url_add(scanner, start);
    deid_scanner_add(scanner, start, end, DEID_CLASS_URL, DEID_FORM_VALUE, DEID_SCORE_SHAPE);
    return end;
}

/* A name that is no word of medicine or of the language. */
static bool is_plain_name(const struct deid_scanner *scanner, struct slice letters)
{
    uint32_t flags = deid_lexicon_find(&scanner->rules->lexicon, letters);

    return letters.size >= 4 && flags & DEID_WORD_NAME
           && !(flags & (DEID_WORD_MEDICAL | DEID_WORD_DRUG | DEID_WORD_STOP));
}

size_t deid_web_scan_user(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_token *token = &scanner->tokens->items[index];
    struct slice text = scanner->tokens->text, word = deid_scanner_word(scanner, index), letters;
    size_t size = 0, start = token->start;

    while (size < word.size && word.data[size] >= 'a' && word.data[size] <= 'z')
        size++;
    letters = slice_cut(word, 0, size);
    if (size < 5 || word.size - size < 1 || word.size - size > 4
        || deid_check_digits(word) != word.size - size
        || !(is_plain_name(scanner, letters) || is_plain_name(scanner, slice_cut(word, 1, size))))
        return 0;
    while (start > 0 && token->start - start < LOCAL_BYTES_MAX
           && (deid_is_word(text.data[start - 1])
               || (strchr("._", text.data[start - 1]) != NULL && start > 1
                   && deid_is_word(text.data[start - 2]))))
        start--;
    deid_scanner_add(scanner, start, token->end, DEID_CLASS_OTHER, DEID_FORM_VALUE,
                     DEID_SCORE_LIST);
    return token->end;
}

/* The words of a spelt-out address that @index may join: "dot", "underscore", "dash". */
static bool is_spelt_sign(struct slice word)
{
    static const char *const words[] = { "dot", "underscore", "dash", "hyphen", "period", NULL };

    return deid_scanner_is_one_of(word, words);
}

static bool is_plain_gap(const struct deid_scanner *scanner, unsigned index)
{
    struct slice gap = deid_tokens_gap(scanner->tokens, index);

    for (size_t i = 0; i < gap.size; i++)
        if (strchr(" ([{<)]}>.-_", gap.data[i]) == NULL || gap.data[i] == '\0')
            return false;
    return gap.size > 0 && gap.size <= 4;
}

void deid_web_scan_spelt(struct deid_scanner *scanner, unsigned index)
{
    const struct deid_tokens *tokens = scanner->tokens;
    unsigned first, last = index + 1;
    bool is_dotted = false;
    struct slice gap;

    if (index == 0 || last >= tokens->count || !is_plain_gap(scanner, index - 1)
        || !is_plain_gap(scanner, index))
        return;
    /* The domain: "example dot org", "example (dot) org", "example.org". */
    while (last + 1 < tokens->count && last < index + 8) {
        gap = deid_tokens_gap(tokens, last);
        if (slice_is(gap, ".")) {
            last++;
        } else if (is_spelt_sign(deid_token_text(tokens, last + 1)) && is_plain_gap(scanner, last)
                   && last + 2 < tokens->count && is_plain_gap(scanner, last + 1)) {
            is_dotted |= slice_equal_fold(deid_token_text(tokens, last + 1), SLICE("dot"));
            last += 2;
        } else {
            break;
        }
    }
    gap = deid_tokens_gap(tokens, index - 1);
    if (last == index + 1 || !is_top_domain(deid_token_text(tokens, last))
        || (!is_dotted && slice_is(gap, " ")))
        return;
    for (first = index - 1; first > 0 && index - first < 8;) {
        gap = deid_tokens_gap(tokens, first - 1);
        if (slice_is(gap, ".") || slice_is(gap, "_") || slice_is(gap, "-"))
            first--;
        else if (first >= 2 && is_spelt_sign(deid_token_text(tokens, first - 1))
                 && is_plain_gap(scanner, first - 1) && is_plain_gap(scanner, first - 2))
            first -= 2;
        else
            break;
    }
    deid_scanner_add(scanner, tokens->items[first].start, tokens->items[last].end, DEID_CLASS_EMAIL,
                     DEID_FORM_VALUE, DEID_SCORE_SHAPE);
}
