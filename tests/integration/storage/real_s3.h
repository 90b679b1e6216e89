// RealS3: scripts/s3-server for one test program; stopped with it. Needs the package group s3.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "job_process.h"
#include "object_store/s3_store.h"

namespace hearth::test {

class RealS3 {
 public:
  // `options` as scripts/s3-server start takes them. Throws when it does not start.
  explicit RealS3(const std::vector<std::string>& options = {});
  ~RealS3();
  RealS3(const RealS3&) = delete;
  RealS3& operator=(const RealS3&) = delete;

  void kill() const { run("kill"); }  // of the gateway; what is stored stays
  void restart(const std::vector<std::string>& options = {});
  // AWS_* for a job. The bucket is "archives".
  const std::map<std::string, std::string>& environment() const { return environment_; }
  std::string port() const;
  // A client of this process's own.
  std::unique_ptr<object_store::S3Store> store(const std::string& bucket = "archives") const;
  std::vector<std::string> keys(const std::string& prefix = "") const;
  std::size_t open_uploads() const;

 private:
  std::string run(const std::string& command, const std::vector<std::string>& options = {}) const;
  void take_environment(const std::string& text);

  Scratch folder_;
  std::map<std::string, std::string> environment_;
};

}  // namespace hearth::test
