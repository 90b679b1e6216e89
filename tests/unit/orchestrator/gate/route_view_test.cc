#include "orchestrator/gate/route_view.h"

#include <gmock/gmock.h>

namespace hearth::orchestrator::gate {
namespace {

using testing::UnorderedElementsAre;

Route make(const Uuid& id, const Uuid& owner, Phase phase, DesiredState desired) {
  Route route;
  route.workspace = id;
  route.owner = owner;
  route.phase = phase;
  route.desired = desired;
  return route;
}

TEST(RouteView, CountsRowsWhoseDesiredStateOrPhaseIsRunning) {
  const Uuid a = Uuid::random(), b = Uuid::random(), c = Uuid::random(), ann = Uuid::random(), bob = Uuid::random();
  RouteView view;
  EXPECT_FALSE(view.loaded());
  EXPECT_THAT(view.apply({{make(a, ann, Phase::standby, DesiredState::running),
                           make(b, ann, Phase::running, DesiredState::standby),
                           make(c, bob, Phase::standby, DesiredState::standby)},
                          {},
                          true}),
              UnorderedElementsAre(a, b, c));
  EXPECT_TRUE(view.loaded());
  EXPECT_EQ(view.running(), 2u);
  EXPECT_EQ(view.running_of(ann), 2u);
  EXPECT_EQ(view.running_of(bob), 0u);
  EXPECT_THAT(view.apply({{make(b, ann, Phase::standby, DesiredState::standby)}, {a}, false}),
              UnorderedElementsAre(a, b));
  EXPECT_EQ(view.running(), 0u);
  EXPECT_EQ(view.find(a), nullptr);
}

TEST(RouteView, ACompleteTableForgetsWhatIsNotInIt) {
  const Uuid a = Uuid::random(), b = Uuid::random(), ann = Uuid::random();
  RouteView view;
  view.apply(
      {{make(a, ann, Phase::running, DesiredState::running), make(b, ann, Phase::running, DesiredState::running)},
       {},
       true});
  EXPECT_THAT(view.apply({{make(b, ann, Phase::running, DesiredState::running)}, {}, true}),
              UnorderedElementsAre(a, b));
  EXPECT_EQ(view.find(a), nullptr);
  EXPECT_EQ(view.running_of(ann), 1u);
}

}  // namespace
}  // namespace hearth::orchestrator::gate
