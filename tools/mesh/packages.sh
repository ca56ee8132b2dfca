# The Debian packages of the project. `build` is what building and running takes, `test` what the tests take besides.
PACKAGES_BUILD=(gcc g++ libc6-dev cmake ninja-build pkg-config protobuf-compiler protobuf-c-compiler libprotobuf-c-dev
    libgrpc-dev libuv1-dev libhttp-parser-dev libnghttp2-dev libcurl4-openssl-dev libhiredis-dev redis-server redis-tools libopenblas-dev libsodium-dev libjose-dev
    libzstd-dev libssl-dev libsimdjson-dev libcmocka-dev procps scowl wordnet-base)
PACKAGES_TEST=(libgrpc++-dev protobuf-compiler-grpc openssl curl nghttp2-client xz-utils clang libclang-rt-14-dev stunnel4
    chromium unzip libfaketime)

packages_missing() {
    local name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
    done
}

# The npm packages that the word lists of de-identification are compiled from. Without them the lists are smaller; the build goes on.
word_sources_install() {
    [ ! -d tools/deid/node_modules ] || return 0
    say "npm packages to install: the sources of the word lists (tools/deid/package.json)"
    mkdir -p build
    npm ci --prefix tools/deid --no-audit --no-fund --ignore-scripts >build/npm-words.log 2>&1 \
        || say "they could not be installed (build/npm-words.log): the word lists will be smaller"
}

packages_install() {
    local wanted=("${PACKAGES_BUILD[@]}")
    [ "$1" = test ] && wanted+=("${PACKAGES_TEST[@]}")
    command -v npm >/dev/null || wanted+=(nodejs npm)
    packages_install_more "${wanted[@]}"
    word_sources_install
}

packages_install_more() {
    local missing sudo=''
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    say "Debian packages to install: ${missing[*]}"
    run_quietly "package lists" "$ROOT/build/apt-update.log" $sudo apt-get update
    run_quietly "Debian packages" "$ROOT/build/apt-install.log" \
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
