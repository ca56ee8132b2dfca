#!/bin/sh
# Units beside @lhncbc/ucum-lhc, the converter of the US National Library of Medicine:
#     tests/golden/context_units.sh [PROGRAM [FOLDER [COUNT]]]
# PROGRAM is context_units of a release build. Installs the peer from npm into FOLDER (build/golden). Fails where a value differs; "ours is stricter"
# counts what the peer converts and ours refuses: moles or equivalents into plain numbers.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${1:-$root/build/release/bin/context_units}")
folder=${2:-$root/build/golden}
mkdir -p "$folder"
cp "$root/tests/golden/context_units.mjs" "$folder/"
cd "$folder"
[ -e package.json ] || echo '{"private": true}' >package.json
npm install --no-audit --no-fund --silent --ignore-scripts @lhncbc/ucum-lhc@7.1.10
exec node context_units.mjs "$program" "${3:-20000}"
