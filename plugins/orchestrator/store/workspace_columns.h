// One row of `workspaces` between the database and model/workspace.h: the only place that knows the column order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clients/pg.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

// For SELECT … and RETURNING …; `table` qualifies each name ("w" gives "w.id, w.owner_user_id, …").
std::string workspace_columns(std::string_view table = {});

// Reads a row whose columns from `first_column` on are workspace_columns(). Error{corrupt} on a word this program does
// not know (a newer one wrote it) or conditions that are not ours.
Result<Workspace> decode_workspace(const PgResult& result, std::size_t row, int first_column = 0);
Result<std::vector<Workspace>> decode_workspaces(const PgResult& result);

// jsonb {"conditions":[{"type","status","reason","message","last_transition_time","observed_generation"}],"address"}.
// Times are RFC 3339 in UTC with microseconds.
std::string encode_conditions(const Conditions& conditions);
Result<Conditions> decode_conditions(std::string_view json);

}  // namespace hearth::orchestrator
