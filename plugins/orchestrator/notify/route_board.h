// RouteBoard: the master copy of what users and workers see of every live workspace. Fed by the change feed's hints and
// by the rows the API has written; whatever changed is read again, sent to the workers as a route delta, and announced.
//
// Level-triggered: a hint only says "read this row"; after a resync everything is read. A failed read is repeated with
// backoff for ever. Thread: the orchestrator's. Destroying it cancels.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "orchestrator/model/workspace.h"
#include "orchestrator/routes.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class RouteBoard {
 public:
  using Rows = UniqueFunction<void(Result<std::vector<Workspace>>)>;
  struct Outlets {
    std::function<void(const std::vector<Uuid>& ids, Rows done)> read;  // ids without a row are left out
    std::function<void(Rows done)> read_live;
    std::function<void(RouteDelta delta)> publish;
    std::function<void(const Workspace& row)> announce;  // something a user sees changed; deleted_at says it went
  };
  static constexpr std::size_t kBatch = 500;
  static constexpr std::size_t kDirtyLimit = 10000;  // rows waiting to be read; beyond it everything is

  RouteBoard(Loop& loop, Outlets outlets);
  ~RouteBoard();
  RouteBoard(const RouteBoard&) = delete;
  RouteBoard& operator=(const RouteBoard&) = delete;

  void changed(const Uuid& id);
  void resync();
  // A row just written. Takes effect at once; it is read again as well, in case another write overtook it.
  void put(const Workspace& row);

  bool loaded() const { return loaded_; }
  // Whether it holds the row as of `updated_at`; of one that is gone: that it holds nothing.
  bool knows(const Uuid& id, WallTime updated_at, bool gone) const;
  RouteDelta complete() const;                     // the whole table, for a worker that is new
  std::vector<std::size_t> rows_by_phase() const;  // indexed by Phase

 private:
  void pump();
  void read_some();
  void read_everything();
  void failed(const Error& error);
  // Takes rows in, collecting what changed.
  void take(const Workspace& row, RouteDelta& delta);
  // For what was read: what is known of a row put meanwhile is newer.
  void take_read(const Workspace& row, RouteDelta& delta);
  void drop(const Uuid& id, RouteDelta& delta);
  void publish(RouteDelta delta);

  Loop& loop_;
  Outlets outlets_;
  std::unordered_map<Uuid, Workspace> rows_;
  std::unordered_set<Uuid> dirty_;
  std::unordered_set<Uuid> overtaken_;  // put since the reading under way began
  bool everything_ = false;
  bool reading_ = false;
  bool loaded_ = false;
  Milliseconds backoff_{0};
  Timer retry_;
  std::shared_ptr<bool> alive_;
};

Route route_of(const Workspace& row);

}  // namespace hearth::orchestrator
