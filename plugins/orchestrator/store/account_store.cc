#include "orchestrator/store/account_store.h"

#include <fmt/format.h>

#include "log/log.h"

namespace hearth::orchestrator {

namespace {

constexpr std::string_view kUserColumns = "id, username, is_admin, disabled_at IS NOT NULL, created_at";
constexpr std::string_view kTokenColumns = "id, name, created_at, last_used_at, expires_at";

User decode_user(const PgResult& result, std::size_t row, int first = 0) {
  return {result.uuid(row, first), std::string(result.text(row, first + 1)), result.flag(row, first + 2),
          result.flag(row, first + 3), result.time(row, first + 4)};
}

ApiToken decode_token(const PgResult& result, std::size_t row, int first = 0) {
  return {result.uuid(row, first), std::string(result.text(row, first + 1)), result.time(row, first + 2),
          result.optional_time(row, first + 3), result.optional_time(row, first + 4)};
}

std::optional<Identity> decode_identity(const PgResult& result, const std::string& secret_hash, bool by_token) {
  if (result.rows() == 0) return std::nullopt;
  return Identity{result.uuid(0, 0), std::string(result.text(0, 1)),
                  result.flag(0, 2), result.optional_time(0, 3).value_or(WallTime::max()),
                  secret_hash,       by_token};
}

// "WITH page AS (…) SELECT total, page.*": the total is there even when the page is empty.
template <class T, class Decode>
Listing<T> decode_listing(const PgResult& result, Decode decode) {
  Listing<T> listing;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    listing.total = result.number(row, 0);
    if (!result.is_null(row, 1)) listing.items.push_back(decode(result, row, 1));
  }
  return listing;
}

// Hands on an error, or the decoded result.
template <class T, class Decode>
PgCallback decoded(UniqueFunction<void(Result<T>)> done, Decode decode) {
  return [done = std::move(done), decode = std::move(decode)](Result<PgResult> result) mutable {
    if (!result) return done(tl::unexpected(std::move(result.error())));
    if constexpr (std::is_void_v<T>) {
      done({});
    } else {
      done(decode(*result));
    }
  };
}

PgCallback ended(UniqueFunction<void(Result<void>)> done) {
  return decoded<void>(std::move(done), [](const PgResult&) {});
}

}  // namespace

void AccountStore::find_session(const std::string& secret_hash, Done<std::optional<Identity>> done) {
  pool_.query({R"(
    WITH found AS (
      SELECT u.id, u.username, u.is_admin, s.expires_at, s.last_seen_at
      FROM sessions s JOIN users u ON u.id = s.user_id
      WHERE s.token_hash = $1 AND s.expires_at > now() AND u.disabled_at IS NULL),
    renewed AS (
      UPDATE sessions SET last_seen_at = now(), expires_at = now() + interval '24 hours' FROM found
      WHERE sessions.token_hash = $1 AND found.last_seen_at < now() - interval '5 minutes'
      RETURNING sessions.expires_at)
    SELECT id, username, is_admin, COALESCE((SELECT expires_at FROM renewed), expires_at) FROM found)",
               {pg(secret_hash)}},
              decoded<std::optional<Identity>>(std::move(done), [secret_hash](const PgResult& result) {
                return decode_identity(result, secret_hash, false);
              }));
}

void AccountStore::find_token(const std::string& secret_hash, Done<std::optional<Identity>> done) {
  pool_.query({R"(
    WITH found AS (
      SELECT u.id, u.username, u.is_admin, t.expires_at, t.last_used_at
      FROM api_tokens t JOIN users u ON u.id = t.user_id
      WHERE t.token_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now()) AND u.disabled_at IS NULL),
    used AS (
      UPDATE api_tokens SET last_used_at = now() FROM found
      WHERE api_tokens.token_hash = $1
        AND (found.last_used_at IS NULL OR found.last_used_at < now() - interval '1 minute'))
    SELECT id, username, is_admin, expires_at FROM found)",
               {pg(secret_hash)}},
              decoded<std::optional<Identity>>(std::move(done), [secret_hash](const PgResult& result) {
                return decode_identity(result, secret_hash, true);
              }));
}

