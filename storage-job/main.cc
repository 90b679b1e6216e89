// storage-job: composition root. Arguments → settings → one command → exit code.
#include <sys/resource.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "command_line.h"

namespace {

std::atomic<bool> terminate{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) { terminate = true; }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

// The keys must be neither in a core file nor, once they have been read, where every process of this user sees them
// (/proc/PID/environ).
void hide_secrets() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const char* name : {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
    if (char* value = std::getenv(name); value != nullptr) std::memset(value, 0, std::strlen(value));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hearth::storage_job;
  std::setlocale(LC_CTYPE, "C.UTF-8");  // libarchive turns UTF-8 names into the locale's
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  auto parsed = parse_command_line(std::vector<std::string>(argv + 1, argv + argc), variable, terminal);
  hide_secrets();
  if (!parsed) {
    const bool asked = parsed.error().exit == Exit::done;
    std::fprintf(asked ? stdout : stderr, "%s%s\n", asked ? "" : "storage-job: ", parsed.error().message.c_str());
    return static_cast<int>(parsed.error().exit);
  }
  catch_signals();
  Settings& settings = parsed->settings;
  settings.s3.transport.cancel = &terminate;
  Report report(settings.bar);
  const Job job{settings, report, terminate};
  const char* const names[] = {"archive", "restore", "verify", "list"};
  report.step("started", {{"command", names[static_cast<int>(parsed->command)]}, {"url", settings.archive_url}});
  using Run = Outcome<void> (*)(const Job&);
  const Run commands[] = {run_archive, run_restore, run_verify, run_list};
  const auto outcome = commands[static_cast<int>(parsed->command)](job);
  if (outcome) {
    report.step("done");
    return 0;
  }
  const Failure& failure = outcome.error();
  report.step("failed", {{"exit", static_cast<int>(failure.exit)},
                         {"class", name(failure.exit)},
                         {"message", printable(failure.message)}});
  std::fprintf(stderr, "storage-job: %s\n", printable(failure.message).c_str());
  return static_cast<int>(failure.exit);
}
