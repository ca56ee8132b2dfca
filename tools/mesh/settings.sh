# Names, ports and paths of one mesh: the only place where they stand.
MESH_NAME=${MESH_NAME:-default}
MESH_PORT=${MESH_PORT:-7100}
SHIPPED_MODEL=$ROOT/models/consilium-demo.gguf
MESH_MODEL=${MESH_MODEL:-$SHIPPED_MODEL}
MESH_RUN=${MESH_RUN:-$ROOT/run/$MESH_NAME}
BIN=${MESH_BIN:-$ROOT/build/release/bin}

# Only the shipped model is held to the sentences that were found; another phrases for itself.
[ "$MESH_MODEL" = "$SHIPPED_MODEL" ] || export GATEWAY_ANSWERS=${GATEWAY_ANSWERS:-words}

SERVICES=(deid context tokenizer inference gateway)
declare -A PORT=([gateway]=$MESH_PORT [deid]=$((MESH_PORT + 1)) [context]=$((MESH_PORT + 2))
    [tokenizer]=$((MESH_PORT + 3)) [inference]=$((MESH_PORT + 4)) [http]=$((MESH_PORT + 5)) [redis]=$((MESH_PORT + 9)))
ADMIN_OFFSET=10 # the administration port of a service is this far behind its own

address_of() { echo "127.0.0.1:${PORT[$1]}"; }
admin_of() { echo "127.0.0.1:$((PORT[$1] + ADMIN_OFFSET))"; }

# What the command needs to find this mesh.
TARGETS=()
for service in "${SERVICES[@]}"; do TARGETS+=("--$service=$(address_of "$service")"); done
# shellcheck disable=SC2206
TARGETS+=(${MESH_FLAGS_consilium:-})

SAMPLE=$ROOT/tools/consilium/sample
SAMPLE_BUNDLE=$SAMPLE/sample-patient.json
SAMPLE_NOTE=$SAMPLE/sample-note.txt
SAMPLE_ID=sample-patient
SAMPLE_QUESTION="What was the last hemoglobin A1c?"
