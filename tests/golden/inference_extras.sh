#!/bin/sh
# Encoders, adapters and quantising beside llama.cpp's, on small files of random weights:
#     tests/golden/inference_extras.sh [BIN_FOLDER] [FOLDER]
# Errors are √Σ(a-b)² / √Σb². Encoders: ours and theirs; theirs computes the gate of BERT by the tanh formula and a table of 16-bit floats
# and ours by the error function, so 1e-3 is what can be. Adapters: the logits with the adapter, ours and theirs. Quantising: the error of
# the weights that ours and theirs leave, of the same file, every matrix of the same type; ours must not be larger by more than a
# hundredth. Installs the peer from npm into FOLDER (build/golden).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(realpath "${1:-$root/build/release/bin}")
. "$root/tests/golden/inference_peer.sh"
peer_install "${2:-$root/build/golden}"
samples=$(find "$(dirname "$bin")" -name inference_samples -type f | head -1)
shape=$(dirname "$bin")/bench/model_shape
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ids="5 17 90 33 21 8 9 10 11 12 44 55 66 77 88"
failed=0

compare() { # WHAT LIMIT
    awk -v what="$1" -v limit="$2" '
        FNR == 1 { file++ }
        { value[file, FNR] = $1; n = FNR }
        END {
            for (i = 1; i <= n; i++) { wrong += (value[1, i] - value[2, i]) ^ 2; all += value[2, i] ^ 2 }
            error = all > 0 ? sqrt(wrong / all) : 1
            printf "%-24s error %.1e%s\n", what, error, (error > limit) ? "  FAILED" : ""
            exit (error > limit)
        }' "$work/ours" "$work/theirs" || failed=$((failed + 1))
}

for kind in 0 1 2; do
    for type in F32 F16 Q8_0; do
        "$samples" encoder $kind $type "$work/encoder.gguf"
        "$bin/consilium" embed "$work/encoder.gguf" "$ids" --ids --raw | tr ' ' '\n' >"$work/ours"
        "$PEER" "$work/encoder.gguf" 1 embed $ids >"$work/theirs" 2>/dev/null
        case $type in F32) limit=2e-3 ;; F16) limit=3e-3 ;; *) limit=3e-2 ;; esac
        compare "encoder $kind $type" $limit
    done
done

"$samples" model "$work/model.gguf"
"$samples" adapter "$work/adapter.gguf"
"$bin/consilium" logits "$work/model.gguf" $ids --adapter="$work/adapter.gguf" >"$work/ours"
ADAPTER=$work/adapter.gguf "$PEER" "$work/model.gguf" 1 logits $ids >"$work/theirs" 2>/dev/null
compare adapter 1e-5

# A number of llama_ftype for each type.
for row in Q8_0:7 Q4_0:2 Q4_K:14 Q5_K:16 Q6_K:18; do
    type=${row%:*}
    "$shape" llama-tiny F32 "$work/exact.gguf"
    "$bin/consilium" quantize "$work/exact.gguf" "$work/ours.gguf" "$type" >/dev/null
    "$PEER" "$work/exact.gguf" 1 quantize "$work/theirs.gguf" "${row#*:}" >/dev/null 2>&1
    "$samples" compare "$work/exact.gguf" "$work/ours.gguf" "$work/theirs.gguf" || failed=$((failed + 1))
done
echo "$failed failed"
[ $failed -eq 0 ]
