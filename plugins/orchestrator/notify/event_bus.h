// EventBus: server-sent events of this process. Keeps the newest events in a ring, so that a client that was away for a
// moment continues by Last-Event-ID; one that was away for longer gets a new snapshot. Streams live on workers; the bus
// knows them by ExchangeId and hands out frames through its outlets. Thread: the orchestrator's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hearth/exchange.h"
#include "orchestrator/auth/identity.h"

namespace hearth::orchestrator {

using Frame = std::shared_ptr<const std::string>;  // immutable: shared with workers

class EventBus {
 public:
  struct Outlets {
    // One frame for these streams (ExchangeId::serial) of one worker.
    std::function<void(unsigned worker, std::vector<std::uint64_t> streams, Frame frame)> send;
    std::function<void(ExchangeId stream)> finish;
  };
  static constexpr std::size_t kRing = 4096;
  static constexpr std::size_t kStreamsPerUser = 64;

  // `boot` makes ids of different lives of the process different.
  EventBus(std::string boot, Outlets outlets, std::size_t ring = kRing);

  void publish(const Uuid& owner, std::string_view event, std::string_view data);

  std::uint64_t last() const { return last_; }
  std::string id(std::uint64_t sequence) const;
  // The sequence in a Last-Event-ID of this life.
  std::optional<std::uint64_t> parse_id(std::string_view text) const;
  // What `user` missed after `sequence`, ready to send; nullopt when the ring does not reach back that far.
  std::optional<std::string> since(std::uint64_t sequence, const Uuid& user) const;

  // False: this user has kStreamsPerUser already.
  bool add(ExchangeId stream, Identity identity);
  void remove(ExchangeId stream);
  void finish_session(const std::string& secret_hash);
  void finish_user(const Uuid& user);
  void finish_all();
  // Sessions whose stream is open though their time, as known then, is up.
  std::vector<Identity> expired(WallTime now) const;
  void renew(const Identity& identity);
  std::size_t streams() const { return streams_.size(); }

 private:
  struct Event {
    std::uint64_t sequence;
    Uuid owner;
    Frame frame;
  };
  struct Stream {
    ExchangeId id;
    Identity identity;
  };
  template <class Predicate>
  void finish_if(Predicate predicate);

  std::string boot_;
  Outlets outlets_;
  std::size_t capacity_;
  std::deque<Event> ring_;
  std::uint64_t last_ = 0;
  std::vector<Stream> streams_;
};

// One event in the text/event-stream format. `data` is one line.
std::string event_frame(std::string_view id, std::string_view event, std::string_view data);

}  // namespace hearth::orchestrator
