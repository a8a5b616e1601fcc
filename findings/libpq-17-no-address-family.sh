#!/bin/bash
# libpq 17: a process that may not make Internet sockets gets no reason for a failed connection.
#
# Under a sandbox that knows Unix sockets only (systemd's RestrictAddressFamilies=AF_UNIX, a seccomp filter), socket(2) fails with
# EAFNOSUPPORT. libpq 15 says "could not create socket: Address family not supported by protocol". libpq 17 takes the
# error for an address of a family that the machine lacks, goes on to the next address without a word, and after the last one
# the error message is empty. A program that passes libpq's message on shows nothing.
#
# Needs python3 with venv, and libseccomp (Debian's libseccomp2).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    psycopg2-binary==2.9.6 'psycopg[binary]==3.2.10' pyseccomp==0.1.2
"$folder/venv/bin/python" - <<'PYTHON'
import errno, socket
import psycopg, psycopg2, pyseccomp
from psycopg import pq

# From here on this process is like one in such a sandbox.
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for family in (socket.AF_INET, socket.AF_INET6):
    rules.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.EQ, int(family)))
rules.load()

address = "host=127.0.0.1 port=5432 user=me dbname=db sslmode=disable"
try:
    psycopg2.connect(address)
    said_15 = ""
except psycopg2.OperationalError as error:
    said_15 = str(error).strip()
connection = pq.PGconn.connect(address.encode())
said_17 = connection.error_message.decode().strip()

print(f"libpq {psycopg2.__libpq_version__}: {said_15!r}")
print(f"libpq {pq.version()}: {said_17!r}")
assert psycopg2.__libpq_version__ // 10000 == 15 and pq.version() // 10000 == 17
assert "Address family not supported by protocol" in said_15
assert connection.status == pq.ConnStatus.BAD and said_17 == ""
print("as found: libpq 17 has no message where libpq 15 names the cause")
PYTHON
