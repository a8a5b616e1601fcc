#!/bin/sh
# Runs the three services without systemd, and a chat with the bot, until the chat ends or Ctrl-C.
#
#   run.sh [--dir DIR | --fresh] [--script FILE]
#
#   --dir DIR      databases, sockets, logs and process ids go below DIR; .rivet if left out
#   --fresh        use a temporary directory instead, and remove it at the end if all went well
#   --script FILE  play FILE instead of reading the terminal (rivet-chat --help has the syntax)
#
# If TELEGRAM_BOT_TOKEN is set, the bot uses the real Telegram, and the terminal shows the logs.
# A service that ends is started again, as systemd would. RIVET_BIN_DIR: the binaries, else .build/release.
# The script ends every process that it started, by process id, and waits for its end.
set -eu

dir=.rivet
is_fresh=
script=
while [ $# -gt 0 ]; do
    case $1 in
    --dir) dir=${2:?--dir needs a value} && shift 2 ;;
    --fresh) is_fresh=yes && shift ;;
    --script) script=${2:?--script needs a value} && shift 2 ;;
    *) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
    esac
done

bin=${RIVET_BIN_DIR:-.build/release}
[ -z "$is_fresh" ] || dir=$(mktemp -d /tmp/rivet-fresh.XXXXXX)
log=$dir/log
pids=$dir/pid
keepers=
chat=
private_run=
notices=
terminal=
ending=$dir/ending
socket_path_bytes_max=107

say() { printf '· %s\n' "$*"; }

# Shows a notice. While a person types, rivet-chat prints it, so that it does not cut into their line.
notify() { if [ -n "$notices" ]; then say "$@" >&4; else say "$@"; fi; }

fail() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 1
}

# Ends the child of a keeper, if there is one. Repeats the signal: it is lost if it comes before the child has started
# its program.
# shellcheck disable=SC2317 # Called by a trap, too.
end_child() { while [ -n "$child" ] && kill "$child" 2>/dev/null; do sleep 0.1; done; }

# Restarts one service until SIGTERM, or until the file $ending exists. Runs as a separate process.
keep() {
    service=rivet-$1
    child=
    stopping=
    trap 'stopping=yes; end_child' TERM
    trap '' INT HUP
    # A signal before these traps was lost: in dash a new subshell still has this script's trap handlers.
    [ ! -e "$ending" ] || stopping=yes
    # Only the gateway gets the token.
    [ "$1" = gateway ] || unset TELEGRAM_BOT_TOKEN
    ended=
    while [ -z "$stopping" ]; do
        began=$(date +%s)
        # In a new session, so that Ctrl-C reaches only this script. The script then ends the services in order.
        setsid "$bin/$service" </dev/null >>"$log/$service.log" 2>&1 3<&- 4<&- &
        child=$!
        echo "$child" >"$pids/$service"
        [ -z "$ended" ] || notify "$ended; started again as $child"
        # A signal may have come before $child was set.
        [ -z "$stopping" ] || end_child
        status=0
        wait "$child" 2>/dev/null || status=$?
        # A trapped signal ends `wait`, not the child.
        while kill -0 "$child" 2>/dev/null; do
            status=0
            wait "$child" 2>/dev/null || status=$?
        done
        was=$child
        child=
        [ -z "$stopping" ] || break
        # If the script is gone, nothing would end the service.
        kill -0 $$ 2>/dev/null || break
        if [ "$status" -eq 78 ]; then
            # A setting is wrong: a restart would not help.
            tail -n 1 "$log/$service.log" >"$dir/wrong-setting"
            kill $$
            break
        fi
        ended="$service ($was) $(describe "$status" "$service")"
        # Wait longer if the service fails right after its start.
        if [ $(($(date +%s) - began)) -lt 2 ] && [ "$status" -lt 128 ]; then sleep 2; else sleep 0.2; fi
    done
    rm -f "$pids/$service"
}

describe() {
    if [ "$1" -gt 128 ]; then
        echo "was ended by signal $(($1 - 128))"
    elif [ "$1" -eq 0 ]; then
        echo 'ended'
    else
        echo "ended with status $1: $(tail -n 1 "$log/$2.log")"
    fi
}

start() {
    keep "$1" &
    # The last one started is ended first: the gateway before the services that it calls.
    keepers="$! $keepers"
}

# Runs when the script exits, for any reason.
# shellcheck disable=SC2317 # Called by a trap.
finish() {
    status=$?
    trap - EXIT
    trap '' INT TERM HUP
    : >"$ending"
    # Repeat until the chat is gone: its first signal may be lost, too.
    while [ -n "$chat" ] && kill "$chat" 2>/dev/null; do sleep 0.1; done
    for pid in $keepers; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    [ -z "$private_run" ] || rm -rf "$private_run"
    [ -z "$notices" ] || rm -f "$notices"
    rm -f "$ending"
    # Restore the terminal, in case rivet-chat was killed while it had changed it.
    [ -z "$terminal" ] || stty "$terminal" <&3 2>/dev/null || :
    if [ -s "$dir/wrong-setting" ]; then
        cat "$dir/wrong-setting" >&2
        rm -f "$dir/wrong-setting"
        status=78
    fi
    echo
    if [ -n "$is_fresh" ] && [ "$status" -eq 0 ]; then
        rm -rf "$dir"
        exit 0
    fi
    say "All processes have ended. The saved data is in $dir/state; the logs are in $dir/log."
    exit "$status"
}

