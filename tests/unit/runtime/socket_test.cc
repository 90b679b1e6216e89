#include "runtime/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "runtime/listener.h"

namespace hearth {
namespace {

struct Recorder final : Socket::Events {
  void on_connected(int status) override { note("c" + std::to_string(status)); }
  void on_read(std::string_view bytes) override {
    received.append(bytes);
    if (on_bytes) on_bytes();
  }
  void on_end() override { note("end"); }
  void on_broken(int) override { note("broken"); }
  void on_drained() override { note("drained"); }
  void note(const std::string& what) {
    events += what + " ";
    if (on_event) on_event(what);
  }
  std::string events;
  std::string received;
  UniqueFunction<void()> on_bytes;
  UniqueFunction<void(const std::string&)> on_event;
};

// One socket of ours and a blocking one of the test's own.
class SocketTest : public ::testing::Test {
 protected:
  SocketTest() {
    std::signal(SIGPIPE, SIG_IGN);
    listener_ =
        *Listener::open(*SocketAddress::parse("127.0.0.1:1").and_then([](SocketAddress) -> Result<SocketAddress> {
          sockaddr_in any{};
          any.sin_family = AF_INET;
          any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
          return SocketAddress::from(reinterpret_cast<sockaddr*>(&any), sizeof any);
        }),
                        16);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    address_ = SocketAddress::from(reinterpret_cast<sockaddr*>(&bound), size);
  }
  void connect() {
    socket_ = std::make_unique<Socket>(loop_, &events_);
    peer_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(peer_.get(), address_.get(), address_.size()), 0);
    ASSERT_EQ(socket_->adopt(Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC))), 0);
    socket_->start_reading();
  }
  void run_until(UniqueFunction<bool()> condition) {
    const SteadyTime limit = SteadyClock::now() + Seconds(5);
    while (!condition()) {
      ASSERT_LT(SteadyClock::now(), limit) << events_.events;
      uv_run(loop_.raw(), UV_RUN_NOWAIT);
    }
  }
  bool saw(const std::string& what) const { return events_.events.find(what) != std::string::npos; }

  Loop loop_;
  Fd listener_;
  SocketAddress address_;
  Recorder events_;
  std::unique_ptr<Socket> socket_;
  Fd peer_;
};

TEST_F(SocketTest, ConnectReadWrite) {
  socket_ = std::make_unique<Socket>(loop_, &events_);
  socket_->connect(address_);
  EXPECT_EQ(events_.events, "");
  run_until([&] { return saw("c0"); });
  EXPECT_TRUE(socket_->is_open());
  Fd accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(socket_->write("hello"), 0);
  char bytes[8] = "";
  EXPECT_EQ(::read(accepted.get(), bytes, sizeof bytes), 5);
  socket_->start_reading();
  ASSERT_EQ(::write(accepted.get(), "back", 4), 4);
  run_until([&] { return events_.received == "back"; });
}

TEST_F(SocketTest, ConnectRefused) {
  listener_.reset();
  socket_ = std::make_unique<Socket>(loop_, &events_);
  socket_->connect(address_);
  run_until([&] { return saw("c" + std::to_string(UV_ECONNREFUSED)); });
  EXPECT_FALSE(socket_->is_open());
}

TEST_F(SocketTest, UnixConnectFailureComesFromTheLoop) {
  socket_ = std::make_unique<Socket>(loop_, &events_);
  socket_->connect(*SocketAddress::parse("unix:/nonexistent/socket"));
  EXPECT_EQ(events_.events, "");
  run_until([&] { return saw("c" + std::to_string(UV_ENOENT)); });
}

