# What the mesh does now, every two seconds, from the services' own metrics: ./mesh top. With --once, two readings and one table.
TOP_S=${MESH_TOP_S:-2}

# A service's metrics, each line behind its name; nothing where it does not answer.
top_read() {
    local service=$1 address
    address=$(admin_of "$service")
    # shellcheck disable=SC2016
    timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3' _ "${address%:*}" "${address#*:}" 2>/dev/null \
        | grep -E '^(rpc_server|inference_|context_|gateway_|process_)' | sed "s/^/$service /" || true
}

top_reading() {
    local service
    echo "time $(date +%s.%N)"
    for service in gateway deid context tokenizer inference; do top_read "$service"; done
}

# Two readings, one behind the other with a line "--" between, to a table.
top_table() {
    awk -v bold="$BOLD" -v dim="$DIM" -v red="$RED" -v plain="$PLAIN" '
        function label(text, name,    at) {
            at = index(text, name "=\"")
            if (!at) return ""
            text = substr(text, at + length(name) + 2)
            return substr(text, 1, index(text, "\"") - 1)
        }
        function since(key) { return now[key] - before[key] }
        # The bound of the bucket that the fraction falls in; what is beyond the last is told by it.
        function quantile(service, fraction,    i, all, last) {
            all = since(service " rpc_server_seconds_bucket +Inf")
            if (all + 0 == 0) return "-"
            for (i = 0; i < bounds; i++) {
                last = bound[i]
                if (since(service " rpc_server_seconds_bucket " last) >= fraction * all) return sprintf("%.2f", last * 1000)
            }
            return ">" sprintf("%.0f", last * 1000)
        }
        /^--$/ { for (key in now) before[key] = now[key]; delete now; start = time; next }
        $1 == "time" { time = $2; next }
        {
            service = $1; name = $2; value = $NF
            sub(/\{.*/, "", name)
            alive[service] = time
            if ($2 ~ /method="Health\.|method="ServerReflection/) next
            if (name == "rpc_server_seconds_bucket") {
                le = label($2, "le")
                if (le != "+Inf" && !(le in known)) { known[le] = 1; bound[bounds++] = le }
                now[service " " name " " le] += value
            } else if (name == "rpc_server_calls_total") {
                status = label($2, "status")
                now[service " calls"] += value
                if (status ~ /^(UNKNOWN|INTERNAL|UNAVAILABLE|DATA_LOSS|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED)$/) now[service " failed"] += value
            } else now[service " " name] += value
        }
        END {
            seconds = time - start
            for (i = 1; i < bounds; i++) for (j = i; j > 0 && bound[j] + 0 < bound[j - 1] + 0; j--) { le = bound[j]; bound[j] = bound[j - 1]; bound[j - 1] = le }
            printf "%s%-10s %9s %9s %9s %9s %9s %8s %9s%s\n", bold, "", "calls/s", "failed/s", "p50 ms", "p99 ms", "in flight", "cpu %", "memory MB", plain
            split("gateway deid context tokenizer inference", services, " ")
            for (i = 1; i <= 5; i++) {
                service = services[i]
                if (alive[service] != time) { printf "%-10s %sdoes not answer%s\n", service, red, plain; continue }
                failed = since(service " failed") / seconds
                printf "%-10s %9.1f %s%9.1f%s %9s %9s %9d %8.0f %9.0f\n", service, since(service " calls") / seconds, (failed > 0 ? red : ""), failed, plain,
                    quantile(service, 0.5), quantile(service, 0.99), now[service " rpc_server_in_flight"],
                    100 * since(service " process_cpu_seconds_total") / seconds, now[service " process_resident_memory_bytes"] / 1e6
            }
            asks = since("gateway gateway_ask_overhead_seconds_count")
            printf "\n%sanswers%s    %.1f a second", dim, plain, asks / seconds
            if (asks > 0) printf ", %.1f ms each outside the engine", 1000 * since("gateway gateway_ask_overhead_seconds_sum") / asks
            printf "\n%sengine%s     %d running, %d waiting; %.0f tokens a second read (%.0f of them from the cache), %.0f written\n", dim, plain,
                now["inference inference_requests_running"], now["inference inference_requests_waiting"], since("inference inference_prompt_tokens_total") / seconds,
                since("inference inference_reused_tokens_total") / seconds, since("inference inference_generated_tokens_total") / seconds
            printf "%srecords%s    %d in memory (%.1f MB), %d of them not in Redis; Redis %s\n", dim, plain, now["context context_records"],
                now["context context_record_bytes"] / 1e6, now["context context_unsaved_records"], (now["context context_redis_up"] ? "answers" : red "is away" plain)
        }'
}

mesh_top() {
    local before now
    before=$(top_reading)
    while sleep "$TOP_S"; do
        now=$(top_reading)
        [ -z "$IS_TERMINAL" ] || [ "${1:-}" = --once ] || printf '\033[H\033[2J%s%s  %s%s\n\n' "$DIM" "$MESH_NAME" "$(date +%T)" "$PLAIN"
        printf '%s\n--\n%s\n' "$before" "$now" | top_table
        [ "${1:-}" != --once ] || return 0
        before=$now
    done
}
