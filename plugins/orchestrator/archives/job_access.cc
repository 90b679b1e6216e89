#include "orchestrator/archives/job_access.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fd.h"
#include "object_store/credentials.h"
#include "orchestrator/archives/archive_store.h"

namespace hearth::orchestrator {
namespace {

namespace fs = std::filesystem;
constexpr const char* kCredentialsCopy = "jobs/credentials";  // in data_dir
constexpr std::string_view kCaVariable = "AWS_CA_BUNDLE=";

tl::unexpected<Error> refused(std::string message) {
  return fail(ErrorCode::permission_denied, ErrorSource::storage, std::move(message));
}

// The group may write too: a job runs as root of a container, without the right to overrule permissions.
Result<void> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0770) != 0 && errno != EEXIST)
    return fail(system_error(errno, "cannot make the archive folder " + folder.string()));
  struct stat st {};
  if (::stat(folder.c_str(), &st) != 0) return fail(system_error(errno, folder.string()));
  constexpr mode_t kWanted = S_IRWXU | S_IRWXG;
  if ((st.st_mode & kWanted) != kWanted && ::chmod(folder.c_str(), (st.st_mode & 07777) | kWanted) != 0)
    return fail(system_error(errno, "cannot open the archive folder " + folder.string() + " to storage jobs"));
  return {};
}

// A container keeps the file that it has been given, so a new one takes its place. Not synced: the next job writes it
// again if it is torn.
Result<void> write_secret(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return fail(system_error(error.value(), "cannot make the folder " + path.parent_path().string()));
  std::ifstream before(path);
  if (before && std::string((std::istreambuf_iterator<char>(before)), std::istreambuf_iterator<char>()) == text) return {};
  std::string temporary = path.string() + ".XXXXXX";
  Fd file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!file) return fail(system_error(errno, "cannot write " + path.string()));
  const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int why = errno;
    ::unlink(temporary.c_str());
    return fail(system_error(why, "cannot write " + path.string()));
  }
  return {};
}

bool is_loopback(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  std::string_view host = scheme == std::string_view::npos ? endpoint : endpoint.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1) return host.starts_with("127.");
  return host == "localhost" || host.ends_with(".localhost");
}

Result<JobAccess> access_to_directory(const OrchestratorSettings& settings, const Uuid& workspace,
                                      const Uuid& operation, bool restoring) {
  std::error_code error;
  const fs::path deployment = fs::path(archive_directory(settings)) / settings.deployment;
  fs::create_directories(deployment, error);
  if (error) return fail(system_error(error.value(), "cannot make the archive folder " + deployment.string()));
  const fs::path folder = deployment / workspace.text();
  if (auto made = make_folder(folder); !made) return fail(made.error());
  if (!restoring)
    if (auto made = make_folder(folder / operation.text()); !made) return fail(made.error());
  struct stat st {};
  if (::stat(folder.c_str(), &st) != 0) return fail(system_error(errno, folder.string()));
  JobAccess access;
  access.folder = folder.string();
  access.mount = std::string(kJobMount) + "/" + settings.deployment + "/" + workspace.text();
  access.group = st.st_gid;
  return access;
}

Result<JobAccess> access_to_bucket(const OrchestratorSettings& settings) {
  JobAccess access;
  access.environment = archive_environment(settings.archives);
  for (std::string& variable : access.environment) {
    if (!variable.starts_with(kCaVariable)) continue;
    access.ca_file = variable.substr(kCaVariable.size());
    variable = std::string(kCaVariable) + kJobCaFile;
  }
  auto credentials = archive_credentials(settings.archives);
  if (!credentials) return fail(credentials.error());
  access.credentials_file = settings.data_dir + "/" + kCredentialsCopy;
  if (auto written = write_secret(access.credentials_file, object_store::credentials_text(*credentials)); !written)
    return fail(written.error());
  access.environment.push_back(std::string("AWS_SHARED_CREDENTIALS_FILE=") + kJobCredentialsFile);
  access.network = is_loopback(settings.archives.endpoint) ? JobNetwork::host : JobNetwork::bridge;
  return access;
}

}  // namespace

std::string archive_directory(const OrchestratorSettings& settings) {
  return settings.archives.directory.empty() ? settings.data_dir + "/archives" : settings.archives.directory;
}

Result<JobAccess> job_access(const OrchestratorSettings& settings, const Uuid& workspace, const Uuid& operation,
                             const std::string& archive_key, bool restoring, const std::string& previous_key) {
  const bool bucket = !settings.archives.bucket.empty();
  const std::string prefix = bucket ? settings.archives.prefix : std::string();
  const std::string marker = restore_marker_key(prefix, settings.deployment, workspace);
  const auto is_ours = [folder = marker.substr(0, marker.rfind('/') + 1)](const std::string& key) {
    return key.starts_with(folder) && key.find("..") == std::string::npos;
  };
  if (!is_ours(archive_key)) {
    return fail(ErrorCode::invalid_argument, ErrorSource::us,
                "\"" + archive_key + "\" is no archive of workspace " + workspace.text() + " in this store");
  }
  auto access = bucket ? access_to_bucket(settings) : access_to_directory(settings, workspace, operation, restoring);
  if (!access) return access;
  const std::string root = bucket ? "s3://" + settings.archives.bucket + "/" : std::string("file://") + kJobMount + "/";
  access->environment.push_back("ARCHIVE_URL=" + root + archive_key);
  const bool compares = !restoring && is_ours(previous_key);
  if (restoring) access->environment.push_back("RESTORE_OP_ID=" + operation.text());
  if (compares) access->environment.push_back("PREVIOUS_ARCHIVE_URL=" + root + previous_key);
  // The marker also says how the volume came out of the archive it was restored from.
  if (restoring || compares) access->environment.push_back("RESTORE_MARKER_URL=" + root + marker);
  return access;
}

Result<object_store::Credentials> archive_credentials(const ArchiveSettings& settings) {
  if (!settings.credentials_file.empty()) return object_store::read_credentials(settings.credentials_file);
  const auto value = [](const char* name) {
    const char* found = std::getenv(name);
    return std::string(found == nullptr ? "" : found);
  };
  object_store::Credentials credentials{value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY"),
                                        value("AWS_SESSION_TOKEN")};
  if (credentials.access_key.empty() || credentials.secret_key.empty())
    return refused("archive_store names no credentials_file, and AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set");
  return credentials;
}

std::vector<std::string> archive_environment(const ArchiveSettings& settings) {
  std::vector<std::string> variables;
  if (!settings.endpoint.empty()) variables.push_back("AWS_ENDPOINT_URL=" + settings.endpoint);
  if (!settings.region.empty()) variables.push_back("AWS_REGION=" + settings.region);
  if (settings.path_style) {
    variables.push_back(std::string("AWS_S3_ADDRESSING_STYLE=") + (*settings.path_style ? "path" : "virtual"));
  }
  const char* from_environment = std::getenv("AWS_CA_BUNDLE");
  std::string ca_file = settings.ca_file;
  if (ca_file.empty() && from_environment != nullptr && *from_environment == '/') ca_file = from_environment;
  if (!ca_file.empty()) variables.push_back(std::string(kCaVariable) + ca_file);
  return variables;
}

}  // namespace hearth::orchestrator
