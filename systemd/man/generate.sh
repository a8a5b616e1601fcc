#!/bin/sh
# Prints the generated parts of two manual pages, so that these parts are always up to date.
#
#   generate.sh commands RIVETCTL    each command with its options, from RIVETCTL --help
#   generate.sh settings FILE        each setting with its default and meaning, from the comments in FILE
set -eu

# Escapes text for troff: no escapes, no requests, hyphens that can be copied.
escaped() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"; }

# Prints the names of the subcommands: RIVETCTL COMMAND…
subcommands() {
    COLUMNS=200 "$@" --help | sed -n -e '/^  help /d' -e '/SUBCOMMANDS:$/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'
}

# Prints a section for one command: RIVETCTL COMMAND…
command_section() {
    shift
    echo ".SS $(echo "rivetctl $*" | escaped)"
    echo '.nf'
    COLUMNS=76 "$rivetctl" "$@" --help | grep -v "See '.*' for detailed help" | escaped
    echo '.fi'
}

commands() {
    rivetctl=$1
    for name in $(subcommands "$rivetctl"); do
        inner=$(subcommands "$rivetctl" "$name")
        if [ -z "$inner" ]; then command_section "$rivetctl" "$name"; fi
        for second in $inner; do command_section "$rivetctl" "$name" "$second"; done
    done
}

settings() {
    escaped <"$1" | awk '
        function flush() {
            if (is_code) { text = text ".fi\n" }
            if (names != "") { printf "%s%s", names, text }
            names = text = ""; is_code = 0
        }
        /^$/ { flush(); next }
        /^#[A-Z_]+=/ {
            names = names (names == "" ? ".TP\n" : ".TQ\n") ".B " substr($0, 2) "\n"
            next
        }
        {
            line = substr($0, 2)
            code = line ~ /^     /
            if (code != is_code) { text = text (code ? ".IP\n.nf\n" : ".fi\n.IP\n"); is_code = code }
            text = text (code ? substr(line, 6) : substr(line, 2)) "\n"
        }
        END { flush() }'
}

case ${1:-}-$# in
commands-2) commands "$2" ;;
settings-2) settings "$2" ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
esac
