#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace hearth::log {

// A path in a directory of its own; removed at the end.
class TemporaryFile {
 public:
  TemporaryFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth_log_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::string path(const std::string& name = "log") const { return directory_ + "/" + name; }
  std::string text(const std::string& name = "log") const {
    std::ostringstream out;
    out << std::ifstream(path(name), std::ios::binary).rdbuf();
    return out.str();
  }
  std::vector<std::string> lines(const std::string& name = "log") const {
    std::vector<std::string> out;
    std::istringstream in(text(name));
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

 private:
  std::string directory_;
};

}  // namespace hearth::log
