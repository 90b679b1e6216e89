// libpq's failures as Error. Private to this folder.
#pragma once

#include <libpq-fe.h>

#include <string>

#include "base/result.h"

namespace hearth {

// Of a result with status PGRES_FATAL_ERROR.
Error pg_statement_error(const PGresult* result);
// Of a connection that could not be made or broke; `what` begins the message. Error{unavailable}.
Error pg_connection_error(const PGconn* connection, std::string what);
// The server has ended, or is about to end, the session that answered so.
bool pg_ends_session(const PGresult* result);
// The prepared statement is no longer good (dropped, or a table changed under it): prepare it anew.
bool pg_outdated_statement(const PGresult* result);

}  // namespace hearth
