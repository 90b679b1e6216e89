#include "integration/orchestrator/api/node.h"

namespace hearth::orchestrator {
namespace {

class EventsTest : public NodeTest {
 protected:
  EventsTest() { EXPECT_EQ(ann_.log_in(), 200); }

  test::FakeExchange& follow(const std::string& last_event_id = {}) {
    auto& stream = ann_.start("GET", "/events", nullptr, {{"Last-Event-ID", last_event_id}});
    EXPECT_TRUE(node_.until([&] { return stream.streaming || stream.over(); }));
    return stream;
  }
  std::string create(const std::string& name) {
    EXPECT_EQ(ann_.call("POST", "/workspaces", {{"name", name}, {"desired_state", "STANDBY"}}), 201);
    return ann_.json["id"].get<std::string>();
  }
  bool comes(test::FakeExchange& stream, const std::string& text) {
    return node_.until([&] { return stream.sent.find(text) != std::string::npos; });
  }
  static std::string last_id(const test::FakeExchange& stream) {
    const std::size_t at = stream.sent.rfind("id: ");
    return at == std::string::npos ? "" : stream.sent.substr(at + 4, stream.sent.find('\n', at) - at - 4);
  }

  Node node_{database_};
  Browser ann_{node_};
};

TEST_F(EventsTest, ASnapshotFirstThenWholeRows) {
  const std::string id = create("old");
  auto& stream = follow();
  EXPECT_TRUE(comes(stream, "event: connected\ndata: {\"workspaces\":[{\"id\":\"" + id));
  const std::string fresh = create("new");
  EXPECT_TRUE(comes(stream, "event: workspace\ndata: {\"id\":\"" + fresh));
  sql("UPDATE workspaces SET phase = 'STANDBY' WHERE name = 'new'");  // by whatever process
  EXPECT_TRUE(comes(stream, "\"phase\":\"STANDBY\""));
  EXPECT_EQ(ann_.call("DELETE", "/workspaces/" + id), 204);
  EXPECT_TRUE(comes(stream, "\"desired_state\":\"DELETED\""));
}

TEST_F(EventsTest, ContinuesBehindTheLastEventId) {
  auto& first = follow();
  create("one");
  ASSERT_TRUE(comes(first, "\"name\":\"one\""));
  const std::string seen = last_id(first);
  first.end();
  create("two");
  create("three");
  auto& second = follow(seen);
  EXPECT_TRUE(comes(second, "\"name\":\"three\""));
  EXPECT_NE(second.sent.find("\"name\":\"two\""), std::string::npos);
  EXPECT_EQ(second.sent.find("event: connected"), std::string::npos);
  EXPECT_EQ(second.sent.find("\"name\":\"one\""), std::string::npos);
}

TEST_F(EventsTest, AnIdOfAnotherLifeGetsASnapshot) {
  for (const char* id : {"00000000-5", "nonsense", "-1"}) {
    auto& stream = follow(id);
    EXPECT_TRUE(comes(stream, "event: connected")) << id;
  }
}

TEST_F(EventsTest, AnIdOfAnotherProcessGetsASnapshot) {
  auto& here = follow();
  const std::string id = create("box");
  ASSERT_TRUE(comes(here, "event: workspace"));
  Node other(database_);
  Browser ann(other);
  ASSERT_EQ(ann.log_in(), 200);
  auto& there = ann.start("GET", "/events", nullptr, {{"Last-Event-ID", last_id(here)}});
  ASSERT_TRUE(other.until([&] { return there.streaming || there.over(); }));
  EXPECT_TRUE(there.sent.find("event: connected\ndata: {\"workspaces\":[{\"id\":\"" + id) != std::string::npos);
}

TEST_F(EventsTest, OthersHearNothingOfIt) {
  ASSERT_EQ(ann_.call("POST", "/users", {{"username", "bob"}, {"password", "bobs-password"}}), 201);
  Browser bob(node_, "192.0.2.2");
  ASSERT_EQ(bob.log_in("bob", "bobs-password"), 200);
  auto& his = bob.start("GET", "/events");
  auto& hers = follow();
  ASSERT_TRUE(comes(his, "event: connected"));
  create("secret");
  ASSERT_TRUE(comes(hers, "secret"));
  EXPECT_EQ(his.sent.find("secret"), std::string::npos);
}

TEST_F(EventsTest, LogoutAndDrainEndStreams) {
  auto& stream = follow();
  ASSERT_TRUE(comes(stream, "event: connected"));
  ASSERT_EQ(ann_.call("POST", "/logout"), 204);
  EXPECT_TRUE(node_.until([&] { return stream.finished; }));
  ASSERT_EQ(ann_.log_in(), 200);
  auto& again = follow();
  ASSERT_TRUE(comes(again, "event: connected"));
  node_.control().drain();
  EXPECT_TRUE(node_.until([&] { return again.finished; }));
  EXPECT_EQ(ann_.call("GET", "/events"), 503);
}

}  // namespace
}  // namespace hearth::orchestrator
