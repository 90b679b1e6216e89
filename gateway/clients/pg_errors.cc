#include "clients/pg_errors.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "clients/pg.h"

namespace hearth {

namespace {

struct Row {
  std::string_view prefix;  // of the SQLSTATE
  ErrorCode code;
  bool retryable;
};

// PostgreSQL documentation, appendix A. First match wins.
constexpr std::array kStates = {
    Row{"23505", ErrorCode::already_exists, false},
    Row{"23503", ErrorCode::conflict, false},
    Row{"23", ErrorCode::invalid_argument, false},
    Row{"22", ErrorCode::invalid_argument, false},
    Row{"40", ErrorCode::conflict, true},     // serialization failure, deadlock
    Row{"55P03", ErrorCode::conflict, true},  // lock not available
    Row{"57014", ErrorCode::timeout, true},   // statement_timeout, or cancelled by an administrator
    Row{"57P", ErrorCode::timeout, true},     // the server ends the session: the outcome is not known
    Row{"08", ErrorCode::timeout, true},
    Row{"25006", ErrorCode::unavailable, true},  // read-only: a standby
    Row{"25P03", ErrorCode::unavailable, true},  // idle in transaction too long
    Row{"53", ErrorCode::unavailable, true},     // out of connections, memory, disk
    Row{"58", ErrorCode::unavailable, true},     // system error
    Row{"28", ErrorCode::permission_denied, false},
    Row{"42501", ErrorCode::permission_denied, false},
};

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

bool has_state(const Error& error, std::string_view state) {
  return error.message.find("(SQLSTATE " + std::string(state) + ")") != std::string::npos;
}

}  // namespace

Error pg_statement_error(const PGresult* result) {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  std::string message = one_line(field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (message.empty()) message = one_line(PQresultErrorMessage(result));
  if (const std::string_view constraint = field(result, PG_DIAG_CONSTRAINT_NAME); !constraint.empty()) {
    message += " [" + std::string(constraint) + "]";
  }
  // Without a SQLSTATE it is libpq that speaks: the connection is gone.
  if (state.empty()) return Error{ErrorCode::timeout, ErrorSource::database, true, 0, std::move(message)};
  message += " (SQLSTATE " + std::string(state) + ")";
  for (const Row& row : kStates) {
    if (state.starts_with(row.prefix)) {
      return Error{row.code, ErrorSource::database, row.retryable, 0, std::move(message)};
    }
  }
  return Error{ErrorCode::internal, ErrorSource::database, false, 0, std::move(message)};
}

Error pg_connection_error(const PGconn* connection, std::string what) {
  const std::string detail = connection == nullptr ? "out of memory" : one_line(PQerrorMessage(connection));
  if (!detail.empty()) what += ": " + detail;
  return Error{ErrorCode::unavailable, ErrorSource::database, true, 0, std::move(what)};
}

bool pg_ends_session(const PGresult* result) {
  const std::string_view severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC" || field(result, PG_DIAG_SQLSTATE).empty();
}

bool pg_outdated_statement(const PGresult* result) {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  return state == "26000" || state == "0A000";
}

bool is_unique_violation(const Error& error) { return has_state(error, "23505"); }
bool is_check_violation(const Error& error) { return has_state(error, "23514"); }

}  // namespace hearth
