// ChangeRelay: changes of workspaces between processes, through Redis (PUBLISH and SUBSCRIBE; nothing is stored).
//
//   hearth:<deployment>:changed  {"node": …, "changed": [{"id": …, "owner": …}, …]}  or  {"node": …, "resync": true}
//   hearth:<deployment>:wake     {"node": …, "woken": [id, …]}
//   hearth:<deployment>:beat     {"node": …}: once a second, by a process that publishes all it hears of the database
//
// What is told is gathered, each workspace once, while a message is on its way, so that a flood becomes a few messages.
// Nothing is kept for a Redis that is away; who was away hears a resync once it is back. A node does not hear itself.
// Thread: the loop's. Callbacks may not destroy it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "clients/redis.h"
#include "orchestrator/notify/change_feed.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class ChangeRelay {
 public:
  static constexpr std::size_t kPerMessage = 64;      // workspaces
  static constexpr std::size_t kGathered = 10000;     // workspaces; beyond it a resync stands for all
  static constexpr std::size_t kLongest = 64 * 1024;  // bytes of a message that is looked at

  struct Events {
    ChangeFeed::Events heard;
    UniqueFunction<void()> beat = nullptr;    // another process publishes
    UniqueFunction<void()> turned = nullptr;  // listening() or speaking() changed, or the reason did
  };

  ChangeRelay(Loop& loop, const RedisOptions& options, const std::string& deployment, Milliseconds beat, Events events);
  ~ChangeRelay();
  ChangeRelay(const ChangeRelay&) = delete;
  ChangeRelay& operator=(const ChangeRelay&) = delete;

  void tell_changed(const Uuid& id, const Uuid& owner);
  void tell_woken(const Uuid& id);
  void tell_resync();
  // While true this process is the one that publishes: it beats, and a Redis that comes back is told to resync.
  void set_publishing(bool publishing);

  bool listening() const { return listener_->connected(); }
  bool speaking() const { return speaker_->connected(); }
  // Why either is not so, with the server's name; empty when both are.
  std::string why() const;
  bool away() const { return !trouble_.empty(); }  // and not just being connected for the first time

 private:
  RedisConnection::Events listener_events();
  RedisConnection::Events speaker_events();
  void connected();
  void hear(std::string_view channel, std::string_view payload);
  void limit();
  void pump();
  void publish(const std::string& channel, std::string payload);
  std::string take_woken();
  std::string take_changed();
  void clear();

  Events events_;
  std::string place_;
  std::string node_;
  std::string changed_channel_;
  std::string wake_channel_;
  std::string beat_channel_;
  std::unordered_map<Uuid, Uuid> changed_;  // id → owner
  std::unordered_set<Uuid> woken_;
  bool resync_ = false;
  bool publishing_ = false;
  bool on_its_way_ = false;
  std::string trouble_;
  Milliseconds beat_;
  Timer beat_timer_;
  std::unique_ptr<RedisConnection> listener_;
  std::unique_ptr<RedisConnection> speaker_;
};

}  // namespace hearth::orchestrator