TEST_F(SocketTest, DestroyedWhileConnecting) {
  for (const char* to : {"unix:/nonexistent/socket", "127.0.0.1:1"}) {
    Socket socket(loop_, &events_);
    socket.connect(*SocketAddress::parse(to));
  }
  for (int i = 0; i < 10; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  EXPECT_EQ(events_.events, "");
}

TEST_F(SocketTest, HalfCloseLeavesTheOtherDirectionOpen) {
  connect();
  ::shutdown(peer_.get(), SHUT_WR);
  run_until([&] { return saw("end"); });
  EXPECT_EQ(socket_->write("still"), 0);
  socket_->shutdown();
  for (int i = 0; i < 5; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  char bytes[16] = "";
  EXPECT_EQ(::read(peer_.get(), bytes, sizeof bytes), 5);
  EXPECT_EQ(::read(peer_.get(), bytes, sizeof bytes), 0);
}

TEST_F(SocketTest, QueuedWritesArriveInOrderAndDrain) {
  connect();
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    std::string block(65536, static_cast<char>('a' + i % 26));
    ASSERT_EQ(socket_->write(block), 0);
    sent += block;
  }
  EXPECT_GT(socket_->queued(), 0u);
  socket_->shutdown();  // after what is queued
  std::string got;
  char bytes[65536];
  ssize_t n = 1;
  while (n > 0) {
    uv_run(loop_.raw(), UV_RUN_NOWAIT);
    n = ::recv(peer_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0)
      n = errno == EAGAIN ? 1 : 0;
    else
      got.append(bytes, static_cast<std::size_t>(n));
  }
  EXPECT_TRUE(got == sent);
  EXPECT_TRUE(saw("drained"));
  EXPECT_EQ(socket_->queued(), 0u);
}

TEST_F(SocketTest, VectoredWriteKeepsItsPartsTogether) {
  connect();
  const std::string a(100, 'a');
  const std::string b(5 << 20, 'b');
  const iovec parts[] = {
      {const_cast<char*>(a.data()), a.size()}, {nullptr, 0}, {const_cast<char*>(b.data()), b.size()}};
  ASSERT_EQ(socket_->write(parts), 0);
  std::size_t got = 0;
  std::string first;
  char bytes[65536];
  while (got < a.size() + b.size()) {
    uv_run(loop_.raw(), UV_RUN_NOWAIT);
    const ssize_t n = ::recv(peer_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) continue;
    if (first.size() < 101) first.append(bytes, std::min<std::size_t>(101, static_cast<std::size_t>(n)));
    got += static_cast<std::size_t>(n);
  }
  EXPECT_EQ(first.substr(0, 101), a + "b");
}

TEST_F(SocketTest, ResetIsBroken) {
  connect();
  const linger hard{1, 0};
  ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  peer_.reset();
  run_until([&] { return saw("broken"); });
  EXPECT_NE(socket_->write("x"), 0);
}

// libuv turns POLLHUP behind the last bytes into a regular end; a body that ends with the connection would look whole.
TEST_F(SocketTest, ResetRightBehindBytesIsNoEnd) {
  connect();
  ASSERT_EQ(::write(peer_.get(), "bytes", 5), 5);
  const linger hard{1, 0};
  ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  peer_.reset();
  run_until([&] { return !events_.events.empty(); });
  EXPECT_EQ(events_.events, "broken ");
}

TEST_F(SocketTest, AbortSendsReset) {
  connect();
  socket_->abort();
  socket_.reset();
  for (int i = 0; i < 3; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  char byte = 0;
  EXPECT_EQ(::read(peer_.get(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(SocketTest, StoppedReadingLeavesBytesInTheKernel) {
  connect();
  socket_->stop_reading();
  ASSERT_EQ(::write(peer_.get(), "x", 1), 1);
  for (int i = 0; i < 5; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  EXPECT_EQ(events_.received, "");
  socket_->start_reading();
  run_until([&] { return events_.received == "x"; });
}

TEST_F(SocketTest, MayBeDestroyedInEveryCallback) {
  connect();
  events_.on_bytes = [&] { socket_.reset(); };
  ASSERT_EQ(::write(peer_.get(), "x", 1), 1);
  run_until([&] { return socket_ == nullptr; });
  events_.on_bytes = nullptr;
  events_.on_event = [&](const std::string&) { socket_.reset(); };
  connect();
  ::shutdown(peer_.get(), SHUT_WR);
  run_until([&] { return socket_ == nullptr; });
  socket_ = std::make_unique<Socket>(loop_, &events_);
  socket_->connect(address_);
  run_until([&] { return socket_ == nullptr; });
  connect();
  ASSERT_EQ(socket_->write(std::string(16 << 20, 'x')), 0);
  peer_.reset();
  run_until([&] { return socket_ == nullptr; });
}

TEST_F(SocketTest, ListenerAcceptsPausesAndResumes) {
  std::vector<Fd> accepted;
  Listener listener(
      loop_, listener_.get(), [&](Fd fd, const SocketAddress&) { accepted.push_back(std::move(fd)); },
      [](const Error& error) { ADD_FAILURE() << error.message; });
  const auto dial = [&] {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), address_.get(), address_.size()), 0);
    return fd;
  };
  ::fcntl(listener_.get(), F_SETFL, O_NONBLOCK);
  const Fd one = dial();
  run_until([&] { return accepted.size() == 1; });
  listener.pause();
  const Fd two = dial();
  for (int i = 0; i < 5; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  EXPECT_EQ(accepted.size(), 1u);
  listener.resume();
  run_until([&] { return accepted.size() == 2; });
}

TEST_F(SocketTest, ListenerPausedWhileAcceptingStopsAtOnce) {
  std::vector<Fd> accepted;
  std::unique_ptr<Listener> listener;
  std::vector<Fd> dialled;
  for (int i = 0; i < 5; ++i) {
    dialled.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(dialled.back().get(), address_.get(), address_.size()), 0);
  }
  listener = std::make_unique<Listener>(
      loop_, listener_.get(),
      [&](Fd fd, const SocketAddress&) {
        accepted.push_back(std::move(fd));
        listener->pause();
      },
      [](const Error&) {});
  for (int i = 0; i < 10; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  EXPECT_EQ(accepted.size(), 1u);
}

}  // namespace
}  // namespace hearth
