# Sourced by inference_exact.sh and inference_speed.sh: llama.cpp as node-llama-cpp packs it (its libraries, and its headers from
# the git bundle beside them), from npm into the folder $1. Sets PEER, the program of inference_peer.cpp, and GGML_DIR.
peer_install() {
    folder=$1
    here=$(cd "$(dirname "$0")" && pwd)
    mkdir -p "$folder"
    cd "$folder"
    npm install --no-audit --no-fund --silent --ignore-scripts node-llama-cpp@3 @node-llama-cpp/linux-x64@3
    [ -d sources ] || git -c advice.detachedHead=false clone -q node_modules/node-llama-cpp/llama/gitRelease.bundle sources
    GGML_DIR=$folder/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
    PEER=$folder/inference_peer
    c++ -O2 -std=c++17 -Isources/include -Isources/ggml/include "$here/inference_peer.cpp" -o "$PEER" \
        "$GGML_DIR"/libllama.*.so "$GGML_DIR"/libggml.*.so "$GGML_DIR/libggml-base.so" -Wl,-rpath,"$GGML_DIR"
    export GGML_DIR
}
