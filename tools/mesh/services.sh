# Redis and the services as processes: start, wait for health, stop. A process is ours when its pid file names it and it
# still runs what we started.
pid_file() { echo "$MESH_RUN/$1.pid"; }
log_file() { echo "$MESH_RUN/$1.log"; }

# A program that was built anew meanwhile is told from its old file by " (deleted)".
pid_of() {
    local pid program
    pid=$(cat "$(pid_file "$1")" 2>/dev/null) || return 1
    program=$(readlink "/proc/$pid/exe" 2>/dev/null) || return 1
    [ "${program% (deleted)}" = "$(readlink -f "$(command_of "$1")")" ] && echo "$pid"
}
command_of() { if [ "$1" = redis ]; then command -v redis-server; else echo "$BIN/$1"; fi; }
is_running() { pid_of "$1" >/dev/null; }

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_port() {
    port_is_taken "$2" || return 0
    fail "port $2, which $1 wants, is taken by another process: stop that one, or choose other ports with MESH_PORT"
}

start() {
    local name=$1 log pid
    shift
    log=$(log_file "$name")
    pid=$(pid_file "$name")
    # From here on nothing may fail because Ctrl-C ends a child of this shell.
    hold_interrupts
    setsid "$@" >>"$log" 2>&1 </dev/null &
    echo $! >"$pid"
    # Not its own program yet: nobody could tell that it is ours.
    while kill -0 $! 2>/dev/null && ! is_running "$name"; do sleep 0.01 || true; done
    take_interrupts
}

arguments_of() {
    local common=("--listen=$(address_of "$1")" "--admin-listen=$(admin_of "$1")")
    case $1 in
    deid) common+=("--key-file=$MESH_RUN/deid.key") ;;
    context) common+=("--key-file=$MESH_RUN/context.key" "--redis=127.0.0.1:${PORT[redis]}" "--redis-password-file=$MESH_RUN/redis.password") ;;
    tokenizer | inference) common+=("--model=$MESH_MODEL") ;;
    gateway) common+=("--pseudonym-key-file=$MESH_RUN/gateway.key" "--audit-folder=$MESH_RUN/audit"
        "--audit-key-file=$MESH_RUN/audit.key" "--http-listen=127.0.0.1:${PORT[http]}" "--web-folder=$ROOT/web" "${TARGETS[@]:0:4}") ;;
    esac
    # More flags for one service: MESH_FLAGS_gateway="--log-level=debug"
    local more=MESH_FLAGS_$1
    # Where a table says who may call a leaf, whom it turns away is in a log of the leaf's own.
    case "$1 ${!more:-}" in
    gateway\ *) ;;
    *--peers=*) common+=("--refusals-folder=$MESH_RUN/refusals-$1" "--refusals-key-file=$MESH_RUN/refusals.key") ;;
    esac
    # shellcheck disable=SC2206
    common+=(${!more:-})
    printf '%s\n' "${common[@]}"
}

# Redis keeps what it has acknowledged: every write is in the append-only file before the answer.
start_redis() {
    local password=$MESH_RUN/redis.password
    [ -f "$password" ] || (umask 077 && head -c 24 /dev/urandom | base64 >"$password")
    mkdir -p "$MESH_RUN/redis"
    (umask 077 && cat >"$MESH_RUN/redis.conf" <<CONF
bind 127.0.0.1
port ${PORT[redis]}
dir $MESH_RUN/redis
requirepass $(cat "$password")
appendonly yes
appendfsync always
save ""
daemonize no
CONF
    )
    # What somebody preloads into the services (a test's clock) is not for Redis, which cannot start with it.
    start redis env -u LD_PRELOAD "$(command_of redis)" "$MESH_RUN/redis.conf"
}

start_service() {
    local arguments
    mapfile -t arguments < <(arguments_of "$1")
    start "$1" "$BIN/$1" "${arguments[@]}"
}

