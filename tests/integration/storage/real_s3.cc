#include "real_s3.h"

#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "base/strings.h"
#include "object_store/open_store.h"

namespace hearth::test {

RealS3::RealS3(const std::vector<std::string>& options) {
  std::vector<std::string> all = {"--until", std::to_string(::getpid())};
  all.insert(all.end(), options.begin(), options.end());
  take_environment(run("start", all));
}

RealS3::~RealS3() {
  try {
    run("stop");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

void RealS3::restart(const std::vector<std::string>& options) { take_environment(run("restart", options)); }

std::string RealS3::run(const std::string& command, const std::vector<std::string>& options) const {
  std::string line = HEARTH_S3_SERVER " " + command + " " + (folder_ / "s3").string();
  for (const std::string& option : options) line += " '" + option + "'";
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + line);
  std::string out;
  char buffer[1024];
  std::size_t size = 0;
  while ((size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0) out.append(buffer, size);
  if (::pclose(pipe) != 0) throw std::runtime_error(line + " failed: " + out);
  return out;
}

void RealS3::take_environment(const std::string& text) {
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      environment_[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
  }
}

std::string RealS3::port() const {
  const std::string& url = environment_.at("AWS_ENDPOINT_URL");
  return url.substr(url.rfind(':') + 1);
}

std::unique_ptr<object_store::S3Store> RealS3::store(const std::string& bucket) const {
  auto options = object_store::s3_options([this](const char* name) -> std::optional<std::string> {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
  options->bucket = bucket;
  return std::make_unique<object_store::S3Store>(std::move(*options));
}

std::vector<std::string> RealS3::keys(const std::string& prefix) const {
  std::vector<std::string> out;
  const auto listed = store();
  std::string from;
  do {
    auto page = listed->list(prefix, from);
    if (!page) throw std::runtime_error(page.error().message);
    for (const auto& object : page->objects) out.push_back(object.key);
    from = page->next;
  } while (!from.empty());
  return out;
}

std::size_t RealS3::open_uploads() const {
  auto open = store()->open_uploads("");
  if (!open) throw std::runtime_error(open.error().message);
  return open->size();
}

}  // namespace hearth::test