void AccountStore::find_credentials(const std::string& username, Done<std::optional<Credentials>> done) {
  pool_.query(
      {fmt::format("SELECT {}, password_hash FROM users WHERE lower(username) = lower($1) AND disabled_at IS NULL",
                   kUserColumns),
       {pg(username)}},
      decoded<std::optional<Credentials>>(std::move(done), [](const PgResult& result) -> std::optional<Credentials> {
        if (result.rows() == 0) return std::nullopt;
        return Credentials{decode_user(result, 0), std::string(result.text(0, 5))};
      }));
}

void AccountStore::open_session(const Uuid& user, const std::string& secret_hash, const std::string& address,
                                Done<WallTime> done) {
  pool_.query({"INSERT INTO sessions (token_hash, user_id, expires_at, address) "
               "VALUES ($1, $2, now() + interval '24 hours', $3) RETURNING expires_at",
               {pg(secret_hash), pg(user), pg(address)}},
              decoded<WallTime>(std::move(done), [](const PgResult& result) { return result.time(0, 0); }));
}

void AccountStore::close_session(const std::string& secret_hash, Done<void> done) {
  pool_.query({"DELETE FROM sessions WHERE token_hash = $1", {pg(secret_hash)}}, ended(std::move(done)));
}

void AccountStore::purge_sessions(Done<void> done) {
  pool_.query({"DELETE FROM sessions WHERE expires_at < now() - interval '1 day'", {}}, ended(std::move(done)));
}

void AccountStore::create_first_admin(const std::string& password_hash, Done<bool> done) {
  // The hash is salted: one that is there already was stored by an earlier try of ours whose answer was lost.
  pool_.query({"WITH made AS (INSERT INTO users (username, password_hash, is_admin) SELECT 'admin', $1, true "
               "WHERE NOT EXISTS (SELECT FROM users) ON CONFLICT DO NOTHING RETURNING 1) "
               "SELECT EXISTS (SELECT FROM made) OR EXISTS (SELECT FROM users WHERE password_hash = $1)",
               {pg(password_hash)}},
              decoded<bool>(std::move(done), [](const PgResult& result) { return result.flag(0, 0); }));
}

void AccountStore::list_users(std::int64_t limit, std::int64_t offset, Done<Listing<User>> done) {
  pool_.query(
      {fmt::format("WITH page AS (SELECT {} FROM users ORDER BY users.created_at DESC, id LIMIT $1 OFFSET $2) "
                   "SELECT t.total, page.* FROM (SELECT count(*) AS total FROM users) t LEFT JOIN page ON true "
                   "ORDER BY page.created_at DESC, page.id",
                   kUserColumns),
       {pg(limit), pg(offset)}},
      decoded<Listing<User>>(std::move(done), [](const PgResult& r) { return decode_listing<User>(r, decode_user); }));
}

void AccountStore::create_user(const std::string& username, const std::string& password_hash, bool admin,
                               Done<User> done) {
  pool_.query({fmt::format("INSERT INTO users (username, password_hash, is_admin) VALUES ($1, $2, $3) RETURNING {}",
                           kUserColumns),
               {pg(username), pg(password_hash), pg(admin)}},
              decoded<User>(std::move(done), [](const PgResult& result) { return decode_user(result, 0); }));
}

void AccountStore::change_user(const Uuid& id, const UserChange& change, const std::string& keep_session,
                               Done<std::optional<User>> done) {
  const auto text = [](const std::optional<std::string>& value) { return value ? pg(*value) : pg_null(); };
  const auto flag = [](std::optional<bool> value) { return value ? pg(*value) : pg_null(); };
  std::vector<PgStatement> statements;
  if (change.password_hash || change.disabled.value_or(false)) {
    statements.push_back({"DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", {pg(id), pg(keep_session)}});
  }
  statements.push_back(
      {fmt::format("UPDATE users SET username = COALESCE($2::text, username), "
                   "password_hash = COALESCE($3::text, password_hash), is_admin = COALESCE($4::boolean, is_admin), "
                   "disabled_at = CASE WHEN $5::boolean IS NULL THEN disabled_at WHEN $5 THEN "
                   "COALESCE(disabled_at, now()) END WHERE id = $1 RETURNING {}",
                   kUserColumns),
       {pg(id), text(change.username), text(change.password_hash), flag(change.admin), flag(change.disabled)}});
  pool_.transaction(std::move(statements),
                    decoded<std::optional<User>>(std::move(done), [](const PgResult& result) -> std::optional<User> {
                      if (result.rows() == 0) return std::nullopt;
                      return decode_user(result, 0);
                    }));
}

