#include "orchestrator/observe/observer.h"

#include <gtest/gtest.h>

#include "orchestrator/observe/prober.h"
#include "support/loop_until.h"

namespace hearth::orchestrator {
namespace {

// Answers observations and probes when the test says so.
class HeldRuntime final : public WorkspaceRuntime {
 public:
  std::vector<UniqueFunction<void(Result<RuntimeSnapshot>)>> observations;
  std::vector<std::string> probed;
  std::vector<Done> probes;

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override { observations.push_back(std::move(done)); }
  void probe(const std::string& address, Done done) override {
    probed.push_back(address);
    probes.push_back(std::move(done));
  }
  void list_volumes(UniqueFunction<void(Result<Volumes>)> done) override { done(Volumes{}); }
  void provision(const Uuid&, const std::string&, Done done) override { done({}); }
  void start(const StartSpec&, Done done) override { done({}); }
  void stop(const Uuid&, Done done) override { done({}); }
  void remove_volume(const Uuid&, const std::string&, Done done) override { done({}); }
  void archive(const JobSpec&, Done done) override { done({}); }
  void restore(const JobSpec&, Done done) override { done({}); }
  void remove_job(const Uuid&, const Uuid&, Done done) override { done({}); }
  void logs(const Uuid&, unsigned, UniqueFunction<void(Result<std::string>)> done) override { done(std::string()); }
  void on_event(UniqueFunction<void(std::optional<Uuid>)>) override {}
  std::string unready_reason() const override { return {}; }
};

struct ObserverTest : testing::Test {
  Loop loop;
  HeldRuntime runtime;
  std::vector<std::uint64_t> numbers;
  int failures = 0;
  std::vector<std::vector<Uuid>> changes;
  std::optional<RuntimeObserver> observer;
  void SetUp() override {
    observer.emplace(
        loop, Poller::Periods{}, [this](auto done) { runtime.observe(std::move(done)); },
        RuntimeObserver::Events{[this](const std::vector<Uuid>& changed) {
                                  numbers.push_back(observer->number());
                                  changes.push_back(changed);
                                },
                                [this](const Error&) { ++failures; }});
  }
  bool observations_reach(std::size_t count) {
    return test::run_until(loop, [&] { return runtime.observations.size() >= count; });
  }
};

TEST_F(ObserverTest, WishesMadeDuringAnObservationLeadToExactlyOneMore) {
  observer->poller().look_now();
  for (int i = 0; i < 5; ++i) observer->poller().look_now();
  EXPECT_EQ(runtime.observations.size(), 1u);
  runtime.observations[0](RuntimeSnapshot{});
  ASSERT_TRUE(observations_reach(2));
  runtime.observations[1](RuntimeSnapshot{});
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(ObserverTest, WhatEndsNowIsSeenOnlyByAnObservationThatBeginsLater) {
  observer->poller().look_now();
  const std::uint64_t needed = observer->next_number();
  runtime.observations[0](RuntimeSnapshot{});
  EXPECT_LT(numbers.back(), needed);
  observer->poller().look_now();
  ASSERT_TRUE(observations_reach(2));
  runtime.observations[1](RuntimeSnapshot{});
  EXPECT_GE(numbers.back(), needed);
}

TEST_F(ObserverTest, AFailedObservationIsSkippedWholeAndAskedAgain) {
  observer->poller().look_now();
  runtime.observations[0](fail(ErrorCode::unavailable, ErrorSource::runtime, "away"));
  EXPECT_EQ(failures, 1);
  EXPECT_TRUE(numbers.empty());
  ASSERT_TRUE(observations_reach(2));
}

TEST_F(ObserverTest, AnEventIsFollowedByMoreLooksBecauseListingsLagBehind) {
  observer->poller().set_moving(false);
  observer->poller().echo();
  runtime.observations[0](RuntimeSnapshot{});
  ASSERT_TRUE(test::run_until(
      loop, [&] { return runtime.observations.size() >= 2; }, Milliseconds(1000)));
}

TEST_F(ObserverTest, OnlyWhatChangedIsReported) {
  const Uuid a = Uuid::random();
  const Uuid b = Uuid::random();
  RuntimeSnapshot one;
  one.volumes[a] = {{"home", false}};
  one.containers[b].running = true;
  RuntimeSnapshot two = one;
  two.containers[b].running = false;
  RuntimeSnapshot three = two;
  three.volumes.erase(a);
  three.jobs[b].push_back({Uuid::random(), true, {}, ""});
  std::size_t count = 0;
  for (const RuntimeSnapshot& snapshot : {one, one, two, three}) {
    observer->poller().look_now();
    ASSERT_TRUE(observations_reach(++count));
    runtime.observations.back()(snapshot);
  }
  EXPECT_EQ(changes[0].size(), 2u);
  EXPECT_EQ(changes[1].size(), 0u);
  EXPECT_EQ(changes[2], std::vector<Uuid>{b});
  EXPECT_EQ(changes[3].size(), 2u);
}

TEST_F(ObserverTest, ADestroyedObserverIsSilent) {
  observer->poller().look_now();
  observer.reset();
  runtime.observations[0](RuntimeSnapshot{});
  EXPECT_TRUE(numbers.empty());
}

struct ProberTest : testing::Test {
  Loop loop;
  HeldRuntime runtime;
  std::vector<std::string> ready;
  Prober prober{loop, runtime, Milliseconds(10),
                [this](const Uuid&, const std::string& container) { ready.push_back(container); }};
  Uuid id = Uuid::random();
  bool probes_reach(std::size_t count) {
    return test::run_until(loop, [&] { return runtime.probes.size() >= count; });
  }
};

TEST_F(ProberTest, ProbesOneAtATimeUntilItAnswers) {
  prober.watch(id, "c1", "a:1");
  prober.watch(id, "c1", "a:1");
  test::run_for(loop, Milliseconds(50));
  ASSERT_EQ(runtime.probes.size(), 1u);
  runtime.probes[0](fail(ErrorCode::unavailable, ErrorSource::upstream, "not yet"));
  ASSERT_TRUE(probes_reach(2));
  runtime.probes[1]({});
  EXPECT_EQ(ready, std::vector<std::string>{"c1"});
  EXPECT_EQ(prober.watched(), 0u);
}

TEST_F(ProberTest, AnAnswerOfAnEarlierContainerDoesNotCount) {
  prober.watch(id, "c1", "a:1");
  prober.watch(id, "c2", "a:2");
  runtime.probes[0]({});
  EXPECT_TRUE(ready.empty());
  runtime.probes[1]({});
  EXPECT_EQ(ready, std::vector<std::string>{"c2"});
}

}  // namespace
}  // namespace hearth::orchestrator
