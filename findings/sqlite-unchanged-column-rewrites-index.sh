#!/bin/bash
# SQLite: an UPDATE that sets an indexed column to the value that it has writes the index, too.
#
# Which indexes an UPDATE touches is decided when it is compiled, by the columns that SET names: of each, the old entry is
# deleted and the new one inserted, whether or not they differ. The page counts as changed and goes into the write-ahead log.
# An upsert that ends with "SET a = excluded.a, b = excluded.b, …" thus writes all indexes each time; one that leaves out
# the columns which stay as they are writes the table alone. A partial index is concerned also by the columns of its WHERE.
#
# Needs python3 with venv.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.46.1.0
"$folder/venv/bin/python" - "$folder/test.db" <<'PYTHON'
import os, sys
import apsw

connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
connection.execute("""
    CREATE TABLE t (id INTEGER PRIMARY KEY, coarse INTEGER, closed INTEGER, fine INTEGER);
    CREATE INDEX by_coarse ON t (coarse) WHERE closed = 0;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO t SELECT i, i * 7919 % 20000, 0, i FROM n;
""")

def frames(update):
    """Pages that each of 500 commits writes to the log."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for number in range(500):
        connection.execute(update, (number * 4999 % 20000 + 1,))
    return (os.path.getsize(sys.argv[1] + "-wal") - 32) / (4096 + 24) / 500

named = frames("UPDATE t SET fine = fine + 1, coarse = coarse WHERE id = ?")
condition = frames("UPDATE t SET fine = fine + 1, closed = closed WHERE id = ?")
left_out = frames("UPDATE t SET fine = fine + 1 WHERE id = ?")
print(f"SQLite {apsw.sqlite_lib_version()}: pages in the log for each commit:")
print(f"  the indexed column set to itself:              {named:.2f}")
print(f"  the column of the index's WHERE set to itself: {condition:.2f}")
print(f"  neither named:                                 {left_out:.2f}")
assert left_out == 1 and named > 1.9 and condition > 1.9
PYTHON
echo "as found: a column that is named costs its index a page"
