#include "proxy/tunnel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/loop_until.h"

namespace hearth::proxy {
namespace {

class TunnelTest : public ::testing::Test {
 protected:
  TunnelTest() {
    auto pair = [this](Fd& outside) {
      int fds[2];
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
      Socket socket(loop_);
      EXPECT_EQ(socket.adopt(Fd(fds[0])), 0);
      outside = Fd(fds[1]);
      return socket;
    };
    Socket client = pair(client_);
    Socket upstream = pair(upstream_);
    tunnel_ = std::make_unique<Tunnel>(loop_, wheel_, std::move(client), std::move(upstream), Milliseconds(300),
                                       [this](const TunnelOutcome& outcome) {
                                         ++ends_;
                                         outcome_ = outcome;
                                       });
  }
  void put(const Fd& fd, std::string_view text) {
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string take(const Fd& fd, std::size_t size) {
    std::string out;
    test::run_until(loop_, [&] {
      char bytes[4096];
      const ssize_t n = ::read(fd.get(), bytes, std::min(sizeof bytes, size - out.size()));
      if (n > 0) out.append(bytes, static_cast<std::size_t>(n));
      return out.size() >= size || n == 0;
    });
    return out;
  }
  Loop loop_;
  DeadlineWheel wheel_{loop_};
  Fd client_;
  Fd upstream_;
  std::unique_ptr<Tunnel> tunnel_;
  int ends_ = 0;
  TunnelOutcome outcome_;
};

TEST_F(TunnelTest, EarlyBytesFirstThenBothWays) {
  tunnel_->start("up ", "down ");
  put(client_, "1");
  put(upstream_, "2");
  EXPECT_EQ(take(upstream_, 4), "up 1");
  EXPECT_EQ(take(client_, 6), "down 2");
}

TEST_F(TunnelTest, EachDirectionEndsOnItsOwn) {
  tunnel_->start({}, {});
  put(client_, "bye");
  ::shutdown(client_.get(), SHUT_WR);
  EXPECT_EQ(take(upstream_, 10), "bye");
  put(upstream_, "late");
  EXPECT_EQ(take(client_, 4), "late");
  EXPECT_EQ(ends_, 0);
  ::shutdown(upstream_.get(), SHUT_WR);
  EXPECT_TRUE(test::run_until(loop_, [&] { return ends_ == 1; }));
  EXPECT_EQ(outcome_.bytes_to_upstream, 3u);
  EXPECT_EQ(outcome_.bytes_to_client, 4u);
}

TEST_F(TunnelTest, ABlockedSideEndsWithAllItsBytes) {
  tunnel_->start({}, {});
  std::size_t sent = 0;
  const std::string block(65536, 'b');
  for (int idle = 0; idle < 20;) {
    const ssize_t n = ::write(upstream_.get(), block.data(), block.size());
    idle = n > 0 ? 0 : idle + 1;
    if (n > 0) sent += static_cast<std::size_t>(n);
    uv_run(loop_.raw(), UV_RUN_NOWAIT);
  }
  EXPECT_LT(sent, 4u << 20);  // the kernel's buffers and one high-water mark
  ::shutdown(upstream_.get(), SHUT_WR);
  ::shutdown(client_.get(), SHUT_WR);
  EXPECT_EQ(take(client_, sent).size(), sent);
  EXPECT_TRUE(test::run_until(loop_, [&] { return ends_ == 1; }));
}

TEST_F(TunnelTest, IdleIsClosedByUs) {
  tunnel_->start({}, {});
  EXPECT_TRUE(test::run_until(loop_, [&] { return ends_ == 1; }));
  EXPECT_EQ(outcome_.ended_by, EndedBy::us);
  tunnel_->close(EndedBy::client);
  EXPECT_EQ(ends_, 1);
}

TEST_F(TunnelTest, AVanishedSideEndsIt) {
  tunnel_->start({}, {});
  upstream_.reset();
  client_.reset();
  EXPECT_TRUE(test::run_until(loop_, [&] { return ends_ == 1; }));
}

}  // namespace
}  // namespace hearth::proxy
