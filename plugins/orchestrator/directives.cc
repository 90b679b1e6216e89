// The directives of the orchestrator { } block.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "clients/redis.h"
#include "orchestrator/directive_rows.h"
#include "orchestrator/orchestrator.h"

namespace hearth::orchestrator {

namespace {

using namespace directive_rows;

// A time in whole seconds.
auto idle_time(std::int64_t OrchestratorSettings::*member) {
  return [member](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    auto time = config::parse_time(statement.args[0]);
    if (!time) return tl::unexpected(std::move(time.error()));
    settings_of(target).*member = std::chrono::ceil<Seconds>(*time).count();
    settings_of(target).idle_given = true;
    return {};
  };
}

Result<unsigned> count(const std::string& argument) {
  const auto number = config::parse_number(argument);
  if (!number) return tl::unexpected(number.error());
  if (*number == 0 || *number > 1000000) return wrong(fmt::format("\"{}\" must be from 1 to 1000000", argument));
  return static_cast<unsigned>(*number);
}

Result<double> processors(const std::string& argument) {
  double number = 0;
  const char* end = argument.data() + argument.size();
  const auto parsed = std::from_chars(argument.data(), end, number, std::chars_format::fixed);
  if (parsed.ec != std::errc() || parsed.ptr != end || !(number >= 0.01) || number > 1024) {
    return wrong(fmt::format("invalid number of processors \"{}\": from 0.01 to 1024, for example 1.5", argument));
  }
  return number;
}

Result<std::uint64_t> memory(const std::string& argument) {
  auto bytes = config::parse_size(argument);
  if (bytes && *bytes < (64u << 20))
    return wrong(fmt::format("\"{}\" is less than 64m, too little for a workspace", argument));
  return bytes;
}

Result<std::string> socket_path(const std::string& argument) {
  std::string_view path = argument;
  if (!path.starts_with("unix:"))
    return wrong(fmt::format("\"{}\" must be unix:/path of the engine's socket", argument));
  path.remove_prefix(5);
  if (!path.starts_with('/')) return wrong(fmt::format("\"{}\" must name an absolute path", argument));
  return std::string(path);
}

Result<RuntimeSettings::Pull> pull(const std::string& argument) {
  if (argument == "missing") return RuntimeSettings::Pull::missing;
  if (argument == "never") return RuntimeSettings::Pull::never;
  if (argument == "always") return RuntimeSettings::Pull::always;
  return wrong(fmt::format("invalid value \"{}\": missing, never or always", argument));
}

Result<std::string> deployment(const std::string& argument) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (argument.empty() || argument.size() > 31 || argument[0] == '-' ||
      !std::all_of(argument.begin(), argument.end(), allowed)) {
    return wrong(
        fmt::format("invalid deployment \"{}\": 1 to 31 of a-z, 0-9 and \"-\", not starting with \"-\"", argument));
  }
  return argument;
}

Result<void> set_data_dir(void* target, const Statement& statement, LoadContext& context) {
  if (statement.args[0].empty()) return wrong("value must not be empty");
  settings_of(target).data_dir = context.resolve_path(statement.args[0]);
  return {};
}

Result<void> set_database(void* target, const Statement& statement, LoadContext&) {
  const std::string& where = statement.args[0];
  OrchestratorSettings& settings = settings_of(target);
  settings.database_embedded = where == "embedded";
  if (settings.database_embedded) return {};
  if (!where.starts_with("postgres://") && !where.starts_with("postgresql://")) {
    return wrong(fmt::format("invalid database \"{}\": embedded, or postgres://user@host/name", where));
  }
  settings.database_url = where;
  return {};
}

Result<void> set_event_bus(void* target, const Statement& statement, LoadContext&) {
  const std::string& where = statement.args[0];
  OrchestratorSettings& settings = settings_of(target);
  settings.redis_url.clear();
  if (where == "local") return {};
  if (!where.starts_with("redis")) {
    return wrong(fmt::format("invalid event_bus \"{}\": local, or redis://host:port/database", where));
  }
  if (const auto parsed = parse_redis_url(where); !parsed) return tl::unexpected(parsed.error());
  settings.redis_url = where;
  return {};
}

Result<void*> enter_orchestrator(void* target, const Statement&, LoadContext&) {
  settings_of(target).present = true;
  return target;
}

Result<void*> enter_runtime(void* target, const Statement& statement, LoadContext&) {
  if (statement.args[0] != "docker") {
    return wrong(fmt::format("runtime \"{}\" is not supported: docker", statement.args[0]));
  }
  return static_cast<void*>(&settings_of(target).runtime);
}

void add_runtime(config::DirectiveTable& table) {
  using R = RuntimeSettings;
  table.push_back(block("runtime", "orchestrator", 1, enter_runtime, "runtime docker { ... }",
                        "Where workspaces run: a Docker engine on this machine."));
  table.push_back(simple("socket", "runtime", value(socket_path, &R::socket), "socket unix:path",
                         "unix:/var/run/docker.sock", "The engine's API socket."));
  table.push_back(simple("image", "runtime", value(text, &R::image), "image reference", "hearth/code-server",
                         "Image of workspaces that name none."));
  table.push_back(simple("job_image", "runtime", value(text, &R::job_image), "job_image reference",
                         "hearth/storage-job", "Image of one-shot storage jobs."));
  table.push_back(simple("cpus", "runtime", value(processors, &R::cpus), "cpus number", "2",
                         "Processors each workspace may use; fractions are allowed."));
  table.push_back(simple("memory", "runtime", value(memory, &R::memory_bytes), "memory size", "4g",
                         "Memory each workspace may use."));
  table.push_back(simple("pids", "runtime", value(count, &R::pids), "pids number", "1024",
                         "Processes and threads each workspace may have."));
  table.push_back(simple("pull", "runtime", value(pull, &R::pull), "pull missing | never | always", "missing",
                         "When the image is fetched before a start."));
  table.push_back(
      simple("network", "runtime", value(text, &R::network), "network name", "hearth-<deployment>",
             "Docker network of the workspaces. Without it one is made on which they cannot reach each other."));
}

void add_idle(config::DirectiveTable& table) {
  using S = OrchestratorSettings;
  table.push_back(simple("standby_ttl", "orchestrator", idle_time(&S::standby_ttl_seconds), "standby_ttl time", "30m",
                         "Idle time after which a running workspace is put to sleep. Not enforced yet."));
  table.push_back(simple("archive_ttl", "orchestrator", idle_time(&S::archive_ttl_seconds), "archive_ttl time", "7d",
                         "Time asleep after which a workspace is archived. Not enforced yet."));
  table.push_back(simple("stop_notice", "orchestrator", idle_time(&S::stop_notice_seconds), "stop_notice time", "2m",
                         "How long before it is put to sleep its user is told. Not enforced yet."));
}

Result<Milliseconds> at_least_a_second(const std::string& argument) {
  auto time = config::parse_time(argument);
  if (time && *time < Seconds(1)) return wrong(fmt::format("\"{}\" is less than 1s", argument));
  return time;
}

void add_collection(config::DirectiveTable& table) {
  using S = OrchestratorSettings;
  table.push_back(simple("gc_interval", "orchestrator", value(at_least_a_second, &S::gc_interval), "gc_interval time",
                         "4h", "How often archives, volumes and uploads are looked for that no workspace needs."));
  table.push_back(simple("gc_orphan_delay", "orchestrator", value(at_least_a_second, &S::gc_orphan_delay),
                         "gc_orphan_delay time", "2h",
                         "How long no workspace must have needed them before they are removed."));
  table.push_back(simple("gc_max_deletes", "orchestrator", value(count, &S::gc_max_deletes), "gc_max_deletes number",
                         "100", "How many of them are removed at a time; the others wait for the next gc_interval."));
}

}  // namespace

