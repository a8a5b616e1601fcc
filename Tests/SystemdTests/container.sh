#!/bin/bash
# Boots a system in a container that leaves nothing behind: its root is a layer in memory over BASE, its network has
# only loopback, and none of its processes can reach the machine.
#
#   container.sh DIRECTORY OWNER BASE
#
# DIRECTORY: for the root; the file `leader` in it has the process ID of the container's systemd. BASE: / for this
# machine's system, or the root of another one. The container ends with this script, and the script ends with the
# process OWNER, or at SIGTERM. Run it as root under `unshare -m`.
set -euo pipefail

directory=$1
owner=$2
base=$3
layer=$directory/layer
container=

end() {
    trap '' TERM
    # When the container's first process ends, the kernel ends all the others, and its supervisor exits.
    if [ -s "$directory/leader" ]; then kill -KILL "$(cat "$directory/leader")" 2>/dev/null || :; fi
    if [ -n "$container" ]; then
        wait "$container" 2>/dev/null || :
    fi
}
trap end EXIT
trap 'exit 0' TERM

# Mounts made here are invisible outside, and disappear with the last process.
mount --make-rprivate /
mkdir -p "$layer"
mount -t tmpfs -o size=2G,mode=0755 tmpfs "$layer"
mkdir "$layer/changes" "$layer/work" "$layer/root"
mount -t overlay -o "lowerdir=$base,upperdir=$layer/changes,workdir=$layer/work" overlay "$layer/root"

# No service of the machine starts in it, and nothing is mounted.
root=$layer/root
rm -rf "$root"/etc/systemd/system/*.wants "$root/etc/systemd/system/default.target" "$root/etc/fstab" "$root/etc/rivet"
: >"$root/etc/fstab"
rm -rf "$root"/etc/systemd/system/rivet* "$root"/var/lib/rivet-* "$root"/etc/credstore/rivet.*
for unit in postgresql.service pgbouncer.service prometheus.service e2scrub_reap.service systemd-networkd-wait-online.service \
    getty.target console-getty.service systemd-timesyncd.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# The project is mounted at the same path, for the package in it. It is read-only, since the container's systemd empties
# /tmp when it starts.
systemd-nspawn --directory="$root" --boot --private-network --register=no --keep-unit --console=pipe \
    --link-journal=no --quiet --bind-ro="$PWD" systemd.unit=multi-user.target </dev/null &
container=$!

# Its first process is the systemd in it, whose ID is known soon after the start.
while [ ! -s "$directory/leader" ] && kill -0 "$container" 2>/dev/null; do
    leader=$(cat "/proc/$container/task/$container/children" 2>/dev/null || :)
    leader=${leader%% *}
    # Before it executes systemd, it is still busy with mounts.
    if [ -n "$leader" ] && [ "$(cat "/proc/$leader/comm" 2>/dev/null)" = systemd ]; then
        echo "$leader" >"$directory/leader.new"
        mv "$directory/leader.new" "$directory/leader"
    fi
    sleep 0.05
done
while kill -0 "$owner" 2>/dev/null && kill -0 "$container" 2>/dev/null; do sleep 0.2; done
