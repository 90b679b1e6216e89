#include "orchestrator/gc/collector.h"

#include <algorithm>
#include <unordered_map>

#include "base/crash_point.h"
#include "base/random.h"
#include "log/log.h"
#include "orchestrator/act/breaker.h"

namespace hearth::orchestrator::gc {
namespace {

constexpr Milliseconds kFirstAfter{3 * 60 * 1000};
// A call that takes effect late leaves something behind that must still be known to be over.
constexpr Milliseconds kReleasedKept{24 * 60 * 60 * 1000};

// Within a tenth, so that the leaders of several deployments do not list one store in step.
Milliseconds around(Milliseconds time) {
  const double part = 0.9 + 0.2 * (static_cast<double>(fast_random() >> 11) * 0x1.0p-53);
  return Milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(time.count()) * part)));
}

}  // namespace

Collector::Collector(Loop& loop, const OrchestratorSettings& settings, std::int64_t epoch, Links links)
    : settings_(settings), links_(std::move(links)), store_(links_.session, settings.deployment, epoch), timer_(loop) {}

void Collector::begin() { plan(std::min(kFirstAfter, settings_.gc_interval)); }

void Collector::silence() {
  lifeline_.cut();
  timer_.stop();
  for (auto* gauge : {&links_.metrics.candidates, &links_.metrics.unknown}) {
    for (auto& value : *gauge) value = 0;  // the next leader's to say
  }
}

void Collector::plan(Milliseconds after) {
  timer_.start(around(after), [this] { run(); });
}

bool Collector::there(Kind kind) const { return kind == Kind::volume ? links_.runtime_there() : links_.store_there(); }

void Collector::run() {
  due_.clear();
  given_up_.clear();
  left_.clear();
  removed_ = 0;
  search({links_.runtime, links_.archives, store_, there(Kind::volume), there(Kind::archive)}, lifeline_,
         lifeline_.guard([this](Result<Found> result) { found(std::move(result)); }));
}

void Collector::found(Result<Found> result) {
  if (!result) {
    failed("cannot read the workspaces", result.error());
    return ended();
  }
  found_ = std::move(*result);
  for (const auto& [kind, error] : found_.failed) {
    failed("nothing is done about " + std::string(name(kind)) + "s, which cannot be listed", error);
  }
  report_unknown();
  unmarked_.clear();
  proofs_.clear();
  for (const auto& [kind, orphans] : found_.orphans) {
    unmarked_.push_back(kind);
    for (const Orphan& orphan : orphans) proofs_.push_back(orphan.proof);
  }
  mark_next();
}

void Collector::report_unknown() {
  for (const Kind kind : kKinds) {
    if (found_.failed.contains(kind)) continue;
    const auto& unknown = found_.unknown[kind];
    auto& gauge = links_.metrics.unknown[static_cast<std::size_t>(kind)];
    if (gauge.exchange(unknown.size()) == unknown.size() || unknown.empty()) continue;
    log::warn(
        "gc: {} {}(s) that no workspace needs and this database knows nothing of are kept, {} among them:"
        " restored from a backup, or another installation's? `hearth --gc-dry-run` lists them",
        unknown.size(), name(kind), unknown.front().resource.name);
  }
}

void Collector::mark_next() {
  if (unmarked_.empty()) return read_candidates();
  const Kind kind = unmarked_.front();
  unmarked_.pop_front();
  std::vector<std::string> names;
  for (const Orphan& orphan : found_.orphans[kind]) names.push_back(orphan.resource.name);
  left_[kind] = names.size();
  store_.mark(kind, names, lifeline_.guard([this](Result<void> marked) {
    if (marked) return mark_next();
    failed("cannot mark", marked.error());
    ended();
  }));
}

void Collector::read_candidates() {
  HEARTH_CRASH_POINT("gc:marked");
  store_.candidates(settings_.gc_orphan_delay, lifeline_.guard([this](Result<std::vector<Candidate>> candidates) {
    if (!candidates) {
      failed("cannot read what was marked", candidates.error());
      return ended();
    }
    std::map<Kind, std::unordered_map<std::string, Orphan>> by_name;
    for (auto& [kind, orphans] : found_.orphans) {
      for (Orphan& orphan : orphans) by_name[kind].emplace(orphan.resource.name, std::move(orphan));
    }
    for (const Candidate& candidate : *candidates) {
      auto& orphans = by_name[candidate.kind];
      const auto orphan = orphans.find(candidate.name);
      if (candidate.due && orphan != orphans.end()) due_.push_back(std::move(orphan->second));
    }
    remove_next();
  }));
}

