// ChangeSource: how this process learns that workspaces changed, and tells the other processes.
//
//   event_bus local     it LISTENs to the database itself.
//   event_bus redis://  the leader's process LISTENs and publishes what it hears to Redis; every other one subscribes
//                       there. A process LISTENs itself as long as it hears no publisher: Redis away or hanging, no
//                       leader, a leader that is cut off. It stops once it hears one again.
//
// Either way the database is asked from time to time what has changed (catch_up.h), so a lost notice only slows things
// down. Events are hints: the same change may be told twice. Thread: the loop's. Callbacks may not destroy it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "clients/pg.h"
#include "clients/redis.h"
#include "orchestrator/notify/catch_up.h"

namespace hearth::orchestrator {

class ChangeSource {
 public:
  struct Events {
    std::function<void(const Uuid& id)> changed;
    // The coordinator has work here; nullopt: perhaps anywhere.
    std::function<void(std::optional<Uuid> id)> woken;
    // Notices may have been lost: read everything. Called at least once, soon after the start.
    std::function<void()> resync;
  };
  // How it asks the database, and what is known already.
  struct Lookup {
    std::function<void(std::optional<WallTime> since, ChangeLog::Done done)> read;
    std::function<bool(const ChangedRow&)> knows;
  };
  struct Timing {
    Milliseconds beat{1000};           // of the process that publishes
    Milliseconds patience{3000};       // without a beat, until it is taken as gone
    Milliseconds look{15000};          // between two looks at the database
    Milliseconds look_degraded{2000};  // … while Redis or LISTEN is away
    CatchUp::Timing catch_up{};
  };

  // `redis`: nullopt for event_bus local. `listen`: how to reach the database for LISTEN.
  ChangeSource(Loop& loop, PgOptions listen, std::optional<RedisOptions> redis, const std::string& deployment,
               Lookup lookup, Events events, Timing timing);
  ChangeSource(Loop& loop, PgOptions listen, std::optional<RedisOptions> redis, const std::string& deployment,
               Lookup lookup, Events events);
  ~ChangeSource();
  ChangeSource(const ChangeSource&) = delete;
  ChangeSource& operator=(const ChangeSource&) = delete;

  // This process is the leader now, or not any more.
  void lead(bool leading);
  // This process has written a row: the leader hears of it even if it cannot LISTEN.
  void wrote(const Uuid& id);

  // What is away, in words, and so makes notices slower; empty: nothing. Serving goes on.
  std::string degraded_reason() const;
  bool listening() const;  // this process holds a LISTEN connection that works

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::orchestrator
