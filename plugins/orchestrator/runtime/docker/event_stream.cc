#include "orchestrator/runtime/docker/event_stream.h"

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"
#include "orchestrator/runtime/docker/wire.h"

namespace hearth::orchestrator::docker {
namespace {
constexpr std::int64_t kFirstRetryMs = 100;
constexpr std::int64_t kLastRetryMs = 5000;
constexpr std::size_t kMaxLine = 1u << 20;

std::int64_t seconds_now() { return std::chrono::duration_cast<Seconds>(wall_now().time_since_epoch()).count(); }
}  // namespace

EventStream::EventStream(Loop& loop, Engine& engine, const std::string& deployment, Hint hint)
    : engine_(engine), filter_(event_filter(deployment)), hint_(std::move(hint)), timer_(loop), since_(seconds_now()) {}

void EventStream::open() {
  engine_.call({"GET", "/_ping", ""}, [this](Result<HttpResponse> answer) {
    if (!answer || !is_success(*answer)) return retry();
    follow();
    hint_(std::nullopt);
  });
}

void EventStream::follow() {
  partial_.clear();
  engine_.stream(
      {"GET", "/events?since=" + std::to_string(since_) + "&" + filter_, "", Milliseconds(0)},
      [this](std::string_view bytes) { take(bytes); },
      [this](const Result<HttpResponse>&) {
        since_ = seconds_now() - 1;
        retry();
      });
}

void EventStream::take(std::string_view bytes) {
  failures_ = 0;
  partial_ += bytes;
  std::size_t end;
  while ((end = partial_.find('\n')) != std::string::npos) {
    const auto event = read_event(std::string_view(partial_).substr(0, end));
    partial_.erase(0, end + 1);
    if (event) hint_(event->workspace);
  }
  if (partial_.size() > kMaxLine) partial_.clear();
}

void EventStream::retry() {
  const std::int64_t full = std::min(kLastRetryMs, kFirstRetryMs << std::min(failures_, 10));
  ++failures_;
  const auto off = static_cast<std::int64_t>(fast_random() % static_cast<std::uint64_t>(full / 4 + 1));
  timer_.start(Milliseconds(full - off), [this] { open(); });
}

}  // namespace hearth::orchestrator::docker
