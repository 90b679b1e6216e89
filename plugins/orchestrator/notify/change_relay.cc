#include "orchestrator/notify/change_relay.h"

#include <nlohmann/json.hpp>

#include "log/log.h"

namespace hearth::orchestrator {

namespace {

using Json = nlohmann::json;

std::optional<Uuid> uuid_in(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  return Uuid::parse(value.get_ref<const std::string&>());
}

std::optional<Uuid> uuid_at(const Json& object, const char* name) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(name);
  return found == object.end() ? std::nullopt : uuid_in(*found);
}

}  // namespace

ChangeRelay::ChangeRelay(Loop& loop, const RedisOptions& options, const std::string& deployment, Milliseconds beat,
                         Events events)
    : events_(std::move(events)),
      place_(redis_place(options)),
      node_(Uuid::random().text()),
      changed_channel_("hearth:" + deployment + ":changed"),
      wake_channel_("hearth:" + deployment + ":wake"),
      beat_channel_("hearth:" + deployment + ":beat"),
      beat_(beat),
      beat_timer_(loop),
      listener_(std::make_unique<RedisConnection>(loop, options, listener_events())),
      speaker_(std::make_unique<RedisConnection>(loop, options, speaker_events())) {
  listener_->subscribe({changed_channel_, wake_channel_, beat_channel_});
}

ChangeRelay::~ChangeRelay() {
  events_ = {};
  publishing_ = false;
  clear();
  listener_.reset();
  speaker_.reset();
}

RedisConnection::Events ChangeRelay::listener_events() {
  RedisConnection::Events events;
  events.connected = [this] {
    if (events_.heard.resync) events_.heard.resync();
    connected();
  };
  events.lost = [this](const Error& error) {
    trouble_ = error.message;
    if (events_.turned) events_.turned();
  };
  events.message = [this](std::string_view channel, std::string_view payload) { hear(channel, payload); };
  return events;
}

RedisConnection::Events ChangeRelay::speaker_events() {
  RedisConnection::Events events;
  events.connected = [this] {
    resync_ = publishing_;  // what happened meanwhile was not told
    pump();
    connected();
  };
  events.lost = [this](const Error& error) {
    trouble_ = error.message;
    clear();
    if (events_.turned) events_.turned();
  };
  return events;
}

void ChangeRelay::connected() {
  if (listening() && speaking()) trouble_.clear();
  if (events_.turned) events_.turned();
}

std::string ChangeRelay::why() const {
  if (listening() && speaking()) return {};
  return "Redis at " + place_ + ": " + (trouble_.empty() ? "connecting" : trouble_);
}

void ChangeRelay::set_publishing(bool publishing) {
  if (publishing == publishing_) return;
  publishing_ = publishing;
  if (!publishing) return beat_timer_.stop();
  const auto beat = [this] {
    if (speaker_->connected()) publish(beat_channel_, Json{{"node", node_}}.dump());
  };
  beat();
  beat_timer_.repeat(beat_, beat);
}

void ChangeRelay::tell_changed(const Uuid& id, const Uuid& owner) {
  if (!speaking() || resync_) return;
  changed_.insert_or_assign(id, owner);
  limit();
  pump();
}

void ChangeRelay::tell_woken(const Uuid& id) {
  if (!speaking() || resync_) return;
  woken_.insert(id);
  limit();
  pump();
}

void ChangeRelay::tell_resync() {
  if (!speaking()) return;
  resync_ = true;
  pump();
}

void ChangeRelay::limit() {
  if (changed_.size() + woken_.size() > kGathered) resync_ = true;
}

void ChangeRelay::clear() {
  changed_.clear();
  woken_.clear();
  resync_ = false;
}

void ChangeRelay::pump() {
  if (on_its_way_ || !speaking()) return;
  if (resync_) {
    clear();
    on_its_way_ = true;
    publish(changed_channel_, Json{{"node", node_}, {"resync", true}}.dump());
  } else if (!woken_.empty()) {
    on_its_way_ = true;
    publish(wake_channel_, take_woken());
  } else if (!changed_.empty()) {
    on_its_way_ = true;
    publish(changed_channel_, take_changed());
  }
}

std::string ChangeRelay::take_woken() {
  Json ids = Json::array();
  while (!woken_.empty() && ids.size() < kPerMessage) ids.push_back(woken_.extract(woken_.begin()).value().text());
  return Json{{"node", node_}, {"woken", std::move(ids)}}.dump();
}

std::string ChangeRelay::take_changed() {
  Json rows = Json::array();
  while (!changed_.empty() && rows.size() < kPerMessage) {
    const auto row = changed_.extract(changed_.begin());
    rows.push_back({{"id", row.key().text()}, {"owner", row.mapped().text()}});
  }
  return Json{{"node", node_}, {"changed", std::move(rows)}}.dump();
}

void ChangeRelay::publish(const std::string& channel, std::string payload) {
  const bool beat = channel == beat_channel_;
  speaker_->command(
      {"PUBLISH", channel, std::move(payload)},
      [this, beat](Result<RedisReply> reply) {
        if (!reply && reply.error().code == ErrorCode::cancelled) return;
        if (!reply) log::debug("publishing to Redis at {} failed: {}", place_, reply.error().message);
        if (beat) return;
        on_its_way_ = false;
        if (!reply && publishing_) resync_ = true;  // whoever did not get it has to look
        if (reply) pump();
      },
      true);
}

void ChangeRelay::hear(std::string_view channel, std::string_view payload) {
  // Anybody with access to Redis may publish: what does not parse is not for us.
  if (payload.size() > kLongest) return;
  const Json message = Json::parse(payload, nullptr, false);
  const auto node = uuid_at(message, "node");
  if (!node || node->text() == node_) return;
  if (channel == beat_channel_) {
    if (events_.beat) events_.beat();
    return;
  }
  if (const auto resync = message.find("resync"); resync != message.end() && resync->is_boolean() && *resync) {
    if (events_.heard.resync) events_.heard.resync();
    return;
  }
  const bool wake = channel == wake_channel_;
  const auto list = message.find(wake ? "woken" : "changed");
  if (list == message.end() || !list->is_array()) return;
  for (const Json& item : *list) {
    if (wake) {
      const auto id = uuid_in(item);
      if (id && events_.heard.woken) events_.heard.woken(*id);
    } else {
      const auto id = uuid_at(item, "id");
      const auto owner = uuid_at(item, "owner");
      if (id && owner && events_.heard.changed) events_.heard.changed(*id, *owner);
    }
  }
}

}  // namespace hearth::orchestrator
