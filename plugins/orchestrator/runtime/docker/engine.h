// Engine: calls to the Docker Engine API on a unix socket, in a version both sides know.
//
// The version is negotiated before the first call and again after the engine was away: min(engine's, ours), at least
// kFloor. Thread: the loop's. Destroying it, which no callback of its own may do, cancels every call
// silently.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <unordered_map>

#include "clients/http.h"

namespace hearth::orchestrator::docker {

// "1.41" as a pair, compared as numbers: 1.9 < 1.41.
struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
  static std::optional<ApiVersion> parse(std::string_view text);
  std::string text() const;
};

inline constexpr ApiVersion kFloor{1, 41};
inline constexpr ApiVersion kNewest{1, 47};

struct Request {
  std::string method = "GET";
  std::string path;  // without version: "/containers/json?all=1"
  std::string body;  // JSON; empty = none
  Milliseconds timeout{5000};
};

class Engine {
 public:
  // Any HTTP status is an answer; a Result without value means that there was none.
  using Done = UniqueFunction<void(Result<HttpResponse>)>;
  using Chunk = UniqueFunction<void(std::string_view)>;

  Engine(Loop& loop, std::string socket);

  void call(Request request, Done done);
  // An answer handed over as it comes. A timeout of 0 is none.
  void stream(Request request, Chunk chunk, Done done);

  // What keeps the engine from being used; empty when its last answer was good.
  const std::string& unready_reason() const { return unready_; }

 private:
  void with_version(UniqueFunction<void(Result<std::string>)> done);
  void negotiated(Result<HttpResponse> answer);
  void send(Request request, const std::string& version, Chunk chunk, Done done);
  void finish(std::uint64_t id, Result<HttpResponse> answer, Done done);
  void unreachable(const Error& error);

  std::string socket_;
  std::string version_;  // "/v1.41"; empty = not negotiated
  std::string unready_ = "the container engine has not answered yet";
  std::vector<UniqueFunction<void(Result<std::string>)>> waiting_;  // for the version
  std::uint64_t next_ = 1;
  HttpClient client_;
  std::unordered_map<std::uint64_t, std::unique_ptr<HttpCall>> calls_;
};

// The engine's own words for a failed answer: {"message": …}.
std::string message_of(const HttpResponse& response);
// An answer that is an error: permission_denied for 401 and 403, unavailable for 502 to 504, else internal; never
// not_found or conflict: what those mean only the caller knows (workspace_runtime.h). `what` names the call.
Error error_of(const HttpResponse& response, std::string_view what);
inline bool is_success(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

}  // namespace hearth::orchestrator::docker
