#!/bin/bash
# The quick loop: builds, runs the tests that need no server and no other process, and checks the layout of the sources.
# check.sh [FILTER]: only the tests whose names match FILTER, of any kind.
set -euo pipefail

filter=${1:-}
export SWIFT_DETERMINISTIC_HASHING=1
which=(--skip PostgresTests --skip SocketTests --skip SimulationTests --skip '^SystemdTests\.')
[ -z "$filter" ] || which=(--filter "$filter")

swift build --no-color-diagnostics --build-tests
swift test --no-color-diagnostics --skip-build --disable-xctest "${which[@]}" </dev/null | grep -v -E '^◇|^✔ (Test "|Test [a-zA-Z]+\(|Suite )'
swift format lint --strict --recursive --parallel Package.swift Services Shared Tests migrations
