# The main job, from nothing to an answer; and a question at a mesh that runs.
DEMO_RUN=''
mesh_demo() {
    [ -n "${MESH_BIN:-}" ] || { packages_install build && build_release; }
    DEMO_RUN=$(mktemp -d "${TMPDIR:-/tmp}/consilium-demo-XXXXXX")
    MESH_RUN=$DEMO_RUN
    services_up
    TAKE_DOWN=yes
    title "What de-identification does to a note"
    "$BIN/consilium" deid "${TARGETS[@]}" --mesh "$SAMPLE_NOTE"
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
