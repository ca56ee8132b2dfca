/* Halving: the part up to a border either fits or not, and a longer one has more tokens but for a
 * few at its end. The last part that was seen to fit is the answer, so that it fits whatever the
 * vocabulary does at ends. */
#include "tokenizer_truncate.h"

#include "base/utf8.h"
#include "tokenizer_unicode.h"

static bool is_border(struct slice text, size_t at, enum tokenizer_border border)
{
    size_t size;
    struct slice rest = slice_cut(text, at, text.size);

    if (rest.size == 0)
        return true;
    if (((unsigned char)rest.data[0] & 0xc0) == 0x80)
        return false;
    if (border == TOKENIZER_BORDER_CHARACTER)
        return true;
    if (border == TOKENIZER_BORDER_LINE)
        return rest.data[0] == '\n' || rest.data[0] == '\r';
    return tokenizer_unicode_class(utf8_decode(rest, &size)) == TOKENIZER_CLASS_SPACE;
}

/* The last border in (@low, @high]; @low where there is none. */
static size_t border_before(struct slice text, size_t low, size_t high,
                            enum tokenizer_border border)
{
    while (high > low && !is_border(text, high, border))
        high--;
    return high;
}

enum status tokenizer_truncate(const struct tokenizer_vocab *vocab, struct slice text,
                               size_t tokens_max, enum tokenizer_border border, size_t *bytes,
                               size_t *count, struct error *err)
{
    size_t low = 0, high = text.size, middle, at, found;
    enum status status;

    *bytes = *count = 0;
    status = tokenizer_encode_count_to(vocab, text, tokens_max, &found, err);
    if (status != STATUS_OK)
        return status;
    if (found <= tokens_max) {
        *bytes = text.size;
        *count = found;
        return STATUS_OK;
    }
    high = text.size - 1;
    while (low < high) {
        middle = low + (high - low + 1) / 2;
        at = border_before(text, low, middle, border);
        if (at == low) { /* none in the lower half: the first of the upper half, if it has one */
            at = middle;
            while (at <= high && !is_border(text, at, border))
                at++;
            if (at > high)
                break;
        }
        status = tokenizer_encode_count_to(vocab, slice_cut(text, 0, at), tokens_max, &found, err);
        if (status != STATUS_OK)
            return status;
        if (found <= tokens_max) {
            *bytes = low = at;
            *count = found;
        } else if (at <= middle) {
            high = at - 1;
        } else {
            high = middle - 1;
        }
    }
    return STATUS_OK;
}
