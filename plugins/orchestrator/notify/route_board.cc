#include "orchestrator/notify/route_board.h"

#include <algorithm>

#include "log/log.h"

namespace hearth::orchestrator {

namespace {
constexpr Milliseconds kFirstBackoff{100};
constexpr Milliseconds kLongestBackoff{5000};
}  // namespace

Route route_of(const Workspace& row) {
  Route route;
  route.workspace = row.id;
  route.owner = row.owner_user_id;
  route.name = row.name;
  route.phase = row.phase;
  route.desired = row.desired_state;
  route.operation = row.operation;
  route.error_reason = std::string(name(row.error_reason));
  route.error_message = row.error_message;
  route.on_its_way_up = on_its_way_up(row);
  if (row.phase == Phase::running && !row.conditions.address.empty()) {
    if (auto address = SocketAddress::parse(row.conditions.address)) {
      route.address = *address;
    } else {
      log::error("workspace {}: \"{}\" is no address", row.id.text(), row.conditions.address);
    }
  }
  return route;
}

RouteBoard::RouteBoard(Loop& loop, Outlets outlets)
    : loop_(loop), outlets_(std::move(outlets)), retry_(loop), alive_(std::make_shared<bool>(true)) {}

RouteBoard::~RouteBoard() { *alive_ = false; }

bool RouteBoard::knows(const Uuid& id, WallTime updated_at, bool gone) const {
  const auto known = rows_.find(id);
  return gone ? known == rows_.end() : known != rows_.end() && known->second.updated_at == updated_at;
}

void RouteBoard::changed(const Uuid& id) {
  if (everything_) return pump();  // it is about to be read anyway
  dirty_.insert(id);
  if (dirty_.size() > kDirtyLimit) everything_ = true;
  pump();
}

void RouteBoard::resync() {
  everything_ = true;
  pump();
}

void RouteBoard::put(const Workspace& row) {
  RouteDelta delta;
  take(row, delta);
  publish(std::move(delta));
  if (reading_) overtaken_.insert(row.id);
  changed(row.id);
}

RouteDelta RouteBoard::complete() const {
  RouteDelta delta;
  delta.complete = true;
  delta.upserts.reserve(rows_.size());
  for (const auto& [id, row] : rows_) delta.upserts.push_back(route_of(row));
  return delta;
}

std::vector<std::size_t> RouteBoard::rows_by_phase() const {
  std::vector<std::size_t> counts(static_cast<std::size_t>(Phase::deleted) + 1);
  for (const auto& [id, row] : rows_) ++counts[static_cast<std::size_t>(row.phase)];
  return counts;
}

void RouteBoard::pump() {
  if (reading_ || retry_.active()) return;
  if (everything_) return read_everything();
  if (!dirty_.empty()) read_some();
}

void RouteBoard::read_some() {
  std::vector<Uuid> ids;
  while (!dirty_.empty() && ids.size() < kBatch) ids.push_back(dirty_.extract(dirty_.begin()).value());
  reading_ = true;
  overtaken_.clear();
  outlets_.read(ids, [this, ids, alive = alive_](Result<std::vector<Workspace>> rows) {
    if (!*alive) return;
    reading_ = false;
    if (!rows) {
      dirty_.insert(ids.begin(), ids.end());
      return failed(rows.error());
    }
    backoff_ = Milliseconds(0);
    RouteDelta delta;
    std::unordered_set<Uuid> missing(ids.begin(), ids.end());
    for (const Workspace& row : *rows) {
      missing.erase(row.id);
      take_read(row, delta);
    }
    for (const Uuid& id : missing) {
      if (!overtaken_.contains(id)) drop(id, delta);
    }
    publish(std::move(delta));
    pump();
  });
}

void RouteBoard::read_everything() {
  reading_ = true;
  overtaken_.clear();
  dirty_.clear();
  everything_ = false;
  outlets_.read_live([this, alive = alive_](Result<std::vector<Workspace>> rows) {
    if (!*alive) return;
    reading_ = false;
    if (!rows) {
      everything_ = true;
      return failed(rows.error());
    }
    backoff_ = Milliseconds(0);
    RouteDelta ignored;
    std::unordered_set<Uuid> live;
    for (const Workspace& row : *rows) {
      live.insert(row.id);
      take_read(row, ignored);
    }
    std::vector<Uuid> gone;
    for (const auto& [id, row] : rows_) {
      if (!live.contains(id) && !overtaken_.contains(id)) gone.push_back(id);
    }
    for (const Uuid& id : gone) drop(id, ignored);
    loaded_ = true;
    outlets_.publish(complete());
    pump();
  });
}

void RouteBoard::failed(const Error& error) {
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
  log::warn("reading workspaces failed, again in {} ms: {}", backoff_.count(), error.message);
  retry_.start(backoff_, [this] { pump(); });
}

void RouteBoard::take_read(const Workspace& row, RouteDelta& delta) {
  if (!overtaken_.contains(row.id)) take(row, delta);
}

void RouteBoard::take(const Workspace& row, RouteDelta& delta) {
  const auto known = rows_.find(row.id);
  if (row.deleted_at) {
    if (known == rows_.end()) return;
    rows_.erase(known);
    delta.removals.push_back(row.id);
    outlets_.announce(row);
    return;
  }
  if (known != rows_.end() && known->second.updated_at == row.updated_at) return;
  rows_.insert_or_assign(row.id, row);
  delta.upserts.push_back(route_of(row));
  if (loaded_) outlets_.announce(row);  // the first reading is news to nobody
}

void RouteBoard::drop(const Uuid& id, RouteDelta& delta) {
  const auto known = rows_.find(id);
  if (known == rows_.end()) return;
  Workspace last = std::move(known->second);
  rows_.erase(known);
  delta.removals.push_back(id);
  last.phase = Phase::deleted;
  last.desired_state = DesiredState::deleted;
  last.deleted_at = last.updated_at = wall_now();
  outlets_.announce(last);
}

void RouteBoard::publish(RouteDelta delta) {
  if (!delta.upserts.empty() || !delta.removals.empty()) outlets_.publish(std::move(delta));
}

}  // namespace hearth::orchestrator
