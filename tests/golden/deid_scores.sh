#!/bin/sh
# The development sets' scores of de-identification, each beside its goal.
#   tests/golden/deid_scores.sh [path of consilium] [folder of the sets]
exec node "$(dirname "$0")/deid_scores.mjs" "$@"