void Collector::remove_next() {
  while (!due_.empty() && (given_up_.contains(due_.front().resource.kind) || !there(due_.front().resource.kind)))
    due_.pop_front();
  if (due_.empty()) return forget_released();
  if (removed_ >= settings_.gc_max_deletes) {
    log::notice("gc: {} removed, as many as one run may (gc_max_deletes); {} wait for the next", removed_, due_.size());
    return ended();
  }
  Orphan next = std::move(due_.front());
  due_.pop_front();
  check(std::move(next));
}

// Since it was listed, a row may have appeared or got into ERROR, and another leader may have been elected.
void Collector::check(Orphan orphan) {
  const Uuid workspace = orphan.resource.workspace;
  store_.rows({workspace}, lifeline_.guard([this, orphan = std::move(orphan)](Result<GcStore::Rows> rows) mutable {
    if (!rows) {
      failed("cannot read a workspace", rows.error());
      return ended();
    }
    const auto row = rows->find(orphan.resource.workspace);
    orphan.why = why_orphan(orphan.resource, row == rows->end() ? nullptr : &row->second);
    if (orphan.why.empty()) return remove_next();
    links_.confirm_epoch(lifeline_.guard([this, orphan = std::move(orphan)](Result<void> ours) mutable {
      if (ours) return remove(std::move(orphan));
      failed("cannot confirm the epoch", ours.error());
      ended();
    }));
  }));
}

void Collector::remove(Orphan orphan) {
  const Resource resource = orphan.resource;
  auto done = lifeline_.guard(
      [this, orphan = std::move(orphan)](const Result<void>& outcome) mutable { removed(orphan, outcome); });
  switch (resource.kind) {
    case Kind::archive:
      return links_.archives.remove(resource.name, std::move(done));
    case Kind::volume:  // looks at its labels first, and leaves one alone that is in use
      return links_.runtime.remove_volume(resource.workspace, resource.name, std::move(done));
    case Kind::upload:
      return links_.archives.abort_upload(*resource.upload, std::move(done));
  }
}

void Collector::removed(const Orphan& orphan, const Result<void>& outcome) {
  const Resource& resource = orphan.resource;
  if (!outcome) {
    failed("cannot remove " + resource.name, outcome.error());
    if (is_transient(outcome.error())) {
      given_up_.insert(resource.kind);
      if (resource.kind != Kind::volume) given_up_.insert({Kind::archive, Kind::upload});
    }
    return remove_next();
  }
  HEARTH_CRASH_POINT("gc:removed");
  log::notice("gc: {} {} removed: {}", name(resource.kind), resource.name, orphan.why);
  ++removed_;
  --left_[resource.kind];
  ++links_.metrics.deleted[static_cast<std::size_t>(resource.kind)];
  // Should it come back it begins its time anew.
  store_.forget(resource.kind, resource.name, lifeline_.guard([this](Result<void> forgotten) {
    if (forgotten) return remove_next();
    failed("cannot forget what was removed", forgotten.error());
    ended();
  }));
}

// What was over for long, and of which nothing is left anywhere, need not be known any more.
void Collector::forget_released() {
  if (!found_.failed.empty() || !given_up_.empty() || found_.orphans.size() < kKinds.size()) return ended();
  store_.forget_released(std::max<Milliseconds>(settings_.gc_orphan_delay, kReleasedKept), proofs_,
                         lifeline_.guard([this](Result<void> forgotten) {
                           if (!forgotten) failed("cannot forget what is over", forgotten.error());
                           ended();
                         }));
}

void Collector::failed(const std::string& what, const Error& error) {
  ++links_.metrics.errors;
  log::warn("gc: {}: {}", what, error.message);
}

void Collector::ended() {
  ++links_.metrics.runs;
  links_.metrics.last_run = std::chrono::duration_cast<Seconds>(wall_now().time_since_epoch()).count();
  for (const auto& [kind, count] : left_) links_.metrics.candidates[static_cast<std::size_t>(kind)] = count;
  found_ = {};
  due_.clear();
  plan(settings_.gc_interval);
}

}  // namespace hearth::orchestrator::gc
