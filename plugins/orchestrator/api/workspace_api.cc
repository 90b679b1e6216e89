#include "orchestrator/api/workspace_api.h"

#include <algorithm>

#include "orchestrator/api/fields.h"
#include "orchestrator/api/workspace_json.h"

namespace hearth::orchestrator {

namespace {

constexpr std::int64_t kLongestTtl = 10LL * 365 * 24 * 3600;
constexpr std::size_t kMemoMax = 10000;

bool is_image_reference(const std::string& text) {
  return text.empty() || (std::isalnum(static_cast<unsigned char>(text.front())) != 0 &&
                          std::all_of(text.begin(), text.end(), [](unsigned char c) {
                            return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '/' || c == ':' || c == '@' ||
                                   c == '-';
                          }));
}

std::optional<std::string> read_image(Fields& fields) {
  auto image = fields.text("image", 0, 512);
  if (image && !is_image_reference(*image)) fields.reject("image", "is no image reference (name[:tag][@digest])");
  return image;
}

std::optional<DesiredState> read_desired(Fields& fields) {
  const auto text = fields.text("desired_state", 1, 20);
  if (!text) return std::nullopt;
  const auto state = parse_desired_state(*text);
  if (!state || *state == DesiredState::deleted) {
    fields.reject("desired_state", "must be RUNNING, STANDBY or ARCHIVED");
    return std::nullopt;
  }
  return state;
}

// Absent: nullopt. null: an inner nullopt, the configured default.
std::optional<std::optional<std::int64_t>> read_ttl(Fields& fields, std::string_view name) {
  if (fields.is_null(name)) return std::optional<std::int64_t>();
  const auto seconds = fields.number(name, 0, kLongestTtl);
  if (!seconds) return std::nullopt;
  return seconds;
}

}  // namespace

Endpoints WorkspaceApi::endpoints() {
  return {
      {"GET", "/workspaces", Access::user, BodyKind::none, [this](const Call& call) { list(call); }},
      {"POST", "/workspaces", Access::user, BodyKind::required, [this](const Call& call) { create(call); }},
      {"GET", "/workspaces/{id}", Access::user, BodyKind::none, [this](const Call& call) { get(call); }},
      {"PATCH", "/workspaces/{id}", Access::user, BodyKind::required, [this](const Call& call) { change(call); }},
      {"DELETE", "/workspaces/{id}", Access::user, BodyKind::none, [this](const Call& call) { remove(call); }},
      {"POST", "/workspaces/{id}/recover", Access::user, BodyKind::optional,
       [this](const Call& call) { recover(call); }},
      {"GET", "/workspaces/{id}/logs", Access::user, BodyKind::none, [this](const Call& call) { logs(call); }},
  };
}

void WorkspaceApi::with_owned(const Call& call, UniqueFunction<void(Workspace)> next) {
  const auto id = Uuid::parse(call->args[0]);
  if (!id) return answer(call, not_found("Workspace"));
  services_.workspaces.get(*id, on_success<std::optional<Workspace>>(
                                    call, [call, next = std::move(next)](std::optional<Workspace> row) mutable {
                                      if (!row) return answer(call, not_found("Workspace"));
                                      if (row->owner_user_id != call->identity.user) {
                                        return answer(call, forbidden("This workspace belongs to another user."));
                                      }
                                      next(std::move(*row));
                                    }));
}

void WorkspaceApi::finish(const Call& call, int status, std::string action, RunOutcome outcome) {
  if (outcome.limit) return answer(call, limit_error(*outcome.limit));
  if (!outcome.row) return answer(call, not_found("Workspace"));
  services_.row_written(*outcome.row);
  audit(services_, call, std::move(action), outcome.row->id);
  ReplyHeaders headers;
  if (status == 201) headers.emplace_back("Location", "/api/v1/workspaces/" + outcome.row->id.text());
  answer(call, status, workspace_json(*outcome.row), std::move(headers));
}

void WorkspaceApi::list(const Call& call) {
  Query query(call->request.query);
  const Page page = read_page(query);
  if (const auto error = query.error()) return answer(call, *error);
  services_.workspaces.list(
      call->identity.user, page.limit, page.offset,
      on_success<Listing<Workspace>>(call, [call, page](Listing<Workspace> rows) {
        Json items = Json::array();
        for (const Workspace& row : rows.items) items.push_back(workspace_json(row));
        answer(
            call, 200,
            Json{{"items", std::move(items)}, {"total", rows.total}, {"limit", page.limit}, {"offset", page.offset}});
      }));
}

void WorkspaceApi::create(const Call& call) {
  Fields fields(call->body);
  fields.require("name");
  NewWorkspace wanted;
  wanted.owner = call->identity.user;
  wanted.name = fields.text("name", 1, 255).value_or("");
  wanted.description = fields.text("description", 0, 500, Fields::Text::lines).value_or("");
  wanted.memo = fields.text("memo", 0, kMemoMax, Fields::Text::lines).value_or("");
  wanted.image_ref = read_image(fields).value_or("");
  wanted.desired = read_desired(fields).value_or(DesiredState::running);
  wanted.standby_ttl_seconds = read_ttl(fields, "standby_ttl_seconds").value_or(std::nullopt);
  wanted.archive_ttl_seconds = read_ttl(fields, "archive_ttl_seconds").value_or(std::nullopt);
  if (const auto error = fields.error()) return answer(call, *error);
  services_.workspaces.create(wanted, [this, call](Result<RunOutcome> outcome) {
    if (outcome) return finish(call, 201, "workspace.create", std::move(*outcome));
    if (is_unique_violation(outcome.error())) {
      return answer(call, conflict("NAME_TAKEN", "You already have a workspace of that name."));
    }
    answer(call, from_error(outcome.error()));
  });
}

void WorkspaceApi::get(const Call& call) {
  with_owned(call, [call](const Workspace& row) { answer(call, 200, workspace_json(row)); });
}

void WorkspaceApi::change(const Call& call) {
  Fields fields(call->body);
  WorkspaceChange wanted;
  wanted.name = fields.text("name", 1, 255);
  wanted.description = fields.text("description", 0, 500, Fields::Text::lines);
  wanted.memo = fields.text("memo", 0, kMemoMax, Fields::Text::lines);
  wanted.image_ref = read_image(fields);
  wanted.desired = read_desired(fields);
  wanted.standby_ttl_seconds = read_ttl(fields, "standby_ttl_seconds");
  wanted.archive_ttl_seconds = read_ttl(fields, "archive_ttl_seconds");
  if (const auto error = fields.error()) return answer(call, *error);
  with_owned(call, [this, call, wanted](const Workspace& row) {
    if (wanted.empty()) return answer(call, 200, workspace_json(row));
    services_.workspaces.change(row.id, row.owner_user_id, wanted, [this, call](Result<RunOutcome> outcome) {
      if (outcome) return finish(call, 200, "workspace.change", std::move(*outcome));
      if (is_unique_violation(outcome.error())) {
        return answer(call, conflict("NAME_TAKEN", "You already have a workspace of that name."));
      }
      answer(call, from_error(outcome.error()));
    });
  });
}

void WorkspaceApi::remove(const Call& call) {
  with_owned(call, [this, call](const Workspace& row) {
    services_.workspaces.remove(row.id, on_success<std::optional<Workspace>>(call, [this, call](auto gone) {
                                  if (!gone) return answer(call, not_found("Workspace"));
                                  services_.row_written(*gone);
                                  audit(services_, call, "workspace.delete", gone->id);
                                  call->respond(empty_reply());
                                }));
  });
}

void WorkspaceApi::recover(const Call& call) {
  Fields fields(call->body);
  const bool start_empty = fields.flag("start_empty").value_or(false);
  if (const auto error = fields.error()) return answer(call, *error);
  with_owned(call, [this, call, start_empty](const Workspace& row) {
    if (row.phase != Phase::error) {
      return answer(call, conflict("INVALID_STATE", "Only a workspace in phase ERROR can be recovered."));
    }
    const bool lost = row.error_reason == ErrorReason::data_lost;
    if (lost && !start_empty && row.archive_key.empty()) {
      return answer(call, conflict("INVALID_STATE",
                                   "Its volume is lost and there is no archive. Send {\"start_empty\": true} to go on "
                                   "with an empty home, or delete it."));
    }
    if (start_empty && !lost) {
      return answer(call, conflict("INVALID_STATE", "\"start_empty\" is only for a workspace whose data is lost."));
    }
    services_.workspaces.recover(
        row.id, start_empty, on_success<std::optional<Workspace>>(call, [this, call](auto after) {
          if (!after) {
            return answer(call, conflict("INVALID_STATE", "It is not in phase ERROR any more."));
          }
          finish(call, 200, "workspace.recover", {std::move(*after), std::nullopt});
        }));
  });
}

void WorkspaceApi::logs(const Call& call) {
  Query query(call->request.query);
  const auto lines = static_cast<unsigned>(query.number("tail", 1, 5000).value_or(200));
  if (const auto error = query.error()) return answer(call, *error);
  with_owned(call, [this, call, lines](const Workspace& row) {
    if (services_.runtime == nullptr) return answer(call, unavailable("This node has no container runtime."));
    services_.runtime->logs(row.id, lines, [call](Result<std::string> text) {
      if (!text && text.error().code != ErrorCode::not_found) return answer(call, from_error(text.error()));
      call->respond({200,
                     {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"}},
                     text ? std::move(*text) : std::string()});
    });
  });
}

}  // namespace hearth::orchestrator
