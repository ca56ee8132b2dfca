# Measurements; docs/benchmarks.md says what they mean. More flags for the programs of one: MESH_BENCH_FLAGS="--repeats 3"
bench_programs() { echo "$(dirname "$BIN")/bench"; }

bench_rpc() {
    title "A call through the rpc layer, beside an async C++ gRPC server"
    # shellcheck disable=SC2086
    "$(bench_programs)/rpc_bench" echo "$(bench_programs)" ${MESH_BENCH_FLAGS:-}
}

bench_overload() {
    title "Four times what a server can do"
    # shellcheck disable=SC2086
    "$(bench_programs)/rpc_bench" overload "$(bench_programs)" ${MESH_BENCH_FLAGS:-}
}

# The gateway's own histogram of the same: the bucket that the median is in.
bench_ask_histogram() {
    local address=$1
    exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
    awk -F'[" ]' '/^gateway_ask_overhead_seconds_bucket/ { le[n] = $2; below[n++] = $NF }
        END { for (i = 0; i < n && below[i] * 2 < below[n - 1]; i++) continue
              if (n) printf "gateway_ask_overhead_seconds: median under %s s (%d answers)\n", le[i], below[n - 1] }' <&3
    exec 3>&-
}

# In a mesh of its own, beside one that may run, with a record of 1,000 resources.
bench_ask() {
    local patient=bench-1 folder
    title "What the mesh adds to an answer"
    MESH_NAME=$MESH_NAME-bench MESH_PORT=$((MESH_PORT + 40)) MESH_RUN=$(mktemp -d "${TMPDIR:-/tmp}/consilium-bench-XXXXXX")
    source "$ROOT/tools/mesh/settings.sh"
    folder=$MESH_RUN/record
    trap 'stop_job; services_down >/dev/null; rm -rf "$MESH_RUN"' EXIT
    services_up
    "$BIN/synthpop" --patients 1 --seed 7 --resources-target 1000 --out "$folder" >/dev/null
    "$BIN/consilium" put "${TARGETS[@]}" --patient="$patient" "$folder"/*.json
    # shellcheck disable=SC2086
    "$(bench_programs)/ask_bench" "$(address_of gateway)" "$patient" ${MESH_BENCH_FLAGS:-}
    bench_ask_histogram "$(admin_of gateway)"
    services_down >/dev/null
}

mesh_bench() {
    local what=${1:-all}
    # Programs that are not this build's are measured as they are.
    if [ "$BIN" = "$ROOT/build/release/bin" ]; then
        packages_install test
        build_release
    fi
    case $what in
    rpc) bench_rpc ;;
    overload) bench_overload ;;
    ask) bench_ask ;;
    all)
        bench_rpc
        bench_overload
        bench_ask
        ;;
    *) fail "bench takes rpc, overload or ask" ;;
    esac
}
