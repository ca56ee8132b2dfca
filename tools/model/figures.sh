#!/bin/bash
# The figures of the model's card, from the mesh that runs (./mesh up): held-out patients, phrasings and conditions; with a folder of FHIR
# bundles those too.
#
#   tools/model/figures.sh FOLDER [BUNDLES]          BIN=build/release/bin  GATEWAY=127.0.0.1:7100
set -eu
folder=${1:?a folder to work in}
bin=${BIN:-build/release/bin} gateway=${GATEWAY:-127.0.0.1:7100}

[ -e "$folder/held" ] || "$bin/synthpop" --patients 120 --seed 909 --out "$folder/held"
"$bin/consilium" eval --gateway="$gateway" --report="$folder/held.html" "$folder/held"
"$bin/consilium" eval --gateway="$gateway" --split heldout --report="$folder/heldout.html" "$folder/held"
[ -e "$folder/new" ] || "$bin/synthpop" --patients 60 --seed 911 --heldout --out "$folder/new"
"$bin/consilium" eval --gateway="$gateway" --report="$folder/new.html" "$folder/new"
[ $# -gt 1 ] || exit 0
[ -e "$folder/bundles" ] || "$bin/synthpop" --bundles "$2" --patients 120 --seed 5 --questions 12 --out "$folder/bundles"
"$bin/consilium" eval --gateway="$gateway" --report="$folder/bundles.html" "$folder/bundles"
