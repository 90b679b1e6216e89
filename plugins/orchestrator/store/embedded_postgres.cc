#include "orchestrator/store/embedded_postgres.h"

#include <fmt/format.h>
#include <glob.h>
#include <pwd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/fd.h"
#include "base/strings.h"
#include "orchestrator/store/embedded_cluster.h"
#include "orchestrator/store/migrations.h"

namespace hearth::orchestrator {

namespace {

constexpr std::string_view kSocketName = "/.s.PGSQL.5432";
constexpr int kMinimumMajor = kMinimumServerVersion / 10000;

std::string first_line_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) return {};
  char line[4096] = "";
  const bool got = std::fgets(line, sizeof line, pipe) != nullptr;
  pclose(pipe);
  return got ? std::string(trim(std::string_view(line).substr(0, std::string_view(line).find('\n')))) : std::string();
}

bool has_programs(const std::string& directory) {
  return !directory.empty() && access((directory + "/initdb").c_str(), X_OK) == 0 &&
         access((directory + "/postgres").c_str(), X_OK) == 0;
}

// "postgres (PostgreSQL) 15.20 (Debian …)" gives 15.
int major_version(const std::string& directory) {
  std::string quoted = "'";
  for (const char c : directory) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  const std::string line = first_line_of(quoted + "/postgres' --version 2>/dev/null");
  const std::size_t at = line.find(") ");
  if (at == std::string::npos) return 0;
  const std::string_view version = std::string_view(line).substr(at + 2);
  return parse_decimal<int>(version.substr(0, version.find_first_not_of("0123456789"))).value_or(0);
}

// Where server programs may be, newest first as far as the paths tell.
std::vector<std::string> places() {
  if (const char* named = std::getenv("HEARTH_POSTGRES_BIN"); named != nullptr) return {named};
  std::vector<std::string> found;
  glob_t versions{};
  if (glob("/usr/lib/postgresql/*/bin", 0, nullptr, &versions) == 0) {
    for (std::size_t i = 0; i < versions.gl_pathc; ++i) found.emplace_back(versions.gl_pathv[i]);
  }
  globfree(&versions);
  std::stable_sort(found.begin(), found.end(), [](const std::string& a, const std::string& b) {
    const auto number = [](const std::string& path) { return std::atoi(path.c_str() + sizeof "/usr/lib/postgresql"); };
    return number(a) > number(b);
  });
  found.push_back(first_line_of("pg_config --bindir 2>/dev/null"));
  if (const char* path = std::getenv("PATH"); path != nullptr) {
    for (const std::string_view directory : split(path, ':')) found.emplace_back(directory);
  }
  return found;
}

// `wanted` 0: any that is new enough.
std::string programs_of(int wanted) {
  for (const std::string& place : places()) {
    if (!has_programs(place)) continue;
    const int major = major_version(place);
    if (wanted == 0 ? major >= kMinimumMajor : major == wanted) return place;
  }
  return {};
}

Error missing(std::string what) { return {ErrorCode::not_found, ErrorSource::config, false, 0, std::move(what)}; }

// Of the cluster that is there; 0 when there is none (or we may not look).
int cluster_version(const std::string& data) {
  const Result<std::string> text = read_file(data + "/PG_VERSION", 64);
  if (!text) return 0;
  return parse_decimal<int>(std::string_view(*text).substr(0, text->find_first_not_of("0123456789"))).value_or(0);
}

// The server refuses to run as root: as `server_user` when the gateway's own process runs as such, so that both can use
// the socket; else as the distribution's own.
std::string system_user(const std::string& server_user) {
  if (geteuid() != 0) return {};
  if (!server_user.empty() && server_user != "root") return server_user;
  return getpwnam("postgres") != nullptr ? "postgres" : "nobody";
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const std::string text = std::filesystem::absolute(path, error).lexically_normal().string();
  return text.size() > 1 && text.back() == '/' ? text.substr(0, text.size() - 1) : text;
}

std::string base_of(const OrchestratorSettings& settings) { return absolute(settings.data_dir) + "/postgres"; }

}  // namespace

Result<std::string> find_postgres_programs() {
  std::string found = programs_of(0);
  if (!found.empty()) return found;
  return fail(
      missing(fmt::format("PostgreSQL server programs (version {} or newer) not found: apt-get install postgresql, "
                          "or name a database with \"database postgres://...\"",
                          kMinimumMajor)));
}

std::string embedded_socket_directory(const OrchestratorSettings& settings) {
  const std::string usual = base_of(settings) + "/socket";
  if (usual.size() + kSocketName.size() < sizeof(sockaddr_un::sun_path)) return usual;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: the same in the supervisor and in the server process
  for (const char c : usual) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  const std::string name = fmt::format("/hearth-{:016x}", hash);
  // As root in /run; a server process that has dropped root finds it there.
  if (geteuid() == 0 || access(("/run" + name).c_str(), F_OK) == 0) return "/run" + name;
  return "/tmp" + name;
}

Result<EmbeddedServer> embedded_postgres(const OrchestratorSettings& settings, const std::string& server_user) {
  EmbeddedCluster cluster;
  cluster.data_dir = absolute(settings.data_dir);
  cluster.base = base_of(settings);
  cluster.socket_directory = embedded_socket_directory(settings);
  cluster.user = system_user(server_user);
  if (const int version = cluster_version(cluster.data()); version != 0) {
    cluster.programs = programs_of(version);
    if (cluster.programs.empty()) {
      return fail(
          missing(fmt::format("the database in {} belongs to PostgreSQL {}, whose server programs are not "
                              "installed: apt-get install postgresql-{}",
                              cluster.data(), version, version)));
    }
  } else {
    Result<std::string> found = find_postgres_programs();
    if (!found) return fail(std::move(found.error()));
    cluster.programs = std::move(*found);
  }

  EmbeddedServer server;
  server.name = "postgres";
  server.prepare = [cluster] {
    const Result<void> prepared = prepare_cluster(cluster);
    if (prepared) return 0;
    std::fprintf(stderr, "embedded PostgreSQL: %s\n", prepared.error().message.c_str());
    return 1;
  };
  server.argv = {cluster.programs + "/postgres", "-D", cluster.data()};
  server.environment = {"LC_ALL=C"};
  server.user = cluster.user;
  server.stop_signal = 2;  // SIGINT: fast shutdown
  return server;
}

}  // namespace hearth::orchestrator
