# Words on the terminal. Progress stands on one line that is written over; on a pipe it is a line now and then.
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    BOLD=$'\033[1m' DIM=$'\033[2m' RED=$'\033[31m' GREEN=$'\033[32m' PLAIN=$'\033[0m' IS_TERMINAL=yes
else
    BOLD='' DIM='' RED='' GREEN='' PLAIN='' IS_TERMINAL=''
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
fail() {
    printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2
    exit 1
}

progress() { [ -z "$IS_TERMINAL" ] || printf '\r\033[K%s%s%s' "$DIM" "$(cut -c "1-${COLUMNS:-100}" <<<"$*")" "$PLAIN"; }
progress_end() {
    [ -z "$IS_TERMINAL" ] || printf '\r\033[K'
    [ $# -eq 0 ] || printf '%s✓%s %s\n' "$GREEN" "$PLAIN" "$*"
}

# The long command that runs now, as the leader of a process group of its own, so that it can be stopped whole.
JOB=''
stop_job() {
    [ -z "$JOB" ] || kill -TERM -- "-$JOB" 2>/dev/null || true
    JOB=''
}

# Run a command with its output in a file; its last line is the progress. On failure show the end of the file.
run_quietly() {
    local what=$1 log=$2
    shift 2
    mkdir -p "$(dirname "$log")"
    setsid "$@" >"$log" 2>&1 </dev/null &
    JOB=$!
    while kill -0 "$JOB" 2>/dev/null; do
        progress "$what: $(tail -n 1 "$log" 2>/dev/null | tr -d '\r')"
        sleep 0.3
    done
    if ! wait "$JOB"; then
        JOB=''
        progress_end
        tail -n 40 "$log" >&2
        fail "$what failed; the whole output is in $log"
    fi
    JOB=''
    progress_end "$what"
}
