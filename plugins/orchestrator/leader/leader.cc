#include "orchestrator/leader/leader.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/crash_point.h"
#include "base/random.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

namespace {

// The epoch is raised in the statement's own transaction, under the session lock just won.
constexpr char kRaiseEpoch[] =
    "INSERT INTO coordinator_epoch AS c (deployment, epoch, holder) VALUES ($1, 1, $2)"
    " ON CONFLICT (deployment) DO UPDATE SET epoch = c.epoch + 1, elected_at = now(), holder = EXCLUDED.holder"
    " RETURNING epoch";

constexpr char kTryLock[] = "SELECT pg_try_advisory_lock($1)";

std::string holder() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return fmt::format("{}:{}", host, getpid());
}

class PgLink final : public LeaderLink {
 public:
  PgLink(Loop& loop, PgOptions options, PgConnection::Events events)
      : connection_(loop, std::move(options), std::move(events)) {}
  bool connected() const override { return connection_.connected(); }
  void query(PgStatement statement, PgCallback done) override {
    connection_.query(std::move(statement), std::move(done), /*only_if_connected=*/true);
  }
  void drop(const std::string& reason) override { connection_.drop(reason); }

 private:
  PgConnection connection_;
};

MakeLeaderLink over_postgres(Loop& loop, PgOptions options) {
  return [&loop, options = std::move(options)](PgConnection::Events events) mutable -> std::unique_ptr<LeaderLink> {
    return std::make_unique<PgLink>(loop, std::move(options), std::move(events));
  };
}

}  // namespace

class Leader::Impl {
 public:
  Impl(Loop& loop, MakeLeaderLink link, std::string deployment, Events events, LeaderTiming timing)
      : loop_(loop),
        deployment_(std::move(deployment)),
        key_(leader_lock_key(deployment_)),
        events_(std::move(events)),
        timing_(timing),
        retry_(loop),
        heartbeat_(loop),
        watchdog_(loop) {
    PgConnection::Events connection_events;
    connection_events.connected = [this] { connected(); };
    connection_events.lost = [this](const Error& error) {
      unready_reason_ = error.message;
      step_down(error.message);
    };
    link_ = link(std::move(connection_events));
    last_look_ = SteadyClock::now();
    watchdog_.repeat(timing_.check, [this] { look_at_the_clock(); });
  }

  // A loop that stood still leads no longer, even before the watchdog has had its turn.
  bool leading() const { return epoch_ != 0 && !stalled(SteadyClock::now()); }
  std::int64_t epoch() const { return leading() ? epoch_ : 0; }
  LeaderLink& link() { return *link_; }
  const std::string& unready_reason() const { return unready_reason_; }
  void confirm(UniqueFunction<void(Result<void>)> done);
  void resign();
  Loop& loop() { return loop_; }
  void shutdown();

 private:
  void connected();
  void campaign();
  void campaign_later();
  void won();
  void raised(Result<PgResult> result);
  void step_down(const std::string& reason);
  void give_up(const std::string& reason);
  void look_at_the_clock();
  bool stalled(SteadyTime now) const { return now - last_look_ > timing_.check + timing_.stall_limit; }
  Error stale() const;

  Loop& loop_;
  std::string deployment_;
  std::int64_t key_;
  Events events_;
  LeaderTiming timing_;
  Timer retry_;
  Timer heartbeat_;
  Timer watchdog_;
  std::unique_ptr<LeaderLink> link_;
  std::string unready_reason_ = "connecting to the database";
  std::int64_t epoch_ = 0;
  SteadyTime last_look_;
  bool raise_failed_ = false;
  bool resigned_ = false;
  bool closed_ = false;
};

void Leader::Impl::connected() {
  unready_reason_.clear();
  if (resigned_) return;
  // A stopped process keeps its session, and with it the lock, until the server ends it for being idle.
  const std::string silence = fmt::format(
      "DO $$ BEGIN IF current_setting('server_version_num')::int >= 140000 THEN"
      " PERFORM set_config('idle_session_timeout', '{}', false); END IF; END $$",
      timing_.silence_limit.count());
  link_->query({silence, {}}, [](Result<PgResult>) {});
  if (std::exchange(raise_failed_, false)) {
    campaign_later();
  } else {
    campaign();
  }
}

void Leader::Impl::campaign() {
  link_->query({kTryLock, {pg(key_)}}, [this](Result<PgResult> result) {
    if (closed_ || resigned_) return;
    if (result && result->flag(0, 0)) {
      won();
    } else if (link_->connected()) {
      campaign_later();
    }
  });
}

