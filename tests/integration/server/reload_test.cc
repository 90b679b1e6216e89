// Reload: a new configuration without a lost request; a broken one without any effect.
#include <gmock/gmock.h>

#include <atomic>
#include <csignal>

#include "hearth_process.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;

class Reload : public ::testing::Test {
 protected:
  void up(const std::string& server, const std::string& main = {}) {
    hearth_.configure(server, main);
    ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
  }
  std::string body() { return get(hearth_.port(), "/").body; }
  void reload() { EXPECT_EQ(hearth_.command("reload").status, 0); }
  bool restarted_after_kill() {
    const pid_t server = hearth_.server_pid();
    ::kill(server, SIGKILL);
    return eventually([&] { return hearth_.server_pid() != server && hearth_.serving(); }, Seconds(3));
  }
  HearthProcess hearth_;
};

TEST_F(Reload, TakesTheNewConfiguration) {
  up("location / { return 200 one; }");
  EXPECT_EQ(body(), "one");
  hearth_.configure("location / { return 200 two; }");
  reload();
  EXPECT_TRUE(eventually([&] { return body() == "two"; }));
  EXPECT_TRUE(eventually([&] { return hearth_.descendants().size() == 1; }));
}

TEST_F(Reload, BrokenConfigurationChangesNothing) {
  up("location / { return 200 one; }");
  hearth_.configure("location / { return twohundred; }");
  const Finished refused = hearth_.command("reload");
  EXPECT_EQ(refused.status, 1);  // said at once to the one who asked
  EXPECT_THAT(refused.err, HasSubstr("twohundred"));
  ::kill(hearth_.pid(), SIGHUP);
  EXPECT_TRUE(eventually([&] { return hearth_.errors().find("the old configuration stays") != std::string::npos; }));
  EXPECT_EQ(body(), "one");
}

TEST_F(Reload, BusyPortChangesNothingNotEvenAfterACrash) {
  up("location / { return 200 one; }");
  ScriptedServer busy([](ScriptedPeer&) {});
  hearth_.configure("listen 127.0.0.1:" + std::to_string(busy.port()) + "; location / { return 200 two; }");
  reload();
  EXPECT_TRUE(eventually([&] { return hearth_.errors().find("the old configuration stays") != std::string::npos; }));
  EXPECT_EQ(body(), "one");
  ASSERT_TRUE(restarted_after_kill()) << hearth_.errors();
  EXPECT_EQ(body(), "one");
}

TEST_F(Reload, NewProcessThatCannotStartChangesNothingNotEvenAfterACrash) {
  up("location / { return 200 one; }");
  hearth_.configure("listen 127.0.0.1:" + std::to_string(free_port()) + "; location / { return 200 two; }",
                    "events { worker_connections 90000000; }");
  reload();
  EXPECT_TRUE(eventually([&] { return hearth_.errors().find("reload given up") != std::string::npos; }));
  EXPECT_EQ(body(), "one");
  ASSERT_TRUE(restarted_after_kill()) << hearth_.errors();
  EXPECT_EQ(body(), "one");
}

TEST_F(Reload, ListensOnAnAddedPortAndLeavesARemovedOne) {
  const std::uint16_t extra = free_port();
  up("location / { return 200 one; }");
  hearth_.configure("listen 127.0.0.1:" + std::to_string(extra) + "; location / { return 200 two; }");
  reload();
  ASSERT_TRUE(eventually([&] { return body() == "two"; }));
  EXPECT_EQ(get(extra, "/").body, "two");
  hearth_.configure("location / { return 200 three; }");
  reload();
  ASSERT_TRUE(eventually([&] { return body() == "three" && hearth_.descendants().size() == 1; }));
  const Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  const auto address = *SocketAddress::parse("127.0.0.1:" + std::to_string(extra));
  EXPECT_NE(::connect(fd.get(), address.get(), address.size()), 0);
}

TEST_F(Reload, LosesNoRequest) {
  Origin origin(ok("body"));
  const std::string to = "location / { " + origin.pass() + " }";
  up(to, "worker_threads 2;");
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, keep = i % 2 == 0] {
      std::unique_ptr<RawClient> client;
      while (!stop) {
        if (!client || !keep) client = std::make_unique<RawClient>(hearth_.port());
        client->send_some("GET / HTTP/1.1\r\nHost: h\r\n\r\n", Seconds(5));
        const Response response = client->response();
        ++(response.status == 200 && response.body == "body" ? answered : lost);
        if (!response.complete || response.header("Connection") == "close") client.reset();
      }
    });
  }
  for (int i = 0; i < 4; ++i) {
    const int before = answered;
    const pid_t server = hearth_.server_pid();
    reload();
    EXPECT_TRUE(eventually([&] { return answered > before + 300 && hearth_.server_pid() != server; }));
  }
  stop = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(lost, 0) << "of " << answered;
  EXPECT_GT(answered, 1000);
}

}  // namespace
}  // namespace hearth::test
