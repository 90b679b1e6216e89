// POST /login, POST /logout, GET /session.
#pragma once

#include "orchestrator/api/endpoint.h"
#include "orchestrator/api/services.h"

namespace hearth::orchestrator {

class SessionApi {
 public:
  SessionApi(Services& services, Loop& loop) : services_(services), loop_(loop) {}
  Endpoints endpoints();

 private:
  struct Attempt {
    std::string username;
    std::string password;
  };
  void log_in(const Call& call);
  void check_password(const Call& call, Attempt attempt, std::optional<Credentials> credentials);
  void open_session(const Call& call, const User& user);
  void log_out(const Call& call);
  void show(const Call& call);

  Services& services_;
  Loop& loop_;
};

}  // namespace hearth::orchestrator
