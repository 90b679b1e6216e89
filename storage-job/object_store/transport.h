// Transport: HTTP/1.1 exchanges over libcurl's multi interface on one thread of its own, each retried with backoff.
//
// submit() from any thread. `build` and `judge` run on the transport's thread and must not block; `done` runs there
// too, exactly once per call. A call whose owner is cancelled ends with `cancelled` within a quarter of a second.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::object_store {

struct HttpRequest {
  std::string method;
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string_view body;             // outlives the call
  std::size_t reply_limit = 1u << 20;
};

struct HttpReply {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string() : it->second;
  }
};

struct TransportOptions {
  std::string ca_file;  // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{30};  // below 1 KiB/s for so long: the connection is given up
  std::chrono::seconds retry_budget{300};  // from a call's first attempt to the start of its last
  std::chrono::milliseconds backoff_first{200};
  std::chrono::milliseconds backoff_limit{30'000};
  const std::atomic<bool>* cancel = nullptr;  // true: end everything; outlives the transport
};

struct Call {
  // A fresh request for each attempt, because a signature ages.
  std::function<HttpRequest()> build;
  // Is this answer the success? An error with `retryable` set is tried again.
  std::function<Result<void>(const HttpReply&)> judge;
  std::function<void(Result<HttpReply>)> done;
  bool ignore_cancel = false;       // for cleaning up after a cancel
  std::chrono::seconds budget{-1};  // -1: the transport's
  std::chrono::seconds stall{-1};   // -1: the transport's
};

// Full jitter: a random wait up to first * 2^attempt, never above limit. attempt counts from 0.
std::chrono::milliseconds backoff(unsigned attempt, std::chrono::milliseconds first, std::chrono::milliseconds limit,
                                  std::uint64_t random);

class Transport {
 public:
  explicit Transport(TransportOptions options);
  ~Transport();  // every call must have ended
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void submit(Call call);
  Result<HttpReply> perform(Call call);  // blocks; call.done is not used
  std::uint64_t retries() const;         // attempts made again, over all calls

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace hearth::object_store
