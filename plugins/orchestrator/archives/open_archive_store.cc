#include <filesystem>

#include "object_store/credentials.h"
#include "object_store/file_store.h"
#include "object_store/open_store.h"
#include "object_store/s3_store.h"
#include "orchestrator/archives/job_access.h"
#include "orchestrator/archives/object_archive_store.h"

namespace hearth::orchestrator {
namespace {

using Opened = Result<std::unique_ptr<object_store::ObjectStore>>;

// Less than the store's own deadline, so that its answer and not the deadline says what is wrong.
constexpr std::chrono::seconds kRetryBudget{3};
constexpr std::chrono::milliseconds kConnectTimeout{3000};

Opened open_directory(const std::string& directory, bool make, const std::atomic<bool>* cancel) {
  std::error_code error;
  if (make) std::filesystem::create_directories(directory, error);
  if (error) return fail(system_error(error.value(), "archive_store " + directory));
  return std::make_unique<object_store::FileStore>(directory, cancel);
}

Opened open_bucket(const ArchiveSettings& settings, const std::atomic<bool>* cancel) {
  auto credentials = archive_credentials(settings);
  if (!credentials) return fail(credentials.error());
  const std::vector<std::string> variables = archive_environment(settings);
  auto options = object_store::s3_options([&](const char* name) -> std::optional<std::string> {
    const std::string start = std::string(name) + "=";
    for (const std::string& variable : variables)
      if (variable.starts_with(start)) return variable.substr(start.size());
    return std::nullopt;
  });
  if (!options) return fail(options.error());
  options->credentials = std::move(*credentials);
  options->bucket = settings.bucket;
  options->transport.retry_budget = kRetryBudget;
  options->transport.connect_timeout = kConnectTimeout;
  options->transport.cancel = cancel;
  return std::make_unique<object_store::S3Store>(std::move(*options));
}

}  // namespace

std::unique_ptr<ArchiveStore> open_archive_store(Loop& loop, const OrchestratorSettings& settings, bool make) {
  ObjectArchiveStore::Options options;
  options.deployment = settings.deployment;
  if (settings.archives.bucket.empty()) {
    options.job_folder = kJobFolder;
    return std::make_unique<ObjectArchiveStore>(
        loop, std::move(options), [directory = archive_directory(settings), make](const std::atomic<bool>* cancel) {
          return open_directory(directory, make, cancel);
        });
  }
  options.prefix = settings.archives.prefix;
  return std::make_unique<ObjectArchiveStore>(
      loop, std::move(options),
      [archives = settings.archives](const std::atomic<bool>* cancel) { return open_bucket(archives, cancel); });
}

}  // namespace hearth::orchestrator
