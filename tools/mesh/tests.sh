# Every test: unit and loopback under sanitizers (CTest), then the mesh of real processes (tests/mesh).
ctest_run() {
    local log=build/dev-tests.log status=0
    ctest --test-dir build/dev -j "$(nproc)" --verbose >"$log" 2>&1 || status=$?
    # cmocka counts its own tests; an executable that dies without its count is one failure.
    PASSED=$((PASSED + $(sed -nE 's/.*\[  PASSED  \] ([0-9]+) test.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')))
    SKIPPED=$((SKIPPED + $(grep -cE '\[  SKIPPED \] [a-z]' "$log" || true)))
    local failed
    failed=$(sed -nE 's/.*\[  FAILED  \] ([0-9]+) test.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    if [ $status -ne 0 ]; then
        grep -E '\[  FAILED  \]|ERROR: |runtime error|SUMMARY|\*\*\*' "$log" | head -n 60 || true
        say "the whole output is in $log"
        [ "$failed" -gt 0 ] || failed=1
    fi
    FAILED=$((FAILED + failed))
}

# The mesh tests print "ok - NAME", "not ok - NAME" or "skip - NAME".
mesh_tests_run() {
    local log=build/mesh-tests.log
    if [ ! -d tests/mesh/node_modules ]; then
        run_quietly "npm packages of the mesh tests" build/npm.log npm ci --prefix tests/mesh --no-audit --no-fund --ignore-scripts
    fi
    node tests/mesh/run.js >"$log" 2>&1 || true
    grep -E '^(ok|not ok|skip) - ' "$log" || true
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
    mesh_tests_run
    say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}
