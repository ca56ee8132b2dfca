#!/bin/sh
# Speed beside llama.cpp on the same files, one after the other, with nothing else running:
#     tests/golden/inference_speed.sh [BIN_FOLDER] [FOLDER] [SHAPE...]
# For each shape (llama-1b, qwen-0.5b, smollm-135m) and type, 1 and 2 threads: prompt of 512 ids, answer of 64; then 8 and 16 answers at a
# time. Installs the peer from npm into FOLDER (build/golden), where the files are kept too.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(realpath "${1:-$root/build/release/bin}")
folder=${2:-$root/build/golden}
shapes=${3:-llama-1b}
prompt=${PROMPT:-512} answer=${ANSWER:-64}
. "$root/tests/golden/inference_peer.sh"
peer_install "$folder"

run() { # MODEL THREADS SEQUENCES
    "$bin/consilium" bench "$1" --threads="$2" --prompt-ids="$prompt" --answer-ids="$answer" --sequences="$3" --json
    "$PEER" "$1" "$2" bench "$prompt" "$answer" "$3" 2>/dev/null
}

for shape in $shapes; do
    types="Q8_0 Q4_0"
    [ "$shape" != llama-1b ] || types="$types Q4_K_M" # the others' rows are no multiples of 256
    for type in $types; do
        model=$folder/$shape-$type.gguf
        [ -f "$model" ] || "$(dirname "$bin")/bench/model_shape" "$shape" "$type" "$model"
        for threads in 1 2; do
            echo "$shape $type, threads: $threads"
            run "$model" $threads 1
        done
        for sequences in 8 16; do
            echo "$shape $type, threads: 2, answers at a time: $sequences"
            run "$model" 2 $sequences
        done
    done
done
