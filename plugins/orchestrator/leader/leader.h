// Leader: one coordinator per deployment, elected by a session advisory lock, fenced by an epoch (SPEC section 5).
//
// The lock elects: pg_try_advisory_lock on a connection of its own, tried every second (± 20 %). The epoch fences: the
// winner raises coordinator_epoch.epoch before `elected` is called; every write of the coordinator carries its epoch
// through epoch_fence(), and a stale one changes no row. Leadership ends when the connection is lost, when the loop
// stalled longer than `stall_limit`, when a newer epoch is found, or by resign(). The server also ends the session of a
// leader that has been silent for `silence_limit` (a stopped process would otherwise keep the lock for ever).
//
// Thread: the loop's. Callbacks may call resign(), not destroy the Leader. Destroying it gives up silently.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "clients/pg.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

struct LeaderTiming {
  Milliseconds retry{1000};
  Milliseconds stall_limit{3000};    // with `check` well below silence_limit: steps down before another may begin
  Milliseconds check{1000};          // how often the stall watchdog looks
  Milliseconds heartbeat{1000};      // how often the leader confirms its epoch
  Milliseconds silence_limit{6000};  // PostgreSQL >= 14 only
};

// The session that holds the lock; a PgConnection, or what a simulator puts in its place. Statements run in order and
// fail at once with Error{unavailable} while it is not connected; drop() ends the session and connects again.
class LeaderLink {
 public:
  virtual ~LeaderLink() = default;
  virtual bool connected() const = 0;
  virtual void query(PgStatement statement, PgCallback done) = 0;
  virtual void drop(const std::string& reason) = 0;
};
using MakeLeaderLink = UniqueFunction<std::unique_ptr<LeaderLink>(PgConnection::Events)>;

class Leader {
 public:
  struct Events {
    UniqueFunction<void(std::int64_t epoch)> elected = nullptr;
    UniqueFunction<void(std::string_view reason)> deposed = nullptr;  // only after elected; before lost statements fail
  };

  Leader(Loop& loop, PgOptions options, std::string deployment, Events events, LeaderTiming timing = {});
  Leader(Loop& loop, MakeLeaderLink link, std::string deployment, Events events, LeaderTiming timing = {});
  ~Leader();
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  bool is_leader() const;
  std::int64_t epoch() const;  // of the current leadership; 0 when not leader
  // The session that holds the lock; the coordinator's writes go here. Statements on it fail when leadership is lost
  // with the connection.
  LeaderLink& link();

  // Is the epoch still ours, asked of the database now? Error{stale} when not (and `deposed` is called first). To be
  // asked right before every destructive call (SPEC section 3, rule 10).
  void confirm(UniqueFunction<void(Result<void>)> done);

  // Gives the lock back and does not try again (drain).
  void resign();

  // Why there is no connection to the database; empty when there is one.
  const std::string& unready_reason() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// "EXISTS (SELECT … )": true while $<epoch_parameter> is the epoch of deployment $<deployment_parameter>. Append to the
// WHERE of every coordinator write. It locks the epoch row until the writer's transaction ends, so that a new leader's
// first action comes after it.
std::string epoch_fence(int deployment_parameter, int epoch_parameter);

// The key of a deployment's advisory lock.
std::int64_t leader_lock_key(std::string_view deployment);

}  // namespace hearth::orchestrator
