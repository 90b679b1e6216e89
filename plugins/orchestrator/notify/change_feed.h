// ChangeFeed: what the database tells about workspaces (LISTEN ws_changed, ws_wake), on a connection of its own.
//
// Notices are hints: whatever happened while the connection was away is not repeated, so `resync` is called after every
// (re)connection, once LISTEN is in effect; read everything then. Thread: the loop's. Callbacks may not destroy it.
#pragma once

#include <memory>
#include <string>

#include "clients/pg.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

class ChangeFeed {
 public:
  struct Events {
    // Something a user sees of this workspace changed, or it is gone.
    UniqueFunction<void(const Uuid& id, const Uuid& owner)> changed = nullptr;
    // Its desired_state or deleted_at changed, it is new, or its error was cleared: the coordinator has work.
    UniqueFunction<void(const Uuid& id)> woken = nullptr;
    UniqueFunction<void()> resync = nullptr;
  };

  ChangeFeed(Loop& loop, PgOptions options, Events events);
  ~ChangeFeed();
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;

  // Why nothing is heard at present; empty when listening.
  const std::string& unready_reason() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::orchestrator
