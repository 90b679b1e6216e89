// A directory of the test's own, removed with everything in it.
#pragma once

#include <string>

namespace hearth::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const;  // creates directories on the way
  std::string read(const std::string& name) const;                     // empty when there is none

 private:
  std::string path_;
};

}  // namespace hearth::test
