#include "orchestrator/commands.h"

#include <cstdio>

#include "orchestrator/archives/object_archive_store.h"
#include "orchestrator/gc/dry_run.h"
#include "orchestrator/runtime/docker/docker_runtime.h"
#include "orchestrator/store/archive_mark_store.h"
#include "orchestrator/store/database.h"

namespace hearth::orchestrator {

int gc_dry_run_command(const OrchestratorSettings& settings) {
  Loop loop;
  std::optional<Result<gc::DryRun>> result;
  {
    DockerRuntime runtime(loop, settings);
    const auto archives = open_archive_store(loop, settings, false);
    std::string why_not_connected;
    PgConnection::Events events;
    events.lost = [&](const Error& error) { why_not_connected = error.message; };
    PgConnection connection(loop, database_options(settings), std::move(events));
    LeaderSession session{
        [&](PgStatement statement, PgCallback done) { connection.query(std::move(statement), std::move(done)); },
        nullptr};
    gc::GcStore store(session, settings.deployment, 0);
    ArchiveMarkStore mark_store(session, settings.deployment, 0);
    const Lifeline lifeline;
    const auto end = [&](Result<gc::DryRun> answer) {
      if (!answer && !why_not_connected.empty())
        answer = fail(answer.error().code, ErrorSource::database, why_not_connected);
      result = std::move(answer);
      loop.stop();
    };
    // Whatever this program does by mistake: nothing is written.
    connection.query({"SET default_transaction_read_only = on", {}}, [&](Result<PgResult> set) {
      if (!set) return end(fail(std::move(set.error())));
      mark_store.read([&](Result<ArchiveMarkStore::Known> known) {
        if (!known) return end(fail(std::move(known.error())));
        if (known->mark) archives->expect(*known->mark);
        gc::dry_run(settings, {runtime, *archives, store}, lifeline, end);
      });
    });
    loop.run();
  }
  if (!*result) {
    std::fprintf(stderr, "hearth: [emerg] database: %s\n", result->error().message.c_str());
    return 1;
  }
  std::fputs(gc::text_of(**result, settings).c_str(), stdout);
  return (*result)->failed.empty() ? 0 : 1;
}

}  // namespace hearth::orchestrator
