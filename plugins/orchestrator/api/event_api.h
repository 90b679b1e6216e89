// GET /events: opens an event stream, with a snapshot or with what its Last-Event-ID missed.
#pragma once

#include "orchestrator/api/endpoint.h"
#include "orchestrator/api/services.h"

namespace hearth::orchestrator {

class EventApi {
 public:
  explicit EventApi(Services& services) : services_(services) {}
  Endpoints endpoints();
  void drain() { draining_ = true; }  // new streams are refused from now on

 private:
  void open(const Call& call);
  void open_with(const Call& call, std::string first_frames);
  void snapshot(const Call& call);

  Services& services_;
  bool draining_ = false;
};

}  // namespace hearth::orchestrator