services_check() {
    local service running=()
    for service in redis "${SERVICES[@]}"; do
        if is_running "$service"; then running+=("$service"); fi
    done
    if [ ${#running[@]} -eq $((${#SERVICES[@]} + 1)) ]; then
        say "this mesh ($MESH_NAME) is running already: ./mesh status, ./mesh down"
        exit 0
    fi
    [ ${#running[@]} -eq 0 ] || fail "part of this mesh ($MESH_NAME) runs already (${running[*]}): ./mesh down first"
    [ -r "$MESH_MODEL" ] || fail "no model at $MESH_MODEL: point MESH_MODEL at a GGUF file"
    check_port redis "${PORT[redis]}"
    for service in "${SERVICES[@]}"; do
        check_port "$service" "${PORT[$service]}"
        check_port "$service (administration)" "$((PORT[$service] + ADMIN_OFFSET))"
    done
    check_port "gateway (HTTP)" "${PORT[http]}"
}

# Wait until all is well; a process that has ended is told with the last lines of its log.
HEALTH_S=60
services_wait() {
    local end=$((SECONDS + HEALTH_S)) service
    while [ $SECONDS -lt $end ]; do
        for service in redis "${SERVICES[@]}"; do
            is_running "$service" && continue
            progress_end
            tail -n 5 "$(log_file "$service")" >&2
            fail "$service has ended, and with it the mesh; its log is $(log_file "$service")"
        done
        if "$BIN/consilium" status --json --timeout=1s "${TARGETS[@]}" >/dev/null 2>&1; then
            progress_end "Redis and ${#SERVICES[@]} services serve on ports $MESH_PORT to ${PORT[redis]}; HTTP at http://127.0.0.1:${PORT[http]}"
            return
        fi
        progress "waiting for health …"
        sleep 0.1
    done
    progress_end
    "$BIN/consilium" status --timeout=2s "${TARGETS[@]}" >&2 || true
    fail "the mesh is not healthy after $HEALTH_S s; its logs are in $MESH_RUN"
}

# All or nothing: what ends before it is done takes down what it has started.
TAKE_DOWN=''
services_up() {
    local service
    services_check
    mkdir -p "$MESH_RUN"
    TAKE_DOWN=yes
    start_redis
    for service in "${SERVICES[@]}"; do start_service "$service"; done
    services_wait
    TAKE_DOWN=''
}

services_start() {
    local name=${1:-}
    [ "$name" = redis ] || [ -n "${PORT[$name]:-}" ] || fail "start takes redis or one of: ${SERVICES[*]}"
    build_is_there
    [ -d "$MESH_RUN" ] || fail "this mesh ($MESH_NAME) was not started: ./mesh up"
    if is_running "$name"; then fail "$name runs already"; fi
    check_port "$name" "${PORT[$name]}"
    if [ "$name" = redis ]; then start_redis; else start_service "$name"; fi
}

# The gateway first, so that no question is cut off from its leaves; Redis last.
services_down() {
    local service pid tries stopped=()
    for service in gateway inference tokenizer context deid redis; do
        pid=$(pid_of "$service") || continue
        kill -TERM "$pid" 2>/dev/null || true
        for ((tries = 0; tries < 150; tries++)); do
            is_running "$service" || break
            sleep 0.1
        done
        ! is_running "$service" || kill -KILL "$pid" 2>/dev/null || true
        rm -f "$(pid_file "$service")"
        stopped+=("$service")
    done
    if [ ${#stopped[@]} -eq 0 ]; then say "nothing of this mesh ($MESH_NAME) runs"; else say "stopped: ${stopped[*]}"; fi
}

services_logs() {
    local files=("$MESH_RUN"/*.log)
    [ $# -eq 0 ] || files=("$(log_file "$1")")
    [ -e "${files[0]}" ] || fail "no log at ${files[0]}"
    exec tail -n 50 -F "${files[@]}"
}