# Start

for name in rivet-gateway rivet-state rivet-library; do
    [ -x "$bin/$name" ] || fail "there is no $bin/$name: 'make build' makes it"
done
for path in "$dir" "$dir/state" "$log" "$pids"; do
    error=$(umask 077 && mkdir -p "$path" 2>&1) || fail "${error#mkdir: }. Use another directory: run.sh --dir DIR"
done

# This script, its keepers and the services hold the lock while one of them lives.
exec 9>"$dir/lock"
flock -n 9 || fail "$dir is in use, by the processes $(cat "$pids"/* 2>/dev/null | tr '\n' ' ')(and the script that keeps them):
end those with /quit or Ctrl-C in their terminal, or use another directory: make run DIR=/tmp/other"
rm -f "$pids"/* "$dir/wrong-setting" "$ending"

run=$dir/run
if [ "$(printf %s "$run/gateway.sock" | wc -c)" -gt $socket_path_bytes_max ]; then
    private_run=$(mktemp -d /tmp/rivet-run.XXXXXX)
    run=$private_run
    say "The path of $dir/run is too long for a socket: the sockets are in $run."
fi
export RIVET_STATE_DIR="$dir/state" RIVET_RUNTIME_DIR="$run" RIVET_BIN_DIR="$bin" RIVET_PID_DIR="$pids"

# The standard input of a background command is /dev/null, so keep ours as descriptor 3.
exec 3<&0
trap finish EXIT
trap 'exit 129' HUP
# Ctrl-C is a normal end of a chat. An interrupted script has failed.
trap 'exit 130' INT
[ -n "$script" ] || trap 'exit 0' INT
trap 'exit 143' TERM

if [ -z "$script" ] && [ -z "${TELEGRAM_BOT_TOKEN:-}" ]; then
    # Opened for reading and writing, so that a writer does not wait for rivet-chat.
    rm -f "$dir/notices"
    mkfifo -m 600 "$dir/notices"
    notices=$dir/notices
    exec 4<>"$notices"
    ! [ -t 3 ] || terminal=$(stty -g <&3)
fi
start state
start library

if [ -n "${TELEGRAM_BOT_TOKEN:-}" ] && [ -z "$script" ]; then
    say 'The bot uses the real Telegram: write to it there. Ctrl-C ends it. The logs of the services:'
    for name in rivet-gateway rivet-state rivet-library; do : >>"$log/$name.log"; done
    tail -q -n 0 -F "$log/rivet-gateway.log" "$log/rivet-state.log" "$log/rivet-library.log" 9>&- &
    chat=$!
    start gateway
    wait "$chat"
    exit
fi

TELEGRAM_BOT_TOKEN=7000000001:AAFakeTokenForTheSimulatorOnly_0123
export TELEGRAM_BOT_TOKEN
port_file=$dir/port
rm -f "$port_file"
if [ -z "$script" ]; then
    say 'Telegram is simulated on this machine. You are Ada, user id 1001, and this'
    say 'terminal is your chat with the bot. What you type is sent to it, except:'
    say '  #2             taps the button with that number; a number alone is a text'
    say '  /photo FILE    sends a photo'
    say '  \              at the end of a line: the text continues on the next line'
    say '  /quit, Ctrl-D  ends the chat, as Ctrl-C does; the saved data is kept'
    say 'Start with /addmachine; /library shows the machines. In another terminal:'
    say "  kill -9 \$(cat $pids/*)    kills all services; or kill one"
    say "  $bin/rivetctl show machines 1001"
    say "The logs are in $log. The real Telegram, with a token from @BotFather:"
    say '  TELEGRAM_BOT_TOKEN=123:abc make run'
    echo
    set -- --notices "$notices"
else
    set -- --script "$script"
fi
"$bin/rivet-chat" --token "$TELEGRAM_BOT_TOKEN" --port-file "$port_file" "$@" <&3 3<&- 4<&- 9>&- &
chat=$!
attempts=0
while [ ! -s "$port_file" ]; do
    kill -0 "$chat" 2>/dev/null || break
    attempts=$((attempts + 1))
    [ $attempts -le 200 ] || fail 'rivet-chat does not listen after 20 seconds'
    sleep 0.1
done
if [ -s "$port_file" ]; then
    TELEGRAM_API_URL=http://127.0.0.1:$(cat "$port_file")
    export TELEGRAM_API_URL
    start gateway
fi
status=0
wait "$chat" || status=$?
chat=
exit "$status"
