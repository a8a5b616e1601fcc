#!/bin/sh
# Installs the binaries of `make build` with units and settings, or uninstalls them.
#
#   install.sh install | uninstall
#
# DESTDIR: a directory to use as the root, to make packages. PREFIX: /usr/local if not set. RIVET_BIN_DIR: the
# binaries, else .build/release. Uninstall keeps settings, databases and users.
set -eu

root=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
bin=${RIVET_BIN_DIR:-.build/release}
services='rivet-gateway rivet-state rivet-library'
units='rivet.target rivet-gateway.service rivet-state.service rivet-state.socket rivet-library.service rivet-library.socket'
# The services' units start and stop these.
templates='rivet-backoff@.service'
# These are not started with the others: see README.md, "Monitoring" and "Webhook".
extra_units='rivet-metrics.service rivet-metrics.timer rivet-webhook.socket'

man_pages='man1/rivetctl.1 man5/rivet.env.5 man7/rivet.7 man8/rivet-gateway.8 man8/rivet-state.8 man8/rivet-library.8'
completion=share/bash-completion/completions/rivetctl

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

# Installs systemd/FILE as DIRECTORY/NAME, below the prefix: MODE FILE DIRECTORY/NAME. Replaces /usr in the file by the
# prefix.
place() {
    install -d "$root$prefix/${3%/*}"
    sed "s|/usr/|$prefix/|g" "systemd/$2" >"$root$prefix/$3"
    chmod "$1" "$root$prefix/$3"
}

# Installs a manual page: MAN-SECTION/FILE. Replaces @COMMANDS@ and @SETTINGS@ by text from rivetctl and from rivet.env.
place_man_page() {
    page=$root$prefix/share/man/$1
    place 644 "man/${1#*/}" "share/man/$1"
    for part in commands settings; do
        grep -q "^@$(echo $part | tr a-z A-Z)@$" "$page" || continue
        case $part in
        commands) systemd/man/generate.sh commands "$bin/rivetctl" ;;
        settings) systemd/man/generate.sh settings systemd/rivet.env | sed "s|/usr/|$prefix/|g" ;;
        esac >"$page.part"
        sed -i -e "/^@$(echo $part | tr a-z A-Z)@$/{r $page.part" -e 'd}' "$page"
        rm "$page.part"
    done
}

# Runs a command that informs systemd, unless this installs into another root or systemd does not run.
tell_systemd() {
    [ -z "$root" ] && [ -d /run/systemd/system ] || return 0
    "$@"
}

install_all() {
    for name in $services rivetctl; do
        [ -x "$bin/$name" ] || fail "there is no $bin/$name: 'make build' makes it"
    done
    install -d "$root$prefix/libexec/rivet" "$root$prefix/bin"
    for name in $services; do install -s -m 755 "$bin/$name" "$root$prefix/libexec/rivet/$name"; done
    install -s -m 755 "$bin/rivetctl" "$root$prefix/bin/rivetctl"
    for unit in $units $templates $extra_units; do place 644 "$unit" "lib/systemd/system/$unit"; done
    for file in alerts.yml dashboard.json; do place 644 "monitoring/$file" "share/rivet/monitoring/$file"; done
    place 644 sysusers.conf lib/sysusers.d/rivet.conf
    place 644 tmpfiles.conf lib/tmpfiles.d/rivet.conf
    for file in remote-tiers.conf nginx.conf; do place 644 "$file" "share/rivet/$file"; done
    for page in $man_pages; do place_man_page "$page"; done
    install -d "$root$prefix/${completion%/*}"
    # A shell sources this file and does not run it, so it needs no #! line.
    "$bin/rivetctl" --generate-completion-script bash | sed '1{/^#!/d}' >"$root$prefix/$completion"
    chmod 644 "$root$prefix/$completion"
    # Existing settings are kept.
    install -d "$root/etc/rivet"
    if [ ! -e "$root/etc/rivet/rivet.env" ]; then
        sed "s|/usr/|$prefix/|g" systemd/rivet.env >"$root/etc/rivet/rivet.env"
        chmod 640 "$root/etc/rivet/rivet.env"
    fi
    tell_systemd systemd-sysusers rivet.conf
    tell_systemd chgrp rivet /etc/rivet/rivet.env
    tell_systemd systemd-tmpfiles --create rivet.conf
    tell_systemd systemctl daemon-reload
}

uninstall_all() {
    # shellcheck disable=SC2086 # Each unit is one word.
    tell_systemd systemctl stop $units $extra_units
    tell_systemd systemctl disable --quiet rivet.target rivet-metrics.timer rivet-webhook.socket
    rm -rf "$root$prefix/libexec/rivet" "$root$prefix/share/rivet"
    rm -f "$root$prefix/bin/rivetctl" "$root$prefix/$completion"
    for page in $man_pages; do rm -f "$root$prefix/share/man/$page"; done
    rm -f "$root$prefix/lib/sysusers.d/rivet.conf" "$root$prefix/lib/tmpfiles.d/rivet.conf"
    rm -f "$root/var/lib/prometheus/node-exporter/rivet.prom"
    for unit in $units $templates $extra_units; do rm -f "$root$prefix/lib/systemd/system/$unit"; done
    tell_systemd systemctl daemon-reload
}

case ${1:-} in
install) install_all ;;
uninstall) uninstall_all ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
esac
