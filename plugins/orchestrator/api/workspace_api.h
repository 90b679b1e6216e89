// /workspaces and below.
#pragma once

#include "orchestrator/api/endpoint.h"
#include "orchestrator/api/services.h"

namespace hearth::orchestrator {

class WorkspaceApi {
 public:
  explicit WorkspaceApi(Services& services) : services_(services) {}
  Endpoints endpoints();

 private:
  // Goes on with the caller's own live workspace; answers 404 or 403 otherwise.
  void with_owned(const Call& call, UniqueFunction<void(Workspace)> next);
  void finish(const Call& call, int status, std::string action, RunOutcome outcome);

  void list(const Call& call);
  void create(const Call& call);
  void get(const Call& call);
  void change(const Call& call);
  void remove(const Call& call);
  void recover(const Call& call);
  void logs(const Call& call);

  Services& services_;
};

}  // namespace hearth::orchestrator
