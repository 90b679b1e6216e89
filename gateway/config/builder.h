// Builder: the target of the gateway's directives in main and events; turns what was read into Settings.
// One per load, on the loading thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/scope.h"

namespace hearth::config {

class Builder {
 public:
  Builder(std::string prefix, std::string file);

  // Everything that can only be checked once the whole text is read. Errors are complete: `file:line: message`.
  Result<std::shared_ptr<const Settings>> finish();

  void warn(const Where& where, const std::string& message);
  std::string resolve(std::string_view path) const;  // against the prefix
  // Every variable in `text` must be known by finish().
  void expect_variables(std::string_view text, const Where& where, bool captures);

  Settings settings;
  std::unique_ptr<HttpScope> http;
  bool workers_set = false;
  std::vector<std::string> warnings;

 private:
  using Upstream = std::shared_ptr<const UpstreamSettings>;

  struct ExpectedText {
    std::string text;
    Where where;
    bool captures = false;
  };

  Result<void> check_texts() const;
  Result<void> check_maps() const;
  Result<void> check_named(const ServerScope& server, const Scope& scope) const;
  Result<void> finish_upstreams();
  Result<ServerSettings> finish_server(const ServerScope& server);
  Result<void> check_listens();
  void share_listen_options();
  void warn_of_conflicting_names();
  Result<void> check_limits(const LocationSettings& location) const;
  LocationSettings inherited(const ServerScope& server) const;
  Result<LocationSettings> finish_location(const ServerScope& server, const LocationScope& location);
  Result<ProxyPass> finish_proxy_pass(const ProxyTarget& target);
  Result<Upstream> find_upstream(const ProxyTarget& target);

  std::vector<ExpectedText> texts_;
  std::map<std::string, Upstream> upstreams_;  // by lower-case name, literal addresses included
};

}  // namespace hearth::config
