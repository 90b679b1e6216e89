#include "orchestrator/store/database.h"

#include "orchestrator/store/embedded_postgres.h"

namespace hearth::orchestrator {

namespace {

constexpr Milliseconds kStatementTimeout{10000};
constexpr Milliseconds kDirectTimeout{5000};  // a leader that waits longer should not be one
constexpr Milliseconds kMigrationTimeout{10 * 60 * 1000};

// A value of a keyword/value connection string (libpq, "Connection Strings").
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

PgOptions database_options(const OrchestratorSettings& settings) {
  PgOptions options;
  options.conninfo = settings.database_embedded
                         ? "host=" + quoted(embedded_socket_directory(settings)) + " user=hearth dbname=hearth"
                         : settings.database_url;
  options.statement_timeout = kStatementTimeout;
  return options;
}

PgOptions direct_database_options(const OrchestratorSettings& settings) {
  PgOptions options = database_options(settings);
  options.fast_failure_detection = true;
  options.statement_timeout = kDirectTimeout;
  return options;
}

PgOptions migration_database_options(const OrchestratorSettings& settings) {
  PgOptions options = database_options(settings);
  options.statement_timeout = kMigrationTimeout;
  return options;
}

}  // namespace hearth::orchestrator
