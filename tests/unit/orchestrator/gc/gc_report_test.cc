// What the garbage collector shows: the dry run's table, and its metrics.
#include <gtest/gtest.h>

#include "orchestrator/gc/dry_run.h"
#include "orchestrator/gc/gc_metrics.h"

namespace hearth::orchestrator::gc {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(GcReport, SaysWhatGoesNowWhatWaitsAndWhy) {
  OrchestratorSettings settings;
  settings.gc_max_deletes = 1;
  const WallTime since{std::chrono::seconds(1700000000)};
  DryRun result;
  const Uuid id = Uuid::random();
  result.lines = {{{volume_resource(id, "v-old"), "its workspace does not exist"}, since, true},
                  {{volume_resource(id, "v-also"), "its workspace does not exist"}, since, true},
                  {{volume_resource(id, "v-young"), "not the volume of its workspace (any more)"}, since, false},
                  {{volume_resource(id, "v-new"), "its workspace does not exist"}, {}, false}};
  result.unknown = {{volume_resource(id, "v-strange"), "its workspace does not exist"}};
  result.failed[Kind::upload] = Error{ErrorCode::timeout, ErrorSource::storage, true, 0, "took too long"};
  const std::string text = text_of(result, settings);
  EXPECT_TRUE(has(text, "remove   volume   2023-11-14T22:13:20Z  v-old: its workspace does not exist\n")) << text;
  EXPECT_TRUE(has(text, "later    volume   2023-11-14T22:13:20Z  v-also: ")) << text;
  EXPECT_TRUE(has(text, "wait     volume   2023-11-14T22:13:20Z  v-young: not the volume of its workspace")) << text;
  EXPECT_TRUE(has(text, "wait     volume   not marked yet        v-new: ")) << text;
  EXPECT_TRUE(has(text, "keep     volume   -                     v-strange: its workspace does not exist, and"))
      << text;
  EXPECT_TRUE(has(text, "1 are kept because")) << text;
  EXPECT_TRUE(has(text, "would remove 1; 3 wait until nobody has needed them for 2h (gc_orphan_delay)")) << text;
  EXPECT_TRUE(has(text, "Nothing is known about uploads: took too long\n")) << text;
}

TEST(GcReport, WithoutOrphansThereIsNoTable) {
  const std::string text = text_of({}, {});
  EXPECT_FALSE(has(text, "ACTION")) << text;
  EXPECT_TRUE(has(text, "would remove 0; 0 wait")) << text;
}

TEST(GcReport, MetricsArePrometheusText) {
  GcMetrics metrics;
  metrics.runs = 3;
  metrics.errors = 2;
  metrics.last_run = 1700000000;
  metrics.deleted[static_cast<std::size_t>(Kind::volume)] = 7;
  metrics.candidates[static_cast<std::size_t>(Kind::upload)] = 5;
  const std::string text = metrics.render();
  for (const char* line :
       {"# TYPE hearth_gc_runs_total counter\nhearth_gc_runs_total 3\n", "\nhearth_gc_errors_total 2\n",
        "\nhearth_gc_deleted_total{kind=\"archive\"} 0\n", "\nhearth_gc_deleted_total{kind=\"volume\"} 7\n",
        "# TYPE hearth_gc_candidates gauge\n", "\nhearth_gc_candidates{kind=\"upload\"} 5\n",
        "\nhearth_gc_last_run_timestamp_seconds 1700000000\n"})
    EXPECT_TRUE(has(text, line)) << line << "in:\n" << text;
}

}  // namespace
}  // namespace hearth::orchestrator::gc
