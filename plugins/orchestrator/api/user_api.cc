#include "orchestrator/api/user_api.h"

#include <algorithm>

#include "orchestrator/api/fields.h"

namespace hearth::orchestrator {

namespace {

Json user_json(const User& user) {
  return {{"id", user.id.text()},
          {"username", user.username},
          {"is_admin", user.admin},
          {"disabled", user.disabled},
          {"created_at", rfc3339(user.created_at)}};
}

std::optional<std::string> read_username(Fields& fields) {
  auto name = fields.text("username", 1, 64);
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '@' || c == '+';
  };
  if (name && !std::all_of(name->begin(), name->end(), allowed)) {
    fields.reject("username", "may hold letters, digits and . _ - @ + only");
  }
  return name;
}

std::optional<std::string> read_password(Fields& fields) {
  auto password = fields.text("password", kPasswordMin, kPasswordMax, Fields::Text::lines);
  if (password && password->size() > kPasswordMax) fields.reject("password", "is too long");
  return password;
}

ApiError name_taken() { return conflict("NAME_TAKEN", "There is a user of that name already."); }
ApiError busy() { return unavailable("Too many passwords are being checked at once; try again shortly."); }

}  // namespace

Endpoints UserApi::endpoints() {
  return {
      {"GET", "/users", Access::admin, BodyKind::none, [this](const Call& call) { list(call); }},
      {"POST", "/users", Access::admin, BodyKind::required, [this](const Call& call) { create(call); }},
      {"PATCH", "/users/{id}", Access::user, BodyKind::required, [this](const Call& call) { change(call); }},
      {"DELETE", "/users/{id}", Access::admin, BodyKind::none, [this](const Call& call) { remove(call); }},
  };
}

void UserApi::list(const Call& call) {
  Query query(call->request.query);
  const Page page = read_page(query);
  if (const auto error = query.error()) return answer(call, *error);
  services_.accounts.list_users(
      page.limit, page.offset, on_success<Listing<User>>(call, [call, page](Listing<User> users) {
        Json items = Json::array();
        for (const User& user : users.items) items.push_back(user_json(user));
        answer(
            call, 200,
            Json{{"items", std::move(items)}, {"total", users.total}, {"limit", page.limit}, {"offset", page.offset}});
      }));
}

void UserApi::create(const Call& call) {
  Fields fields(call->body);
  fields.require("username");
  fields.require("password");
  const auto username = read_username(fields);
  const auto password = read_password(fields);
  const bool admin = fields.flag("is_admin").value_or(false);
  if (const auto error = fields.error()) return answer(call, *error);
  services_.passwords.hash(*password, [this, call, username = *username, admin](Result<std::string> hash) {
    if (!hash) return answer(call, busy());
    services_.accounts.create_user(username, *hash, admin, [this, call](Result<User> user) {
      if (!user && is_unique_violation(user.error())) return answer(call, name_taken());
      if (!user) return answer(call, from_error(user.error()));
      audit(services_, call, "user.create", user->id);
      answer(call, 201, user_json(*user), {{"Location", "/api/v1/users/" + user->id.text()}});
    });
  });
}

void UserApi::change(const Call& call) {
  const auto id = Uuid::parse(call->args[0]);
  const bool own = id && *id == call->identity.user;
  if (!own && !call->identity.admin) return answer(call, forbidden("Only an administrator may do this."));
  if (!id) return answer(call, not_found("User"));
  Fields fields(call->body);
  UserChange wanted;
  wanted.username = read_username(fields);
  wanted.admin = fields.flag("is_admin");
  wanted.disabled = fields.flag("disabled");
  auto password = read_password(fields);
  if (const auto error = fields.error()) return answer(call, *error);
  if (!call->identity.admin && (wanted.username || wanted.admin || wanted.disabled)) {
    return answer(call, forbidden("You may change your password; everything else is an administrator's."));
  }
  if (own && (wanted.admin == false || wanted.disabled == true)) {
    return answer(call, conflict("INVALID_STATE", "You cannot take your own rights away; another administrator can."));
  }
  if (!password) return store_change(call, *id, std::move(wanted), std::nullopt);
  store_change(call, *id, std::move(wanted), std::move(password));
}

void UserApi::store_change(const Call& call, const Uuid& id, UserChange change, std::optional<std::string> password) {
  if (password) {
    services_.passwords.hash(std::move(*password), [this, call, id, change](Result<std::string> hash) mutable {
      if (!hash) return answer(call, busy());
      change.password_hash = std::move(*hash);
      store_change(call, id, std::move(change), std::nullopt);
    });
    return;
  }
  const bool sessions_end = change.password_hash.has_value() || change.disabled == true;
  const std::string keep = call->identity.by_token ? "" : call->identity.secret_hash;
  services_.accounts.change_user(id, change, keep, [this, call, id, sessions_end](Result<std::optional<User>> user) {
    if (!user && is_unique_violation(user.error())) return answer(call, name_taken());
    if (!user) return answer(call, from_error(user.error()));
    if (!*user) return answer(call, not_found("User"));
    services_.authenticator.change_user(id, sessions_end);
    audit(services_, call, "user.change", id);
    answer(call, 200, user_json(**user));
  });
}

void UserApi::remove(const Call& call) {
  const auto id = Uuid::parse(call->args[0]);
  if (!id) return answer(call, not_found("User"));
  if (*id == call->identity.user) {
    return answer(call, conflict("INVALID_STATE", "You cannot delete yourself; another administrator can."));
  }
  services_.accounts.remove_user(*id, [this, call, id = *id](Result<bool> removed) {
    if (!removed && removed.error().code == ErrorCode::conflict) {
      return answer(call, conflict("INVALID_STATE", "This user still owns workspaces; delete those first."));
    }
    if (!removed) return answer(call, from_error(removed.error()));
    if (!*removed) return answer(call, not_found("User"));
    services_.authenticator.change_user(id, true);
    audit(services_, call, "user.delete", id);
    call->respond(empty_reply());
  });
}

}  // namespace hearth::orchestrator