void Leader::Impl::campaign_later() {
  const std::int64_t fifth = timing_.retry.count() / 5;
  const auto jitter = static_cast<std::int64_t>(fast_random() % static_cast<std::uint64_t>(2 * fifth + 1)) - fifth;
  retry_.start(timing_.retry + Milliseconds(jitter), [this] { campaign(); });
}

void Leader::Impl::won() {
  HEARTH_CRASH_POINT("leader:locked");
  link_->query({kRaiseEpoch, {pg(deployment_), pg(holder())}},
               [this](Result<PgResult> result) { raised(std::move(result)); });
}

void Leader::Impl::raised(Result<PgResult> result) {
  if (closed_ || resigned_) return;
  if (!result) {
    // Whatever it was, the lock must not be kept by one who does not lead.
    raise_failed_ = link_->connected();
    if (raise_failed_) link_->drop("raising the epoch failed: " + result.error().message);
    return;
  }
  HEARTH_CRASH_POINT("leader:raised");
  epoch_ = result->number(0, 0);
  last_look_ = SteadyClock::now();
  heartbeat_.repeat(timing_.heartbeat, [this] { confirm([](Result<void>) {}); });
  if (events_.elected) events_.elected(epoch_);
}

void Leader::Impl::step_down(const std::string& reason) {
  retry_.stop();
  heartbeat_.stop();
  if (epoch_ == 0) return;
  epoch_ = 0;
  if (events_.deposed) events_.deposed(reason);
}

// Ends the session: the lock goes with it, whatever the server has still to do for us.
void Leader::Impl::give_up(const std::string& reason) {
  step_down(reason);
  if (!closed_) link_->drop(reason);
}

void Leader::Impl::look_at_the_clock() {
  const SteadyTime now = SteadyClock::now();
  const auto gap = std::chrono::duration_cast<Milliseconds>(now - last_look_);
  const bool late = stalled(now);
  last_look_ = now;
  if (epoch_ != 0 && late) {
    give_up(fmt::format("the coordinator's loop stood still for {} ms", gap.count()));
  }
}

Error Leader::Impl::stale() const {
  return {ErrorCode::stale, ErrorSource::us, false, 0, "no longer the leader of deployment " + deployment_};
}

void Leader::Impl::confirm(UniqueFunction<void(Result<void>)> done) {
  const std::int64_t asked = epoch();
  link_->query(
      {"SELECT count(*) FROM coordinator_epoch WHERE deployment = $1 AND epoch = $2", {pg(deployment_), pg(asked)}},
      [this, asked, done = std::move(done)](Result<PgResult> result) mutable {
        if (!result) return done(fail(std::move(result.error())));
        const bool ours = asked != 0 && result->number(0, 0) == 1;
        if (!ours && asked != 0 && asked == epoch_) give_up("another node leads with a newer epoch");
        // Leadership may have ended, or even come back, while the answer was on its way.
        if (!ours || asked != epoch()) return done(fail(stale()));
        done({});
      });
}

void Leader::Impl::resign() {
  if (resigned_) return;
  resigned_ = true;
  give_up("resigned");
}

void Leader::Impl::shutdown() {
  closed_ = true;
  retry_.stop();
  heartbeat_.stop();
  watchdog_.stop();
  link_.reset();
}

Leader::Leader(Loop& loop, PgOptions options, std::string deployment, Events events, LeaderTiming timing)
    : Leader(loop, over_postgres(loop, std::move(options)), std::move(deployment), std::move(events), timing) {}

Leader::Leader(Loop& loop, MakeLeaderLink link, std::string deployment, Events events, LeaderTiming timing)
    : impl_(std::make_unique<Impl>(loop, std::move(link), std::move(deployment), std::move(events), timing)) {}

Leader::~Leader() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));
}

bool Leader::is_leader() const { return impl_->leading(); }
std::int64_t Leader::epoch() const { return impl_->epoch(); }
LeaderLink& Leader::link() { return impl_->link(); }
void Leader::confirm(UniqueFunction<void(Result<void>)> done) { impl_->confirm(std::move(done)); }
void Leader::resign() { impl_->resign(); }
const std::string& Leader::unready_reason() const { return impl_->unready_reason(); }

std::string epoch_fence(int deployment_parameter, int epoch_parameter) {
  return fmt::format("EXISTS (SELECT 1 FROM coordinator_epoch WHERE deployment = ${} AND epoch = ${} FOR SHARE)",
                     deployment_parameter, epoch_parameter);
}

std::int64_t leader_lock_key(std::string_view deployment) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : deployment) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<std::int64_t>(hash);
}

}  // namespace hearth::orchestrator