void AccountStore::remove_user(const Uuid& id, Done<bool> done) {
  // Two questions in one: rows still being removed hold the user as well.
  pool_.query({"WITH owned AS (SELECT EXISTS (SELECT FROM workspaces WHERE owner_user_id = $1) AS any), "
               "gone AS (DELETE FROM users USING owned WHERE users.id = $1 AND NOT owned.any RETURNING users.id) "
               "SELECT owned.any, EXISTS (SELECT FROM gone) FROM owned",
               {pg(id)}},
              [done = std::move(done)](Result<PgResult> result) mutable {
                if (!result) return done(tl::unexpected(std::move(result.error())));
                if (result->flag(0, 0)) {
                  return done(fail(ErrorCode::conflict, ErrorSource::database, "the user still owns workspaces"));
                }
                done(result->flag(0, 1));
              });
}

void AccountStore::list_tokens(const Uuid& user, std::int64_t limit, std::int64_t offset,
                               Done<Listing<ApiToken>> done) {
  pool_.query(
      {fmt::format("WITH page AS (SELECT {} FROM api_tokens WHERE user_id = $1 ORDER BY created_at DESC, id LIMIT $2 "
                   "OFFSET $3) "
                   "SELECT t.total, page.* FROM (SELECT count(*) AS total FROM api_tokens WHERE user_id = $1) t "
                   "LEFT JOIN page ON true ORDER BY page.created_at DESC, page.id",
                   kTokenColumns),
       {pg(user), pg(limit), pg(offset)}},
      decoded<Listing<ApiToken>>(std::move(done),
                                 [](const PgResult& r) { return decode_listing<ApiToken>(r, decode_token); }));
}

void AccountStore::create_token(const Uuid& user, const std::string& name, const std::string& secret_hash,
                                std::optional<std::int64_t> expires_in_seconds, Done<ApiToken> done) {
  pool_.query({fmt::format("INSERT INTO api_tokens (user_id, name, token_hash, expires_at) "
                           "VALUES ($1, $2, $3, now() + $4::bigint * interval '1 second') RETURNING {}",
                           kTokenColumns),
               {pg(user), pg(name), pg(secret_hash), expires_in_seconds ? pg(*expires_in_seconds) : pg_null()}},
              decoded<ApiToken>(std::move(done), [](const PgResult& result) { return decode_token(result, 0); }));
}

void AccountStore::remove_token(const Uuid& user, const Uuid& id, Done<std::optional<std::string>> done) {
  pool_.query(
      {"DELETE FROM api_tokens WHERE id = $1 AND user_id = $2 RETURNING token_hash", {pg(id), pg(user)}},
      decoded<std::optional<std::string>>(std::move(done), [](const PgResult& result) -> std::optional<std::string> {
        if (result.rows() == 0) return std::nullopt;
        return std::string(result.text(0, 0));
      }));
}

void AccountStore::audit(const AuditEntry& entry) {
  pool_.query(
      {"INSERT INTO audit_log (actor_user_id, action, subject_id, address, request_id) VALUES ($1, $2, $3, $4, $5)",
       {pg(entry.actor), pg(entry.action), entry.subject ? pg(*entry.subject) : pg_null(), pg(entry.address),
        pg(entry.request_id)}},
      [action = entry.action](const Result<PgResult>& result) {
        if (!result) log::warn("audit entry \"{}\" is lost: {}", action, result.error().message);
      });
}

}  // namespace hearth::orchestrator
