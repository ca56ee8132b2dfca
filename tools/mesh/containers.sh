# The same mesh as containers under podman, each as its pod would run: a user of no rights, a read-only root, no capabilities, a limit of
# memory. They find each other by name on a network of their own; the ports are those of the mesh of processes.
container_of() { echo "$MESH_NAME-$1"; }

containers_run() {
    local name=$1 memory=$2
    shift 2
    run_quietly "container of $name" "$MESH_RUN/$name-container.log" podman run --detach --replace --name "$(container_of "$name")" \
        --label "consilium.mesh=$MESH_NAME" --network "$MESH_NAME" --network-alias "$name" --restart=always --stop-timeout=150 \
        --read-only --cap-drop=all --security-opt=no-new-privileges --user=65532:65532 --pids-limit=512 --memory="$memory" "$@"
}

# Folders that a container writes to, and files that it reads, belong to its user.
containers_folder() {
    mkdir -p "$1"
    chown -R 65532:65532 "$1"
}

containers_redis() {
    local folder=$MESH_RUN/containers
    mkdir -p "$folder/redis"
    [ -f "$folder/password" ] || (umask 077 && head -c 24 /dev/urandom | base64 >"$folder/password")
    (umask 077 && printf 'user default on >%s ~* &* +@all\nuser probe on nopass resetkeys resetchannels -@all +ping\n' "$(cat "$folder/password")" \
        >"$folder/redis/users.acl")
    # The configuration is the manifest's own.
    sed -n '/redis.conf: |/,/^---/{/redis.conf: |/d;/^---/d;s/^    //p}' deploy/kustomize/components/redis/redis.yaml >"$folder/redis/redis.conf"
    containers_folder "$folder/redis"
    containers_folder "$folder/data"
    chown 65532:65532 "$folder/password"
    containers_run redis 2g -v "$folder/redis:/redis:ro" -v "$folder/data:/data" "$(image_of redis)" /redis/redis.conf
}

# Services listen on the ports of their manifests, whatever MESH_PORT says outside.
declare -A CONTAINER_PORT=([gateway]=7100 [deid]=7101 [context]=7102 [tokenizer]=7103 [inference]=7104)
declare -A CONTAINER_MEMORY=([gateway]=512m [deid]=1g [context]=1536m [tokenizer]=256m [inference]=1g)

containers_service() {
    local name=$1 port=${CONTAINER_PORT[$1]} upper folder=$MESH_RUN/containers more=MESH_FLAGS_$1
    shift
    upper=${name^^}
    containers_folder "$folder/$name"
    # shellcheck disable=SC2086
    containers_run "$name" "${CONTAINER_MEMORY[$name]}" -v "$folder/$name:/keys" \
        -e "${upper}_LISTEN=0.0.0.0:$port" -e "${upper}_ADMIN_LISTEN=0.0.0.0:$((port + 10))" -e "${upper}_HEALTH_LISTEN=0.0.0.0:$((port + 20))" \
        -p "127.0.0.1:${PORT[$name]}:$port" -p "127.0.0.1:$((PORT[$name] + ADMIN_OFFSET)):$((port + 10))" "$@" \
        "$(image_of "$name")" ${!more:-}
}

containers_model() {
    [ "$MESH_MODEL" = "$SHIPPED_MODEL" ] || printf '%s\n' -v "$(readlink -f "$MESH_MODEL"):/usr/share/consilium/model.gguf:ro"
}

containers_up() {
    local name model
    command -v podman >/dev/null && podman image exists "$(image_of gateway)" || images_build
    [ "$(id -u)" -eq 0 ] || fail "containers get files of a user of their own, which takes root: sudo ./mesh up --containers"
    containers_configure
    services_check
    mkdir -p "$MESH_RUN"
    podman network exists "$MESH_NAME" || podman network create --label "consilium.mesh=$MESH_NAME" "$MESH_NAME" >/dev/null 2>&1
    mapfile -t model < <(containers_model)
    TAKE_DOWN=containers
    containers_redis
    containers_service deid -e DEID_KEY_FILE=/keys/deid.key
    containers_service context -e CONTEXT_KEY_FILE=/keys/context.key -e CONTEXT_REDIS=redis:6379 -e CONTEXT_REDIS_PASSWORD_FILE=/redis-password \
        -v "$MESH_RUN/containers/password:/redis-password:ro"
    containers_service tokenizer -e TOKENIZER_MODEL=/usr/share/consilium/model.gguf "${model[@]}"
    containers_service inference -e INFERENCE_MODEL=/usr/share/consilium/model.gguf "${model[@]}"
    containers_service gateway -e GATEWAY_PSEUDONYM_KEY_FILE=/keys/pseudonym.key -e GATEWAY_AUDIT_KEY_FILE=/keys/audit.key -e GATEWAY_AUDIT_FOLDER=/keys/audit \
        -e GATEWAY_WEB_FOLDER=/usr/share/consilium/web -e GATEWAY_HTTP_LISTEN=0.0.0.0:7105 -p "127.0.0.1:${PORT[http]}:7105" \
        -e GATEWAY_DEID=dns:///deid:7101 -e GATEWAY_CONTEXT=dns:///context:7102 -e GATEWAY_TOKENIZER=dns:///tokenizer:7103 -e GATEWAY_INFERENCE=dns:///inference:7104 \
        -e GATEWAY_ANSWERS="${GATEWAY_ANSWERS:-sentences}"
    containers_wait
    TAKE_DOWN=''
}

containers_wait() {
    local end=$((SECONDS + HEALTH_S)) name
    while [ $SECONDS -lt $end ]; do
        if podman run --rm --network "$MESH_NAME" "$(image_of consilium)" status --json --timeout=2s --gateway=gateway:7100 \
            --deid=deid:7101 --context=context:7102 --tokenizer=tokenizer:7103 --inference=inference:7104 >/dev/null 2>&1; then
            progress_end "Redis and ${#SERVICES[@]} services serve in containers on ports $MESH_PORT to ${PORT[inference]}; HTTP at http://127.0.0.1:${PORT[http]}"
            return
        fi
        progress "waiting for health"
        sleep 0.5
    done
    for name in redis "${SERVICES[@]}"; do
        say "$name:"
        podman logs --tail 3 "$(container_of "$name")" 2>&1 | tail -n 3
    done
    fail "the containers are not healthy after $HEALTH_S s"
}

# The names of this mesh's containers, running or not.
containers_there() {
    command -v podman >/dev/null || return 0
    podman ps --all --filter "label=consilium.mesh=$MESH_NAME" --format '{{.Names}}' 2>/dev/null || true
}

# The gateway first, so that no question is cut off from its leaves.
containers_down() {
    local name there stopped=()
    there=$(containers_there)
    [ -n "$there" ] || return 1
    containers_configure
    for name in gateway inference tokenizer context deid redis; do
        grep -qx "$(container_of "$name")" <<<"$there" || continue
        podman stop --time 15 "$(container_of "$name")" >/dev/null 2>&1 || true
        podman rm --force "$(container_of "$name")" >/dev/null 2>&1 || true
        stopped+=("$name")
    done
    podman network rm --force "$MESH_NAME" >/dev/null 2>&1 || true
    say "stopped: ${stopped[*]} (containers)"
}
