#!/bin/bash
# dash: a signal for a background subshell that has just been started is lost, if the script has a trap for it.
#
# POSIX resets traps in a subshell to the default action, so SIGTERM should end one that has not set a trap yet. dash 0.5.12
# does that a moment after the fork. A signal that comes before runs the inherited handler, which only notes it, and with
# the reset the note is forgotten: the subshell goes on as if nothing had been sent. A script that starts a worker, ends at
# once and then kills and waits for it waits for ever. bash loses none, nor does dash without the trap.
#
# Needs Debian 12's apt (amd64 or arm64), and no rights.
set -euo pipefail

version=0.5.12-2
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"
apt-get -qq download "dash=$version"
dpkg-deb -x dash_*.deb "$folder/root"

cat >rounds.sh <<'SCRIPT'
[ "$1" = without ] || trap 'exit 143' TERM
lost=0
round=0
while [ $round -lt 10 ]; do
    (sleep 0.3; exit 9) &
    kill $!
    status=0
    wait $! || status=$?
    [ $status -ne 9 ] || lost=$((lost + 1))
    round=$((round + 1))
done
echo $lost
SCRIPT

dash_with=$("$folder/root/bin/dash" rounds.sh with 2>/dev/null)
dash_without=$("$folder/root/bin/dash" rounds.sh without 2>/dev/null)
bash_with=$(bash rounds.sh with 2>/dev/null)
echo "dash $version: of 10 signals $dash_with are lost with a trap in the script, $dash_without without one"
echo "bash ${BASH_VERSION%%(*}: $bash_with with a trap"
[ "$dash_with" -ge 5 ] && [ "$dash_without" = 0 ] && [ "$bash_with" = 0 ]
echo 'as found: what was sent before the subshell reset its traps is forgotten'
