#pragma once
#include <sqlite3.h>

/// `SQLITE_TRANSIENT`: SQLite copies the bytes before the call returns. The C macro is a cast that Swift cannot import.
static inline sqlite3_destructor_type rivet_sqlite_transient(void) { return SQLITE_TRANSIENT; }
