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

# What an interruption must not fall into (a process is begun, and it is written down which) stands between hold_interrupts and take_interrupts.
INTERRUPTED=''
on_interrupt() {
    progress_end
    exit 130
}
hold_interrupts() { trap 'INTERRUPTED=yes' INT TERM HUP; }
take_interrupts() {
    trap on_interrupt INT TERM HUP
    [ -z "$INTERRUPTED" ] || on_interrupt
}

# The long command that runs now, as the leader of a process group of its own, so that it can be stopped whole.
JOB=''
stop_job() {
    local tries
    [ -n "$JOB" ] || return 0
    kill -TERM -- "-$JOB" 2>/dev/null || true
    for ((tries = 0; tries < 50; tries++)); do
        kill -0 -- "-$JOB" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL -- "-$JOB" 2>/dev/null || true
    JOB=''
}

# Run a command with its output in a file; its last line is the progress. On failure show the end of the file.
run_quietly() {
    local what=$1 log=$2
    shift 2
    mkdir -p "$(dirname "$log")"
    hold_interrupts
    setsid "$@" >"$log" 2>&1 </dev/null &
    JOB=$!
    # Not a group of its own yet: setsid has not run.
    while kill -0 "$JOB" 2>/dev/null && ! kill -0 -- "-$JOB" 2>/dev/null; do sleep 0.01 || true; done
    take_interrupts
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
