#include "orchestrator/notify/change_source.h"

#include <algorithm>

#include "log/log.h"
#include "orchestrator/notify/change_feed.h"
#include "orchestrator/notify/change_relay.h"
#include "orchestrator/notify/hint_gate.h"

namespace hearth::orchestrator {

namespace {
constexpr Milliseconds kFirstResync{1000};  // at the latest: a database that cannot be listened to can be read
}

class ChangeSource::Impl {
 public:
  Impl(Loop& loop, PgOptions listen, const std::optional<RedisOptions>& redis, const std::string& deployment,
       Lookup lookup, Events events, Timing timing)
      : loop_(loop),
        listen_(std::move(listen)),
        events_(std::move(events)),
        timing_(timing),
        hints_(loop, [this](std::optional<Uuid> id) { events_.woken(id); }),
        catch_up_(loop, catch_up_outlets(std::move(lookup)), timing.catch_up),
        tick_(loop),
        first_(loop),
        alone_since_(loop.now()) {
    if (redis) relay_ = std::make_unique<ChangeRelay>(loop, *redis, deployment, timing.beat, relay_events());
    first_.start(kFirstResync, [this] { resync(); });
    tick_.repeat(std::clamp(timing.beat / 4, Milliseconds(10), Milliseconds(250)), [this] { assess(); });
    assess();
    catch_up_.look();
  }

  void lead(bool leading) {
    if (leading == leading_) return;
    leading_ = leading;
    if (leading && relay_ && listening()) relay_->tell_resync();  // nobody told what happened before
    if (!leading) last_beat_.reset();
    assess();
  }
  void wrote(const Uuid& id) {
    if (relay_ && !leading_) relay_->tell_woken(id);
  }

  bool listening() const { return feed_ && feed_->unready_reason().empty(); }

  std::string degraded_reason() const {
    if (relay_) {
      if (std::string why = relay_->why(); !why.empty()) return why;
    }
    if (feed_ && !listening()) return "LISTEN: " + feed_->unready_reason();
    if (relay_ && !leading_ && !hears_publisher() && loop_.now() - alone_since_ > 2 * timing_.patience) {
      return "no leader publishes changes to Redis";
    }
    return {};
  }

 private:
  CatchUp::Outlets catch_up_outlets(Lookup lookup) {
    return {std::move(lookup.read), std::move(lookup.knows),
            [this](const ChangedRow& row) {
              log::debug("workspace {} changed without a notice", row.id.text());
              events_.changed(row.id);
              hints_.hint(row.id);
              if (publishing()) {
                relay_->tell_changed(row.id, row.owner);
              }
            },
            [this] { resync(); }};
  }

  ChangeRelay::Events relay_events() {
    ChangeRelay::Events events;
    // What comes through Redis is old news for a process that listens itself.
    events.heard.changed = [this](const Uuid& id, const Uuid&) {
      if (!listening()) events_.changed(id);
    };
    events.heard.woken = [this](const Uuid& id) {
      if (!listening()) hints_.hint(id);
    };
    events.heard.resync = [this] {
      if (!feed_) resync();  // one that is being made ends with a resync of its own
    };
    events.beat = [this] {
      last_beat_ = loop_.now();
      assess();
    };
    events.turned = [this] { assess(); };
    return events;
  }

  ChangeFeed::Events feed_events() {
    ChangeFeed::Events events;
    events.changed = [this](const Uuid& id, const Uuid& owner) {
      events_.changed(id);
      if (publishing()) relay_->tell_changed(id, owner);
    };
    events.woken = [this](const Uuid& id) {
      hints_.hint(id);
      if (publishing()) relay_->tell_woken(id);
    };
    events.resync = [this] {
      resync();
      if (publishing()) relay_->tell_resync();
    };
    return events;
  }

  bool publishing() const { return relay_ && leading_; }
  bool hears_publisher() const {
    return relay_ && relay_->listening() && last_beat_ && loop_.now() - *last_beat_ < timing_.patience;
  }

  void resync() {
    first_.stop();
    events_.resync();
  }

  // Decides again where to listen and how often to look.
  void assess() {
    if (assessing_) return;
    assessing_ = true;
    const bool fed = hears_publisher();
    if (fed) alone_since_ = loop_.now();
    if ((!relay_ || leading_ || !fed) && !feed_) {
      feed_ = std::make_unique<ChangeFeed>(loop_, listen_, feed_events());
    } else if (relay_ && !leading_ && fed && feed_) {
      const bool gapless = listening();
      feed_.reset();
      if (gapless) {
        catch_up_.look();  // what it had not told yet
      } else {
        resync();
      }
    }
    if (relay_) relay_->set_publishing(leading_ && listening());
    const bool healthy = relay_ && !leading_ ? fed : listening() && (!relay_ || relay_->speaking());
    catch_up_.set_period(healthy ? timing_.look : timing_.look_degraded);
    report();
    assessing_ = false;
  }

  // Once per outage, not once per attempt.
  void report() {
    const bool away = relay_ && relay_->away();
    if (away && !reported_) {
      log::warn("event bus: {}; listening to the database instead", relay_->why());
      reported_ = true;
    } else if (reported_ && relay_->why().empty()) {
      log::notice("event bus: Redis answers again");
      reported_ = false;
    }
  }

  Loop& loop_;
  PgOptions listen_;
  Events events_;
  Timing timing_;
  HintGate hints_;
  CatchUp catch_up_;
  Timer tick_;
  Timer first_;
  SteadyTime alone_since_;
  std::optional<SteadyTime> last_beat_;  // of another process
  bool leading_ = false;
  bool assessing_ = false;
  bool reported_ = false;
  std::unique_ptr<ChangeFeed> feed_;
  std::unique_ptr<ChangeRelay> relay_;
};

ChangeSource::ChangeSource(Loop& loop, PgOptions listen, std::optional<RedisOptions> redis,
                           const std::string& deployment, Lookup lookup, Events events, Timing timing)
    : impl_(std::make_unique<Impl>(loop, std::move(listen), redis, deployment, std::move(lookup), std::move(events),
                                   timing)) {}

ChangeSource::ChangeSource(Loop& loop, PgOptions listen, std::optional<RedisOptions> redis,
                           const std::string& deployment, Lookup lookup, Events events)
    : ChangeSource(loop, std::move(listen), std::move(redis), deployment, std::move(lookup), std::move(events),
                   Timing{}) {}

ChangeSource::~ChangeSource() = default;

void ChangeSource::lead(bool leading) { impl_->lead(leading); }
void ChangeSource::wrote(const Uuid& id) { impl_->wrote(id); }
std::string ChangeSource::degraded_reason() const { return impl_->degraded_reason(); }
bool ChangeSource::listening() const { return impl_->listening(); }

}  // namespace hearth::orchestrator
