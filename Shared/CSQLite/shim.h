#pragma once
#include <sqlite3.h>

/// `SQLITE_TRANSIENT`: SQLite copies the bytes before the call returns. The C macro is a cast that Swift cannot import.
static inline sqlite3_destructor_type rivet_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/// Prevents a checkpoint when `db`, the last connection, closes. `sqlite3_db_config` is variadic.
static inline int rivet_sqlite_no_checkpoint_on_close(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
