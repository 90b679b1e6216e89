// What the gateway's directives write into while a configuration is read: one scope per http, server and location
// block. A scope does not hold final values but the assignments its directives made, in order; a location's settings
// are the defaults with the assignments of http, then server, then location applied. That gives nginx's inheritance
// for every directive without a merge function: what the inner level does not set stays as the outer level left it,
// and a list starts empty at the first level that sets it at all.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/endpoint.h"
#include "config/settings.h"

namespace hearth::config {

class Builder;

inline tl::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config, std::move(message));
}
std::string text_of(const Where& where);  // "file:line"

struct TypesDraft {
  std::map<std::string, std::string> types;  // extension → media type
  Builder* builder = nullptr;
};

struct Scope {
  Scope(Builder& owner, Where place) : builder(owner), where(std::move(place)) {}
  virtual ~Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  void set(std::function<void(LocationSettings&)> assign) { values.push_back(std::move(assign)); }
  template <class T>
  void add(std::vector<T> LocationSettings::*list, T item) {
    set([list, item = std::move(item), first = begin_list(list)](LocationSettings& out) {
      if (first) (out.*list).clear();
      (out.*list).push_back(item);
    });
  }

  Builder& builder;
  Where where;
  std::vector<std::function<void(LocationSettings&)>> values;
  std::vector<std::function<void(ServerSettings&)>> server_values;
  std::vector<RewriteSettings> rewrites;
  std::optional<TryFilesSettings> try_files;
  std::optional<ReturnSetting> returns;
  bool trusts = false;    // this level has its own set_real_ip_from
  std::string root_from;  // "root" or "alias", whichever this level has
  TypesDraft types;

 private:
  template <class T>
  bool begin_list(std::vector<T> LocationSettings::*list) {
    std::vector<std::vector<T> LocationSettings::*>& seen = lists<T>();
    for (const auto& l : seen) {
      if (l == list) return false;
    }
    seen.push_back(list);
    return true;
  }
  template <class T>
  std::vector<std::vector<T> LocationSettings::*>& lists() {
    return std::get<std::vector<std::vector<T> LocationSettings::*>>(lists_);
  }
  template <class... T>
  using Lists = std::tuple<std::vector<std::vector<T> LocationSettings::*>...>;
  Lists<ErrorPage, AccessRule, HeaderSetting, LimitReqSettings, LimitConnSettings, std::string> lists_;
};

// proxy_pass, before the upstream's name is looked up: the upstream may be defined further down.
struct ProxyTarget {
  Endpoint endpoint;
  std::string text;  // host[:port] as written
  std::optional<std::string> uri;
  Where where;
};

struct LocationScope : Scope {
  using Scope::Scope;
  bool is_regex() const {
    return match == LocationSettings::Match::regex || match == LocationSettings::Match::regex_no_case;
  }
  // Notes that `name` answers this location's requests; fails if something else already does.
  Result<void> set_content(std::string_view name, const Where& place);

  std::string path;
  LocationSettings::Match match = LocationSettings::Match::prefix;
  std::string content;  // directive that answers: "proxy_pass", "return" or a handler
  Where content_where;
  std::string handler;
  std::optional<ProxyTarget> proxy;
};

struct ListenDraft {
  ListenSettings settings;
  bool has_options = false;  // backlog or another socket option is given here
};

struct ServerScope : Scope {
  using Scope::Scope;
  std::vector<ListenDraft> listens;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<LocationScope>> locations;
};

struct UpstreamDraft {
  UpstreamSettings settings;
  Builder* builder = nullptr;
};

struct MapDraft {
  MapSettings settings;
  Builder* builder = nullptr;
};

struct HttpScope : Scope {
  using Scope::Scope;
  bool server_tokens = true;
  std::vector<std::unique_ptr<ServerScope>> servers;
  std::vector<std::unique_ptr<UpstreamDraft>> upstreams;
  std::vector<std::unique_ptr<MapDraft>> maps;
  std::vector<LimitZoneSettings> limit_req_zones;
  std::vector<LimitZoneSettings> limit_conn_zones;
};

}  // namespace hearth::config
