// What the coordinator costs per tick when few of many workspaces move, and how soon it acts on a hint: the real
// leader, change feed and coordinator over a private PostgreSQL, and a container runtime made of memory
// (perf/README.md).
#include <sys/types.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "integration/orchestrator/coordinator/fake_runtime.h"
#include "orchestrator/coordinator.h"
#include "orchestrator/leader/leader.h"
#include "orchestrator/notify/change_feed.h"
#include "orchestrator/store/migrations.h"
#include "runtime/timer.h"
#include "support/loop_until.h"
#include "support/postgres.h"

namespace hearth::orchestrator {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

struct Options {
  std::vector<std::size_t> workspaces{1000, 100000};
  std::size_t moving = 100;
  unsigned ticks = 20;
  std::size_t together = 200;
  unsigned rounds = 5;
  bool fsync = false;
  bool analyze = true;
  bool skip_ticks = false;
  bool skip_latency = false;
};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "coordinator_bench: %s\n", why.c_str());
  std::exit(1);
}

double ms(Nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

Nanoseconds cpu(clockid_t clock) {
  timespec used{};
  clock_gettime(clock, &used);
  return Seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

// Processor time of every process of the server by now, by process (/proc/PID/schedstat, nanoseconds).
std::map<pid_t, Nanoseconds> server_cpu(pid_t server) {
  const std::string pid = std::to_string(server);
  std::map<pid_t, Nanoseconds> result;
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  for (pid_t child = 0; children >> child;) {
    std::int64_t used = 0;
    if (std::ifstream("/proc/" + std::to_string(child) + "/schedstat") >> used) result[child] = Nanoseconds(used);
  }
  if (result.empty()) die("/proc does not tell what PostgreSQL uses");
  return result;
}

struct Meter {
  Nanoseconds listing{0};
  unsigned looks = 0;
  std::unordered_map<Uuid, SteadyTime> hinted;
  std::vector<double> waits;  // ms from hint to start
};

// Counts what the listings cost and when starts come. Probes are answered here: the fake's look at every container.
class MeasuredRuntime final : public WorkspaceRuntime {
 public:
  MeasuredRuntime(Loop& loop, World& world, Meter& meter)
      : loop_(loop), world_(world), meter_(meter), fake_(loop, world, [](const char*) { return true; }) {}

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override {
    const Nanoseconds from = cpu(CLOCK_THREAD_CPUTIME_ID);
    fake_.observe(std::move(done));
    meter_.listing += cpu(CLOCK_THREAD_CPUTIME_ID) - from;
    ++meter_.looks;
  }
  void list_volumes(UniqueFunction<void(Result<Volumes>)> done) override { fake_.list_volumes(std::move(done)); }
  void provision(const Uuid& id, const std::string& volume, Done done) override {
    fake_.provision(id, volume, std::move(done));
  }
  void start(const StartSpec& spec, Done done) override {
    if (const auto hinted = meter_.hinted.find(spec.workspace); hinted != meter_.hinted.end()) {
      meter_.waits.push_back(ms(SteadyClock::now() - hinted->second));
      meter_.hinted.erase(hinted);
    }
    fake_.start(spec, std::move(done));
  }
  void stop(const Uuid& id, Done done) override { fake_.stop(id, std::move(done)); }
  void remove_volume(const Uuid& id, const std::string& volume, Done done) override {
    fake_.remove_volume(id, volume, std::move(done));
  }
  void archive(const JobSpec& spec, Done done) override { fake_.archive(spec, std::move(done)); }
  void restore(const JobSpec& spec, Done done) override { fake_.restore(spec, std::move(done)); }
  void remove_job(const Uuid& id, const Uuid& operation, Done done) override {
    fake_.remove_job(id, operation, std::move(done));
  }
  void logs(const Uuid& id, unsigned lines, UniqueFunction<void(Result<std::string>)> done) override {
    fake_.logs(id, lines, std::move(done));
  }
  void probe(const std::string&, Done done) override {
    loop_.post([done = std::move(done), answers = world_.new_containers_answer]() mutable {
      if (answers) return done({});
      done(fail(ErrorCode::unavailable, ErrorSource::upstream, "not yet"));
    });
  }
  void on_event(UniqueFunction<void(std::optional<Uuid>)> hint) override { fake_.on_event(std::move(hint)); }
  std::string unready_reason() const override { return {}; }

 private:
  Loop& loop_;
  World& world_;
  Meter& meter_;
  FakeRuntime fake_;
};

class MeasuredArchives final : public ArchiveStore {
 public:
  MeasuredArchives(Loop& loop, World& world, Meter& meter)
      : meter_(meter), fake_(loop, world, [](const char*) { return true; }) {}

  void identify(bool holds_archives, UniqueFunction<void(Result<StoreMark>)> done) override {
    fake_.identify(holds_archives, std::move(done));
  }
  void expect(const Uuid& mark) override { fake_.expect(mark); }
  void observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) override {
    const Nanoseconds from = cpu(CLOCK_THREAD_CPUTIME_ID);
    fake_.observe(std::move(markers_of), std::move(done));
    meter_.listing += cpu(CLOCK_THREAD_CPUTIME_ID) - from;
  }
  void list_all(UniqueFunction<void(Result<std::vector<StoredArchive>>)> done) override {
    fake_.list_all(std::move(done));
  }
  void list_uploads(UniqueFunction<void(Result<std::vector<StoredUpload>>)> done) override {
    fake_.list_uploads(std::move(done));
  }
  void remove(const std::string& key, UniqueFunction<void(Result<void>)> done) override {
    fake_.remove(key, std::move(done));
  }
  void abort_upload(const StoredUpload& upload, UniqueFunction<void(Result<void>)> done) override {
    fake_.abort_upload(upload, std::move(done));
  }
  std::string unready_reason() const override { return {}; }
  const std::string& prefix() const override { return fake_.prefix(); }

 private:
  Meter& meter_;
  FakeArchives fake_;
};

// A database with the schema and `count` workspaces in STANDBY, and a node that leads and has seen them all.
class Bench {
 public:
  Bench(const Options& options, test::PostgresServer& server, std::size_t count)
      : options_(options), server_(server), database_(server.create_database()) {
    pg_.conninfo = server.conninfo(database_);
    migrate();
    fill(count);
    if (options.analyze) sql("VACUUM ANALYZE");
    node_.emplace(*this);
    const SteadyTime from = SteadyClock::now();
    await("converge", [this, count] {
      const Coordinator::Stats stats = node_->coordinator.stats();
      return stats.loaded && stats.workspaces == count && stats.moving == 0 && none("observed_at IS NULL");
    });
    first_look_ = SteadyClock::now() - from;
  }

  // Wants `count` of them in this state, in one statement.
  void want(std::size_t count, const std::string& desired) {
    sql("UPDATE workspaces SET desired_state = '" + desired +
        "' WHERE id IN (SELECT id FROM workspaces ORDER BY id LIMIT " + std::to_string(count) + ")");
  }
  void await(const char* what, UniqueFunction<bool()> condition) {
    const SteadyTime until = SteadyClock::now() + Seconds(120);
    while (!condition()) {
      if (SteadyClock::now() > until) die(std::string("waited too long for: ") + what);
      test::run_for(loop_, Milliseconds(50));
    }
  }
  bool none(const std::string& where) { return sql("SELECT count(*) FROM workspaces WHERE " + where) == "0"; }
  std::string sql(const std::string& text) { return server_.sql(database_, text); }
  // Nothing but the node wakes the loop.
  void run_quietly(Milliseconds duration) {
    bool over = false;
    Timer end(loop_);
    end.start(duration, [&over] { over = true; });
    while (!over) uv_run(loop_.raw(), UV_RUN_ONCE);
  }

  Coordinator::Stats stats() const { return node_->coordinator.stats(); }
  Nanoseconds first_look() const { return first_look_; }
  World world;
  Meter meter;

 private:
  struct Node {
    explicit Node(Bench& bench)
        : runtime(bench.loop_, bench.world, bench.meter),
          archives(bench.loop_, bench.world, bench.meter),
          leader(bench.loop_, bench.pg_, bench.settings_.deployment,
                 {[this](std::int64_t epoch) { coordinator.elected(epoch); },
                  [this](std::string_view why) {
                    std::fprintf(stderr, "coordinator_bench: deposed: %s\n", std::string(why).c_str());
                    coordinator.deposed();
                  }}),
          coordinator(bench.loop_, bench.settings_, leader, runtime, archives),
          feed(bench.loop_, bench.pg_,
               {nullptr,
                [this, &meter = bench.meter](const Uuid& id) {
                  meter.hinted.try_emplace(id, SteadyClock::now());
                  coordinator.hint(id);
                },
                [this] { coordinator.hint(std::nullopt); }}) {}
    MeasuredRuntime runtime;
    MeasuredArchives archives;
    Leader leader;
    Coordinator coordinator;
    ChangeFeed feed;
  };

  void migrate() {
    bool done = false;
    MigrationRun run(loop_, pg_, {[&done] { done = true; }, [](const Error& error) { die(error.message); }});
    await("the schema", [&done] { return done; });
  }
  // Autovacuum would be measured with the rest.
  void fill(std::size_t count) {
    const std::string owner = sql("INSERT INTO users (username, password_hash) VALUES ('ada', 'x') RETURNING id");
    std::string ids;
    std::string volumes;
    for (std::size_t i = 0; i < count; ++i) {
      const Uuid id = Uuid::random();
      const std::string volume = volume_name(settings_.deployment, id, "00000000");
      world.volumes.emplace(volume, id);
      ids += (i == 0 ? "" : ",") + id.text();
      volumes += (i == 0 ? "" : ",") + volume;
    }
    sql("ALTER TABLE workspaces SET (autovacuum_enabled = false); SET session_replication_role = replica;"
        " INSERT INTO workspaces (id, owner_user_id, name, phase, desired_state, volume_name)"
        " SELECT id, '" +
        owner + "', volume, 'STANDBY', 'STANDBY', volume FROM unnest('{" + ids + "}'::uuid[], '{" + volumes +
        "}'::text[]) AS x(id, volume)");
  }

  const Options& options_;
  test::PostgresServer& server_;
  std::string database_;
  PgOptions pg_;
  OrchestratorSettings settings_;
  Loop loop_;
  std::optional<Node> node_;
  Nanoseconds first_look_{0};
};

// Returns the milliseconds per tick of everything that is not the listing.
double measure_ticks(const Options& options, test::PostgresServer& server, std::size_t count) {
  Bench bench(options, server, count);
  bench.world.new_containers_answer = false;
  bench.want(options.moving, "RUNNING");
  bench.await("the starts", [&] {
    const Coordinator::Stats stats = bench.stats();
    return bench.world.containers.size() == options.moving && stats.moving == options.moving && stats.acting == 0;
  });
  bench.sql(options.analyze ? "VACUUM ANALYZE" : "SELECT 1");
  bench.sql("CHECKPOINT");
  bench.run_quietly(Milliseconds(3000));  // the changes of the start are over

  const Nanoseconds hearth_before = cpu(CLOCK_PROCESS_CPUTIME_ID);
  const auto server_before = server_cpu(server.pid());
  const Meter before = bench.meter;
  const Nanoseconds comparing_before = bench.stats().comparing_cpu;
  bench.run_quietly(Seconds(options.ticks));
  const double ticks = bench.meter.looks - before.looks;
  const double hearth = ms(cpu(CLOCK_PROCESS_CPUTIME_ID) - hearth_before) / ticks;
  const double listing = ms(bench.meter.listing - before.listing) / ticks;
  const double comparing = ms(bench.stats().comparing_cpu - comparing_before) / ticks;
  Nanoseconds server_used{0};
  for (const auto& [pid, used] : server_cpu(server.pid())) {
    const auto found = server_before.find(pid);
    server_used += used - (found == server_before.end() ? Nanoseconds(0) : found->second);
  }
  const double postgres = ms(server_used) / ticks;
  const double rest = hearth - listing - comparing;
  std::printf("%10zu %6zu %5.0f %9.2f %10.2f %8.2f %10.2f %9.2f %11.1f\n", count, bench.stats().moving, ticks, listing,
              comparing, rest, postgres, rest + postgres, ms(bench.first_look()) / 1000);
  std::fflush(stdout);
  return rest + postgres;
}

void measure_tick_cost(const Options& options, test::PostgresServer& server) {
  std::printf("CPU per tick of 1 s, in ms (\"rest\" = hearth without listing and comparing)\n");
  std::printf("%10s %6s %5s %9s %10s %8s %10s %9s %11s\n", "workspaces", "moving", "ticks", "listing", "comparing",
              "rest", "PostgreSQL", "together", "first look");
  std::vector<double> together;
  for (const std::size_t count : options.workspaces) together.push_back(measure_ticks(options, server, count));
  for (std::size_t i = 1; i < together.size(); ++i) {
    std::printf("rest and PostgreSQL, %zu to %zu workspaces: %.2f times (at most 2 wanted)\n", options.workspaces[0],
                options.workspaces[i], together[i] / together[0]);
  }
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1) + 0.5)];
}

