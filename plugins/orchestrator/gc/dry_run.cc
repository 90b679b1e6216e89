#include "orchestrator/gc/dry_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace hearth::orchestrator::gc {
namespace {

std::string time_text(const WallTime& time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(WallClock::to_time_t(time)));
}

std::string span(Milliseconds time) {
  const std::int64_t seconds = time.count() / 1000;
  if (seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

DryRun judged(Found found, const std::vector<Candidate>& candidates) {
  DryRun result;
  result.failed = std::move(found.failed);
  std::map<std::pair<Kind, std::string_view>, const Candidate*> by_name;
  for (const Candidate& candidate : candidates) by_name[{candidate.kind, candidate.name}] = &candidate;
  for (auto& [kind, orphans] : found.orphans) {
    for (Orphan& orphan : orphans) {
      DryRun::Line line{std::move(orphan), {}, false};
      const auto marked = by_name.find({kind, line.orphan.resource.name});
      if (marked != by_name.end()) {
        line.first_seen = marked->second->first_seen;
        line.due = marked->second->due;
      }
      result.lines.push_back(std::move(line));
    }
  }
  for (auto& [kind, unknown] : found.unknown) {
    for (Orphan& orphan : unknown) result.unknown.push_back(std::move(orphan));
  }
  const auto rank = [](const DryRun::Line& line) {
    return std::tuple(!line.due, !line.first_seen, line.first_seen.value_or(WallTime()), line.orphan.resource.kind,
                      line.orphan.resource.name);
  };
  std::sort(result.lines.begin(), result.lines.end(),
            [&](const DryRun::Line& a, const DryRun::Line& b) { return rank(a) < rank(b); });
  return result;
}

}  // namespace

void dry_run(const OrchestratorSettings& settings, const SearchLinks& links, const Lifeline& lifeline,
             UniqueFunction<void(Result<DryRun>)> done) {
  GcStore& store = links.store;
  search(links, lifeline,
         lifeline.guard([&store, &lifeline, delay = settings.gc_orphan_delay,
                         done = std::move(done)](Result<Found> found) mutable {
           if (!found) return done(fail(std::move(found.error())));
           store.candidates(delay, lifeline.guard([found = std::move(*found), done = std::move(done)](
                                                      Result<std::vector<Candidate>> candidates) mutable {
             if (!candidates) return done(fail(std::move(candidates.error())));
             done(judged(std::move(found), *candidates));
           }));
         }));
}

std::string text_of(const DryRun& result, const OrchestratorSettings& settings) {
  std::string out;
  unsigned removed = 0;
  if (!result.lines.empty() || !result.unknown.empty())
    out += fmt::format("{:<8} {:<8} {:<20}  {}\n", "ACTION", "KIND", "SINCE", "NAME, AND WHY");
  for (const DryRun::Line& line : result.lines) {
    const char* action = "wait";
    if (line.due) action = removed < settings.gc_max_deletes ? "remove" : "later";
    removed += line.due && removed < settings.gc_max_deletes ? 1 : 0;
    out += fmt::format("{:<8} {:<8} {:<20}  {}: {}\n", action, name(line.orphan.resource.kind),
                       line.first_seen ? time_text(*line.first_seen) : "not marked yet", line.orphan.resource.name,
                       line.orphan.why);
  }
  for (const Orphan& orphan : result.unknown)
    out += fmt::format("{:<8} {:<8} {:<20}  {}: {}, and this database knows nothing of it\n", "keep",
                       name(orphan.resource.kind), "-", orphan.resource.name, orphan.why);
  out += fmt::format(
      "Deployment \"{}\": the next run would remove {}; {} wait until nobody has needed them for {} "
      "(gc_orphan_delay), or for a later run ({} at a time, gc_max_deletes). Nothing was removed.\n",
      settings.deployment, removed, result.lines.size() - removed, span(settings.gc_orphan_delay),
      settings.gc_max_deletes);
  if (!result.unknown.empty())
    out += fmt::format(
        "{} are kept because only what this database has seen to be over is ever removed. Has it been restored from a "
        "backup, or does another installation use the same store? Remove them by hand if nobody misses them.\n",
        result.unknown.size());
  for (const auto& [kind, error] : result.failed)
    out += fmt::format("Nothing is known about {}s: {}\n", name(kind), error.message);
  return out;
}

}  // namespace hearth::orchestrator::gc
