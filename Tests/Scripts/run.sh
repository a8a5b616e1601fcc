#!/bin/sh
# Runs the three services without systemd, and a chat with the bot, until the chat ends or Ctrl-C.
#
#   run.sh [--dir DIR | --fresh] [--script FILE]
#
#   --dir DIR      databases, sockets, logs and process ids go below DIR; .rivet if left out
#   --fresh        a directory of its own instead, removed at the end if all went well
#   --script FILE  play FILE instead of reading the terminal (rivet-chat --help has the syntax)
#
# With TELEGRAM_BOT_TOKEN set the bot is at Telegram instead, and the terminal shows the logs.
# A service that ends is started again, as systemd would. RIVET_BIN_DIR: the binaries, else .build/release.
# Everything that is started here is ended here, by process id, and waited for.
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

# While a person types: rivet-chat shows it, where it does not cut into the line.
notify() { if [ -n "$notices" ]; then say "$@" >&4; else say "$@"; fi; }

fail() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 1
}

# Ends the child of a keeper, if there is one. The first signal is lost if it comes before the child runs its program.
# shellcheck disable=SC2317 # Called by a trap, too.
end_child() { while [ -n "$child" ] && kill "$child" 2>/dev/null; do sleep 0.1; done; }

# Keeps one service alive until SIGTERM, or until there is a file $ending. A process of its own.
keep() {
    service=rivet-$1
    child=
    stopping=
    trap 'stopping=yes; end_child' TERM
    trap '' INT HUP
    # A signal that came before its trap was lost: in dash a new subshell still has the handler of this script's trap.
    [ ! -e "$ending" ] || stopping=yes
    # The token is the gateway's alone.
    [ "$1" = gateway ] || unset TELEGRAM_BOT_TOKEN
    ended=
    while [ -z "$stopping" ]; do
        began=$(date +%s)
        # In a session of its own: Ctrl-C is for this script, which ends the services in their order.
        setsid "$bin/$service" </dev/null >>"$log/$service.log" 2>&1 3<&- 4<&- &
        child=$!
        echo "$child" >"$pids/$service"
        [ -z "$ended" ] || notify "$ended; started again as $child"
        # A signal may have come before the child was known.
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
        # Nobody is left to end the service.
        kill -0 $$ 2>/dev/null || break
        if [ "$status" -eq 78 ]; then
            # A setting is wrong: starting again will not help.
            tail -n 1 "$log/$service.log" >"$dir/wrong-setting"
            kill $$
            break
        fi
        ended="$service ($was) $(describe "$status" "$service")"
        # Not in a hot loop when it cannot live.
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
    # Last started, first ended: the gateway before those that it needs.
    keepers="$! $keepers"
}

# Runs when the script exits, for whatever reason.
# shellcheck disable=SC2317 # Called by a trap.
finish() {
    status=$?
    trap - EXIT
    trap '' INT TERM HUP
    : >"$ending"
    # Until it is gone: the first signal may be lost, too.
    while [ -n "$chat" ] && kill "$chat" 2>/dev/null; do sleep 0.1; done
    for pid in $keepers; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    [ -z "$private_run" ] || rm -rf "$private_run"
    [ -z "$notices" ] || rm -f "$notices"
    rm -f "$ending"
    # As it was, also when rivet-chat was killed while it had the terminal.
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
    say "All is ended. What was saved is kept in $dir/state; the logs are in $dir/log."
    exit "$status"
}

# Beginning

for name in rivet-gateway rivet-state rivet-library; do
    [ -x "$bin/$name" ] || fail "there is no $bin/$name: 'make build' makes it"
done
for path in "$dir" "$dir/state" "$log" "$pids"; do
    error=$(umask 077 && mkdir -p "$path" 2>&1) || fail "${error#mkdir: }. Take another directory: run.sh --dir DIR"
done

# Held by this script, its keepers and the services for as long as one of them lives.
exec 9>"$dir/lock"
flock -n 9 || fail "$dir is in use, by the processes $(cat "$pids"/* 2>/dev/null | tr '\n' ' ')(and the script that keeps them):
end those with /quit or Ctrl-C in their terminal, or take another directory: make run DIR=/tmp/other"
rm -f "$pids"/* "$dir/wrong-setting" "$ending"

run=$dir/run
if [ "$(printf %s "$run/gateway.sock" | wc -c)" -gt $socket_path_bytes_max ]; then
    private_run=$(mktemp -d /tmp/rivet-run.XXXXXX)
    run=$private_run
    say "The path of $dir/run is too long for a socket: the sockets are in $run."
fi
export RIVET_STATE_DIR="$dir/state" RIVET_RUNTIME_DIR="$run" RIVET_BIN_DIR="$bin" RIVET_PID_DIR="$pids"

# The standard input of a command in the background is /dev/null, unless it is handed over.
exec 3<&0
trap finish EXIT
trap 'exit 129' HUP
# That is how a chat ends, too; a script that is broken off has failed.
trap 'exit 130' INT
[ -n "$script" ] || trap 'exit 0' INT
trap 'exit 143' TERM

if [ -z "$script" ] && [ -z "${TELEGRAM_BOT_TOKEN:-}" ]; then
    # Held open at both ends: who writes into it need not wait for rivet-chat.
    rm -f "$dir/notices"
    mkfifo -m 600 "$dir/notices"
    notices=$dir/notices
    exec 4<>"$notices"
    ! [ -t 3 ] || terminal=$(stty -g <&3)
fi
start state
start library

if [ -n "${TELEGRAM_BOT_TOKEN:-}" ] && [ -z "$script" ]; then
    say 'The bot is at Telegram: write to it there. Ctrl-C ends it. The logs of the services:'
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
    say 'terminal is your chat with the bot. What you type is sent to it, but for:'
    say '  #2             taps the button of that number; a number alone is a text'
    say '  /photo FILE    sends a photo'
    say '  \              at the end of a line: the text goes on in the next line'
    say '  /quit, Ctrl-D  ends, and so does Ctrl-C; what was saved is kept'
    say 'Begin with /addmachine; /library shows the machines. In another terminal:'
    say "  kill -9 \$(cat $pids/*)    kills all services; or kill one"
    say "  $bin/rivetctl show machines 1001"
    say "The logs are in $log. The real Telegram, with a token of @BotFather's:"
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