const config::DirectiveTable& orchestrator_directives() {
  static const config::DirectiveTable table = [] {
    using S = OrchestratorSettings;
    config::DirectiveTable t;
    t.push_back(block("orchestrator", "main", 0, enter_orchestrator, "orchestrator { ... }",
                      "Workspaces: where they run, and what is remembered about them."));
    t.push_back(simple("deployment", "orchestrator", value(deployment, &S::deployment), "deployment name", "main",
                       "Part of the name of every container and volume; one per database."));
    t.push_back(simple("data_dir", "orchestrator", set_data_dir, "data_dir path", "/var/lib/hearth",
                       "Where the embedded database and other state is kept."));
    t.push_back(simple("database", "orchestrator", set_database, "database embedded | url", "embedded",
                       "A private PostgreSQL below data_dir, or the postgres:// URL of a server."));
    t.push_back(
        simple("event_bus", "orchestrator", set_event_bus, "event_bus local | url", "local",
               "How processes on one database tell each other of changes: the redis:// URL of a server, or local: "
               "each listens to the database itself."));
    add_archive_store(t);
    add_runtime(t);
    add_idle(t);
    add_collection(t);
    t.push_back(simple("max_running_per_user", "orchestrator", value(count, &S::max_running_per_user),
                       "max_running_per_user number", "3", "Workspaces one user may have running."));
    t.push_back(simple("max_running", "orchestrator", value(count, &S::max_running), "max_running number", "100",
                       "Workspaces that may run in all."));
    t.push_back(simple("coordinator", "orchestrator", value(config::parse_flag, &S::coordinator),
                       "coordinator on | off", "on", "Off: this process only proxies and serves the API."));
    t.push_back(simple("wake_hold", "orchestrator", value(config::parse_time, &S::wake_hold), "wake_hold time", "15s",
                       "How long a background request waits for a workspace that is on its way up."));
    t.push_back(simple("auto_restore", "orchestrator", value(config::parse_flag, &S::auto_restore),
                       "auto_restore on | off", "off",
                       "On: opening an archived workspace restores it. Off: a page asks first."));
    return t;
  }();
  return table;
}

}  // namespace hearth::orchestrator
