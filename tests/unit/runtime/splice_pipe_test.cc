// What splice(2) and pipes do that read(2) and write(2) do not: fragments, ends, resets, full and dead sinks.
#include "runtime/splice_pipe.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "runtime/loop.h"
#include "runtime/socket.h"

namespace hearth {
namespace {

// Two connections: what is written to `near_source` is moved to `near_sink`.
class SplicePipeTest : public ::testing::Test, private Socket::Events {
 protected:
  SplicePipeTest() {
    std::signal(SIGPIPE, SIG_IGN);
    from_.set_events(this);
    to_.set_events(&sink_events_);
    near_source_ = connect(from_);
    near_sink_ = connect(to_);
    from_.read_raw(true);
    from_.start_reading();
    to_.start_reading();
  }
  ~SplicePipeTest() override { from_.set_events(nullptr); }

  // Our end goes into `socket`; the other one, blocking, is the answer.
  static Fd connect(Socket& socket) {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener.get(), raw, size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), raw, &size), 0);
    Fd far(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(far.get(), raw, size), 0);
    EXPECT_EQ(socket.adopt(Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC))), 0);
    return far;
  }

  void on_connected(int) override {}
  void on_read(std::string_view) override { ADD_FAILURE() << "a raw socket was read"; }
  void on_end() override { ADD_FAILURE() << "the end of a raw socket was read"; }
  void on_broken(int) override { ADD_FAILURE() << "a raw socket was read"; }
  void on_drained() override {}
  void on_readable() override {
    if (to_.queued() > 0 || stream_.holding()) return from_.stop_reading();
    last_ = loop_.splice_pipes().move(from_, to_, limit_ - moved_, stream_);
    moved_ += last_.bytes;
    if (last_.end || last_.source_error != 0 || last_.sink_error != 0 || moved_ == limit_) from_.stop_reading();
  }

  struct SinkEvents final : Socket::Events {
    explicit SinkEvents(SplicePipeTest& owner) : test(owner) {}
    void on_connected(int) override {}
    void on_read(std::string_view) override {}
    void on_end() override {}
    void on_broken(int) override { broken = true; }
    void on_drained() override {
      if (test.stream_.holding()) {
        EXPECT_EQ(test.loop_.splice_pipes().resume(test.to_, test.stream_).sink_error, 0);
        ++test.resumed_;
      }
      if (!test.stream_.holding() && test.to_.queued() == 0) test.from_.start_reading();
    }
    SplicePipeTest& test;
    bool broken = false;
  };

  bool run_until(UniqueFunction<bool()> condition) {
    for (const SteadyTime limit = SteadyClock::now() + Seconds(10); !condition();) {
      if (SteadyClock::now() > limit) return false;
      uv_run(loop_.raw(), UV_RUN_NOWAIT);
    }
    return true;
  }
  bool over() const { return last_.end || last_.source_error != 0 || last_.sink_error != 0; }
  static void put(const Fd& to, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  static std::string take(const Fd& from, std::size_t size) {
    std::string got(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t part = ::recv(from.get(), got.data() + have, size - have, 0);
      if (part <= 0) break;
      have += static_cast<std::size_t>(part);
    }
    got.resize(have);
    return got;
  }
  static std::string numbered(std::size_t size) {
    std::string text;
    for (unsigned i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
    text.resize(size);
    return text;
  }
  static void reset(Fd& socket) {
    const linger hard{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    socket.reset();
  }

  Loop loop_;
  SinkEvents sink_events_{*this};
  Socket from_{loop_};
  Socket to_{loop_};
  Fd near_source_;
  Fd near_sink_;
  SpliceStream stream_;
  int resumed_ = 0;
  std::uint64_t limit_ = UINT64_MAX;
  std::uint64_t moved_ = 0;
  SplicePipes::Moved last_;
};

TEST_F(SplicePipeTest, BytesArriveInOrderAndTheEndAfterThem) {
  const std::string all = numbered(8 << 20);
  std::thread writer([&] {
    put(near_source_, all);
    ::shutdown(near_source_.get(), SHUT_WR);
  });
  std::string got;
  std::thread reader([&] { got = take(near_sink_, all.size()); });
  EXPECT_TRUE(run_until([&] { return over() && to_.queued() == 0 && !stream_.holding(); }));
  writer.join();
  reader.join();
  EXPECT_EQ(moved_, all.size());
  EXPECT_TRUE(last_.end);
  EXPECT_EQ(last_.source_error, 0);
  EXPECT_TRUE(got == all);
}

TEST_F(SplicePipeTest, ManySmallFragmentsFillAPipeLongBeforeItsBytesDo) {
  const int on = 1;
  ::setsockopt(near_source_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string all;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    put(near_source_, piece);
    all += piece;
  }
  EXPECT_TRUE(run_until([&] { return moved_ == all.size(); }));
  EXPECT_EQ(take(near_sink_, all.size()), all);
}

TEST_F(SplicePipeTest, NothingBeyondTheLimitIsTaken) {
  limit_ = 100'000;
  const std::string all = numbered(150'000);
  put(near_source_, all);
  EXPECT_TRUE(run_until([&] { return moved_ == limit_; }));
  EXPECT_EQ(take(near_sink_, 100'000), all.substr(0, 100'000));
  std::string rest(50'000, '\0');
  EXPECT_EQ(::recv(from_.fd(), rest.data(), rest.size(), MSG_DONTWAIT), 50'000);
  EXPECT_EQ(rest, all.substr(100'000));
}

TEST_F(SplicePipeTest, AFullSinkIsWaitedForAndHoldsNoMoreThanThePipe) {
  const std::string all = numbered(24 << 20);
  std::thread writer([&] { put(near_source_, all); });
  std::size_t queued = 0;
  std::uint64_t before = 1;
  // Nobody reads: it comes to a standstill.
  EXPECT_TRUE(run_until([&] {
    queued = std::max(queued, to_.queued());
    if (to_.queued() == 0) return false;
    std::this_thread::sleep_for(Milliseconds(50));
    return std::exchange(before, moved_) == moved_;
  }));
  EXPECT_LT(moved_, all.size());
  EXPECT_LE(queued, 16u * 1024) << "the rest stays in the pipe";
  std::string got;
  std::thread reader([&] { got = take(near_sink_, all.size()); });
  EXPECT_TRUE(run_until([&] { return moved_ == all.size() && to_.queued() == 0 && !stream_.holding(); }));
  EXPECT_GT(resumed_, 0);
  writer.join();
  reader.join();
  EXPECT_TRUE(got == all);
}

TEST_F(SplicePipeTest, AResetIsNoEnd) {
  put(near_source_, numbered(1000));
  EXPECT_TRUE(run_until([&] { return moved_ == 1000; }));
  reset(near_source_);
  EXPECT_TRUE(run_until([&] { return over(); }));
  EXPECT_FALSE(last_.end);
  EXPECT_EQ(last_.source_error, UV_ECONNRESET);
}

TEST_F(SplicePipeTest, ADeadSinkIsSaidAndLeavesNothingForTheNext) {
  reset(near_sink_);
  put(near_source_, numbered(200'000));
  EXPECT_TRUE(run_until([&] { return over() || sink_events_.broken; }));
  EXPECT_TRUE(last_.sink_error == UV_ECONNRESET || last_.sink_error == UV_EPIPE || sink_events_.broken);

  Socket other_from(loop_);
  Socket other_to(loop_);
  const Fd source = connect(other_from);
  const Fd sink = connect(other_to);
  put(source, "fresh");
  SplicePipes::Moved moved;
  SpliceStream other_stream;
  EXPECT_TRUE(run_until([&] {
    moved = loop_.splice_pipes().move(other_from, other_to, 5, other_stream);
    return moved.bytes > 0;
  }));
  EXPECT_EQ(take(sink, 5), "fresh");
}

}  // namespace
}  // namespace hearth
