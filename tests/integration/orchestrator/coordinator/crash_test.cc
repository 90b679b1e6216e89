// The coordinator dies at its n-th await, for n = 1, 2, 3 … until a run finishes alive; a successor finishes each.
#include "integration/orchestrator/coordinator/node.h"

namespace hearth::orchestrator {
namespace {

class CrashTest : public CoordinatorTest {
 protected:
  // Waits for the phase; when the node dies on the way a successor takes over.
  void reach(std::unique_ptr<Node>& node, const Uuid& id, const std::string& phase) {
    const bool ended = run_until([&] {
      if (node->dead()) {
        died_at = node->died_at();
        node.reset();
        node = start_node();
      }
      return column(id, "phase || ' ' || operation") == (phase.empty() ? "" : phase + " NONE");
    });
    ASSERT_TRUE(ended) << "wanted " << phase << ", is "
                       << column(id, "phase || ' ' || operation || ' ' || error_reason || ' ' || error_message")
                       << ", died at: " << died_at;
  }
  std::string died_at;
};

TEST_F(CrashTest, WhereverItDiesTheNextLeaderFinishes) {
  int n = 0;
  for (bool died = true; died;) {
    died_at.clear();
    auto node = start_node(++n);
    const Uuid id = create();
    for (const char* desired : {"RUNNING", "ARCHIVED", "STANDBY", "RUNNING"}) {
      want(id, desired);
      ASSERT_NO_FATAL_FAILURE(reach(node, id, desired)) << "await " << n;
      ASSERT_EQ(world.used_and_removed.size(), 0u) << "a home was removed; await " << n << ", " << died_at;
    }
    ASSERT_EQ(world.containers.size(), 1u) << "await " << n << ", " << died_at;
    ASSERT_EQ(world.containers.at(id).volume, column(id, "volume_name"));
    want(id, "DELETED");
    ASSERT_NO_FATAL_FAILURE(reach(node, id, "")) << "await " << n;
    ASSERT_TRUE(world.containers.empty() && world.volumes.empty()) << "await " << n << ", " << died_at;
    died = !died_at.empty() || node->dead();
    world = World();
  }
  EXPECT_GT(n, 80) << "so few awaits: the test does not reach them";
}

}  // namespace
}  // namespace hearth::orchestrator
