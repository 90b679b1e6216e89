// Users, sessions, API tokens and the audit log: all their SQL. Thread: the pool's loop.
//
// Passwords and secrets come here as hashes only. A session lives 24 h after its last use.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/pg.h"
#include "orchestrator/auth/identity.h"

namespace hearth::orchestrator {

struct User {
  Uuid id;
  std::string username;
  bool admin = false;
  bool disabled = false;
  WallTime created_at{};
};

struct Credentials {
  User user;
  std::string password_hash;
};

struct UserChange {
  std::optional<std::string> username;
  std::optional<std::string> password_hash;
  std::optional<bool> admin;
  std::optional<bool> disabled;
};

struct ApiToken {
  Uuid id;
  std::string name;
  WallTime created_at{};
  std::optional<WallTime> last_used_at;
  std::optional<WallTime> expires_at;
};

template <class T>
struct Listing {
  std::vector<T> items;
  std::int64_t total = 0;
};

struct AuditEntry {
  Uuid actor;
  std::string action;  // "workspace.create"
  std::optional<Uuid> subject;
  std::string address;
  std::string request_id;
};

class AccountStore {
 public:
  template <class T>
  using Done = UniqueFunction<void(Result<T>)>;

  explicit AccountStore(PgPool& pool) : pool_(pool) {}

  // Who a secret stands for, and renews it. nullopt: nobody (unknown, expired, user disabled).
  void find_session(const std::string& secret_hash, Done<std::optional<Identity>> done);
  void find_token(const std::string& secret_hash, Done<std::optional<Identity>> done);

  void find_credentials(const std::string& username, Done<std::optional<Credentials>> done);
  void open_session(const Uuid& user, const std::string& secret_hash, const std::string& address, Done<WallTime> done);
  void close_session(const std::string& secret_hash, Done<void> done);
  void purge_sessions(Done<void> done);  // those long expired

  // Answers whether it was made: only when there is no user at all.
  void create_first_admin(const std::string& password_hash, Done<bool> done);

  void list_users(std::int64_t limit, std::int64_t offset, Done<Listing<User>> done);
  void create_user(const std::string& username, const std::string& password_hash, bool admin, Done<User> done);
  // nullopt: no such user. A new password and disabling end the user's sessions, except `keep_session`.
  void change_user(const Uuid& id, const UserChange& change, const std::string& keep_session,
                   Done<std::optional<User>> done);
  // False: no such user. Error{conflict}: still owns workspaces.
  void remove_user(const Uuid& id, Done<bool> done);

  void list_tokens(const Uuid& user, std::int64_t limit, std::int64_t offset, Done<Listing<ApiToken>> done);
  void create_token(const Uuid& user, const std::string& name, const std::string& secret_hash,
                    std::optional<std::int64_t> expires_in_seconds, Done<ApiToken> done);
  void remove_token(const Uuid& user, const Uuid& id, Done<std::optional<std::string>> done);  // its hash

  void audit(const AuditEntry& entry);  // nobody waits; a failure is logged

 private:
  PgPool& pool_;
};

}  // namespace hearth::orchestrator
