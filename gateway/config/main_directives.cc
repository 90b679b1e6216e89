#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "config/gateway_directives.h"
#include "config/reader.h"
#include "config/setters.h"
#include "log/log.h"

namespace hearth::config {

namespace {

constexpr unsigned kMaxWorkers = 1024;

Result<void> set_workers(void* target, const Statement& statement, LoadContext&) {
  Builder& builder = builder_of(target);
  if (builder.workers_set) {
    return bad("\"" + statement.name + "\" directive is duplicate: worker_threads and worker_processes are the same");
  }
  builder.workers_set = true;
  const std::string& text = statement.args[0];
  if (text == "auto") {
    builder.settings.worker_threads = std::max(1u, std::thread::hardware_concurrency());
    return {};
  }
  const auto number = parse_decimal<unsigned>(text);
  if (!number || *number == 0 || *number > kMaxWorkers) {
    return invalid_value(text, "\"auto\" or a number from 1 to " + std::to_string(kMaxWorkers));
  }
  builder.settings.worker_threads = *number;
  return {};
}

Result<void> set_user(void* target, const Statement& statement, LoadContext&) {
  const std::string& name = statement.args[0];
  if (::getpwnam(name.c_str()) == nullptr) return bad("user \"" + name + "\" does not exist");
  if (::geteuid() != 0) {
    builder_of(target).warn(statement.where,
                            "the \"user\" directive makes sense only if the master process runs with super-user "
                            "privileges, ignored");
    return {};
  }
  builder_of(target).settings.user = name;
  return {};
}

Result<void> set_pid(void* target, const Statement& statement, LoadContext& context) {
  if (statement.args[0].empty()) return bad("\"pid\" directive needs a path");
  builder_of(target).settings.pid_file = context.resolve_path(statement.args[0]);
  return {};
}

Result<void> set_error_log(void* target, const Statement& statement, LoadContext& context) {
  ErrorLogSettings& out = builder_of(target).settings.error_log;
  const std::string& where = statement.args[0];
  if (where.rfind("syslog:", 0) == 0 || where.rfind("memory:", 0) == 0) {
    return invalid_value(where, "\"stderr\" or a path; syslog and memory logs are not supported");
  }
  if (where.empty()) return invalid_value(where, "\"stderr\" or a path");
  out.target = where == "stderr" ? where : context.resolve_path(where);
  if (statement.args.size() == 1) return {};
  const auto level = log::parse_level(statement.args[1]);
  if (!level) {
    return bad("invalid log level \"" + statement.args[1] +
               "\", it must be one of debug, info, notice, warn, error, crit, alert, emerg");
  }
  out.level = static_cast<LogLevel>(*level);
  return {};
}
static_assert(static_cast<int>(LogLevel::debug) == static_cast<int>(log::Level::debug) &&
              static_cast<int>(LogLevel::emerg) == static_cast<int>(log::Level::emerg));

Result<void> set_connections(void* target, const Statement& statement, LoadContext&) {
  const auto number = parse_decimal<std::uint32_t>(statement.args[0]);
  if (!number || *number == 0) return invalid_value(statement.args[0], "a number from 1 to 4294967295");
  builder_of(target).settings.worker_connections = *number;
  return {};
}

Result<void> check_event_method(void*, const Statement& statement, LoadContext&) {
  if (statement.args[0] == "epoll") return {};
  return bad("invalid event type \"" + statement.args[0] + "\", only \"epoll\" is available");
}

void add_events(DirectiveTable& table) {
  table.push_back({.name = "events",
                   .contexts = "main",
                   .opens = "events",
                   .enter = [](void* target, const Statement&, LoadContext&) { return Result<void*>(target); },
                   .syntax = "events { ... }",
                   .help = "How workers handle connections."});
  table.push_back({.name = "worker_connections",
                   .contexts = "events",
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_connections,
                   .syntax = "worker_connections number",
                   .fallback = "1024",
                   .help = "Connections one worker may have open at once, to clients and upstreams together."});
  table.push_back({.name = "use",
                   .contexts = "events",
                   .min_args = 1,
                   .max_args = 1,
                   .set = check_event_method,
                   .syntax = "use epoll",
                   .fallback = "epoll",
                   .help = "Accepted for nginx's sake; epoll is always used."});
  for (const std::string_view name : {"multi_accept", "accept_mutex"}) {
    table.push_back({.name = name,
                     .contexts = "events",
                     .min_args = 1,
                     .max_args = 1,
                     .set = checked_only(parse_flag),
                     .syntax = name == "multi_accept" ? "multi_accept on | off" : "accept_mutex on | off",
                     .help = "Accepted for nginx's sake, without effect: every worker has a listener of its own."});
  }
}

void add_process(DirectiveTable& table) {
  table.push_back(
      {.name = "user",
       .contexts = "main",
       .min_args = 1,
       .max_args = 1,
       .set = set_user,
       .syntax = "user name",
       .help = "System user, with its primary group, that the server process runs as when started as root."});
  for (const std::string_view name : {"worker_threads", "worker_processes"}) {
    const bool alias = name == "worker_processes";
    table.push_back({.name = name,
                     .contexts = "main",
                     .min_args = 1,
                     .max_args = 1,
                     .set = set_workers,
                     .syntax = alias ? "worker_processes number | auto" : "worker_threads number | auto",
                     .fallback = "1",
                     .help = alias ? "nginx's name for worker_threads."
                                   : "Number of worker threads; `auto` is one per CPU available to the process."});
  }
  table.push_back({.name = "worker_rlimit_nofile",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 1,
                   .set = main_value(&Settings::worker_rlimit_nofile, parse_number),
                   .syntax = "worker_rlimit_nofile number",
                   .help = "Limit on open files (RLIMIT_NOFILE) of the server process; as inherited when not given."});
  table.push_back({.name = "worker_shutdown_timeout",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 1,
                   .set = main_value(&Settings::worker_shutdown_timeout, parse_timeout),
                   .syntax = "worker_shutdown_timeout time",
                   .fallback = "30s",
                   .help = "How long a graceful stop waits for exchanges under way before it closes them."});
  table.push_back({.name = "pid",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_pid,
                   .syntax = "pid path",
                   .fallback = "logs/hearth.pid",
                   .help = "File that holds the supervisor's process id."});
  table.push_back({.name = "daemon",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 1,
                   .set = main_value(&Settings::daemon, parse_flag),
                   .syntax = "daemon on | off",
                   .fallback = "off",
                   .help = "Whether to detach from the terminal."});
  table.push_back({.name = "master_process",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 1,
                   .set = main_value(&Settings::master_process, parse_flag),
                   .syntax = "master_process on | off",
                   .fallback = "on",
                   .help = "`off` runs everything in one process without a supervisor, for debugging."});
  table.push_back({.name = "error_log",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 2,
                   .set = set_error_log,
                   .syntax = "error_log path | stderr [level]",
                   .fallback = "stderr error",
                   .help = "Where messages go, and the least level written: debug, info, notice, warn, error, crit, "
                           "alert or emerg."});
}

}  // namespace

void add_main_directives(DirectiveTable& table) {
  add_process(table);
  add_events(table);
}

DirectiveTable reader_directives() {
  DirectiveTable table;
  table.push_back({.name = "include",
                   .contexts = "*",
                   .min_args = 1,
                   .max_args = 1,
                   .repeatable = true,
                   .set = [](void* target, const Statement& statement,
                             LoadContext&) { return static_cast<Reader*>(target)->include(statement); },
                   .syntax = "include path | pattern",
                   .help = "Reads the file, or all files a pattern with `*`, `?` or `[` matches in sorted order, as if "
                           "their text stood here. Relative to the directory of the main file. A pattern may match "
                           "nothing; a plain file must exist."});
  table.push_back({.name = "load_module",
                   .contexts = "main",
                   .min_args = 1,
                   .max_args = 1,
                   .repeatable = true,
                   .set = [](void* target, const Statement& statement,
                             LoadContext&) { return static_cast<Reader*>(target)->load_module(statement); },
                   .syntax = "load_module path",
                   .help = "Loads a module, relative to the prefix. Its directives are known from the next statement "
                           "on."});
  return table;
}

DirectiveTable gateway_directives() {
  DirectiveTable table;
  add_main_directives(table);
  add_http_directives(table);
  add_client_directives(table);
  add_content_directives(table);
  add_rewrite_directives(table);
  add_map_directives(table);
  add_compression_directives(table);
  add_access_directives(table);
  add_limit_directives(table);
  add_proxy_directives(table);
  add_upstream_directives(table);
  add_ignored_directives(table);
  return table;
}

}  // namespace hearth::config
