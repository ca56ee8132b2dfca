# Measurements; docs/benchmarks.md says what they mean.
mesh_bench() {
    local what=${1:-all}
    packages_install test
    build_release
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
