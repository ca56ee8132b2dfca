#!/bin/sh
# Makes tokenizer_unicode_table.h from UnicodeData.txt of Debian's package unicode-data (15.0.0):
#     ./tokenizer_unicode_table.sh > tokenizer_unicode_table.h
echo "/* Made by tokenizer_unicode_table.sh from UnicodeData.txt 15.0.0: ranges of letters (\\p{L}) and numbers (\\p{N}), ascending. */"
awk -F';' '
function hex(text,  i, value) {
    value = 0
    for (i = 1; i <= length(text); i++)
        value = value * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
    return value
}
function flush() {
    if (kind != "")
        printf "{ 0x%05X, 0x%05X, TOKENIZER_CLASS_%s },\n", first, last, kind
}
{
    point = hex($1)
    class = substr($3, 1, 1) == "L" ? "LETTER" : substr($3, 1, 1) == "N" ? "NUMBER" : ""
    # "<..., First>" and "<..., Last>" stand for all between them.
    if (class == kind && class != "" && (point == last + 1 || $2 ~ /, Last>$/)) {
        last = point
    } else {
        flush()
        kind = class
        first = last = point
    }
}
END { flush() }' "${1:-/usr/share/unicode/UnicodeData.txt}"
