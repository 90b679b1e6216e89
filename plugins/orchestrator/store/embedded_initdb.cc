#include <fcntl.h>
#include <fmt/format.h>
#include <locale.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "orchestrator/store/embedded_cluster.h"

namespace hearth::orchestrator {

namespace {

namespace fs = std::filesystem;

Error trouble(std::string what) { return {ErrorCode::io, ErrorSource::system, true, 0, std::move(what)}; }

struct Outcome {
  bool good = false;
  std::string output;  // both streams
};

// Runs a program to its end with `input` on its standard input.
Outcome run_program(const std::vector<std::string>& arguments, const std::string& input) {
  const std::unique_ptr<FILE, int (*)(FILE*)> in(std::tmpfile(), std::fclose);
  const std::unique_ptr<FILE, int (*)(FILE*)> out(std::tmpfile(), std::fclose);
  if (!in || !out) return {false, "cannot make a temporary file"};
  std::fwrite(input.data(), 1, input.size(), in.get());
  std::rewind(in.get());
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // half of a cluster is thrown away by the next start
    if (getppid() != parent) _exit(1);
    dup2(fileno(in.get()), 0);
    dup2(fileno(out.get()), 1);
    dup2(fileno(out.get()), 2);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return {false, "cannot start " + arguments[0]};
  Outcome outcome{WIFEXITED(status) && WEXITSTATUS(status) == 0, {}};
  std::rewind(out.get());
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, out.get())) > 0;) outcome.output.append(buffer, n);
  return outcome;
}

// So that upper and lower case of any script are known where the system can; "C" knows ASCII only.
const char* cluster_locale() {
  const locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return "C";
  freelocale(utf8);
  return "C.UTF-8";
}

// Everything written below `path`: one flush of the file system instead of a thousand of single files.
Result<void> sync_tree(const std::string& path) {
  const Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || syncfs(directory.get()) != 0) return fail(system_error(errno, "cannot flush " + path));
  return {};
}

Result<void> append(const std::string& path, const std::string& text) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "a"), std::fclose);
  if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0 ||
      fsync(fileno(file.get())) != 0) {
    return fail(system_error(errno, "cannot write " + path));
  }
  return {};
}

// The whole cluster, with its database, is made beside its place and moved there when it is complete.
Result<void> initialise(const EmbeddedCluster& cluster) {
  const std::string making = cluster.making();
  std::error_code error;
  fs::remove_all(making, error);
  const Outcome initdb = run_program({cluster.programs + "/initdb", "-D", making, "-U", "hearth", "-A", "trust", "-E",
                                      "UTF8", "--locale", cluster_locale(), "--data-checksums", "--no-sync"},
                                     {});
  if (!initdb.good) return fail(trouble("initdb failed:\n" + initdb.output));
  const Outcome single = run_program({cluster.programs + "/postgres", "--single", "-F", "-D", making, "postgres"},
                                     "CREATE DATABASE hearth;\n");
  if (!single.good || single.output.find("ERROR:") != std::string::npos) {
    return fail(trouble("creating the database failed:\n" + single.output));
  }
  if (Result<void> ok = append(making + "/postgresql.conf", "\ninclude 'hearth.conf'\n"); !ok) return ok;
  if (Result<void> ok = sync_tree(making); !ok) return ok;
  fs::rename(making, cluster.data(), error);
  if (error) return fail(system_error(error.value(), "cannot move the new cluster to " + cluster.data()));
  return sync_tree(cluster.base);
}

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

// Written at every start. What an administrator wants otherwise goes into postgresql.auto.conf (ALTER SYSTEM).
std::string settings(const EmbeddedCluster& cluster) {
  return fmt::format(
      "# Written by hearth at every start. Change settings with ALTER SYSTEM instead.\n"
      "listen_addresses = ''\n"
      "port = 5432\n"
      "unix_socket_directories = {}\n"
      "unix_socket_permissions = 0700\n"
      "max_connections = 50\n"
      "shared_buffers = 32MB\n"
      "work_mem = 4MB\n"
      "maintenance_work_mem = 32MB\n"
      "max_wal_size = 256MB\n"
      "wal_level = minimal\n"
      "max_wal_senders = 0\n"
      "jit = off\n"
      "fsync = on\n"
      "timezone = 'UTC'\n"
      "log_timezone = 'UTC'\n"
      "logging_collector = on\n"
      "log_directory = {}\n"
      "log_filename = 'postgresql-%a.log'\n"
      "log_truncate_on_rotation = on\n"
      "log_rotation_age = 1d\n"
      "log_rotation_size = 0\n"
      "log_checkpoints = off\n"
      "log_line_prefix = '%m [%p] '\n",
      quoted(cluster.socket_directory), quoted(cluster.log()));
}

constexpr char kAccess[] =
    "# Written by hearth at every start. There is no network listener; who may use the socket is decided by the mode "
    "of\n"
    "# its directory.\n"
    "local all all trust\n";

}  // namespace

Result<void> make_cluster(const EmbeddedCluster& cluster) {
  umask(077);
  for (const std::string& directory : {cluster.log(), cluster.socket_directory}) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(system_error(errno, "cannot make " + directory));
    }
  }
  if (!fs::exists(cluster.data())) {
    if (Result<void> ok = initialise(cluster); !ok) return ok;
  } else if (!fs::exists(cluster.data() + "/PG_VERSION")) {
    return fail(trouble(cluster.data() + " exists and is not a PostgreSQL cluster: move it away"));
  }
  if (Result<void> ok = write_file_atomically(cluster.data() + "/hearth.conf", settings(cluster), 0600); !ok) return ok;
  return write_file_atomically(cluster.data() + "/pg_hba.conf", kAccess, 0600);
}

}  // namespace hearth::orchestrator
