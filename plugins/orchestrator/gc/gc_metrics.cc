#include "orchestrator/gc/gc_metrics.h"

#include <fmt/format.h>

namespace hearth::orchestrator::gc {

std::string GcMetrics::render() const {
  std::string out;
  const auto head = [&](std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  };
  const auto per_kind = [&](std::string_view name, const auto& values) {
    for (const Kind kind : kKinds)
      out += fmt::format("{}{{kind=\"{}\"}} {}\n", name, gc::name(kind), values[static_cast<std::size_t>(kind)].load());
  };
  head("hearth_gc_runs_total", "counter", "Runs of the garbage collector that came to their end.");
  out += fmt::format("hearth_gc_runs_total {}\n", runs.load());
  head("hearth_gc_errors_total", "counter", "Listings, statements and removals of the garbage collector that failed.");
  out += fmt::format("hearth_gc_errors_total {}\n", errors.load());
  head("hearth_gc_deleted_total", "counter", "What the garbage collector has removed.");
  per_kind("hearth_gc_deleted_total", deleted);
  head("hearth_gc_candidates", "gauge", "What no workspace needs and the garbage collector has not removed yet.");
  per_kind("hearth_gc_candidates", candidates);
  head("hearth_gc_unknown", "gauge", "What no workspace needs and this database knows nothing of: kept.");
  per_kind("hearth_gc_unknown", unknown);
  head("hearth_gc_last_run_timestamp_seconds", "gauge", "When the last run ended; 0 before the first.");
  out += fmt::format("hearth_gc_last_run_timestamp_seconds {}\n", last_run.load());
  return out;
}

}  // namespace hearth::orchestrator::gc
