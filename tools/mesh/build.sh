# Builds: release for running and measuring, dev with sanitizers for tests.
build_preset() {
    local preset=$1
    [ -f "build/$preset/build.ninja" ] || run_quietly "configure ($preset)" "build/$preset-configure.log" cmake --preset "$preset"
    run_quietly "build ($preset)" "build/$preset-build.log" env NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset"
}

build_release() { build_preset release; }

build_is_there() { [ -x "$BIN/consilium" ] || fail "nothing is built yet: ./mesh up or ./mesh demo builds it"; }
