// /users and /tokens.
#pragma once

#include "orchestrator/api/endpoint.h"
#include "orchestrator/api/services.h"

namespace hearth::orchestrator {

class UserApi {
 public:
  explicit UserApi(Services& services) : services_(services) {}
  Endpoints endpoints();

 private:
  void list(const Call& call);
  void create(const Call& call);
  void change(const Call& call);
  void remove(const Call& call);
  // Hashes a new password first, when there is one.
  void store_change(const Call& call, const Uuid& id, UserChange change, std::optional<std::string> password);

  Services& services_;
};

class TokenApi {
 public:
  explicit TokenApi(Services& services) : services_(services) {}
  Endpoints endpoints();

 private:
  void list(const Call& call);
  void create(const Call& call);
  void remove(const Call& call);

  Services& services_;
};

}  // namespace hearth::orchestrator