void measure_latency(const Options& options, test::PostgresServer& server) {
  Bench bench(options, server, options.together);
  std::printf("hint to actuator call of %zu workspaces started together, in ms (fsync %s; p99 below 50 wanted)\n",
              options.together, options.fsync ? "on" : "off");
  std::printf("%10s %8s %8s %8s %8s\n", "round", "starts", "p50", "p99", "max");
  const auto print = [](const std::string& name, std::vector<double> waits) {
    std::sort(waits.begin(), waits.end());
    std::printf("%10s %8zu %8.1f %8.1f %8.1f\n", name.c_str(), waits.size(), percentile(waits, 0.5),
                percentile(waits, 0.99), waits.back());
  };
  std::vector<double> all;
  for (unsigned round = 1; round <= options.rounds; ++round) {
    bench.meter.hinted.clear();
    bench.meter.waits.clear();
    bench.want(options.together, "RUNNING");
    bench.await("RUNNING", [&bench] { return bench.none("phase <> 'RUNNING' OR operation <> 'NONE'"); });
    if (bench.meter.waits.size() != options.together) die("a start was not hinted first");
    print(std::to_string(round), bench.meter.waits);
    all.insert(all.end(), bench.meter.waits.begin(), bench.meter.waits.end());
    bench.want(options.together, "STANDBY");
    bench.await("STANDBY", [&bench] { return bench.none("phase <> 'STANDBY' OR operation <> 'NONE'"); });
    bench.run_quietly(Milliseconds(500));
  }
  print("all", all);
}

}  // namespace
}  // namespace hearth::orchestrator

