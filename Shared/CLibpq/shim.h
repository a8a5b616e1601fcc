#pragma once
#include <libpq-fe.h>

// Macros of character constants. Swift imports them as types that `PQresultErrorField` does not accept.
static const int rivet_pg_diag_sqlstate = PG_DIAG_SQLSTATE;
/// Always in English, even if the server uses another language.
static const int rivet_pg_diag_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int rivet_pg_diag_message = PG_DIAG_MESSAGE_PRIMARY;
static const int rivet_pg_diag_context = PG_DIAG_CONTEXT;
static const int rivet_pg_diag_constraint = PG_DIAG_CONSTRAINT_NAME;

#include <sys/eventfd.h>

/// An eventfd by which other threads wake the thread that polls a connection. Glibc's Swift module has no eventfd.
static inline int rivet_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
