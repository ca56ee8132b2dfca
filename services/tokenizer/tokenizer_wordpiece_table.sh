#!/bin/sh
# Makes tokenizer_wordpiece_table.h: what the reference for WordPiece, whose tables are of Unicode 8.0, does not know as punctuation, mark or
# format character yet. Categories by node (any later version of Unicode will do), ages by perl.
set -eu
cd "$(dirname "$0")"
node -e 'for (let c = 0; c < 0x110000; c++) if ((c < 0xd800 || c > 0xdfff) && /[\p{P}\p{Mn}\p{Cf}]/u.test(String.fromCodePoint(c))) console.log(c)' |
    perl -ne '
        chomp;
        next if chr($_) =~ /\p{Present_In: 8.0}/;
        if (@r && $r[-1][1] == $_ - 1) { $r[-1][1] = $_ } else { push @r, [$_, $_] }
        END {
            print "/* Made by tokenizer_wordpiece_table.sh. */\n/* clang-format off */\n";
            print "static const uint32_t later[][2] = {\n";
            printf "    { 0x%x, 0x%x },\n", @$_ for @r;
            print "};\n/* clang-format on */\n";
        }' >tokenizer_wordpiece_table.h
