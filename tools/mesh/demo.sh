# The main job, from nothing to an answer; and a question at a mesh that runs.
mesh_demo() {
    packages_install build
    build_release
    MESH_RUN=$(mktemp -d "${TMPDIR:-/tmp}/consilium-demo-XXXXXX")
    trap 'stop_job; services_down >/dev/null; rm -rf "$MESH_RUN"' EXIT
    services_up
    title "What de-identification does to a note"
    "$BIN/consilium" deid "${TARGETS[@]}" "$SAMPLE_NOTE"
    title "A patient's record goes in"
    "$BIN/consilium" put "${TARGETS[@]}" --patient="$SAMPLE_ID" "$SAMPLE_BUNDLE"
    title "A question is asked: $SAMPLE_QUESTION"
    "$BIN/consilium" ask "${TARGETS[@]}" "$SAMPLE_ID" "$SAMPLE_QUESTION"
}

mesh_ask() {
    local question=${1:-$SAMPLE_QUESTION}
    build_is_there
    is_running gateway || fail "this mesh ($MESH_NAME) does not run: ./mesh up"
    "$BIN/consilium" timeline "${TARGETS[@]}" "$SAMPLE_ID" >/dev/null 2>&1 \
        || "$BIN/consilium" put "${TARGETS[@]}" --patient="$SAMPLE_ID" "$SAMPLE_BUNDLE"
    exec "$BIN/consilium" ask "${TARGETS[@]}" "$SAMPLE_ID" "$question"
}
