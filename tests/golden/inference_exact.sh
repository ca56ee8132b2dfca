#!/bin/sh
# Logits beside llama.cpp's, for every family and type that inference computes, on files of random weights:
#     tests/golden/inference_exact.sh [BIN_FOLDER] [FOLDER]
# ours, theirs: √Σ(a-b)² / √Σb² against llama.cpp with the same weights as F32 (for F16 and BF16 before they are rounded); between: the two
# on the same file; top-1: whether ours has the same likeliest id as the F32 file. Fails when the likeliest id differs, when ours with F32 is
# further than 1e-5 (Gemma 1e-3: llama.cpp's gate comes from a table of 16-bit floats), or when ours is a quarter further off than theirs.
# Installs the peer from npm into FOLDER (build/golden).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(realpath "${1:-$root/build/release/bin}")
. "$root/tests/golden/inference_peer.sh"
peer_install "${2:-$root/build/golden}"
shape=$(dirname "$bin")/bench/model_shape
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ids="5 17 900 33 21 8 9 10 11 12 44 55 66 77 88 99 100 101 102 103 104 105 106 107 108 109 110"
failed=0

compare() {
    awk -v family="$1" -v type="$2" '
        FNR == 1 { file++ }
        { value[file, FNR] = $1; n = FNR }
        function distance(a, b,   i, wrong, all) {
            for (i = 1; i <= n; i++) { wrong += (value[a, i] - value[b, i]) ^ 2; all += value[b, i] ^ 2 }
            return sqrt(wrong / all)
        }
        function top(a,   i, best) { best = 1; for (i = 2; i <= n; i++) if (value[a, i] > value[a, best]) best = i; return best }
        END {
            ours = distance(1, 3); same = top(1) == top(3)
            limit = type == "F32" ? (family ~ /gemma/ ? 1e-3 : 1e-5) : 1.25 * distance(2, 3)
            bad = ours > limit || !same
            printf "%-12s %-7s ours %.1e  theirs %.1e  between %.1e  top-1 %s%s\n", family, type, ours, distance(2, 3), distance(1, 2),
                same ? "same" : "other", bad ? "  FAILED" : ""
            exit bad
        }' "$work/ours" "$work/theirs" "$work/exact"
}

for family in llama-tiny qwen2-tiny qwen3-tiny gemma2-tiny gemma3-tiny; do
    for type in F32 F16 BF16 Q8_0 Q4_0 Q4_K Q5_K Q6_K Q4_K_M IQ4_NL; do
        "$shape" $family $type "$work/model.gguf"
        "$shape" $family $type=F32 "$work/exact.gguf"
        "$bin/consilium" logits "$work/model.gguf" $ids >"$work/ours"
        "$PEER" "$work/model.gguf" 1 logits $ids >"$work/theirs" 2>/dev/null
        "$PEER" "$work/exact.gguf" 1 logits $ids >"$work/exact" 2>/dev/null
        compare $family $type || failed=$((failed + 1))
    done
done
echo "$failed failed"
[ $failed -eq 0 ]
