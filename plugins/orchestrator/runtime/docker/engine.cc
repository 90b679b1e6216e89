#include "orchestrator/runtime/docker/engine.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth::orchestrator::docker {
namespace {
constexpr Milliseconds kPingTimeout{5000};

HttpRequest http_request(const std::string& socket, std::string method, std::string target) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = "http://docker" + std::move(target);
  request.unix_socket = socket;
  return request;
}
}  // namespace

std::optional<ApiVersion> ApiVersion::parse(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = parse_decimal<int>(text.substr(0, dot));
  const auto minor = parse_decimal<int>(text.substr(dot + 1));
  if (!major || !minor) return std::nullopt;
  return ApiVersion{*major, *minor};
}

std::string ApiVersion::text() const { return std::to_string(major) + "." + std::to_string(minor); }

Engine::Engine(Loop& loop, std::string socket) : socket_(std::move(socket)), client_(loop) {}

void Engine::call(Request request, Done done) { stream(std::move(request), nullptr, std::move(done)); }

void Engine::stream(Request request, Chunk chunk, Done done) {
  with_version([this, request = std::move(request), chunk = std::move(chunk),
                done = std::move(done)](Result<std::string> version) mutable {
    if (!version) return done(tl::unexpected(std::move(version.error())));
    send(std::move(request), *version, std::move(chunk), std::move(done));
  });
}

void Engine::with_version(UniqueFunction<void(Result<std::string>)> done) {
  if (!version_.empty()) return done(version_);
  waiting_.push_back(std::move(done));
  if (waiting_.size() > 1) return;
  HttpRequest ping = http_request(socket_, "GET", "/_ping");
  ping.timeout = kPingTimeout;
  const std::uint64_t id = next_++;
  calls_[id] = client_.start(std::move(ping), [this, id](Result<HttpResponse> answer) {
    finish(id, std::move(answer), [this](Result<HttpResponse> ping_answer) { negotiated(std::move(ping_answer)); });
  });
}

void Engine::negotiated(Result<HttpResponse> answer) {
  Result<std::string> version = fail(ErrorCode::unavailable, ErrorSource::runtime, "", true);
  if (!answer) {
    version = tl::unexpected(answer.error());
  } else if (!is_success(*answer)) {
    version = tl::unexpected(error_of(*answer, "ping of the container engine"));
  } else if (const auto theirs = ApiVersion::parse(answer->header("api-version")); !theirs) {
    version = fail(ErrorCode::protocol, ErrorSource::runtime, socket_ + " does not answer as a container engine does");
  } else if (*theirs < kFloor) {
    version = fail(ErrorCode::protocol, ErrorSource::runtime,
                   "the container engine speaks API " + theirs->text() + "; Hearth needs " + kFloor.text() +
                       " (Docker 20.10) or newer");
  } else {
    version = "/v" + std::min(*theirs, kNewest).text();
    version_ = *version;
  }
  unready_ = version ? "" : version.error().message;
  auto waiting = std::move(waiting_);
  waiting_.clear();
  for (auto& done : waiting) done(version);
}

void Engine::send(Request request, const std::string& version, Chunk chunk, Done done) {
  HttpRequest http = http_request(socket_, std::move(request.method), version + request.path);
  http.timeout = request.timeout;
  if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
  http.body = std::move(request.body);
  const std::uint64_t id = next_++;
  HttpClient::Done ended = [this, id, done = std::move(done)](Result<HttpResponse> answer) mutable {
    finish(id, std::move(answer), std::move(done));
  };
  calls_[id] = chunk ? client_.stream(std::move(http), std::move(chunk), std::move(ended))
                     : client_.start(std::move(http), std::move(ended));
}

void Engine::finish(std::uint64_t id, Result<HttpResponse> answer, Done done) {
  // The call holds the callback that is running: let go of it only when that has returned.
  std::unique_ptr<HttpCall> call;
  if (const auto found = calls_.find(id); found != calls_.end()) {
    call = std::move(found->second);
    calls_.erase(found);
  }
  if (answer)
    unready_.clear();
  else
    unreachable(answer.error());
  done(std::move(answer));
}

void Engine::unreachable(const Error& error) {
  if (error.code != ErrorCode::unavailable) return;
  version_.clear();  // it may come back as another version
  unready_ = "no container engine at " + socket_ + ": " + error.message;
}

std::string message_of(const HttpResponse& response) {
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (json.is_object()) {
    const auto message = json.find("message");
    if (message != json.end() && message->is_string()) return message->get<std::string>();
  }
  return "status " + std::to_string(response.status);
}

Error error_of(const HttpResponse& response, std::string_view what) {
  Error error{ErrorCode::internal, ErrorSource::runtime, false, 0, std::string(what) + ": " + message_of(response)};
  if (response.status == 401 || response.status == 403) error.code = ErrorCode::permission_denied;
  if (response.status >= 502 && response.status <= 504) {
    error.code = ErrorCode::unavailable;
    error.retryable = true;
  }
  return error;
}

}  // namespace hearth::orchestrator::docker