int main(int argc, char** argv) {
  using namespace hearth::orchestrator;
  Options options;
  CLI::App app("What the coordinator costs per tick, and how soon it acts on a hint.", "coordinator_bench");
  app.add_option("--workspaces", options.workspaces, "How many there are, for the cost of a tick")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--moving", options.moving, "… of which this many start for ever")->capture_default_str();
  app.add_option("--ticks", options.ticks, "Seconds to measure")->capture_default_str()->check(CLI::Range(1, 200));
  app.add_option("--together", options.together, "How many are started together")->capture_default_str();
  app.add_option("--rounds", options.rounds, "… and how often")->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_flag("--fsync", options.fsync, "PostgreSQL waits for the disk");
  app.add_flag("!--no-analyze", options.analyze, "PostgreSQL knows nothing of the rows but their number");
  app.add_flag("--no-ticks", options.skip_ticks, "Leave out the cost of a tick");
  app.add_flag("--no-latency", options.skip_latency, "Leave out the latency");
  CLI11_PARSE(app, argc, argv);
  std::printf("load average at the beginning: %.2f\n", load_average());
  hearth::test::PostgresServer server(options.fsync);
  if (!options.skip_ticks) measure_tick_cost(options, server);
  if (!options.skip_latency) measure_latency(options, server);
  std::printf("load average at the end: %.2f\n", load_average());
  return 0;
}
