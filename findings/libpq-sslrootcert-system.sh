#!/bin/bash
# libpq: what sslrootcert=system means depends on the version.
#
# Up to libpq 15 "system" is the name of a file. With sslmode=require a file that is not there is no error, and by libpq's
# manual nothing is verified then. From libpq 16 on it means the certificates that the system trusts, and the same URL is
# refused before a connection is tried, unless sslmode is verify-full. So a URL that works on Debian 12 is refused on
# Debian 13.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check psycopg2-binary==2.9.6 'psycopg[binary]==3.2.10'
"$folder/venv/bin/python" - <<'PYTHON'
import psycopg, psycopg2, socket

# A port on which nothing listens: a client that gets as far as connecting is refused.
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
port = listener.getsockname()[1]

def outcome(connect, mode):
    try:
        connect(f"postgresql://me@127.0.0.1:{port}/db?sslrootcert=system&sslmode={mode}")
    except Exception as error:
        return str(error).strip().splitlines()[0]

old, new = psycopg2.__libpq_version__, psycopg.pq.version()
print(f"psycopg2 {psycopg2.__version__} with libpq {old}, psycopg {psycopg.__version__} with libpq {new}")
seen = {}
for version, connect in ((old, psycopg2.connect), (new, psycopg.connect)):
    for mode in ("require", "verify-full"):
        seen[version // 10000, mode] = said = outcome(connect, mode)
        print(f"libpq {version // 10000}, sslmode={mode}: {said}")

assert (old // 10000, new // 10000) == (15, 17)
assert "Connection refused" in seen[15, "require"] and "Connection refused" in seen[15, "verify-full"]
assert "weak sslmode" in seen[17, "require"] and "Connection refused" in seen[17, "verify-full"]
print("as found: libpq 15 goes on to connect with both, libpq 17 refuses sslmode=require beforehand")
PYTHON
