# Every test: unit and loopback under sanitizers (CTest), then the mesh of real processes (tests/mesh).
# What a verbose log of CTest says: "PASSED FAILED SKIPPED". cmocka counts its own tests. An executable that did not pass is one failure at
# least, whatever it counted (it crashed, ran out of time, leaked, was not there); one that passed and counts nothing is one test.
ctest_count() {
    awk '
        match($0, /^[0-9]+: /) { test = substr($0, 1, RLENGTH - 2) }
        /^[0-9]+: .*\[  PASSED  \] [0-9]+ test/ { passed[test] += number("PASSED  ]"); counted[test] = 1 }
        /^[0-9]+: .*\[  FAILED  \] [0-9]+ test/ { failed[test] += number("FAILED  ]") }
        /^[0-9]+: .*\[  SKIPPED \] [0-9]+ test/ { skipped[test] += number("SKIPPED ]"); counted[test] = 1 }
        /^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: / {
            test = $0; sub(/^[^#]*#/, "", test); sub(/:.*/, "", test)
            ended[test] = 1
            if ($0 ~ / Passed +[0-9.]+ sec/) good[test] = 1
        }
        function number(word) { return substr($0, index($0, word) + length(word)) + 0 }
        END {
            for (test in ended) {
                if (!good[test] && !failed[test]) failed[test] = 1
                if (good[test] && !counted[test]) passed[test] = 1
                p += passed[test]; f += failed[test]; s += skipped[test]
            }
            print p + 0, f + 0, s + 0
        }' "$1"
}

ctest_run() {
    local log=build/dev-tests.log status=0 passed failed skipped
    ctest --test-dir build/dev -j "$(nproc)" --verbose >"$log" 2>&1 || status=$?
    read -r passed failed skipped < <(ctest_count "$log")
    # CTest that ran nothing, or fell over itself, has not passed.
    [ "$failed" -gt 0 ] || { [ $status -eq 0 ] && [ "$passed" -gt 0 ]; } || failed=1
    if [ "$failed" -gt 0 ]; then
        grep -E '\[  FAILED  \]|ERROR: |runtime error|SUMMARY|\*\*\*' "$log" | head -n 60 || true
        say "the whole output is in $log"
    fi
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
}

# The release build does the main job as a user sees it.
demo_test_run() {
    local log=build/demo-test.log
    if MESH_PORT=$((MESH_PORT + 100)) "$ROOT/mesh" demo >"$log" 2>&1 && grep -q '^citations' "$log"; then
        say "ok - ./mesh demo answers with citations"
        PASSED=$((PASSED + 1))
    else
        say "not ok - ./mesh demo"
        tail -n 30 "$log"
        FAILED=$((FAILED + 1))
    fi
}

# promtool alone, out of Debian's prometheus: the package itself would start a server.
promtool_fetch() {
    [ ! -x /usr/bin/promtool ] && [ ! -x build/prometheus/usr/bin/promtool ] || return 0
    mkdir -p build/prometheus
    (cd build/prometheus && apt-get download prometheus && dpkg-deb -x prometheus_*.deb .) >build/prometheus.log 2>&1 \
        || say "promtool could not be fetched (build/prometheus.log): its tests are skipped"
}

# The mesh tests, with the sanitizer build's programs, print "ok - NAME", "not ok - NAME" or "skip - NAME".
mesh_tests_run() {
    local log=build/mesh-tests.log
    local folder
    for folder in tests/mesh tests/web tests/deploy; do
        [ "$folder/package-lock.json" -nt "$folder/node_modules/.package-lock.json" ] || continue
        run_quietly "npm packages of $folder" build/npm.log npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts
    done
    promtool_fetch
    MESH_BIN=$ROOT/build/dev/bin node tests/mesh/run.js >"$log" 2>&1 || true
    grep -E '^(ok|not ok|skip) - |^    ' "$log" || true
    PASSED=$((PASSED + $(grep -c '^ok - ' "$log" || true)))
    SKIPPED=$((SKIPPED + $(grep -c '^skip - ' "$log" || true)))
    local failed
    failed=$(grep -c '^not ok - ' "$log" || true)
    if ! grep -q '^end of mesh tests$' "$log"; then
        tail -n 30 "$log"
        failed=$((failed + 1))
    fi
    FAILED=$((FAILED + failed))
}

mesh_test() {
    PASSED=0 FAILED=0 SKIPPED=0
    packages_install test
    build_preset dev
    build_release
    title "unit and loopback tests (address and undefined-behaviour sanitizers)"
    ctest_run
    title "the mesh"
    demo_test_run
    mesh_tests_run
    say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}
