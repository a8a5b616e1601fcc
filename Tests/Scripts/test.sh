#!/bin/bash
# Runs every check that a change must pass. The last line is `N passed, M failed`.
set -uo pipefail

# If it is set, a machine that cannot test the units is a failure.
require_systemd=${RIVET_REQUIRE_SYSTEMD:-}

# The caller's settings must not change the tests.
for name in $(compgen -e); do
    case $name in RIVET_* | TELEGRAM_*) unset "$name" ;; esac
done

results=.build/test-results
passed=0
failed=0

mkdir -p "$results"
rm -f "$results"/*
trap summary EXIT

# Prints the failures again: the report of a build server may show only the last lines.
summary() {
    echo
    grep -a -h -A 3 -e ' recorded an issue ' -e ' failed after ' -e '^-- FAILED' "$results"/*.log 2>/dev/null | cut -c -400 | tail -n 60
    echo "all of it took $((SECONDS / 60)) min"
    echo "$passed passed, $failed failed" | tee "$results/totals"
}

heading() { printf '\n== %s\n' "$*"; }

# Runs one check: NAME COMMAND…
check() {
    local name=$1 began=$SECONDS
    shift
    heading "$name"
    if "$@"; then
        passed=$((passed + 1))
        echo "-- passed: $name, in $((SECONDS - began)) s"
    else
        failed=$((failed + 1))
        echo "-- FAILED: $name" | tee -a "$results/failed.log"
        return 1
    fi
}

# Runs and counts the tests of the Swift package. Some run apart, because other tests would disturb them: tests with
# database servers, tests that kill processes while clients wait, and simulations, which keep the processors busy.
swift_tests() {
    swift_test units --skip PostgresTests --skip SocketTests --skip SimulationTests --skip '^SystemdTests\.'
    swift_test databases --filter PostgresTests
    # Each test starts processes. Without a limit they would delay each other.
    swift_test processes --filter SocketTests --skip SendLimitTests --experimental-maximum-parallelization-width 8
    swift_test limits --filter SendLimitTests
    swift_test simulations --filter SimulationTests
}

# Runs some of the tests: NAME FILTER…
swift_test() {
    heading "swift test: $1"
    local status=0 report=$results/$1.xml log=$results/$1.log
    shift
    # Lines about the start of a test are dropped: the line about its end has its name and its time.
    # A seed repeats the same events only if dictionaries have the same order: hence deterministic hashing.
    SWIFT_DETERMINISTIC_HASHING=1 swift test --no-color-diagnostics --skip-build --disable-xctest --xunit-output "$report" "$@" </dev/null |
        grep --line-buffered -v ' started\.$' | tee "$log" || status=${PIPESTATUS[0]}
    local all=0 bad=0
    if [ -f "$report" ]; then
        all=$(grep -c '<testcase ' "$report")
        bad=$(awk '/<testcase /{open=1} /<failure/{if (open) {n++; open=0}} END {print n+0}' "$report")
    fi
    # A run that was interrupted, or that had no tests, is one more failure.
    if [ "$all" -eq 0 ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        failed=$((failed + 1))
        echo "-- FAILED: swift test broke off with status $status"
    fi
    passed=$((passed + all - bad))
    failed=$((failed + bad))
}

# Tests the units and the package, in a container.
systemd_tests() {
    local why
    heading 'the package under systemd'
    if why=$(Tests/Scripts/systemd.sh cannot); then
        if [ -n "$require_systemd" ]; then
            failed=$((failed + 1))
            echo "-- FAILED: not tested, and RIVET_REQUIRE_SYSTEMD is set: $why"
        else
            echo "-- skipped: the units and the package were not tested: $why"
        fi
        return
    fi
    local package
    if check 'the Debian package' Tests/Scripts/systemd.sh package; then
        package=$(ls -t .build/rivet_*.deb | head -n 1)
        check 'the size of the package' Tests/Scripts/size.sh package "$package"
        RIVET_PACKAGE=$package swift_test systemd --filter '^SystemdTests\.'
        if check 'a root of Debian 13' Tests/Scripts/trixie.sh; then
            # The same tests, with fewer restarts.
            RIVET_PACKAGE=$package RIVET_SYSTEMD_BASE=$PWD/.build/debian-13 RIVET_RESTARTS=5 \
                swift_test systemd-debian-13 --filter '^SystemdTests\.'
        fi
    fi
}

# Fails if the same build in a terminal compiles anything. SwiftPM recompiles everything when its flags change, and in a
# terminal it adds a flag unless it gets --no-color-diagnostics.
built_for_terminal() {
    script -qec 'swift build --no-color-diagnostics --build-tests' /dev/null </dev/null >"$results/terminal-build.txt" || return 1
    # SwiftPM builds its plugins each time.
    ! grep -a -o -E '(Compiling|Linking) [A-Za-z0-9_-]+' "$results/terminal-build.txt" | grep -v ' plugin$' | sort -u | grep .
}

# Runs a chat through a pipe; then another one on the same storage, which continues where the first ended.
piped_chat() {
    local dir status=0
    dir=$(mktemp -d /tmp/rivet-pipe.XXXXXX)
    printf '/addmachine\nPump 1\n' | Tests/Scripts/run.sh --dir "$dir" >"$results/pipe-1.txt" 2>&1 &&
        printf 'Siemens\n' | Tests/Scripts/run.sh --dir "$dir" >"$results/pipe-2.txt" 2>&1 &&
        grep -F '✅ Nickname: Pump 1' "$results/pipe-1.txt" &&
        grep -F '✅ Manufacturer: Siemens' "$results/pipe-2.txt" || status=1
    [ $status -eq 0 ] || tail -n 30 "$results"/pipe-*.txt "$dir"/log/*.log
    rm -rf "$dir"
    return $status
}

check 'build for tests' swift build --no-color-diagnostics --build-tests && {
    check 'the same build in a terminal' built_for_terminal
    swift_tests
}
check 'no Foundation in what is installed' Tests/Scripts/size.sh imports
check 'style' swift format lint --strict --recursive --parallel Package.swift Services Shared Tests migrations
if check 'release build' swift build --no-color-diagnostics -c release --static-swift-stdlib; then
    check 'the size of the programs' Tests/Scripts/size.sh programs
    check 'a chat through a pipe, and again' piped_chat
    check 'a simulation of the store, 10,000 times' .build/release/rivet-simulate --seeds 10000
    check 'a simulation of sending, 10,000 times' .build/release/rivet-simulate --of sending --seeds 10000
    check 'the demo' Tests/Scripts/run.sh --fresh --script Tests/Scripts/demo.script
    systemd_tests
    check 'the benchmark' env RIVET_BENCH_DIR=.build .build/release/rivet-bench --short
fi

[ "$failed" -eq 0 ]
