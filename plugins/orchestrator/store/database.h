// Where the database is: connection options from the settings, for each kind of use.
#pragma once

#include "clients/pg.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator {

// The pool that serves the API and the gate.
PgOptions database_options(const OrchestratorSettings& settings);
// The leader's own connection and the change feed: notices a dead peer within seconds. Must reach PostgreSQL directly,
// not through a pooler: an advisory lock and LISTEN belong to one server session.
PgOptions direct_database_options(const OrchestratorSettings& settings);
// Migrations may take long.
PgOptions migration_database_options(const OrchestratorSettings& settings);

}  // namespace hearth::orchestrator
