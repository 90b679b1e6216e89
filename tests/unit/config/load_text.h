// Loads configuration text from files in a directory of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "config/loader.h"

namespace hearth::config {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth_config_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }

 private:
  std::string path_;
};

// `c.conf` in a prefix of its own; in messages that prefix reads as "P".
class ConfigTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<LoadedConfiguration>> load_text(const std::string& text) {
    directory_.write("c.conf", text);
    options_.file = "c.conf";
    options_.prefix = directory_.path();
    return load(options_);
  }

  // The error of a text that must not load, "(loaded)" if it does.
  std::string error_of(const std::string& text) {
    auto loaded = load_text(text);
    return loaded ? "(loaded)" : shorten(loaded.error().message);
  }

  std::string shorten(std::string text) const {
    for (std::size_t at = text.find(directory_.path()); at != std::string::npos; at = text.find(directory_.path())) {
      text.replace(at, directory_.path().size(), "P");
    }
    return text;
  }

  std::shared_ptr<const Settings> settings_of(const std::string& text) {
    auto loaded = load_text(text);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message;
      return nullptr;
    }
    warnings_ = (*loaded)->warnings;
    for (std::string& warning : warnings_) warning = shorten(warning);
    return (*loaded)->settings;
  }

  // A whole configuration around the inside of one server.
  static std::string in_server(const std::string& text) {
    return "http { server { listen 127.0.0.1:8080; " + text + " } }";
  }
  static std::string in_location(const std::string& text) { return in_server("location /a { " + text + " }"); }
  const LocationSettings* location_of(const std::string& text) {
    kept_ = settings_of(in_location(text));
    return kept_ == nullptr ? nullptr : &kept_->http.servers.at(0).locations.at(0);
  }

  TemporaryDirectory directory_;
  LoadOptions options_;
  std::vector<std::string> warnings_;
  std::shared_ptr<const Settings> kept_;
};

}  // namespace hearth::config
