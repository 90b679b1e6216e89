// HTTP client over libcurl's multi interface, on a Loop: the Docker Engine API on a unix socket, health probes, later
// object storage. This folder is the only one that includes <curl/curl.h>. HTTP/1.1, no redirects, no cookies, no proxy
// from the environment. Not the data path: that is gateway/proxy.
//
// Thread: the loop's. Destroying an HttpCall or the HttpClient cancels: no callback afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/loop.h"

namespace hearth {

struct HttpRequest {
  std::string method = "GET";
  std::string url;          // "http://docker/v1.41/containers/json", "http://172.17.0.2:8080/healthz"
  std::string unix_socket;  // path; empty = TCP to the URL's host
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Milliseconds connect_timeout{2000};
  Milliseconds timeout{10000};           // whole call; 0 = none (event streams)
  std::size_t max_response = 64u << 20;  // more is Error{limit}
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower case
  std::string body;
  std::string_view header(std::string_view lower_case_name) const;
};

// Errors: unavailable (refused, no route, no socket), timeout, protocol, limit; source = runtime.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

class HttpClient {
 public:
  explicit HttpClient(Loop& loop);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  using Done = UniqueFunction<void(Result<HttpResponse>)>;
  // Keep the returned handle: dropping it cancels the call. Inside `done` it may be dropped.
  [[nodiscard]] std::unique_ptr<HttpCall> start(HttpRequest request, Done done);
  // Body bytes as they come, not collected (`HttpResponse::body` stays empty): for event streams and logs.
  using Chunk = UniqueFunction<void(std::string_view)>;
  [[nodiscard]] std::unique_ptr<HttpCall> stream(HttpRequest request, Chunk chunk, Done done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth
