#include "orchestrator/notify/change_feed.h"

#include <nlohmann/json.hpp>

namespace hearth::orchestrator {

class ChangeFeed::Impl {
 public:
  Impl(Loop& loop, PgOptions options, Events events) : loop_(loop), events_(std::move(events)) {
    PgConnection::Events connection_events;
    connection_events.connected = [this] { listen(); };
    connection_events.lost = [this](const Error& error) { unready_reason_ = error.message; };
    connection_events.notified = [this](std::string_view channel, std::string_view payload) { hear(channel, payload); };
    connection_ = std::make_unique<PgConnection>(loop, std::move(options), std::move(connection_events));
  }

  const std::string& unready_reason() const { return unready_reason_; }
  Loop& loop() { return loop_; }
  void shutdown() {
    closed_ = true;
    connection_.reset();
  }

 private:
  void listen() {
    connection_->query({"LISTEN ws_changed; LISTEN ws_wake", {}}, [this](Result<PgResult> result) {
      if (closed_) return;
      if (!result) {
        // Connected but deaf (a server in recovery): start over.
        if (connection_->connected()) connection_->drop("LISTEN failed: " + result.error().message);
        return;
      }
      unready_reason_.clear();
      if (events_.resync) events_.resync();
    });
  }

  void hear(std::string_view channel, std::string_view payload) {
    if (channel == "ws_wake") {
      const std::optional<Uuid> id = Uuid::parse(payload);
      if (id && events_.woken) events_.woken(*id);
      return;
    }
    // Anybody with access to the database may notify: what does not parse is not for us.
    const nlohmann::json notice = nlohmann::json::parse(payload, nullptr, false);
    if (!notice.is_object()) return;
    const std::optional<Uuid> id = member(notice, "id");
    const std::optional<Uuid> owner = member(notice, "owner_user_id");
    if (id && owner && events_.changed) events_.changed(*id, *owner);
  }

  static std::optional<Uuid> member(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    return Uuid::parse(found->get_ref<const std::string&>());
  }

  Loop& loop_;
  Events events_;
  std::unique_ptr<PgConnection> connection_;
  std::string unready_reason_ = "connecting to the database";
  bool closed_ = false;
};

ChangeFeed::ChangeFeed(Loop& loop, PgOptions options, Events events)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(events))) {}

ChangeFeed::~ChangeFeed() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));
}

const std::string& ChangeFeed::unready_reason() const { return impl_->unready_reason(); }

}  // namespace hearth::orchestrator
