// JobProcess: the real storage-job as a child process, and trees to feed it with.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hearth::test {

namespace fs = std::filesystem;

// What storage-job may use at most (SPEC section 11). A sanitizer's own memory comes on top.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr long kMostMemoryKib = 2048 << 10;
#else
inline constexpr long kMostMemoryKib = 256 << 10;
#endif

struct JobResult {
  int exit = -1;      // 128 + signal when it was killed
  std::string out;    // the JSON lines
  long peak_kib = 0;  // of memory
};

class JobProcess {
 public:
  JobProcess(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment,
             unsigned user = 0);
  ~JobProcess();
  void signal(int number) const;
  pid_t pid() const { return pid_; }
  JobResult wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

JobResult run_job(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {},
                  unsigned user = 0);

// A folder of its own, removed at the end whatever the modes in it.
class Scratch {
 public:
  enum class Where { on_disk, in_memory };
  // In memory: where the system keeps /dev/shm, if extended attributes are known there. A hundred thousand files take
  // minutes on a busy disk.
  explicit Scratch(Where where = Where::on_disk);
  ~Scratch();
  const fs::path& path() const { return path_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

// Everything that distinguishes two trees, as text: one line per entry in walk order, with kind, mode, owner, times,
// size, links, extended attributes, allocated holes, and a digest of the content.
std::string describe(const fs::path& root, bool with_root_times = true);

// The torture tree of the archive's test plan; needs root.
void make_torture_tree(const fs::path& root, int small_files);
// A few kinds of entries, `megabytes` of which do not compress.
void make_plain_tree(const fs::path& root, int megabytes, unsigned seed);

}  // namespace hearth::test
