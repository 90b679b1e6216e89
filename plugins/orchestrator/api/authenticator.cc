#include "orchestrator/api/authenticator.h"

namespace hearth::orchestrator {

void Authenticator::find_session(std::string secret_hash, Done done) {
  accounts_.find_session(secret_hash, [this, secret_hash, asked_at = revocations_,
                                       done = std::move(done)](Result<std::optional<Identity>> found) mutable {
    if (found && *found && asked_at != revocations_) return find_session(std::move(secret_hash), std::move(done));
    done(std::move(found));
  });
}

void Authenticator::find_token(std::string secret_hash, Done done) {
  accounts_.find_token(secret_hash, std::move(done));
}

void Authenticator::end_session(const std::string& secret_hash) {
  ++revocations_;
  outlets_.session_ended(secret_hash);
}

void Authenticator::change_user(const Uuid& user, bool sessions_ended) {
  ++revocations_;
  outlets_.user_changed(user, sessions_ended);
}

}  // namespace hearth::orchestrator
