#!/bin/sh
# What our grammars make of JSON Schemas, beside the JSON-Schema-Test-Suite (valid values are to be taken, in some order of their members, invalid ones
# not) and beside ajv 8 (what is said at random is to be valid):
#     tests/golden/schema_exact.sh [PROGRAM] [FOLDER] [WALKS]
# PROGRAM is schema_walk of a build. Installs ajv from npm into FOLDER (build/golden) and clones the suite there; SUITE names a clone that is there already.
# ROWS=1 prints a row for each file, WRONG=1 what differs, WHY=1 why schemas are refused.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${1:-$root/build/release/bin/schema_walk}")
folder=${2:-$root/build/golden}
mkdir -p "$folder"
cd "$folder"
[ -e package.json ] || echo '{"private": true}' >package.json
[ -d node_modules/ajv-formats ] || npm install --no-audit --no-fund --silent --ignore-scripts ajv@8.20.0 ajv-formats@3.0.1
if [ ! -d json-schema-test-suite ]; then
    git clone --quiet "${SUITE:-https://github.com/json-schema-org/JSON-Schema-Test-Suite}" json-schema-test-suite
fi
exec node "$root/tests/golden/schema_exact.mjs" "$program" json-schema-test-suite "${3:-20}"
